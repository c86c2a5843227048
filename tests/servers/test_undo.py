"""Apply, then the undo in the engine's own client: the catalogue is as it was, to the last row and grantor."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import dbprov
from dbprov.commands.plan import plan
from dbprov.commands.review import undo_text
from dbprov.errors import RefusedError
from dbprov.spec.model import Spec
from tests.harness import client, execute
from tests.support.admins import as_admin, make_user, superuser
from tests.support.drift import MYSQL as DRIFT_MYSQL
from tests.support.drift import POSTGRESQL as DRIFT_POSTGRESQL
from tests.support.reviewed import Reviewed
from tests.support.specs import FOR_POSTGRESQL, SPECS, TABLES, deployment_of, one, users
from tests.support.walk import Walk

# What takes a change back differs with the rights it was made with: PostgreSQL's memberships before and since
# 16, MySQL's and MariaDB's grants.
pytestmark = pytest.mark.sampled

ROWS = "a.grantor::regrole::text, a.grantee::regrole::text, a.privilege_type, a.is_grantable"
POSTGRESQL = (
    "SELECT rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolconnlimit, rolpassword"
    " FROM pg_authid ORDER BY 1",
    "SELECT roleid::regrole::text, member::regrole::text, grantor::regrole::text, to_jsonb(m) - 'oid' FROM pg_auth_members AS m ORDER BY 1, 2, 3",
    "SELECT rolname, shobj_description(oid, 'pg_authid') FROM pg_roles ORDER BY 1",
    "SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database ORDER BY 1",
    "SELECT datname, datdba::regrole::text, datallowconn, datconnlimit, encoding, datcollate FROM pg_database ORDER BY 1",
    f"SELECT datname, {ROWS} FROM pg_database AS d, aclexplode(coalesce(datacl, acldefault('d', datdba))) AS a ORDER BY 1, 2, 3, 4",
    "SELECT setrole::regrole::text, d.datname, setconfig FROM pg_db_role_setting LEFT JOIN pg_database AS d ON d.oid = setdatabase ORDER BY 1, 2",
)  # fmt: skip
INSIDE = (
    "SELECT nspname, nspowner::regrole::text FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%' ORDER BY 1",
    f"SELECT nspname, {ROWS} FROM pg_namespace, aclexplode(coalesce(nspacl, acldefault('n', nspowner))) AS a ORDER BY 1, 2, 3, 4",
    f"SELECT defaclrole::regrole::text, defaclnamespace::regnamespace::text, defaclobjtype, {ROWS}"
    " FROM pg_default_acl, aclexplode(defaclacl) AS a ORDER BY 1, 2, 3, 4, 5, 6",
    f"SELECT relname, relowner::regrole::text, {ROWS} FROM pg_class,"
    " aclexplode(coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::\"char\", relowner))) AS a"
    " WHERE oid >= 16384 AND relkind IN ('r', 'v', 'm', 'p', 'f', 'S') ORDER BY 1, 2, 3, 4, 5",
    f"SELECT attrelid::regclass::text, attname, {ROWS} FROM pg_attribute, aclexplode(attacl) AS a"
    " WHERE attrelid >= 16384 ORDER BY 1, 2, 3, 4, 5",
    f"SELECT oid::regprocedure::text, {ROWS} FROM pg_proc, aclexplode(coalesce(proacl, acldefault('f', proowner))) AS a"
    " WHERE oid >= 16384 ORDER BY 1, 2, 3, 4",
)  # fmt: skip
MYSQL = (
    "SELECT User, Host, plugin, authentication_string, max_user_connections FROM mysql.user ORDER BY 1, 2",
    "SELECT * FROM mysql.db ORDER BY Host, Db, User",
    "SELECT Host, Db, User, Table_name, Table_priv, Column_priv FROM mysql.tables_priv ORDER BY 1, 2, 3, 4",
    "SELECT * FROM information_schema.SCHEMATA ORDER BY SCHEMA_NAME",
    "SELECT GRANTEE, PRIVILEGE_TYPE, IS_GRANTABLE FROM information_schema.USER_PRIVILEGES ORDER BY 1, 2",
)
LOCKED = {
    "mysql": "SELECT User, Host, account_locked FROM mysql.user ORDER BY 1, 2",
    "mariadb": "SELECT User, Host, COALESCE(JSON_VALUE(Priv, '$.account_locked') IN ('1', 'true'), 0) FROM mysql.global_priv ORDER BY 1, 2",
}


def state(walk: Walk, database: str) -> dict[str, list[Any]]:
    """What every role, grant and setting is; NULL counts as the default that it means."""
    server = walk.server
    if server.engine == "mysql":
        return {q: execute(server, "superuser", q) for q in (*MYSQL, LOCKED[server.flavor])}
    seen = {q: execute(server, "superuser", q) for q in POSTGRESQL}
    there = execute(
        server, "superuser",
        f"SELECT datallowconn FROM pg_database WHERE datname = $x${database}$x$",
    )  # fmt: skip
    inside = INSIDE if there == [(True,)] else ()
    return seen | {q: execute(server, "superuser", q, database) for q in inside}


def undo_file(walk: Walk, spec: Spec, *, prune: bool = False) -> str:
    """Applies, and answers the undo that was written for the plan before."""
    [deployment] = spec.deployments
    with dbprov.servers(spec) as servers:
        server = servers[deployment]
        planned = plan(deployment, server, prune=prune)
        text = undo_text(planned, server)
        applied = dbprov.apply(deployment, server, planned)
        assert applied.error is None, applied.error
        done = [done.step for done in applied.done]
        assert undo_text(planned, server, done) == text
    assert "No way back is known" not in text
    return text


def run(walk: Walk, text: str) -> Any:
    who: Any = "superuser" if superuser(walk) else "admin"
    return client(walk.server, who, text)


def back_and_forth(walk: Walk, spec: Spec, *, prune: bool = False) -> str:
    """There, back, and there again: the undo left nothing behind that a second apply would miss."""
    database = spec.deployments[0].database
    before = state(walk, database)
    steps = [str(step) for step in walk.plan(spec).steps]
    text = undo_file(walk, spec, prune=prune)
    if not prune:
        assert state(walk, database) != before
    ended = run(walk, text)
    assert ended.returncode == 0, ended.stderr + text
    assert "WARNING" not in ended.stderr
    after = state(walk, database)
    for query, rows in before.items():
        assert after[query] == rows, f"{query}\n{text}"
    assert [str(step) for step in walk.plan(spec).steps] == steps
    return text


@pytest.mark.parametrize(
    "case", [*SPECS, *(pytest.param(n, marks=pytest.mark.postgresql) for n in FOR_POSTGRESQL)]
)
def test_of_a_server_that_had_nothing(walk: Walk, prefix: str, case: str) -> None:
    spec = walk.spec(deployment_of({**SPECS, **FOR_POSTGRESQL}[case], prefix))
    text = back_and_forth(walk, spec)
    assert re.findall(r"^(DROP DATABASE|DROP ROLE|DROP USER)", text, re.MULTILINE)[0] == (
        "DROP DATABASE"
    )


def test_of_one_thing_broken_at_a_time(walk: Walk, prefix: str) -> None:
    """Each drift of test_drift: the undo breaks it again, and nothing else."""
    postgresql = walk.server.engine == "postgresql"
    if postgresql:
        spec = walk.spec(
            one(prefix, user=f"{prefix}airflow", layout="split", isolate=True, connection_limit=5)
        )
    else:
        limited = [{**user, "connection_limit": 5} for user in users(prefix)]
        spec = walk.spec(one(prefix, users=limited))
    walk.provision(spec)
    if postgresql:
        for statement in (
            "CREATE TABLE airflow.made_by_admin (id integer)",
            "CREATE SEQUENCE airflow.counted",
            "CREATE FUNCTION airflow.f() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        ):
            as_admin(walk, statement, f"{prefix}db")
        assert walk.plan(spec).complete
    admin = walk.server.user("superuser" if superuser(walk) else "admin")
    names = {"p": prefix, "e": prefix.replace("_", "\\_"), "admin": admin}
    for name, (statement, database, _) in (DRIFT_POSTGRESQL if postgresql else DRIFT_MYSQL).items():
        where = database.format(**names) or None
        execute(walk.server, "superuser", statement.format(**names), where)
        text = back_and_forth(walk, spec)
        assert not re.search(r"DROP (ROLE|DATABASE)", text) or name in ("the database", "a user")
        walk.provision(spec)


@pytest.mark.parametrize("access", ["all", "owner"])
def test_of_users_that_came_later(walk: Walk, prefix: str, access: str) -> None:
    """The application has its tables; only the new users' grants and the users themselves go."""
    app = {"name": f"{prefix}app", "access": access}
    walk.provision(walk.spec(one(prefix, users=[app])))
    first = walk.spec(one(prefix, users=[app]))
    walk.as_user(first, f"{prefix}app", *TABLES[walk.server.engine])
    text = back_and_forth(walk, walk.spec(one(prefix, users=[app, *users(prefix)[1:]])))
    assert "DROP DATABASE" not in text


