"""A spec with many Deployments on one server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import dbprov
from tests.harness import TestServer, execute
from tests.support.command import Ended
from tests.support.command import dbprov as dbprov_command
from tests.support.processes import write
from tests.support.specs import one
from tests.support.walk import Walk

pytestmark = pytest.mark.sampled("newest")

MANY = 6
FEW = 3
"""Sessions that the admin may have at once: in its own database, in a Deployment's, and a second
one there that looks who blocks a statement."""


@contextmanager
def at_most(server: TestServer, sessions: int) -> Iterator[None]:
    def limit(number: int) -> str:
        if server.engine == "postgresql":
            return f'ALTER ROLE "{server.user("admin")}" CONNECTION LIMIT {number or -1}'
        return f"ALTER USER '{server.user('admin')}'@'%' WITH MAX_USER_CONNECTIONS {number}"

    execute(server, "superuser", limit(sessions))
    try:
        yield
    finally:
        execute(server, "superuser", limit(0))


@pytest.mark.parametrize("admin", ["restricted"], indirect=True)  # a superuser has no limit
def test_few_sessions_serve_many_deployments(walk: Walk, prefix: str) -> None:
    """The connections of a server are for its applications."""
    spec = walk.spec(*(one(f"{prefix}{n}", name=f"team-{n}") for n in range(MANY)))
    with at_most(walk.server, FEW), dbprov.servers(spec) as servers:
        runs = list(dbprov.apply_all(dbprov.plan_all(spec, servers), servers))
        assert [run.ok for run in runs] == [True] * MANY
        assert all(planned.complete for planned in dbprov.plan_all(spec, servers))


def three(prefix: str) -> list[dict[str, Any]]:
    """The password of the second one cannot be kept, which is known when it is."""
    made = [one(f"{prefix}{n}", name=f"team-{n}") for n in range(3)]
    made[1]["password"] = {"command": ["true"], "store": ["sh", "-c", "exit 1"]}
    return made


def run_cli(walk: Walk, *words: str) -> Ended:
    return dbprov_command(*words, folder=walk.folder, env={"DBPROV_ADMIN_PASSWORD": walk.password})


def results(ended: Ended) -> list[tuple[str, bool, int]]:
    found = json.loads(ended.stdout)["deployments"]
    return [(one["name"], one["ok"], len(one["done"])) for one in found]


@pytest.mark.parametrize("admin", ["restricted"], indirect=True)
def test_an_error_ends_one_deployment_and_no_other(walk: Walk, prefix: str) -> None:
    write(walk, *three(prefix))
    ended = run_cli(walk, "apply", "spec.yaml", "--yes", "--json")
    assert ended.returncode == 2
    (_, *first), (_, *second), (_, *third) = results(ended)
    assert (first[0], second, third[0]) == (True, [False, 0], True)
    assert "team-1 failed:\n" in ended.stderr
    last = ended.stderr.strip().splitlines()[-1]
    assert last.startswith("1 failed, 2 ready. Only those that are not ready: ")
    assert last.endswith("dbprov apply spec.yaml --deployment team-1")

    # The same, once the reason is gone, with the command that it said; nothing of the others.
    made = three(prefix)
    made[1].pop("password")
    write(walk, *made)
    again = run_cli(walk, "apply", "spec.yaml", "--deployment", "team-1", "--yes", "--json")
    assert again.returncode == 0, again.stderr
    assert [(name, ok) for name, ok, _ in results(again)] == [("team-1", True)]
    everything = run_cli(walk, "plan", "spec.yaml", "--json")
    assert [one["complete"] for one in json.loads(everything.stdout)["deployments"]] == [True] * 3


@pytest.mark.parametrize("admin", ["restricted"], indirect=True)
def test_with_fail_fast_no_other_is_begun(walk: Walk, prefix: str) -> None:
    write(walk, *three(prefix))
    ended = run_cli(walk, "apply", "spec.yaml", "--yes", "--json", "--fail-fast")
    assert ended.returncode == 2
    assert [(ok, done > 0) for _, ok, done in results(ended)] == [
        (True, True),
        (False, False),
        (False, False),
    ]
    assert "1 failed, 1 not begun, 1 ready." in ended.stderr


@pytest.mark.parametrize("admin", ["restricted"], indirect=True)
def test_what_is_not_chosen_is_still_known(walk: Walk, prefix: str) -> None:
    """A user that two Deployments share: pruning for one of them takes nothing from the other."""
    shared = [one(f"{prefix}{n}", name=f"team-{n}", user=f"{prefix}app") for n in range(2)]
    write(walk, *shared)
    assert run_cli(walk, "apply", "spec.yaml", "--yes").returncode == 0
    words = ("apply", "spec.yaml", "--deployment", "*-0", "--prune", "--yes", "--json")
    ended = run_cli(walk, *words)
    assert ended.returncode == 0, ended.stderr
    assert [name for name, _, _ in results(ended)] == ["team-0"]
    assert json.loads(ended.stdout)["deployments"][0]["done"] == []
    verified = run_cli(walk, "verify", "spec.yaml")
    assert verified.returncode == 0, verified.stdout

    unknown = run_cli(walk, "plan", "spec.yaml", "--deployment", "team-9")
    assert unknown.returncode == 2
    assert "no Deployment 'team-9' is in spec.yaml" in unknown.stderr
    assert "one of team-0, team-1" in unknown.stderr


@pytest.mark.parametrize("admin", ["restricted"], indirect=True)
def test_what_a_failed_one_was_to_make_is_made_by_the_next(walk: Walk, prefix: str) -> None:
    """A user that both have: the plan of the second took it for made."""
    refusing = {"command": ["true"], "store": ["false"]}
    both = {"name": f"{prefix}app"}
    made = [
        one(
            f"{prefix}0", name="team-0", users=[both, {"name": f"{prefix}b", "password": refusing}]
        ),
        one(f"{prefix}1", name="team-1", users=[both]),
    ]
    write(walk, *made)
    ended = run_cli(walk, "apply", "spec.yaml", "--yes", "--json")
    assert ended.returncode == 2
    (_, first, done), (_, second, _) = results(ended)
    assert (first, done, second) == (False, 0, True), ended.stderr
