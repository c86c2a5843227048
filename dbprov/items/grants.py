"""What somebody may do with a thing."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import ClassVar, Self

from msgspec.structs import replace

from dbprov.items.databases import owned_by_others
from dbprov.items.existing_grants import Path
from dbprov.items.item import GRANTED, Admin, Back, Item, Made, Need, Obstacle

MOST = 1000  # objects that one statement names
SHOWN = 5  # objects that a message names
UNSEEN = "what this admin cannot see yet"


def revoked(item: Grant | DefaultGrant, before: Sequence[str]) -> Back:
    """Only the privileges that were not there; what was, its grant option included, stays."""
    taken = tuple(word for word in item.privileges if word not in before)
    return [("drop", replace(item, privileges=taken, every=False))] if taken else []


def one_line(one: ObjectGrant | DefaultGrant, following: Item) -> Item | None:
    """Of several kinds of objects, where their words differ in nothing else."""
    if not isinstance(following, type(one)) or one.inside != following.inside:
        return None
    if str(replace(one, objects="")) != str(replace(following, objects="")):
        return None
    kinds = dict.fromkeys([*one.objects.split(", "), following.objects])
    return replace(one, objects=", ".join(kinds))


class Grant(Item, frozen=True, kw_only=True):
    """Privileges of one grantee on one thing."""

    grantee: str | None  # None: the admin itself
    privileges: tuple[str, ...]
    every: bool = False  # the privileges are all that this server knows for such a thing
    direct: bool = False  # what comes through other roles does not count
    # found
    effective: tuple[
        str, ...
    ] = ()  # what the grantee may do by whatever way, PUBLIC and roles included
    before: tuple[str, ...] = ()
    owner: str = ""
    grantable: bool = True  # can this admin grant them?
    with_database: str = ""  # the database whose owner, whoever that is, has it

    on: ClassVar[str]

    def __str__(self) -> str:
        words = "all privileges" if self.every else ", ".join(self.privileges)
        return f'{words} on {self.on} "{self.thing}" for {self.to}'

    @property
    def to(self) -> str:
        return f'"{self.grantee}"' if self.grantee else "this admin"

    @property
    def must_hold(self) -> tuple[str, str, str | None, tuple[str, ...]] | None:
        return self.on, self.thing, self.grantee, self.privileges

    @property
    def thing(self) -> str:
        raise NotImplementedError

    def satisfied_by(self, found: Self) -> bool:
        """Granted to the grantee itself.

        Where the admin cannot grant, having it by another way is enough (T82).
        """
        wanted = set(self.privileges)
        if wanted <= set(found.privileges):
            return True
        return wanted <= set(found.effective) and (not found.grantable or self.grantee is None)

    def added(self, found: Item | None) -> tuple[str, ...]:
        had = (*found.privileges, *found.effective) if isinstance(found, Grant) else ()
        return tuple(word for word in self.privileges if word not in had)

    def not_permitted(self, verb: str, found: Item | None, admin: Admin) -> Obstacle | None:
        if isinstance(found, Grant) and not found.grantable:
            return owned_by_others(admin, self.need(found))
        return None

    def need(self, found: Grant) -> Need:
        return Need(
            role=found.owner,
            on=self.on.upper(),
            things=((self.thing,),),
            privileges=self.privileges,
            option=self.grantee is not None,
            inside=self.inside,
            database=found.with_database,
        )

    def unseen(self, owner: str, acts: bool) -> Item | None:
        """Nothing is known to be granted; the owner's rights may be borrowed."""
        if acts:
            return self
        return replace(self, owner=owner, grantable=owner in self.lenders, privileges=())

    def undo(self, verb: str, found: Item | None, made: Made) -> Back | None:
        return revoked(self, found.before if isinstance(found, Grant) else ())

    def remarks(self, found: Self) -> list[str]:
        if (
            self.grantee
            and self.satisfied_by(found)
            and not set(self.privileges) <= set(found.privileges)
        ):
            return [
                f"{self}: held through PUBLIC or another role; this admin cannot grant it itself,"
                f' since {self.on} "{self.thing}" belongs to "{found.owner}"'
            ]
        return []


class DatabaseGrant(Grant, frozen=True, kw_only=True):
    kind = "database_grant"
    words = GRANTED
    on = "database"
    database: str
    closed: bool = False  # PUBLIC is shut out: what comes through PUBLIC does not count
    beforehand: bool = False  # only of a database that is there already
    schemas: tuple[str, ...] = ()  # only where one of these is not there yet
    # found
    enters: bool = True  # may this admin connect to it?

    @property
    def thing(self) -> str:
        return self.database

    @property
    def needless(self) -> bool:
        return self.beforehand

    def not_permitted(self, verb: str, found: Item | None, admin: Admin) -> Obstacle | None:
        """What is in a database is planned from a look: it has to be entered before."""
        if isinstance(found, DatabaseGrant) and found.grantable and not found.enters:
            why = f'"{admin.name}" has the rights of "{found.owner}", and may not CONNECT itself'
            who = f'"{found.owner}", or a superuser,'
            return Obstacle(why, who, needs=(replace(self.need(found), unseen=False),))
        return super().not_permitted(verb, found, admin)

    def need(self, found: Grant) -> Need:
        entry = self.grantee is None and "CONNECT" in self.privileges
        one = super().need(found)
        return replace(one, inside=None, unseen=entry, database=self.database)

    def undo(self, verb: str, found: Item | None, made: Made) -> Back | None:
        if (self.database, self.grantee) in made.owners:
            return []  # its entry became the owner's, and goes with the ownership
        return super().undo(verb, found, made)


