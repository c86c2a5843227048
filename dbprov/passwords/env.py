"""A password in an environment variable, which dbprov cannot write."""

from __future__ import annotations

import os

from msgspec import Struct

from dbprov.errors import PlaceError
from dbprov.passwords.secret import Secret, checked

_PASSWORD_VARIABLES = {"DBPROV_ADMIN_PASSWORD", "DBPROV_HOUSTON_TOKEN", "PGPASSWORD", "MYSQL_PWD"}
"""And every variable that a spec of this process uses as a password store."""


def environment() -> dict[str, str]:
    """The environment for a child process, without passwords: /proc/PID/environ shows it."""
    return {name: value for name, value in os.environ.items() if name not in _PASSWORD_VARIABLES}


class EnvPlace(Struct, frozen=True):
    """The next password is in the variable NAME_NEW."""

    name: str
    writable = False
    remote = None

    def __post_init__(self) -> None:
        _PASSWORD_VARIABLES.update((self.name, f"{self.name}_NEW"))

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
        """Does nothing: dbprov cannot set the variable."""

    @staticmethod
    def _of(name: str) -> Secret | None:
        value = os.environ.get(name)
        return checked(value, f"environment variable {name}") if value is not None else None
