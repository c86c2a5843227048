"""The password of the current one of two users that alternate (``rotation: two-users``)."""

from __future__ import annotations

from msgspec import Struct

from dbprov.passwords import Place, Remote
from dbprov.passwords.secret import Secret


class AlternatingPlace(Struct, frozen=True):
    """A stored value without a prefix is the first user's password; ``NAME:`` marks the second's.

    User and password are one value, so that a reader never gets the password of one user with the
    name of the other.
    """

    place: Place
    second: str

    @property
    def writable(self) -> bool:
        return self.place.writable

    @property
    def remote(self) -> Remote | None:
        return self.place.remote

    def __str__(self) -> str:
        return str(self.place)

    @property
    def second_now(self) -> bool:
        return self._split(self.place.read())[0]

    def read(self) -> Secret | None:
        return self._split(self.place.read())[1]

    def fill(self) -> Secret:
        return self._split(self.place.fill())[1] or self.place.fill()

    def pending(self) -> Secret | None:
        return self._split(self.place.pending())[1]

    def propose(self, login: str = "") -> Secret:
        kept = self.place.propose("" if self.second_now else self.second)
        return self._split(kept)[1] or kept

    def promote(self) -> None:
        self.place.promote()

    def _split(self, kept: Secret | None) -> tuple[bool, Secret | None]:
        if kept is None:
            return False, None
        prefix, value = f"{self.second}:", kept.reveal()
        if not value.startswith(prefix):
            return False, kept
        return True, Secret(value.removeprefix(prefix))
