"""What is there already is taken as found: whoever made it, and whatever this admin may do with it."""

from __future__ import annotations

from typing import Any, cast

import pytest
from msgspec.structs import replace

import dbprov
from dbprov.commands.drop import plan_drop
from dbprov.commands.rotate_plan import plan_rotation
from dbprov.errors import ConnectError, PlaceError, RefusedError
from dbprov.items import SchemaGrant
from dbprov.plan.drop_survey import DropOptions
from tests.harness import TestServer, execute
from tests.support.admins import admin_name, as_admin, make_user, superuser
from tests.support.specs import one, users
from tests.support.walk import Walk


def privileges(walk: Walk, user: str, thing: str, database: str, *words: str) -> set[str]:
    sort = "function" if thing.endswith(")") else "sequence" if thing.endswith("seq") else "table"
    return {
        word for word in words
        if execute(walk.server, "superuser", f"SELECT has_{sort}_privilege('{user}', '{thing}', '{word}')", database) == [(True,)]
    }  # fmt: skip


@pytest.mark.parametrize("maker", ["admin", "superuser"])
@pytest.mark.parametrize("isolate", [None, True])
def test_a_database_that_was_there(
    walk: Walk, prefix: str, maker: Any, isolate: bool | None
) -> None:
    """PUBLIC keeps what it had, unless the spec says otherwise in words."""
    quoted = f'"{prefix}db"' if walk.server.engine == "postgresql" else f"`{prefix}db`"
    execute(walk.server, maker, f"CREATE DATABASE {quoted}")
    spec = walk.spec(one(prefix, isolate=isolate))
    if walk.server.engine == "postgresql" and maker == "superuser" and not superuser(walk):
        before = execute(walk.server, "superuser", "SELECT count(*) FROM pg_roles")
        with pytest.raises(RefusedError, match="nothing was changed") as refused:
            walk.apply(spec)
        assert f'ON DATABASE "{prefix}db" TO "dba" WITH GRANT OPTION' in refused.value.todo
        assert '"postgres"' in refused.value.why
        assert execute(walk.server, "superuser", "SELECT count(*) FROM pg_roles") == before
        return
    walk.provision(spec)
    if walk.server.engine == "postgresql":
        rows = execute(
            walk.server,
            "superuser",
            f"SELECT has_database_privilege('public', '{prefix}db', 'CONNECT')",
        )
        assert rows == [(isolate is None,)]
        assert any("PUBLIC has CONNECT" in words for words in walk.plan(spec).remarks) == (
            isolate is None
        )


@pytest.mark.parametrize("access", ["all", "owner"])
def test_a_user_that_was_there(walk: Walk, prefix: str, access: str) -> None:
    """Made by the admin by hand, its password kept in its place: not touched, and completed."""
    walk.monkeypatch.setenv("APP_PASSWORD", "made-by-hand")
    if walk.server.engine == "postgresql":
        as_admin(walk, f"CREATE ROLE \"{prefix}app\" LOGIN PASSWORD 'made-by-hand'")
    else:
        as_admin(walk, f"CREATE USER '{prefix}app'@'%' IDENTIFIED BY 'made-by-hand'")
    spec = walk.spec(one(prefix, access=access, password={"env": "APP_PASSWORD"}))
    applied = walk.provision(spec)
    assert "user" not in [done.step.item.kind for done in applied.done]


def test_a_database_that_the_admin_owned_gets_its_owner(walk: Walk, prefix: str) -> None:
    quoted = f'"{prefix}db"' if walk.server.engine == "postgresql" else f"`{prefix}db`"
    as_admin(walk, f"CREATE DATABASE {quoted}")
    walk.provision(walk.spec(one(prefix, access="owner", isolate=True)))


