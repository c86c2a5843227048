"""What somebody may do with a thing."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Self

from dbprov.items.item import GRANTED, Item
from dbprov.system.frozen import dataclass


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
            " it is kept (use --prune to revoke)."
            f" {self} is kept in a row of its own"
            for row in found.others
        ]
