"""The password store of a user without a password."""

from __future__ import annotations

from typing import NoReturn

from msgspec import Struct

from dbprov.errors import PlaceError


class NoPlace(Struct, frozen=True):
    user: str
    writable = False
    remote = None

    def __str__(self) -> str:
        return "no place: it logs in with IAM tokens"

    def read(self) -> None:
        return None

    def pending(self) -> None:
        return None

    def fill(self) -> NoReturn:
        raise PlaceError(
            f'user "{self.user}" has no password',
            "the spec says auth: iam",
            "leave the user out of what is about passwords",
        )

    def propose(self, login: str = "") -> NoReturn:
        self.fill()

    def promote(self) -> None:
        return None
