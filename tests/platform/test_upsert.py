"""`deployment upsert` against a real GraphQL server with the guide's schema, one variant per version of the platform."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import Ended, dbprov
from tests.support.houston import ANOTHER, BASE, FULL, MUTATIONS, TOKEN, Platform, running

PASSWORD = "LEAK-MARK-pw"


class Upsert:
    """The command, in a folder with a spec and a base document."""

    def __init__(self, platform: Platform, folder: Path) -> None:
        self.platform, self.folder = platform, folder
        (folder / "spec.yaml").write_text(
            "server: postgresql://dba@db.example.com/postgres\ndeployments:\n"
            "  - {name: analytics, database: shop, user: app, password: {env: APP_PASSWORD}}\n"
        )
        self.base()

    def base(self, **more: Any) -> None:
        later = {} if self.platform.version == "0.37" else {"clusterId": "cl0"}
        made = {key: value for key, value in {**BASE, **later, **more}.items() if value is not None}
        (self.folder / "base.json").write_text(json.dumps(made))

    def __call__(
        self, *more: str, expect: int = 0, before: Sequence[str] = (), **env: str
    ) -> Ended:
        ended = dbprov(
            *before, "deployment", "upsert", "spec.yaml", "--houston", self.platform.url, "--base", "base.json", *more,
            folder=self.folder, env={"APP_PASSWORD": PASSWORD, "DBPROV_HOUSTON_TOKEN": TOKEN, **env},
        )  # fmt: skip
        assert ended.returncode == expect, (ended.stdout, ended.stderr)
        if "--reveal" not in more:
            assert "LEAK-MARK" not in ended.stdout + ended.stderr
        return ended

    @property
    def sent(self) -> dict[str, Any]:
        """The variables of the one mutation."""
        (body,) = [b for b in self.platform.seen if b["query"].startswith("mutation")]
        variables: dict[str, Any] = body["variables"]
        return variables


@pytest.fixture(params=MUTATIONS)
def upsert(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Upsert]:
    with running(Platform(request.param)) as platform:
        yield Upsert(platform, tmp_path)


@pytest.fixture
def newest(tmp_path: Path) -> Iterator[Upsert]:
    with running(Platform("2.1")) as platform:
        yield Upsert(platform, tmp_path)


def test_create(upsert: Upsert) -> None:
    ended = upsert("--yes")
    assert "created quasi-stellar-1234 (c1)" in ended.stdout
    assert "https://deployments.example.com/x/airflow" in ended.stdout
    assert FULL[upsert.platform.version] in ended.stderr
    sent, old = upsert.sent, upsert.platform.version == "0.37"
    assert sent["metadataConnection"] == f"postgresql://app:{PASSWORD}@db.example.com:5432/shop"
    assert sent["resultBackendConnection"] == "db+" + sent["metadataConnection"]
    assert "metadataConnectionJson" not in sent
    assert sent.get("skipAirflowDatabaseProvisioning") == (None if old else True)
    assert {key: sent[key] for key in BASE} == BASE
    mutation = upsert.platform.seen[-1]["query"].split("(")[0]
    assert mutation == ("mutation createDeployment" if old else "mutation upsertDeployment")


def test_the_second_time_it_updates(upsert: Upsert) -> None:
    upsert("--yes")
    upsert.platform.seen.clear()
    answer = json.loads(upsert("--yes", "--json").stdout)
    assert answer["created"] is False
    assert answer["deployment"]["id"] == "c1"
    assert upsert.sent["deploymentUuid"] == "c1"
    assert len(upsert.platform.deployments) == 1


def test_with_pgbouncer(upsert: Upsert) -> None:
    upsert("--yes", "--pgbouncer")
    assert "metadataConnection" not in upsert.sent
    assert upsert.sent["metadataConnectionJson"] == upsert.sent["resultBackendConnectionJson"] == {
        "user": "app", "pass": PASSWORD, "protocol": "postgresql", "host": "db.example.com", "port": 5432, "db": "shop",
    }  # fmt: skip


def test_what_an_upsert_would_overwrite_is_sent_again(upsert: Upsert) -> None:
    upsert.platform.deployments.append(ANOTHER)
    upsert.platform.variables = [
        {"key": "A", "value": "1", "isSecret": False},
        {"key": "B", "value": "2", "isSecret": False},
    ]
    upsert.base(environmentVariables=[{"key": "B", "value": "3"}, {"key": "C", "value": "4"}])
    upsert("--yes")
    assert {v["key"]: v["value"] for v in upsert.platform.variables} == {
        "A": "1",
        "B": "3",
        "C": "4",
    }


def test_a_secret_that_would_be_lost_stops_it(newest: Upsert) -> None:
    newest.platform.deployments.append(ANOTHER)
    newest.platform.variables = [{"key": "API_KEY", "value": "x", "isSecret": True}]
    assert "API_KEY" in newest("--yes", expect=2).stderr
    assert newest.platform.variables[0]["value"] == "x"
    newest.base(environmentVariables=[{"key": "API_KEY", "value": "LEAK-MARK", "isSecret": True}])
    newest("--yes")


def test_where_variables_cannot_be_read_the_document_must_have_them(newest: Upsert) -> None:
    newest.platform.deployments.append(ANOTHER)
    newest.platform.reads_variables = False
    assert "environmentVariables" in newest("--yes", expect=2).stderr
    newest.base(environmentVariables=[])
    newest("--yes")
    assert newest.sent["environmentVariables"] == []


def test_print_sends_no_mutation(upsert: Upsert) -> None:
    upsert.base(environmentVariables=None)
    made = json.loads(upsert("--print").stdout)
    assert (
        made["variables"]["metadataConnection"] == "postgresql://app:***@db.example.com:5432/shop"
    )
    assert made["variables"]["dagDeployment"]["sshKey"] == "***"
    assert not upsert.platform.deployments
    revealed = json.loads(upsert("--print", "--reveal").stdout)
    assert PASSWORD in revealed["variables"]["metadataConnection"]
    assert TOKEN not in json.dumps(revealed)
    assert all(b["query"].startswith("query") for b in upsert.platform.seen)


def test_without_a_terminal_somebody_must_have_said_yes(newest: Upsert) -> None:
    assert "--yes" in newest(expect=2).stderr
    assert not newest.platform.deployments


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"workspaceUuid": None}, "workspaceUuid"),
    ({"label": None, "releaseName": "x"}, "label is missing"),
    ({"clusterId": None}, "clusterId is missing"),
    ({"nonsense": 1, "config": {}}, "no field config\n"),
    ({"deploymentUuid": "none"}, "no Deployment none"),
    ({"scheduler": {"replicas": "many"}}, "Int cannot represent"),
]


@pytest.mark.parametrize(("more", "said"), REFUSED)
def test_a_document_that_cannot_be(newest: Upsert, more: dict[str, Any], said: str) -> None:
    newest.base(**more)
    assert said in newest("--yes", expect=2).stderr
    assert not newest.platform.deployments


def test_two_deployments_with_one_label(newest: Upsert) -> None:
    newest.platform.deployments += [ANOTHER, {**ANOTHER, "id": "c9", "releaseName": "new-star-2"}]
    assert "old-star-1, new-star-2" in newest("--yes", expect=2).stderr
    newest.base(releaseName="new-star-2")
    newest("--yes")
    assert newest.sent["deploymentUuid"] == "c9"


def test_manual_strings_are_disabled(upsert: Upsert) -> None:
    upsert.platform.manual = False
    assert "--format values" in upsert("--yes", expect=2).stderr


FAULTS = [
    ("html", "web page"),
    ("401", "DBPROV_HOUSTON_TOKEN"),
    ("503", "busy or down"),
]


@pytest.mark.parametrize(("fault", "said"), FAULTS)
def test_an_answer_that_is_none(newest: Upsert, fault: str, said: str) -> None:
    newest.platform.faults = [fault]
    assert said in newest("--yes", expect=2).stderr


def test_a_wrong_token(newest: Upsert) -> None:
    ended = newest("--yes", expect=2, DBPROV_HOUSTON_TOKEN="LEAK-MARK-wrong")
    assert "Workspace Admin" in ended.stderr
    assert "is not set" in newest("--yes", expect=2, DBPROV_HOUSTON_TOKEN="").stderr


def test_questions_are_asked_again(newest: Upsert) -> None:
    newest.platform.faults = ["lost", "", "lost"]
    newest("--yes")
    assert len(newest.platform.deployments) == 1


def test_a_mutation_is_never_sent_twice(newest: Upsert) -> None:
    """It was carried out, and the answer got lost: it is looked for, and the next run updates it."""
    newest.platform.faults = ["", "", "", "lost"]
    ended = newest("--yes", expect=2)
    assert "is there now: quasi-stellar-1234" in ended.stderr
    assert len([b for b in newest.platform.seen if "mutation" in b["query"]]) == 1
    newest.platform.seen.clear()
    newest("--yes")
    assert newest.sent["deploymentUuid"] == "c1"
    assert len(newest.platform.deployments) == 1


def test_a_platform_that_does_not_answer(newest: Upsert) -> None:
    newest.platform.faults = ["", "", "", "hang"]
    ended = newest("--yes", "--timeout", "1", expect=2)
    assert "did not answer" in ended.stderr
    assert "looks first" in ended.stderr
    assert not newest.platform.deployments


def test_nobody_is_there(newest: Upsert) -> None:
    newest.platform.url = "http://127.0.0.1:1/v1"
    assert "cannot be reached" in newest("--yes", expect=2).stderr
    newest.platform.url = "http://houston.example.com/v1"
    assert "no https://" in newest("--yes", expect=2).stderr


@pytest.mark.attack("the platform's error repeats the password that it was sent", on="GraphQL")
@pytest.mark.parametrize("password", [PASSWORD, "LEAK-MARK'\"\\$`%%x é", "shop", "x"])
@pytest.mark.parametrize(
    ("echoes", "words"),
    [("value", ()), ("all", ("--json",)), ("base64", ("--debug",)), ("code", ("--json",))],
)
def test_an_error_that_repeats_what_was_sent(
    newest: Upsert, password: str, echoes: str, words: tuple[str, ...]
) -> None:
    """Also the token, and the values of environment variables, which are passwords as often as not."""
    newest.platform.echoes = echoes
    newest.base(
        environmentVariables=[{"key": "A", "value": "LEAK-MARK-variable", "isSecret": True}]
    )
    before = [word for word in words if word == "--debug"]
    more = [word for word in words if word != "--debug"]
    ended = newest("--yes", *more, expect=2, before=before, APP_PASSWORD=password)
    assert "refused it" in ended.stderr
    told = ended.stderr.partition("why:")[2].partition("Traceback")[0]
    assert "***" in told
    if more:
        document = json.loads(ended.stdout)
        assert set(document["error"]) == {"what", "why", "code", "do"}
        assert "***" in document["error"]["why"]
    if len(password) < 8:
        assert password not in told


@pytest.mark.attack("names that the platform answers with steer the terminal", on="GraphQL")
def test_an_answer_that_would_steer_the_terminal(newest: Upsert) -> None:
    bad = "\x1b]0;owned\x07\u202e\x9b31m"
    newest.platform.deployments.append({"id": "c9", "label": "analytics", "releaseName": bad})
    for more in ((), ("--json",)):
        ended = newest("--yes", *more)
        assert not set("\x1b\x07\x9b\u202e") & set(ended.stdout + ended.stderr)
    assert json.loads(ended.stdout)["deployment"]["releaseName"] == bad
