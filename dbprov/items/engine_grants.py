"""Grants that only one engine or service knows: on a MySQL database, login by IAM tokens."""

from __future__ import annotations

from typing import Self

from msgspec.structs import replace

from dbprov.items.item import GRANTED, Admin, Back, Item, Made, Obstacle


class TokenGrant(Item, frozen=True, kw_only=True):
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

    def impossible(self, found: Item | None, admin: Admin) -> Obstacle | None:
        if isinstance(found, TokenGrant) and not found.there:
            return Obstacle(
                f"the server has no role {self.role}: it is not RDS or Aurora",
                "auth: password in the spec; or name the server on RDS",
                "",
            )
        return None

    def not_permitted(self, verb: str, found: Item | None, admin: Admin) -> Obstacle | None:
        if isinstance(found, TokenGrant) and found.captures and verb != "drop":
            return Obstacle(
                f'"{admin.name}" is a member of "{found.user}", or becomes one when it makes it:'
                f" once that is a member of {self.role} the admin could not log in with its"
                " password",
                f'take "{admin.name}" out of "{found.user}"; leave createrole_self_grant empty',
                "",
            )
        return None

    def undo(self, verb: str, found: Item | None, made: Made) -> Back | None:
        return [("drop", self)]

    def remarks(self, found: Self) -> list[str]:
        if found.in_effect or not found.administers:
            return []
        return [
            f'{self}: PostgreSQL 16 and newer make the admin who creates "{self.user}" a member'
            f" of it, with ADMIN only, and so of {self.role}; see that the admin can still log in"
            " with its password before you close your other sessions"
        ]


class PatternGrant(Item, frozen=True, kw_only=True):
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

    def gives_nothing(self, found: Item | None) -> bool:
        """A row of its own for what another row gives already."""
        if not isinstance(found, PatternGrant):
            return False
        return not self.added(found) and self.grant_option <= found.grant_option

    def added(self, found: Item | None) -> tuple[str, ...]:
        had = (*found.privileges, *found.reach) if isinstance(found, PatternGrant) else ()
        return tuple(word for word in self.privileges if word not in had)

    def satisfied_by(self, found: Self) -> bool:
        return (
            set(self.privileges) <= set(found.privileges)
            and self.grant_option <= found.grant_option
        )

    @property
    def passed_on(self) -> tuple[str, ...]:
        return self.privileges

    def undo(self, verb: str, found: Item | None, made: Made) -> Back | None:
        had = found.privileges if isinstance(found, PatternGrant) else ()
        option = self.grant_option and not (isinstance(found, PatternGrant) and found.grant_option)
        taken = tuple(word for word in self.privileges if word not in had)
        less = replace(self, privileges=taken, grant_option=option, every=False)
        return [("drop", less)] if taken or option else []

    def gone_with(self, made: Made) -> bool:
        """With its user: a grant survives its database (T44)."""
        return (self.user, self.host) in made.users

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
        means = (
            "a pattern: _ and % stand for any characters, and it reaches every database"
            " whose name fits"
            if found.reach
            else "no pattern while partial_revokes is on, and reaches no database"
        )
        return [
            f'"{self.user}"@{self.host} has a grant on {row}, which is {means};'
            " it is kept (use --prune to revoke)."
            f" {self} is kept in a row of its own"
            for row in found.others
        ]
