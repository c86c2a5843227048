"""``drop --quarantine``: nobody gets in, whoever was in is out, nothing else is touched; ``apply`` takes it back."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

import dbprov
from dbprov.commands.rotate_plan import plan_rotation
from dbprov.errors import RefusedError
from tests.harness import execute
from tests.support.drop import (
    ODD,
    QUARANTINE,
    alive,
    lets_in,
    logged_in,
    memberships,
    planned,
    quarantine,
    with_all_it_takes,
)
from tests.support.specs import TABLES, one, users
from tests.support.walk import Walk

# Locks and sessions end alike on all versions; what the admin may end differs with its rights.
pytestmark = pytest.mark.sampled


@pytest.mark.parametrize("odd", [False, True])
def test_out_and_in_again(walk: Walk, prefix: str, odd: bool) -> None:
    with_all_it_takes(walk, prefix)
    name = f"{prefix}{ODD}" if odd else f"{prefix}app"
    more = {"database": f"{prefix}{ODD}"} if odd else {}
    spec = walk.spec(one(prefix, user=name, **more))
    walk.provision(spec)
    walk.as_user(spec, name, *TABLES[walk.server.engine], "INSERT INTO dag (name) VALUES ('kept')")
    with logged_in(walk, spec, name) as sessions:
        shown = planned(walk, spec, QUARANTINE)
        assert [s.item.kind for s in shown.steps if s.verb == "drop"].count("sessions") == 1
        assert alive(sessions[0])
        departed = quarantine(walk, spec)
        assert departed.ok, (departed.error, departed.left)
        assert not alive(sessions[0])
    assert not lets_in(walk, spec, name)
    assert not walk.plan(spec).complete
    again = quarantine(walk, spec)
    assert again.ok
    assert not again.done
    walk.provision(spec)
    walk.as_user(spec, name, "UPDATE dag SET name = 'there' WHERE name = 'kept'")


@pytest.mark.parametrize("access", ["all", "owner"])
def test_each_of_several_users(walk: Walk, prefix: str, access: str) -> None:
    with_all_it_takes(walk, prefix)
    accounts = [{**users(prefix)[0], "access": access}, *users(prefix)[1:]]
    spec = walk.spec(one(prefix, users=accounts))
    walk.provision(spec)
    names = [user["name"] for user in accounts]
    with logged_in(walk, spec, *names, *names) as sessions:
        assert len(sessions) == 3
        assert quarantine(walk, spec).ok
        assert [alive(session) for session in sessions] == [False] * 3
    assert not any(lets_in(walk, spec, name) for name in names)
    walk.provision(spec)
    assert memberships(walk, prefix) == []


def test_others_stay(walk: Walk, prefix: str) -> None:
    """Another Deployment's users, and on MySQL the same name from another host."""
    with_all_it_takes(walk, prefix)
    mine: dict[str, Any] = {"name": f"{prefix}app", "access": "all"}
    theirs: dict[str, Any] = {"name": f"{prefix}other", "access": "all"}
    if walk.server.engine == "mysql":
        mine["host"], theirs = "10.9.%", {**theirs, "name": f"{prefix}app"}
    spec = walk.spec(
        one(prefix, users=[mine]),
        {"name": "reports", "database": f"{prefix}db2", "users": [theirs]},
    )
    with dbprov.servers(spec) as servers:
        for deployment in spec.deployments:
            assert dbprov.apply(deployment, servers[deployment]).error is None
    with logged_in(walk, spec, theirs["name"], number=1) as [session]:
        departed = quarantine(walk, spec)
        assert departed.ok, (departed.error, departed.left)
        assert alive(session)
    with dbprov.servers(spec) as servers:
        checks = list(dbprov.verify(spec.deployments[1], servers[spec.deployments[1]]))
    assert [c for c in checks if not c.held] == []


def test_a_user_that_serves_another_deployment(walk: Walk, prefix: str) -> None:
    spec = walk.spec(
        one(prefix), {"name": "reports", "database": f"{prefix}db2", "user": f"{prefix}app"}
    )
    with dbprov.servers(spec) as servers:
        for deployment in spec.deployments:
            assert dbprov.apply(deployment, servers[deployment]).error is None
    with pytest.raises(RefusedError, match="nothing was changed") as met:
        quarantine(walk, spec)
    assert "serves reports too" in met.value.why
    assert lets_in(walk, spec, f"{prefix}app")


def test_nothing_is_there(walk: Walk, prefix: str) -> None:
    departed = quarantine(walk, walk.spec(one(prefix)))
    assert departed.ok
    assert not departed.done


