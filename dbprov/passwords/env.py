"""A password in an environment variable, which nobody here can write."""

from __future__ import annotations

import os

from msgspec import Struct

from dbprov.errors import PlaceError
from dbprov.passwords.secret import Secret, checked

_WITHHELD = {"DBPROV_ADMIN_PASSWORD", "DBPROV_HOUSTON_TOKEN", "PGPASSWORD", "MYSQL_PWD"}
"""And every variable that a spec of this process has named as the place of a password."""


def environment() -> dict[str, str]:
    """For a program that is started: /proc/PID/environ shows it, and the program may pass it on."""
    return {name: value for name, value in os.environ.items() if name not in _WITHHELD}


class EnvPlace(Struct, frozen=True):
    """The next password is in a variable of the same name with _NEW at its end."""

    name: str
    writable = False

    def __post_init__(self) -> None:
        _WITHHELD.update((self.name, f"{self.name}_NEW"))

    def __str__(self) -> str:
        return f"environment variable {self.name}"

    def read(self) -> Secret | None:
        return self._of(self.name)

    def fill(self) -> Secret:
        raise PlaceError(
            f"the password is to come from {self}",
            "it is not set",
            f"export {self.name}, or name another place: password: {{file: PATH}}",
        )

    def pending(self) -> Secret | None:
        return self._of(f"{self.name}_NEW")

    def propose(self, login: str = "") -> Secret:
        proposed = self.pending()
        if proposed is None:
            raise PlaceError(
                f"the new password is to come from environment variable {self.name}_NEW",
                f"{self} cannot be written, and {self.name}_NEW is not set",
                f"export {self.name}_NEW with the new password, and run this again;"
                f" afterwards {self.name} has to hold it wherever it is set",
            )
        return proposed

    def promote(self) -> None:
        """Whoever sets the variables has to."""

    @staticmethod
    def _of(name: str) -> Secret | None:
        value = os.environ.get(name)
        return checked(value, f"environment variable {name}") if value is not None else None
