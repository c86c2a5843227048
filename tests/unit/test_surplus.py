"""What is held against what is wanted; in which order it is taken away, and as whom."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from dbprov.engines.engine import of
from dbprov.items.existing_grants import (
    AclEntry,
    Attribute,
    DefaultEntry,
    ExistingGrant,
    RoleEntry,
    Through,
    read,
)
from dbprov.items.item import Obstacle
from dbprov.plan.prune import ExtraPrivilege, borrowed, dependents_first, gives_more, pruning
from dbprov.plan.steps import Step
from dbprov.spec.model import Deployment
from tests.support.made import deployment, facts, renderer

USERS = [{"name": "app"}, {"name": "reader", "access": "read"}]
KNOWN = {"postgresql": replace(facts(), admin="dba"), "mysql": facts("mysql")}


def entry(sort: str, *things: tuple[str, ...], **more: Any) -> AclEntry:
    said: dict[str, Any] = {"grantee": "reader", "grantor": "dba", "privileges": ("SELECT",)}
    return AclEntry(sort=sort, things=things, **{**said, **more})


def beyond(
    one: ExistingGrant, engine: str = "postgresql", *beside: Deployment, known: Any = None
) -> list[ExistingGrant]:
    made = deployment(engine, users=USERS)
    return of(engine).extra_grants.extra(made, beside, [one], known or KNOWN[engine])


def said(found: list[ExistingGrant]) -> list[tuple[tuple[str, ...], bool]]:
    return [(one.privileges, one.option_only) for one in found]


@pytest.mark.parametrize(("held", "left"), [
    (entry("TABLE", ("public", "dag")), []),
    (entry("TABLE", ("public", "dag"), privileges=("INSERT", "SELECT")), [(("INSERT",), False)]),
    (entry("TABLE", ("public", "dag"), option=True), [(("SELECT",), True)]),
    (entry("TABLE", ("public", "dag"), privileges=("INSERT", "SELECT"), option=True), [(("INSERT",), False), (("SELECT",), True)]),
    (entry("TABLE", ("other", "dag")), [(("SELECT",), False)]),
    (entry("COLUMN", ("public", "dag", "id"), privileges=("SELECT", "UPDATE")), [(("UPDATE",), False)]),
    (entry("SEQUENCE", ("public", "s"), privileges=("SELECT", "USAGE")), [(("USAGE",), False)]),
    (entry("ROUTINE", ("public", "f"), privileges=("EXECUTE",)), [(("EXECUTE",), False)]),
    (entry("SCHEMA", ("public",), privileges=("CREATE", "USAGE")), [(("CREATE",), False)]),
    (entry("DATABASE", ("shop",), privileges=("CONNECT", "TEMPORARY")), [(("TEMPORARY",), False)]),
    (entry("DATABASE", ("other",), privileges=("CONNECT",)), [(("CONNECT",), False)]),
    (entry("TABLE", ("public", "dag"), grantee="app", privileges=("MAINTAIN", "TRUNCATE")), []),
    (RoleEntry(grantee="reader", grantor="dba", role="app", privileges=("MEMBER",)), [(("MEMBER",), False)]),
    (Attribute(grantee="reader", privileges=("CREATEDB",)), [(("CREATEDB",), False)]),
    (DefaultEntry(grantee="reader", grantor="dba", objects="TABLES", schema="public", privileges=("SELECT",)), []),
    (DefaultEntry(grantee="reader", grantor="app", objects="TABLES", schema="public", privileges=("SELECT",)), []),
    (DefaultEntry(grantee="reader", grantor="dba", objects="TABLES", privileges=("SELECT", "UPDATE")), [(("UPDATE",), False)]),
    (DefaultEntry(grantee="reader", grantor="third", objects="TABLES", schema="public", privileges=("SELECT",)), [(("SELECT",), False)]),
])  # fmt: skip
def test_what_is_beyond(held: ExistingGrant, left: list[tuple[tuple[str, ...], bool]]) -> None:
    """A default for any schema gives what is wanted in ours: of that nothing is taken."""
    assert said(beyond(held)) == left


def test_things_are_told_apart() -> None:
    [found] = beyond(entry("TABLE", ("public", "a"), ("other", "b"), ("other", "c")))
    assert isinstance(found, AclEntry)
    assert found.things == (("other", "b"), ("other", "c"))


def test_what_a_token_takes_is_wanted() -> None:
    made = deployment(users=[{"name": "app", "auth": "iam"}])
    engine = of("postgresql")
    held = [
        RoleEntry(grantee="app", grantor="dba", role=role, privileges=("MEMBER",))
        for role in ("rds_iam", "more")
    ]
    assert [str(one) for one in engine.extra_grants.extra(made, [], held, KNOWN["postgresql"])] == [
        'role "more" for "app", granted by "dba"'
    ]


def test_a_deployment_beside_wants_its_own() -> None:
    there = deployment(users=USERS, database="other", name="second")
    assert beyond(entry("DATABASE", ("other",), privileges=("CONNECT",)), "postgresql", there) == []
    assert beyond(
        entry("TABLE", ("other", "t")), "postgresql", there
    )  # a schema of ours is not its


def row(where: str, *words: str, **more: Any) -> AclEntry:
    return entry("DATABASE", (where,), grantor="", host="%", privileges=words, **more)


@pytest.mark.parametrize(("held", "left"), [
    (row("shop", "SELECT", "SHOW VIEW"), []),
    (row("shop", "INSERT", "SELECT"), [("INSERT",)]),
    (row("shop", "SELECT", option=True), [("GRANT OPTION",)]),
    (row("shop", "USAGE", option=True), [("GRANT OPTION",)]),
    (row("shop", "USAGE"), []),
    (row("s%", "SELECT"), [("SELECT",)]),
    (row("shop", "SELECT", grantee="nobody"), [("SELECT",)]),
    (entry("TABLE", ("shop", "t"), grantor="", host="%", privileges=("DELETE", "SELECT")), [("DELETE",)]),
    (entry("COLUMN", ("shop", "t", "c"), grantor="", host="%"), []),
    (entry("GLOBAL", grantor="", host="%", privileges=("PROCESS",), option=True), [("PROCESS", "GRANT OPTION")]),
])  # fmt: skip
def test_rows_of_mysql(held: AclEntry, left: list[tuple[str, ...]]) -> None:
    assert [one.privileges for one in beyond(held, "mysql")] == left


@pytest.mark.parametrize(("revokes", "ours"), [("0", "a\\_b"), ("1", "a_b")])
def test_our_row_is_spelled_as_it_was_granted(revokes: str, ours: str) -> None:
    """T40, T41, T43."""
    made = deployment("mysql", users=USERS, database="a_b")
    known = facts("mysql", partial_revokes=revokes)
    for spelled in ("a_b", "a\\_b"):
        found = of("mysql").extra_grants.extra(made, [], [row(spelled, "SELECT")], known)
        assert (found == []) is (spelled == ours)


@pytest.mark.parametrize(
    ("pattern", "stays"),
    [("o%", True), ("other", False), ("o\\%", False), ("_ther", True), ("x%", False)],
)
def test_a_row_that_another_deployment_lives_on(pattern: str, stays: bool) -> None:
    there = deployment("mysql", users=USERS, database="other", name="second")
    found = beyond(row(pattern, "EVENT"), "mysql", there)
    assert [one.stuck for one in found] == [stays or pattern == "other"]


def surplus(*items: ExistingGrant) -> list[ExtraPrivilege]:
    return dependents_first([ExtraPrivilege(one, "") for one in items], renderer())


def test_what_was_given_on_comes_first() -> None:
    """T12: and where somebody else got it, it stays, with all that hangs on it."""
    first = entry("SCHEMA", ("s",), privileges=("USAGE",), option=True, dependents=("USAGE:app",))
    second = entry("SCHEMA", ("s",), privileges=("USAGE",), grantee="app", grantor="reader")
    assert [s.item for s in surplus(first, second)] == [second, first]
    assert all(s.obstacle is None for s in surplus(first, second))
    [alone] = surplus(first)
    assert alone.obstacle
    assert 'FROM "app"' in alone.obstacle.statement
    kept = dependents_first(
        [ExtraPrivilege(first, ""), ExtraPrivilege(second, "", Obstacle("", "", ""))], renderer()
    )
    assert [s.obstacle is None for s in kept] == [False, False]
    other = replace(first, privileges=("CREATE",))
    assert surplus(other)[0].obstacle is None  # what was given on is another privilege


def test_each_is_revoked_as_who_granted_it() -> None:
    """T13: inside one transaction, with the rights borrowed before and given back after."""
    mine = entry("SCHEMA", ("s",), inside="shop")
    theirs = entry("SCHEMA", ("s",), inside="shop", grantor="ga", acts_as="ga", lenders=("ga",))
    [loan] = borrowed(surplus(mine, theirs))
    steps = pruning(surplus(mine, theirs), {"ga": Step("create", loan)})
    assert [f"{s.verb} {s.item.kind}" for s in steps] == [
        "drop acl_entry", "create membership", "create acting", "drop acl_entry", "drop acting", "drop membership",
    ]  # fmt: skip
    assert {s.item.inside for s in steps} == {"shop"}
    assert pruning([ExtraPrivilege(mine, "", Obstacle("", "", ""))], {}) == []


def test_by_what_users_have_more() -> None:
    role = RoleEntry(grantee="reader", role="r", privileges=("MEMBER",))
    assert gives_more(surplus(role)) == {"reader"}
    assert gives_more(surplus(replace(role, option_only=True))) == set()
    assert gives_more(surplus(Attribute(grantee="a", privileges=("SUPERUSER",)))) == {"a"}
    assert gives_more(surplus(Attribute(grantee="a", privileges=("CREATEDB",)))) == set()


def test_a_row_is_read_by_its_names() -> None:
    found = read({"kind": "acl_entry", "sort": "TABLE", "things": '[["s", "t"]]', "privileges": ["SELECT"], "grantee": "u",
                  "option": 1, "acts_as": "ga", "lend": True}, "shop")  # fmt: skip
    assert found == AclEntry(sort="TABLE", things=(("s", "t"),), privileges=("SELECT",), grantee="u", option=True, acts_as="ga",
                             lend=True, inside="shop", lenders=("ga",))  # fmt: skip


def group(*gives: Through, **more: Any) -> RoleEntry:
    said: dict[str, Any] = {"grantee": "reader", "grantor": "dba", "privileges": ("MEMBER",)}
    return RoleEntry(role="group", gives=gives, **{**said, **more})


@pytest.mark.parametrize(("gives", "stays"), [
    (Through("TABLE", ("public", "dag"), "SELECT"), False),
    (Through("TABLE", ("public", "dag"), "SELECT", alone=True), True),
    (Through("TABLE", ("public", "dag"), "UPDATE"), True),
    (Through("TABLE", ("other", "dag"), "SELECT"), True),
    (Through("COLUMN", ("public", "dag", "id"), "SELECT"), False),
    (Through("SCHEMA", ("public",), "USAGE"), False),
    (Through("SCHEMA", ("public",), "CREATE"), True),
    (Through("DATABASE", ("shop",), "CONNECT"), False),
    (Through("DATABASE", ("other",), "CONNECT"), True),
    (Through("DEFAULT", ("TABLES", "app", "public"), "SELECT"), False),
    (Through("DEFAULT", ("TABLES", "someone", "public"), "SELECT"), True),
    (Through("DEFAULT", ("TABLES", "app"), "SELECT"), True),
    (Through("ELSEWHERE", ("other",), "privileges", 3, True), True),
])  # fmt: skip
def test_a_role_stays_for_what_the_plan_does_not_give(gives: Through, stays: bool) -> None:
    [one] = beyond(group(gives))
    assert one.stands is stays


def test_only_the_admin_option_of_a_role_that_stays_goes() -> None:
    owned = {"owned": 5, "owns": ("database shop", "table public.dag"), "owners": ("o x",)}
    option, role = beyond(group(option=True, **owned))
    assert (option.option_only, option.stands) == (True, False)
    assert (role.option_only, role.stands) == (False, True)


def test_why_a_role_stays_and_what_comes_first() -> None:
    one = group(
        Through("TABLE", ("other", "a"), "INSERT", 2), Through("TABLE", ("other", "a"), "SELECT", 2),
        Through("ELSEWHERE", ("far",), "privileges", 3, True), Through("ROUTINE", ("other", "f", "pg_catalog", "int4"), "EXECUTE"),
        Through("DEFAULT", ("TABLES", "app"), "SELECT"),
        owned=5, owns=("database shop", "table public.dag"), owners=("o x", "p"), acting=("ALTER ROLE reader RESET role",),
    )  # fmt: skip
    admin = of("postgresql").limits.Admin(KNOWN["postgresql"], renderer())
    met = one.impossible(one, admin)
    assert met
    assert met.why == (
        'through role "group" the user owns database shop, table public.dag and 3 more;'
        ' has INSERT, SELECT on table "other"."a" and 1 more, privileges on 3 object(s) in database "far",'
        ' EXECUTE on routine "other"."f" and more, which the spec does not give it;'
        " acts as that role from its login on, by a setting"
    )
    assert "dbprov adopt --from 'o x' --from p gives" in met.who
    assert "; ALTER ROLE reader RESET role; " in met.who
    assert met.statement.startswith('REVOKE "group" FROM "reader"')
    assert ExtraPrivilege(one, met.statement, met).needs == "a decision"
    assert ExtraPrivilege(one, met.statement).needs is None
    assert ExtraPrivilege(group(), "", met).needs == "another role"
