"""Wanted against found: create, alter, or nothing; loans woven in; more than is wanted is left alone."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from msgspec.structs import replace

from dbprov.items import (
    Database,
    DatabaseGrant,
    DefaultGrant,
    Extension,
    Isolation,
    Item,
    Membership,
    ObjectGrant,
    Opening,
    Ownership,
    PatternGrant,
    Schema,
    SchemaGrant,
    SearchPath,
    User,
)
from dbprov.plan.steps import Pair, Step, compare, transactions
from tests.support.made import deployment, expanded

ON_TABLES: dict[str, Any] = {
    "schema": "s",
    "objects": "TABLES",
    "grantee": "u",
    "privileges": ("SELECT",),
}
ON_MYSQL: dict[str, Any] = {"database": "d", "user": "u", "host": "%"}
GRANT = DatabaseGrant(database="d", grantee="u", privileges=("CONNECT", "CREATE"))


def verbs(*pairs: Pair) -> list[str]:
    return [step.verb for step in compare(pairs)]


FOUND: list[
    tuple[Item, dict[str, Any], bool]
] = [  # wanted, what was found otherwise, is that enough
    (User(name="u"), {}, True),
    (User(name="u"), {"connection_limit": 5}, True),
    (User(name="u", connection_limit=5), {}, True),
    (User(name="u", connection_limit=5), {"connection_limit": 6}, False),
    (User(name="u", connection_limit=5), {"connection_limit": None}, False),
    (User(name="u"), {"can_login": False}, False),
    (User(name="u"), {"administered": False}, True),
    (Database(name="d", encoding="UTF8"), {"encoding": "LATIN1"}, True),
    (Database(name="d", encoding="UTF8", collation="C"), {"collation": "de_DE"}, True),
    (Ownership(database="d", owner="u"), {}, True),
    (Ownership(database="d", owner="u"), {"owner": "somebody"}, False),
    (Isolation(database="d", asked=True), {}, True),
    (Isolation(database="d", asked=True), {"public": ("CONNECT",)}, False),
    (Isolation(database="d", asked=False), {"public": ("CONNECT",)}, True),
    (Isolation(database="d", asked=False), {"public": ("CONNECT",), "sealed": True}, False),
    (Opening(database="d"), {}, True),
    (Opening(database="d"), {"sealed": True}, False),
    (GRANT, {}, True),
    (GRANT, {"privileges": ("CONNECT", "CREATE", "TEMPORARY")}, True),
    (GRANT, {"privileges": ("CONNECT",)}, False),
    (GRANT, {"privileges": ()}, False),
    (GRANT, {"privileges": (), "effective": ("CONNECT", "CREATE")}, False),
    (GRANT, {"privileges": (), "effective": ("CONNECT", "CREATE"), "grantable": False}, True),
    (GRANT, {"privileges": (), "effective": ("CONNECT",), "grantable": False}, False),
    (replace(GRANT, grantee=None), {"privileges": (), "effective": ("CONNECT", "CREATE")}, True),
    (
        SchemaGrant(schema="s", grantee="u", privileges=("USAGE",)),
        {"privileges": ("CREATE", "USAGE")},
        True,
    ),
    (
        SchemaGrant(schema="s", grantee="u", privileges=("USAGE",)),
        {"privileges": ("CREATE",)},
        False,
    ),
    (Schema(inside="d", name="s", owner="u"), {"owner": None}, True),
    (Extension(name="e", schemas=("s",), users=()), {}, True),
    (Extension(name="e", schemas=("s",), users=()), {"lies_in": "elsewhere"}, True),
    (Extension(name="e", schemas=("s",), users=()), {"installed": False}, False),
    (ObjectGrant(**ON_TABLES), {}, True),
    (ObjectGrant(**ON_TABLES), {"lacking": ("s.t",)}, False),
    (ObjectGrant(**ON_TABLES), {"not_grantable": ("s.t of x",)}, True),
    (DefaultGrant(creator=None, **ON_TABLES), {"privileges": ("INSERT", "SELECT")}, True),
    (DefaultGrant(creator=None, **ON_TABLES), {"privileges": ("INSERT",)}, False),
    (SearchPath(user="u", database="d", schemas=("s",)), {}, True),
    (SearchPath(user="u", database="d", schemas=("s",)), {"in_effect": False}, False),
    (PatternGrant(privileges=("SELECT",), **ON_MYSQL), {"privileges": ("INSERT", "SELECT")}, True),
    (PatternGrant(privileges=("SELECT",), **ON_MYSQL), {"privileges": ("INSERT",)}, False),
    (PatternGrant(privileges=("SELECT",), **ON_MYSQL), {"grant_option": True}, True),
    (
        PatternGrant(privileges=("SELECT",), grant_option=True, **ON_MYSQL),
        {"grant_option": False},
        False,
    ),
]


@pytest.mark.parametrize(("wanted", "other", "enough"), FOUND)
def test_enough_is_nothing_to_do_and_the_rest_is_altered(
    wanted: Item, other: dict[str, Any], enough: bool
) -> None:
    found = replace(wanted, **other)
    assert verbs((wanted, found)) == ([] if enough else ["alter"])
    assert verbs((wanted, None)) == ["create"]


def test_nothing_is_ever_dropped_but_loans() -> None:
    """Additive by default: more than is wanted is no difference, and no plan takes it away."""
    for wanted, other, _ in FOUND:
        assert "drop" not in verbs((wanted, replace(wanted, **other)), (wanted, None))


@pytest.mark.parametrize("engine", ["postgresql", "mysql"])
def test_nothing_to_do(engine: str) -> None:
    items = expanded(deployment(engine, users=["a", {"name": "b", "access": "owner"}]))
    assert compare((item, item) for item in items) == []


@pytest.mark.parametrize("engine", ["postgresql", "mysql"])
def test_order_is_kept(engine: str) -> None:
    items = expanded(deployment(engine))
    missing = [item for item in items if not item.needless]
    assert [step.item for step in compare((item, None) for item in items)] == missing
    half: list[Pair] = [(item, item if number % 2 else None) for number, item in enumerate(missing)]
    assert [step.item for step in compare(half)] == missing[::2]


def test_a_step_carries_what_was_found() -> None:
    wanted = User(name="u", connection_limit=5)
    found = replace(wanted, connection_limit=6)
    assert compare([(wanted, found)]) == [Step("alter", wanted, found)]
    assert str(Step("alter", wanted)) == 'alter user "u"'


def test_a_more_exact_row_keeps_what_the_wider_one_gave() -> None:
    """T42: on MySQL the exact row hides the pattern row; what that gave is granted too."""
    wanted = PatternGrant(privileges=("SELECT",), **ON_MYSQL)
    (step,) = compare([(wanted, replace(wanted, privileges=(), reach=("DROP",), others=("%",)))])
    assert isinstance(step.item, PatternGrant)
    assert step.item.privileges == ("DROP", "SELECT")


# -- loans -----------------------------------------------------------------------------------------------------------------

LENT = ("u",)


def shown(steps: list[Step]) -> list[str]:
    return [f"{s.verb} {s.item.kind}" for s in steps]


def schema(name: str, **more: Any) -> Schema:
    return Schema(inside="d", name=name, **more)


def test_a_loan_stands_around_the_steps_that_need_it() -> None:
    """Borrowed just before the first, given back at the end of the same transaction."""
    pairs: list[Pair] = [
        (Membership(role="u"), None),
        (schema("a"), None),
        (schema("b", lenders=LENT), None),
        (schema("c"), None),
    ]
    steps = compare(pairs)
    assert shown(steps) == [
        "create schema",
        "create membership",
        "create schema",
        "create schema",
        "drop membership",
    ]
    assert {s.item.inside for s in steps} == {"d"}, "a loan belongs to the transaction of its step"
    assert len(transactions(steps)) == 1


def test_a_loan_that_nobody_needs_is_not_taken() -> None:
    assert compare([(Membership(role="u"), None)]) == []
    needed = schema("a", lenders=LENT)
    assert compare([(Membership(role="u"), None), (needed, needed)]) == []


def test_what_the_admin_has_is_not_borrowed_and_not_given_back() -> None:
    there = Membership(role="u", sufficient=True)
    assert shown(compare([(Membership(role="u"), there), (schema("a", lenders=LENT), None)])) == [
        "create schema"
    ]
    not_enough = replace(there, sufficient=False, lent=("SET",))
    steps = compare([(Membership(role="u"), not_enough), (schema("a", lenders=LENT), None)])
    assert shown(steps) == ["create membership", "create schema", "drop membership"]
    assert all(s.item.lent == ("SET",) for s in steps if isinstance(s.item, Membership)), (
        "only what was lacking is taken back"
    )


def test_each_transaction_borrows_for_itself() -> None:
    outside = Opening(database="d", lenders=LENT)
    steps = compare(
        [(Membership(role="u"), None), (outside, None), (schema("a", lenders=LENT), None)]
    )
    assert shown(steps) == [
        "create membership", "create opening", "drop membership", "create membership", "create schema", "drop membership",
    ]  # fmt: skip
    assert [len(group) for group in transactions(steps)] == [3, 3]


def test_several_loans_are_given_back_in_reverse() -> None:
    pairs: list[Pair] = [(Membership(role="u"), None), (Membership(role="v"), None)]
    steps = compare(
        [*pairs, (schema("a", lenders=("v",)), None), (schema("b", lenders=("u", "v")), None)]
    )
    assert [f"{s.verb} {s.item.role}" for s in steps if isinstance(s.item, Membership)] == [
        "create v",
        "create u",
        "drop u",
        "drop v",
    ]


@pytest.mark.parametrize(
    "keys",
    [
        {"access": "owner"},
        {"users": ["a", {"name": "b", "access": "owner"}], "schemas": ["s", "public"]},
    ],
)
def test_no_loan_outlives_its_transaction(keys: dict[str, Any]) -> None:
    steps = compare((item, None) for item in expanded(deployment(**keys)))
    assert any(isinstance(s.item, Membership) for s in steps)
    for group in transactions(steps):
        borrowed: list[str] = []
        for step in group:
            if isinstance(step.item, Membership):
                (borrowed.append if step.verb == "create" else borrowed.remove)(step.item.role)
            else:
                assert set(step.item.lenders) <= set(borrowed), (
                    f"{step} needs a loan that it does not have"
                )
        assert borrowed == [], "given back before the transaction ends"
    for one, after in pairwise(steps):
        if one.verb == "create" and isinstance(one.item, Membership):
            assert isinstance(after.item, Membership) or one.item.role in after.item.lenders, (
                "just before the first that needs it"
            )


def test_transactions() -> None:
    """Neighbours in one database share one; CREATE DATABASE is alone (T35)."""
    user, database = User(name="u"), Database(name="d", encoding="UTF8")
    steps = [
        Step("create", item)
        for item in (user, user, database, database, GRANT, schema("a"), schema("b"), GRANT)
    ]
    assert [len(group) for group in transactions(steps)] == [2, 1, 1, 1, 2, 1]
    assert [step for group in transactions(steps) for step in group] == steps
    assert transactions([]) == []


# -- what a person should know although it is no difference --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "other", "words"),
    [
        (Database(name="d", encoding="UTF8"), {"encoding": "LATIN1"}, "encoding LATIN1, not UTF8"),
        (
            Database(name="d", encoding="UTF8", collation="C"),
            {"collation": "de_DE"},
            "collation de_DE, not C",
        ),
        (Isolation(database="d", asked=False), {"public": ("CONNECT",)}, "PUBLIC has CONNECT"),
        (
            GRANT,
            {
                "privileges": (),
                "effective": ("CONNECT", "CREATE"),
                "grantable": False,
                "owner": "o",
            },
            'belongs to "o"',
        ),
        (
            PatternGrant(privileges=("SELECT",), **ON_MYSQL),
            {"others": ("d%",)},
            "has a grant on d%",
        ),
    ],
)
def test_remarks(wanted: Item, other: dict[str, Any], words: str) -> None:
    (said,) = wanted.remarks(replace(wanted, **other))
    assert words in said
    assert wanted.remarks(wanted) == []


def test_an_encoding_is_the_same_in_any_case() -> None:
    assert Database(name="d", encoding="utf8").remarks(Database(name="d", encoding="UTF8")) == []
