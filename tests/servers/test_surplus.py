"""What is there and not wanted: named, left alone, and taken away by ``apply --prune``, by who granted it (T10 to T14, T21,
T25, T43, T46). Never more than that, and never anything that the spec wants."""

from __future__ import annotations

import json

import pytest

import dbprov
from dbprov.plan.plan import Plan
from dbprov.spec.model import Spec
from tests.harness import execute
from tests.support.admins import admin_name, as_admin, superuser
from tests.support.command import dbprov as run
from tests.support.specs import one, users
from tests.support.walk import Walk

# Who granted a membership is known since PostgreSQL 16: one before it, and one since.
pytestmark = pytest.mark.sampled

HELD = {
    "postgresql": """
        SELECT 'database', datname, a.grantor::regrole, a.grantee::regrole, a.privilege_type, a.is_grantable
        FROM pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba))) AS a
        UNION ALL SELECT 'schema', nspname, a.grantor::regrole, a.grantee::regrole, a.privilege_type, a.is_grantable
        FROM pg_namespace, aclexplode(coalesce(nspacl, acldefault('n', nspowner))) AS a
        UNION ALL SELECT 'relation', oid::regclass::text, a.grantor::regrole, a.grantee::regrole, a.privilege_type, a.is_grantable
        FROM pg_class, aclexplode(coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner))) AS a
        WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
        UNION ALL SELECT 'column', attrelid::regclass || '.' || attname, a.grantor::regrole, a.grantee::regrole, a.privilege_type, a.is_grantable
        FROM pg_attribute, aclexplode(attacl) AS a WHERE attacl IS NOT NULL
        UNION ALL SELECT 'routine', oid::regprocedure::text, a.grantor::regrole, a.grantee::regrole, a.privilege_type, a.is_grantable
        FROM pg_proc, aclexplode(coalesce(proacl, acldefault('f', proowner))) AS a
        UNION ALL SELECT 'type', oid::regtype::text, a.grantor::regrole, a.grantee::regrole, a.privilege_type, a.is_grantable
        FROM pg_type, aclexplode(typacl) AS a WHERE typacl IS NOT NULL
        UNION ALL SELECT 'default', concat(defaclobjtype, ' ', nspname), a.grantor::regrole, a.grantee::regrole, a.privilege_type, a.is_grantable
        FROM pg_default_acl LEFT JOIN pg_namespace AS n ON n.oid = defaclnamespace, aclexplode(defaclacl) AS a
        UNION ALL SELECT 'role', roleid::regrole::text, grantor::regrole, member::regrole, 'MEMBER', admin_option FROM pg_auth_members
        UNION ALL SELECT 'attribute', concat(rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls, rolcanlogin), 0::regrole, oid::regrole, '', false
        FROM pg_roles""",
    "mysql": """
        SELECT grantee, '', '', privilege_type, is_grantable FROM information_schema.user_privileges
        UNION ALL SELECT grantee, table_schema, '', privilege_type, is_grantable FROM information_schema.schema_privileges
        UNION ALL SELECT grantee, table_schema, table_name, privilege_type, is_grantable FROM information_schema.table_privileges
        UNION ALL SELECT grantee, table_schema, CONCAT(table_name, '.', column_name), privilege_type, is_grantable
        FROM information_schema.column_privileges
        UNION ALL SELECT user, db, routine_name, proc_priv, '' FROM mysql.procs_priv""",
}


def held(walk: Walk, prefix: str) -> set[str]:
    """Everything that anybody holds, by whom it was granted."""
    rows = execute(walk.server, "superuser", HELD[walk.server.engine], f"{prefix}db")
    return {" ".join(map(str, row)) for row in rows if prefix in str(row)}


def prune(walk: Walk, spec: Spec) -> dbprov.Run:
    """Apply with --prune, and insist that nothing is left that it could take, and that every user still can what it must."""
    with dbprov.servers(spec) as servers:
        [deployment] = spec.deployments
        planned = dbprov.plan(deployment, servers[deployment], prune=True)
        applied = dbprov.apply(deployment, servers[deployment], planned)
    assert applied.error is None, applied.error
    assert applied.left
    assert applied.left.complete, applied.left.statements
    assert not [one for one in applied.left.extra if one.obstacle is None], named(applied.left)
    elsewhere = (
        "CONNECT",
        "it enters",
        "BYPASSRLS",
        "FILE",
    )  # what verify tells of and others must take away
    failed = [c for c in applied.checks if not c.held]
    assert [c for c in failed if not any(word in c.observed for word in elsewhere)] == []
    return applied


