"""Which objects can be given to another owner, so that no power goes with them unseen.

Whoever owns code can replace it. Where that code runs with somebody else's rights, the new owner
gets these rights; and where code acts with the rights of its owner, whoever wrote it, or may use
it, gets the new owner's. Such an object goes only where a person named it, one by one.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from dbprov.items import ObjectOwner
from dbprov.items.sessions import RoutineAccess
from dbprov.plan.steps import Step

SHOWN = 5  # of a list in a message


class Consent(Struct, frozen=True):
    """What a person allowed in so many words."""

    owners: tuple[str, ...] = ()  # whose objects go, beside the admin's own
    objects: tuple[str, ...] = ()  # identities of what executes and goes in spite of that

    @property
    def anything(self) -> bool:
        return bool(self.owners or self.objects)


NOTHING = Consent()


class Withheld(Struct, frozen=True):
    """What is not given, why, and the flags with which it would be."""

    item: ObjectOwner  # as found
    receiver: str
    why: tuple[str, ...]
    flags: tuple[str, ...]

    @property
    def foreign(self) -> bool:
        """That another role owns it is all that is against it."""
        return self.flags[:1] == ("--from",) and len(self.why) == 1

    def as_json(self) -> dict[str, Any]:
        found = self.item
        return {
            "object": found.identity,
            "item": found.what,
            "owner": found.owner,
            "why": list(self.why),
            "flags": list(self.flags),
        }


def divide(
    found: Sequence[ObjectOwner], receivers: Sequence[str], admin: str, consent: Consent
) -> tuple[list[ObjectOwner], list[Withheld]]:
    """What goes, and what does not.

    ``receivers``: who would get each. What one thing needs of another goes with it, or not at all.
    """
    to = {one.key: receiver for one, receiver in zip(found, receivers, strict=True)}
    needed: dict[str, list[ObjectOwner]] = {}
    for one in found:
        for key in one.users:
            needed.setdefault(key, []).append(one)

    def why(one: ObjectOwner, going: set[str]) -> list[str]:
        stay = [key for key in one.users if key not in going or to[key] != to[one.key]]
        return list(reasons(one, stay, trusted=one.owner == admin))

    def goes(owners: Collection[str]) -> set[str]:
        going = {one.key for one in found if one.owner in owners}
        asked = list(found)
        while asked:  # what stays may need what was to go
            one = asked.pop()
            if one.key in going and one.identity not in consent.objects and why(one, going):
                going.remove(one.key)
                asked += needed.get(one.key, ())
        return going

    def withheld(one: ObjectOwner) -> Withheld:
        """Judged as if its owner were named: then only what executes is still against it."""
        executing = why(one, with_its_owner[one.owner])
        against, flags = list(executing), list[str]()
        if one.owner not in owners:
            against.insert(0, f'it belongs to "{one.owner}"')
            flags += ["--from", one.owner]
        if executing and one.identity not in consent.objects:
            flags += ["--object", one.identity]
        return Withheld(one, to[one.key], tuple(against), tuple(flags))

    owners = {admin, *consent.owners}
    going = goes(owners)
    with_its_owner = dict.fromkeys(owners, going)
    for one in found:
        if one.owner not in with_its_owner:
            with_its_owner[one.owner] = goes({*owners, one.owner})
    return [one for one in found if one.key in going], [
        withheld(one) for one in found if one.key not in going
    ]


def reasons(one: ObjectOwner, staying: Collection[str], *, trusted: bool) -> Iterator[str]:
    """Why it goes only where it is named.

    ``staying``: those of its ``users`` that the new owner does not get too. ``trusted``: its owner
    is the admin itself.
    """
    routine = one.sort == "ROUTINE"
    if routine and one.definer:
        yield "it is SECURITY DEFINER: it acts with the rights of whoever owns it"
    if one.event:
        yield "it returns event_trigger: it runs as whoever changes the schema, a superuser too"
    pairs = zip(one.users, one.users_named, strict=True)
    stay = [words for key, words in pairs if key in staying]
    if stay:
        yield (
            f"{listed(stay)} need{'s' * (len(stay) == 1)} it and do{'es' * (len(stay) == 1)} not go"
            " with it: what the new owner made of it would run with the rights of others"
        )
    if one.analyzes:
        yield (
            f"the server would run {listed(one.analyzes)} as its new owner:"
            " by ANALYZE, REFRESH or a foreign key"
        )
    if not routine and one.definer and not trusted and may_use(one):
        yield f"it acts with the rights of whoever owns it, for {listed(may_use(one))}"


def may_use(one: ObjectOwner) -> list[str]:
    return ["PUBLIC"] * one.public + [f'"{name}"' for name in one.grantees]


def executes(one: ObjectOwner) -> tuple[str, ...]:
    """What of it runs code, and with whose rights: for the eyes of whoever says yes."""
    return tuple(_executes(one))


def marks(step: Step) -> tuple[str, ...]:
    """What executes of what a step gives away."""
    found = step.found
    return executes(found) if isinstance(found, ObjectOwner) else ()


def changed(agreed: Sequence[ObjectOwner], now: Sequence[ObjectOwner]) -> list[str]:
    """What executes now, and did not, or not so, when somebody agreed: its owner may replace it."""
    known = {(one.key, one.revision, executes(one)) for one in agreed}
    code = [one for one in now if executes(one)]
    return [one.what for one in code if (one.key, one.revision, executes(one)) not in known]


def _executes(one: ObjectOwner) -> Iterator[str]:
    if one.sort == "ROUTINE" and one.definer:
        yield "SECURITY DEFINER: acts with the rights of its owner"
    elif one.event:
        yield "returns event_trigger: runs with the rights of whoever changes the schema"
    elif one.sort == "ROUTINE":
        yield "runs with the rights of whoever calls it"
    elif one.definer:
        yield "acts with the rights of its owner" + (
            f", for {listed(may_use(one))}" if may_use(one) else ""
        )
    if one.users_named:
        yield f"needed by {listed(one.users_named)}"
    if one.runs:
        yield f"runs {listed(one.runs)}, as whoever uses it"
    if one.analyzes:
        yield f"runs {listed(one.analyzes)}, as its owner"


def closed(one: ObjectOwner, lenders: tuple[str, ...]) -> Iterator[Step]:
    """A routine that acts for its owner is nobody else's to execute any more."""
    if one.sort == "ROUTINE" and one.definer and may_use(one):
        types = zip(one.argument_schemas, one.argument_types, strict=True)
        routine = (one.schema, one.name, *(name for pair in types for name in pair))
        access = RoutineAccess(
            inside=one.inside, lenders=lenders, routine=routine, types=one.argument_types,
            public=one.public, grantees=one.grantees,
        )  # fmt: skip
        yield Step("drop", access, replace(access, lenders=()))


def command(flags: Sequence[str]) -> str:
    return shlex.join(flags)


def listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
