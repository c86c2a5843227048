"""Objects stand by name in what is planned: those that come or go meanwhile are planned again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import dbprov
from dbprov.commands.review import as_reviewed, change
from dbprov.items.grants import MOST
from tests.harness import execute
from tests.support.specs import one, users
from tests.support.walk import Walk

pytestmark = [pytest.mark.postgresql, pytest.mark.sampled("newest")]

ODD = 'we"i`rd_%'
LINES = 'a\n-- create user "eve"\n\u202e\\x'


@pytest.fixture
def application(walk: Walk, prefix: str) -> Callable[..., None]:
    """What the application does in the database of a Deployment; it has made tables already."""
    spec = walk.spec(one(prefix, users=users(prefix)[:1]))
    walk.provision(spec)

    def run(*statements: str) -> None:
        walk.as_user(spec, f"{prefix}app", *statements)

    odd, lines = ODD.replace('"', '""'), LINES.replace('"', '""')
    run(
        "CREATE TABLE dag (id integer)", "CREATE TABLE log (id serial)", f'CREATE TABLE "{odd}" (id integer)', f'CREATE TABLE "{lines}" (id integer)',
        "CREATE FUNCTION f(a integer, b text[]) RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "REVOKE EXECUTE ON FUNCTION f(integer, text[]) FROM PUBLIC",
    )  # fmt: skip
    return run


def with_readers(walk: Walk, prefix: str) -> Any:
    """The same Deployment with users that read and write what is there."""
    return walk.spec(one(prefix, users=users(prefix)))


def meanwhile(
    walk: Walk,
    prefix: str,
    act: Callable[[], None],
    reviewed: bool = False,
    agreed: bool = False,
) -> Any:
    """Planned; then somebody acts; then the plan of before is carried out."""
    spec = with_readers(walk, prefix)
    [deployment] = spec.deployments
    with dbprov.servers(spec) as servers:
        server = servers[deployment]
        planned = dbprov.plan(deployment, server)
        refuse = None
        if reviewed:
            file = walk.folder / "change.sql"
            file.write_text(change(planned, server))
            refuse = as_reviewed({deployment: file}, servers)[deployment]
        for account in deployment.accounts:
            if account.place.read() is None:
                account.place.fill()
        act()
        return dbprov.apply(deployment, server, planned, reviewed=refuse, agreed=agreed)


def test_each_object_by_its_name(walk: Walk, prefix: str, application: Callable[..., None]) -> None:
    plan = walk.plan(with_readers(walk, prefix))
    text = " ".join("\n".join(plan.statements).split())
    [on_tables] = [s for s in plan.statements if s.startswith("GRANT SELECT ON TABLE")]
    for name in ('"public"."dag"', '"public"."log"', '"public"."we""i`rd_%"'):
        assert name in on_tables
    assert '"public"."f"("pg_catalog"."int4", "pg_catalog"."_text")' in text
    assert '"public"."log_id_seq"' in text
    assert "DO " not in text
    applied = meanwhile(walk, prefix, lambda: None)
    assert applied.ok, applied.error
    assert walk.plan(with_readers(walk, prefix)).complete


@pytest.mark.attack("a table whose name holds lines that look like steps of a reviewed file")
def test_a_name_is_on_one_line(walk: Walk, prefix: str, application: Callable[..., None]) -> None:
    spec = with_readers(walk, prefix)
    [deployment] = spec.deployments
    with dbprov.servers(spec) as servers:
        server = servers[deployment]
        planned = dbprov.plan(deployment, server)
        text = change(planned, server)
    assert "eve" in text
    assert not [
        line for line in text.splitlines() if line.startswith("-- create user") and "eve" in line
    ]
    assert text.isascii() or all(c.isprintable() or c == "\n" for c in text)
    assert "U&" in text
    walk.provision(spec)
    assert walk.plan(spec).complete


def test_a_table_that_went(walk: Walk, prefix: str, application: Callable[..., None]) -> None:
    applied = meanwhile(walk, prefix, lambda: application("DROP TABLE log"))
    assert applied.ok, applied.error
    assert walk.plan(with_readers(walk, prefix)).complete


def test_tables_that_came(walk: Walk, prefix: str, application: Callable[..., None]) -> None:
    def act() -> None:
        application("CREATE TABLE late (id serial)", "CREATE TABLE later (id integer)")

    applied = meanwhile(walk, prefix, act)
    assert applied.ok, (applied.error, applied.left.steps)
    assert walk.plan(with_readers(walk, prefix)).complete


def test_who_agreed_to_a_plan_agreed_to_no_other_kind_of_grant(
    walk: Walk, prefix: str, application: Callable[..., None]
) -> None:
    """A table more is within it; the first materialized rows of another schema, or sequences, are not."""
    application("DROP TABLE log")  # and with it the one sequence
    applied = meanwhile(
        walk, prefix, lambda: application("CREATE TABLE late (id integer)"), agreed=True
    )
    assert applied.ok, applied.error
    walk.apply(with_readers(walk, prefix))
    readers = with_readers(walk, prefix)
    for statement in (f'REVOKE ALL ON dag FROM "{prefix}reader"', f'REVOKE ALL ON dag FROM "{prefix}writer"'):  # fmt: skip
        application(statement)
    assert not walk.plan(readers).complete

    def act() -> None:
        application("CREATE SEQUENCE first", f'REVOKE ALL ON SEQUENCE first FROM "{prefix}reader"')

    applied = meanwhile(walk, prefix, act, agreed=True)
    assert applied.error is None
    assert [str(step) for step in applied.left.steps if step.item.kind == "object_grant"] == [
        f'grant SELECT on existing sequences in schema "public" for "{prefix}reader"'
    ]


def test_a_table_that_went_to_another_owner(
    walk: Walk, prefix: str, application: Callable[..., None]
) -> None:
    other = f"{prefix}other"
    execute(walk.server, "superuser", f'CREATE ROLE "{other}"')
    database = f"{prefix}db"

    def act() -> None:
        execute(walk.server, "superuser", f'ALTER TABLE public.dag OWNER TO "{other}"', database)

    applied = meanwhile(walk, prefix, act)
    if walk.url == walk.server.url("superuser"):
        assert applied.ok, applied.error
        return
    assert applied.error is None
    [left] = {names for item, _ in applied.left.of_other_owners for names in item.not_grantable}
    assert left == f"public.dag of {other}"
    told = applied.left.remedy
    assert 'ON TABLE "public"."dag"' in told[0].statement
    for each in told:
        execute(walk.server, "superuser", each.statement, database)
    walk.provision(with_readers(walk, prefix))


def test_what_was_reviewed_is_not_planned_again(
    walk: Walk, prefix: str, application: Callable[..., None]
) -> None:
    applied = meanwhile(walk, prefix, lambda: application("DROP TABLE log"), reviewed=True)
    assert applied.error is not None
    assert applied.error.code == "42P01"
    assert 'went since then: "public"."log"' in applied.error.why
    assert "have that one reviewed" in applied.error.todo
    assert not any(done.step.item.kind == "object_grant" for done in applied.done)


def test_a_statement_of_at_most_a_thousand(
    walk: Walk, prefix: str, application: Callable[..., None]
) -> None:
    many = f"DO $$BEGIN FOR i IN 1..{MOST + 50} LOOP EXECUTE format('CREATE TABLE t%s ()', i); END LOOP; END$$"
    application(many)
    spec = with_readers(walk, prefix)
    plan = walk.plan(spec)
    on_tables = [s for s in plan.statements if "ON TABLE" in s]
    assert max(s.count('"public".') for s in on_tables) == MOST
    lines = [line for s in on_tables for line in s.splitlines() if "U&" not in line]
    assert all(len(line) <= 100 for line in lines)
    walk.provision(spec)
    assert walk.plan(spec).complete
