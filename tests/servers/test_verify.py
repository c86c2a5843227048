"""Each check fails when it must, and only that; and whatever happens, verify leaves nothing behind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

import dbprov
from dbprov.spec.model import Spec
from tests.harness import TestServer, accounts, execute
from tests.support.specs import one, users
from tests.support.walk import Walk

restricted = pytest.mark.parametrize("admin", ["restricted"], indirect=True)
by_superuser = pytest.mark.parametrize("admin", ["superuser"], indirect=True)


@dataclass(frozen=True)
class Wrong:
    """What is done by hand, what undoes it, and a part of each claim that must fail of the user that is named."""

    do: str
    undo: str
    user: str
    claims: tuple[str, ...]
    inside: bool = False
    code: str = ""


CREATES = (
    "creates a table",
    "creates a sequence",
    "creates a function",
)
POSTGRESQL = {
    "no CREATE": Wrong(
        'REVOKE CREATE ON SCHEMA work FROM "{p}app"',
        'GRANT CREATE ON SCHEMA work TO "{p}app"',
        "app",
        CREATES,
        True,
        "42501",
    ),
    "no USAGE": Wrong(
        'REVOKE USAGE ON SCHEMA work FROM "{p}app"',
        'GRANT USAGE ON SCHEMA work TO "{p}app"',
        "app",
        (*CREATES, "reads a row of what the admin", "writes a row of what the admin"),
        True,
    ),
    "another search_path": Wrong(
        'ALTER ROLE "{p}app" IN DATABASE "{p}db" SET search_path = third; GRANT ALL ON SCHEMA third TO "{p}app"',
        'ALTER ROLE "{p}app" IN DATABASE "{p}db" SET search_path = work; REVOKE ALL ON SCHEMA third FROM "{p}app"',
        "app",
        (
            'its table is in schema "work"',
            "can create in no other schema",
            '"{p}writer" can write',
            '"{p}reader" can read',
        ),
        True,
    ),
    "no CONNECT": Wrong(
        'REVOKE CONNECT ON DATABASE "{p}db" FROM "{p}app"',
        'GRANT CONNECT ON DATABASE "{p}db" TO "{p}app"',
        "app",
        ("logs in",),
        code="42501",
    ),
    "NOLOGIN": Wrong(
        'ALTER ROLE "{p}app" NOLOGIN',
        'ALTER ROLE "{p}app" LOGIN',
        "app",
        ("logs in",),
        code="28000",
    ),
    "no connection allowed": Wrong(
        'ALTER ROLE "{p}app" CONNECTION LIMIT 0',
        'ALTER ROLE "{p}app" CONNECTION LIMIT -1',
        "app",
        ("logs in",),
        code="53300",
    ),
    "expired": Wrong(
        "ALTER ROLE \"{p}app\" VALID UNTIL '2001-01-01'",
        "ALTER ROLE \"{p}app\" VALID UNTIL 'infinity'",
        "app",
        ("logs in",),
        code="28P01",
    ),
    "superuser": Wrong(
        'ALTER ROLE "{p}app" SUPERUSER',
        'ALTER ROLE "{p}app" NOSUPERUSER',
        "app",
        (
            "is no superuser",
            "cannot create a role",
            "can create in no other schema",
            "enters no other database",
        ),
    ),
    "CREATEDB": Wrong(
        'ALTER ROLE "{p}app" CREATEDB',
        'ALTER ROLE "{p}app" NOCREATEDB',
        "app",
        ("is no superuser",),
    ),
    "CREATEROLE": Wrong(
        'ALTER ROLE "{p}app" CREATEROLE',
        'ALTER ROLE "{p}app" NOCREATEROLE',
        "app",
        ("is no superuser", "cannot create a role"),
    ),
    "BYPASSRLS": Wrong(
        'ALTER ROLE "{p}reader" BYPASSRLS',
        'ALTER ROLE "{p}reader" NOBYPASSRLS',
        "reader",
        ("is no superuser",),
    ),
    "member of a superuser": Wrong(
        'CREATE ROLE "{p}su" SUPERUSER; GRANT "{p}su" TO "{p}writer"',
        'DROP ROLE "{p}su"',
        "writer",
        ("is no superuser",),
    ),
    "member by way of another": Wrong(
        'CREATE ROLE "{p}su" SUPERUSER; CREATE ROLE "{p}way" NOINHERIT ROLE "{p}reader"; GRANT "{p}su" TO "{p}way"',
        'DROP ROLE "{p}su", "{p}way"',
        "reader",
        ("is no superuser",),
    ),
    "another schema": Wrong(
        'GRANT CREATE, USAGE ON SCHEMA third TO "{p}app"',
        'REVOKE ALL ON SCHEMA third FROM "{p}app"',
        "app",
        ("can create in no other schema",),
        True,
    ),
    "a writer creates": Wrong(
        'GRANT CREATE ON SCHEMA work TO "{p}writer"',
        'REVOKE CREATE ON SCHEMA work FROM "{p}writer"',
        "writer",
        ("cannot create in schema",),
        True,
    ),
    "a reader creates": Wrong(
        'GRANT CREATE ON SCHEMA work TO "{p}reader"',
        'REVOKE CREATE ON SCHEMA work FROM "{p}reader"',
        "reader",
        ("cannot create in schema",),
        True,
    ),
    "a reader writes": Wrong(
        'ALTER DEFAULT PRIVILEGES FOR ROLE "{admin}" IN SCHEMA work GRANT INSERT ON TABLES TO "{p}reader"',
        'ALTER DEFAULT PRIVILEGES FOR ROLE "{admin}" IN SCHEMA work REVOKE INSERT ON TABLES FROM "{p}reader"',
        "reader",
        ("can read what the admin will create",),
        True,
    ),
    "a reader does not read": Wrong(
        'ALTER DEFAULT PRIVILEGES FOR ROLE "{admin}" IN SCHEMA work REVOKE SELECT ON TABLES FROM "{p}reader"',
        'ALTER DEFAULT PRIVILEGES FOR ROLE "{admin}" IN SCHEMA work GRANT SELECT ON TABLES TO "{p}reader"',
        "reader",
        ("can read what the admin will create",),
        True,
    ),
    "a writer has no sequences": Wrong(
        'ALTER DEFAULT PRIVILEGES FOR ROLE "{admin}" IN SCHEMA work REVOKE ALL ON SEQUENCES FROM "{p}writer"',
        'ALTER DEFAULT PRIVILEGES FOR ROLE "{admin}" IN SCHEMA work GRANT SELECT, USAGE ON SEQUENCES TO "{p}writer"',
        "writer",
        ("can write what the admin will create",),
        True,
    ),
    "what the app makes is not for the reader": Wrong(
        'ALTER DEFAULT PRIVILEGES FOR ROLE "{p}app" IN SCHEMA work REVOKE SELECT ON TABLES FROM "{p}reader"',
        'ALTER DEFAULT PRIVILEGES FOR ROLE "{p}app" IN SCHEMA work GRANT SELECT ON TABLES TO "{p}reader"',
        "app",
        ('what it creates, "{p}reader" can read',),
        True,
    ),
    "everybody connects": Wrong(
        'GRANT CONNECT ON DATABASE "{p}db" TO PUBLIC',
        'REVOKE CONNECT ON DATABASE "{p}db" FROM PUBLIC',
        "app",
        ("nobody else gets in",),
    ),
    "becomes another": Wrong(
        'GRANT "{p}reader" TO "{p}app"; ALTER ROLE "{p}app" SET role = "{p}reader"',
        'ALTER ROLE "{p}app" RESET role; REVOKE "{p}reader" FROM "{p}app"',
        "app",
        CREATES,  # who it is has a note, and what it cannot do as that role the reason
    ),
    "another password": Wrong(
        "ALTER ROLE \"{p}writer\" PASSWORD 'other'", "", "writer", ("logs in",), code="28P01"
    ),
}
MYSQL = {
    "no CREATE": Wrong(
        "REVOKE CREATE ON `{e}db`.* FROM '{p}app'@'%'",
        "GRANT CREATE ON `{e}db`.* TO '{p}app'@'%'",
        "app",
        ("creates a table",),
        code="1142",
    ),
    "no INDEX": Wrong(
        "REVOKE INDEX ON `{e}db`.* FROM '{p}app'@'%'",
        "GRANT INDEX ON `{e}db`.* TO '{p}app'@'%'",
        "app",
        ("creates an index",),
    ),
    "no REFERENCES": Wrong(
        "REVOKE REFERENCES ON `{e}db`.* FROM '{p}app'@'%'",
        "GRANT REFERENCES ON `{e}db`.* TO '{p}app'@'%'",
        "app",
        ("references a table",),
    ),
    "no routines": Wrong(
        "REVOKE CREATE ROUTINE ON `{e}db`.* FROM '{p}app'@'%'",
        "GRANT CREATE ROUTINE ON `{e}db`.* TO '{p}app'@'%'",
        "app",
        ("creates a procedure", "creates a function"),
    ),
    "a writer does not write": Wrong(
        "REVOKE UPDATE ON `{e}db`.* FROM '{p}writer'@'%'",
        "GRANT UPDATE ON `{e}db`.* TO '{p}writer'@'%'",
        "writer",
        ("can change its rows",),
    ),
    "a reader does not read": Wrong(
        "REVOKE SELECT ON `{e}db`.* FROM '{p}reader'@'%'",
        "GRANT SELECT ON `{e}db`.* TO '{p}reader'@'%'",
        "reader",
        ("can read it",),
    ),
    "a reader writes": Wrong(
        "GRANT INSERT ON `{e}db`.* TO '{p}reader'@'%'",
        "REVOKE INSERT ON `{e}db`.* FROM '{p}reader'@'%'",
        "reader",
        ("cannot write to",),
    ),
    "a reader deletes": Wrong(
        "GRANT DELETE ON `{e}db`.* TO '{p}reader'@'%'",
        "REVOKE DELETE ON `{e}db`.* FROM '{p}reader'@'%'",
        "reader",
        ("cannot delete its rows",),
    ),
    "a writer creates": Wrong(
        "GRANT CREATE ON `{e}db`.* TO '{p}writer'@'%'",
        "REVOKE CREATE ON `{e}db`.* FROM '{p}writer'@'%'",
        "writer",
        ("cannot create a table",),
    ),
    "everything everywhere": Wrong(
        "GRANT ALL ON *.* TO '{p}app'@'%'",
        "REVOKE ALL ON *.* FROM '{p}app'@'%'",
        "app",
        (
            "has no privilege on the whole server",
            "cannot create a user",
            "cannot create a database",
            "sees no other database",
        ),
    ),
    "CREATE USER": Wrong(
        "GRANT CREATE USER ON *.* TO '{p}reader'@'%'",
        "REVOKE CREATE USER ON *.* FROM '{p}reader'@'%'",
        "reader",
        ("has no privilege on the whole server", "cannot create a user"),
    ),
    "another database": Wrong(
        "GRANT SELECT ON `{e}other`.* TO '{p}reader'@'%'",
        "REVOKE SELECT ON `{e}other`.* FROM '{p}reader'@'%'",
        "reader",
        ("sees no other database",),
    ),
    "locked": Wrong(
        "ALTER USER '{p}app'@'%' ACCOUNT LOCK",
        "ALTER USER '{p}app'@'%' ACCOUNT UNLOCK",
        "app",
        ("logs in",),
    ),
    "another password": Wrong(
        "ALTER USER '{p}writer'@'%' IDENTIFIED BY 'other'", "", "writer", ("logs in",), code="1045"
    ),
}
NOT_ON_MARIADB = ("no REFERENCES",)  # which asks for no privilege there
CATALOGUE = {
    "postgresql": (
        ("", "SELECT oid, rolname, rolconfig::text FROM pg_roles ORDER BY 1"),
        ("", "SELECT roleid, member, grantor FROM pg_auth_members ORDER BY 1, 2, 3"),
        ("db", "SELECT oid, relname, relacl::text FROM pg_class WHERE oid >= 16384 ORDER BY 1"),
        ("db", "SELECT oid, proname, proacl::text FROM pg_proc WHERE oid >= 16384 ORDER BY 1"),
        (
            "db",
            "SELECT oid, nspname, nspacl::text FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp' ORDER BY 1",
        ),
        ("db", "SELECT oid, defaclacl::text FROM pg_default_acl ORDER BY 1"),
    ),
    "mysql": (
        ("", "SELECT User, Host FROM mysql.user ORDER BY 1, 2"),
        ("", "SELECT * FROM mysql.db ORDER BY Host, Db, User"),
        ("", "SELECT schema_name FROM information_schema.schemata ORDER BY 1"),
        ("", "SELECT table_schema, table_name FROM information_schema.tables ORDER BY 1, 2"),
        ("", "SELECT routine_schema, routine_name FROM information_schema.routines ORDER BY 1, 2"),
    ),
}


def catalogue(server: TestServer, prefix: str) -> list[Any]:
    return [
        execute(server, "superuser", query, prefix + "db" if where else None)
        for where, query in CATALOGUE[server.engine]
    ]


def failed(walk: Walk, spec: Spec) -> list[dbprov.Check]:
    return [check for check in walk.prove(spec) if check.failed]


@restricted
def test_each_check_fails_when_it_must(walk: Walk, prefix: str) -> None:
    more: dict[str, Any] = (
        {"schemas": ["work"], "isolate": True} if walk.server.engine == "postgresql" else {}
    )
    spec = walk.spec(one(prefix, users=users(prefix), **more))
    walk.provision(spec)
    if walk.server.engine == "postgresql":
        execute(walk.server, "superuser", "CREATE SCHEMA third", f"{prefix}db")
    else:
        execute(walk.server, "superuser", f"CREATE DATABASE `{prefix}other`")
    names = {"p": prefix, "e": prefix.replace("_", "\\_"), "admin": walk.server.user("admin")}
    for name, wrong in (POSTGRESQL if walk.server.engine == "postgresql" else MYSQL).items():
        if walk.server.flavor == "mariadb" and name in NOT_ON_MARIADB:
            continue
        database = f"{prefix}db" if wrong.inside else None
        execute(walk.server, "superuser", wrong.do.format(**names), database)
        before = catalogue(walk.server, prefix)
        found = failed(walk, spec)
        assert catalogue(walk.server, prefix) == before, name
        of_user = [check for check in found if check.subject == prefix + wrong.user]
        for claim in wrong.claims:
            check = next((c for c in of_user if claim.format(**names) in c.claim), None)
            assert check, (name, claim, found)
            assert check.observed, name
            assert check.todo, name
            assert wrong.code in check.code, (name, check)
        assert len(of_user) == len(wrong.claims), (name, of_user)
        if not wrong.undo:
            return
        execute(walk.server, "superuser", wrong.undo.format(**names), database)
    raise AssertionError("the last of them cannot be undone, and ends the test")


def seen_from(walk: Walk) -> str:
    """Where the server sees us come from: localhost, or the gateway of a container's network."""
    return str(execute(walk.server, "superuser", "SELECT SUBSTRING_INDEX(USER(), '@', -1)")[0][0])


