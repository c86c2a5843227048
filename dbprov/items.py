"""The things that can exist on a server, and what "satisfied" means for each.

What is wanted and what is found have the same types. The fields of an Item are the names its
templates use, and the column aliases of its ``inspect.sql``: ``found = replace(wanted, **row)``.
Fields under "found" are filled by a look and say what is there beyond the wish; they are never part
of one. ``before`` is what the very entries held to which a statement of ours adds, or from which it
takes: so much an undo leaves there, or puts back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

from dbprov.places import Place

GRANTED: Mapping[str, str] = {"create": "grant", "alter": "grant", "drop": "revoke"}
IAM_PLUGIN = "AWSAuthenticationPlugin"
SET: Mapping[str, str] = {"create": "set", "alter": "set", "restore": "set", "drop": "reset"}


@dataclass(frozen=True, kw_only=True)
class Item:
    """One thing that can exist. ``kind`` names the folder of its templates."""

    kind: ClassVar[str]
    alone: ClassVar[bool] = False  # cannot run inside a transaction
    essential: ClassVar[bool] = True  # nothing that comes after it works without it
    words: ClassVar[
        Mapping[str, str]
    ] = {}  # what a person calls a verb where it is not create, alter or drop
    reveals: ClassVar[tuple[str, ...]] = ()  # verbs whose statement holds a password
    inside: str | None = None  # the database in which its statements run; None: the admin's own
    lenders: tuple[
        str, ...
    ] = ()  # roles whose rights it may need, borrowed for as long as its transaction lasts

    def __str__(self) -> str:
        raise NotImplementedError

    def satisfied_by(self, found: Self) -> bool:
        """Does what was found give what is wanted? More than that is no difference."""
        return True

    def toward(self, found: Self | None) -> Self:
        """The Item that a Step carries: as wanted, with what has to be kept of what was found."""
        return self

    def remarks(self, found: Self) -> list[str]:
        """What a person should know about what was found although it is no difference."""
        return []


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

    def remarks(self, found: Self) -> list[str]:
        said = []
        if found.encoding.lower() != self.encoding.lower():
            said.append(
                f"{self} has the encoding {found.encoding}, not {self.encoding};"
                " it is taken as found, since dbprov never converts stored text"
            )
        elif self.collation and found.collation != self.collation:
            said.append(
                f"{self} has the collation {found.collation}, not {self.collation};"
                " it is taken as found"
            )
        return said


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


@dataclass(frozen=True, kw_only=True)
class Grant(Item):
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

    on: ClassVar[str]

    def __str__(self) -> str:
        words = "all privileges" if self.every else ", ".join(self.privileges)
        return f"{words} on {self.on} {self.named} for {self.to}"

    @property
    def named(self) -> str:
        raise NotImplementedError

    @property
    def to(self) -> str:
        return f'"{self.grantee}"' if self.grantee else "this admin"

    def satisfied_by(self, found: Self) -> bool:
        """Granted to the grantee itself.

        Where the admin cannot grant, having it by another way is enough (T82).
        """
        wanted = set(self.privileges)
        if wanted <= set(found.privileges):
            return True
        return wanted <= set(found.effective) and (not found.grantable or self.grantee is None)

    def remarks(self, found: Self) -> list[str]:
        if (
            self.grantee
            and self.satisfied_by(found)
            and not set(self.privileges) <= set(found.privileges)
        ):
            return [
                f"{self}: held through PUBLIC or another role; this admin cannot grant it itself,"
                f' since {self.on} {self.named} belongs to "{found.owner}"'
            ]
        return []


@dataclass(frozen=True, kw_only=True)
class DatabaseGrant(Grant):
    kind = "database_grant"
    words = GRANTED
    on = "database"
    database: str

    @property
    def named(self) -> str:
        return f'"{self.database}"'


@dataclass(frozen=True, kw_only=True)
class Schema(Item):
    kind = "schema"
    name: str
    owner: str | None = None  # None: the admin

    def __str__(self) -> str:
        return f'schema "{self.name}" in database "{self.inside}"'


@dataclass(frozen=True, kw_only=True)
class SchemaGrant(Grant):
    kind = "schema_grant"
    words = GRANTED
    on = "schema"
    schema: str

    @property
    def named(self) -> str:
        return f'"{self.schema}"'


@dataclass(frozen=True, kw_only=True)
class ObjectGrant(Item):
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
    before: tuple[str, ...] = ()  # of each of these, in their order: its privileges, with commas
    columns: tuple[str, ...] = ()  # what the grantee has on columns of them
    beyond: tuple[str, ...] = ()  # objects on which it cannot, each with its owner

    def __str__(self) -> str:
        words = "all privileges" if self.every else ", ".join(self.privileges)
        return (
            f"{words} on existing {self.objects.lower()}"
            f' in schema "{self.schema}" for "{self.grantee}"'
        )

    def satisfied_by(self, found: Self) -> bool:
        return not found.lacking


@dataclass(frozen=True, kw_only=True)
class DefaultGrant(Item):
    """Privileges on what one role will create in a schema (trap T17: always FOR ROLE)."""

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

    def satisfied_by(self, found: Self) -> bool:
        return set(self.privileges) <= set(found.privileges)


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


@dataclass(frozen=True, kw_only=True)
class TokenGrant(Item):
    """A role of the service's own, whose members log in with tokens instead of passwords."""

    kind = "token_grant"
    words = GRANTED
    role: str
    user: str
    # found
    there: bool = True  # the server has such a role
    in_effect: bool = True
    captures: bool = False  # the admin acts with the user's rights: it would be a member too (T30)
    administers: bool = False  # it made the user, and has ADMIN on it: PostgreSQL 16 and newer

    def __str__(self) -> str:
        return f'login by IAM tokens for "{self.user}"'

    def satisfied_by(self, found: Self) -> bool:
        return found.in_effect

    def remarks(self, found: Self) -> list[str]:
        if found.in_effect or not found.administers:
            return []
        return [
            f'{self}: PostgreSQL 16 and newer make the admin who creates "{self.user}" a member'
            f" of it, with ADMIN only, and so of {self.role}; see that the admin can still log in"
            " with its password before you close your other sessions"
        ]


