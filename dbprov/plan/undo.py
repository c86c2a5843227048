"""The Steps of a plan, backward: what takes it back, from what was found before it.

Nothing of it comes from the spec. What was there before a plan is there after its undo, and what
the plan made is gone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from dbprov.items import (
    Database,
    DatabaseGrant,
    DefaultGrant,
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
    TokenGrant,
    User,
)
from dbprov.items.existing_grants import AclEntry, Acting, Held
from dbprov.items.label import Label
from dbprov.items.rotation import SecondMember, SecondRole, SecondUser
from dbprov.plan.steps import Step, transactions, with_loans
from dbprov.system.frozen import dataclass

NO_LIMIT = -1


@dataclass(frozen=True, kw_only=True)
class Emptiness(Item):
    """Nothing is in a database that could be lost: what takes a new one back asks for that."""

    kind = "emptiness"
    words: ClassVar[Mapping[str, str]] = {"ensure": "stop where"}
    database: str

    def __str__(self) -> str:
        return f'database "{self.database}" holds tables'


@dataclass(frozen=True)
class Undo:
    """``stays``: steps for which no way back is known."""

    steps: tuple[Step, ...] = ()
    stays: tuple[Step, ...] = ()


def undo(steps: Sequence[Step], admin: str) -> Undo:
    """In reverse order, each with the rights that it needs, borrowed for its transaction."""
    way = _Way(steps, admin)
    back: list[Step] = []
    stays: list[Step] = []
    for step in reversed(steps):
        if isinstance(step.item, (Membership, Acting)) or way.vanishes(step.item):
            continue
        found = way.back(step)
        if found is None:
            stays.append(step)
        back += found or ()
    loans = {s.item.role: s for s in steps if isinstance(s.item, Membership) and s.verb == "create"}
    lent = [s for group in transactions(back) for s in with_loans(group, loans)]
    return Undo(tuple(lent), tuple(stays))


class _Way:
    """What has to be known of the whole plan to take one step of it back."""

    def __init__(self, steps: Sequence[Step], admin: str) -> None:
        made = [step.item for step in steps if step.verb == "create"]
        self.admin = admin
        self.databases = {item.name for item in made if isinstance(item, Database)}
        self.users = {(item.name, item.host) for item in made if isinstance(item, User)}
        self.users |= {(item.name, "%") for item in made if isinstance(item, SecondUser)}
        self.entered = {step.item.inside for step in steps}
        self.opened = {step.item.database for step in steps if isinstance(step.item, Opening)}
        self.owners = {
            (step.item.database, step.item.owner)
            for step in steps
            if isinstance(step.item, Ownership)
        }

    def vanishes(self, item: Item) -> bool:
        """It goes with the database or the user that the undo drops.

        On MySQL grants survive their database (T44).
        """
        if isinstance(item, PatternGrant):
            return (item.user, item.host) in self.users
        if isinstance(item, Label):
            owned = item.thing == "database"
            return item.name in self.databases if owned else (item.name, item.host) in self.users
        if isinstance(item, (SecondMember, SecondRole)):
            return bool({(item.name, "%"), (item.first, "%")} & self.users)
        if isinstance(item, (Database, Ownership)):
            return False
        return item.inside in self.databases or getattr(item, "database", None) in self.databases

    def back(self, step: Step) -> Sequence[Step] | None:
        """None where no way back is known."""
        item, found = step.item, step.found
        if isinstance(item, Held):
            return _given_again(item) if step.verb == "drop" else None
        if step.verb == "create" and isinstance(item, (User, SecondUser, Schema)):
            return [Step("drop", item)]
        if isinstance(item, SecondUser):
            return [Step("restore", item)]
        if isinstance(item, (SecondMember, SecondRole)):
            return [Step("drop", replace(item, lenders=()))]
        if step.verb == "create" and isinstance(item, Database):
            return [*self._still_empty(item), Step("drop", item)]
        if isinstance(item, User) and isinstance(found, User):
            return [Step("restore", _former_user(item, found))]
        if isinstance(item, Ownership):
            return list(_former_owner(item, found, self.admin))
        if isinstance(item, Isolation):
            had = found.before if isinstance(found, Isolation) else ()
            return [Step("drop", replace(item, before=had))] if had else []
        if isinstance(item, (Opening, TokenGrant)):
            return [Step("drop", item)]
        if isinstance(item, Label):
            text = found.text if isinstance(found, Label) else ""
            return [Step("alter", replace(item, text=text)) if text else Step("drop", item)]
        if isinstance(item, SearchPath):
            return [_former_path(item, found)]
        if isinstance(item, DatabaseGrant) and (item.database, item.grantee) in self.owners:
            return []  # its entry became the owner's, and goes with the ownership
        if isinstance(item, (DatabaseGrant, SchemaGrant, DefaultGrant)):
            return _less(item, found.before if isinstance(found, type(item)) else ())
        if isinstance(item, ObjectGrant):
            return list(_on_objects(item, found)) if isinstance(found, ObjectGrant) else []
        if isinstance(item, PatternGrant):
            return _less_of_row(item, found if isinstance(found, PatternGrant) else None)
        return None

    def _still_empty(self, item: Database) -> Iterator[Step]:
        """Asked inside it, on an engine where one goes into a database.

        One that was never opened nobody could fill, and nobody can ask.
        """
        if not item.sealed or item.name in self.opened:
            inside = item.name if item.name in self.entered else None
            yield Step("ensure", Emptiness(database=item.name, inside=inside))


def _former_user(item: User, found: User) -> User:
    """The limit only where it was looked at, which is where the spec has one."""
    former = NO_LIMIT if found.connection_limit is None else found.connection_limit
    limit = None if item.connection_limit is None else former
    return replace(item, can_login=found.can_login, connection_limit=limit)


def _former_owner(item: Ownership, found: Item | None, admin: str) -> Iterator[Step]:
    """A database that was made in the same run belonged to the admin.

    What the new owner had been granted became an owner's own, and went on to the former owner.
    """
    former = found.owner if isinstance(found, Ownership) else admin
    yield Step("alter", replace(item, owner=former))
    if not isinstance(found, Ownership):
        return
    entry = AclEntry(sort="DATABASE", things=((item.database,),), grantee=item.owner)
    held = tuple(word for word in found.before if word not in found.options)
    if found.options:
        less = replace(entry, grantee=former, privileges=found.options, option_only=True)
        yield Step("drop", less)
        yield Step("create", replace(entry, privileges=found.options, option=True))
    if held:
        yield Step("create", replace(entry, privileges=held))


def _former_path(item: SearchPath, found: Item | None) -> Step:
    former = found.former if isinstance(found, SearchPath) else None
    if former is None:
        return Step("drop", item)
    return Step("restore", replace(item, schemas=tuple(_schemas(former))))


def _schemas(setting: str) -> Iterator[str]:
    """The names in a list of identifiers, as the server reads its own setting."""
    for quoted, bare in re.findall(r'"((?:[^"]|"")*)"|([^,\s"]+)', setting):
        yield bare.lower() if bare else quoted.replace('""', '"')


def _less(item: Any, before: tuple[str, ...]) -> list[Step]:
    """Only the privileges that were not there; what was, its grant option included, stays."""
    taken = tuple(word for word in item.privileges if word not in before)
    return [Step("drop", replace(item, privileges=taken, every=False))] if taken else []


def _less_of_row(item: PatternGrant, found: PatternGrant | None) -> list[Step]:
    taken = tuple(w for w in item.privileges if not found or w not in found.privileges)
    option = item.grant_option and not (found and found.grant_option)
    less = replace(item, privileges=taken, grant_option=option, every=False)
    return [Step("drop", less)] if taken or option else []


def _on_objects(item: ObjectGrant, found: ObjectGrant) -> Iterator[Step]:
    """A statement for each set of privileges that was lacking, on the objects that lacked it.

    What the grantee has on columns is given again by the last one.
    """
    lacked: dict[tuple[str, ...], list[str]] = {}
    for name, had in zip(found.lacking, found.before, strict=True):
        taken = tuple(word for word in item.privileges if word not in had.split(","))
        lacked.setdefault(taken, []).append(name)
    groups = [(taken, names) for taken, names in lacked.items() if taken]
    for number, (taken, names) in enumerate(groups, 1):
        columns = found.columns if number == len(groups) else ()
        yield Step(
            "drop",
            replace(item, privileges=taken, every=False, lacking=tuple(names), columns=columns),
        )


def _given_again(item: Held) -> list[Step]:
    """By whom it was given before."""
    given = Step("create", item)
    if not isinstance(item, AclEntry) or not item.acts_as:
        return [given]
    acting = item.actor()
    lent = replace(acting, lenders=item.lenders)
    return [Step("create", lent), given, Step("drop", acting)]