def named(planned: Plan) -> list[str]:
    return [str(one.item) for one in planned.extra]


def do(walk: Walk, prefix: str, cases: tuple[tuple[str, str], ...]) -> None:
    """Statements, each by the admin of the test, or by a role after its name and a colon."""
    names = {"p": prefix, "e": prefix.replace("_", "\\_"), "admin": admin_name(walk)}
    for statement, database in cases:
        words, inside = statement.format(**names), database.format(**names) or None
        who, _, what = words.partition(": ")
        if what and who.isidentifier():
            execute(walk.server, "superuser", f'SET ROLE "{who}"; {what}', inside)
        else:
            as_admin(walk, words, inside)


THINGS = (
    ("CREATE TABLE public.dag (id integer, name text)", "{p}db"),
    ("CREATE SEQUENCE public.counted", "{p}db"),
    ("CREATE TYPE public.\"mood'y\" AS ENUM ('ok')", "{p}db"),
    ("CREATE FUNCTION public.f(a integer, b text[], VARIADIC c public.\"mood'y\"[]) RETURNS integer LANGUAGE sql AS 'SELECT 1'", "{p}db"),
    ("CREATE FUNCTION public.f() RETURNS integer LANGUAGE sql AS 'SELECT 1'", "{p}db"),
    ("CREATE PROCEDURE public.p(INOUT a text) LANGUAGE sql AS 'SELECT a'", "{p}db"),
    ("CREATE SCHEMA elsewhere", "{p}db"),
    ('CREATE TABLE elsewhere."it\'s ""odd""" (id integer)', "{p}db"),
    ('CREATE DATABASE "{p}more"', ""),
    ('CREATE ROLE "{p}ga"', ""),
    ('CREATE ROLE "{p}gives_nothing"', ""),
    ('GRANT USAGE ON SCHEMA public, elsewhere TO "{p}ga" WITH GRANT OPTION', "{p}db"),
    ('GRANT SELECT, INSERT ON public.dag TO "{p}ga" WITH GRANT OPTION', "{p}db"),
)  # fmt: skip
SURPLUS = (  # statement, where; then what the plan says of it
    ('GRANT TEMPORARY ON DATABASE "{p}db" TO "{p}reader"', "", 'TEMPORARY on database "{p}db"'),
    ('GRANT CONNECT, CREATE ON DATABASE "{p}more" TO "{p}reader"', "", 'CONNECT, CREATE on database "{p}more"'),
    ('GRANT "{p}gives_nothing" TO "{p}reader" WITH ADMIN OPTION', "", 'role "{p}gives_nothing"'),
    ('ALTER ROLE "{p}reader" CREATEDB', "", "the attribute CREATEDB"),
    ('ALTER ROLE "{p}reader" CREATEROLE', "", "the attribute CREATEROLE"),
    ('GRANT USAGE ON SCHEMA elsewhere TO "{p}reader" WITH GRANT OPTION', "{p}db", 'USAGE on schema "elsewhere"'),
    ('GRANT UPDATE, INSERT, SELECT ON public.dag TO "{p}reader"', "{p}db", 'INSERT, UPDATE on table "public"."dag"'),
    ('GRANT UPDATE (name), SELECT (name) ON public.dag TO "{p}reader"', "{p}db", 'UPDATE on column "public"."dag"."name"'),
    ('GRANT USAGE ON SEQUENCE public.counted TO "{p}reader"', "{p}db", 'USAGE on sequence "public"."counted"'),
    ('GRANT EXECUTE ON ALL ROUTINES IN SCHEMA public TO "{p}reader"', "{p}db", "EXECUTE on routines "),
    ('GRANT USAGE ON TYPE public."mood\'y" TO "{p}reader"', "{p}db", "USAGE on type"),
    ('GRANT SELECT ON ALL TABLES IN SCHEMA elsewhere TO "{p}reader"', "{p}db", 'SELECT on table "elsewhere"."it\'s "odd""'),
    ('{p}ga: GRANT INSERT ON public.dag TO "{p}reader"', "{p}db", 'INSERT on table "public"."dag" for "{p}reader", granted by "{p}ga"'),
    ('ALTER DEFAULT PRIVILEGES FOR ROLE "{admin}" IN SCHEMA public GRANT UPDATE, SELECT ON TABLES TO "{p}reader" WITH GRANT OPTION',
     "{p}db", 'UPDATE on future tables in schema "public"'),
    ('ALTER DEFAULT PRIVILEGES FOR ROLE "{admin}" GRANT SELECT, INSERT ON TABLES TO "{p}reader"', "{p}db", "INSERT on future tables in any"),
    ('{p}ga: ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO "{p}reader"', "{p}db", "SELECT on future tables in any"),
)  # fmt: skip


