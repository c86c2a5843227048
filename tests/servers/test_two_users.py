"""``rotation: two-users``: two that log in, one that owns; each rotation hands the other one out, and nobody is cut off."""

from __future__ import annotations

import signal
import sys
from typing import Any

import pytest

import dbprov
from dbprov.commands.rotate import rotate
from dbprov.commands.rotate_plan import plan_rotation
from dbprov.connections.strings import Connection, connections_of
from dbprov.errors import PlaceError, RefusedError
from dbprov.passwords.secret import Secret
from dbprov.spec.model import Spec
from tests.harness import execute, remove
from tests.support.command import dbprov as cli
from tests.support.processes import start, write
from tests.support.rotate import finished, rotated
from tests.support.rotator import PHASES
from tests.support.specs import one
from tests.support.walk import Walk

# Who may be made an owner's member differs before PostgreSQL 16 and since.
pytestmark = [pytest.mark.postgresql, pytest.mark.sampled]


def two(prefix: str, **more: Any) -> dict[str, Any]:
    return one(prefix, rotation="two-users", **more)


def strings(spec: Spec) -> Connection:
    [deployment] = spec.deployments
    return connections_of(deployment, lambda account: account.place.read()).metadata


def works(spec: Spec, connection: Connection, *statements: str) -> bool:
    [deployment] = spec.deployments
    with dbprov.servers(spec) as servers:
        server = servers[deployment]
        try:
            session = server.engine.connection.connect_as(
                connection.login_url(), deployment, server.timeouts
            )
        except Exception as error:
            code, words = server.engine.errors.explain(error, secret=False)
            if code in (*server.engine.errors.LOGIN, *server.engine.errors.REFUSED):
                return False
            raise AssertionError(words) from None
        try:
            for statement in statements:
                session.run(statement)
        finally:
            session.close()
    return True


def owners(walk: Walk, prefix: str) -> set[Any]:
    query = "SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relname LIKE 'made_by%'"
    return {name for (name,) in execute(walk.server, "superuser", query, f"{prefix}db")}


@pytest.mark.parametrize("schemas", [["public"], ["airflow"]])
def test_they_take_turns(walk: Walk, prefix: str, schemas: list[str]) -> None:
    spec = walk.spec(two(prefix, schemas=schemas))
    applied = walk.provision(spec)
    assert any(check.claim == f'its table belongs to "{prefix}app"' for check in applied.checks)
    first = strings(spec)
    assert first.user == f"{prefix}app"
    assert works(spec, first, "CREATE TABLE made_by_first (n int)")

    ended = rotated(walk, spec)
    assert ended.ok, (ended.error, ended.checks)
    assert ended.old_valid
    second = strings(spec)
    assert second.user == f"{prefix}app_b"
    assert f"{prefix}app_b:" in second.url(reveal=True)
    assert works(spec, second, "CREATE TABLE made_by_second (n int)", "SELECT * FROM made_by_first")
    assert works(spec, first, "INSERT INTO made_by_second VALUES (1)"), "nobody is cut off"
    assert owners(walk, prefix) == {f"{prefix}app"}
    assert [check for check in walk.prove(spec) if not check.held] == []
    assert walk.plan(spec).complete

    with pytest.raises(RefusedError, match="still valid"):
        rotated(walk, spec)
    last = finished(walk, spec)
    assert last.ok, (last.error, last.checks)
    assert last.done
    assert not works(spec, first)
    assert works(spec, second)
    assert not finished(walk, spec).done
    assert walk.plan(spec).complete

    assert rotated(walk, spec).ok
    third = strings(spec)
    assert third.user == f"{prefix}app"
    assert works(spec, third, "DROP TABLE made_by_first, made_by_second")
    assert works(spec, second)
    assert finished(walk, spec).ok
    assert not works(spec, second)
    assert walk.plan(spec).complete
    assert [check for check in walk.prove(spec) if not check.held] == []


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("admin", ["restricted"], indirect=True)
def test_killed_at_every_phase(walk: Walk, prefix: str, phase: str) -> None:
    write(walk, two(prefix))
    spec = dbprov.load(walk.folder / "spec.yaml")
    walk.provision(spec)
    first = strings(spec)
    killed = start(walk, sys.executable, "-m", "tests.support.rotator", "spec.yaml", phase)
    _, said = killed.communicate(timeout=60)
    assert killed.returncode == -signal.SIGKILL, said
    assert works(spec, strings(spec)), "what is handed out logs in at every moment"
    assert works(spec, first), "and so does what was handed out before"
    if phase != "promoted":
        ended = rotated(walk, spec)
        assert ended.ok, (ended.error, ended.checks)
    assert strings(spec).user == f"{prefix}app_b"
    assert works(spec, strings(spec))
    assert works(spec, first)
    assert finished(walk, spec).ok
    assert not works(spec, first)
    assert [check for check in walk.prove(spec) if not check.held] == []


