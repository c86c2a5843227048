"""Files of this machine: which of them are believed, and how one is written.

A secret is read only where nobody but this user and root decides what is in it: the rule of OpenSSH
(StrictModes), for the file and for every folder and link on the way. What is found on the way is
held open, so that nobody puts another folder in its place meanwhile.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from msgspec import Struct

from dbprov.system import drafts
from dbprov.system.permissions import changeable_by_everybody, changeable_by_others, user

LINKS = 40  # as Linux: more of them hold themselves
WAY = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
STREAM = re.compile(r"/dev/std(in|out|err)\Z|/(?:dev|proc/self)/fd/(\d{1,6})\Z")


class Refused(OSError):
    """A file that is not taken, though the system would give it. ``todo``: what mends it."""

    def __init__(self, why: str, todo: str = "") -> None:
        super().__init__(None, why)
        self.todo = todo


class TooLarge(Refused):
    """``head``: as much of it as was read."""

    def __init__(self, why: str, todo: str, head: bytes) -> None:
        super().__init__(why, todo)
        self.head = head


class Spot(Struct, frozen=True):
    """A name in a folder that is held open."""

    folder: int
    name: str
    shown: str  # its path, without links

    def state(self) -> os.stat_result | None:
        """Of the name itself: a link is not followed. None where nothing is there."""
        try:
            return os.stat(self.name, dir_fd=self.folder, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def refuse_foreign(self) -> os.stat_result | None:
        """Only a regular file of this user is ever written over, moved or removed."""
        state = self.state()
        if state is None:
            return None
        if stat.S_ISLNK(state.st_mode):
            raise Refused(
                f"{self.shown} is a symbolic link, and nothing is written through one",
                "name the file that it stands for, or remove the link",
            )
        if not stat.S_ISREG(state.st_mode):
            raise Refused(f"{self.shown} is {_kind(state)}, not a file", "name a regular file")
        if state.st_uid != os.geteuid():
            raise Refused(
                f"{self.shown} belongs to {user(state.st_uid)}: only files of"
                f" {user(os.geteuid())}, as whom dbprov runs, are written",
                "name another file, or run dbprov as that user",
            )
        return state


# -- the way to a file -----------------------------------------------------------------------------


@contextmanager
def spot(
    path: Path, *, trusted: bool, follow: bool = False, make: int | None = None
) -> Iterator[Spot]:
    """Where a path leads to, each folder opened from the one before it.

    ``trusted``: nobody else may decide anything on the way. Else only links have to be ours: a link
    is how somebody else would choose where we write. ``follow``: the last name may be a link too.
    ``make``: the mode of folders that are not there. Raises OSError.
    """
    left = list(reversed(path.absolute().parts[1:]))
    if not left:
        raise Refused(f"{path} is a folder, not a file", "name a file")
    here, shown, links = os.open("/", WAY), PurePosixPath("/"), 0
    try:
        if trusted:
            _refuse_others(os.fstat(here), str(shown))
        while True:
            name = left.pop()
            there = _looked_at(here, name, left, make)
            if there and stat.S_ISLNK(there.st_mode) and (left or follow):
                links += 1
                if links > LINKS:
                    raise Refused(f"{path} is a circle of symbolic links", "name a regular file")
                _refuse_link(there, shown / name)
                target = PurePosixPath(os.readlink(name, dir_fd=here))
                left += reversed(target.parts[1:] if target.is_absolute() else target.parts)
                if target.is_absolute():
                    os.close(here)
                    here, shown = os.open("/", WAY), PurePosixPath("/")
                if left:
                    continue
                name = "."  # a link to where it is in, or to the root: a folder, as is told then
            if not left:
                yield Spot(here, name, str(shown / name))
                return
            before, here = here, os.open(name, WAY, dir_fd=here)
            os.close(before)
            shown = shown.parent if name == ".." else shown / name
            if trusted:
                _refuse_others(os.fstat(here), str(shown))
    finally:
        os.close(here)


def _looked_at(folder: int, name: str, left: list[str], make: int | None) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        if not left:
            return None
        if make is None:
            raise
    with suppress(FileExistsError):
        os.mkdir(name, make, dir_fd=folder)
        if os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode & 0o700 != 0o700:
            os.chmod(name, 0o700, dir_fd=folder)  # a umask that forbids the owner too
    return os.stat(name, dir_fd=folder, follow_symlinks=False)


def _refuse_link(state: os.stat_result, path: PurePosixPath) -> None:
    if state.st_uid not in (0, os.geteuid()):
        raise Refused(
            f"{path} is a symbolic link of {user(state.st_uid)}, who could let it lead elsewhere",
            "name the file by its real path",
        )


def _refuse_others(state: os.stat_result, shown: str) -> None:
    if fault := changeable_by_others(state, shown):
        raise Refused(*fault)


def _kind(state: os.stat_result) -> str:
    kinds = {"d": "a folder", "p": "a named pipe", "s": "a socket"}
    return kinds.get(stat.filemode(state.st_mode)[0], "a device")


# -- reading ---------------------------------------------------------------------------------------


def secret(path: Path, most: int) -> bytes:
    """What a file holds that only this user and root can have written. Raises OSError."""
    with spot(path, trusted=True, follow=True) as found:
        state = os.stat(found.name, dir_fd=found.folder, follow_symlinks=False)
        _refuse_strange(state, found.shown)
        handle = os.open(found.name, READ | os.O_NOFOLLOW, dir_fd=found.folder)
        with os.fdopen(handle, "rb") as stream:
            state, folder = os.fstat(handle), os.fstat(found.folder)
            _refuse_strange(state, found.shown)
            _refuse_others(state, found.shown)
            if state.st_nlink > 1 and folder.st_mode & stat.S_IWOTH:
                raise Refused(
                    f"{found.shown} has a second name (a hard link), in a folder where everybody"
                    " can make one",
                    "keep it in a folder of your own",
                )
            return _whole(stream.read(most + 1), found.shown, most)


def read(path: Path, most: int, *, everybody: bool = True) -> bytes:
    """What a file holds, whoever wrote it, or not ``everybody`` could have. Raises OSError.

    What a shell hands over as /dev/stdin or /dev/fd/NUMBER is read to its end.
    """
    with _opened(path) as stream:
        if not everybody:
            refuse_everybody(path, os.fstat(stream.fileno()))
        return _whole(stream.read(most + 1) or b"", str(path), most)  # None: it would block


def lines(path: Path) -> Iterator[bytes]:
    """Of a file that may be long, whoever wrote it."""
    with _opened(path) as stream:
        yield from stream


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    number = descriptor(path)
    if number is None:
        _refuse_strange(path.stat(), str(path))
    with os.fdopen(os.open(path, READ) if number is None else os.dup(number), "rb") as stream:
        if number is None:
            _refuse_strange(os.fstat(stream.fileno()), str(path))
        yield stream


def refuse_everybody(path: Path, state: os.stat_result | None = None) -> None:
    """Raises Refused for what everybody on this machine could have written."""
    if fault := changeable_by_everybody(path, state):
        raise Refused(*fault)


def descriptor(path: Path) -> int | None:
    """The number of a stream that this process was started with, where a path names one."""
    named = STREAM.match(str(path))
    if not named:
        return None
    return int(named[2]) if named[2] else ("in", "out", "err").index(named[1])


def _refuse_strange(state: os.stat_result, shown: str) -> None:
    """Before it is opened: a pipe would wait for somebody, and a device may have no end."""
    if not stat.S_ISREG(state.st_mode):
        raise Refused(f"{shown} is {_kind(state)}, not a file", "name a regular file")


def _whole(made: bytes, shown: str, most: int) -> bytes:
    if len(made) > most:
        size = f"{most >> 20} MB" if most >= 1 << 20 else f"{most >> 10} KB"
        raise TooLarge(f"{shown} is larger than {size}", "name the right file", made)
    return made


# -- writing ---------------------------------------------------------------------------------------


def add(place: Spot, text: str, mode: int = 0o600) -> bool:
    """Written whole as a draft, then named; False where somebody else was faster."""
    with drafts.draft(place.folder, text, mode) as draft, suppress(FileExistsError):
        os.link(draft, place.name, src_dir_fd=place.folder, dst_dir_fd=place.folder)
        return True
    return False


def replace(place: Spot, text: str, mode: int) -> int:
    """Whole or not at all; never another user's file, nor through a link. The mode that it has."""
    place.refuse_foreign()
    with drafts.draft(place.folder, text, mode) as draft:
        made = os.stat(draft, dir_fd=place.folder, follow_symlinks=False)
        os.replace(draft, place.name, src_dir_fd=place.folder, dst_dir_fd=place.folder)
    return stat.S_IMODE(made.st_mode)


