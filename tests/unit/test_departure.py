"""How a Deployment goes, decided from what was found."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dbprov.departure import Departure, Survey, Wish, decide
from dbprov.items import DatabaseGrant, Item, Membership
from dbprov.plan import Pair
from dbprov.traces import Lockout, Session
from tests.unit.made import deployment

QUARANTINE = Wish(quarantine=True)
APP = Lockout(user="app")
GRANT = DatabaseGrant(database="shop", grantee="app", privileges=("CONNECT", "CREATE"))
SESSIONS = Session(user="app")
TWO: dict[str, Any] = {
    "numbers": (7, 8),
    "users": ("app", "app"),
    "origins": ("", ""),
    "ways": ("loan", "own"),
}


def decided(
    *pairs: tuple[Item, Item | None], shared: dict[str, Any] | None = None, wish: Wish = QUARANTINE
) -> Departure:
    found: tuple[Pair, ...] = pairs
    return decide(Survey(deployment("postgresql"), True, "dba", found, shared or {}), wish)


def said(made: Departure) -> list[list[str]]:
    return [[str(step) for step in phase] for phase in made.phases]


def test_nobody_is_there() -> None:
    assert decided((APP, None), (GRANT, None), (SESSIONS, SESSIONS)) == Departure()


def test_locked_out_before_sessions_are_ended() -> None:
    """And no loan where the admin may end a session with its own rights."""
    loan = Membership(role="app")
    made = decided(
        (APP, APP), (GRANT, GRANT), (SESSIONS, replace(SESSIONS, **TWO)), (loan, replace(loan, sufficient=False))
    )  # fmt: skip
    assert said(made) == [
        ['lock out user "app"', 'drop CONNECT on database "shop" for "app"'],
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
    assert said(made) == [['drop CONNECT on database "shop" for "app"']]


def test_whoever_serves_another_deployment_stays() -> None:
    made = decided((APP, APP), (GRANT, GRANT), shared={'"app"': ("reports", "sales")})
    assert [r.why for r in made.refusals] == [
        'user "app" serves reports, sales too, which would lose its connections'
    ]
