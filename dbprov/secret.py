"""A password: a string that does not print, and the places where it comes from and is kept."""

from __future__ import annotations

import os
import re
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn, Protocol

from dbprov.errors import PlaceError

ALPHABET = string.ascii_letters + string.digits + "-_"
"""Survives URLs, shells, YAML, INI, PgBouncer's and Airflow's ideas of escaping alike.

Traps T69, B.3.
"""


VERIFIER = re.compile(r"SCRAM-SHA-256\$|md5[0-9a-f]{32}$")


class Secret:
    """A string that prints ``***`` wherever it lands.

    In repr, format, logs, dataclasses, tracebacks, JSON.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The string itself. Each call of this is counted by a test (tests/test_house.py)."""
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


def generate() -> Secret:
    """40 characters of letters, digits, ``-`` and ``_``: each 6 bits of the system's randomness.

    The first is a letter, so that no tool takes it for an option.
    """
    drawn = (ALPHABET[byte & 63] for byte in iter(lambda: os.urandom(1)[0], None))
    first = next(c for c in drawn if c in string.ascii_letters)
    return Secret(first + "".join(islice(drawn, 39)))


class Place(Protocol):
    """Where one password lives."""

    @property
    def writable(self) -> bool: ...

    def read(self) -> Secret | None:
        """The password kept here, or None where nothing is kept yet. Raises PlaceError."""

    def fill(self) -> Secret:
        """Keep a newly generated password here and return what is kept.

        Somebody else's, if they were faster.
        """

    def __str__(self) -> str: ...


@dataclass(frozen=True)
class EnvPlace:
    name: str
    writable = False

    def __str__(self) -> str:
        return f"environment variable {self.name}"

    def read(self) -> Secret | None:
        value = os.environ.get(self.name)
        return checked(value, str(self)) if value is not None else None

    def fill(self) -> Secret:
        raise PlaceError(
            f"the password is to come from {self}",
            "it is not set",
            f"export {self.name}, or name another place: password: {{file: PATH}}",
        )


@dataclass(frozen=True)
class FilePlace:
    """A file with the password as its only line. Made with mode 0600, and never written over."""

    path: Path
    shown: str = ""  # as the spec says it: files of SQL are the same whoever makes them, wherever
    kept_out_of_git: Path | None = None  # a folder of our own, which gets a .gitignore
    writable = True

    def __str__(self) -> str:
        return f"file {self.shown or self.path}"

    def read(self) -> Secret | None:
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except UnicodeDecodeError:
            raise PlaceError(
                f"{self} cannot be used",
                "it is not UTF-8 text",
                "keep the password in it as one line of UTF-8",
            ) from None
        except OSError as error:
            raise PlaceError(
                f"{self} cannot be read",
                error.strerror or "",
                "make it readable for this user only (mode 0600)",
            ) from None
        return checked(text.removesuffix("\n").removesuffix("\r"), str(self))

    def fill(self) -> Secret:
        """Written whole under another name, then linked.

        No crash leaves half a password, and no run writes over another's.
        """
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if (
                self.kept_out_of_git
                and not (ignore := self.kept_out_of_git / ".gitignore").exists()
            ):
                ignore.write_text("*\n")
            password = generate()
            draft = self.path.with_name(f".{os.getpid()}-{os.urandom(4).hex()}.new")
            try:
                handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(handle, "w") as stream:
                    stream.write(password.reveal() + "\n")
                    stream.flush()
                    os.fsync(stream.fileno())
                os.link(draft, self.path)
            except FileExistsError:
                kept = self.read()
                if kept is None:
                    raise
                return kept
            finally:
                draft.unlink(missing_ok=True)
            _sync_folder(self.path.parent)
            return password
        except OSError as error:
            raise PlaceError(
                f"a new password could not be kept in {self}",
                error.strerror or "",
                "make room or give another place; nothing was changed on the server for this user",
            ) from None


@dataclass(frozen=True)
class PromptPlace:
    label: str
    ask: Callable[..., Secret]
    """Asks on the terminal, twice with ``confirm=True``, or raises PlaceError where there is none.

    Or where it was told never to ask.
    """
    kept: dict[str, Secret] = field(compare=False)
    """Answers of this run, so that one password is asked for once."""
    writable = False

    def __str__(self) -> str:
        return "prompt"

    def read(self) -> Secret | None:
        if self.label not in self.kept:
            self.kept[self.label] = self.ask(f"Password of {self.label}")
        return self.kept[self.label]

    def fill(self) -> Secret:
        """Asked for twice: what is mistyped would be the password, and verify would agree."""
        if self.label not in self.kept:
            self.kept[self.label] = self.ask(f"New password of {self.label}", confirm=True)
        return self.kept[self.label]


def checked(value: str, place: str) -> Secret:
    """Refused before it gets anywhere: what no engine takes, or would take for something else.

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


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def admin_password(environ: Mapping[str, str]) -> Secret | None:
    """``DBPROV_ADMIN_PASSWORD``.

    Where it is not set the engine's own places are asked next, by its dialect.
    """
    value = environ.get("DBPROV_ADMIN_PASSWORD")
    return Secret(value) if value else None


def never_ask(label: str, confirm: bool = False) -> Any:
    raise PlaceError(
        f"{label} is needed",
        "it is in none of its places, and there is no terminal to ask on, or --yes forbids asking",
        "the admin's: export DBPROV_ADMIN_PASSWORD, or keep it where psql or mysql find it;"
        " a user's: give its password a place that needs no question (env or file)",
    )