class SchemaGrant(Grant, frozen=True, kw_only=True):
    kind = "schema_grant"
    words = GRANTED
    on = "schema"
    schema: str

    @property
    def thing(self) -> str:
        return self.schema

    def unseen(self, owner: str, acts: bool) -> Item | None:
        """Of others than public it is not known whether they are there."""
        return super().unseen(owner, acts) if self.schema == "public" else None


class ObjectGrant(Item, frozen=True, kw_only=True):
    """Privileges on the objects of one sort that are in a schema already.

    Trap T81: only where one is lacking.
    """

    kind = "object_grant"
    words = GRANTED
    essential = False
    schema: str
    objects: str  # TABLES, SEQUENCES, ROUTINES
    grantee: str
    privileges: tuple[str, ...]
    every: bool = False
    direct: bool = False
    # found
    lacking: tuple[str, ...] = ()  # objects on which the admin can grant what is lacking
    things: tuple[Path, ...] = ()  # the same ones, each by its names
    before: tuple[str, ...] = ()  # of each of these, in their order: its privileges, with commas
    columns: tuple[str, ...] = ()  # what the grantee has on columns of them
    not_grantable: tuple[str, ...] = ()  # objects on which it cannot, each with its owner
    foreign_things: tuple[Path, ...] = ()  # the same ones, each by its names
    foreign_owners: tuple[str, ...] = ()  # and each one's owner
    roles: tuple[str, ...] = ()  # of each of ``things``: as which role it is granted, or ""

    def __str__(self) -> str:
        words = "all privileges" if self.every else ", ".join(self.privileges)
        return (
            f"{words} on existing {self.objects.lower()}"
            f' in schema "{self.schema}" for "{self.grantee}"'
        )

    def added(self, found: Item | None) -> tuple[str, ...]:
        return self.privileges  # on some of the objects

    def satisfied_by(self, found: Self) -> bool:
        return not found.lacking

    def toward(self, found: Self | None) -> Self:
        return replace(self, things=found.things, roles=found.roles) if found else self

    def parts(self) -> Sequence[Self]:
        """Statements that a person can read: of at most 1,000 objects each, all as one role."""
        by_role: dict[str, list[Path]] = {}
        for thing, role in zip_longest(self.things, self.roles, fillvalue=""):
            by_role.setdefault(str(role), []).append(tuple(thing))
        return [
            replace(self, things=tuple(things[at : at + MOST]), as_role=role, roles=())
            for role, things in (by_role or {"": []}).items()
            for at in range(0, len(things), MOST) or (0,)
        ]

    def folded(self, following: Item) -> Item | None:
        return one_line(self, following)

    def unseen(self, owner: str, acts: bool) -> Item | None:
        if acts or self.schema != "public" or owner in (*self.lenders, self.grantee):
            return self
        return replace(self, not_grantable=(UNSEEN,), foreign_owners=(owner,))

    def of_others(self) -> Obstacle:
        """Of objects on which the admin cannot grant: what it takes of each owner."""
        by_owner: dict[str, list[Path]] = {owner: [] for owner in self.foreign_owners}
        for thing, owner in zip(self.foreign_things, self.foreign_owners, strict=False):
            by_owner[owner].append(thing)
        listed, more = ", ".join(self.not_grantable[:SHOWN]), len(self.not_grantable) - SHOWN
        return Obstacle(
            f"not on {listed}" + (f" and {more} more" if more > 0 else ""),
            "their owners, or a superuser,",
            needs=tuple(
                Need(
                    role=owner,
                    on=self.objects.removesuffix("S")
                    if things
                    else f"ALL {self.objects} IN SCHEMA",
                    things=tuple(things) or ((self.schema,),),
                    privileges=self.privileges,
                    inside=self.inside,
                )
                for owner, things in by_owner.items()
            ),
        )

    def undo(self, verb: str, found: Item | None, made: Made) -> Back | None:
        """A statement for each set of privileges that was lacking, on the objects that lacked it.

        What the grantee has on columns is given again by the last one.
        """
        if not isinstance(found, ObjectGrant):
            return []
        lacked: dict[tuple[str, ...], list[str]] = {}
        mine = set(self.things)
        for name, thing, had in zip(found.lacking, found.things, found.before, strict=True):
            if thing not in mine:
                continue  # another step's
            taken = tuple(word for word in self.privileges if word not in had.split(","))
            lacked.setdefault(taken, []).append(name)
        less = replace(self, every=False, things=())
        back = [
            replace(less, privileges=taken, lacking=tuple(names))
            for taken, names in lacked.items()
            if taken
        ]
        back[-1:] = [replace(last, columns=found.columns) for last in back[-1:]]
        return [("drop", one) for one in back]


class DefaultGrant(Item, frozen=True, kw_only=True):
    """Privileges on what one role will create in a schema (trap T17: for each such role)."""

    kind = "default_grant"
    words = GRANTED
    schema: str
    objects: str
    creator: str | None  # None: the admin
    grantee: str
    privileges: tuple[str, ...]
    every: bool = False
    # found
    before: tuple[str, ...] = ()

    def __str__(self) -> str:
        words = "all privileges" if self.every else ", ".join(self.privileges)
        creator = f'"{self.creator}"' if self.creator else "this admin"
        return (
            f"{words} on future {self.objects.lower()} of {creator}"
            f' in schema "{self.schema}" for "{self.grantee}"'
        )

    def folded(self, following: Item) -> Item | None:
        return one_line(self, following)

    def gives_nothing(self, found: Item | None) -> bool:
        return True  # it is about objects that are not there yet

    def satisfied_by(self, found: Self) -> bool:
        return set(self.privileges) <= set(found.privileges)

    def undo(self, verb: str, found: Item | None, made: Made) -> Back | None:
        return revoked(self, found.before if isinstance(found, DefaultGrant) else ())