@pytest.mark.postgresql
def test_all_of_it_is_named_and_taken_away(walk: Walk, prefix: str) -> None:
    """Everything that can be held at once. Afterwards the catalogues are what they were, and others keep theirs."""
    spec = walk.spec(one(prefix, users=users(prefix)))
    walk.provision(spec)
    do(walk, prefix, THINGS)
    walk.provision(spec)
    assert walk.plan(spec).extra == ()
    before = held(walk, prefix)
    do(walk, prefix, tuple((statement, where) for statement, where, _ in SURPLUS))
    planned = walk.plan(spec)
    assert planned.complete  # surplus is no difference
    assert not planned.steps
    said = named(planned)
    for _, _, words in SURPLUS:
        assert [s for s in said if words.format(p=prefix) in s], (words, said)
    assert all(f'for "{prefix}reader"' in s for s in said)
    assert not [one for one in planned.extra if one.obstacle], [
        str(o.item) for o in planned.extra if o.obstacle
    ]
    full = held(walk, prefix)
    assert before < full or before - full  # an attribute changes its row
    walk.apply(spec)
    assert held(walk, prefix) == full, "without --prune nothing is taken away"
    applied = prune(walk, spec)
    # What is wanted of the reader and comes a second time, or from any schema, is no surplus.
    kept = {
        f"relation dag {admin_name(walk)} {prefix}reader SELECT False",
        f"column dag.name {admin_name(walk)} {prefix}reader SELECT False",
        f"default r  {admin_name(walk)} {prefix}reader SELECT False",
    }
    assert held(walk, prefix) - before <= kept | {
        row for row in held(walk, prefix) if row.startswith("default r  ")
    }
    assert before <= held(walk, prefix)
    assert applied.ok
    again = prune(walk, spec)
    assert not again.done
    assert named(walk.plan(spec)) == []
    assert not walk.provision(spec).done


@pytest.mark.postgresql
def test_what_was_granted_on_is_never_taken_by_cascade(walk: Walk, prefix: str) -> None:
    """T12: a third party keeps what it got; among the spec's own users the one that got it last loses it first."""
    spec = walk.spec(one(prefix, users=users(prefix)))
    walk.provision(spec)
    do(walk, prefix, (
        ('CREATE ROLE "{p}third"', ""), ("CREATE SCHEMA elsewhere", "{p}db"), ("CREATE SCHEMA chain", "{p}db"),
        ('GRANT USAGE ON SCHEMA elsewhere, chain TO "{p}writer" WITH GRANT OPTION', "{p}db"),
        ('{p}writer: GRANT USAGE ON SCHEMA elsewhere TO "{p}third"', "{p}db"),
        ('{p}writer: GRANT USAGE ON SCHEMA chain TO "{p}reader"', "{p}db"),
    ))  # fmt: skip
    planned = walk.plan(spec)
    [kept] = [one for one in planned.extra if one.obstacle]
    assert kept.obstacle
    assert f'"{prefix}writer" has granted it on to "{prefix}third"' in kept.obstacle.why
    assert f'FROM "{prefix}third"' in kept.obstacle.statement
    prune(walk, spec)
    assert [str(one.item) for one in walk.plan(spec).extra] == [str(kept.item)]
    mine = {
        row for row in held(walk, prefix) if row.startswith(("schema elsewhere", "schema chain"))
    }
    admin = admin_name(walk)
    assert {row for row in mine if f" {admin} {admin} " not in row} == {
        f"schema elsewhere {admin} {prefix}writer USAGE True",
        f"schema elsewhere {prefix}writer {prefix}third USAGE False",
    }


