"""Values that know where they were written, and what each of them may be.

Every mistake is kept, with its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from dbprov.errors import Mistake, SpecError
from dbprov.spec import names

if TYPE_CHECKING:
    from dbprov.spec.key_types import Key, Mapping

T = TypeVar("T")
MOST = 200  # mistakes of one spec that are reported
MORE, FIRST = "there are more mistakes, which are not shown", "correct these first"


class Node(Struct, frozen=True):
    """A value that knows where it was written. Mappings hold Givens, and so do lists."""

    value: Any
    place: str
    hidden: bool = False
    """Below a key that is, or was meant to be, for a password: no message repeats it."""
    keys: dict[str, str] | None = None
    """Of a mapping: where each key stands."""

    def key(self, name: str) -> Node | str:
        """Where a key of this mapping stands; with flags, its value."""
        value: Node = self.value[name]
        return self.keys[name] if self.keys else value


PRIVATE = re.compile(r"pas+w|pass|pwd|psw|secret|token|cred|private|\Aadmin\Z", re.IGNORECASE)
PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,39}\Z")


def key_shown(key: str, hidden: bool) -> str:
    """A key in a message: as it is where it looks like one.

    What stands before no colon, or lacks a blank behind it, is a key to YAML: password:hunter2.
    """
    return repr(key) if PLAIN.match(key) and not hidden else "this key"


class Reading(Struct, dict=True):
    """Takes values as what they should be; what they are not becomes a Mistake, and None."""

    mistakes: list[Mistake] = field(default_factory=list)
    answers: dict[Hashable, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._told = set(self.mistakes)

    def wrong(self, node: Node | str, what: str, right: str) -> None:
        mistake = Mistake(node if isinstance(node, str) else node.place, what, right)
        if mistake not in self._told:
            self._told.add(mistake)
            self.mistakes.append(mistake)
        if len(self.mistakes) > MOST:
            raise SpecError([*self.mistakes[:MOST], replace(mistake, what=MORE, right=FIRST)])

    def mapping(self, node: Node | None, kind: Mapping) -> dict[str, Node]:
        """The keys of it that are known and not empty."""
        if node is None:
            return {}
        if not isinstance(node.value, dict):
            self.wrong(node, "this is not a mapping", "the keys " + ", ".join(kind.keys))
            return {}
        for key in node.value:
            if key not in kind.keys:
                what = key_shown(key, node.hidden)
                self.wrong(node.key(key), f"{what} is not known here", _nearest(key, kind.keys))
        for key in kind.required:
            self.require(node, key)
        return {
            key: value
            for key, value in node.value.items()
            if key in kind.keys and value.value is not None
        }

    def require(self, node: Node, key: Key) -> None:
        if key not in node.value:
            self.wrong(node, f"{key} is missing", key.right)
        elif node.value[key].value is None:
            self.wrong(node.value[key], f"{key} is empty", key.right)

    def listed(self, node: Node, right: str) -> list[Node]:
        if not isinstance(node.value, list):
            self.wrong(node, "this is not a list", right)
            return []
        return node.value

    def text(self, node: Node, right: str) -> str | None:
        if not isinstance(node.value, str):
            self.wrong(
                node,
                f"{shown(node)} is not text to YAML",
                f"{right} (in quotes where YAML reads a number, date or yes/no)",
            )
            return None
        if not node.value:
            self.wrong(node, "this is empty", right)
            return None
        if names.unprintable(node.value):
            self.wrong(node, "this holds a line break or a control character", right)
            return None
        return node.value

    def path(self, node: Node, text: str, folder: Path) -> Path:
        """Relative to the spec, or with ~ for somebody's home."""
        try:
            return folder / Path(text).expanduser()
        except RuntimeError:
            user = text.partition("/")[0]
            self.wrong(node, f"{user} is nobody's home on this machine", "a path without ~")
            return folder / text

    def once(self, key: Hashable, ask: Callable[[], T]) -> T:
        """What the same question was answered before, for another part of the spec."""
        if key not in self.answers:
            self.answers[key] = ask()
        made: T = self.answers[key]
        return made

    def one_of(self, node: Node, allowed: tuple[str, ...]) -> str | None:
        if node.value not in tuple(map(str, allowed)):
            self.wrong(node, f"{shown(node)} is not known here", "one of " + ", ".join(allowed))
            return None
        return str(node.value)

    def boolean(self, node: Node) -> bool | None:
        if not isinstance(node.value, bool):
            self.wrong(node, f"{shown(node)} is neither true nor false", "true or false")
            return None
        return node.value

    def number(self, node: Node, least: int, most: int) -> int | None:
        if (
            isinstance(node.value, bool)
            or not isinstance(node.value, int)
            or not least <= node.value <= most
        ):
            self.wrong(
                node,
                f"{shown(node)} is not a number from {least} to {most}",
                f"a number from {least} to {most}",
            )
            return None
        return node.value


def shown(node: Node) -> str:
    """What was written, in a message.

    Of what holds more only its sort, since that may be a password; nor what stands where one should
    stand, or has the look of a URL.
    """
    sort = {dict: "a mapping", list: "a list", type(None): "nothing"}.get(type(node.value))
    return sort or scalar_shown(node.value, node.hidden)


def scalar_shown(value: Any, hidden: bool) -> str:
    return "this" if hidden or any(c in str(value) for c in "@/") else repr(value)


def _nearest(key: str, allowed: tuple[str, ...]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(str(key), allowed, n=1)
    return f"{close[0]}?" if close else "one of " + ", ".join(allowed)