def appended(place: Spot) -> int:
    """Opened to be read and appended to; made with mode 0600 where it is not there."""
    flags = os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with suppress(FileExistsError):
        new = os.open(place.name, flags | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=place.folder)
        os.fchmod(new, 0o600)  # whatever the umask
        return new
    handle = os.open(place.name, flags, dir_fd=place.folder)
    state = os.fstat(handle)
    if not stat.S_ISREG(state.st_mode) or state.st_uid != os.geteuid():
        os.close(handle)
        raise Refused(f"{place.shown} was changed meanwhile", "run this again")
    return handle


def rename(place: Spot, name: str) -> None:
    """What is beside it under another name takes its name."""
    Spot(place.folder, name, str(Path(place.shown).with_name(name))).refuse_foreign()
    os.replace(name, place.name, src_dir_fd=place.folder, dst_dir_fd=place.folder)


def remove(place: Spot) -> None:
    with suppress(FileNotFoundError):
        os.unlink(place.name, dir_fd=place.folder)


def sweep(place: Spot) -> None:
    with _listable(place) as folder:
        drafts.sweep(folder)


def sync(place: Spot) -> None:
    """What its folder says of names is on the disk."""
    with _listable(place) as folder:
        os.fsync(folder)


@contextmanager
def _listable(place: Spot) -> Iterator[int]:
    """Its folder; one that is opened with O_PATH can be neither listed nor synced."""
    handle = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=place.folder)
    try:
        yield handle
    finally:
        os.close(handle)
