"""A dump restored by the admin, and by others: the objects become the user's, and nothing borrowed stays."""

from __future__ import annotations

import psycopg
import pytest

from dbprov.errors import RefusedError
from dbprov.plan.change_owner import Consent
from tests.harness import execute
from tests.harness.model import Who
from tests.support.admins import as_admin, superuser
from tests.support.adopt import adopt, adoption
from tests.support.specs import one
from tests.support.walk import Walk

# Giving objects to somebody else takes memberships: those before PostgreSQL 16, and those since.
pytestmark = pytest.mark.sampled

RESTORED = (
    "CREATE TABLE {s}.dag_run (id serial PRIMARY KEY, word text)",
    'CREATE TABLE {s}."We""i`rd \'table" (id integer GENERATED ALWAYS AS IDENTITY)',
    "CREATE TABLE {s}.parent (id integer) PARTITION BY RANGE (id)",
    "CREATE TABLE {s}.child PARTITION OF {s}.parent FOR VALUES FROM (0) TO (9)",
    "CREATE VIEW {s}.runs AS SELECT * FROM {s}.dag_run",
    "CREATE MATERIALIZED VIEW {s}.counted AS SELECT count(*) AS n FROM {s}.dag_run",
    "CREATE SEQUENCE {s}.alone",
    "CREATE TYPE {s}.state AS ENUM ('on', 'off')",
    'CREATE TYPE {s}."Odd type" AS (a integer, b {s}.state)',
    "CREATE DOMAIN {s}.positive AS integer CHECK (VALUE > 0)",
    "CREATE FUNCTION {s}.f(a {s}.\"Odd type\", b {s}.state[], VARIADIC c text[]) RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "CREATE FUNCTION {s}.f() RETURNS integer LANGUAGE sql AS 'SELECT 2'",
    "CREATE PROCEDURE {s}.p(a integer) LANGUAGE sql AS 'SELECT 1'",
    "CREATE AGGREGATE {s}.total(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0')",
)
OTHERS = """
    SELECT count(*) FROM (
        SELECT relowner AS owner FROM pg_class WHERE relnamespace = '{s}'::regnamespace
        UNION ALL SELECT proowner FROM pg_proc WHERE pronamespace = '{s}'::regnamespace
        UNION ALL SELECT typowner FROM pg_type WHERE typnamespace = '{s}'::regnamespace) AS t
    WHERE pg_get_userbyid(owner) <> '{user}'
"""


def restore(
    walk: Walk, database: str, schema: str = "public", *statements: str, who: Who | None = None
) -> None:
    """As the admin, who owns whatever pg_restore makes."""
    who = who or ("superuser" if superuser(walk) else "admin")
    for statement in statements or RESTORED:
        execute(walk.server, who, statement.replace("{s}", schema), database)


def borrowed(walk: Walk, prefix: str) -> int:
    query = (
        "SELECT count(*) FROM pg_auth_members AS m JOIN pg_roles AS r ON r.oid = m.roleid"
        f" WHERE r.rolname LIKE '{prefix}%' AND m.grantor <> 10"
    )
    return int(execute(walk.server, "superuser", query)[0][0])


@pytest.mark.postgresql
@pytest.mark.parametrize("access", ["all", "owner"])
def test_what_the_admin_restored(walk: Walk, prefix: str, access: str) -> None:
    spec = walk.spec(one(prefix, access=access))
    walk.provision(spec)
    user = f"{prefix}app"
    if access == "owner" or walk.server.version in ("13", "14"):  # the admin may not create there
        creator = walk.server.user("admin")
        execute(
            walk.server, "superuser", f'GRANT CREATE ON SCHEMA public TO "{creator}"', f"{prefix}db"
        )
    restore(walk, f"{prefix}db")
    with pytest.raises(psycopg.Error, match="must be owner"):
        walk.as_user(spec, user, "ALTER TABLE public.dag_run ADD COLUMN upgraded integer")
    before = borrowed(walk, prefix)
    planned = adoption(walk, spec)
    assert not planned.obstacles
    given = [step for step in planned.steps if step.item.kind == "object_owner"]
    assert len(given) == len(RESTORED)
    adopted = adopt(walk, spec)
    assert adopted.ok, adopted.error
    assert borrowed(walk, prefix) == before
    query = OTHERS.replace("{s}", "public").replace("{user}", user)
    assert execute(walk.server, "superuser", query, f"{prefix}db") == [(0,)]
    walk.as_user(spec, user, "ALTER TABLE public.dag_run ADD COLUMN upgraded integer")
    assert not adopt(walk, spec).done
    walk.provision(spec)


