"""What everybody may do counts for a user that is not there yet."""

from __future__ import annotations

import pytest

import dbprov
from dbprov.commands.check import check_airflow
from tests.harness import execute
from tests.support.admins import admin_name
from tests.support.specs import one
from tests.support.walk import Walk

pytestmark = [pytest.mark.postgresql, pytest.mark.sampled]


def test_a_function_that_public_may_execute(walk: Walk, prefix: str) -> None:
    """A superuser's, in the admin's database: it is not in the way before the user is made, nor after."""
    database = f"{prefix}db"
    execute(walk.server, "superuser", f'CREATE DATABASE "{database}" OWNER "{admin_name(walk)}"')
    execute(
        walk.server,
        "superuser",
        "CREATE FUNCTION public.f() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        database,
    )
    spec = walk.spec(one(prefix))
    [checks] = walk.each(spec, lambda deployment, server: list(dbprov.check(deployment, server)))
    assert [c for c in checks if not c.held] == [], [c.observed for c in checks]
    planned = walk.plan(spec)
    assert planned.of_other_owners == ()
    assert not any("ROUTINE" in s and '"f"' in s for s in planned.statements)
    walk.provision(spec)
    [checks] = walk.each(
        spec, lambda deployment, server: list(check_airflow(deployment, server, (3,)))
    )
    upgrade = [c for c in checks if c.claim == "can be upgraded"]
    assert [c.held for c in upgrade] == [True], [c.observed for c in upgrade]