def test_of_a_user_that_was_locked_and_limited(walk: Walk, prefix: str) -> None:
    walk.monkeypatch.setenv("APP_PASSWORD", "made-by-hand")
    make_user(walk, f"{prefix}app", "made-by-hand")
    lock = {
        "postgresql": f'ALTER ROLE "{prefix}app" NOLOGIN CONNECTION LIMIT 2',
        "mysql": f"ALTER USER '{prefix}app'@'%' WITH MAX_USER_CONNECTIONS 2 ACCOUNT LOCK",
    }
    as_admin(walk, lock[walk.server.engine])
    key = {"password": {"env": "APP_PASSWORD"}}
    back_and_forth(walk, walk.spec(one(prefix, connection_limit=7, **key)))
    unlimited = {
        "postgresql": f'ALTER ROLE "{prefix}app" LOGIN CONNECTION LIMIT -1',
        "mysql": f"ALTER USER '{prefix}app'@'%' WITH MAX_USER_CONNECTIONS 0 ACCOUNT UNLOCK",
    }
    as_admin(walk, unlimited[walk.server.engine])
    back_and_forth(walk, walk.spec(one(prefix, connection_limit=7, **key)))


@pytest.mark.postgresql
@pytest.mark.parametrize("access", ["all", "owner", "read"])
@pytest.mark.parametrize("isolate", [None, True])
def test_of_a_database_with_grants_of_its_own(
    walk: Walk, prefix: str, access: str, isolate: bool | None
) -> None:
    """Some privileges were there, with grant option or on columns, on some objects, and a search_path."""
    walk.monkeypatch.setenv("APP_PASSWORD", "made-by-hand")
    user, database = f"{prefix}app", f"{prefix}db"
    make_user(walk, user, "made-by-hand")
    as_admin(walk, f'CREATE ROLE "{prefix}other"')
    as_admin(walk, f'CREATE DATABASE "{database}"')
    as_admin(walk, f'REVOKE TEMPORARY ON DATABASE "{database}" FROM PUBLIC')
    as_admin(walk, f'GRANT CONNECT ON DATABASE "{database}" TO "{user}" WITH GRANT OPTION')
    as_admin(walk, f'GRANT CREATE ON DATABASE "{database}" TO "{prefix}other"')
    as_admin(
        walk,
        f'ALTER ROLE "{user}" IN DATABASE "{database}" SET search_path = "$user", \'a, "b"\', public, \'\'',
    )
    as_admin(walk, f'ALTER ROLE "{user}" IN DATABASE "{database}" SET work_mem = \'5MB\'')
    for statement in (
        "CREATE SCHEMA work",
        f'GRANT USAGE ON SCHEMA work TO "{user}" WITH GRANT OPTION',
        "CREATE TABLE work.some (id integer, name text)",
        'CREATE TABLE work."no\'ne" (id integer, "na\'me" text)',
        "CREATE TABLE work.columns (id integer, name text)",
        f'GRANT SELECT, INSERT ON work.some TO "{user}" WITH GRANT OPTION',
        f'GRANT SELECT (id, name), UPDATE (name) ON work.columns TO "{user}"',
        "CREATE SEQUENCE work.counted",
        f'GRANT USAGE ON SEQUENCE work.counted TO "{user}"',
        "CREATE FUNCTION work.f(a integer, b text[]) RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "REVOKE EXECUTE ON FUNCTION work.f(integer, text[]) FROM PUBLIC",
        f'ALTER DEFAULT PRIVILEGES IN SCHEMA work GRANT INSERT, UPDATE ON TABLES TO "{user}"',
        f'ALTER DEFAULT PRIVILEGES GRANT TRIGGER ON TABLES TO "{user}"',
    ):
        as_admin(walk, statement, database)
    execute(
        walk.server, "superuser",
        f'CREATE TABLE work.of_other (id integer); ALTER TABLE work.of_other OWNER TO "{prefix}other";'
        f' GRANT SELECT ON work.of_other TO "{user}"',
        database,
    )  # fmt: skip
    spec = walk.spec(
        one(
            prefix, access=access, isolate=isolate, schemas=["work", "more"],
            password={"env": "APP_PASSWORD"},
        )
    )  # fmt: skip
    back_and_forth(walk, spec)


