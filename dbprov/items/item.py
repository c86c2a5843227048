"""One thing that can exist on a server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Protocol, Self

from msgspec import Struct
from msgspec.structs import replace

GRANTED: Mapping[str, str] = {"create": "grant", "alter": "grant", "drop": "revoke"}
SET: Mapping[str, str] = {"create": "set", "alter": "set", "restore": "set", "drop": "reset"}


class Statements(Protocol):
    """Renders the statement of a step, and templates that are not of an Item."""

    def item(self, item: Item, verb: str) -> str: ...
    def text(self, name: str, /, **values: Any) -> str: ...


class Told(Struct, frozen=True):
    """One statement for somebody else: who can run it, and in which database."""

    statement: str
    who: str  # in words
    roles: tuple[str, ...] = ()  # the same ones by name, beside superusers
    database: str | None = None  # None: any

    def as_json(self) -> dict[str, Any]:
        return {
            "database": self.database,
            "who": self.who,
            "roles": list(self.roles),
            "statement": self.statement,
        }


class Need(Struct, frozen=True):
    """What the admin lacks for a step: rights of a role, or as much of them as can be granted.

    Without ``on`` nothing less than the role does; ``alter``: ADMIN on it is meant, not its rights.
    """

    role: str
    on: str = ""  # DATABASE, SCHEMA, TABLE, SEQUENCE, ROUTINE
    things: tuple[tuple[str, ...], ...] = ()
    privileges: tuple[str, ...] = ()
    option: bool = True  # to grant them; False: to use them itself
    inside: str | None = None  # the database in which it is granted
    alter: bool = False
    beside: bool = False  # no reason by itself: another step needs it, and then it is enough
    unseen: bool = False  # more of the role's things may be there, which this admin cannot see
    instead: str = ""  # what the role, or a superuser, would run where nobody can lend the role
    database: str = ""  # whose owner has it too
    owning: bool = False  # ``instead`` makes the admin the owner of that database


class Obstacle(Struct, frozen=True):
    """Why this admin cannot do a step, and what somebody else would run.

    ``needs`` become statements once all obstacles of a plan are known. ``told``: those of them that
    no obstacle before this one has told already.
    """

    why: str
    who: str
    statement: str = ""
    needs: tuple[Need, ...] = ()
    told: tuple[Told, ...] | None = None

    @property
    def todo(self) -> str:
        if self.told is not None:
            return told_in_words(self.told)
        return f"{self.who} would run:\n{self.statement};" if self.statement else self.who


def told_in_words(told: Sequence[Told]) -> str:
    """Neighbours for the same people and the same database under one line."""
    by_head: list[tuple[str, list[str]]] = []
    for one in told:
        where = f' in database "{one.database}"' if one.database else ""
        head = f"{one.who} would run{where}:" if one.statement else one.who
        if not by_head or by_head[-1][0] != head:
            by_head.append((head, []))
        by_head[-1][1].extend([f"{one.statement};"] * bool(one.statement))
    return "\n".join(line for head, lines in by_head for line in (head, *lines))


class Admin(Protocol):
    """The admin, as an engine's module ``limits`` knows it."""

    name: str
    unlimited: bool  # what it may not do is not known, or nothing
    render: Statements

    def lacks(self, item: Item, verb: str, found: Item | None) -> Obstacle | None:
        """A right of the account as a whole without which no step of this kind works."""

    def cannot_end(self, user: str | None) -> tuple[str, str]:
        """Why it cannot end a session of a user, and who can."""


class Remedy(Protocol):
    """The statements that give an admin what it lacks, as an engine's module ``remedies`` knows."""

    def of(self, needs: Iterable[Need]) -> tuple[Told, ...]: ...


class Made(Struct, frozen=True):
    """What a plan makes as a whole: what an undo of one of its steps has to know."""

    admin: str
    databases: frozenset[str] = frozenset()
    users: frozenset[tuple[str, str]] = frozenset()
    entered: frozenset[str | None] = frozenset()  # databases in which a step runs
    opened: frozenset[str] = frozenset()  # databases that were made sealed, and opened
    owners: frozenset[tuple[str, str]] = frozenset()  # databases with the owner that each gets


