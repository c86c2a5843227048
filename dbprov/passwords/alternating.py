"""The password of one of two users that take turns, and which of them is in turn."""

from __future__ import annotations

from msgspec import Struct

from dbprov.passwords import Place
from dbprov.passwords.secret import Secret


class Turns(Struct, frozen=True):
    """Kept as it is, it is the first user's; with ``NAME:`` before it the second one's.

    One value, so that whoever reads it never has the password of one with the name of the other.
    """

    place: Place
    second: str

    @property
    def writable(self) -> bool:
        return self.place.writable

    def __str__(self) -> str:
        return str(self.place)

    @property
    def second_now(self) -> bool:
        return self._parted(self.place.read())[0]

    def read(self) -> Secret | None:
        return self._parted(self.place.read())[1]

    def fill(self) -> Secret:
        return self._parted(self.place.fill())[1] or self.place.fill()

    def pending(self) -> Secret | None:
        return self._parted(self.place.pending())[1]

    def propose(self, login: str = "") -> Secret:
        kept = self.place.propose("" if self.second_now else self.second)
        return self._parted(kept)[1] or kept

    def promote(self) -> None:
        self.place.promote()

    def _parted(self, kept: Secret | None) -> tuple[bool, Secret | None]:
        if kept is None:
            return False, None
        of_second, value = f"{self.second}:", kept.reveal()
        if not value.startswith(of_second):
            return False, kept
        return True, Secret(value.removeprefix(of_second))