@pytest.mark.postgresql
def test_each_schema_goes_to_the_user_that_works_in_it(walk: Walk, prefix: str) -> None:
    users = [{"name": f"{prefix}meta"}, {"name": f"{prefix}celery"}]
    spec = walk.spec(one(prefix, layout="split", users=users))
    walk.provision(spec)
    for schema in ("airflow", "celery"):
        restore(walk, f"{prefix}db", schema, "CREATE TABLE {s}.moved (id serial)")
    assert adopt(walk, spec).ok
    for schema, user in (("airflow", "meta"), ("celery", "celery")):
        query = OTHERS.replace("{s}", schema).replace("{user}", prefix + user)
        assert execute(walk.server, "superuser", query, f"{prefix}db") == [(0,)]


@pytest.mark.postgresql
def test_what_a_superuser_owns(walk: Walk, prefix: str) -> None:
    """Not taken unless it is named; then a restricted admin says who would run what, and changes nothing at all."""
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    database, boss = f"{prefix}db", walk.server.user("superuser")
    execute(walk.server, "superuser", "CREATE TABLE public.theirs (id integer)", database)
    if superuser(walk):
        assert adopt(walk, spec).ok
        return
    [withheld] = adoption(walk, spec).withheld
    assert withheld.flags == ("--from", boss)
    adopted = adopt(walk, spec)
    assert adopted.ok
    assert not adopted.done
    planned = adoption(walk, spec, Consent(owners=(boss,)))
    [(_, obstacle)] = planned.obstacles
    assert f'belongs to "{boss}"' in obstacle.why
    assert obstacle.statement == f'ALTER TABLE "public"."theirs" OWNER TO "{prefix}app"'
    with pytest.raises(RefusedError, match="nothing was changed"):
        adopt(walk, spec, Consent(owners=(boss,)))
    execute(walk.server, "superuser", obstacle.statement, database)
    assert adoption(walk, spec, Consent(owners=(boss,))).complete


@pytest.mark.postgresql
def test_what_another_role_restored(walk: Walk, prefix: str) -> None:
    """All of it with --from, as if the admin had restored it; nothing of it without."""
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    database, old = f"{prefix}db", f"{prefix}old"
    as_admin(walk, f'CREATE ROLE "{old}"')
    execute(walk.server, "superuser", f'GRANT CREATE ON SCHEMA public TO "{old}"', database)
    restore(walk, database, "public", f'SET ROLE "{old}"; ' + "; ".join(RESTORED), who="superuser")
    assert not adopt(walk, spec).done
    adopted = adopt(walk, spec, Consent(owners=(old,)))
    assert adopted.ok, adopted.error
    assert len([done for done in adopted.done if done.step.verb == "alter"]) == len(RESTORED)
    query = OTHERS.replace("{s}", "public").replace("{user}", f"{prefix}app")
    assert execute(walk.server, "superuser", query, database) == [(0,)]
    again = adopt(walk, spec, Consent(owners=(old,)))
    assert again.ok
    assert not again.done


def test_what_is_not_there_is_a_mistake(walk: Walk, prefix: str) -> None:
    """Mistyped, or on MySQL, where nobody owns anything: refused rather than passed over."""
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    for consent in (Consent(owners=(f"{prefix}nobody",)), Consent(objects=("public.nothing()",))):
        with pytest.raises(RefusedError, match="nothing was changed") as met:
            adopt(walk, spec, consent)
        if walk.server.engine == "postgresql":
            assert "not found on the server: --" in met.value.why
        else:
            assert "have no meaning" in met.value.why


@pytest.mark.postgresql
def test_what_is_an_extensions_stays_so(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    available = "SELECT count(*) FROM pg_available_extensions WHERE name = 'pgcrypto'"
    [(count,)] = execute(walk.server, "superuser", available)
    name = "pgcrypto" if count else "plpgsql"
    execute(
        walk.server, "superuser", f"CREATE EXTENSION IF NOT EXISTS {name} SCHEMA public" if count else "SELECT 1",
        f"{prefix}db",
    )  # fmt: skip
    assert adoption(walk, spec).complete


def test_before_apply_there_is_nobody_to_give_it_to(walk: Walk, prefix: str) -> None:
    with pytest.raises(RefusedError, match="not provisioned yet"):
        adopt(walk, walk.spec(one(prefix)))


@pytest.mark.mysql
def test_mysql_has_no_owners_but_definers(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    assert adopt(walk, spec).ok
    execute(walk.server, "superuser", "CREATE VIEW v AS SELECT 1 AS n", f"{prefix}db")
    planned = adoption(walk, spec)
    assert planned.complete
    assert [words.split(" runs ")[0] for words in planned.remarks] == ['view "v"']
    assert "read its text first" in planned.remarks[0]
    # With SQL SECURITY INVOKER nothing runs as the definer.
    execute(walk.server, "superuser", "ALTER SQL SECURITY INVOKER VIEW v AS SELECT 1 AS n", f"{prefix}db")  # fmt: skip
    assert adoption(walk, spec).remarks == ()
