"""What a Deployment has on a server beside its Items: sessions, logins, belongings.

Nothing here is ever wanted. It is looked at, and ended, when a Deployment goes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from dbprov.items import Item


@dataclass(frozen=True, kw_only=True)
class Lockout(Item):
    """A user that cannot log in, and loses nothing else. ``apply`` takes it back."""

    kind = "lockout"
    words: ClassVar[Mapping[str, str]] = {"create": "lock out", "drop": "let in"}
    user: str
    host: str = "%"
    # found
    locked: bool = False
    administered: bool = True

    def __str__(self) -> str:
        return f'user "{self.user}"' + (f"@{self.host}" if self.host != "%" else "")


@dataclass(frozen=True, kw_only=True)
class Session(Item):
    """Looked at: those of a user, or (``user`` None) those of anybody in a database. Ended: one."""

    kind = "sessions"
    words: ClassVar[Mapping[str, str]] = {"drop": "end"}
    essential = False
    user: str | None
    host: str = "%"
    database: str | None = None
    number: int = 0
    origin: str = ""
    means: str = ""  # how this admin can end it: own, loan, procedure; none: it cannot
    # found, one entry for each
    numbers: tuple[int, ...] = ()
    users: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    ways: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f'session {self.number} of "{self.user}" {self.origin}'.rstrip()

    def each(self) -> Iterator[Session]:
        for number, user, origin, way in zip(
            self.numbers, self.users, self.origins, self.ways, strict=True
        ):
            lenders = (user,) if way == "loan" else ()
            yield replace(
                self, user=user, number=number, origin=origin, means=way, lenders=lenders,
                numbers=(), users=(), origins=(), ways=(),
            )  # fmt: skip
