"""Users, databases, schemas, and what is said of each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from typing import ClassVar, Self

from dbprov.items.existing_grants import AclEntry
from dbprov.items.item import SET, Admin, Back, Item, Made, Obstacle
from dbprov.passwords import Place
from dbprov.system.frozen import dataclass

IAM_PLUGIN = "AWSAuthenticationPlugin"
NO_LIMIT = -1


def altered_by_others(item: Item, verb: str, role: str, admin: Admin) -> Obstacle:
    """Of a role that the admin has no ADMIN on."""
    return Obstacle(
        f'"{admin.name}" may not alter role "{role}", which somebody else made',
        "a superuser, or who has ADMIN on the role,",
        admin.render.item(item, verb),
    )


def owned_by_others(item: Item, verb: str, owner: str, admin: Admin) -> Obstacle:
    return Obstacle(
        f'it belongs to "{owner}", and "{admin.name}" is not a member of that role',
        f'"{owner}", or a superuser,',
        admin.render.item(item, verb),
    )


@dataclass(frozen=True, kw_only=True)
class User(Item):
    kind = "user"
    reveals = ("create",)
    name: str
    host: str = "%"
    connection_limit: int | None = None
    place: Place | None = field(default=None, compare=False)
    auth: str = "password"  # or iam
    # found
    can_login: bool = True
    plugin: str = ""  # MySQL: what lets it in, asked where it should be IAM
    administered: bool = True  # the admin may alter it, and lend itself its rights

    def __str__(self) -> str:
        return f'user "{self.name}"' + (f"@{self.host}" if self.host != "%" else "")

    def satisfied_by(self, found: Self) -> bool:
        return found.can_login and self.connection_limit in (None, found.connection_limit)

    def not_permitted(self, verb: str, found: Item | None, admin: Admin) -> Obstacle | None:
        if isinstance(found, User) and not found.administered:
            return altered_by_others(self, verb, found.name, admin)
        return None

    def undo(self, verb: str, found: Item | None, made: Made) -> Back | None:
        """The limit only where it was looked at, which is where the spec has one."""
        if verb == "create":
            return [("drop", self)]
        if not isinstance(found, User):
            return None
        former = NO_LIMIT if found.connection_limit is None else found.connection_limit
        limit = None if self.connection_limit is None else former
        return [("restore", replace(self, can_login=found.can_login, connection_limit=limit))]

    def remarks(self, found: Self) -> list[str]:
        if self.auth == "iam" and found.plugin not in ("", IAM_PLUGIN):
            return [
                f"{self} is there already and logs in by {found.plugin}, not by IAM;"
                " it is taken as found, since dbprov never changes how an existing user logs in"
            ]
        return []


@dataclass(frozen=True, kw_only=True)
class Database(Item):
    kind = "database"
    alone = True
    name: str
    encoding: str
    collation: str | None = None
    sealed: bool = False  # made so that nobody can enter before it is isolated
    # found
    owner: str = ""
    grantable: bool = True  # may the admin act as its owner?

    def __str__(self) -> str:
        return f'database "{self.name}"'

    def not_permitted(self, verb: str, found: Item | None, admin: Admin) -> Obstacle | None:
        if isinstance(found, Database) and not found.grantable:
            return owned_by_others(self, verb, found.owner, admin)
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


@dataclass(frozen=True, kw_only=True)
class Emptiness(Item):
    """Nothing is in a database that could be lost: what takes a new one back asks for that."""

    kind = "emptiness"
    words: ClassVar[Mapping[str, str]] = {"ensure": "stop where"}
    database: str

    def __str__(self) -> str:
        return f'database "{self.database}" holds tables'


@dataclass(frozen=True, kw_only=True)
class Ownership(Item):
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
            return owned_by_others(self, verb, found.owner, admin)
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


@dataclass(frozen=True, kw_only=True)
class Isolation(Item):
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
            return owned_by_others(self, verb, found.owner, admin)
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


@dataclass(frozen=True, kw_only=True)
class Opening(Item):
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


@dataclass(frozen=True, kw_only=True)
class Schema(Item):
    kind = "schema"
    name: str
    owner: str | None = None  # None: the admin

    def __str__(self) -> str:
        return f'schema "{self.name}"'

    def undo(self, verb: str, found: Item | None, made: Made) -> Back | None:
        return [("drop", self)] if verb == "create" else None


@dataclass(frozen=True, kw_only=True)
class SearchPath(Item):
    kind = "search_path"
    words = SET
    user: str
    database: str
    schemas: tuple[str, ...]
    # found
    in_effect: bool = True
    former: str | None = None  # the setting as the server keeps it
    administered: bool = True

    def __str__(self) -> str:
        return f'search_path of user "{self.user}" in database "{self.database}"'

    def satisfied_by(self, found: Self) -> bool:
        return found.in_effect

    def not_permitted(self, verb: str, found: Item | None, admin: Admin) -> Obstacle | None:
        if isinstance(found, SearchPath) and not found.administered:
            return altered_by_others(self, verb, found.user, admin)
        return None

    def undo(self, verb: str, found: Item | None, made: Made) -> Back | None:
        former = found.former if isinstance(found, SearchPath) else None
        if former is None:
            return [("drop", self)]
        return [("restore", replace(self, schemas=tuple(schemas_in(former))))]


def schemas_in(setting: str) -> Iterator[str]:
    """The names in a list of identifiers, as the server reads its own setting."""
    for quoted, bare in re.findall(r'"((?:[^"]|"")*)"|([^,\s"]+)', setting):
        yield bare.lower() if bare else quoted.replace('""', '"')


@dataclass(frozen=True, kw_only=True)
class Membership(Item):
    """The admin as a member of a role.

    Borrowed inside one transaction, given back before it ends (traps T24, T80).
    """

    kind = "membership"
    words: ClassVar[Mapping[str, str]] = {
        "create": "borrow",
        "alter": "borrow",
        "drop": "give back",
    }
    role: str
    # found
    sufficient: bool = True  # a superuser, or a member with all that it takes
    administered: bool = True
    external: bool = (
        False  # the role logs in by IAM: membership would change how the admin logs in (T30)
    )
    lent: tuple[
        str, ...
    ] = ()  # options that a grant of the admin's own to itself lacks; it goes on lacking them

    def __str__(self) -> str:
        return f'membership in role "{self.role}" for this admin'

    def satisfied_by(self, found: Self) -> bool:
        return found.sufficient

    def toward(self, found: Self | None) -> Self:
        return replace(self, lent=found.lent) if found else self

    def not_permitted(self, verb: str, found: Item | None, admin: Admin) -> Obstacle | None:
        if not isinstance(found, Membership):
            return None
        if found.external:
            return Obstacle(
                f'"{self.role}" is a member of rds_iam:'
                f' as a member of it "{admin.name}" could no longer log in with its password',
                "take the access: owner and other users out of the spec",
                "",
            )
        if not found.administered:
            return Obstacle(
                f'"{admin.name}" may not borrow the rights of "{self.role}",'
                " which somebody else made",
                "a superuser, or who has ADMIN on the role,",
                admin.render.text("remedy/administer", admin=admin.name, role=self.role),
            )
        return None

    def undo(self, verb: str, found: Item | None, made: Made) -> Back | None:
        return []  # it was given back in its own transaction


@dataclass(frozen=True, kw_only=True)
class ObjectOwner(Item):
    """Who owns one table, view, sequence, routine or type: ALTER asks for that, not for grants."""

    kind = "object_owner"
    words: ClassVar[Mapping[str, str]] = {"alter": "give"}
    schema: str
    owner: str
    sort: str = "TABLE"
    name: str = ""
    argument_schemas: tuple[str, ...] = ()
    argument_types: tuple[str, ...] = ()
    # asked
    formers: tuple[str, ...] = ()  # all that these roles own, in any schema
    own: tuple[str, ...] = ()  # roles that keep what they were granted
    named: tuple[str, ...] = ()  # identities that are answered also where the owner has them
    # found
    grantable: bool = True  # the admin has, or may borrow, the rights of the owner of today
    key: str = ""  # class and oid
    identity: str = ""  # as a person names it: "schema".name, of a routine with its types
    definer: bool = False  # acts with its owner's rights: SECURITY DEFINER, a view, a rule
    event: bool = False  # returns event_trigger
    public: bool = False  # where definer: PUBLIC may use it
    grantees: tuple[str, ...] = ()  # and these roles
    revision: str = ""  # of a routine, or of rules: another one where it was replaced
    users: tuple[str, ...] = ()  # keys of things of others that run it, or work on it with power
    users_said: tuple[str, ...] = ()
    analyzes: tuple[str, ...] = ()  # code of others that the server runs as its owner
    runs: tuple[str, ...] = ()  # routines that its triggers, rules, policies, defaults run

    def __str__(self) -> str:
        return f'{self.what} to "{self.owner}"'

    @property
    def what(self) -> str:
        types = f"({', '.join(self.argument_types)})" if self.sort == "ROUTINE" else ""
        return f'{self.sort.lower()} "{self.schema}"."{self.name}"{types}'

    def satisfied_by(self, found: Self) -> bool:
        return found.owner == self.owner

    def not_permitted(self, verb: str, found: Item | None, admin: Admin) -> Obstacle | None:
        if isinstance(found, ObjectOwner) and not found.grantable:
            return Obstacle(
                f'it belongs to "{found.owner}", whose rights "{admin.name}" may not borrow',
                "a superuser",
                admin.render.item(self, verb),
            )
        return None
