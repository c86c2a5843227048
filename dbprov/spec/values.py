"""Values that know where they were written, and what each of them may be.

Every mistake is kept, with its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import Any, TypeVar

from dbprov.errors import Mistake, SpecError
from dbprov.spec import names
from dbprov.system.frozen import dataclass

T = TypeVar("T")
MOST = 200  # mistakes of one spec that are told
MORE, FIRST = "there are more mistakes, which are not told", "correct these first"


@dataclass(frozen=True)
class Given:
    """A value that knows where it was written. Mappings hold Givens, and so do lists."""

    value: Any
    place: str
    hidden: bool = False
    """Below a key that is, or was meant to be, for a password: no message repeats it."""
    keys: Mapping[str, str] | None = None
    """Of a mapping: where each key stands."""

    def __init__(
        self, value: Any, place: str, hidden: bool = False, keys: Mapping[str, str] | None = None
    ) -> None:
        """By hand, since there are many of them: that takes half of the time."""
        vars(self).update(value=value, place=place, hidden=hidden, keys=keys)

    def key(self, name: str) -> Given | str:
        """Where a key of this mapping stands; with flags, its value."""
        value: Given = self.value[name]
        return self.keys[name] if self.keys else value


PRIVATE = re.compile(r"pas+w|pass|pwd|psw|secret|token|cred|private|\Aadmin\Z", re.IGNORECASE)
PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,39}\Z")


def key_shown(key: str, hidden: bool) -> str:
    """A key in a message: as it is where it looks like one.

    What stands before no colon, or lacks a blank behind it, is a key to YAML: password:hunter2.
    """
    return repr(key) if PLAIN.match(key) and not hidden else "this key"


@dataclass
class Reading:
    """Takes values as what they should be; what they are not becomes a Mistake, and None."""

    mistakes: list[Mistake] = field(default_factory=list)
    answers: dict[Hashable, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._told = set(self.mistakes)

    def wrong(self, given: Given | str, what: str, right: str) -> None:
        mistake = Mistake(given if isinstance(given, str) else given.place, what, right)
        if mistake not in self._told:
            self._told.add(mistake)
            self.mistakes.append(mistake)
        if len(self.mistakes) > MOST:
            raise SpecError([*self.mistakes[:MOST], replace(mistake, what=MORE, right=FIRST)])

    def mapping(
        self, given: Given | None, allowed: tuple[str, ...], required: tuple[str, ...] = ()
    ) -> dict[str, Given]:
        if given is None:
            return {}
        if not isinstance(given.value, dict):
            self.wrong(given, "this is not a mapping", "the keys " + ", ".join(allowed))
            return {}
        for key in given.value:
            if key not in allowed:
                what = key_shown(key, given.hidden)
                self.wrong(given.key(key), f"{what} is not known here", _nearest(key, allowed))
        for key in required:
            if key not in given.value:
                self.wrong(given, f"{key} is missing", EXAMPLES[key])
            elif given.value[key].value is None:
                self.wrong(given.value[key], f"{key} is empty", EXAMPLES[key])
        return {
            key: value
            for key, value in given.value.items()
            if key in allowed and value.value is not None
        }

    def listed(self, given: Given | None, right: str) -> list[Given]:
        if given is None:
            return []
        if not isinstance(given.value, list):
            self.wrong(given, "this is not a list", right)
            return []
        return given.value

    def text(self, given: Given | None, right: str) -> str | None:
        if given is None:
            return None
        if not isinstance(given.value, str):
            self.wrong(
                given,
                f"{_shown(given)} is not text to YAML",
                f"{right} (in quotes where YAML reads a number, date or yes/no)",
            )
            return None
        if not given.value:
            self.wrong(given, "this is empty", right)
            return None
        if names.unprintable(given.value):
            self.wrong(given, "this holds a line break or a control character", right)
            return None
        return given.value

    def path(self, given: Given, text: str, folder: Path) -> Path:
        """Relative to the spec, or with ~ for somebody's home."""
        try:
            return folder / Path(text).expanduser()
        except RuntimeError:
            user = text.partition("/")[0]
            self.wrong(given, f"{user} is nobody's home on this machine", "a path without ~")
            return folder / text

    def once(self, key: Hashable, ask: Callable[[], T]) -> T:
        """What the same question was answered before, for another part of the spec."""
        if key not in self.answers:
            self.answers[key] = ask()
        made: T = self.answers[key]
        return made

    def charset(self, given: Given | None, right: str) -> str | None:
        text = self.text(given, right)
        if (
            given
            and text is not None
            and not (text.isascii() and text.replace("-", "").replace("_", "").isalnum())
        ):
            self.wrong(given, f"{_shown(given)} is no encoding", right)
        return text

    def one_of(self, given: Given | None, allowed: tuple[str, ...]) -> str | None:
        if given is None:
            return None
        if given.value not in tuple(map(str, allowed)):
            self.wrong(given, f"{_shown(given)} is not known here", "one of " + ", ".join(allowed))
            return None
        return str(given.value)

    def boolean(self, given: Given | None) -> bool | None:
        if given is None:
            return None
        if not isinstance(given.value, bool):
            self.wrong(given, f"{_shown(given)} is neither true nor false", "true or false")
            return None
        return given.value

    def number(self, given: Given | None, least: int, most: int) -> int | None:
        if given is None:
            return None
        if (
            isinstance(given.value, bool)
            or not isinstance(given.value, int)
            or not least <= given.value <= most
        ):
            self.wrong(
                given,
                f"{_shown(given)} is not a number from {least} to {most}",
                f"a number from {least} to {most}",
            )
            return None
        return given.value


EXAMPLES = {
    "deployments": (
        "deployments: [{name: analytics, database: analytics_airflow, user: analytics_airflow}]"
    ),
    "name": "name: analytics",
    "database": "database: analytics_airflow",
    "password": "password: {vault: secret/dba}, or another place",
}


def _shown(given: Given) -> str:
    """What was written, in a message.

    Of what holds more only its sort, since that may be a password; nor what stands where one should
    stand, or has the look of a URL.
    """
    sort = {dict: "a mapping", list: "a list", type(None): "nothing"}.get(type(given.value))
    return sort or scalar_shown(given.value, given.hidden)


def scalar_shown(value: Any, hidden: bool) -> str:
    return "this" if hidden or any(c in str(value) for c in "@/") else repr(value)


def _nearest(key: str, allowed: tuple[str, ...]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(str(key), allowed, n=1)
    return f"{close[0]}?" if close else "one of " + ", ".join(allowed)
