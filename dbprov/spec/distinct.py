"""Whether two accounts have one place: one of them would lose its password to the other.

The next password is kept beside the one in use while it is changed, so that counts as well.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Hashable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from dbprov.passwords import Place
from dbprov.passwords.alternating import AlternatingPlace
from dbprov.passwords.file import FilePlace
from dbprov.spec.values import Node, Reading

SUFFIX = re.compile(r"-[A-Za-z0-9]{6}\Z")  # that AWS puts at the end of the name in an ARN


class _Slot(Struct, frozen=True):
    """Where something is kept. ``within``: of which region, say; None: of any, or not known."""

    key: tuple[Hashable, ...]
    within: tuple[str | None, ...] = ()
    draft: bool = False


class _Kept(Struct, frozen=True):
    user: Hashable
    label: str
    at: str  # in the spec
    slot: _Slot


class DistinctPlaces(Struct):
    """All accounts of a spec, each with what it keeps where."""

    values: Reading
    kept: dict[Hashable, list[_Kept]] = field(default_factory=dict)
    folders: dict[Path, str] = field(default_factory=dict)

    def add(self, place: Place, user: Hashable, label: str, node: Node) -> None:
        """``user``: equal where it is the same user, user place may be named several times."""
        slots = [_Kept(user, label, node.place, slot) for slot in self._slots(place)]
        all(self._add(one, place, node) for one in slots)  # up to the first that meets another

    def admin(self, place: Place, label: str, node: Node) -> None:
        """Whose password is only read: it has no next one, and may be named for every server."""
        slots = [_Kept("admin", label, node.place, s) for s in self._slots(place) if not s.draft]
        all(self._add(one, place, node) for one in slots)

    def _add(self, one: _Kept, place: Place, node: Node) -> bool:
        there = self.kept.setdefault(one.slot.key, [])
        if any((o.user, o.slot) == (one.user, one.slot) for o in there):
            return True
        for other in there:
            if other.user != one.user and _meet(one.slot.within, other.slot.within):
                self.values.wrong(node, _text(one, other, place), RIGHT)
                return False
        there.append(one)
        return True

    # -- where -------------------------------------------------------------------------------------

    def _slots(self, place: Place) -> Iterator[_Slot]:
        """By the kind of place; what nobody can write twice, such as a prompt, has none."""
        if isinstance(place, AlternatingPlace):
            yield from self._slots(place.place)
        elif isinstance(place, FilePlace):
            yield from self._file(place.path, draft=False)
            yield from self._file(place.beside.path, draft=True)
        else:
            kind: Any = place
            yield from getattr(self, f"_of_{type(place).__name__}", lambda _: ())(kind)

    def _file(self, path: Path, draft: bool) -> Iterator[_Slot]:
        """By its real path; one that is there also by what it is, whatever its name."""
        folder = self.folders.get(path.parent)
        if folder is None:
            folder = self.folders[path.parent] = os.path.realpath(path.parent)
        real = f"{folder}/{path.name}"
        with suppress(OSError):
            state = os.lstat(real)
            if stat.S_ISLNK(state.st_mode):
                real = os.path.realpath(real)
                state = os.lstat(real)
            yield _Slot(("inode", state.st_dev, state.st_ino), draft=draft)
        yield _Slot(("file", real), draft=draft)

    def _of_CommandPlace(self, place: Any) -> Iterator[_Slot]:
        yield _Slot(("command", place.folder, place.command))
        if place.store:
            yield _Slot(("store", place.folder, place.store))
            yield from self._file(place.beside.path, draft=True)

    def _of_EnvPlace(self, place: Any) -> Iterator[_Slot]:
        yield _Slot(("env", place.name))
        yield _Slot(("env", f"{place.name}_NEW"), draft=True)

    def _of_AwsPlace(self, place: Any) -> Iterator[_Slot]:
        """A secret without a key is all of it: it meets whatever has a key of it."""
        name, region = place.name, place.region
        if name.startswith("arn:"):
            parts = name.split(":", 6)
            region, name = (parts + [""] * 7)[3], SUFFIX.sub("", parts[-1])
        yield _Slot(("aws", name), (region or None, place.key or None))

    def _of_VaultPlace(self, place: Any) -> Iterator[_Slot]:
        address = place.address or os.environ.get("VAULT_ADDR")
        within = (address.rstrip("/").lower() if address else None,)
        for key, draft in ((place.key, False), (f"{place.key}_next", True)):
            yield _Slot(("vault", place.path.strip("/"), key), within, draft)


RIGHT = (
    "a place of its own for each user (users: [{name: ..., password: ...}, ...]):"
    " with one place for two a rotation loses a password"
)


def _meet(one: tuple[str | None, ...], other: tuple[str | None, ...]) -> bool:
    return all(a is None or b is None or a == b for a, b in zip(one, other, strict=True))


def _text(one: _Kept, other: _Kept, place: Place) -> str:
    both = f"the password of {one.label} and that of {other.label} ({other.at})"
    if one.slot.draft or other.slot.draft:
        return f"{both}: while one is rotated, its next one is kept where the other is ({place})"
    return f"{both} have one place: {place}"