@pytest.mark.postgresql
def test_the_owners_own_entries_and_public_are_never_surplus(walk: Walk, prefix: str) -> None:
    """T11, T21: what an owner was granted of its own, what PUBLIC has, and what other roles hold stays."""
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
    walk.as_user(spec, f"{prefix}owner", "CREATE TABLE dag (id integer)", "REVOKE TRUNCATE ON dag FROM CURRENT_USER",
                 "CREATE SCHEMA own", "CREATE TABLE own.t (id integer)", "CREATE FUNCTION own.f() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
                 "GRANT SELECT ON own.t TO PUBLIC", "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC",
                 "ALTER DEFAULT PRIVILEGES REVOKE TRUNCATE ON TABLES FROM CURRENT_USER")  # fmt: skip
    as_admin(walk, f'CREATE ROLE "{prefix}other"')
    execute(walk.server, "superuser", f'GRANT ALL ON public.dag TO "{prefix}other"', f"{prefix}db")
    before = held(walk, prefix)
    assert named(walk.plan(spec)) == []
    prune(walk, spec)
    assert held(walk, prefix) == before
    assert walk.plan(spec).complete


@pytest.mark.postgresql
def test_a_role_that_gives_what_is_wanted_goes_after_it_is_granted(walk: Walk, prefix: str) -> None:
    """What the reader has by the role only is granted to the reader itself first; verify, in prune, says that nothing is lost."""
    spec = walk.spec(
        one(prefix, users=[{"name": f"{prefix}app"}, {"name": f"{prefix}reader", "access": "read"}])
    )
    walk.provision(spec)
    do(walk, prefix, (
        ('CREATE ROLE "{p}group"', ""), ("CREATE TABLE public.dag (id integer)", "{p}db"),
        ('REVOKE SELECT ON public.dag FROM "{p}reader"', "{p}db"), ('GRANT SELECT ON public.dag TO "{p}group"', "{p}db"),
        ('GRANT "{p}group" TO "{p}reader"', ""),
    ))  # fmt: skip
    assert walk.plan(spec).complete
    assert [s.split(",")[0] for s in named(walk.plan(spec))] == [
        f'role "{prefix}group" for "{prefix}reader"'
    ]
    applied = prune(walk, spec)
    kinds = [
        f"{done.step.verb} {done.step.item.kind}"
        for done in applied.done
        if done.step.item.kind != "membership"
    ]
    assert kinds == ["alter object_grant", "drop role_entry"]
    walk.as_user(spec, f"{prefix}reader", "SELECT * FROM dag")
    assert walk.plan(spec).complete


@pytest.mark.postgresql
def test_a_role_that_gives_what_only_others_can_grant_stays(walk: Walk, prefix: str) -> None:
    spec = walk.spec(
        one(prefix, users=[{"name": f"{prefix}app"}, {"name": f"{prefix}reader", "access": "read"}])
    )
    walk.provision(spec)
    do(walk, prefix, (('CREATE ROLE "{p}group"', ""), ('GRANT "{p}group" TO "{p}reader"', "")))
    for statement in (
        f'CREATE ROLE "{prefix}third"', f'GRANT CREATE, USAGE ON SCHEMA public TO "{prefix}third"',
        f'SET ROLE "{prefix}third"; CREATE TABLE public.theirs (id integer); GRANT SELECT ON public.theirs TO "{prefix}group";'
        f' GRANT ALL ON public.theirs TO "{prefix}app"',
    ):  # fmt: skip
        execute(walk.server, "superuser", statement, f"{prefix}db")
    applied = prune(walk, spec)
    walk.as_user(spec, f"{prefix}reader", "SELECT * FROM theirs")
    left = walk.plan(spec).extra
    if superuser(walk) or (int(walk.server.version) < 16 and not left):
        assert not left
        return
    assert not applied.done
    [kept] = left
    assert kept.obstacle
    assert "it is what gives" in kept.obstacle.why
    assert "theirs" in kept.obstacle.why


@pytest.mark.postgresql(">= 16")
def test_a_role_given_by_two(walk: Walk, prefix: str) -> None:
    """T25: two rows, each taken back as its own grantor's."""
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    do(walk, prefix, (('CREATE ROLE "{p}group"', ""), ('CREATE ROLE "{p}ga"', ""), ('GRANT "{p}group" TO "{p}ga" WITH ADMIN OPTION', ""),
                      ('GRANT "{p}group" TO "{p}app"', ""), ('{p}ga: GRANT "{p}group" TO "{p}app"', "")))  # fmt: skip
    before = named(walk.plan(spec))
    assert len([s for s in before if "role" in s]) == 2
    prune(walk, spec)
    assert named(walk.plan(spec)) == []
    assert [
        row
        for row in held(walk, prefix)
        if row.startswith(f"role {prefix}group") and f"{prefix}app" in row
    ] == []


