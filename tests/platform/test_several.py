"""`deployment upsert` of several Deployments, what is refused before any is sent, and the wait for Airflow."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dbprov.houston.health import objection
from tests.support.command import Ended, dbprov
from tests.support.houston import BASE, MUTATIONS, TOKEN, Platform, running

NAMES = ("sales", "stock", "web")
OFF: dict[str, Any] = {
    "1.0": {"manualConnectionStrings": {"enabled": False}},
    "2.1": {"databaseManagement": {"manualConnectionStrings": {"enabled": False}}},
}
HEALTHY = {
    "metadatabase": {"status": "healthy"},
    "scheduler": {"status": "healthy", "latest_scheduler_heartbeat": "2026-11-01T00:00:00+00:00"},
    "triggerer": {"status": None},
}


class Several:
    """The command, in a folder with a spec of three Deployments and a document for all."""

    def __init__(self, platform: Platform, folder: Path) -> None:
        self.platform, self.folder = platform, folder
        lines = [
            f"  - {{name: {n}, database: {n}, user: {n}, password: {{env: APP_{n.upper()}}}}}\n"
            for n in NAMES
        ]
        (folder / "spec.yaml").write_text(
            "server: postgresql://dba@db.example.com/postgres\ndeployments:\n" + "".join(lines)
        )
        self.base("base.json")

    def base(self, name: str, **more: Any) -> None:
        later = {} if self.platform.version == "0.37" else {"clusterId": "cl0"}
        made = {**BASE, "label": None, **later, **more}
        (self.folder / name).parent.mkdir(exist_ok=True)
        made = {key: value for key, value in made.items() if value is not None}
        (self.folder / name).write_text(json.dumps(made))

    def __call__(self, *more: str, expect: int = 0, base: str = "base.json") -> Ended:
        ended = dbprov(
            "deployment", "upsert", "spec.yaml", "--houston", self.platform.url, "--base", base, *more,
            folder=self.folder, env={"DBPROV_HOUSTON_TOKEN": TOKEN, **{f"APP_{n.upper()}": f"LEAK-MARK-{n}-pw" for n in NAMES}},
        )  # fmt: skip
        assert ended.returncode == expect, (ended.stdout, ended.stderr)
        assert "LEAK-MARK" not in ended.stdout + ended.stderr
        assert "Traceback" not in ended.stderr
        return ended

    @property
    def sent(self) -> list[dict[str, Any]]:
        asked = [b for b in self.platform.seen if b["query"].startswith("mutation")]
        return [body["variables"] for body in asked]


@pytest.fixture(params=MUTATIONS)
def several(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Several]:
    with running(Platform(request.param)) as platform:
        yield Several(platform, tmp_path)


@pytest.fixture
def newest(tmp_path: Path) -> Iterator[Several]:
    with running(Platform("2.1")) as platform:
        yield Several(platform, tmp_path)


def labels(sent: list[dict[str, Any]]) -> list[str]:
    return [one["label"] for one in sent]


# -- several -----------------------------------------------------------------------------------------------------------


def test_all_of_a_spec(several: Several) -> None:
    ended = several("--yes")
    assert labels(several.sent) == [*NAMES]
    for one in several.sent:
        assert one["metadataConnection"].endswith(f"@db.example.com:5432/{one['label']}")
    assert ended.stdout.count("created quasi-stellar-1234") == 3
    several.platform.seen.clear()
    made = json.loads(several("--yes", "--json").stdout)["deployments"]
    assert [(one["name"], one["created"]) for one in made] == [(name, False) for name in NAMES]
    assert [one["deploymentUuid"] for one in several.sent] == ["c1", "c2", "c3"]


def test_those_that_are_named(newest: Several) -> None:
    newest("--yes", "--deployment", "web", "--deployment", "sales")
    assert labels(newest.sent) == ["sales", "web"]


def test_a_document_for_each(newest: Several) -> None:
    for name in NAMES:
        newest.base(f"each/{name}.json", label=f"the {name}")
    newest("--yes", base="each")
    assert labels(newest.sent) == [f"the {name}" for name in NAMES]
    (newest.folder / "each/web.json").unlink()
    assert "web.json cannot be read" in newest("--yes", base="each/", expect=2).stderr


@pytest.mark.parametrize(
    "more", [{"label": "x"}, {"releaseName": "x"}, {"deploymentUuid": "x"}, {"namespace": "x"}]
)
def test_a_document_of_one_is_not_for_all(newest: Several, more: dict[str, Any]) -> None:
    newest.base("base.json", **more)
    assert "names one of them" in newest("--yes", expect=2).stderr
    assert not newest.platform.seen


def test_two_that_would_be_one(newest: Several) -> None:
    for name in NAMES:
        newest.base(f"each/{name}.json", label="same" if name != "stock" else "other")
    assert "sales and web would be one" in newest("--yes", base="each", expect=2).stderr
    newest.platform.deployments.append({"id": "c9", "label": "same", "releaseName": "star"})
    assert "sales and web would be one" in newest("--yes", base="each", expect=2).stderr
    assert not newest.sent


def test_what_one_lacks_refuses_all_before_the_first(newest: Several) -> None:
    for name in NAMES:
        newest.base(f"each/{name}.json", **({"nonsense": 1} if name == "web" else {}))
    ended = newest("--yes", base="each", expect=2)
    assert "web: the platform's version" in ended.stderr
    assert "no field nonsense" in ended.stderr
    assert not newest.sent


def test_an_error_ends_its_deployment_and_no_other(newest: Several) -> None:
    newest.platform.refuses = ("stock",)
    ended = newest("--yes", "--json", expect=2)
    made = json.loads(ended.stdout)["deployments"]
    assert ["error" in one for one in made] == [False, True, False]
    assert "no room" in made[1]["error"]["why"]
    assert "2 of 3 are done; for the others: --deployment stock" in ended.stderr


def test_a_platform_that_is_gone_is_not_asked_for_each(newest: Several) -> None:
    newest.platform.faults = ["", "", "", "", "", "lost"]
    ended = newest("--yes", expect=2)
    assert len(newest.sent) == 1
    assert "stock was not sent" in ended.stderr
    assert "0 of 3 are done" in ended.stderr
    newest.platform.seen.clear()
    newest("--yes")
    assert newest.sent[0]["deploymentUuid"] == "c1", "it was carried out"


def test_print_shows_every_request(newest: Several) -> None:
    made = json.loads(newest("--print").stdout)
    assert [one["name"] for one in made["requests"]] == [*NAMES]
    assert made["requests"][2]["variables"]["metadataConnection"].startswith(
        "postgresql://web:***@"
    )
    assert not newest.sent


# -- the flag ----------------------------------------------------------------------------------------------------------


def test_where_the_cluster_has_it_off_nothing_is_sent(several: Several) -> None:
    version = several.platform.version
    if version == "0.37":
        assert "does not tell" not in several("--yes").stderr
        return
    several.platform.clusters[0]["configOverride"] = {"deployments": OFF[version]}
    ended = several("--yes", expect=2)
    assert "manualConnectionStrings.enabled off" in ended.stderr
    assert "stock: on cluster cl0" in ended.stderr
    assert "dbprov platform enable" in ended.stderr
    assert not several.sent
    asked = [b for b in several.platform.seen if "configOverride" in b["query"]]
    assert len(asked) == 1, "one question for all of a cluster"


def test_where_it_is_on_nothing_is_said(newest: Several) -> None:
    newest.platform.clusters[0]["configOverride"] = {
        "deployments": {"databaseManagement": {"manualConnectionStrings": {"enabled": True}}}
    }
    assert "does not tell" not in newest("--yes").stderr


def test_where_nothing_says_it_the_platform_decides(newest: Several) -> None:
    """It can be on since the first installation; and a Workspace Admin may not ask for a cluster."""
    assert "sales: the platform does not tell" in newest("--yes").stderr
    newest.platform.deployments.clear()
    newest.platform.forbidden = ("cluster",)
    assert "sales: the platform does not tell" in newest("--yes").stderr


def test_a_deployment_that_exists_says_what_is_in_force(newest: Several) -> None:
    newest.platform.deployments.append(
        {"id": "c7", "label": "sales", "releaseName": "s", "clusterId": "cl0"}
    )
    newest.platform.above = OFF["2.1"]  # of its Workspace, which counts more than the cluster
    newest.platform.clusters[0]["configOverride"] = {
        "deployments": {"databaseManagement": {"manualConnectionStrings": {"enabled": True}}}
    }
    assert "would refuse" in newest("--yes", "--deployment", "sales", expect=2).stderr
    newest.platform.above = {}
    assert "does not tell" not in newest("--yes", "--deployment", "sales").stderr


# -- the wait ----------------------------------------------------------------------------------------------------------


def serve(newest: Several, answers: Callable[[int, str], tuple[int, Any]]) -> None:
    newest.platform.address = newest.platform.url.removesuffix("/v1") + "/x/airflow"
    newest.platform.airflow = lambda path: answers(len(newest.platform.asked), path)


@pytest.mark.parametrize("path", ["/api/v2/monitor/health", "/api/v1/health"])
def test_it_waits_until_airflow_is_healthy(newest: Several, path: str) -> None:
    starting = {**HEALTHY, "scheduler": {"status": "unhealthy"}}

    def answers(number: int, asked: str) -> tuple[int, Any]:
        if number < 3:
            return 503, "<html>"
        if asked != f"/x/airflow{path}":
            return 404, "<html>"
        return 200, starting if number < 8 else HEALTHY

    serve(newest, answers)
    ended = newest("--yes", "--deployment", "sales", "--wait", "30", "--json")
    made = json.loads(ended.stdout)
    assert made["ready"] is True
    assert made["running"] == "metadatabase healthy, scheduler healthy"
    assert "sales is not ready after 0 s: " in ended.stderr
    assert "scheduler unhealthy" in ended.stderr
    assert "sales is ready after" in ended.stderr


def test_it_waits_for_all_of_them(newest: Several) -> None:
    serve(newest, lambda number, path: (200, HEALTHY))
    made = json.loads(newest("--yes", "--wait", "30", "--json").stdout)["deployments"]
    assert [one["ready"] for one in made] == [True] * 3
    assert "former release" in newest("--yes", "--wait", "30").stderr


NOT_READY: list[tuple[int, Any, str]] = [
    (503, "<html>", "status 503"), (302, "", "does not take the token"), (401, "", "does not take the token"), (404, "", "nothing answers"),
    (200, "<html>Log in</html>", "status 200 and text/html"), (200, "[" * 100_000, "status 200"), (200, {"metadatabase": "healthy"}, "status 200"),
    (200, {"metadatabase": {"status": "healthy"}, "scheduler": "healthy"}, "metadatabase healthy"),
    (200, {**HEALTHY, "scheduler": {"status": "\x1b]0;owned\x07"}}, "scheduler ?]0;owned?"),
]  # fmt: skip


@pytest.mark.attack(
    "what answers in Airflow's place says anything but that it is healthy", on="HTTP"
)
@pytest.mark.parametrize(("status", "body", "said"), NOT_READY)
def test_the_wait_has_an_end(newest: Several, status: int, body: Any, said: str) -> None:
    serve(newest, lambda number, path: (status, body))
    ended = newest("--yes", "--deployment", "sales", "--wait", "1", expect=2)
    assert "is not known to be ready (1 s at most)" in ended.stderr
    assert said in ended.stderr
    assert "created" in ended.stdout
    assert "\x1b" not in ended.stderr


def test_an_airflow_that_hangs_does_not_make_the_limit_longer(newest: Several) -> None:
    def hangs(number: int, path: str) -> tuple[int, Any]:
        time.sleep(8)
        return 200, HEALTHY

    serve(newest, hangs)
    began = time.monotonic()
    ended = newest("--yes", "--deployment", "sales", "--wait", "1", expect=2)
    assert time.monotonic() - began < 6
    assert "is not known to be ready" in ended.stderr


HOUSTON = "https://houston.example.com/v1"
ELSEWHERE = [
    (HOUSTON, "https://deployments.example.com/x/airflow", ""),
    (HOUSTON, "https://deployments.dp1.example.com/x/airflow", ""),
    (HOUSTON, "https://deployments.example.org/x/airflow", "is not below"),
    (HOUSTON, "https://example.com.evil.org/x", "is not below"),
    (HOUSTON, "https://evilexample.com/x", "is not below"),
    (HOUSTON, "http://deployments.example.com/x", "no https"),
    (HOUSTON, "http://127.0.0.1/x", "is not below"),
    (HOUSTON, "https://evil.org\\@deployments.example.com/x", "no address"),
    (HOUSTON, "https://deployments.example.com@evil.org/x", "no address"),
    (HOUSTON, "https://deployments.example.com/x?y=", "no address"),
    (HOUSTON, "https://[x", "no address"),
    (HOUSTON, "", "names no address"),
    ("https://houston.com/v1", "https://evil.com/x", "is not below"),
    ("https://api.example.com/v1", "https://deployments.example.com/x", "is not below"),
    ("http://127.0.0.1:1/v1", "https://127.0.0.1:2/x", "is not below"),
]


@pytest.mark.attack(
    "the platform names another machine as a Deployment's, to get the token sent", on="HTTP"
)
@pytest.mark.parametrize(("houston", "url", "said"), ELSEWHERE)
def test_where_the_token_is_sent(houston: str, url: str, said: str) -> None:
    found = objection(houston, url)
    assert said in found if said else not found


def test_no_token_goes_elsewhere(newest: Several) -> None:
    ended = newest("--yes", "--deployment", "sales", "--wait", "30", expect=2)
    assert "deployments.example.com, is not below the platform's domain" in ended.stderr
    assert not newest.platform.asked


@pytest.mark.attack("the platform answers with JSON of another shape", on="GraphQL")
@pytest.mark.parametrize(
    "override", ["x", [], {"deployments": "x"}, {"deployments": {"databaseManagement": {"manualConnectionStrings": []}}}], ids=str,
)  # fmt: skip
def test_an_override_of_another_shape(newest: Several, override: Any) -> None:
    newest.platform.clusters[0]["configOverride"] = override
    if "databaseManagement" in str(override):  # it says nothing of the setting
        newest("--yes")
        return
    assert "not the API's" in newest("--yes", expect=2).stderr
    assert not newest.sent
