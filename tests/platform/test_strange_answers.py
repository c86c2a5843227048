"""A platform that answers without end, for ever, or in a form that is not the API's: each gets its sentence, and in time."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from dbprov.errors import DbprovError, UsageError
from dbprov.houston import api
from dbprov.houston.api import Houston, HoustonError, Unanswered
from dbprov.houston.upsert import prepare, send
from dbprov.passwords.secret import Secret
from tests.support.houston import ANOTHER, BASE, TOKEN, Platform, running

Answer = Callable[[BaseHTTPRequestHandler], None]
DOCUMENT = {**BASE, "clusterId": "cl0", "metadataConnection": "postgresql://app:LEAK-MARK@h/d"}


@pytest.fixture
def platform() -> Iterator[Platform]:
    with running(Platform("2.1")) as made:
        yield made


def upsert(platform: Platform, seconds: float = 5) -> dict[str, Any]:
    with Houston(platform.url, Secret(TOKEN), timeout=seconds) as houston:
        return send(houston, prepare(houston, DOCUMENT))


def refused(platform: Platform, seconds: float = 5) -> DbprovError:
    with pytest.raises(DbprovError) as caught:
        upsert(platform, seconds)
    assert "LEAK-MARK" not in str(caught.value)
    assert caught.value.todo, str(caught.value)
    return caught.value


def begin(asked: BaseHTTPRequestHandler, **headers: str) -> None:
    asked.send_response(200)
    asked.send_header("content-type", "application/json")
    for name, value in headers.items():
        asked.send_header(name.replace("_", "-"), value)
    asked.end_headers()


def says(text: bytes, **headers: str) -> Answer:
    def answer(asked: BaseHTTPRequestHandler) -> None:
        begin(asked, content_length=str(len(text)), **headers)
        asked.wfile.write(text)

    return answer


def endless(asked: BaseHTTPRequestHandler) -> None:
    """4 GB, as fast as they are taken."""
    begin(asked, content_length=str(4 << 30))
    for _ in range(4 << 10):
        asked.wfile.write(b" " * (1 << 20))


def drips(asked: BaseHTTPRequestHandler) -> None:
    begin(asked, content_length="1000")
    for _ in range(100):
        asked.wfile.write(b" ")
        time.sleep(0.1)


def drips_headers(asked: BaseHTTPRequestHandler) -> None:
    asked.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(100):
        asked.wfile.write(b"x-%d: y\r\n" % number)
        time.sleep(0.1)


@pytest.mark.attack("Houston answers with 4 GB", on="Houston")
@pytest.mark.parametrize("asked", [0, 1, 2])
def test_an_answer_of_4_gb_is_not_read(platform: Platform, asked: int) -> None:
    platform.faults = [""] * asked + [endless]
    error = refused(platform)
    assert "larger than 10 MB" in error.why
    assert isinstance(error, Unanswered) == (asked == 2), "nobody knows what a mutation did"


@pytest.mark.attack("Houston drips its answer for ever", on="Houston")
@pytest.mark.parametrize("slow", [drips, drips_headers])
def test_an_answer_that_is_dripped_is_given_up(
    platform: Platform, slow: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "TRIES", 1)
    platform.faults = [slow]
    assert "cannot be reached" in refused(platform, 0.2).what
    platform.faults = ["", "", slow]
    assert "did not answer" in refused(platform, 1.0).what
    assert not platform.deployments


def test_a_small_answer_that_unpacks_to_a_large_one(platform: Platform) -> None:
    platform.faults = [says(gzip.compress(b" " * (1 << 24)), content_encoding="gzip")]
    assert "not with JSON" in refused(platform).what


STRANGE: list[Any] = [
    [], "x", 5, True, None, {}, {"data": None}, {"data": []}, {"data": "x"}, {"data": 5}, {"errors": "x"}, {"errors": 5},
    {"errors": ["x", None]}, {"errors": [{"message": None}]}, {"errors": [{"message": {"a": 1}, "extensions": []}]},
    {"errors": {"message": "x"}}, {"errors": [{"extensions": {"code": ["x"]}}]}, {"data": {}}, {"message": "x"},
]  # fmt: skip


@pytest.mark.attack("Houston answers with JSON of another shape", on="Houston")
@pytest.mark.parametrize("body", STRANGE, ids=json.dumps)
@pytest.mark.parametrize("asked", [0, 1, 2])
def test_json_of_another_shape(platform: Platform, asked: int, body: Any) -> None:
    platform.faults = [""] * asked + [says(json.dumps(body).encode())]
    if asked == 1 and body == {"data": {}}:
        assert upsert(platform)["id"] == "c1", "no Deployments are none"
        return
    error = refused(platform)
    assert isinstance(error, HoustonError)


PARTS: dict[tuple[int, str], list[Any]] = {
    (0, "appConfig"): [[], "x", {}, {"version": None}, {"version": [1]}, {"version": "9" * 5000}],
    (1, "workspaceDeployments"): [{}, "x", 5, ["x"], [[]], [{"label": "analytics"}], [{**ANOTHER, "id": 5}],
                                  [{**ANOTHER, "releaseName": None}], [{**ANOTHER, "releaseName": []}]],
    (2, "deploymentVariables"): [{}, "x", ["x"], [{}], [{"key": 5}], [{"key": ["a"]}]],
    (3, "upsertDeployment"): [None, [], "x", {}, {"id": "c1"}, {"id": 5, "releaseName": "x"}, {"id": "c", "releaseName": "x", "urls": "x"},
                              {"id": "c", "releaseName": "x", "urls": ["x"]}],
}  # fmt: skip
WRONG = [(asked, {name: one}) for (asked, name), wrong in PARTS.items() for one in wrong]


@pytest.mark.attack("Houston answers with JSON of another shape", on="Houston")
@pytest.mark.parametrize(("asked", "data"), WRONG, ids=lambda value: json.dumps(value)[:60])
def test_a_part_of_another_shape(platform: Platform, asked: int, data: Any) -> None:
    platform.deployments = [dict(ANOTHER)]
    platform.faults = [""] * asked + [says(json.dumps({"data": data}).encode())]
    error = refused(platform)
    assert isinstance(error, HoustonError)
    assert len(str(error)) < 3000
    if asked == 3:
        assert isinstance(error, Unanswered)
        assert "looks first" in error.todo


@pytest.mark.parametrize(
    "text", [b"[" * 1_000_000, b"9" * 100_000, b'{"data": ' * 100_000, b"\xff\xfe", b"", b"NaN", b"{"]
)  # fmt: skip
def test_what_is_hardly_json(platform: Platform, text: bytes) -> None:
    for asked in (0, 2):
        platform.faults = [""] * asked + [says(text)]
        assert isinstance(refused(platform), HoustonError)


def test_half_a_character_is_printed_as_none(platform: Platform) -> None:
    platform.faults = [
        "",
        "",
        says(b'{"data": {"upsertDeployment": {"id": "c1", "releaseName": "x\\ud800"}}}'),
    ]
    assert upsert(platform)["releaseName"].encode()


@pytest.mark.parametrize("variables", [{}, "x", ["x"], [{}], [{"name": "A"}], [{"key": 5}]])
def test_variables_of_the_document_that_are_none(platform: Platform, variables: Any) -> None:
    with (
        Houston(platform.url, Secret(TOKEN)) as houston,
        pytest.raises(UsageError, match="environmentVariables"),
    ):
        prepare(houston, {**DOCUMENT, "environmentVariables": variables})


@pytest.mark.parametrize("url", ["https://[x", "https://h:99999/v1", "https://h:x/", "houston", ""])
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(UsageError):
        Houston(url, Secret(TOKEN))
