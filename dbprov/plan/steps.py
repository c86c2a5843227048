"""Wanted against found: what is left to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from dbprov.audit.record import Announced
from dbprov.items import Item, Membership
from dbprov.items.existing_grants import ActingAs

Pair = tuple[Item, Item | None]


class Step(Struct, frozen=True):
    verb: str  # create, alter, drop: the file of the Item's kind that does it
    item: Item
    found: Item | None = None

    def __str__(self) -> str:
        return f"{self.item.words.get(self.verb, self.verb)} {self.item}"

    def as_json(self, statement: str) -> dict[str, Any]:
        return {
            "verb": self.verb,
            "kind": self.item.kind,
            "item": str(self.item),
            "database": self.item.inside,
            "sql": statement,
        }


def folded(steps: Iterable[Step]) -> Iterator[tuple[str, list[Step]]]:
    """Neighbours that differ in the kind of object alone, with one line of words for them."""
    group: list[Step] = []
    shown: Step | None = None
    for step in steps:
        both = shown.item.folded(step.item) if shown and shown.verb == step.verb else None
        if shown and both is None:
            yield str(shown), group
            group = []
        shown = Step(step.verb, both) if both else step
        group.append(step)
    if shown:
        yield str(shown), group


def announced(step: Step, sql: str) -> Announced:
    item = step.item
    return Announced(str(step), str(item), item.kind, step.verb, item.inside, sql)


def compare(pairs: Iterable[Pair]) -> list[Step]:
    """The Steps that make what was found into what is wanted, in the order of the pairs.

    Empty: nothing to do.
    """
    pairs = list(pairs)
    steps = [
        Step("create" if found is None else "alter", part, found)
        for wanted, found in pairs
        if not isinstance(wanted, Membership)
        and not (wanted.satisfied_by(found) if found else wanted.needless)
        for part in wanted.toward(found).parts()
    ]
    return borrowing(steps, pairs)


def borrowing(steps: Iterable[Step], pairs: Iterable[Pair]) -> list[Step]:
    """The Steps, and around them the loans that they need, of the Memberships among the pairs."""
    loans = {
        wanted.role: Step("create", wanted.toward(found), found)
        for wanted, found in pairs
        if isinstance(wanted, Membership)
        and isinstance(found, Membership | None)
        and not (found and found.sufficient)
    }
    return [step for group in transactions(steps) for step in with_loans(group, loans)]


def transactions(steps: Iterable[Step]) -> list[list[Step]]:
    """Neighbours that can share a transaction.

    In the same database, and none that must run alone (T35).
    """
    numbered = enumerate(steps)
    groups = groupby(numbered, key=lambda n: (n[1].item.inside, n[0] if n[1].item.alone else -1))
    return [[step for _, step in group] for _, group in groups]


def with_loans(group: list[Step], loans: dict[str, Step]) -> list[Step]:
    """Borrows each role that a step needs just before the first such step.

    And gives all back in the same transaction. A step that only another role can do runs as it.
    """
    woven: list[Step] = []
    borrowed: list[Step] = []
    for step in group:
        if step.item.as_role:
            acting = ActingAs(role=step.item.as_role, inside=step.item.inside)
            begin, end = Step("create", acting), Step("drop", acting)
            woven += [step, end] if woven[-1:] == [end] and woven.pop() else [begin, step, end]
            continue
        for role in step.item.lenders:
            loan = loans.get(role)
            if loan and all(
                role != b.item.role for b in borrowed if isinstance(b.item, Membership)
            ):
                loan = replace(loan, item=replace(loan.item, inside=step.item.inside))
                borrowed.append(loan)
                woven.append(loan)
        woven.append(step)
    return woven + [replace(loan, verb="drop") for loan in reversed(borrowed)]
