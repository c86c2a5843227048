"""One thing is broken by hand: the plan shows exactly that, apply mends it, and the plan is empty."""

from __future__ import annotations

from typing import Any

import pytest

import dbprov
from dbprov.errors import RefusedError
from tests.harness import execute
from tests.support.drift import MYSQL, POSTGRESQL, Drift
from tests.support.specs import one, users
from tests.support.walk import Walk

# What a plan finds differs with the catalogues of the oldest and the newest.
pytestmark = pytest.mark.sampled


def break_and_mend(walk: Walk, spec: Any, prefix: str, cases: dict[str, Drift], admin: str) -> None:
    names = {"p": prefix, "e": prefix.replace("_", "\\_"), "admin": admin}
    for name, (statement, database, expected) in cases.items():
        execute(
            walk.server, "superuser", statement.format(**names), database.format(**names) or None
        )
        steps = [
            f"{step.verb} {step.item.kind}"
            for step in walk.plan(spec).steps
            if step.item.kind not in ("membership", "label")
        ]
        assert steps == expected, name
        [done] = walk.each(
            spec,
            lambda deployment, server: [
                done
                for committed in server.apply(dbprov.plan(deployment, server).steps)
                for done in committed
            ],
        )
        assert [
            f"{d.step.verb} {d.step.item.kind}"
            for d in done
            if d.step.item.kind not in ("membership", "label")
        ] == expected, name
        assert walk.plan(spec).complete, name
    assert not walk.provision(spec).done


@pytest.mark.postgresql
def test_one_thing_at_a_time(walk: Walk, prefix: str) -> None:
    spec = walk.spec(
        one(prefix, user=f"{prefix}airflow", layout="split", isolate=True, connection_limit=5)
    )
    walk.provision(spec)
    who: Any = "superuser" if walk.url == walk.server.url("superuser") else "admin"
    for statement in (
        "CREATE TABLE airflow.made_by_admin (id integer)",
        "CREATE SEQUENCE airflow.counted",
        "CREATE FUNCTION airflow.f() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    ):
        execute(walk.server, who, statement, f"{prefix}db")
    assert walk.plan(spec).complete
    break_and_mend(walk, spec, prefix, POSTGRESQL, walk.server.user(who))


@pytest.mark.mysql
def test_one_thing_at_a_time_on_mysql(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix, users=[{**user, "connection_limit": 5} for user in users(prefix)]))
    walk.provision(spec)
    break_and_mend(walk, spec, prefix, MYSQL, "")


OWNED: dict[str, Drift] = {
    "a default for what the owner makes": (
        'ALTER DEFAULT PRIVILEGES FOR ROLE "{p}owner" IN SCHEMA public REVOKE SELECT ON TABLES FROM "{p}reader"',
        "{p}db", ["alter default_grant"],
    ),
    "the owner's table": ('REVOKE SELECT ON public.dag FROM "{p}reader"', "{p}db", ["alter object_grant"]),
    "the owner's own CONNECT": ('REVOKE CONNECT ON DATABASE "{p}db" FROM "{p}owner"', "", ["alter database_grant"]),
}  # fmt: skip


@pytest.mark.postgresql
def test_what_belongs_to_the_owner(walk: Walk, prefix: str) -> None:
    """The restricted admin mends it with the owner's rights, and gives them back."""
    spec = walk.spec(
        one(
            prefix,
            users=[
                {"name": f"{prefix}owner", "access": "owner"},
                {"name": f"{prefix}reader", "access": "read"},
            ],
        )
    )
    walk.provision(spec)
    walk.as_user(spec, f"{prefix}owner", "CREATE TABLE dag (id integer)")
    break_and_mend(walk, spec, prefix, OWNED, "")
    if walk.url == walk.server.url(
        "admin"
    ):  # the owner's PUBLIC is shut out: without its own CONNECT the admin is, too
        admin = walk.server.user("admin")
        execute(walk.server, "superuser", f'REVOKE CONNECT ON DATABASE "{prefix}db" FROM "{admin}"')
        [told] = walk.plan(spec).remedy
        assert told.statement == f'GRANT CONNECT ON DATABASE "{prefix}db" TO "{admin}"'
        assert told.roles == (f"{prefix}owner",)
        execute(walk.server, "superuser", told.statement)
        walk.provision(spec)
    members = execute(
        walk.server, "superuser",
        "SELECT count(*) FROM pg_auth_members WHERE member = grantor AND roleid::regrole::text LIKE '%" + prefix + "%'",
    )  # fmt: skip
    assert members == [(0,)]


