"""The Steps of a plan, backward: what takes it back, from what was found before it.

Nothing of it comes from the spec. What was there before a plan is there after its undo, and what
the plan made is gone. How one step is taken back its Item knows.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from dbprov.items import Database, Membership, Opening, Ownership, User
from dbprov.items.item import Made
from dbprov.items.rotation import SecondUser
from dbprov.plan.steps import Step, transactions, with_loans


class Undo(Struct, frozen=True):
    """``stays``: steps for which no way back is known."""

    steps: tuple[Step, ...] = ()
    stays: tuple[Step, ...] = ()


def undo(steps: Sequence[Step], admin: str) -> Undo:
    """In reverse order, each with the rights that it needs, borrowed for its transaction."""
    made = made_by(steps, admin)
    back: list[Step] = []
    stays: list[Step] = []
    for step in reversed(steps):
        if step.item.gone_with(made):
            continue
        found = step.item.undo(step.verb, step.found, made)
        if found is None:
            stays.append(step)
        back += [Step(verb, item) for verb, item in found or ()]
    loans = {s.item.role: s for s in steps if isinstance(s.item, Membership) and s.verb == "create"}
    lent = [s for group in transactions(back) for s in with_loans(group, loans)]
    return Undo(tuple(lent), tuple(stays))


def made_by(steps: Sequence[Step], admin: str) -> Made:
    made = [step.item for step in steps if step.verb == "create"]
    items = [step.item for step in steps]
    users = {(item.name, item.host) for item in made if isinstance(item, User)}
    seconds = {(item.name, "%") for item in made if isinstance(item, SecondUser)}
    return Made(
        admin,
        databases=frozenset(item.name for item in made if isinstance(item, Database)),
        users=frozenset(users | seconds),
        entered=frozenset(item.inside for item in items),
        opened=frozenset(item.database for item in items if isinstance(item, Opening)),
        owners=frozenset(
            (item.database, item.owner) for item in items if isinstance(item, Ownership)
        ),
    )
