"""``apply`` killed anywhere is finished by the next ``apply``, and nothing that it borrowed or kept is lost on the way."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

import dbprov
from dbprov.errors import ApplyError, PlaceError
from dbprov.server.server import Done
from dbprov.spec.model import Deployment
from tests.harness import execute
from tests.support.command import CLI, on_one_of_each
from tests.support.processes import (
    blocked,
    end_sessions,
    left_behind,
    passwords,
    start,
    write,
)
from tests.support.specs import one, users
from tests.support.statements import after_each
from tests.support.walk import Walk

# A run that is killed leaves the memberships that it borrowed: before PostgreSQL 16, and since.
pytestmark = pytest.mark.sampled


LAYOUTS: dict[str, Callable[[str], dict[str, Any]]] = {
    "shared": lambda p: one(p, isolate=None),
    "split": lambda p: one(p, user=f"{p}airflow", layout="split"),
    "owner": lambda p: one(p, users=[{"name": f"{p}o", "access": "owner"}, *users(p)[1:]]),
}


@pytest.mark.parametrize(
    ("admin", "layout"),
    [
        ("superuser", "shared"),
        ("restricted", "shared"),
        ("restricted", "owner"),
        pytest.param("restricted", "split", marks=pytest.mark.postgresql(">= 18")),
    ],
    indirect=["admin"],
)
def test_killed_after_every_statement(walk: Walk, prefix: str, layout: str) -> None:
    [steps] = walk.each(
        walk.spec(LAYOUTS[layout](f"{prefix}{layout}_")), lambda d, s: dbprov.plan(d, s).steps
    )
    # A transaction that is killed is gone whole: of its statements the first and the last are enough.
    told = [n for n in range(len(steps) + 1) if not _in_the_middle(n, steps)]
    spec = dbprov.load(
        write(walk, *({**LAYOUTS[layout](f"{prefix}{n}_"), "name": f"after-{n}"} for n in told))
    )

    killer = start(walk, sys.executable, "-m", "tests.support.killer", "spec.yaml", *map(str, told))
    _, said = killer.communicate(timeout=120)
    assert killer.returncode == 0, said
    before = passwords(spec)
    assert len(before) == len(told) * len(spec.deployments[0].accounts)

    with dbprov.servers(spec) as servers:
        for number, deployment in zip(told, spec.deployments, strict=True):
            applied = dbprov.apply(deployment, servers[deployment])
            assert applied.ok, (
                number,
                applied.error,
                applied.left,
                [c for c in applied.checks if not c.held],
            )
            assert bool(applied.done) == (
                number < len(steps) or walk.server.engine == "postgresql"
            ), number
            assert dbprov.plan(deployment, servers[deployment]).complete, number
    assert passwords(spec) == before
    assert left_behind(walk.server, prefix) == []


def _in_the_middle(number: int, steps: tuple[Any, ...]) -> bool:
    if not 1 < number < len(steps):
        return False
    around = steps[number - 2 : number + 1]
    return all(step.item.inside is not None and step.item.kind != "membership" for step in around)


WAITING = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ILIKE 'ALTER DEFAULT%'",
    "mysql": "SELECT count(*) FROM information_schema.processlist WHERE state LIKE 'Waiting for%lock%'",
}


def test_killed_while_a_statement_runs(walk: Walk, prefix: str) -> None:
    """The server does not notice at once: what the dead process had sent may still come to its end."""
    write(walk, one(prefix))
    spec = dbprov.load(walk.folder / "spec.yaml")
    walk.provision(spec)
    if walk.server.engine == "postgresql":
        execute(walk.server, "superuser", f'DROP OWNED BY "{prefix}app" CASCADE', f"{prefix}db")
    else:
        execute(
            walk.server, "superuser", f"REVOKE ALL PRIVILEGES, GRANT OPTION FROM '{prefix}app'@'%'"
        )
    kept = passwords(spec)
    with blocked(walk.server, prefix):
        running = start(walk, *CLI, "apply", "--yes", "spec.yaml")
        until = time.monotonic() + 20
        while execute(walk.server, "superuser", WAITING[walk.server.engine]) == [(0,)]:
            assert time.monotonic() < until, "apply did not get as far as the lock"
            assert running.poll() is None, running.communicate()
            time.sleep(0.02)
        running.kill()
        running.communicate()
    walk.provision(spec)
    assert passwords(spec) == kept
    assert left_behind(walk.server, prefix) == []


def test_four_at_once(walk: Walk, prefix: str) -> None:
    """Each ends well, or with an error that says what to do; the next run finds all of it done, with one password."""
    write(walk, one(prefix))
    running = [start(walk, *CLI, "apply", "--yes", "spec.yaml") for _ in range(4)]
    ended = [(*process.communicate(timeout=60), process.returncode) for process in running]
    for _, said, code in ended:
        assert code in (0, 2), said
        assert code == 0 or "do:" in said, said
        assert "Traceback" not in said
    assert any(code == 0 for *_, code in ended), [said for _, said, _ in ended]
    spec = dbprov.load(walk.folder / "spec.yaml")
    assert not walk.provision(spec).done or any(code == 2 for *_, code in ended)
    assert len(passwords(spec)) == 1
    assert [p.name for p in (walk.folder / ".dbprov").rglob("*.new")] == []
    assert left_behind(walk.server, prefix) == []


@pytest.mark.parametrize("number", [1, 2])
def test_cut_off_in_the_middle(walk: Walk, prefix: str, number: int) -> None:
    """The admin's sessions are ended from outside after a statement: one clear error, and the next run goes on."""
    spec = walk.spec(one(prefix))
    with dbprov.servers(spec) as servers:
        applied = _cut(walk, spec.deployments[0], servers, number)
        assert applied.error is not None
        assert applied.error.what.startswith("could not"), applied.error
        assert applied.error.why, applied.error
        assert isinstance(applied.error, ApplyError)
        assert len(applied.done) <= number
    walk.provision(spec)


def _cut(walk: Walk, deployment: Deployment, servers: Any, number: int) -> dbprov.Run:
    seen: list[Any] = []

    def cut(done: Any) -> None:
        seen.append(done)
        if len(seen) == number:
            end_sessions(walk.server, walk.url)

    after_each(servers[deployment], cut)
    return dbprov.apply(deployment, servers[deployment])


@on_one_of_each
def test_a_place_that_breaks_after_the_server_was_changed(walk: Walk, prefix: str) -> None:
    """What was done is told, whatever comes after it."""
    kept = walk.folder / "kept"
    spec = walk.spec(one(prefix, password={"file": "kept"}))

    def spoil(done: Done) -> None:
        kept.write_text("not a password\nof one line\n")

    [applied] = walk.each(spec, lambda d, server: dbprov.apply(d, server, report=spoil))
    assert isinstance(applied.error, PlaceError)
    assert "user" in {done.step.item.kind for done in applied.done}