def test_a_user_that_was_alone_gets_a_second(walk: Walk, prefix: str) -> None:
    """The spec changes, nothing else: what was handed out goes on, and the place is the same."""
    alone = walk.spec(one(prefix))
    walk.provision(alone)
    first = strings(alone)
    spec = walk.spec(two(prefix))
    walk.provision(spec)
    assert strings(spec).user == first.user
    assert works(spec, strings(spec))
    assert rotated(walk, spec).ok
    assert works(spec, first)
    assert strings(spec).user == f"{prefix}app_b"


def test_somebody_elses_role_of_that_name(walk: Walk, prefix: str) -> None:
    execute(walk.server, "superuser", f'CREATE ROLE "{prefix}app_b" LOGIN')
    with pytest.raises(RefusedError, match="cannot be provisioned") as caught:
        walk.apply(walk.spec(two(prefix)))
    assert "is there already" in caught.value.why


def test_a_lost_password_is_the_firsts_again(walk: Walk, prefix: str) -> None:
    spec = walk.spec(two(prefix))
    walk.provision(spec)
    assert rotated(walk, spec).ok
    [path] = list((walk.folder / ".dbprov").rglob(f"{prefix}app"))
    path.unlink()
    ended = rotated(walk, spec)
    assert ended.ok, (ended.error, ended.checks)
    assert strings(spec).user == f"{prefix}app"
    assert works(spec, strings(spec))


def test_several_users_and_an_owner(walk: Walk, prefix: str) -> None:
    users = [
        {"name": f"{prefix}app", "access": "owner", "rotation": "two-users", "connection_limit": 9},
        {"name": f"{prefix}reader", "access": "read", "rotation": "two-users"},
    ]
    spec = walk.spec(one(prefix, users=users))
    walk.provision(spec)
    with dbprov.servers(spec) as servers:
        [deployment] = spec.deployments
        for planned in plan_rotation(deployment, servers[deployment]):
            ended = rotate(planned, servers[deployment])
            assert ended.ok, (ended.error, ended.checks)
    assert walk.plan(spec).complete
    assert [check for check in walk.prove(spec) if not check.held] == []


@pytest.mark.parametrize("admin", ["restricted"], indirect=True)
def test_who_goes_goes_with_the_second(walk: Walk, prefix: str) -> None:
    write(walk, two(prefix))
    spec = dbprov.load(walk.folder / "spec.yaml")
    walk.provision(spec)
    assert rotated(walk, spec).ok
    second = strings(spec)
    env = {"DBPROV_ADMIN_PASSWORD": walk.password}
    words = ("drop", "spec.yaml", "--deployment", spec.deployments[0].name, "--yes")
    ended = cli(*words, "--quarantine", folder=walk.folder, env=env)
    assert ended.returncode == 0, ended.stderr
    assert not works(spec, second)
    walk.provision(spec)
    assert works(spec, second), "apply lets it in again"
    ended = cli(*words, folder=walk.folder, env=env)
    assert ended.returncode == 0, ended.stderr
    query = f"SELECT rolname FROM pg_roles WHERE rolname LIKE '{prefix}app%'"
    assert execute(walk.server, "superuser", query) == []


def test_the_file_of_sql_makes_them_too(walk: Walk, prefix: str) -> None:
    spec = walk.spec(two(prefix))
    [text] = dbprov.render(spec).values()
    assert f'CREATE ROLE "{prefix}app_b" NOLOGIN' in text
    assert f"ALTER ROLE \"{prefix}app_b\" SET role = '{prefix}app'" in text


def test_the_place_says_whose_it_is(walk: Walk, prefix: str) -> None:
    spec = walk.spec(two(prefix))
    walk.provision(spec)
    assert rotated(walk, spec).ok
    [path] = list((walk.folder / ".dbprov").rglob(f"{prefix}app"))
    assert path.read_text().startswith(f"{prefix}app_b:")
    kept = spec.deployments[0].accounts[0].place.read()
    assert isinstance(kept, Secret)
    assert ":" not in kept.reveal()


def test_the_password_of_the_second_is_not_the_firsts(walk: Walk, prefix: str) -> None:
    """On a server where neither is there the strings would name the second, and the first be made."""
    spec = walk.spec(two(prefix))
    walk.provision(spec)
    assert rotated(walk, spec).ok
    remove(walk.server, prefix)
    for doing in (lambda: walk.apply(spec), lambda: dbprov.render(spec, hashed=True)):
        with pytest.raises(PlaceError, match="nothing was changed") as met:
            doing()
        assert f'"{prefix}app_b:"' in met.value.todo
    [path] = list((walk.folder / ".dbprov").rglob(f"{prefix}app"))
    path.write_text(path.read_text().removeprefix(f"{prefix}app_b:"))
    walk.provision(spec)