@pytest.mark.postgresql
def test_of_a_privilege_from_somebody_else(walk: Walk, prefix: str) -> None:
    """The same privilege from two grantors is held twice (T13): a GRANT adds the owner's, and just that one goes."""
    walk.monkeypatch.setenv("APP_PASSWORD", "made-by-hand")
    user, other, database = f"{prefix}app", f"{prefix}other", f"{prefix}db"
    make_user(walk, user, "made-by-hand")
    as_admin(walk, f'CREATE ROLE "{other}"')
    as_admin(walk, f'CREATE DATABASE "{database}"')
    as_admin(
        walk, f'GRANT CONNECT, TEMPORARY ON DATABASE "{database}" TO "{other}" WITH GRANT OPTION'
    )
    execute(
        walk.server,
        "superuser",
        f'SET ROLE "{other}"; GRANT CONNECT ON DATABASE "{database}" TO "{user}"',
    )
    back_and_forth(walk, walk.spec(one(prefix, password={"env": "APP_PASSWORD"})))


@pytest.mark.postgresql
def test_of_an_owner_who_changed(walk: Walk, prefix: str) -> None:
    """Owning eats what one was granted (T16), and leaves with the ownership."""
    first, second = (
        [{"name": f"{prefix}{n}", "access": "owner" if n == own else "all"} for n in ("a", "b")]
        for own in ("a", "b")
    )
    walk.provision(walk.spec(one(prefix, users=first)))
    walk.as_user(walk.spec(one(prefix, users=first)), f"{prefix}a", "CREATE TABLE dag (id integer)")
    spec = walk.spec(one(prefix, users=second))
    if superuser(walk):
        back_and_forth(walk, spec)
    else:  # it has the rights of neither for long
        with pytest.raises(RefusedError, match="nothing was changed"):
            walk.apply(spec)


