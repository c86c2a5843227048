"""What a rotation sets and discards: the passwords of users that exist."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Self

from dbprov.items import SET, Item
from dbprov.places import Kept


@dataclass(frozen=True, kw_only=True)
class Password(Item):
    """The next password of a user. Only ``rotate`` wants one; what is found never satisfies it."""

    kind = "password"
    words = SET
    reveals = ("create", "alter")
    user: str
    host: str = "%"
    retain: bool = False  # the one in use stays valid beside it
    place: Kept | None = field(default=None, compare=False)
    # found
    administered: bool = True

    def __str__(self) -> str:
        beside = "; the one in use stays valid beside it" if self.retain else ""
        return f"new password of {named(self.user, self.host)}{beside}"

    def satisfied_by(self, found: Self) -> bool:
        return False


@dataclass(frozen=True, kw_only=True)
class OldPassword(Item):
    """The password before the last rotation, where it is still valid."""

    kind = "old_password"
    words: ClassVar[Mapping[str, str]] = {"drop": "discard"}
    user: str
    host: str = "%"
    # found
    valid: bool = False

    def __str__(self) -> str:
        return f"old password of {named(self.user, self.host)}"


def named(user: str, host: str) -> str:
    return f'user "{user}"' + (f"@{host}" if host != "%" else "")