def test_a_password_that_nobody_kept(walk: Walk, prefix: str) -> None:
    make_user(walk, f"{prefix}app", "unknown-to-us")
    spec = walk.spec(one(prefix))
    steps = [str(step) for step in walk.plan(spec).steps]
    with pytest.raises(PlaceError, match="is not known; nothing was changed") as met:
        walk.apply(spec)
    assert "keep its password there" in met.value.todo
    assert [str(step) for step in walk.plan(spec).steps] == steps
    assert not list((walk.folder).rglob(f"*{prefix}*"))  # no password was made up either


def test_a_password_that_is_not_the_one_that_is_kept(walk: Walk, prefix: str) -> None:
    """A failed check, and never a reset: the old password still logs in."""
    make_user(walk, f"{prefix}app", "the-true-one")
    walk.monkeypatch.setenv("APP_PASSWORD", "another-one")
    spec = walk.spec(one(prefix, password={"env": "APP_PASSWORD"}))
    applied = walk.apply(spec)
    assert applied.error is None
    [failed] = [c for c in applied.checks if not c.held]
    assert failed.claim == "logs in"
    assert failed.code in ("28P01", "1045")
    assert failed.todo
    assert not applied.ok
    walk.monkeypatch.setenv("APP_PASSWORD", "the-true-one")
    assert walk.provision(spec)


ODD = {
    "postgresql": (
        "TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'",
        {"collation": "en_US.UTF-8"},
        "encoding LATIN1",
    ),
    "mysql": ("CHARACTER SET latin1 COLLATE latin1_swedish_ci", {}, "latin1"),
}


def test_another_encoding_is_a_remark(walk: Walk, prefix: str) -> None:
    how, more, words = ODD[walk.server.engine]
    quoted = f'"{prefix}db"' if walk.server.engine == "postgresql" else f"`{prefix}db`"
    as_admin(walk, f"CREATE DATABASE {quoted} {how}")
    spec = walk.spec(one(prefix, **more))
    walk.provision(spec)
    assert [r for r in walk.plan(spec).remarks if words in r and "taken as found" in r]


SORTS = (
    "CREATE TABLE {s}.{n}_table (id integer)",
    "CREATE VIEW {s}.{n}_view AS SELECT 1 AS one",
    "CREATE MATERIALIZED VIEW {s}.{n}_matview AS SELECT 1 AS one",
    "CREATE TABLE {s}.{n}_parted (id integer) PARTITION BY LIST (id)",
    "CREATE TABLE {s}.{n}_part PARTITION OF {s}.{n}_parted FOR VALUES IN (1)",
    "CREATE SEQUENCE {s}.{n}_seq",
    "CREATE TYPE {s}.\"{n}'mood\" AS ENUM ('ok')",
    "CREATE FUNCTION {s}.{n}_f() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "CREATE FUNCTION {s}.{n}_f(a integer, VARIADIC b text[]) RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "CREATE FUNCTION {s}.{n}_f(a {s}.\"{n}'mood\", b timestamp(3) with time zone, OUT c integer) LANGUAGE sql AS 'SELECT 1'",
    "CREATE PROCEDURE {s}.{n}_p(a integer) LANGUAGE sql AS 'SELECT 1'",
    "CREATE PROCEDURE {s}.{n}_p(a integer, INOUT b text) LANGUAGE sql AS 'SELECT ''b''::text'",
    "CREATE AGGREGATE {s}.{n}_sum(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0')",
    "CREATE AGGREGATE {s}.{n}_any(*) (SFUNC = int8inc, STYPE = bigint, INITCOND = '0')",
)
LACKING = (
    "SELECT relname FROM pg_class WHERE relnamespace = 'work'::regnamespace AND relname LIKE '{n}%'"
    " AND relkind IN ('r', 'v', 'm', 'p')"
    " AND NOT has_table_privilege('{u}', oid, 'SELECT')"
    " UNION ALL SELECT relname FROM pg_class WHERE relnamespace = 'work'::regnamespace AND relname LIKE '{n}%'"
    " AND CASE relkind WHEN 'S' THEN NOT has_sequence_privilege('{u}', oid, 'USAGE') ELSE false END"
    " UNION ALL SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'work'::regnamespace AND proname LIKE '{n}%'"
    " AND NOT has_function_privilege('{u}', oid, 'EXECUTE') ORDER BY 1"
)


