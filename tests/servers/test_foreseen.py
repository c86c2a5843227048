"""What verify would fail at is found by check, with the statement that mends it: run as told, check and verify are well."""

from __future__ import annotations

from typing import Any

import pytest

import dbprov
from dbprov.engines.facts import Check
from tests.harness import execute
from tests.support.specs import one, users
from tests.support.walk import Walk

pytestmark = pytest.mark.sampled
restricted = pytest.mark.parametrize("admin", ["restricted"], indirect=True)


def failed(checks: list[Check]) -> list[Check]:
    return [c for c in checks if c.failed]


def checked(walk: Walk, spec: Any) -> list[Check]:
    [checks] = walk.each(spec, lambda d, server: list(dbprov.check(d, server)))
    return list(checks)


def run(walk: Walk, todo: str, database: str | None) -> None:
    for line in todo.splitlines():
        if line.endswith(";"):
            execute(walk.server, "superuser", line[:-1], database)


# -- PostgreSQL ------------------------------------------------------------------------------------

OWN = 'ALTER DEFAULT PRIVILEGES FOR ROLE "{p}app" '
STATES = {
    "expired": ("ALTER ROLE \"{p}app\" VALID UNTIL '2020-01-01'", "can log in"),
    "user without connections": ('ALTER ROLE "{p}app" CONNECTION LIMIT 0', "can log in"),
    "statement_timeout": ("ALTER ROLE \"{p}app\" SET statement_timeout = '1ms'", "has time for a statement"),
    "search_path of the role": ('ALTER ROLE "{p}app" SET search_path = nowhere', 'creates its tables in schema "public"'),
    "search_path of the database": ('ALTER DATABASE "{p}db" SET search_path = "$user", other', 'creates its tables in schema "public"'),
    "role": ('ALTER ROLE "{p}app" NOINHERIT; GRANT "{p}other" TO "{p}app"; ALTER ROLE "{p}app" SET role = "{p}other"', "is who it should be"),
    "own tables": (OWN + 'REVOKE INSERT ON TABLES FROM "{p}app"', "may use the tables that it creates"),
    "own sequences": (OWN + 'REVOKE USAGE, UPDATE ON SEQUENCES FROM "{p}app"', "may use the sequences that it creates"),
    "own functions": (
        OWN + 'GRANT EXECUTE ON ROUTINES TO "{p}other"; ' + OWN + 'REVOKE ALL ON ROUTINES FROM "{p}app"; '
        + OWN + "REVOKE ALL ON ROUTINES FROM PUBLIC", "may use the routines that it creates"),
    "several users": (OWN + 'REVOKE ALL ON TABLES FROM "{p}app"', "may use the tables that it creates"),
}  # fmt: skip


@restricted
@pytest.mark.postgresql
@pytest.mark.parametrize("state", STATES)
def test_a_state_of_the_catalogue(walk: Walk, prefix: str, state: str) -> None:
    statements, claim = STATES[state]
    more = {"users": users(prefix)} if state == "several users" else {}
    spec = walk.spec(one(prefix, **more))
    walk.provision(spec)
    assert failed(checked(walk, spec)) == []
    execute(walk.server, "superuser", "CREATE SCHEMA other", f"{prefix}db")
    execute(walk.server, "superuser", f'CREATE ROLE "{prefix}other"')
    for statement in statements.format(p=prefix).split("; "):
        execute(walk.server, "superuser", statement, f"{prefix}db")
    proven = failed(walk.prove(spec))
    assert proven != []
    checks = checked(walk, spec)
    [found] = failed(checks)
    assert (found.subject, found.claim) == (f"{prefix}app", claim)
    assert not [c for c in checks if "everything is there" in c.observed]
    if proven[0].claim == "logs in":  # it says the same
        assert next(s for s in found.todo.splitlines() if s.endswith(";")) in proven[0].todo
    run(walk, found.todo, f"{prefix}db")
    assert failed(checked(walk, spec)) == []
    assert failed(walk.prove(spec)) == []


SHUT = {
    "no connections": 'ALTER DATABASE "{p}db" CONNECTION LIMIT 0',
    "not allowed": 'ALTER DATABASE "{p}db" ALLOW_CONNECTIONS false',
    "no time": 'ALTER DATABASE "{p}db" SET statement_timeout = 1',
}


