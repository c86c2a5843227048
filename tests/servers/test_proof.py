"""What verify claims is proven by what was done: rows that were read, in the transactions that applications have."""

from __future__ import annotations

from typing import Any

import pytest

import dbprov
from dbprov.engines.facts import Check
from dbprov.errors import RefusedError
from tests.harness import TestServer, accounts, execute
from tests.support.admins import admin_name, superuser
from tests.support.specs import one, users
from tests.support.walk import Walk

pytestmark = [pytest.mark.sampled, pytest.mark.postgresql]


def failed(checks: list[Check]) -> dict[tuple[str, str], Check]:
    return {(c.subject, c.claim): c for c in checks if c.failed}


def checked(walk: Walk, spec: Any) -> list[Check]:
    [checks] = walk.each(spec, lambda d, server: list(dbprov.check(d, server)))
    return list(checks)


def nothing_is_there(server: TestServer, prefix: str) -> bool:
    query = f"SELECT rolname FROM pg_roles WHERE rolname LIKE '{prefix}%'"
    return execute(server, "superuser", query) == []


def existing(walk: Walk, prefix: str) -> str:
    """A database of the admin's own, made before dbprov came."""
    name = f"{prefix}db"
    execute(walk.server, "superuser", f'CREATE DATABASE "{name}" OWNER "{admin_name(walk)}"')
    return name


def run(walk: Walk, todo: str, database: str = "postgres") -> None:
    """What is told, in one session of whoever would run it."""
    who = (walk.server.user("superuser"), walk.server.password("superuser"))
    with accounts.postgresql(walk.server.host, walk.server.port, who, database) as session:
        for line in todo.splitlines():
            if line.endswith(";"):
                session.execute(line.encode())


# -- rows ------------------------------------------------------------------------------------------

RLS = """CREATE FUNCTION public.secured() RETURNS event_trigger LANGUAGE plpgsql AS $$
DECLARE r record;
BEGIN
    FOR r IN SELECT * FROM pg_event_trigger_ddl_commands() WHERE object_type = 'table' LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', r.object_identity);
        {more}
    END LOOP;
END $$"""
FIRED = (
    "CREATE EVENT TRIGGER secured ON ddl_command_end WHEN TAG IN ('CREATE TABLE')"
    " EXECUTE FUNCTION public.secured()"
)
POLICY = (
    "IF NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = r.objid) THEN"
    " EXECUTE format('CREATE POLICY everybody ON %s USING (true)', r.object_identity); END IF;"
)


def test_a_privilege_without_a_row_is_no_proof(walk: Walk, prefix: str) -> None:
    """Row level security for every new table, as some platforms have it: readers and writers see nothing."""
    spec = walk.spec(one(prefix, users=users(prefix)))
    before = walk.provision(spec)
    assert [c for c in before.checks if not c.proven] == []
    execute(walk.server, "superuser", RLS.format(more=""), f"{prefix}db")
    execute(walk.server, "superuser", FIRED, f"{prefix}db")
    found = failed(walk.prove(spec))
    for user in ("writer", "reader"):
        for creator in ("the admin", f'"{prefix}app"'):
            claim = f'reads a row of what {creator} will create in schema "public"'
            check = found.pop((prefix + user, claim))
            assert check.observed == "0 row(s) of 1"
            assert "row level security is on" in check.todo
            assert "event trigger secured" in check.todo
    claims = {claim.split(" row")[0] for _, claim in found}
    assert claims <= {"writes a", "reads a"}, (
        "the writers are refused, and app reads nothing of others"
    )
    execute(walk.server, "superuser", "DROP EVENT TRIGGER secured", f"{prefix}db")
    assert failed(walk.prove(spec)) == {}


def test_a_policy_that_lets_them_in_is_enough(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix, users=users(prefix)))
    walk.provision(spec)
    execute(walk.server, "superuser", RLS.format(more=POLICY), f"{prefix}db")
    execute(walk.server, "superuser", FIRED, f"{prefix}db")
    assert failed(walk.prove(spec)) == {}


@pytest.mark.parametrize("admin", ["restricted"], indirect=True)
def test_a_user_whose_role_the_admin_cannot_borrow(walk: Walk, prefix: str) -> None:
    """A superuser made it: what it reads of the admin's tables is not proven, and is not said to be."""
    execute(walk.server, "superuser", f"CREATE ROLE \"{prefix}app\" LOGIN PASSWORD 'made-by-hand'")
    walk.monkeypatch.setenv("APP_PASSWORD", "made-by-hand")
    spec = walk.spec(one(prefix, password={"env": "APP_PASSWORD"}))
    applied = walk.apply(spec)
    assert failed(applied.checks) == {}
    unproven = [c for c in applied.checks if not c.proven]
    if int(walk.server.release.split(".")[0]) >= 16:  # CREATEROLE was enough before
        assert [c.claim for c in unproven] == [
            'reads a row of what the admin will create in schema "public"'
        ]
        assert (
            f"could not be tried as {admin_name(walk)}: permission denied" in unproven[0].observed
        )
    else:
        assert unproven == []