@pytest.mark.postgresql
def test_of_a_run_that_was_killed_before_the_database_was_opened(walk: Walk, prefix: str) -> None:
    """The database was there, sealed: so it is again, and it is not dropped."""
    as_admin(
        walk,
        f'CREATE DATABASE "{prefix}db" TEMPLATE template0 ALLOW_CONNECTIONS false CONNECTION LIMIT 0',
    )
    text = back_and_forth(walk, walk.spec(one(prefix, users=users(prefix))))
    assert "DROP DATABASE" not in text


@pytest.mark.mysql
@pytest.mark.parametrize("access", ["all", "owner"])
def test_of_rows_that_were_there(walk: Walk, prefix: str, access: str) -> None:
    """One in our own spelling, and others that a new exact row would hide (T42, T43)."""
    walk.monkeypatch.setenv("APP_PASSWORD", "made-by-hand")
    walk.monkeypatch.setenv("APP_HIDDEN", "made-by-hand")
    escaped = prefix.replace("_", "\\_")
    for name in ("app", "hidden"):
        make_user(walk, f"{prefix}{name}", "made-by-hand")
    as_admin(walk, f"CREATE DATABASE `{prefix}db`")
    for row, words, name in (
        (f"{escaped}db", "SELECT, EVENT", "app"),
        (f"{prefix}db", "INSERT, TRIGGER", "app"),
        (f"{prefix}db", "INSERT, TRIGGER", "hidden"),
    ):
        as_admin(walk, f"GRANT {words} ON `{row}`.* TO '{prefix}{name}'@'%'")
    spec = walk.spec(
        one(
            prefix,
            users=[
                {"name": f"{prefix}app", "access": access, "password": {"env": "APP_PASSWORD"}},
                {"name": f"{prefix}hidden", "access": "read", "password": {"env": "APP_HIDDEN"}},
                {"name": f"{prefix}new", "access": access},
            ],
        )
    )
    back_and_forth(walk, spec)


@pytest.mark.mysql
def test_of_a_grant_option_alone(walk: Walk, prefix: str) -> None:
    walk.provision(walk.spec(one(prefix)))
    text = back_and_forth(walk, walk.spec(one(prefix, access="owner")))
    assert "REVOKE GRANT OPTION " in text


