"""``drop``: nothing of a Deployment is left, nothing of anybody else is touched, and no object goes by surprise."""

from __future__ import annotations

from typing import Any, cast

import pytest

import dbprov
from dbprov.commands.drop import drop as drop_deployment
from dbprov.commands.drop import plan_drop
from dbprov.commands.rotate import rotate
from dbprov.commands.rotate_plan import plan_rotation
from dbprov.engines.postgresql.session import Session as PostgreSQLSession
from dbprov.errors import LockError, RefusedError
from dbprov.items import Database
from dbprov.items.sessions import Belongings
from dbprov.plan.drop_survey import DropOptions
from dbprov.plan.steps import Step
from dbprov.spec.model import Timeouts
from tests.harness import execute
from tests.support.admins import as_admin, superuser
from tests.support.drop import (
    ODD,
    QUARANTINE,
    alive,
    drop,
    left,
    logged_in,
    memberships,
    planned,
    with_all_it_takes,
)
from tests.support.specs import TABLES, one, users
from tests.support.walk import Walk

# Only the restricted admin borrows memberships, and differently before and since PostgreSQL 16; a superuser
# drops the same everywhere.
pytestmark = pytest.mark.sampled

WHOLE = DropOptions(database=True)
USERS = DropOptions()


LAYOUTS: dict[str, Any] = {
    "all": one,
    "odd": lambda p: one(p, user=f"{p}{ODD}", database=f"{p}{ODD}"),
    "owner": lambda p: one(p, users=[{**users(p)[0], "access": "owner"}, *users(p)[1:]]),
    "split": lambda p: one(p, user=f"{p}airflow", layout="split"),
}


@pytest.mark.parametrize(
    "layout",
    ["all", "odd", "owner", pytest.param("split", marks=pytest.mark.postgresql)],
)
def test_all_of_it(walk: Walk, prefix: str, layout: str) -> None:
    with_all_it_takes(walk, prefix)
    spec = walk.spec(LAYOUTS[layout](prefix))
    walk.provision(spec)
    names = [account.name for account in spec.deployments[0].accounts]
    walk.as_user(spec, names[0], *TABLES[walk.server.engine])
    with logged_in(walk, spec, *names) as sessions:
        departed = drop(walk, spec, WHOLE)
        assert departed.ok, (departed.error, departed.left)
        assert not any(alive(session) for session in sessions)
    assert left(walk, prefix) == []
    assert not drop(walk, spec, WHOLE).done
    assert not drop(walk, spec, USERS).done
    walk.provision(spec)
    walk.as_user(spec, names[0], *TABLES[walk.server.engine])


@pytest.mark.postgresql
@pytest.mark.parametrize("layout", ["all", "odd", "owner", "split"])
def test_the_users_alone(walk: Walk, prefix: str, layout: str) -> None:
    """Refused while they own anything; what they own goes to another role, and nothing of theirs is left."""
    spec = walk.spec(LAYOUTS[layout](prefix))
    walk.provision(spec)
    database, account = spec.deployments[0].database, spec.deployments[0].accounts[0]
    walk.as_user(spec, account.name, *TABLES["postgresql"], "INSERT INTO dag (name) VALUES ('a')")
    with pytest.raises(RefusedError, match="nothing was changed") as met:
        drop(walk, spec, USERS)
    assert "table " in met.value.why
    assert "dag" in met.value.why
    assert "--reassign-to" in met.value.todo

    as_admin(walk, f'CREATE ROLE "{prefix}new_owner"')
    schema = account.schemas[0]
    execute(
        walk.server,
        "superuser",
        f'GRANT CREATE ON SCHEMA {schema} TO "{prefix}new_owner"',
        database,
    )
    departed = drop(walk, spec, DropOptions(reassign_to=f"{prefix}new_owner"))
    assert departed.ok, (departed.error, departed.left)
    assert left(walk, prefix) == [f"database {database}", f"role {prefix}new_owner"]
    owner = f"SELECT tableowner FROM pg_tables WHERE schemaname = '{schema}'"
    assert execute(walk.server, "superuser", owner, database) == [(f"{prefix}new_owner",)]
    assert execute(walk.server, "superuser", f"SELECT name FROM {schema}.dag", database) == [("a",)]
    defaults = "SELECT pg_get_userbyid(defaclrole) FROM pg_default_acl"
    assert execute(walk.server, "superuser", defaults, database) == []
    assert memberships(walk, prefix) == []
    again = drop(walk, spec, USERS)
    assert again.ok
    assert not again.done