# -- read only -------------------------------------------------------------------------------------

PRESETS = {
    'database "{p}db"': 'ALTER DATABASE "{p}db" SET default_transaction_read_only = on',
    'role "{p}app"': 'ALTER ROLE "{p}app" SET default_transaction_read_only = on',
    'role "{p}app" in database "{p}db"': 'ALTER ROLE "{p}app" IN DATABASE "{p}db" SET default_transaction_read_only = on',
}


@pytest.mark.parametrize("where", PRESETS)
def test_a_database_or_role_that_is_read_only(walk: Walk, prefix: str, where: str) -> None:
    """Named before anything is changed, by check and by apply, with the statement that ends it; and by verify."""
    existing(walk, prefix)
    if "role" in where:
        execute(
            walk.server, "superuser", f"CREATE ROLE \"{prefix}app\" LOGIN PASSWORD 'made-by-hand'"
        )
        walk.monkeypatch.setenv("APP_PASSWORD", "made-by-hand")
    more = {"password": {"env": "APP_PASSWORD"}} if "role" in where else {}
    spec = walk.spec(one(prefix, **more))
    preset = PRESETS[where].format(p=prefix)
    execute(walk.server, "superuser", preset)
    found = [c for c in checked(walk, spec) if c.failed and c.claim == "lets the users write"]
    [check] = found
    assert f"default_transaction_read_only is on, set on {where.format(p=prefix)}" in check.observed
    with pytest.raises(RefusedError, match="cannot be provisioned") as refused:
        walk.apply(spec)
    assert refused.value.todo == check.todo
    if "role" not in where:
        assert nothing_is_there(walk.server, prefix)
    run(walk, check.todo, f"{prefix}db")
    assert not [c for c in checked(walk, spec) if c.claim == "lets the users write"]
    applied = walk.apply(spec)
    assert applied.error is None
    assert failed(applied.checks) == {}
    # Switched on later: verify fails at that and nothing else, and check names it as well.
    execute(walk.server, "superuser", preset)
    [(key, check)] = failed(walk.prove(spec)).items()
    assert key == (f"{prefix}app", "may write in its transactions")
    assert [c.claim for c in checked(walk, spec) if c.failed and "write" in c.claim] == [
        "lets the users write"
    ]
    run(walk, check.todo, f"{prefix}db")
    assert failed(walk.prove(spec)) == {}


def test_a_reader_may_be_read_only(walk: Walk, prefix: str) -> None:
    """That is how some set readers up: nothing fails, and what it must not do is still tried."""
    spec = walk.spec(one(prefix, users=users(prefix), schemas=["work"]))
    walk.provision(spec)
    reader = f"{prefix}reader"
    execute(
        walk.server, "superuser", f'ALTER ROLE "{reader}" SET default_transaction_read_only = on'
    )
    assert failed(walk.prove(spec)) == {}
    assert not [c for c in checked(walk, spec) if c.claim == "lets the users write"]
    execute(walk.server, "superuser", f'GRANT CREATE ON SCHEMA work TO "{reader}"', f"{prefix}db")
    assert (reader, 'cannot create in schema "work"') in failed(walk.prove(spec))


def test_a_server_that_is_read_only_by_a_setting_is_no_replica(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix))
    execute(walk.server, "superuser", "ALTER ROLE ALL SET default_transaction_read_only = on")
    try:
        [check] = [c for c in checked(walk, spec) if c.failed]
        assert "default_transaction_read_only is on for the whole server" in check.observed
        with pytest.raises(RefusedError):
            walk.apply(spec)
        assert nothing_is_there(walk.server, prefix)
    finally:
        told = "SET default_transaction_read_only = off;\nALTER ROLE ALL RESET default_transaction_read_only;"
        run(walk, told)
    assert told in check.todo
    walk.provision(spec)


# -- event triggers --------------------------------------------------------------------------------

AUDIT = (
    "CREATE SCHEMA audit",
    "CREATE TABLE audit.ddl_audit (id serial PRIMARY KEY, tag text)",
    "CREATE FUNCTION public.audit_ddl() RETURNS event_trigger LANGUAGE plpgsql AS"
    " $$ BEGIN INSERT INTO audit.ddl_audit (tag) VALUES (tg_tag); END $$",
    "CREATE EVENT TRIGGER everything_is_kept ON ddl_command_end EXECUTE FUNCTION public.audit_ddl()",
)