@pytest.mark.postgresql
def test_what_is_not_ours(walk: Walk, prefix: str) -> None:
    """Granted by somebody as whom this admin may not act: said, with who, and what they would run. Their statement does it."""
    spec = walk.spec(one(prefix, users=users(prefix)))
    walk.provision(spec)
    execute(walk.server, "superuser", f'GRANT CONNECT ON DATABASE template1 TO "{prefix}reader"')
    execute(walk.server, "superuser", f'ALTER ROLE "{prefix}reader" BYPASSRLS')
    planned = walk.plan(spec)
    ours = [one for one in planned.extra if one.obstacle is None]
    if superuser(walk):
        assert len(ours) == len(planned.extra) == 2
        prune(walk, spec)
        assert walk.plan(spec).extra == ()
        return
    assert not ours
    before = held(walk, prefix)
    assert not prune(walk, spec).done
    assert held(walk, prefix) == before
    for one_ in planned.extra:
        assert one_.obstacle
        assert "superuser" in one_.obstacle.who
        execute(walk.server, "superuser", one_.obstacle.statement)
    assert walk.plan(spec).extra == ()


@pytest.mark.postgresql
def test_what_the_application_granted_itself(walk: Walk, prefix: str) -> None:
    """The restricted admin borrows the application's rights for it, and has given them back afterwards."""
    spec = walk.spec(one(prefix, users=users(prefix)))
    walk.provision(spec)
    walk.as_user(
        spec,
        f"{prefix}app",
        "CREATE TABLE public.dag (id integer)",
        f'GRANT UPDATE (id), DELETE ON public.dag TO "{prefix}reader"',
        f'ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT UPDATE ON TABLES TO "{prefix}reader"',
    )
    walk.provision(walk.spec(one(prefix, users=users(prefix)[:1])))
    before = {row for row in held(walk, prefix) if row.startswith("role ")}
    assert len(walk.plan(spec).extra) == 3
    applied = prune(walk, spec)
    kinds = {done.step.item.kind for done in applied.done}
    assert kinds >= {"acl_entry", "default_entry"}
    assert superuser(walk) or kinds >= {"membership", "acting"}
    assert walk.plan(spec).extra == ()
    assert {row for row in held(walk, prefix) if row.startswith("role ")} == before


@pytest.mark.postgresql
def test_a_grantor_who_has_become_the_owner(walk: Walk, prefix: str) -> None:
    """T13: its REVOKE would say REVOKE and do nothing. Said before, and no step of a plan."""
    spec = walk.spec(one(prefix, users=users(prefix)))
    walk.provision(spec)
    do(walk, prefix, THINGS)
    do(walk, prefix, (('{p}ga: GRANT INSERT ON public.dag TO "{p}reader"', "{p}db"),))
    walk.provision(spec)
    execute(walk.server, "superuser", f'ALTER ROLE "{prefix}ga" SUPERUSER')
    [stuck] = walk.plan(spec).extra
    assert stuck.obstacle
    assert "acts as the owner" in stuck.obstacle.why
    assert not prune(walk, spec).done
    execute(walk.server, "superuser", f'ALTER ROLE "{prefix}ga" NOSUPERUSER')
    prune(walk, spec)
    assert walk.plan(spec).extra == ()


@pytest.mark.postgresql
def test_a_grantor_who_does_not_get_to_the_schema(walk: Walk, prefix: str) -> None:
    """As that role the REVOKE would fail, and all of the transaction with it."""
    spec = walk.spec(one(prefix, users=users(prefix)))
    walk.provision(spec)
    do(walk, prefix, THINGS)
    for statement in (
        'GRANT SELECT ON elsewhere."it\'s ""odd""" TO "{p}ga" WITH GRANT OPTION',
        '{p}ga: GRANT SELECT ON elsewhere."it\'s ""odd""" TO "{p}reader"',
        'REVOKE USAGE ON SCHEMA elsewhere FROM "{p}ga"',
        'GRANT UPDATE ON public.dag TO "{p}reader"',
    ):
        do(walk, prefix, ((statement, "{p}db"),))
    walk.provision(spec)
    prune(walk, spec)
    [kept] = walk.plan(spec).extra
    assert kept.obstacle
    assert "may not use the schema any more" in kept.obstacle.why
    as_admin(walk, f'GRANT USAGE ON SCHEMA elsewhere TO "{prefix}ga"', f"{prefix}db")
    prune(walk, spec)
    assert walk.plan(spec).extra == ()


