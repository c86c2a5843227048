"""Users, databases, schemas, and what is said of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from msgspec.structs import replace

from dbprov.items.existing_grants import AclEntry
from dbprov.items.item import SET, Admin, Back, Item, Made, Need, Obstacle


def owned_by_others(admin: Admin, *needs: Need) -> Obstacle:
    """``needs``: of the owner, at least one."""
    owner = needs[0].role
    return Obstacle(
        f'it belongs to "{owner}", whose rights "{admin.name}" does not have,'
        " and it has no grant option either",
        f'"{owner}", or a superuser,',
        needs=needs,
    )


def as_owner(owner: str, database: str, admin: Admin) -> Need:
    """The rights of a database's owner; of one who lends them to nobody, the database itself."""
    instead = admin.render.text("remedy/own", database=database, admin=admin.name)
    return Need(role=owner, instead=instead, database=database, owning=True)


class Database(Item, frozen=True, kw_only=True):
    kind = "database"
    alone = True
    name: str
    encoding: str
    collation: str | None = None
    sealed: bool = False  # made so that nobody can enter before it is isolated
    # found
    owner: str = ""
    grantable: bool = True  # may the admin act as its owner?
    enters: bool = True  # may the admin connect to it?
    acts: bool = False  # may it be the owner by SET ROLE?

    def __str__(self) -> str:
        return f'database "{self.name}"'

    def not_permitted(self, verb: str, found: Item | None, admin: Admin) -> Obstacle | None:
        if isinstance(found, Database) and not found.grantable:
            return owned_by_others(admin, as_owner(found.owner, self.name, admin))
        return None

    def undo(self, verb: str, found: Item | None, made: Made) -> Back | None:
        """Dropped only while it is empty: asked inside, on an engine where one goes into it.

        One that was never opened nobody could fill, and nobody can ask.
        """
        if verb != "create":
            return None
        if self.sealed and self.name not in made.opened:
            return [("drop", self)]
        inside = self.name if self.name in made.entered else None
        return [("ensure", Emptiness(database=self.name, inside=inside)), ("drop", self)]

    def gone_with(self, made: Made) -> bool:
        return False

    def remarks(self, found: Self) -> list[str]:
        found_otherwise = []
        if found.encoding.lower() != self.encoding.lower():
            found_otherwise.append(
                f"{self} has the encoding {found.encoding}, not {self.encoding};"
                " it is taken as found, since dbprov never converts stored text"
            )
        elif self.collation and found.collation != self.collation:
            found_otherwise.append(
                f"{self} has the collation {found.collation}, not {self.collation};"
                " it is taken as found"
            )
        return found_otherwise


class Emptiness(Item, frozen=True, kw_only=True):
    """Nothing is in a database that could be lost: what takes a new one back asks for that."""

    kind = "emptiness"
    words: ClassVar[Mapping[str, str]] = {"ensure": "stop where"}
    database: str

    def __str__(self) -> str:
        return f'database "{self.database}" holds tables'


class Ownership(Item, frozen=True, kw_only=True):
    kind = "ownership"
    words = SET
    database: str
    owner: str
    # found
    grantable: bool = True
    before: tuple[str, ...] = ()  # what the new owner was granted, which an owner's own rights eat
    options: tuple[str, ...] = ()  # as much of it as it could grant on

    def __str__(self) -> str:
        return f'owner of database "{self.database}" to "{self.owner}"'

    def satisfied_by(self, found: Self) -> bool:
        return found.owner == self.owner

    def not_permitted(self, verb: str, found: Item | None, admin: Admin) -> Obstacle | None:
        if isinstance(found, Ownership) and not found.grantable:
            return owned_by_others(admin, as_owner(found.owner, self.database, admin))
        return None

    def undo(self, verb: str, found: Item | None, made: Made) -> Back | None:
        """A database that was made in the same run belonged to the admin.

        What the new owner had been granted became an owner's own, and went on to the former owner.
        """
        former = found.owner if isinstance(found, Ownership) else made.admin
        back: list[tuple[str, Item]] = [("alter", replace(self, owner=former))]
        if not isinstance(found, Ownership):
            return back
        entry = AclEntry(sort="DATABASE", things=((self.database,),), grantee=self.owner)
        held = tuple(word for word in found.before if word not in found.options)
        if found.options:
            less = replace(entry, grantee=former, privileges=found.options, option_only=True)
            back.append(("drop", less))
            back.append(("create", replace(entry, privileges=found.options, option=True)))
        if held:
            back.append(("create", replace(entry, privileges=held)))
        return back

    def gone_with(self, made: Made) -> bool:
        return False


class Isolation(Item, frozen=True, kw_only=True):
    """PUBLIC shut out of a database.

    Always of one that dbprov made, of an existing one where the spec says so.
    """

    kind = "isolation"
    words: ClassVar[Mapping[str, str]] = {
        "create": "revoke",
        "alter": "revoke",
        "drop": "take back: revoke",
    }
    database: str
    asked: bool  # the spec says so in words: an existing database is isolated too
    # found
    sealed: bool = False
    public: tuple[str, ...] = ()  # what PUBLIC may do
    before: tuple[str, ...] = ()
    owner: str = ""
    grantable: bool = True

    def __str__(self) -> str:
        words = ", ".join(self.before or ("CONNECT", "TEMPORARY"))
        return f'{words} on database "{self.database}" from PUBLIC'

    def satisfied_by(self, found: Self) -> bool:
        return not found.public or not (self.asked or found.sealed)

    def not_permitted(self, verb: str, found: Item | None, admin: Admin) -> Obstacle | None:
        if isinstance(found, Isolation) and not found.grantable:
            instead = admin.render.item(self, verb)
            need = Need(role=found.owner, instead=instead, database=self.database)
            return owned_by_others(admin, need)
        return None

    def undo(self, verb: str, found: Item | None, made: Made) -> Back | None:
        had = found.before if isinstance(found, Isolation) else ()
        return [("drop", replace(self, before=had))] if had else []

    def remarks(self, found: Self) -> list[str]:
        if found.public and self.satisfied_by(found):
            return [
                f'PUBLIC has {", ".join(found.public)} on database "{self.database}":'
                " it was there before dbprov; isolate: true in the spec takes that away"
            ]
        return []


class Opening(Item, frozen=True, kw_only=True):
    """A database made sealed is opened once PUBLIC is shut out."""

    kind = "opening"
    words: ClassVar[Mapping[str, str]] = {
        "create": "open",
        "alter": "open",
        "drop": "take back: open",
    }
    database: str
    # found
    sealed: bool = False

    def __str__(self) -> str:
        return f'database "{self.database}" to connections'

    def satisfied_by(self, found: Self) -> bool:
        return not found.sealed

    def undo(self, verb: str, found: Item | None, made: Made) -> Back | None:
        return [("drop", self)]


class Schema(Item, frozen=True, kw_only=True):
    kind = "schema"
    name: str
    owner: str | None = None  # None: the admin

    def __str__(self) -> str:
        return f'schema "{self.name}"'

    def undo(self, verb: str, found: Item | None, made: Made) -> Back | None:
        return [("drop", self)] if verb == "create" else None
