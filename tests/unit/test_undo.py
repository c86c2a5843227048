"""Steps backward, from what was found: only what was not there goes, and only what was there comes back."""

from __future__ import annotations

import re
from typing import Any

import pytest
from msgspec.structs import replace

from dbprov.engines.engine import of
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
    SearchPath,
    User,
)
from dbprov.items.databases import Emptiness
from dbprov.items.existing_grants import AclEntry, RoleEntry
from dbprov.items.label import Label
from dbprov.plan.steps import Step, compare
from dbprov.plan.undo import undo
from dbprov.sql import review
from tests.support.made import FLAVORS, deployment, expanded, renderer
from tests.support.review import GOLDEN, KNOWN, USERS, found_in_part

PLACES: dict[str, Any] = {"inside": "shop", "schema": "work", "grantee": "app"}


def back(*steps: Step) -> list[Step]:
    made = undo(steps, "dba")
    assert made.stays == ()
    return list(made.steps)


def one(item: Item, found: Item | None = None, verb: str = "") -> list[Step]:
    return back(Step(verb or ("alter" if found else "create"), item, found))


@pytest.mark.parametrize("flavor", KNOWN)
def test_golden(flavor: str, request: pytest.FixtureRequest) -> None:
    made = deployment(FLAVORS[flavor], users=USERS)
    known = KNOWN[flavor]
    steps = compare(found_in_part(flavor, made))
    text = review.undo_file(of(FLAVORS[flavor]), made, steps, renderer(flavor, known), known)
    text = re.sub("[0-9a-f]{64}", "0" * 64, text)
    file = GOLDEN / f"{flavor}_undo.sql"
    if request.config.getoption("--update-golden"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


def test_a_whole_deployment_goes_database_first_and_users_last() -> None:
    steps = compare((item, None) for item in expanded(deployment(users=USERS)))
    assert [str(step) for step in back(*steps)] == [
        'stop where database "shop" holds tables',
        'drop database "shop"',
        'drop user "reader"',
        'drop user "app"',
    ]
    assert back(*steps)[0].item.inside == "shop"


def test_an_extension_goes_before_its_database() -> None:
    """Its tables are no reason to keep a database that the plan made."""
    steps = compare((item, None) for item in expanded(deployment(extensions=["e"])))
    assert [str(step) for step in back(*steps)][:3] == [
        'drop extension "e"',
        'stop where database "shop" holds tables',
        'drop database "shop"',
    ]
    wanted = Extension(inside="shop", name="e", schemas=("public",), users=("app",))
    missing = replace(wanted, installed=False)
    assert [str(step) for step in one(wanted, missing)] == ['drop extension "e"']


def test_on_mysql_grants_outlive_their_database() -> None:
    """T44: those of users that stay are revoked; a dropped user takes its own along."""
    pairs = [(i, i if isinstance(i, User) and i.name == "app" else None)
             for i in expanded(deployment("mysql", users=USERS, label=False))]  # fmt: skip
    [row] = [i for i, _ in pairs if isinstance(i, PatternGrant) and i.user == "app"]
    assert [str(step) for step in back(*compare(pairs))] == [
        'revoke ' + ", ".join(row.privileges) + ' on database "shop" for "app"@%',
        'stop where database "shop" holds tables',
        'drop database "shop"',
        'drop user "reader"',
    ]  # fmt: skip
    [_, empty, *_] = back(*compare(pairs))
    assert empty.item == Emptiness(database="shop")


def test_an_owner_gives_its_database_back_before_it_is_dropped() -> None:
    steps = compare((item, None) for item in expanded(deployment(access="owner")))
    made = [str(step) for step in back(*steps)]
    assert made[:3] == [
        'borrow membership in role "app" for this admin',
        'set owner of database "shop" to "dba"',
        'give back membership in role "app" for this admin',
    ]
    assert made[3:] == [
        'stop where database "shop" holds tables', 'drop database "shop"', 'drop user "app"',
    ]  # fmt: skip


def test_a_database_that_was_never_opened_is_not_asked() -> None:
    sealed = Step("create", Database(name="shop", encoding="UTF8", sealed=True))
    assert [step.verb for step in back(sealed)] == ["drop"]
    opening = Step("create", Opening(database="shop"))
    assert [step.verb for step in back(sealed, opening)] == ["ensure", "drop"]


@pytest.mark.parametrize("before", [(), ("CONNECT",), ("CONNECT", "CREATE")])
def test_only_privileges_that_were_not_there(before: tuple[str, ...]) -> None:
    every = ("CONNECT", "CREATE", "TEMPORARY")
    grant = DatabaseGrant(database="shop", grantee="app", privileges=every, every=True)
    found = replace(grant, privileges=("CONNECT",), before=before)
    [step] = one(grant, found)
    assert (step.verb, step.item) == (
        "drop",
        replace(grant, privileges=tuple(p for p in every if p not in before), every=False),
    )
    assert one(grant, replace(found, before=every)) == []


def test_what_came_by_another_way_is_not_counted() -> None:
    """Default privileges of any schema: what was granted in this one is what goes."""
    grant = DefaultGrant(**PLACES, objects="TABLES", creator=None, privileges=("INSERT", "SELECT"))
    [step] = one(grant, replace(grant, privileges=("INSERT",), before=()))
    assert step.item == replace(grant, privileges=("INSERT", "SELECT"))


THINGS = (("work", "a"), ("work", "b"), ("work", "c"), ("work", "d"))


def test_objects_by_what_each_lacked() -> None:
    grant = ObjectGrant(**PLACES, objects="TABLES", privileges=("INSERT", "SELECT"), every=True)
    found = replace(
        grant, lacking=("work.a", "work.b", "work.c", "work.d"), things=THINGS, before=("", "SELECT", "", "INSERT,SELECT"),
        columns=('SELECT (id) ON TABLE work.a',),
    )  # fmt: skip
    first, second = one(replace(grant, things=THINGS), found)
    less = replace(grant, every=False)
    assert first.item == replace(less, lacking=("work.a", "work.c"))
    assert second.item == replace(
        less, privileges=("INSERT",), lacking=("work.b",), columns=found.columns
    )
    assert one(grant, None) == []


@pytest.mark.parametrize(
    ("former", "schemas"),
    [
        ('"$user", public', ("$user", "public")),
        ('airflow, "a, ""b""", ""', ("airflow", 'a, "b"', "")),
        ("MIXED,other", ("mixed", "other")),
        ('"a;b" , x', ("a;b", "x")),
    ],
)
def test_the_former_search_path(former: str, schemas: tuple[str, ...]) -> None:
    path = SearchPath(user="app", database="shop", schemas=("work",))
    [step] = one(path, replace(path, former=former))
    assert (step.verb, step.item) == ("restore", replace(path, schemas=schemas))
    [step] = one(path, replace(path, former=None))
    assert (step.verb, step.item) == ("drop", path)


def test_the_former_limit_and_login() -> None:
    user = User(name="app", connection_limit=5)
    for limit, restored in ((None, -1), (0, 0), (3, 3)):
        [step] = one(user, replace(user, connection_limit=limit, can_login=False))
        assert (step.verb, step.item) == (
            "restore",
            replace(user, connection_limit=restored, can_login=False),
        )
    [step] = one(User(name="app"), User(name="app", connection_limit=3, can_login=False))
    assert step.item == User(name="app", can_login=False), "a limit that nobody changed stays"


def test_the_former_owner_and_what_the_new_one_had() -> None:
    ownership = Ownership(database="shop", owner="app", lenders=("app",))
    grant = DatabaseGrant(database="shop", grantee="app", privileges=("CONNECT", "CREATE"))
    found = replace(ownership, owner="dba", before=("CONNECT", "CREATE"), options=("CREATE",))
    loan = Step("create", Membership(role="app"))
    steps = back(loan, Step("alter", ownership, found), Step("alter", grant, grant))
    assert [str(s) for s in steps if not isinstance(s.item, Membership)] == [
        'set owner of database "shop" to "dba"',
        'revoke the grant option of CREATE on database "shop" for "dba"',
        'grant CREATE on database "shop" for "app"',
        'grant CONNECT on database "shop" for "app"',
    ]


def test_what_public_had() -> None:
    isolation = Isolation(database="shop", asked=True)
    [step] = one(
        isolation, replace(isolation, public=("CONNECT", "TEMPORARY"), before=("CONNECT",))
    )
    assert str(step) == 'take back: revoke CONNECT on database "shop" from PUBLIC'
    assert one(isolation, replace(isolation, public=(), before=())) == []


def test_a_label_that_was_there() -> None:
    label = Label(thing="user", name="app", text="new", mine="dbprov", asked=True)
    [step] = one(label, replace(label, text="old"))
    assert (step.verb, step.item) == ("alter", replace(label, text="old"))
    assert one(label, replace(label, text="")) == [Step("drop", label)]
    made = Step("create", User(name="app"))
    assert back(made, Step("create", label)) == [Step("drop", User(name="app"))]


def test_a_row_of_mysql() -> None:
    row = PatternGrant(
        database="shop", user="app", host="%", privileges=("INSERT", "SELECT"), grant_option=True
    )
    [step] = one(row, replace(row, privileges=("SELECT",), grant_option=False))
    assert step.item == replace(row, privileges=("INSERT",))
    [step] = one(row, replace(row, grant_option=False))
    assert step.item == replace(row, privileges=())
    [step] = one(row, replace(row, privileges=("SELECT",)))
    assert step.item == replace(row, privileges=("INSERT",), grant_option=False)
    assert one(row, row) == []


def test_what_was_pruned_is_given_again_by_whom_it_was_given() -> None:
    entry = AclEntry(
        inside="shop", sort="TABLE", things=(("public", "dag"),), grantee="app", privileges=("SELECT",),
        acts_as="other", lenders=("other",),
    )  # fmt: skip
    loan = Step("create", Membership(role="other"))
    steps = [
        loan,
        Step("create", entry.actor()),
        Step("drop", entry, entry),
        Step("drop", entry.actor()),
    ]
    assert [(s.verb, s.item.kind) for s in back(*steps)] == [
        ("create", "membership"), ("create", "acting"), ("create", "acl_entry"), ("drop", "acting"),
        ("drop", "membership"),
    ]  # fmt: skip
    role = RoleEntry(grantee="app", role="boss", grantor="dba")
    assert one(role, role, "drop") == [Step("create", role)]


def test_what_is_made_in_a_new_schema_goes_before_it() -> None:
    schema = Schema(inside="shop", name="work")
    grant = DefaultGrant(**PLACES, objects="TABLES", creator=None, privileges=("SELECT",))
    steps = back(Step("create", schema), Step("create", grant))
    assert [(s.verb, s.item.kind) for s in steps] == [("drop", "default_grant"), ("drop", "schema")]


def test_what_has_no_way_back_is_named() -> None:
    """A thing that somebody teaches dbprov to make, and not to take back."""
    made = deployment()
    odd = Step("create", Emptiness(database="shop"))
    assert undo([odd], "dba").stays == (odd,)
    known = KNOWN["postgresql"]
    text = review.undo_file(of("postgresql"), made, [odd], renderer("postgresql", known), known)
    assert f"-- No way back is known of: {odd}" in text