def test_a_user_of_two_deployments(walk: Walk, prefix: str) -> None:
    """What the other Deployment of the spec wants is no surplus of the first; alone in a spec it would be."""
    both = walk.spec(one(prefix), {**one(prefix), "name": "second", "database": f"{prefix}second"})
    for applied in walk.each(both, dbprov.apply):
        assert applied.left.complete
    for planned in walk.each(both, dbprov.plan):
        assert planned.extra == ()
    [first] = walk.each(walk.spec(one(prefix)), dbprov.plan)
    assert [str(s.item) for s in first.extra if f"{prefix}second" in str(s.item).replace("\\", "")]


ROWS = (
    (r"GRANT INSERT, SHOW VIEW ON `{e}db`.* TO '{p}reader'@'%' WITH GRANT OPTION", r'INSERT, GRANT OPTION on database "{e}db"'),
    ("GRANT INSERT, UPDATE ON `{p}db`.* TO '{p}reader'@'%'", 'INSERT, UPDATE on database "{p}db"'),
    (r"GRANT SELECT ON `{e}%`.* TO '{p}reader'@'%' WITH GRANT OPTION", r'SELECT, GRANT OPTION on database "{e}%"'),
    ("GRANT SELECT, EVENT ON `{p}other`.* TO '{p}app'@'%'", 'EVENT, SELECT on database "{p}other"'),
    ("GRANT SELECT, UPDATE ON `{p}db`.dag TO '{p}reader'@'%' WITH GRANT OPTION", 'DELETE, UPDATE, GRANT OPTION on table "{p}db"."dag"'),
    ("GRANT SELECT (id), UPDATE (id), DELETE ON `{p}db`.dag TO '{p}reader'@'%'", 'UPDATE on column "{p}db"."dag"."id"'),
    ("GRANT EXECUTE, ALTER ROUTINE ON PROCEDURE `{p}db`.p TO '{p}reader'@'%'", 'ALTER ROUTINE, EXECUTE on procedure "{p}db"."p"'),
    ("GRANT PROCESS, RELOAD ON *.* TO '{p}reader'@'%' WITH GRANT OPTION", "PROCESS, RELOAD, GRANT OPTION on everything"),
)  # fmt: skip


@pytest.mark.mysql
def test_every_row_is_named_and_taken_away(walk: Walk, prefix: str) -> None:
    """T43: a REVOKE is spelled as its row is stored; T46: GRANT OPTION has no form with ALL. T42: our own row is complete before."""
    spec = walk.spec(one(prefix, users=users(prefix)))
    walk.provision(spec)
    names = {"p": prefix, "e": prefix.replace("_", "\\_")}
    before = held(walk, prefix)
    as_admin(walk, f"CREATE TABLE `{prefix}db`.dag (id integer)")
    as_admin(walk, f"CREATE PROCEDURE `{prefix}db`.p() SELECT 1")
    as_admin(walk, f"CREATE ROLE '{prefix}role'")
    as_admin(walk, f"GRANT SELECT ON `{prefix}db`.* TO '{prefix}role'")
    for statement, _ in ROWS:
        execute(walk.server, "superuser", statement.format(**names))
    as_admin(walk, f"GRANT '{prefix}role' TO '{prefix}reader'@'%'") if superuser(
        walk
    ) or walk.server.flavor == "mariadb" else None
    planned = walk.plan(spec)
    assert planned.complete
    said = named(planned)
    for _, words in ROWS:
        assert [s for s in said if words.format(**names) in s], (words, said)
    assert not [s for s in planned.extra if s.obstacle]
    prune(walk, spec)
    role = {row for row in held(walk, prefix) if f"'{prefix}role'" in row}
    assert held(walk, prefix) - role - before <= {
        f"'{prefix}reader'@'%' {prefix}db dag {w} NO" for w in ("SELECT",)
    } | {f"'{prefix}reader'@'%' {prefix}db dag.id SELECT NO"}
    assert before <= held(walk, prefix)
    assert named(walk.plan(spec)) == []
    assert not prune(walk, spec).done