@dataclass(frozen=True, kw_only=True)
class PatternGrant(Item):
    """Privileges on a MySQL database.

    The server reads the database's name as a pattern, unless partial_revokes is on.
    """

    kind = "grant"
    words = GRANTED
    database: str
    user: str
    host: str
    privileges: tuple[str, ...]
    grant_option: bool = False
    every: bool = False
    # found
    others: tuple[
        str, ...
    ] = ()  # grant rows of this user in another spelling that reach the database too
    reach: tuple[str, ...] = ()  # what those rows give: the more exact row hides them (T42)

    def __str__(self) -> str:
        words = "all privileges" if self.every else ", ".join(self.privileges)
        option = " with grant option" if self.grant_option else ""
        return f'{words} on database "{self.database}" for "{self.user}"@{self.host}{option}'

    def satisfied_by(self, found: Self) -> bool:
        return (
            set(self.privileges) <= set(found.privileges)
            and self.grant_option <= found.grant_option
        )

    def toward(self, found: Self | None) -> Self:
        """With what other rows give.

        A new exact row hides them, and must not take anything away (T42).
        """
        if (
            found is None or found.privileges
        ):  # where the exact row is there already, it hides them already
            return self
        return replace(self, privileges=tuple(sorted({*self.privileges, *found.reach})))

    def remarks(self, found: Self) -> list[str]:
        return [
            f'"{self.user}"@{self.host} has a grant on {row},'
            " which the server reads as a pattern or not at all;"
            " it is left as it is without --prune (traps T40 to T43)."
            f" {self} is kept in a row of its own"
            for row in found.others
        ]


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
    # found
    grantable: bool = True  # the admin has, or may borrow, the rights of the owner of today

    def __str__(self) -> str:
        types = f"({', '.join(self.argument_types)})" if self.sort == "ROUTINE" else ""
        return f'{self.sort.lower()} "{self.schema}"."{self.name}"{types} to "{self.owner}"'

    def satisfied_by(self, found: Self) -> bool:
        return found.owner == self.owner
