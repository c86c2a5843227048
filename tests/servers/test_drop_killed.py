"""``drop`` killed anywhere is finished by the same command, and nothing that it borrowed is left."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from msgspec.structs import replace

import dbprov
from dbprov.commands.apply import fill_places
from dbprov.plan.drop_survey import DropOptions
from tests.harness import execute
from tests.support.admins import as_admin
from tests.support.drop import drop, left, memberships, planned, with_all_it_takes
from tests.support.processes import start, write
from tests.support.specs import TABLES, one, users
from tests.support.walk import Walk

# As in test_drop: a restricted admin borrows, in two ways; a superuser does not.
pytestmark = pytest.mark.sampled


def accounts(prefix: str, access: str) -> list[dict[str, Any]]:
    return [{**users(prefix)[0], "access": access}, users(prefix)[2]]


@pytest.mark.parametrize("access", ["all", "owner"])
@pytest.mark.parametrize("what", ["quarantine", "database", "users"])
def test_killed_after_every_statement(walk: Walk, prefix: str, access: str, what: str) -> None:
    with_all_it_takes(walk, prefix)
    mysql = walk.server.engine == "mysql"
    new_owner = f"{prefix}new_owner" if what == "users" and not mysql else None
    if new_owner:
        as_admin(walk, f'CREATE ROLE "{new_owner}"')
    options = DropOptions(what == "quarantine", what == "database", new_owner)
    steps = _steps(walk, access, options, f"{prefix}r_")
    # Of a transaction that is killed nothing is left: after a loan there is nothing new to see.
    told = [n for n, s in enumerate(steps, 1) if s.item.kind != "membership" or n == len(steps)]
    entries = [
        {**one(f"{prefix}{n}_", users=accounts(f"{prefix}{n}_", access)), "name": f"after-{n}"}
        for n in told
    ]
    spec = dbprov.load(write(walk, *entries))
    for number in range(len(entries)):
        _provision(walk, spec, number, new_owner)
    words = [str(new_owner or ""), what, *map(str, told)]
    killer = start(walk, sys.executable, "-m", "tests.support.drop_killer", "spec.yaml", *words)
    _, said = killer.communicate(timeout=240)
    assert killer.returncode == 0, said
    for number, deployment in enumerate(spec.deployments):
        departed = drop(walk, spec, options, number)
        assert departed.ok, (number, departed.error, departed.left)
        assert planned(walk, spec, options, number).complete
        if what == "quarantine":
            with dbprov.servers(spec) as servers:
                assert dbprov.apply(deployment, servers[deployment]).error is None
    assert memberships(walk, prefix) == []
    there = left(walk, prefix)
    if what == "database":
        assert not [name for name in there if f"{prefix}r_" not in name], there
    if what == "users":
        stay = [name for name in there if name.startswith("role ") and f"{prefix}r_" not in name]
        assert stay == ([f"role {new_owner}"] if new_owner else [])


def _steps(walk: Walk, access: str, options: DropOptions, name: str) -> tuple[Any, ...]:
    """Of one like those that are killed."""
    spec = walk.spec(one(name, users=accounts(name, access)))
    _provision(walk, spec, 0, options.reassign_to)
    steps: tuple[Any, ...] = planned(walk, spec, options).steps
    return steps


def _provision(walk: Walk, spec: dbprov.Spec, number: int, new_owner: str | None) -> None:
    """With tables of the application in it; that it verifies is tested elsewhere."""
    deployment = spec.deployments[number]
    with dbprov.servers(spec) as servers:
        server = servers[deployment]
        made = dbprov.plan(deployment, server)
        fill_places(made)
        list(server.apply(made.steps))
        if new_owner:
            grant = f'GRANT CREATE ON SCHEMA public TO "{new_owner}"'
            execute(walk.server, "superuser", grant, deployment.database)
        [connections_of] = dbprov.connections(
            replace(spec, deployments=(deployment,)), passwords=True
        )
        url = connections_of.metadata.login_url()
        session = server.engine.connection.connect_as(url, deployment, server.timeouts)
        try:
            for statement in TABLES[walk.server.engine]:
                session.run(statement)
        finally:
            session.close()