@restricted
@pytest.mark.mysql
def test_another_account_that_is_nearer(walk: Walk, prefix: str) -> None:
    """T39: the same name from a nearer host. With another password it is refused, with the same it is somebody else."""
    walk.monkeypatch.setenv("APP_PASSWORD", "made-by-hand")
    spec = walk.spec(one(prefix, password={"env": "APP_PASSWORD"}))
    walk.provision(spec)
    near = seen_from(walk)
    account = f"'{prefix}app'@'{near}'"
    execute(walk.server, "superuser", f"CREATE USER {account} IDENTIFIED BY 'other'")
    [check] = failed(walk, spec)
    assert (check.claim, check.code) == ("logs in", "1045")
    assert account in check.todo
    execute(walk.server, "superuser", f"ALTER USER {account} IDENTIFIED BY 'made-by-hand'")
    claims = {check.claim: check for check in failed(walk, spec)}
    assert "logs in" in claims or "is the account that it should be" in claims
    observed = " ".join(check.observed for check in claims.values())
    assert account in observed or f"{prefix}app@{near}" in observed
    execute(walk.server, "superuser", f"DROP USER {account}")
    assert failed(walk, spec) == []


@by_superuser
@pytest.mark.mysql
def test_an_account_without_a_name(walk: Walk, prefix: str) -> None:
    """As old installations have it; it is nearer to everybody who comes from there."""
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    account = f"''@'{seen_from(walk)}'"
    # In a container's network it would be nearer than the superuser's account too: the one session
    # that is open already makes it, and takes it away.
    user = (walk.server.user("superuser"), walk.server.password("superuser"))
    [deployment] = spec.deployments
    with (
        accounts.mysql(walk.server.host, walk.server.port, user, None) as session,
        session.cursor() as cursor,
        dbprov.servers(spec) as servers,
    ):
        server = servers[deployment]
        assert server.facts.admin  # logged in before the account is there
        cursor.execute(f"CREATE USER {account}")
        try:
            found = [c for c in dbprov.verify(deployment, server) if not c.held]
        finally:
            cursor.execute(f"DROP USER {account}")
    [check] = found
    assert check.claim == "logs in"
    assert account in check.todo
    assert failed(walk, spec) == []


