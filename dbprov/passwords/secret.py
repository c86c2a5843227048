"""A password: a string that does not print, its generation, and its checks."""

from __future__ import annotations

import os
import re
import string
from collections.abc import Mapping
from typing import Any, NoReturn

from dbprov.errors import PlaceError
from dbprov.system import masking

ALPHABET = string.ascii_letters + string.digits + "-_"
"""Survives URLs, shells, YAML, INI, PgBouncer's and Airflow's ideas of escaping alike.

Traps T69, B.3.
"""


KINDS = (string.ascii_lowercase, string.ascii_uppercase, string.digits, "-_")
"""One of each is in every generated password.

MySQL's validate_password (MEDIUM, STRONG) and MariaDB's simple_password_check refuse others (1819).
"""

VERIFIER = re.compile(r"SCRAM-SHA-256\$|md5[0-9a-f]{32}$")


class Secret:
    """A string that prints as ``***``.

    In repr, format, logs, dataclasses, tracebacks, JSON. From its creation on, ``masking.py`` masks
    the string in everything that this process prints, logs, raises or records.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str, *, known: bool = True) -> None:
        """``known`` False: do not mask it. For text around a password that is masked itself."""
        self._value = value
        if known:
            masking.MASKS.know(value)

    @property
    def public(self) -> bool:
        """Is it too short, or too like a common word or name, to be masked?"""
        return masking.MASKS.public(self._value)

    def reveal(self) -> str:
        """The string itself. tests/test_house.py lists every call of this."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format("***", spec)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a Secret is not written anywhere by accident: it cannot be pickled or copied"
        )

    # A password is never compared, only tried: equality is identity.


def generate(login: str = "") -> Secret:
    """40 characters of letters, digits, ``-`` and ``_``: each 6 bits of the system's randomness.

    The first is a letter, so that no tool takes it for an option. One that lacks a lower or upper
    case letter, a digit or a special character is discarded: 29 % had no special one.
    ``login`` and a colon precede it where the stored value has to name its user
    (``passwords/alternating.py``).
    """
    while True:
        made = "".join(ALPHABET[byte & 63] for byte in os.urandom(40))
        if made[0] in string.ascii_letters and all(set(made) & set(kind) for kind in KINDS):
            return Secret(f"{login}:{made}" if login else made)


def checked(value: str, place: str) -> Secret:
    """A password from a store, as a Secret. Raises PlaceError for what no server accepts.

    PostgreSQL takes an empty password for none (T62), and a malformed verifier for a clear password
    (T61).
    """
    for wrong, why in (
        (not value, "it is empty"),
        ("\0" in value or "\n" in value or "\r" in value, "it holds a line break or a zero byte"),
        (VERIFIER.match(value), "it looks like a verifier, not a password"),
    ):
        if wrong:
            raise PlaceError(
                f"the password in {place} cannot be used", why, "keep a password of one line there"
            )
    return Secret(value)


def admin_password(environ: Mapping[str, str]) -> Secret | None:
    """``DBPROV_ADMIN_PASSWORD``.

    Where it is not set, the engine looks in the places of its own clients (PGPASSFILE, my.cnf).
    """
    value = environ.get("DBPROV_ADMIN_PASSWORD")
    return Secret(value) if value else None


def never_ask(label: str, confirm: bool = False) -> Any:
    raise PlaceError(
        f"{label} is needed",
        "it is in none of its places, and there is no terminal to ask on, or --yes forbids asking",
        "the admin's: export DBPROV_ADMIN_PASSWORD, or keep it where psql or mysql find it;"
        " a user's: give its password a place that needs no question (env, file, vault ...)",
    )
