"""Files of this machine: which of them are trusted, and how one is written.

A secret is read only where no other user than this one and root can change it: the rule of OpenSSH
(StrictModes), for the file and for every folder and link of its path. Each folder is opened from
the one before it, so that nobody can replace one in the meantime.
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

MAX_LINKS = 40  # as Linux: more of them are a circle
FOLDER_FLAGS = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
STREAM = re.compile(r"/dev/std(in|out|err)\Z|/(?:dev|proc/self)/fd/(\d{1,6})\Z")


class Refused(OSError):
    """A file that dbprov does not use, though it could be opened. ``todo``: the remedy."""

    def __init__(self, why: str, todo: str = "") -> None:
        super().__init__(None, why)
        self.todo = todo


class TooLarge(Refused):
    """``head``: the part that was read."""

    def __init__(self, why: str, todo: str, head: bytes) -> None:
        super().__init__(why, todo)
        self.head = head


class DirectoryEntry(Struct, frozen=True):
    """A directory entry: a name in an opened folder."""

    folder: int
    name: str
    shown: str  # its path, without links

    def state(self) -> os.stat_result | None:
        """lstat: a link is not followed. None where there is no such entry."""
        try:
            return os.stat(self.name, dir_fd=self.folder, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def refuse_foreign(self) -> os.stat_result | None:
        """Refuses all but a regular file of this user: only such a one is replaced or removed."""
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


# -- the path of a file ----------------------------------------------------------------------------


@contextmanager
def spot(
    path: Path, *, trusted: bool, follow: bool = False, make: int | None = None
) -> Iterator[DirectoryEntry]:
    """The directory entry of a path, each folder opened from the one before it.

    ``trusted``: no other user may be able to change any part of the path. Else only its links must
    be this user's or root's. ``follow``: the last name may be a link too. ``make``: the mode of
    folders that are created. Raises OSError.
    """
    left = list(reversed(path.absolute().parts[1:]))
    if not left:
        raise Refused(f"{path} is a folder, not a file", "name a file")
    here, shown, links = os.open("/", FOLDER_FLAGS), PurePosixPath("/"), 0
    try:
        if trusted:
            _refuse_others(os.fstat(here), str(shown))
        while True:
            name = left.pop()
            state = _stat_or_mkdir(here, name, left, make)
            if state and stat.S_ISLNK(state.st_mode) and (left or follow):
                links += 1
                if links > MAX_LINKS:
                    raise Refused(f"{path} is a circle of symbolic links", "name a regular file")
                _refuse_link(state, shown / name)
                target = PurePosixPath(os.readlink(name, dir_fd=here))
                left += reversed(target.parts[1:] if target.is_absolute() else target.parts)
                if target.is_absolute():
                    os.close(here)
                    here, shown = os.open("/", FOLDER_FLAGS), PurePosixPath("/")
                if left:
                    continue
                name = "."  # a link to a folder: refused later, as a folder
            if not left:
                yield DirectoryEntry(here, name, str(shown / name))
                return
            before, here = here, os.open(name, FOLDER_FLAGS, dir_fd=here)
            os.close(before)
            shown = shown.parent if name == ".." else shown / name
            if trusted:
                _refuse_others(os.fstat(here), str(shown))
    finally:
        os.close(here)


def _stat_or_mkdir(
    folder: int, name: str, left: list[str], make: int | None
) -> os.stat_result | None:
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
    """The content of a file that only this user and root can have written. Raises OSError."""
    with spot(path, trusted=True, follow=True) as found:
        state = os.stat(found.name, dir_fd=found.folder, follow_symlinks=False)
        _refuse_special(state, found.shown)
        handle = os.open(found.name, FILE_FLAGS | os.O_NOFOLLOW, dir_fd=found.folder)
        with os.fdopen(handle, "rb") as stream:
            state, folder = os.fstat(handle), os.fstat(found.folder)
            _refuse_special(state, found.shown)
            _refuse_others(state, found.shown)
            if state.st_nlink > 1 and folder.st_mode & stat.S_IWOTH:
                raise Refused(
                    f"{found.shown} has a second name (a hard link), in a folder where everybody"
                    " can make one",
                    "keep it in a folder of your own",
                )
            return _whole(stream.read(most + 1), found.shown, most)


def read(path: Path, most: int, *, everybody: bool = True) -> bytes:
    """The content of a file or stream (/dev/stdin, /dev/fd/NUMBER). Raises OSError.

    ``everybody`` False: refuses a file that everybody on this machine can write.
    """
    with _opened(path) as stream:
        if not everybody and (fault := changeable_by_everybody(path, os.fstat(stream.fileno()))):
            raise Refused(*fault)
        return _whole(stream.read(most + 1) or b"", str(path), most)  # None: it would block


def lines(path: Path) -> Iterator[bytes]:
    """The lines of a file that may be long, whoever wrote it."""
    with _opened(path) as stream:
        yield from stream


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    number = descriptor(path)
    if number is None:
        _refuse_special(path.stat(), str(path))
    with os.fdopen(os.open(path, FILE_FLAGS) if number is None else os.dup(number), "rb") as stream:
        if number is None:
            _refuse_special(os.fstat(stream.fileno()), str(path))
        yield stream


def descriptor(path: Path) -> int | None:
    """The number of a stream that this process was started with, where a path names one."""
    match = STREAM.match(str(path))
    if not match:
        return None
    return int(match[2]) if match[2] else ("in", "out", "err").index(match[1])


def _refuse_special(state: os.stat_result, shown: str) -> None:
    """Checked before it is opened: a pipe would wait for a writer, a device may have no end."""
    if not stat.S_ISREG(state.st_mode):
        raise Refused(f"{shown} is {_kind(state)}, not a file", "name a regular file")


def _whole(made: bytes, shown: str, most: int) -> bytes:
    if len(made) > most:
        size = f"{most >> 20} MB" if most >= 1 << 20 else f"{most >> 10} KB"
        raise TooLarge(f"{shown} is larger than {size}", "name the right file", made)
    return made


# -- writing ---------------------------------------------------------------------------------------


def add(place: DirectoryEntry, text: str, mode: int = 0o600) -> bool:
    """Creates the file, written as a draft first. False where it exists by then."""
    with drafts.draft(place.folder, text, mode) as draft, suppress(FileExistsError):
        os.link(draft, place.name, src_dir_fd=place.folder, dst_dir_fd=place.folder)
        return True
    return False


def replace(place: DirectoryEntry, text: str, mode: int) -> int:
    """Replaces the file atomically; never another user's, nor through a link. Returns its mode."""
    place.refuse_foreign()
    with drafts.draft(place.folder, text, mode) as draft:
        made = os.stat(draft, dir_fd=place.folder, follow_symlinks=False)
        os.replace(draft, place.name, src_dir_fd=place.folder, dst_dir_fd=place.folder)
    return stat.S_IMODE(made.st_mode)


def appended(place: DirectoryEntry) -> int:
    """A descriptor for reading and appending; the file is created with mode 0600."""
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


def rename(place: DirectoryEntry, name: str) -> None:
    """Renames the file ``name`` of the same folder to this name."""
    DirectoryEntry(place.folder, name, str(Path(place.shown).with_name(name))).refuse_foreign()
    os.replace(name, place.name, src_dir_fd=place.folder, dst_dir_fd=place.folder)


def remove(place: DirectoryEntry) -> None:
    with suppress(FileNotFoundError):
        os.unlink(place.name, dir_fd=place.folder)


def sweep(place: DirectoryEntry) -> None:
    with _listable(place) as folder:
        drafts.sweep(folder)


def sync(place: DirectoryEntry) -> None:
    """Syncs the folder, so that renames in it survive a crash."""
    with _listable(place) as folder:
        os.fsync(folder)


@contextmanager
def _listable(place: DirectoryEntry) -> Iterator[int]:
    """Its folder, opened for reading: O_PATH allows neither listing nor fsync."""
    handle = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=place.folder)
    try:
        yield handle
    finally:
        os.close(handle)