def test_nothing_is_left_behind(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix, users=users(prefix)))
    walk.provision(spec)
    before = catalogue(walk.server, prefix)
    assert failed(walk, spec) == []
    assert catalogue(walk.server, prefix) == before


@restricted
def test_the_server_ends_the_session(walk: Walk, prefix: str) -> None:
    """In the middle of the checks: those that are left fail with words, and what was made is gone."""
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    before = catalogue(walk.server, prefix)
    seen: list[dbprov.Check] = []

    def report(check: dbprov.Check) -> None:
        seen.append(check)
        if check.claim == "creates a table":
            end_sessions_of(walk.server, f"{prefix}app")

    walk.each(spec, lambda deployment, server: list(dbprov.verify(deployment, server, report)))
    lost = [check for check in seen if not check.held]
    assert lost
    assert all(check.observed for check in lost)
    assert catalogue(walk.server, prefix) == before
    assert failed(walk, spec) == []


def end_sessions_of(server: TestServer, user: str) -> None:
    if server.engine == "postgresql":
        execute(
            server,
            "superuser",
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{user}'",
        )
        return
    for (session,) in execute(
        server, "superuser", f"SELECT id FROM information_schema.processlist WHERE user = '{user}'"
    ):
        execute(server, "superuser", f"KILL {session}")


def test_no_password_no_login(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    [kept] = [path for path in walk.folder.rglob(f"*{prefix}app*") if path.is_file()]
    kept.unlink()
    [check] = failed(walk, spec)
    assert check.claim == "logs in"
    assert "no password is kept" in check.observed
    assert check.todo


@pytest.fixture
def keys_only(server: TestServer) -> Iterator[None]:
    """The server takes no table without a primary key: MySQL 8.0.13, MariaDB's InnoDB."""
    mysql = server.flavor == "mysql"
    setting = "sql_require_primary_key" if mysql else "innodb_force_primary_key"
    execute(server, "superuser", f"SET GLOBAL {setting} = ON")
    yield
    execute(server, "superuser", f"SET GLOBAL {setting} = OFF")


@pytest.mark.mysql
@pytest.mark.usefixtures("keys_only")
def test_every_probe_has_a_primary_key(walk: Walk, prefix: str) -> None:
    walk.provision(walk.spec(one(prefix, users=users(prefix))))