@restricted
@pytest.mark.postgresql
@pytest.mark.parametrize("state", SHUT)
def test_a_database_that_nobody_enters(walk: Walk, prefix: str, state: str) -> None:
    """Not even this admin: which setting it is, and the statement that ends it."""
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    execute(walk.server, "superuser", SHUT[state].format(p=prefix))
    try:
        found = failed(checked(walk, spec))
        assert state == "no time", "a fast machine may be in time"
        todo = found[0].todo
    except dbprov.DbprovError as error:
        todo = error.todo
    run(walk, todo, None)
    assert failed(checked(walk, spec)) == []
    assert failed(walk.prove(spec)) == []


@restricted
@pytest.mark.postgresql
def test_an_invalid_database(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    execute(
        walk.server,
        "superuser",
        f"UPDATE pg_database SET datconnlimit = -2 WHERE datname = '{prefix}db'",
    )
    with pytest.raises(dbprov.DbprovError) as error:
        checked(walk, spec)
    assert f'DROP DATABASE "{prefix}db";' in error.value.todo
    run(walk, error.value.todo, None)
    walk.provision(spec)


# -- MySQL -----------------------------------------------------------------------------------------


@restricted
@pytest.mark.mysql
def test_a_row_whose_pattern_reaches_a_neighbour(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix, database=f"{prefix}a_b"))
    walk.provision(spec)
    pattern = f"{prefix}a_b"
    execute(walk.server, "superuser", f"CREATE DATABASE `{prefix}axb`")
    execute(walk.server, "superuser", f"GRANT SELECT ON `{pattern}`.* TO '{prefix}app'@'%'")
    try:
        assert failed(walk.prove(spec)) != []
        [found] = failed(checked(walk, spec))
        assert found.claim == "sees no other database"
        assert f"{prefix}axb" in found.observed
        assert "apply --prune" in found.todo
        [applied] = walk.each(
            spec, lambda d, server: dbprov.apply(d, server, dbprov.plan(d, server, prune=True))
        )
        assert failed(applied.checks) == []
        assert failed(checked(walk, spec)) == []
    finally:
        execute(walk.server, "superuser", f"DROP DATABASE `{prefix}axb`")


@pytest.mark.parametrize("admin", ["superuser"], indirect=True)
@pytest.mark.mysql
def test_the_account_without_a_name(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    [[row]] = walk.each(spec, lambda d, server: server.rows("verify/seen"))
    execute(walk.server, "superuser", f"CREATE USER ''@'{row['host']}'")
    told = ""
    try:
        assert failed(walk.prove(spec)) != []
        [found] = failed(checked(walk, spec))
        assert "account without a name" in found.observed
        told = found.todo
        run(walk, told, None)
        assert failed(checked(walk, spec)) == []
        assert failed(walk.prove(spec)) == []
    finally:
        execute(walk.server, "superuser", f"DROP USER IF EXISTS ''@'{row['host']}'")


@restricted
@pytest.mark.mysql
def test_mandatory_roles(walk: Walk, prefix: str) -> None:
    if walk.server.flavor == "mariadb":
        pytest.skip("MariaDB has none")
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    execute(walk.server, "superuser", f"CREATE ROLE '{prefix}all'")
    execute(walk.server, "superuser", f"GRANT SELECT ON `{prefix}n`.* TO '{prefix}all'")
    execute(walk.server, "superuser", f"CREATE DATABASE `{prefix}n`")
    try:
        execute(walk.server, "superuser", f"SET GLOBAL mandatory_roles = '{prefix}all'")
        assert failed(checked(walk, spec)) == [], "it is not active"
        execute(walk.server, "superuser", "SET GLOBAL activate_all_roles_on_login = ON")
        assert failed(walk.prove(spec)) != []
        [found] = failed(checked(walk, spec))
        assert "mandatory_roles" in found.observed
        assert f"{prefix}n" in found.observed
        run(walk, found.todo, None)
        assert failed(checked(walk, spec)) == []
        assert failed(walk.prove(spec)) == []
    finally:
        for statement in ("SET GLOBAL activate_all_roles_on_login = OFF", "SET PERSIST mandatory_roles = ''",
                          "RESET PERSIST mandatory_roles", f"DROP ROLE '{prefix}all'", f"DROP DATABASE `{prefix}n`"):  # fmt: skip
            execute(walk.server, "superuser", statement)