def make_objects(walk: Walk, prefix: str, names: tuple[str, ...]) -> None:
    """A database of the admin with a schema in which several roles have made one of each sort."""
    database = f"{prefix}db"
    as_admin(walk, f'CREATE DATABASE "{database}"')
    as_admin(walk, "CREATE SCHEMA work", database)
    for name in names:
        role = admin_name(walk) if name == "admins" else f"{prefix}{name}"
        execute(
            walk.server, "superuser", f'GRANT CREATE, USAGE ON SCHEMA work TO "{role}"', database
        )
        script = "; ".join(s.format(s="work", n=name) for s in SORTS)
        execute(walk.server, "superuser", f'SET ROLE "{role}"; {script}', database)
    execute(
        walk.server,
        "superuser",
        "REVOKE EXECUTE ON ALL ROUTINES IN SCHEMA work FROM PUBLIC",
        database,
    )


@pytest.mark.postgresql
def test_objects_of_several_owners(walk: Walk, prefix: str) -> None:
    """What the admin can grant is granted; what it cannot is named with its owner, and the exit code says so (T81)."""
    execute(walk.server, "superuser", f'CREATE ROLE "{prefix}third"')
    spec_of_app = walk.spec(one(prefix, users=users(prefix)[:1], schemas=["work"]))
    walk.monkeypatch.setenv("APP_PASSWORD", "made-by-hand")
    make_user(walk, f"{prefix}app", "made-by-hand")
    make_objects(walk, prefix, ("admins", "app", "third"))
    spec = walk.spec(one(prefix, schemas=["work"], users=[
        {**users(prefix)[0], "password": {"env": "APP_PASSWORD"}}, {"name": f"{prefix}writer", "access": "write"},
    ]))  # fmt: skip
    assert spec_of_app.deployments
    applied = walk.apply(spec)
    assert applied.error is None
    lacks = {
        (user, name): execute(walk.server, "superuser", LACKING.format(n=name, u=f"{prefix}{user}"), f"{prefix}db")
        for user in ("app", "writer") for name in ("admins", "app", "third")
    }  # fmt: skip
    assert applied.left
    if superuser(walk):
        assert applied.ok, (applied.left, applied.checks)
        assert not any(lacks.values()), lacks
        return
    assert not applied.left.steps, [str(s) for s in applied.left.steps]
    assert not applied.ok
    beyond = {name for item, _ in applied.left.of_other_owners for name in item.not_grantable}
    assert beyond
    assert all(name.endswith(f" of {prefix}third") for name in beyond), beyond
    assert {key for key, rows in lacks.items() if rows} == {
        ("app", "third"),
        ("writer", "third"),
    }, lacks
    assert len(lacks["app", "third"]) == 13
    again = walk.apply(spec)
    assert not again.done
    assert not again.ok


@pytest.mark.postgresql
def test_no_more_than_is_wanted_on_existing_objects(walk: Walk, prefix: str) -> None:
    make_objects(walk, prefix, ("admins",))
    as_admin(walk, "CREATE TABLE public.elsewhere (id integer)", f"{prefix}db")
    walk.provision(walk.spec(one(prefix, access="read", schemas=["work"])))
    every = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
    assert privileges(walk, f"{prefix}app", "work.admins_table", f"{prefix}db", *every) == {
        "SELECT"
    }
    assert privileges(
        walk, f"{prefix}app", "work.admins_seq", f"{prefix}db", "SELECT", "USAGE", "UPDATE"
    ) == {"SELECT"}
    assert privileges(walk, f"{prefix}app", "work.admins_f()", f"{prefix}db", "EXECUTE") == set()
    assert privileges(walk, f"{prefix}app", "public.elsewhere", f"{prefix}db", *every) == set()


