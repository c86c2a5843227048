"""Eight runs at once against one server: all of them end well, and nothing is in a wrong state."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

import dbprov
from tests.support.command import CLI
from tests.support.processes import left_behind, passwords, start, write
from tests.support.specs import one, users
from tests.support.walk import Walk

# What they compete for are catalogue rows: of the oldest, of the newest, with and without borrowed
# memberships.
pytestmark = pytest.mark.sampled

EIGHT = range(8)


def storm(walk: Walk, *specs: str) -> list[str]:
    """What each run said; all of them must end with exit code 0. Of each the words that name its Deployment."""
    running = [
        start(walk, *CLI, "apply", "--yes", *spec.split(), "--lock-timeout", "300")
        for spec in specs
    ]
    ended = [(*process.communicate(timeout=400), process.returncode) for process in running]
    for _, said, code in ended:
        assert code == 0, said
        assert "Traceback" not in said
        assert "FAILED" not in said
    retried = [line for _, said, _ in ended for line in said.splitlines() if "; again in" in line]
    print(f"{len(retried)} retries", *retried, sep="\n", file=sys.stderr)
    return [said for _, said, _ in ended]


def settled(walk: Walk, prefix: str, path: Path) -> None:
    """Nothing to do, all verified, one password each, and nothing left over."""
    spec = dbprov.load(path)
    with dbprov.servers(spec) as servers:
        for deployment in spec.deployments:
            server = servers[deployment]
            assert dbprov.plan(deployment, server).complete
            assert [c for c in dbprov.verify(deployment, server) if not c.held] == []
    assert len(passwords(spec)) == len({a.name for d in spec.deployments for a in d.accounts})
    assert left_behind(walk.server, prefix) == []
    assert [p.name for p in (walk.folder / ".dbprov").rglob("*.new")] == []


def layout(prefix: str, number: int) -> dict[str, Any]:
    """Different ones, so that the runs are not in step."""
    name = f"{prefix}{number}"
    more = ({}, {"users": users(name)}, {"access": "owner"}, {"isolate": True})[number % 4]
    return one(name, name=f"analytics-{number}", **more)


def test_eight_runs_of_eight_deployments(walk: Walk, prefix: str) -> None:
    paths = []
    for number in EIGHT:
        path = write(walk, layout(prefix, number))
        paths.append(path.rename(path.with_name(f"{number}.yaml")))
    storm(walk, *(path.name for path in paths))
    for path in paths:
        settled(walk, prefix, path)


def test_eight_runs_of_the_same_deployment(walk: Walk, prefix: str) -> None:
    path = write(walk, layout(prefix, 1))
    said = storm(walk, *["spec.yaml"] * 8)
    settled(walk, prefix, path)
    made = [len(re.findall(r"^  done create user", one_run, re.MULTILINE)) for one_run in said]
    assert sorted(made)[-1] == sum(made) == 3, "one of them made the users, all of them"


@pytest.mark.postgresql
def test_eight_runs_with_one_user_in_common(walk: Walk, prefix: str) -> None:
    """Each with a database of its own: ALTER ROLE of one role is what collides most (T32)."""
    shared = [
        one(
            f"{prefix}{n}",
            name=f"a{n}",
            user=f"{prefix}shared",
            schemas=["a"],
            password={"file": "shared.password"},
        )
        for n in EIGHT
    ]
    path = write(walk, *shared)
    storm(walk, *(f"spec.yaml --deployment a{number}" for number in EIGHT))
    settled(walk, prefix, path)