@pytest.mark.mysql
def test_a_privilege_that_the_admin_does_not_have(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix, users=users(prefix)))
    walk.provision(spec)
    execute(walk.server, "superuser", f"GRANT FILE, PROCESS ON *.* TO '{prefix}app'@'%'")
    prune(walk, spec)
    left = walk.plan(spec).extra
    if superuser(walk):
        assert not left
        return
    [file] = left
    assert file.item.privileges == ("FILE",)
    assert file.obstacle
    execute(walk.server, "superuser", file.obstacle.statement)
    assert walk.plan(spec).extra == ()


@pytest.mark.mysql
def test_a_row_that_another_deployment_lives_on_stays(walk: Walk, prefix: str) -> None:
    """T42: until that one has its own row."""
    both = walk.spec(one(prefix), {**one(prefix), "name": "second", "database": f"{prefix}second"})
    first = walk.spec(one(prefix))
    walk.provision(first)
    execute(
        walk.server,
        "superuser",
        f"GRANT SELECT ON `{prefix.replace('_', chr(92) + '_')}%`.* TO '{prefix}app'@'%'",
    )
    with dbprov.servers(both) as servers:
        one_, two = both.deployments
        planned = dbprov.plan(one_, servers[one_], prune=True)
        assert not planned.steps
        [kept] = planned.extra
        assert kept.obstacle
        assert "second" in kept.obstacle.why
        assert dbprov.apply(two, servers[two]).done
        planned = dbprov.plan(one_, servers[one_], prune=True)
        assert len(planned.steps) == 1
        applied = dbprov.apply(one_, servers[one_], planned)
        assert len(applied.done) == 1
        assert applied.left
        assert applied.left.complete
        assert applied.left.extra == ()


MORE = {
    "postgresql": 'ALTER ROLE "{p}app" CREATEDB',
    "mysql": "GRANT PROCESS ON *.* TO '{p}app'@'%'",
}


@pytest.mark.mysql
@pytest.mark.postgresql
def test_at_the_command_line(walk: Walk, prefix: str) -> None:
    """plan: exit code 0 and named; apply leaves it alone; apply --prune names it before it takes it away."""
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    words = [
        "--server",
        walk.url,
        "--name",
        spec.deployments[0].name,
        "--database",
        f"{prefix}db",
        "--user",
        f"{prefix}app",
    ]
    env = {"DBPROV_ADMIN_PASSWORD": walk.password}
    as_admin(walk, MORE[walk.server.engine].format(p=prefix))
    planned = run("plan", *words, folder=walk.folder, env=env)
    assert planned.returncode == 0, planned.stderr
    assert "  extra " in planned.stdout
    assert "kept (use --prune to revoke)" in planned.stdout
    document = json.loads(run("plan", *words, "--json", folder=walk.folder, env=env).stdout)
    [found] = document["deployments"][0]["surplus"]
    assert found["revocable"] is True
    assert found["statement"]
    assert found["item"] in planned.stdout
    pruned = run("plan", *words, "--prune", folder=walk.folder, env=env)
    assert pruned.returncode == 1
    assert "use --prune" not in pruned.stdout + pruned.stderr
    taken = run("apply", *words, "--prune", "--yes", folder=walk.folder, env=env)
    assert taken.returncode == 0, taken.stderr
    assert taken.stderr.index(found["item"]) < taken.stderr.index("  done ")
    assert "use --prune" not in taken.stderr
    document = json.loads(run("plan", *words, "--json", folder=walk.folder, env=env).stdout)
    assert document["deployments"][0]["surplus"] == []
    as_admin(walk, MORE[walk.server.engine].format(p=prefix))
    written = run("plan", *words, "--prune", "-o", "change.sql", folder=walk.folder, env=env)
    assert written.returncode == 1, written.stderr
    again = run("apply", *words, "--reviewed", "change.sql", folder=walk.folder, env=env)
    assert again.returncode == 2, "without --prune it is another plan"
    reviewed = ["--prune", "--reviewed", "change.sql"]
    again = run("apply", *words, *reviewed, folder=walk.folder, env=env)
    assert again.returncode == 0, again.stderr
    assert run("plan", *words, "--prune", folder=walk.folder, env=env).returncode == 0