@pytest.mark.postgresql("<= 14")
def test_public_of_the_superuser_without_its_create(walk: Walk, prefix: str) -> None:
    """Trap T82: a restricted admin's GRANT there would succeed with a warning. Refused before anything is changed."""
    as_admin(walk, f'CREATE DATABASE "{prefix}db"')
    execute(walk.server, "superuser", "REVOKE CREATE ON SCHEMA public FROM PUBLIC", f"{prefix}db")
    spec = walk.spec(one(prefix))
    if superuser(walk):
        walk.provision(spec)
        return
    with pytest.raises(RefusedError, match="nothing was changed") as refused:
        walk.apply(spec)
    statement = 'GRANT CREATE, USAGE ON SCHEMA "public" TO "dba" WITH GRANT OPTION;'
    assert refused.value.todo == (f'a superuser would run in database "{prefix}db":\n{statement}')
    assert (
        execute(walk.server, "superuser", f"SELECT 1 FROM pg_roles WHERE rolname = '{prefix}app'")
        == []
    )
    checks = walk.each(spec, lambda deployment, server: list(dbprov.check(deployment, server)))[0]
    assert [c for c in checks if not c.held and "ON SCHEMA" in c.todo]


@pytest.mark.postgresql
@pytest.mark.parametrize("access", ["owner", "all"])
def test_a_role_that_somebody_else_made(walk: Walk, prefix: str, access: str) -> None:
    """From PostgreSQL 16 on a restricted admin may not borrow its rights: it is told before anything is changed."""
    walk.monkeypatch.setenv("APP_PASSWORD", "made-by-hand")
    execute(walk.server, "superuser", f"CREATE ROLE \"{prefix}app\" LOGIN PASSWORD 'made-by-hand'")
    spec = walk.spec(one(prefix, access=access, password={"env": "APP_PASSWORD"}))
    if superuser(walk) or access == "all" or int(walk.server.version.split(".")[0]) < 16:
        walk.provision(spec)
        return
    with pytest.raises(RefusedError, match="nothing was changed") as refused:
        walk.apply(spec)
    assert f'GRANT "{prefix}app" TO "dba" WITH ADMIN TRUE' in refused.value.todo
    assert (
        execute(walk.server, "superuser", f"SELECT 1 FROM pg_database WHERE datname = '{prefix}db'")
        == []
    )
    execute(walk.server, "superuser", f'GRANT "{prefix}app" TO "dba" WITH ADMIN OPTION')
    walk.provision(spec)


@pytest.mark.postgresql
def test_a_database_that_takes_nobody_in(walk: Walk, prefix: str) -> None:
    """ALLOW_CONNECTIONS false, made by somebody else and with no seal of ours on it: an error, and it stays shut."""
    as_admin(walk, f'CREATE DATABASE "{prefix}db" ALLOW_CONNECTIONS false')
    with pytest.raises(ConnectError, match="not currently accepting connections"):
        walk.apply(walk.spec(one(prefix)))
    assert execute(
        walk.server,
        "superuser",
        f"SELECT datallowconn FROM pg_database WHERE datname = '{prefix}db'",
    ) == [(False,)]


# -- MySQL's grant rows ------------------------------------------------------------------------------------------------------


def rows_of(server: TestServer, user: str) -> dict[str, set[str]]:
    """The stored rows of a user, each with its privileges."""
    columns = [
        row[0]
        for row in execute(server, "superuser", "SHOW COLUMNS FROM mysql.db")
        if row[0].endswith("_priv")
    ]
    found = execute(
        server, "superuser", f"SELECT Db, {', '.join(columns)} FROM mysql.db WHERE User = '{user}'"
    )
    return {
        _text(row[0]): {column for column, said in zip(columns, row[1:], strict=True) if said == "Y"} for row in found
    }  # fmt: skip


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


