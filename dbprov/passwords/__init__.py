"""Where passwords come from and are kept. What reaches a network is imported when it is used."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from dbprov.passwords.secret import Secret


class Kept(Protocol):
    """A password that can be read."""

    def read(self) -> Secret | None:
        """The password kept here, or None where nothing is kept yet. Raises PlaceError."""

    def __str__(self) -> str: ...


class Place(Kept, Protocol):
    """Where one password lives, and the next one while it is changed."""

    @property
    def writable(self) -> bool:
        """Can dbprov make a password and keep it here?"""

    def fill(self) -> Secret:
        """Keep a newly generated password here and return what is kept.

        Somebody else's, if they were faster.
        """

    def pending(self) -> Secret | None:
        """The next password, kept beside the one in use until it is proven; usually None."""

    def propose(self, login: str = "") -> Secret:
        """Keep a newly generated password beside the one in use and return what is kept there.

        The one that an interrupted rotation left, where there is one. With ``login`` before it.
        """

    def promote(self) -> None:
        """The next password takes the place of the one in use. Nothing, where none is kept."""


class Next(Struct, frozen=True):
    """The password that is kept beside the one in use."""

    place: Place

    def __str__(self) -> str:
        return f"the next one beside {self.place}"

    def read(self) -> Secret | None:
        return self.place.pending()