@pytest.mark.postgresql
def test_another_owner_of_the_database(walk: Walk, prefix: str) -> None:
    """A superuser gives it back; the restricted admin cannot, changes nothing, and says who runs what."""
    spec = walk.spec(one(prefix, access="owner"))
    walk.provision(spec)
    execute(walk.server, "superuser", f'ALTER DATABASE "{prefix}db" OWNER TO postgres')
    planned = walk.plan(spec)
    assert next(s.item.kind for s in planned.steps if s.item.kind != "membership") == "ownership"
    if walk.url == walk.server.url("superuser"):
        walk.provision(spec)
        return
    with pytest.raises(RefusedError, match="nothing was changed") as refused:
        walk.apply(spec)
    assert f'ALTER DATABASE "{prefix}db" OWNER TO "dba"' in refused.value.todo
    assert [str(s) for s in walk.plan(spec).steps] == [str(s) for s in planned.steps]


MORE = {
    "postgresql": (
        ('GRANT TEMPORARY ON DATABASE "{p}db" TO "{p}reader"', ""),
        ('GRANT "{p}writer" TO "{p}reader"', ""),
        ('GRANT UPDATE ON public.dag TO "{p}reader"', "{p}db"),
        (
            'ALTER DEFAULT PRIVILEGES FOR ROLE "{admin}" IN SCHEMA public GRANT UPDATE ON TABLES TO "{p}reader"',
            "{p}db",
        ),
        ('ALTER DEFAULT PRIVILEGES FOR ROLE "{admin}" GRANT SELECT ON TABLES TO PUBLIC', "{p}db"),
        ('ALTER ROLE "{p}app" CREATEDB', ""),
    ),
    "mysql": (
        (r"GRANT UPDATE ON `{e}db`.* TO '{p}reader'@'%'", ""),
        ("GRANT SELECT ON `{p}db`.dag TO '{p}writer'@'%'", ""),
        (r"GRANT PROCESS ON *.* TO '{p}app'@'%'", ""),
        (r"GRANT SELECT ON `{e}db`.* TO '{p}app'@'%' WITH GRANT OPTION", ""),
    ),
}
RIGHTS = {
    "postgresql": "SELECT (SELECT datacl::text FROM pg_database WHERE datname = current_database()),"
    " (SELECT string_agg(defaclacl::text, ' ' ORDER BY oid) FROM pg_default_acl),"
    " (SELECT relacl::text FROM pg_class WHERE relname = 'dag'),"
    " (SELECT string_agg(rolname || rolcreatedb, ' ' ORDER BY 1) FROM pg_roles),"
    " (SELECT count(*) FROM pg_auth_members)",
    "mysql": "SELECT * FROM mysql.db ORDER BY Host, Db, User",
}


def test_more_than_is_wanted_is_left_alone(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix, users=users(prefix)))
    walk.provision(spec)
    walk.as_user(spec, f"{prefix}app", "CREATE TABLE dag (id integer)")
    admin = walk.server.user("superuser" if walk.url == walk.server.url("superuser") else "admin")
    names = {"p": prefix, "e": prefix.replace("_", "\\_"), "admin": admin}
    for statement, database in MORE[walk.server.engine]:
        execute(
            walk.server, "superuser", statement.format(**names), database.format(**names) or None
        )
    before = execute(walk.server, "superuser", RIGHTS[walk.server.engine], f"{prefix}db")
    assert walk.plan(spec).complete
    applied = walk.apply(spec)
    assert not applied.done
    assert not applied.ok  # nothing was taken away, but verify does not call it well
    assert execute(walk.server, "superuser", RIGHTS[walk.server.engine], f"{prefix}db") == before