SPELLINGS = {
    "unescaped, fewer": ("`{p}db`", "SELECT, EXECUTE"),
    "unescaped, more": ("`{p}db`", "SELECT, INSERT, UPDATE, DELETE, EXECUTE, CREATE, DROP"),
    "all databases": ("`%`", "SELECT, EVENT"),
    "begins alike": ("`{e}%`", "TRIGGER"),
    "escaped, fewer": ("`{e}db`", "SELECT"),
}


@pytest.mark.mysql
@pytest.mark.parametrize("case", SPELLINGS)
def test_rows_in_another_spelling(walk: Walk, prefix: str, case: str) -> None:
    """T40 to T43: found, reported, left as they are; and what they gave the user it still has."""
    where, words = SPELLINGS[case]
    names = {"p": prefix, "e": prefix.replace("_", "\\_")}
    walk.monkeypatch.setenv("APP_PASSWORD", "made-by-hand")
    make_user(walk, f"{prefix}app", "made-by-hand")
    as_admin(walk, f"GRANT {words} ON {where.format(**names)}.* TO '{prefix}app'@'%'")
    before = rows_of(walk.server, f"{prefix}app")
    spec = walk.spec(one(prefix, access="write", password={"env": "APP_PASSWORD"}))
    applied = walk.apply(spec)
    assert applied.error is None
    assert applied.left
    assert applied.left.complete
    after = rows_of(walk.server, f"{prefix}app")
    [old] = before
    own = f"{prefix}db".replace("_", "\\_")
    wanted = {"Select_priv", "Insert_priv", "Update_priv", "Delete_priv", "Execute_priv"}
    assert after[own] == wanted | before[old]
    if old != own:
        assert after[old] == before[old]
        assert any(old in words for words in applied.left.remarks), applied.left.remarks


@pytest.mark.mysql
def test_a_row_that_is_hidden_already_gives_nothing(walk: Walk, prefix: str) -> None:
    """What a less exact row says does not count beside our own: granting it as well would be more than anybody had."""
    walk.monkeypatch.setenv("APP_PASSWORD", "made-by-hand")
    make_user(walk, f"{prefix}app", "made-by-hand")
    own = f"{prefix}db".replace("_", "\\_")
    as_admin(walk, f"GRANT SELECT ON `{own}`.* TO '{prefix}app'@'%'")
    as_admin(walk, f"GRANT DROP, ALTER ON `{prefix}db`.* TO '{prefix}app'@'%'")
    walk.apply(walk.spec(one(prefix, access="write", password={"env": "APP_PASSWORD"})))
    assert rows_of(walk.server, f"{prefix}app")[own] == {
        "Select_priv", "Insert_priv", "Update_priv", "Delete_priv", "Execute_priv",
    }  # fmt: skip


@pytest.mark.mysql
def test_grants_that_outlived_their_database(walk: Walk, prefix: str) -> None:
    """T44: nothing is left to grant, only the database to make."""
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    execute(walk.server, "superuser", f"DROP DATABASE `{prefix}db`")
    assert [str(step) for step in walk.plan(spec).steps] == [f'create database "{prefix}db"']
    walk.provision(spec)


@pytest.mark.mysql("mysql")
def test_where_names_are_no_patterns(walk: Walk, prefix: str) -> None:
    """T41: with partial_revokes the escaped row gives nothing, and the exact name must be granted."""
    own = f"{prefix}db".replace("_", "\\_")
    walk.monkeypatch.setenv("APP_PASSWORD", "made-by-hand")
    make_user(walk, f"{prefix}app", "made-by-hand")
    as_admin(walk, f"GRANT SELECT, EVENT ON `{own}`.* TO '{prefix}app'@'%'")
    spec = walk.spec(one(prefix, access="write", password={"env": "APP_PASSWORD"}))
    execute(walk.server, "superuser", "SET GLOBAL partial_revokes = ON")
    try:
        walk.provision(spec)
        after = rows_of(walk.server, f"{prefix}app")
        assert after[f"{prefix}db"] == {
            "Select_priv",
            "Insert_priv",
            "Update_priv",
            "Delete_priv",
            "Execute_priv",
        }
        assert after[own] == {"Select_priv", "Event_priv"}
        assert any(own in words for words in walk.plan(spec).remarks)
    finally:
        execute(walk.server, "superuser", "SET GLOBAL partial_revokes = OFF")


