"""Users, what is set for them, and the admin as a member of their roles."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import ClassVar, Self

from msgspec.structs import replace

from dbprov.items.item import SET, Admin, Back, Item, Made, Need, Obstacle
from dbprov.passwords import Place

IAM_PLUGIN = "AWSAuthenticationPlugin"


NO_LIMIT = -1


def altered_by_others(role: str, admin: Admin) -> Obstacle:
    """Of a role that the admin has no ADMIN on."""
    return Obstacle(
        f'"{admin.name}" may not alter role "{role}", which somebody else made',
        "a superuser",
        needs=(Need(role=role, alter=True),),
    )


class User(Item, frozen=True, kw_only=True):
    kind = "user"
    reveals = ("create",)
    name: str
    host: str = "%"
    connection_limit: int | None = None
    place: Place | None = None
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
            return altered_by_others(found.name, admin)
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


class SearchPath(Item, frozen=True, kw_only=True):
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
            return altered_by_others(found.user, admin)
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


class Membership(Item, frozen=True, kw_only=True):
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
                "a superuser",
                needs=(Need(role=self.role, alter=True),),
            )
        return None

    def undo(self, verb: str, found: Item | None, made: Made) -> Back | None:
        return []  # it was given back in its own transaction