@pytest.mark.parametrize("admin", ["restricted"], indirect=True)
def test_an_event_trigger_that_the_admin_may_not_run(walk: Walk, prefix: str) -> None:
    """The message names trigger and table; the statements that it tells are enough, of the admin and then of the user."""
    database = existing(walk, prefix)
    for statement in AUDIT:
        execute(walk.server, "superuser", statement, database)
    spec = walk.spec(one(prefix))
    applied = walk.apply(spec)
    assert applied.error
    assert applied.error.code == "42501"
    assert "audit" in applied.error.why
    assert 'in event trigger "everything_is_kept"' in applied.error.why
    assert "audit_ddl()" in applied.error.why
    run(walk, applied.error.todo, database)
    applied = walk.apply(spec)
    assert applied.error is None, applied.error
    check = failed(applied.checks)[f"{prefix}app", "creates a table"]
    assert 'in event trigger "everything_is_kept"' in check.observed
    assert '"audit"."ddl_audit"' in check.todo
    run(walk, check.todo, database)
    assert failed(walk.prove(spec)) == {}
    assert execute(walk.server, "superuser", "SELECT count(*) FROM audit.ddl_audit", database) != [
        (0,)
    ]


@pytest.mark.parametrize("admin", ["restricted"], indirect=True)
def test_an_event_trigger_that_forbids(walk: Walk, prefix: str) -> None:
    """No privilege helps: who made it is named."""
    database = existing(walk, prefix)
    forbids = (
        "CREATE FUNCTION public.no_ddl() RETURNS event_trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'ask the platform team'; END $$"
    )
    execute(walk.server, "superuser", forbids, database)
    trigger = "CREATE EVENT TRIGGER guard ON ddl_command_start EXECUTE FUNCTION public.no_ddl()"
    execute(walk.server, "superuser", trigger, database)
    applied = walk.apply(walk.spec(one(prefix)))
    assert applied.error
    assert "ask the platform team" in applied.error.why
    assert 'in event trigger "guard"' in applied.error.why
    assert admin_name(walk) in applied.error.todo


@pytest.mark.parametrize("admin", ["restricted"], indirect=True)
def test_what_the_admin_cannot_make_any_more_is_not_proven(walk: Walk, prefix: str) -> None:
    """A trigger that came later: what users get of the admin's tables is not passed over."""
    spec = walk.spec(one(prefix, users=users(prefix)[2:]))
    walk.provision(spec)
    for statement in AUDIT:
        execute(walk.server, "superuser", statement, f"{prefix}db")
    [check] = [c for c in walk.prove(spec) if not c.proven]
    assert check.claim == 'can read what the admin will create in schema "public"'
    assert 'in event trigger "everything_is_kept"' in check.observed


# -- who else enters -------------------------------------------------------------------------------


def test_check_says_how_others_are_closed_and_who_would_lose(walk: Walk, prefix: str) -> None:
    """The statements are run, for each database that it names; then nothing is named, and apply still works."""
    sibling, other = f"{prefix}sibling", f"{prefix}monitor"
    execute(walk.server, "superuser", f'CREATE DATABASE "{sibling}"')
    execute(walk.server, "superuser", f"CREATE ROLE \"{other}\" LOGIN PASSWORD 'p'")
    spec = walk.spec(one(prefix))
    claim = "lets the users into no other database"
    [check] = [c for c in checked(walk, spec) if c.claim == claim]
    assert check.state == "note"
    assert f'"postgres", "{sibling}", "template1"' in check.observed
    assert f'"{other}"' in check.todo
    statements = [s for s in check.todo.splitlines() if s.endswith(";")]
    granted = f'GRANT CONNECT ON DATABASE "postgres" TO "{admin_name(walk)}";'
    assert (granted in statements) is not superuser(walk)
    try:
        run(walk, check.todo)
        assert not [c for c in checked(walk, spec) if c.claim == claim]
        applied = walk.provision(spec)
        [entered] = [c for c in applied.checks if c.claim == "enters no other database"]
        assert entered.state == "ok"
    finally:
        for name in ("postgres", "template1"):
            execute(walk.server, "superuser", f"GRANT CONNECT ON DATABASE {name} TO PUBLIC")
            if not superuser(walk):
                back = f'REVOKE CONNECT ON DATABASE {name} FROM "{admin_name(walk)}"'
                execute(walk.server, "superuser", back)


def test_sessions_that_would_not_come_again(walk: Walk, prefix: str) -> None:
    """Of who gets in through PUBLIC only; who has a grant of its own loses nothing."""
    sibling = f"{prefix}sibling"
    execute(walk.server, "superuser", f'CREATE DATABASE "{sibling}"')
    for name in ("guest", "member"):
        execute(walk.server, "superuser", f"CREATE ROLE \"{prefix}{name}\" LOGIN PASSWORD 'p'")
    grant = f'GRANT CONNECT ON DATABASE "{sibling}" TO "{prefix}member"'
    execute(walk.server, "superuser", grant)
    spec = walk.spec(one(prefix))
    who = (f"{prefix}guest", "p")
    with accounts.postgresql(walk.server.host, walk.server.port, who, sibling):
        [check] = [c for c in checked(walk, spec) if "no other database" in c.claim]
    lines = check.todo.splitlines()
    [lost] = [
        s
        for n, s in enumerate(lines)
        if lines[n - 1] == f'REVOKE CONNECT ON DATABASE "{sibling}" FROM PUBLIC;'
    ]
    assert f'"{prefix}guest"' in lost
    assert f"{prefix}guest (1)" in lost
    assert f"{prefix}member" not in lost