OWNED = {  # what the server asks a new owner about, and what it hands over unasked
    "function": ("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "SCHEMA public"),
    "procedure": ("CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1'", "SCHEMA public"),
    "aggregate": ("CREATE AGGREGATE g(int) (SFUNC = int4pl, STYPE = int)", "SCHEMA public"),
    "operator": ("CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq)", "SCHEMA public"),
    "collation": ('CREATE COLLATION c FROM "C"', "SCHEMA public"),
    "statistics": ("CREATE TABLE t (a int, b int); CREATE STATISTICS s ON a, b FROM t", "SCHEMA public"),
    "dictionary": ("CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = simple)", "SCHEMA public"),
    "table": ("CREATE TABLE t (a serial PRIMARY KEY, b text)", None),
    "view": ("CREATE VIEW v AS SELECT 1", None),
    "materialized view": ("CREATE MATERIALIZED VIEW v AS SELECT 1", None),
    "type": ("CREATE TYPE mood AS ENUM ('ok'); CREATE DOMAIN positive AS int; CREATE TYPE two AS (a int, b int)", None),
    "publication": ("CREATE PUBLICATION pub", "DATABASE"),
    "schema": ('CREATE SCHEMA "of its own"; CREATE FUNCTION "of its own".f() RETURNS int LANGUAGE sql AS \'SELECT 1\'', None),
    "large object": ("SELECT lo_create(0)", None),
}  # fmt: skip


@pytest.mark.postgresql
@pytest.mark.attack("drop --reassign-to a role that may not own it: users locked out, 42501")
@pytest.mark.parametrize("sort", OWNED)
def test_an_heir_that_may_not_own_it_is_refused_before_anything(
    walk: Walk, prefix: str, sort: str
) -> None:
    """Refused exactly where the server would: with what it lacks nothing is changed, with the grant it goes."""
    statements, lacking = OWNED[sort]
    new_owner = f"{prefix}new_owner"
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    walk.as_user(spec, f"{prefix}app", *statements.split("; "))
    public = "REVOKE CREATE ON SCHEMA public FROM PUBLIC"  # which everybody had before 15
    execute(walk.server, "superuser", public, f"{prefix}db")
    as_admin(walk, f'CREATE ROLE "{new_owner}"')
    locked = f"SELECT rolcanlogin FROM pg_roles WHERE rolname = '{prefix}app'"
    if lacking and not superuser(walk):
        with pytest.raises(RefusedError, match="nothing was changed") as met:
            drop(walk, spec, DropOptions(reassign_to=new_owner))
        privilege = f"CREATE ON {lacking}" + (f" {prefix}db" if lacking == "DATABASE" else "")
        assert f'role "{new_owner}" of --reassign-to cannot own all' in met.value.why
        assert privilege in met.value.why
        [grant] = [w for w in met.value.todo.split(": ", 1)[1].split(";") if privilege in w]
        assert execute(walk.server, "superuser", locked) == [(True,)]
        execute(walk.server, "superuser", grant, f"{prefix}db")
    departed = drop(walk, spec, DropOptions(reassign_to=new_owner))
    assert departed.ok, (departed.error, departed.left)


@pytest.mark.postgresql
@pytest.mark.attack("drop --reassign-to a role that the admin may not act as")
def test_an_heir_of_somebody_elses_is_refused_before_anything(walk: Walk, prefix: str) -> None:
    """Before 16 CREATEROLE acts as any role; since then only as one that it may administer."""
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    walk.as_user(spec, f"{prefix}app", "CREATE TABLE t (a int)")
    execute(walk.server, "superuser", f'CREATE ROLE "{prefix}new_owner"')
    if superuser(walk) or walk.server.release.startswith(("13.", "14.", "15.")):
        assert drop(walk, spec, DropOptions(reassign_to=f"{prefix}new_owner")).ok
        return
    with pytest.raises(RefusedError, match="nothing was changed") as met:
        drop(walk, spec, DropOptions(reassign_to=f"{prefix}new_owner"))
    assert f"{prefix}new_owner" in met.value.why
    locked = f"SELECT rolcanlogin FROM pg_roles WHERE rolname = '{prefix}app'"
    assert execute(walk.server, "superuser", locked) == [(True,)]


@pytest.mark.mysql
def test_the_users_alone_on_mysql(walk: Walk, prefix: str) -> None:
    """Data stays; a view or a routine that would fail without its definer keeps the user."""
    with_all_it_takes(walk, prefix)
    spec = walk.spec(one(prefix, users=users(prefix)))
    walk.provision(spec)
    walk.as_user(spec, f"{prefix}app", *TABLES["mysql"], "CREATE VIEW dags AS SELECT * FROM dag")
    with pytest.raises(RefusedError, match="nothing was changed") as met:
        drop(walk, spec, USERS)
    assert f'user "{prefix}app" is the definer of view {prefix}db.dags' in met.value.why
    with pytest.raises(RefusedError) as met:
        drop(walk, spec, DropOptions(reassign_to=f"{prefix}writer"))
    assert "nothing belongs to a user" in met.value.why
    walk.as_user(spec, f"{prefix}app", "DROP VIEW dags")
    departed = drop(walk, spec, USERS)
    assert departed.ok, (departed.error, departed.left)
    assert left(walk, prefix) == [f"database {prefix}db"]
    assert execute(walk.server, "superuser", "SELECT * FROM dag", f"{prefix}db") == []


@pytest.mark.mysql
def test_grants_that_would_survive(walk: Walk, prefix: str) -> None:
    """Trap T44: of a user that stays they are revoked, of others they are named."""
    with_all_it_takes(walk, prefix)
    spec = walk.spec(
        one(prefix, users=[{"name": f"{prefix}app", "access": "all", "host": "127.0.%"}]),
        {
            "name": "reports",
            "database": f"{prefix}db2",
            "users": [{"name": f"{prefix}app", "access": "all", "host": "127.0.%"}],
        },
    )
    with dbprov.servers(spec) as servers:
        for deployment in spec.deployments:
            assert dbprov.apply(deployment, servers[deployment]).error is None
    execute(walk.server, "superuser", f"CREATE USER '{prefix}joe'@'%' IDENTIFIED BY 'joe-of-this'")
    execute(walk.server, "superuser", f"GRANT SELECT ON `{prefix}db`.* TO '{prefix}joe'@'%'")
    remarks = planned(walk, spec, WHOLE).remarks
    assert any("grants of others" in r and f"{prefix}joe" in r for r in remarks), remarks
    assert any("stays: it serves reports too" in r for r in remarks), remarks
    departed = drop(walk, spec, WHOLE)
    assert departed.ok, (departed.error, departed.left)
    rows = execute(walk.server, "superuser", "SELECT db, user FROM mysql.db")
    ours = sorted((db.replace("\\", ""), user) for db, user in rows if prefix in user)
    assert ours == [(f"{prefix}db", f"{prefix}joe"), (f"{prefix}db2", f"{prefix}app")]
    assert f"database {prefix}db" not in left(walk, prefix)
    with dbprov.servers(spec) as servers:
        checks = list(dbprov.verify(spec.deployments[1], servers[spec.deployments[1]]))
    assert [c for c in checks if not c.held] == []


@pytest.mark.postgresql
@pytest.mark.parametrize("access", ["all", "owner"])
def test_a_user_that_serves_another_deployment(walk: Walk, prefix: str, access: str) -> None:
    account = {"name": f"{prefix}app", "access": access}
    spec = walk.spec(
        one(prefix, users=[account, users(prefix)[2]]),
        {"name": "reports", "database": f"{prefix}db2", "users": [account]},
    )
    with dbprov.servers(spec) as servers:
        for deployment in spec.deployments:
            assert dbprov.apply(deployment, servers[deployment]).error is None
    walk.as_user(spec, f"{prefix}app", *TABLES["postgresql"])
    with pytest.raises(RefusedError, match="nothing was changed") as met:
        drop(walk, spec, USERS)
    assert "serves reports too" in met.value.why
    departed = drop(walk, spec, WHOLE)
    assert departed.ok, (departed.error, departed.left)
    assert left(walk, prefix) == [f"database {prefix}db2", f"role {prefix}app"]
    with dbprov.servers(spec) as servers:
        deployment = spec.deployments[1]
        assert dbprov.plan(deployment, servers[deployment]).complete
        checks = list(dbprov.verify(deployment, servers[deployment]))
    assert [c for c in checks if not c.held] == []


@pytest.mark.postgresql
def test_a_user_in_turn_that_serves_another_deployment(walk: Walk, prefix: str) -> None:
    """Who takes turns with a user that stays is the one whose password is handed out, and stays too."""
    account = {"name": f"{prefix}app", "rotation": "two-users"}
    spec = walk.spec(
        one(prefix, users=[account]),
        {"name": "reports", "database": f"{prefix}db2", "users": [account]},
    )
    with dbprov.servers(spec) as servers:
        for deployment in spec.deployments:
            assert dbprov.apply(deployment, servers[deployment]).error is None
        [rotation] = plan_rotation(spec.deployments[0], servers[spec.deployments[0]])
        assert rotate(rotation, servers[spec.deployments[0]]).ok
    departed = drop(walk, spec, WHOLE)
    assert departed.ok, (departed.error, departed.left)
    assert left(walk, prefix) == [f"database {prefix}db2", *(f"role {prefix}{n}" for n in ("app", "app_b"))]  # fmt: skip
    with dbprov.servers(spec) as servers:
        checks = list(dbprov.verify(spec.deployments[1], servers[spec.deployments[1]]))
    assert [c for c in checks if not c.held] == []


@pytest.mark.postgresql
def test_things_elsewhere(walk: Walk, prefix: str) -> None:
    """What it owns in another database is refused with its name; what it was given there goes."""
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    as_admin(walk, f'CREATE DATABASE "{prefix}other"')
    as_admin(walk, "CREATE TABLE theirs (id integer)", f"{prefix}other")
    as_admin(walk, f'GRANT SELECT ON theirs TO "{prefix}app"', f"{prefix}other")
    as_admin(
        walk, f'ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO "{prefix}app"', f"{prefix}other"
    )
    execute(walk.server, "superuser", "CREATE TABLE its_own (id integer)", f"{prefix}other")
    execute(
        walk.server, "superuser", f'ALTER TABLE its_own OWNER TO "{prefix}app"', f"{prefix}other"
    )
    for options in (USERS, WHOLE, DropOptions(reassign_to=walk.server.user("superuser"))):
        with pytest.raises(RefusedError, match="nothing was changed") as met:
            drop(walk, spec, options)
        words = f'user "{prefix}app" owns things beside this Deployment in database "{prefix}other": table public.its_own'
        assert words in met.value.why

    execute(walk.server, "superuser", "DROP TABLE its_own", f"{prefix}other")
    remarks = planned(walk, spec, WHOLE).remarks
    assert any("table public.theirs" in r and "privileges that go" in r for r in remarks), remarks
    departed = drop(walk, spec, WHOLE)
    assert departed.ok, (departed.error, departed.left)
    assert left(walk, prefix) == [f"database {prefix}other"]
    assert execute(walk.server, "superuser", "SELECT * FROM theirs", f"{prefix}other") == []
    assert memberships(walk, prefix) == []


@pytest.mark.postgresql
@pytest.mark.parametrize("maker", ["admin", "superuser"])
def test_what_others_gave(walk: Walk, prefix: str, maker: Any) -> None:
    """Revoked in their name; where the admin may not act as them it is known before, and named."""
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    database, joe = f"{prefix}db", f"{prefix}joe"
    execute(walk.server, maker, f'CREATE ROLE "{joe}"')
    for statement in (
        "CREATE TABLE of_joe (id integer)",
        f'ALTER TABLE of_joe OWNER TO "{joe}"',
        f'GRANT SELECT, UPDATE (id) ON of_joe TO "{prefix}app"',
    ):
        execute(walk.server, "superuser", statement, database)
    old = walk.server.version in ("13", "14", "15")
    if not superuser(walk) and maker == "superuser" and not old:
        with pytest.raises(RefusedError, match="nothing was changed") as met:
            drop(walk, spec, USERS)
        assert f"table of_joe by {joe}" in met.value.why.replace("public.", "")
        statement = f'GRANT "{joe}" TO "dba" WITH INHERIT TRUE, SET TRUE'
        assert met.value.todo == f"a superuser would run:\n{statement};"
        assert not walk.plan(spec).steps
        execute(walk.server, "superuser", statement)
    departed = drop(walk, spec, USERS)
    assert departed.ok, (departed.error, departed.left)
    assert left(walk, prefix) == [f"database {database}", f"role {joe}"]
    assert memberships(walk, prefix) == []


@pytest.mark.postgresql
@pytest.mark.usefixtures("rds_iam")
@pytest.mark.parametrize("options", [WHOLE, QUARANTINE], ids=["drop", "quarantine"])
def test_a_user_of_iam(walk: Walk, prefix: str, options: DropOptions) -> None:
    """Trap T30: its rights are borrowed only once it is no member of rds_iam any more."""
    accounts = [users(prefix)[0], {**users(prefix)[2], "auth": "iam"}]
    spec = walk.spec(one(prefix, users=accounts))
    walk.provision(spec)
    as_admin(
        walk, f'GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{prefix}reader"', f"{prefix}db"
    )
    departed = drop(walk, spec, options)
    assert departed.ok, (departed.error, departed.left)
    assert memberships(walk, prefix) == []
    if options is QUARANTINE:
        walk.provision(spec)
        assert drop(walk, spec, USERS).ok
        assert left(walk, prefix) == [f"database {prefix}db"]
    else:
        assert left(walk, prefix) == []


@pytest.mark.postgresql
def test_another_database_of_its_own(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    execute(walk.server, "superuser", f'CREATE DATABASE "{prefix}other" OWNER "{prefix}app"')
    with pytest.raises(RefusedError, match="nothing was changed") as met:
        drop(walk, spec, WHOLE)
    assert f"owns things beside this Deployment: database {prefix}other" in met.value.why
    assert f"database {prefix}db" in left(walk, prefix)


@pytest.mark.postgresql
@pytest.mark.parametrize("admin", ["restricted"], indirect=True)
@pytest.mark.parametrize("owns", [True, False])
def test_a_database_that_cannot_be_entered(walk: Walk, prefix: str, owns: bool) -> None:
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    execute(walk.server, "superuser", f'CREATE DATABASE "{prefix}other"')
    execute(walk.server, "superuser", f'REVOKE CONNECT ON DATABASE "{prefix}other" FROM PUBLIC')
    execute(walk.server, "superuser", "CREATE TABLE t (id integer)", f"{prefix}other")
    what = (
        f'ALTER TABLE t OWNER TO "{prefix}app"' if owns else f'GRANT SELECT ON t TO "{prefix}app"'
    )
    execute(walk.server, "superuser", what, f"{prefix}other")
    with pytest.raises(RefusedError, match="nothing was changed") as met:
        drop(walk, spec, WHOLE)
    assert ("owns 1 objects" if owns else "has privileges") in met.value.why
    assert f'in database "{prefix}other", where this admin cannot look' in met.value.why
    assert f'GRANT CONNECT ON DATABASE "{prefix}other"' in met.value.todo


@pytest.mark.postgresql
def test_sessions_of_others_in_the_database(walk: Walk, prefix: str) -> None:
    """A superuser ends them; an admin that may not is told so before anything is changed."""
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    from tests.harness.accounts import postgresql

    execute(walk.server, "superuser", f"CREATE ROLE \"{prefix}joe\" LOGIN PASSWORD 'joe'")
    execute(walk.server, "superuser", f'GRANT CONNECT ON DATABASE "{prefix}db" TO "{prefix}joe"')
    with postgresql(
        walk.server.host, walk.server.port, (f"{prefix}joe", "joe"), f"{prefix}db"
    ) as joe:
        if not superuser(walk) and walk.server.version not in ("13", "14", "15"):
            with pytest.raises(RefusedError, match="nothing was changed") as met:
                drop(walk, spec, WHOLE)
            assert f'of "{prefix}joe"' in met.value.why
            assert "pg_terminate_backend" in met.value.todo
            assert alive(PostgreSQLSession(cast(Any, joe)))
        else:
            departed = drop(walk, spec, WHOLE)
            assert departed.ok, (departed.error, departed.left)
            assert not alive(PostgreSQLSession(cast(Any, joe)))


@pytest.mark.postgresql
def test_a_database_that_will_not_go(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    execute(walk.server, "superuser", f'ALTER DATABASE "{prefix}db" IS_TEMPLATE true')
    with pytest.raises(RefusedError, match="nothing was changed") as met:
        drop(walk, spec, WHOLE)
    assert "it is a template" in met.value.why
    assert walk.plan(spec).complete


@pytest.mark.postgresql
@pytest.mark.parametrize("admin", ["restricted"], indirect=True)
def test_a_database_of_somebody_else(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    execute(walk.server, "superuser", f'ALTER DATABASE "{prefix}db" OWNER TO postgres')
    with pytest.raises(RefusedError, match="nothing was changed") as met:
        drop(walk, spec, WHOLE)
    statement = f'ALTER DATABASE "{prefix}db" OWNER TO "dba"'
    assert met.value.todo == f"a superuser would run:\n{statement};"
    assert 'it belongs to "postgres"' in met.value.why
    execute(walk.server, "superuser", statement)
    assert drop(walk, spec, WHOLE).ok


@pytest.mark.postgresql
def test_drop_owned_drops_no_object(walk: Walk, prefix: str) -> None:
    """Trap T77: also where the object came after the look, the statement itself refuses."""
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    walk.as_user(spec, f"{prefix}app", *TABLES["postgresql"])
    item = Belongings(inside=f"{prefix}db", user=f"{prefix}app", database=f"{prefix}db")
    with dbprov.servers(spec) as servers:
        server = servers[spec.deployments[0]]
        server.look([Database(name=f"{prefix}db", encoding=""), item])
        with pytest.raises(dbprov.DbprovError) as met:
            list(server.apply([Step("drop", item)]))
    assert met.value.code == "2BP01"
    assert "still owns something here" in met.value.why
    walk.as_user(spec, f"{prefix}app", "SELECT * FROM dag")


def test_half_of_it_is_there(walk: Walk, prefix: str) -> None:
    with_all_it_takes(walk, prefix)
    spec = walk.spec(one(prefix, users=users(prefix)))
    walk.provision(spec)
    if walk.server.engine == "postgresql":
        as_admin(walk, f'DROP DATABASE "{prefix}db"')
        as_admin(walk, f'DROP ROLE "{prefix}reader"')
    else:
        as_admin(walk, f"DROP DATABASE `{prefix}db`")
        as_admin(walk, f"DROP USER '{prefix}reader'@'%'")
    departed = drop(walk, spec, WHOLE)
    assert departed.ok, (departed.error, departed.left)
    assert left(walk, prefix) == []


def test_one_at_a_time(walk: Walk, prefix: str) -> None:
    """While another run changes the same database or users nothing is dropped."""
    with_all_it_takes(walk, prefix)
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    deployment = spec.deployments[0]
    with dbprov.servers(spec) as first, dbprov.servers(spec, timeouts=Timeouts(lock=0)) as second:
        with first[deployment].lock(deployment):
            departed = drop_deployment(spec, deployment, second[deployment], WHOLE)
        assert isinstance(departed.error, LockError)
        assert not departed.done
        assert walk.plan(spec).complete
        assert drop_deployment(spec, deployment, second[deployment], WHOLE).ok


@pytest.mark.postgresql
def test_what_came_after_somebody_said_yes(walk: Walk, prefix: str) -> None:
    """Only what was shown is done; but sessions come and go."""
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    deployment = spec.deployments[0]
    with dbprov.servers(spec) as servers:
        server = servers[deployment]
        shown = plan_drop(spec, deployment, server, WHOLE)
        with logged_in(walk, spec, f"{prefix}app"):
            execute(walk.server, "superuser", f'CREATE DATABASE "{prefix}other"')
            grant = f'GRANT CREATE ON SCHEMA public TO "{prefix}app"'
            execute(walk.server, "superuser", grant, f"{prefix}other")
            if superuser(walk):
                with pytest.raises(RefusedError, match="has changed since the plan") as met:
                    drop_deployment(spec, deployment, server, WHOLE, shown, agreed=True)
                assert "DROP OWNED" in met.value.why
                assert walk.plan(spec).complete
            taken = grant.replace("GRANT", "REVOKE").replace(" TO ", " FROM ")
            execute(walk.server, "superuser", taken, f"{prefix}other")
            assert drop_deployment(spec, deployment, server, WHOLE, shown, agreed=True).ok


@pytest.mark.mysql("mysql")
def test_the_size_of_now(walk: Walk, prefix: str) -> None:
    """Not the one that MySQL keeps for a day, once anybody has asked."""
    spec = walk.spec(one(prefix))
    query = "SELECT @@SESSION.information_schema_stats_expiry AS seconds"
    assert walk.each(spec, lambda _, server: server.answers([query])) == [[[{"seconds": 0}]]]
