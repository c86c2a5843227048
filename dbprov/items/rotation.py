"""What a rotation sets and discards: passwords of users that exist; and users that take turns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from msgspec.structs import replace

from dbprov.items.item import GRANTED, SET, Admin, Back, Item, Made, Obstacle
from dbprov.items.users import altered_by_others
from dbprov.passwords import Kept


class Password(Item, frozen=True, kw_only=True):
    """The next password of a user. Only ``rotate`` wants one; what is found never satisfies it."""

    kind = "password"
    words = SET
    reveals = ("create", "alter")
    user: str
    host: str = "%"
    retain: bool = False  # the one in use stays valid beside it
    turns: bool = False  # it is the turn of this one of two users: it may log in from now on
    place: Kept | None = None
    # found
    administered: bool = True
    attempts: int = 0  # wrong passwords that lock it for a time; 0: any number, or not known

    def __str__(self) -> str:
        beside = "; the one in use stays valid beside it" if self.retain else ""
        return f"new password of {named(self.user, self.host)}{beside}"

    def satisfied_by(self, found: Self) -> bool:
        return False

    def not_permitted(self, verb: str, found: Item | None, admin: Admin) -> Obstacle | None:
        if isinstance(found, Password) and not found.administered:
            return altered_by_others(found.user, admin)
        return None


class OldPassword(Item, frozen=True, kw_only=True):
    """The password before the last rotation, where it is still valid."""

    kind = "old_password"
    words: ClassVar[Mapping[str, str]] = {"drop": "discard"}
    user: str
    host: str = "%"
    # found
    valid: bool = False
    sessions: int = 0  # of users that take turns: who still is logged in

    def __str__(self) -> str:
        return f"old password of {named(self.user, self.host)}"


class SecondUser(Item, frozen=True, kw_only=True):
    """The user that takes turns with the first: made without a password, and without LOGIN."""

    kind = "second_user"
    name: str
    first: str
    connection_limit: int | None = None
    # found
    acts: bool = True  # it is one, and no role of somebody else's with this name
    shut_out: bool = False  # it was in turn, and may not log in any more

    def satisfied_by(self, found: Self) -> bool:
        return found.acts and not found.shut_out

    def impossible(self, found: Item | None, admin: Admin) -> Obstacle | None:
        if isinstance(found, SecondUser) and not found.acts:
            member = SecondMember(name=found.name, first=found.first)
            return Obstacle(
                f'role "{found.name}" is there already, and is no member of "{found.first}"',
                "rename it, or, if it is the one to take turns, a superuser",
                admin.render.item(member, "create"),
            )
        return None

    def undo(self, verb: str, found: Item | None, made: Made) -> Back | None:
        return [("drop" if verb == "create" else "restore", self)]

    def __str__(self) -> str:
        return f'user "{self.name}", which takes turns with "{self.first}"'


class SecondMember(Item, frozen=True, kw_only=True):
    """The second user in the role of the first, whose rights it has."""

    kind = "second_member"
    words = GRANTED
    name: str
    first: str

    def __str__(self) -> str:
        return f'role "{self.first}" for "{self.name}"'

    def undo(self, verb: str, found: Item | None, made: Made) -> Back | None:
        return [("drop", replace(self, lenders=()))]

    def gone_with(self, made: Made) -> bool:
        return bool({(self.name, "%"), (self.first, "%")} & made.users)


class SecondRole(Item, frozen=True, kw_only=True):
    """What the second user makes belongs to the first, as if it had made it itself (T17)."""

    kind = "second_role"
    words = SET
    name: str
    first: str

    def __str__(self) -> str:
        return f'role of "{self.name}" to "{self.first}", which will own all that it makes'

    def undo(self, verb: str, found: Item | None, made: Made) -> Back | None:
        return [("drop", replace(self, lenders=()))]

    def gone_with(self, made: Made) -> bool:
        return bool({(self.name, "%"), (self.first, "%")} & made.users)


def named(user: str, host: str) -> str:
    return f'user "{user}"' + (f"@{host}" if host != "%" else "")