@pytest.mark.mysql
def test_sessions_that_this_admin_cannot_end(walk: Walk, prefix: str) -> None:
    """Nobody new gets in; those who are in are reported, with what another would run."""
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    with logged_in(walk, spec, f"{prefix}app") as [session]:
        departed = quarantine(walk, spec)
        assert departed.error is None
        assert departed.left
        if walk.url == walk.server.url("superuser"):
            assert departed.ok
            return
        assert not departed.ok
        [(step, obstacle)] = departed.left.obstacles
        assert f'of "{prefix}app"' in str(step)
        assert obstacle.statement.startswith("KILL ")
        assert "CONNECTION_ADMIN" in obstacle.why
        assert alive(session)
        assert not lets_in(walk, spec, f"{prefix}app")
        execute(walk.server, "superuser", obstacle.statement)
        assert not alive(session)
    assert quarantine(walk, spec).ok
    walk.provision(spec)


@pytest.mark.mysql
@pytest.mark.parametrize("admin", ["restricted"], indirect=True)
def test_the_procedure_of_rds(walk: Walk, prefix: str) -> None:
    """On RDS for MySQL it is the only way; here one that does the same, with the rights of its definer."""
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    made = "CREATE PROCEDURE mysql.rds_kill(number BIGINT) SQL SECURITY DEFINER KILL number"
    execute(walk.server, "superuser", made)
    try:
        with logged_in(walk, spec, f"{prefix}app") as [session]:
            departed = quarantine(walk, spec)
            assert departed.ok, (departed.error, departed.left)
            assert [d.statement for d in departed.done][-1].startswith("CALL mysql.rds_kill(")
            assert not alive(session)
    finally:
        execute(walk.server, "superuser", "DROP PROCEDURE mysql.rds_kill")


@pytest.mark.mysql
@pytest.mark.parametrize("admin", ["restricted"], indirect=True)
def test_an_admin_that_cannot_see_who_is_locked(walk: Walk, prefix: str) -> None:
    """As where the schema mysql is hidden: nothing is found locked, and logging in tells."""
    with_all_it_takes(walk, prefix)
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    assert quarantine(walk, spec).ok
    deployment = spec.deployments[0]
    with dbprov.servers(spec) as servers:
        server = servers[deployment]
        hidden = {**server.facts.settings, "account_locks": ""}
        server._facts = replace(server.facts, settings=hidden)
        assert dbprov.plan(deployment, server).complete
        [failed] = [c for c in dbprov.verify(deployment, server) if not c.held]
    assert failed.code in ("3118", "4151")
    walk.provision(spec)


@pytest.mark.postgresql
@pytest.mark.parametrize("admin", ["restricted"], indirect=True)
def test_a_user_that_somebody_else_made(walk: Walk, prefix: str) -> None:
    """From PostgreSQL 16 on CREATEROLE is not enough: refused, with the statement of whoever can."""
    execute(walk.server, "superuser", f"CREATE ROLE \"{prefix}app\" LOGIN PASSWORD 'made-by-hand'")
    walk.monkeypatch.setenv("APP_PASSWORD", "made-by-hand")
    spec = walk.spec(one(prefix, password={"env": "APP_PASSWORD"}))
    walk.provision(spec)
    if walk.server.version in ("13", "14", "15"):
        assert quarantine(walk, spec).ok
        return
    with pytest.raises(RefusedError, match="nothing was changed") as met:
        quarantine(walk, spec)
    statement = f'GRANT "{prefix}app" TO "dba" WITH ADMIN TRUE, INHERIT FALSE, SET FALSE;'
    assert met.value.todo == f"a superuser would run:\n{statement}"
    assert lets_in(walk, spec, f"{prefix}app")


@pytest.mark.parametrize(
    "rotation", [None, pytest.param("two-users", marks=pytest.mark.postgresql)]
)
def test_no_rotation_lets_anybody_in_again(walk: Walk, prefix: str, rotation: str | None) -> None:
    with_all_it_takes(walk, prefix)
    spec = walk.spec(one(prefix, **({"rotation": rotation} if rotation else {})))
    walk.provision(spec)
    assert quarantine(walk, spec).ok
    place = spec.deployments[0].accounts[0].place
    with pytest.raises(RefusedError, match="nothing was changed") as met:
        walk.each(spec, plan_rotation)
    assert "apply lets it in" in met.value.todo
    assert place.pending() is None
    walk.provision(spec)