@pytest.mark.mysql
def test_a_name_with_an_underscore_reaches_no_other(walk: Walk, prefix: str) -> None:
    other = f"{prefix}db".replace("_", "x")
    execute(walk.server, "superuser", f"CREATE DATABASE `{other}`")
    try:
        spec = walk.spec(one(prefix))
        walk.provision(spec)  # which checks that the user sees no other database
        with pytest.raises(Exception, match="denied"):
            walk.as_user(spec, f"{prefix}app", f"CREATE TABLE `{other}`.t (id integer)")
    finally:
        execute(walk.server, "superuser", f"DROP DATABASE `{other}`")


@pytest.mark.postgresql
def test_what_an_extension_made_is_the_extensions(walk: Walk, prefix: str) -> None:
    """Nobody grants on it, and nobody hears of it at every run for ever."""
    database = f"{prefix}db"
    as_admin(walk, f'CREATE DATABASE "{database}"')
    execute(walk.server, "superuser", "CREATE TABLE public.of_extension (id integer)", database)
    execute(
        walk.server, "superuser", "ALTER EXTENSION plpgsql ADD TABLE public.of_extension", database
    )
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    assert privileges(walk, f"{prefix}app", "of_extension", database, "SELECT") == set()


@pytest.mark.postgresql
def test_what_a_failed_transaction_took_back_is_not_called_done(walk: Walk, prefix: str) -> None:
    """A grant to a role that is not there stands for whatever may fail in the middle of a transaction."""
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    inside = f"{prefix}db"
    execute(
        walk.server, "superuser", f'REVOKE ALL ON SCHEMA public FROM "{prefix}app", PUBLIC', inside
    )
    [account] = spec.deployments[0].accounts
    with dbprov.servers(spec) as servers:
        server = servers[spec.deployments[0]]
        planned = dbprov.plan(spec.deployments[0], server)
        if not planned.steps or planned.obstacles:
            assert walk.server.version == "13"
            return
        bad = replace(
            planned.steps[0],
            item=replace(cast(SchemaGrant, planned.steps[0].item), grantee=f"{prefix}nobody"),
        )
        applied = dbprov.apply(
            spec.deployments[0], server, replace(planned, steps=(*planned.steps, bad))
        )
    assert applied.error is not None
    assert applied.error.code == "42704"
    assert f"with its transaction {len(planned.steps)} done before were taken back" in str(
        applied.error
    )
    assert applied.done == []
    assert account.name in str(walk.plan(spec).steps[0])


@pytest.mark.mysql
@pytest.mark.parametrize("admin", ["restricted"], indirect=True)
def test_an_admin_that_sees_nobody_else(walk: Walk, prefix: str) -> None:
    """Without SELECT on the schema mysql only its own account is there: that is said, and no user is taken for gone."""
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    user = f"{prefix}blind"
    execute(walk.server, "superuser", f"CREATE USER '{user}'@'%' IDENTIFIED BY 'of-this-test'")
    execute(
        walk.server, "superuser",
        f"GRANT CREATE USER, PROCESS ON *.* TO '{user}'@'%' WITH GRANT OPTION",
    )  # fmt: skip
    walk.url = walk.url.replace(f"{walk.server.user('admin')}@", f"{user}@")
    walk.password = "of-this-test"
    spec = walk.spec(one(prefix, password={"file": "pw"}))
    for doing in (
        dbprov.plan,
        plan_rotation,
        lambda deployment, server: plan_drop(spec, deployment, server, DropOptions()),
    ):
        with pytest.raises(RefusedError) as met:
            walk.each(spec, doing)
        assert "sees no account but its own" in met.value.why