Back = Sequence[tuple[str, "Item"]]
"""Verbs with their Items: the steps that take one back."""


class Item(Struct, frozen=True, kw_only=True):
    """One thing that can exist. ``kind`` names the folder of its templates."""

    kind: ClassVar[str]
    alone: ClassVar[bool] = False  # cannot run inside a transaction
    essential: ClassVar[bool] = True  # nothing that comes after it works without it
    words: ClassVar[
        Mapping[str, str]
    ] = {}  # what a person calls a verb where it is not create, alter or drop
    foreseen: ClassVar[bool] = False  # its block inspect is also asked before its database is there
    reveals: ClassVar[tuple[str, ...]] = ()  # verbs whose statement holds a password
    inside: str | None = None  # the database in which its statements run; None: the admin's own
    lenders: tuple[
        str, ...
    ] = ()  # roles whose rights it may need, borrowed for as long as its transaction lasts
    as_role: str = (
        ""  # found: the role as which it runs, where the admin has its rights in no other way
    )

    def __str__(self) -> str:
        raise NotImplementedError

    @property
    def must_hold(self) -> tuple[str, str, str | None, tuple[str, ...]] | None:
        """Of a grant: what, its name, the grantee (None: the admin) and the privileges.

        A file asks for these at its end, since a GRANT can succeed without effect (T14).
        """
        return None

    def gives_nothing(self, found: Item | None) -> bool:
        """Does the step give nobody a power on anything that is there today?"""
        return False

    def added(self, found: Item | None) -> tuple[str, ...]:
        """Of a grant: the privileges that its grantee has by no way today."""
        return ()

    @property
    def passed_on(self) -> tuple[str, ...]:
        """MySQL: privileges that only an admin who has them itself can grant."""
        return ()

    def satisfied_by(self, found: Self) -> bool:
        """Does what was found give what is wanted? More than that is no difference."""
        return True

    @property
    def needless(self) -> bool:
        """Is it nothing to do where nothing was found? Of what only exists beforehand."""
        return False

    def unseen(self, owner: str, acts: bool) -> Item | None:
        """What is taken as found in a database that the admin cannot enter.

        ``acts``: it may be its owner by SET ROLE, and lacks nothing once it is in.
        """
        return None

    def toward(self, found: Self | None) -> Self:
        """The Item that a Step carries: as wanted, with what has to be kept of what was found."""
        return replace(self, as_role=found.as_role) if found and found.as_role else self

    def parts(self) -> Sequence[Self]:
        """What one statement cannot do, as several Items."""
        return (self,)

    def folded(self, following: Item) -> Item | None:
        """This Item and the one after it as one, to be shown in one line; None: in two."""
        return None

    def remarks(self, found: Self) -> list[str]:
        """What a person should know about what was found although it is no difference."""
        return []

    def obstacle(self, verb: str, found: Item | None, admin: Admin) -> Obstacle | None:
        """Why this admin cannot do a step, known before it is tried."""
        met = self.impossible(found, admin)
        if met or admin.unlimited:
            return met
        return admin.lacks(self, verb, found) or self.not_permitted(verb, found, admin)

    def impossible(self, found: Item | None, admin: Admin) -> Obstacle | None:
        """What a superuser cannot do either."""
        return None

    def not_permitted(self, verb: str, found: Item | None, admin: Admin) -> Obstacle | None:
        """What takes ADMIN on a role that somebody else made, or the rights of an owner."""
        return None

    def undo(self, verb: str, found: Item | None, made: Made) -> Back | None:
        """What takes a step back, from what was found before it; None where nothing can."""
        return None

    def gone_with(self, made: Made) -> bool:
        """Does it go when an undo drops the databases and users that the plan made?"""
        return self.inside in made.databases or getattr(self, "database", None) in made.databases
