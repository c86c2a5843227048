"""`platform enable` against a GraphQL server with the schema of each version, and against one that lies."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.command import Ended, dbprov
from tests.support.houston import FULL, MUTATIONS, TOKEN, Platform, running

SECRET = "LEAK-MARK-root-connection"
KEPT: dict[str, Any] = {
    "databaseManagement": {"database": {"connection": f"postgresql://root:{SECRET}@h/d"}, "manualConnectionStrings": {"note": "x"}},
    "pgBouncerResourceCalculationStrategy": None, "limits": [1, 1.5, True, "é", {}], "empty": {},
}  # fmt: skip
ON = {
    "1.0": {"manualConnectionStrings": {"enabled": True}},
    "2.1": {"databaseManagement": {"manualConnectionStrings": {"enabled": True}}},
}
LATER = [version for version in MUTATIONS if version != "0.37"]
DEPLOYMENT = {"id": "d1", "label": "sales", "releaseName": "star-1", "clusterId": "cl0"}


class Enable:
    def __init__(self, platform: Platform, folder: Path) -> None:
        self.platform, self.folder = platform, folder

    def __call__(self, *more: str, expect: int = 0, cluster: str = "cl0", **env: str) -> Ended:
        named = ("--cluster", cluster) if cluster else ()
        ended = dbprov(
            "platform", "enable", "--houston", self.platform.url, *named, *more,
            folder=self.folder, env={"DBPROV_HOUSTON_TOKEN": TOKEN, **env},
        )  # fmt: skip
        assert ended.returncode == expect, (ended.stdout, ended.stderr)
        assert "LEAK-MARK" not in ended.stdout + ended.stderr
        assert "Traceback" not in ended.stderr
        return ended

    @property
    def sent(self) -> list[dict[str, Any]]:
        asked = [b for b in self.platform.seen if b["query"].startswith("mutation")]
        return [body["variables"] for body in asked]

    @property
    def override(self) -> Any:
        return self.platform.clusters[0]["configOverride"]


@pytest.fixture(params=LATER)
def enable(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Enable]:
    with running(Platform(request.param)) as platform:
        yield Enable(platform, tmp_path)


@pytest.fixture
def newest(tmp_path: Path) -> Iterator[Enable]:
    with running(Platform("2.1", deployments=[dict(DEPLOYMENT)])) as platform:
        yield Enable(platform, tmp_path)


# -- what it does ------------------------------------------------------------------------------------------------------


def test_an_override_that_is_empty(enable: Enable) -> None:
    version = enable.platform.version
    ended = enable("--yes")
    assert enable.sent == [{"id": "cl0", "deploymentsConfigOverride": ON[version]}]
    assert enable.override == {"deployments": ON[version]}
    assert f"the platform is {FULL[version]}" in ended.stderr
    assert "manualConnectionStrings.enabled is on now in cluster cl0" in ended.stdout
    assert "next upsert" in ended.stderr


def test_everything_else_is_sent_again(enable: Enable) -> None:
    """The platform replaces the Override by what it is given."""
    enable.platform.clusters[0]["configOverride"] = {"deployments": copy.deepcopy(KEPT), "other": 1}
    ended = enable("--yes")
    [sent] = enable.sent
    wanted = copy.deepcopy(KEPT)
    if enable.platform.version == "2.1":
        wanted["databaseManagement"]["manualConnectionStrings"]["enabled"] = True
    else:
        wanted["manualConnectionStrings"] = {"enabled": True}
    assert json.dumps(sent["deploymentsConfigOverride"], sort_keys=True) == json.dumps(
        wanted, sort_keys=True
    )
    assert "manualConnectionStrings.enabled: true" in ended.stderr
    assert "databaseManagement.database.connection: kept" in ended.stderr
    assert "limits[1]: kept" in ended.stderr


def test_the_second_time_nothing_is_sent(enable: Enable) -> None:
    enable("--yes")
    enable.platform.seen.clear()
    ended = enable()
    assert not enable.sent
    assert "on already" in ended.stdout
    assert json.loads(enable("--json").stdout)["changed"] is False


def test_it_is_seen_in_effect(newest: Enable) -> None:
    made = json.loads(newest("--yes", "--json").stdout)
    assert made == {
        "platform": "2.1.0", "cluster": {"id": "cl0", "name": "prod"}, "changed": True,
        "setting": "databaseManagement.manualConnectionStrings.enabled",
        "seen": {"deployment": "sales", "enabled": True, "why": ""},
    }  # fmt: skip
    assert "effectiveConfig of Deployment sales has it" in newest().stdout


def test_what_was_off_is_shown_as_a_change(newest: Enable) -> None:
    newest.platform.clusters[0]["configOverride"] = {
        "deployments": {"databaseManagement": {"manualConnectionStrings": {"enabled": False}}}
    }
    assert "enabled: false -> true" in newest("--yes").stderr
    assert newest.override == {"deployments": ON["2.1"]}


def test_a_workspace_that_has_it_off(newest: Enable) -> None:
    newest.platform.above = {"databaseManagement": {"manualConnectionStrings": {"enabled": False}}}
    ended = newest("--yes", expect=2)
    assert "not for its Deployment sales" in ended.stderr
    assert newest.override == {"deployments": ON["2.1"]}


def test_a_deployment_of_another_cluster_says_nothing(newest: Enable) -> None:
    newest.platform.deployments[0]["clusterId"] = "cl9"
    assert "no Deployment that could be asked is on this cluster" in newest("--yes").stderr


def test_no_effective_config_is_said(enable: Enable) -> None:
    enable.platform.deployments = [] if enable.platform.version == "2.1" else [dict(DEPLOYMENT)]
    ended = enable("--yes")
    said = {"1.0": "Cannot query field", "2.1": "no Deployment that could be asked"}
    assert f"no effectiveConfig was seen: {said[enable.platform.version]}" in ended.stderr


def test_without_a_terminal_somebody_must_have_said_yes(enable: Enable) -> None:
    ended = enable(expect=2)
    assert "--yes" in ended.stderr
    assert "manualConnectionStrings.enabled: true" in ended.stderr, "it shows what it would do"
    assert not enable.sent


def test_0_37_has_none_and_prints_the_values(tmp_path: Path) -> None:
    with running(Platform("0.37")) as platform:
        ended = Enable(platform, tmp_path)("--yes")
        as_json = json.loads(Enable(platform, tmp_path)("--json").stdout)
    values = {"astronomer": {"houston": {"config": {"deployments": ON["1.0"]}}}}
    assert yaml.safe_load(ended.stdout) == values == as_json["values"]
    assert as_json["changed"] is False
    assert "helm upgrade" in ended.stderr
    assert all(body["query"].startswith("query") for body in platform.seen)


# -- which cluster -----------------------------------------------------------------------------------------------------


def test_the_only_cluster_needs_no_name(newest: Enable) -> None:
    newest("--yes", cluster="")
    assert newest.sent[0]["id"] == "cl0"
    newest.platform.clusters.append({"id": "cl9", "name": "test"})
    ended = newest("--yes", cluster="", expect=2)
    assert "2 clusters" in ended.stderr
    assert "cl9: test" in ended.stderr
    newest.platform.clusters.clear()
    assert "0 clusters" in newest("--yes", cluster="", expect=2).stderr


def test_where_clusters_cannot_be_listed(enable: Enable) -> None:
    enable.platform.forbidden = ("paginatedClusters",)
    assert "--cluster ID" in enable("--yes", cluster="", expect=2).stderr
    assert "no cluster nothing" in enable("--yes", cluster="nothing", expect=2).stderr


def test_who_may_not(newest: Enable) -> None:
    newest.platform.forbidden = ("updateCluster",)
    assert "refused it" in newest("--yes", expect=2).stderr
    newest.platform.forbidden = ("cluster",)
    assert "refused it" in newest("--yes", expect=2).stderr
    newest.platform.forbidden = ("sysWorkspaces",)
    assert "no effectiveConfig was seen: You do not have" in newest("--yes").stderr


# -- a platform that lies, or loses answers ----------------------------------------------------------------------------


@pytest.mark.parametrize("value", [True, "on", 5, [], [True]])
def test_another_value_on_the_way_is_not_written_over(newest: Enable, value: Any) -> None:
    newest.platform.clusters[0]["configOverride"] = {"deployments": {"databaseManagement": value}}
    ended = newest("--yes", expect=2)
    assert "databaseManagement holds no keys" in ended.stderr
    assert not newest.sent


@pytest.mark.parametrize("value", ["true", 1, None, {}, SECRET])
def test_only_true_is_on(newest: Enable, value: Any) -> None:
    newest.platform.clusters[0]["configOverride"] = {
        "deployments": {"databaseManagement": {"manualConnectionStrings": {"enabled": value}}}
    }
    newest("--yes")
    assert newest.override == {"deployments": ON["2.1"]}


@pytest.mark.attack("the platform says that it took an Override, and keeps another", on="GraphQL")
@pytest.mark.parametrize(
    ("keeps", "said"),
    [
        (lambda given: {}, "databaseManagement"),
        (lambda given: {"databaseManagement": given["databaseManagement"]}, "limits"),
        (lambda given: {**given, "limits": [1]}, "limits"),
        (lambda given: {**given, "limits": [True, *given["limits"][1:]]}, "limits[0]"),
        (lambda given: {**given, "more": SECRET}, "more"),
        (lambda given: {**given, "empty": True}, "empty"),
    ],
)
def test_what_the_cluster_has_is_not_what_was_sent(newest: Enable, keeps: Any, said: str) -> None:
    newest.platform.clusters[0]["configOverride"] = {"deployments": copy.deepcopy(KEPT)}
    newest.platform.keeps = keeps
    ended = newest("--yes", expect=2)
    assert "is not what was sent" in ended.stderr
    assert said in ended.stderr.partition("it differs in")[2]


def test_an_answer_that_gets_lost(newest: Enable) -> None:
    """The Override is read again, and says what became of it."""
    newest.platform.faults = ["", "", "", "lost"]
    assert "on now" in newest("--yes").stdout
    assert len(newest.sent) == 1


def test_a_mutation_that_gets_lost_on_its_way(newest: Enable) -> None:
    newest.platform.faults = ["", "", "", "html"]
    ended = newest("--yes", expect=2)
    assert "not with JSON" in ended.stderr
    assert "same command again" in " ".join(ended.stderr.split())
    assert newest.override is None


def test_an_override_that_somebody_changed_meanwhile(newest: Enable) -> None:
    """Between what was shown and what is sent: theirs would be lost."""
    override = {"deployments": {"theirs": 1}}

    there = {"cluster": {"id": "cl0", "name": "prod", "configOverride": override}}
    newest.platform.faults = ["", "", _says(there)]
    ended = newest("--yes", expect=2)
    assert "changed meanwhile; nothing was sent" in ended.stderr
    assert not newest.sent


DEEP: Any = 1
for _ in range(300):
    DEEP = {"a": DEEP}
BAD = "\x1b]0;owned\x07\u202e\x9b31m"
LIES: list[Any] = [
    {"configOverride": "x"}, {"configOverride": []}, {"configOverride": 5}, {"configOverride": {"deployments": "x"}},
    {"configOverride": {"deployments": []}}, {"configOverride": {"deployments": DEEP}}, {"name": 5}, {"name": []},
]  # fmt: skip


@pytest.mark.attack("the platform answers with JSON of another shape", on="GraphQL")
@pytest.mark.parametrize("lie", LIES, ids=lambda lie: json.dumps(lie)[:40])
def test_a_cluster_of_another_shape(newest: Enable, lie: dict[str, Any]) -> None:
    if "name" in lie:  # not even GraphQL would let it through as another type
        newest.platform.faults = [
            "",
            _says({"cluster": {"id": "cl0", "configOverride": None, **lie}}),
        ]
    else:
        newest.platform.clusters[0].update(lie)
    ended = newest("--yes", expect=2)
    assert "not the API's" in ended.stderr
    assert not newest.sent


def _says(data: Any) -> Any:
    def answer(asked: Any) -> None:
        text = json.dumps({"data": data}).encode()
        asked.send_response(200)
        asked.send_header("content-type", "application/json")
        asked.send_header("content-length", str(len(text)))
        asked.end_headers()
        asked.wfile.write(text)

    return answer


@pytest.mark.parametrize(
    "data",
    [{"cluster": {"id": "other", "name": "x"}}, {"cluster": {"name": "x"}}, {"cluster": []}, {"cluster": "x"},
     {"cluster": {"id": "cl0", "name": "x", "configOverride": {"deployments": {"a": float("inf")}}}}],
    ids=str,
)  # fmt: skip
def test_another_cluster_than_the_one_that_was_asked_for(newest: Enable, data: Any) -> None:
    newest.platform.faults = ["", _says(data)]
    assert "not the API's" in newest("--yes", expect=2).stderr
    assert not newest.sent


@pytest.mark.parametrize(
    "data", [{}, {"paginatedClusters": []}, {"paginatedClusters": {"clusters": {}}},
             {"paginatedClusters": {"clusters": ["x"]}}, {"paginatedClusters": {"clusters": [{}]}}], ids=str,
)  # fmt: skip
def test_clusters_of_another_shape(newest: Enable, data: Any) -> None:
    newest.platform.faults = ["", _says(data)]
    assert "not the API's" in newest("--yes", cluster="", expect=2).stderr


@pytest.mark.parametrize("more", [{"id": 5}, {"label": None}, {"label": ["x"]}], ids=str)
def test_a_deployment_of_another_shape(newest: Enable, more: Any) -> None:
    newest("--yes")
    newest.platform.faults = ["", "", "", _says({"workspaceDeployments": [{**DEPLOYMENT, **more}]})]
    assert "not the API's" in newest(expect=2).stderr
    for wrong in ("x", 5, [1]):
        found = {"deployment": {"id": "d1", "effectiveConfig": wrong}}
        newest.platform.faults = ["", "", "", "", _says(found)]
        assert "not the API's" in newest(expect=2).stderr


@pytest.mark.attack("names that the platform answers with steer the terminal", on="GraphQL")
def test_names_that_would_steer_the_terminal(newest: Enable) -> None:
    newest.platform.clusters[0].update(name=BAD, configOverride={"deployments": {BAD: {BAD: BAD}}})
    newest.platform.deployments[0]["label"] = BAD
    for more in (["--yes"], ["--json"]):
        ended = newest(*more)
        assert not set("\x1b\x07\x9b\u202e") & set(ended.stdout + ended.stderr)
    assert newest.override["deployments"][BAD] == {BAD: BAD}


@pytest.mark.attack("the platform's error repeats the secrets of its own Override", on="GraphQL")
@pytest.mark.parametrize("echoes", ["all", "base64"])
def test_an_error_that_repeats_the_override(newest: Enable, echoes: str) -> None:
    newest.platform.clusters[0]["configOverride"] = {"deployments": copy.deepcopy(KEPT)}
    newest.platform.echoes = echoes
    assert "***" in newest("--yes", expect=2).stderr


def test_many_workspaces_are_not_asked_for_ever(newest: Enable) -> None:
    newest.platform.deployments.clear()
    newest.platform.workspaces = [{"id": f"w{number}"} for number in range(5000)]
    newest("--yes")
    assert len(newest.platform.seen) < 120


def test_a_wrong_token(newest: Enable) -> None:
    assert "System Admin" in newest("--yes", expect=2, DBPROV_HOUSTON_TOKEN="LEAK-MARK-x").stderr
    assert "is not set" in newest("--yes", expect=2, DBPROV_HOUSTON_TOKEN="").stderr
