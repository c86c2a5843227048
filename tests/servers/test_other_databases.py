"""What else on the server lets a Deployment's users in: what they were given fails, what everybody has is a note."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import dbprov
from dbprov.engines.facts import Check
from tests.harness import TestServer, execute
from tests.support.specs import one, users
from tests.support.walk import Walk

pytestmark = pytest.mark.sampled

postgresql = pytest.mark.postgresql
mysql = pytest.mark.mysql
ENTERS = "enters no other database"
SEES = "sees no other database"


def named(checks: list[Check], claim: str, user: str) -> list[Check]:
    return [c for c in checks if c.claim == claim and c.subject == user]


# -- PostgreSQL ------------------------------------------------------------------------------------


@postgresql
def test_what_public_lets_in_is_a_note(walk: Walk, prefix: str) -> None:
    """On a server as it is made everybody enters postgres and template1, and a sibling made by hand."""
    execute(walk.server, "superuser", f'CREATE DATABASE "{prefix}sibling"')
    applied = walk.provision(walk.spec(one(prefix, users=users(prefix)[:2])))
    for user in ("app", "writer"):
        [check] = named(applied.checks, ENTERS, prefix + user)
        assert check.state == "note"
        assert f'it enters "postgres", "{prefix}sibling", "template1"' in check.observed
        assert "dbprov check" in check.todo


GIVEN = {
    "a grant to itself": 'GRANT CONNECT ON DATABASE "{p}sibling" TO "{p}app"',
    "role {p}group": 'GRANT CONNECT ON DATABASE "{p}sibling" TO "{p}group"; GRANT "{p}group" TO "{p}app"',
    "its ownership": 'ALTER DATABASE "{p}sibling" OWNER TO "{p}app"',
}


@postgresql
@pytest.mark.parametrize("public", [True, False])
@pytest.mark.parametrize("through", GIVEN)
def test_what_the_user_was_given_is_a_failure(
    walk: Walk, prefix: str, through: str, public: bool
) -> None:
    """Also where everybody has it too: closed to PUBLIC it would still be open to this user."""
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    execute(walk.server, "superuser", f'CREATE DATABASE "{prefix}sibling"')
    if not public:
        closed = f'REVOKE CONNECT ON DATABASE "{prefix}sibling" FROM PUBLIC'
        execute(walk.server, "superuser", closed)
        assert prefix not in named(walk.prove(spec), ENTERS, f"{prefix}app")[0].observed
    execute(walk.server, "superuser", f'CREATE ROLE "{prefix}group"')
    execute(walk.server, "superuser", GIVEN[through].format(p=prefix))
    failed = [c for c in walk.prove(spec) if c.failed]
    [check] = [c for c in failed if c.claim == ENTERS]
    words = through.format(p=prefix)
    assert f'it enters "{prefix}sibling" (through {words})' in check.observed
    assert "extra" in check.todo
    if through == "a grant to itself":
        [planned] = walk.each(spec, lambda d, s: dbprov.plan(d, s, prune=True))
        assert any(f'"{prefix}sibling"' in s for s in planned.statements) or planned.extra


@postgresql
def test_a_database_that_only_the_catalogue_opens(walk: Walk, prefix: str) -> None:
    """A login is the proof: one that takes no connections lets nobody in."""
    spec = walk.spec(one(prefix, connection_limit=1))
    walk.provision(spec)
    execute(walk.server, "superuser", f'CREATE DATABASE "{prefix}shut"')
    execute(walk.server, "superuser", f'ALTER DATABASE "{prefix}shut" CONNECTION LIMIT 0')
    checks = named(walk.prove(spec), ENTERS, f"{prefix}app")
    assert [c.state for c in checks] == ["note", "not proven"]
    assert "53300" in checks[1].code
    assert f'"{prefix}shut" could not be tried' in checks[1].observed


@postgresql
def test_one_user_of_two_deployments(walk: Walk, prefix: str) -> None:
    """What the spec gives it elsewhere is its own."""
    other = {**one(prefix), "name": "reports", "database": f"{prefix}reports"}
    spec = walk.spec(one(prefix), other)
    for run in walk.each(spec, dbprov.apply):
        assert [c for c in run.checks if c.failed] == []
    for checks in walk.each(spec, lambda d, s: list(dbprov.verify(d, s))):
        assert [c.state for c in named(checks, ENTERS, f"{prefix}app")] == ["note"]


# -- MySQL -----------------------------------------------------------------------------------------


@pytest.fixture
def everybody(server: TestServer, prefix: str) -> Iterator[None]:
    """As mysql_install_db made it, and MariaDB's makes it: rows of the account without a name."""
    execute(server, "superuser", f"CREATE DATABASE `{prefix}test`")
    execute(server, "superuser", f"CREATE DATABASE `{prefix}test_more`")
    for pattern in (f"{prefix}test", f"{prefix}test\\\\_%"):
        row = f"INSERT INTO mysql.db (Host, Db, User, Select_priv, Insert_priv) VALUES ('%', '{pattern}', '', 'Y', 'Y')"
        execute(server, "superuser", row)
    execute(server, "superuser", "FLUSH PRIVILEGES")
    yield
    execute(server, "superuser", "DELETE FROM mysql.db WHERE User = ''")
    execute(server, "superuser", "FLUSH PRIVILEGES")


def told(todo: str) -> list[str]:
    return [s for line in todo.splitlines()[1:] for s in line.split("; ")]


@mysql
@pytest.mark.usefixtures("everybody")
def test_rows_of_the_account_without_a_name(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix, users=users(prefix)))
    applied = walk.provision(spec)
    assert applied.ok
    for user in ("app", "writer", "reader"):
        [check] = named(applied.checks, SEES, prefix + user)
        assert check.state == "note"
        assert f"{prefix}test, as every account does, by the rows of ''@'%'" in check.observed
        assert f"{prefix}test_more, as every account does" in check.observed
    for statement in told(check.todo):
        execute(walk.server, "superuser", statement.rstrip(";"))
    assert {c.state for c in walk.prove(spec) if c.claim == SEES} == {"ok"}


@mysql
@pytest.mark.usefixtures("everybody")
def test_what_the_user_was_given_too_is_a_failure(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    grant = f"GRANT SELECT ON `{prefix}test`.* TO '{prefix}app'@'%'"
    execute(walk.server, "superuser", grant)
    [check] = [c for c in walk.prove(spec) if c.failed]
    assert check.claim == SEES
    assert f"{prefix}test; {prefix}test_more, as every account does" in check.observed
    assert "extra" in check.todo
    execute(walk.server, "superuser", grant.replace("GRANT", "REVOKE").replace(" TO ", " FROM "))
    assert [c for c in walk.prove(spec) if c.failed] == []


@pytest.mark.mysql("mariadb >= 10.11")
def test_what_public_has_on_mariadb(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    execute(walk.server, "superuser", f"CREATE DATABASE `{prefix}shared`")
    execute(walk.server, "superuser", f"GRANT SELECT ON `{prefix}shared`.* TO PUBLIC")
    try:
        [check] = named(walk.prove(spec), SEES, f"{prefix}app")
        assert check.state == "note"
        assert "by PUBLIC" in check.observed
    finally:
        for statement in told(check.todo):
            execute(walk.server, "superuser", statement.rstrip(";"))
    assert {c.state for c in walk.prove(spec) if c.claim == SEES} == {"ok"}
