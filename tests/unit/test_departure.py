"""How a Deployment goes, decided from what was found."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from dbprov.items import (
    Database,
    DatabaseGrant,
    Item,
    Membership,
    Ownership,
    PatternGrant,
    TokenGrant,
    User,
)
from dbprov.items.sessions import Belongings, Lockout, UserSession
from dbprov.plan.drop import Decision, decide
from dbprov.plan.drop_survey import DropOptions, Refusal, Survey
from dbprov.plan.steps import Pair
from tests.support.made import deployment

QUARANTINE = DropOptions(quarantine=True)
APP = Lockout(user="app")
GRANT = DatabaseGrant(database="shop", grantee="app", privileges=("CONNECT", "CREATE"))
SESSIONS = UserSession(user="app")
TWO: dict[str, Any] = {
    "numbers": (7, 8),
    "users": ("app", "app"),
    "origins": ("", ""),
    "ways": ("loan", "own"),
}


def decided(
    *pairs: tuple[Item, Item | None],
    shared: dict[str, Any] | None = None,
    options: DropOptions = QUARANTINE,
) -> Decision:
    found: tuple[Pair, ...] = pairs
    return decide(Survey(deployment("postgresql"), True, "dba", found, shared or {}), options)


def said(made: Decision) -> list[list[str]]:
    return [[str(step) for step in phase] for phase in made.phases]


def test_nobody_is_there() -> None:
    assert decided((APP, None), (GRANT, None), (SESSIONS, SESSIONS)) == Decision()


def test_locked_out_before_sessions_are_ended() -> None:
    """And no loan where the admin may end a session with its own rights."""
    loan = Membership(role="app")
    made = decided(
        (APP, APP), (GRANT, GRANT), (SESSIONS, replace(SESSIONS, **TWO)), (loan, replace(loan, sufficient=False))
    )  # fmt: skip
    assert said(made) == [
        ['lock out user "app"', 'revoke CONNECT on database "shop" for "app"'],
        [
            'borrow membership in role "app" for this admin',
            'end session 7 of "app"',
            'end session 8 of "app"',
            'give back membership in role "app" for this admin',
        ],
    ]


def test_only_what_is_left() -> None:
    there = replace(GRANT, privileges=("CREATE",))
    assert decided((APP, replace(APP, locked=True)), (GRANT, there)).phases == ()
    made = decided((APP, replace(APP, locked=True)), (GRANT, GRANT))
    assert said(made) == [['revoke CONNECT on database "shop" for "app"']]


def test_whoever_serves_another_deployment_stays() -> None:
    made = decided((APP, APP), (GRANT, GRANT), shared={'"app"': ("reports", "sales")})
    assert [r.why for r in made.refusals] == [
        'user "app" serves reports, sales too, which would lose its connections'
    ]


# -- the whole way out -----------------------------------------------------------------------------------------------------

USERS, WHOLE = DropOptions(), DropOptions(database=True)
USER = User(name="app")
DATABASE = Database(name="shop", encoding="UTF8", owner="dba")
HAS = Belongings(user="app", database="shop")


def test_what_it_owns_keeps_it() -> None:
    inside = replace(HAS, inside="shop", here=("table t",))
    made = decided((APP, APP), (USER, USER), (HAS, HAS), (inside, inside), options=USERS)
    assert [r.why for r in made.refusals] == ['user "app" owns table t']
    assert decided((APP, APP), (inside, inside), options=WHOLE).refusals == ()
    new_owner = Membership(role="joe")
    made = decided(
        (APP, APP), (inside, inside), (new_owner, new_owner), options=DropOptions(reassign_to="joe")
    )
    assert made.refusals == ()
    assert 'reassign what user "app" owns to "joe"' in [str(step) for step in made.steps]


def test_what_it_owns_elsewhere_keeps_it_in_any_case() -> None:
    new_owner = Membership(role="joe")
    for found in (
        replace(HAS, owned=("database sales",)),
        replace(HAS, inside="sales", owned=("table t",)),
    ):
        for options in (USERS, WHOLE, DropOptions(reassign_to="joe")):
            made = decided((APP, APP), (found, found), (new_owner, new_owner), options=options)
            [refusal] = made.refusals
            assert refusal.why.startswith('user "app" owns things beside this Deployment'), options


def test_an_heir_that_cannot_be() -> None:
    for new_owner, pairs, words in (
        ("nobody", (Membership(role="nobody"), None), "does not exist"),
        ("app", (Membership(role="app"), Membership(role="app")), "goes itself"),
    ):
        made = decided((APP, APP), pairs, options=DropOptions(reassign_to=new_owner))
        assert [words in r.why for r in made.refusals] == [True]


def test_the_role_is_last() -> None:
    """And of its grants nothing is asked in a database that is dropped."""
    here = replace(HAS, inside="shop", given=("table t",))
    there = replace(HAS, inside="sales", given=("table t",))
    owned = Ownership(database="shop", owner="app")
    made = decided(
        (APP, APP), (USER, USER), (DATABASE, replace(DATABASE, owner="app")), (owned, owned),
        (here, here), (there, there), options=WHOLE,
    )  # fmt: skip
    assert [(s.verb, s.item.kind, s.item.inside) for s in made.steps] == [
        ("create", "lockout", None),
        ("alter", "ownership", None),
        ("drop", "belongings", "sales"),
        ("drop", "database", None),
        ("drop", "user", None),
    ]


def test_a_database_that_could_not_be_entered() -> None:
    found = replace(HAS, databases=("sales", "shop"), counts=(2, 1))
    shut = {"sales": Refusal("may not connect", "ask"), "shop": Refusal("may not connect", "ask")}
    survey = Survey(
        deployment("postgresql"), True, "dba", ((APP, APP), (found, found)), {}, (), shut
    )
    assert [r.why for r in decide(survey, WHOLE).refusals] == [
        'user "app" owns 2 objects in database "sales", where this admin cannot look: may not connect'
    ]
    assert len(decide(survey, USERS).refusals) == 2


def test_a_user_that_stays_loses_its_row_on_mysql() -> None:
    row = PatternGrant(database="shop", user="app", host="%", privileges=("SELECT",))
    survey = Survey(
        deployment("mysql"), False, "dba", ((APP, APP), (USER, USER), (row, row)), {'"app"': ("b",)}
    )
    assert [str(s) for s in decide(survey, USERS).steps] == [
        'revoke SELECT on database "shop" for "app"@%'
    ]
    assert decide(survey, USERS).refusals == ()


def test_the_rights_of_a_user_of_iam_are_borrowed_after_its_tokens_are_taken() -> None:
    tokens = TokenGrant(role="rds_iam", user="app")
    loan = Membership(role="app", sufficient=False, external=True)
    there = replace(HAS, inside="sales", given=("table t",))
    pairs = ((APP, APP), (tokens, tokens), (there, there), (loan, loan))
    found = [s.found for s in decided(*pairs, options=WHOLE).steps if s.item.kind == "membership"]
    assert [f.external for f in found if isinstance(f, Membership)] == [False, False]


def test_where_it_cannot_be_told_nothing_is_taken() -> None:
    """Whatever is wished: what may be the same server may have another Deployment on it."""
    doubt = Refusal("reports may be on the same server", "same_server: false")
    survey = Survey(deployment("postgresql"), True, "dba", ((APP, APP),), {}, (doubt,))
    for options in (QUARANTINE, DropOptions(), DropOptions(database=True)):
        assert doubt in decide(survey, options).refusals
