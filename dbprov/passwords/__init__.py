"""Password stores. Libraries that connect to a network are imported when they are used."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from dbprov.passwords.secret import Secret


class Kept(Protocol):
    """A stored password."""

    def read(self) -> Secret | None:
        """The stored password; None where nothing is stored yet. Raises PlaceError."""

    def __str__(self) -> str: ...


class Remote(Struct, frozen=True):
    """A password where another program can read it too. ``where``: empty where nothing says it."""

    store: str  # AWS Secrets Manager, Vault
    where: str
    key: str
    property: str = ""


class Place(Kept, Protocol):
    """A password store: holds one password, and the next one during a rotation."""

    @property
    def remote(self) -> Remote | None:
        """Where an operator in a cluster reads it; None of what is on this machine only."""

    @property
    def writable(self) -> bool:
        """Can dbprov store a new password here?"""

    def fill(self) -> Secret:
        """Store a generated password and return the stored one.

        That is another process's password where it stored one first.
        """

    def pending(self) -> Secret | None:
        """The next password, stored until a login with it has worked; usually None."""

    def propose(self, login: str = "") -> Secret:
        """Store a generated password as the next one, and return the stored next one.

        That is the one of an interrupted rotation, where there is one. ``login``: its prefix.
        """

    def promote(self) -> None:
        """Make the next password the current one; does nothing where none is stored."""


class Next(Struct, frozen=True):
    """The next password of a store, to be read as the current one is."""

    place: Place

    def __str__(self) -> str:
        return f"the next one beside {self.place}"

    def read(self) -> Secret | None:
        return self.place.pending()