MORE = {
    "postgresql": (
        ('GRANT TEMPORARY ON DATABASE "{p}db" TO "{p}reader" WITH GRANT OPTION', ""),
        ('GRANT UPDATE ON public.dag TO "{p}reader"', "{p}db"),
        ('GRANT CREATE ON SCHEMA public TO "{p}reader"', "{p}db"),
    ),
    "mysql": (
        (r"GRANT UPDATE ON `{e}db`.* TO '{p}reader'@'%'", ""),
        ("GRANT SELECT ON `{p}db`.dag TO '{p}writer'@'%'", ""),
    ),
}


def test_of_what_was_pruned(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix, users=users(prefix)))
    walk.provision(spec)
    walk.as_user(spec, f"{prefix}app", "CREATE TABLE dag (id integer)")
    names = {"p": prefix, "e": prefix.replace("_", "\\_")}
    for statement, database in MORE[walk.server.engine]:
        where = database.format(**names) or None
        execute(walk.server, "superuser", statement.format(**names), where)
    text = back_and_forth(walk, spec, prune=True)
    assert "TEMPORARY" in text or "UPDATE" in text


# -- what it never does ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("made", ["TABLE dag (id integer)", "VIEW dag AS SELECT 1 AS id"])
def test_a_database_with_tables_is_not_dropped(walk: Walk, prefix: str, made: str) -> None:
    spec = walk.spec(one(prefix))
    text = undo_file(walk, spec)
    walk.as_user(spec, f"{prefix}app", f"CREATE {made}")
    before = state(walk, f"{prefix}db")
    ended = run(walk, text)
    assert ended.returncode != 0
    assert "holds tables" in ended.stderr or "1242" in ended.stderr
    assert state(walk, f"{prefix}db") == before
    assert f'drops database "{prefix}db" with whatever is in it by then' in text


@pytest.mark.postgresql
def test_a_schema_with_tables_is_not_dropped(walk: Walk, prefix: str) -> None:
    as_admin(walk, f'CREATE DATABASE "{prefix}db"')
    spec = walk.spec(one(prefix, schemas=["work"]))
    text = undo_file(walk, spec)
    walk.as_user(spec, f"{prefix}app", "CREATE TABLE work.dag (id integer)")
    ended = run(walk, text)
    assert ended.returncode != 0
    assert "work" in ended.stderr
    assert execute(walk.server, "superuser", "SELECT count(*) FROM work.dag", f"{prefix}db") == [
        (0,)
    ]


# -- the command line ------------------------------------------------------------------------------------------------------


@pytest.fixture
def reviewed(walk: Walk, prefix: str) -> Reviewed:
    return Reviewed(walk, prefix)


def test_beside_the_reviewed_file_and_with_apply(reviewed: Reviewed) -> None:
    """plan and apply write the same; a file that is there is the way back of something, and stays."""
    folder: Path = reviewed.walk.folder
    planned = reviewed("plan", "-o", "change.sql", "--undo", "undo.sql")
    assert planned.stderr == "wrote change.sql\nwrote undo.sql\n"
    text = (folder / "undo.sql").read_text()
    again = reviewed("plan", "--undo", "undo.sql")
    assert again.returncode == 2
    assert "undo.sql is there already" in again.stderr
    assert "undo.sql is there already" in reviewed.refused("change.sql", "--undo", "undo.sql")

    before = state(reviewed.walk, f"{reviewed.prefix}db")
    ended = reviewed("apply", "--reviewed", "change.sql", "--undo", "back/")
    assert ended.returncode == 0, ended.stderr
    assert (folder / "back/analytics.sql").read_text() == text
    done = reviewed("apply", "--yes", "--undo", "undo.sql")  # nothing to do: it is not touched
    assert done.returncode == 0, done.stderr
    assert (folder / "undo.sql").read_text() == text

    assert run(reviewed.walk, text).returncode == 0
    assert state(reviewed.walk, f"{reviewed.prefix}db") == before


def test_a_refused_apply_leaves_no_undo(reviewed: Reviewed) -> None:
    reviewed("plan", "-o", "change.sql")
    make_user(reviewed.walk, f"{reviewed.prefix}app", "made-by-hand")
    reviewed.refused("change.sql", "--undo", "undo.sql")
    assert not (reviewed.walk.folder / "undo.sql").exists()
