"""Files of this machine: which of them are believed, and how one is written.

A secret is read only where nobody but this user and root decides what is in it: the rule of OpenSSH
(StrictModes), for the file and for every folder and link on the way. What is found on the way is
held open, so that nobody puts another folder in its place meanwhile.
"""

from __future__ import annotations

import grp
import os
import pwd
import re
import shlex
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from dbprov.system.frozen import dataclass

LINKS = 40  # as Linux: more of them hold themselves
WAY = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
DRAFT = re.compile(r"\.(\d+)-[0-9a-f]{8}\.new\Z")
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


@dataclass(frozen=True)
class Spot:
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
            raise Refused(f"{self.shown} is {_sort(state)}, not a file", "name a regular file")
        if state.st_uid != os.geteuid():
            raise Refused(
                f"{self.shown} belongs to {_user(state.st_uid)}: only files of"
                f" {_user(os.geteuid())}, as whom dbprov runs, are written",
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
        _judge(os.fstat(here), shown, trusted)
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
            _judge(os.fstat(here), shown, trusted)
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


def _judge(state: os.stat_result, path: PurePosixPath, trusted: bool) -> None:
    if trusted:
        _refuse_others(state, str(path))


def _refuse_link(state: os.stat_result, path: PurePosixPath) -> None:
    if state.st_uid not in (0, os.geteuid()):
        raise Refused(
            f"{path} is a symbolic link of {_user(state.st_uid)}, who could let it lead elsewhere",
            "name the file by its real path",
        )


def _refuse_others(state: os.stat_result, shown: str) -> None:
    """Raises Refused where somebody else than this user and root decides what is there."""
    me, path = _user(os.geteuid()), shlex.quote(shown)
    if state.st_uid not in (0, os.geteuid()):
        raise Refused(
            f"{shown} belongs to {_user(state.st_uid)}, who can change it: neither to {me}, as whom"
            " dbprov runs, nor to root",
            f"chown {os.geteuid()} {path}, or keep the password where only you and root can write",
        )
    if stat.S_ISDIR(state.st_mode) and state.st_mode & stat.S_ISVTX:
        return  # there everybody moves and removes only what is theirs
    loose = state.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if loose == stat.S_IWGRP and _alone_in_group(state, shown):
        return
    if loose:
        who = "everybody" if loose & stat.S_IWOTH else f"group {_group(state.st_gid)}"
        raise Refused(
            f"{shown} can be changed by {who} (mode {stat.S_IMODE(state.st_mode):04o})",
            f"chmod go-w {path}",
        )


def _alone_in_group(state: os.stat_result, shown: str) -> bool:
    """A group that only the owner is in, as Debian and Red Hat make one for each user (umask 002).

    Debian's OpenSSH takes these too. With an access control list the group's bits say something
    else: what anybody in the list may have at most.
    """
    try:
        owner, group = pwd.getpwuid(state.st_uid), grp.getgrgid(state.st_gid)
    except KeyError:
        return False
    if group.gr_gid != owner.pw_gid or set(group.gr_mem) - {owner.pw_name}:
        return False
    if any(one.pw_gid == group.gr_gid and one.pw_uid != owner.pw_uid for one in pwd.getpwall()):
        return False
    try:
        return not os.getxattr(shown, "system.posix_acl_access")
    except (AttributeError, OSError):
        return True  # there is none


def _user(number: int) -> str:
    try:
        return f"user {pwd.getpwuid(number).pw_name}"
    except KeyError:
        return f"user {number}"


def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def _sort(state: os.stat_result) -> str:
    mode = state.st_mode
    return (
        "a folder" if stat.S_ISDIR(mode)
        else "a named pipe" if stat.S_ISFIFO(mode)
        else "a socket" if stat.S_ISSOCK(mode)
        else "a device"
    )  # fmt: skip


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
    handle = descriptor(path)
    if handle is not None:
        with os.fdopen(os.dup(handle), "rb", buffering=0) as stream:
            made = b""
            while len(made) <= most and (more := stream.read(1 << 16)):
                made += more
            return _whole(made, str(path), most)
    _refuse_strange(path.stat(), str(path))
    with os.fdopen(os.open(path, READ), "rb") as stream:
        state = os.fstat(stream.fileno())
        _refuse_strange(state, str(path))
        if not everybody:
            refuse_everybody(path, state)
        return _whole(stream.read(most + 1), str(path), most)


def lines(path: Path) -> Iterator[bytes]:
    """Of a file that may be long, whoever wrote it."""
    handle = descriptor(path)
    if handle is None:
        _refuse_strange(path.stat(), str(path))
        handle = os.open(path, READ)
        _refuse_strange(os.fstat(handle), str(path))
    else:
        handle = os.dup(handle)
    with os.fdopen(handle, "rb") as stream:
        yield from stream


def refuse_everybody(path: Path, state: os.stat_result | None = None) -> None:
    """Raises Refused for what everybody on this machine could have written.

    Owner and group are left to who shares it: a checkout belongs to a team, or to a CI runner.
    """
    real = Path(os.path.realpath(path))
    for one, found in ((real, state or real.stat()), (real.parent, real.parent.stat())):
        sticky = stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX
        if found.st_mode & stat.S_IWOTH and not sticky:
            raise Refused(
                f"everybody on this machine can change {one}"
                f" (mode {stat.S_IMODE(found.st_mode):04o})",
                f"chmod o-w {shlex.quote(str(one))}",
            )


def descriptor(path: Path) -> int | None:
    """The number of a stream that this process was started with, where a path names one."""
    named = STREAM.match(str(path))
    if not named:
        return None
    return int(named[2]) if named[2] else ("in", "out", "err").index(named[1])


def _refuse_strange(state: os.stat_result, shown: str) -> None:
    """Before it is opened: a pipe would wait for somebody, and a device may have no end."""
    if not stat.S_ISREG(state.st_mode):
        raise Refused(f"{shown} is {_sort(state)}, not a file", "name a regular file")


def _whole(made: bytes, shown: str, most: int) -> bytes:
    if len(made) > most:
        raise TooLarge(f"{shown} is larger than {_size(most)}", "name the right file", made)
    return made


def _size(number: int) -> str:
    return f"{number >> 20} MB" if number >= 1 << 20 else f"{number >> 10} KB"


# -- writing ---------------------------------------------------------------------------------------


def add(place: Spot, text: str, mode: int = 0o600) -> bool:
    """Written whole as a draft, then named; False where somebody else was faster."""
    draft = _draft(place, text, mode)
    try:
        os.link(draft, place.name, src_dir_fd=place.folder, dst_dir_fd=place.folder)
    except FileExistsError:
        return False
    finally:
        os.unlink(draft, dir_fd=place.folder)
    return True


def replace(place: Spot, text: str, mode: int) -> int:
    """Whole or not at all; never another user's file, nor through a link. The mode that it has."""
    place.refuse_foreign()
    draft = _draft(place, text, mode)
    try:
        made = os.stat(draft, dir_fd=place.folder, follow_symlinks=False)
        os.replace(draft, place.name, src_dir_fd=place.folder, dst_dir_fd=place.folder)
    except BaseException:
        with suppress(OSError):
            os.unlink(draft, dir_fd=place.folder)
        raise
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


def _draft(place: Spot, text: str, mode: int) -> str:
    name = f".{os.getpid()}-{os.urandom(4).hex()}.new"
    handle = os.open(
        name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode, dir_fd=place.folder
    )
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            if mode == 0o600:
                os.fchmod(handle, mode)  # whatever the umask
            stream.write(text)
            stream.flush()
            os.fsync(handle)
    except BaseException:
        with suppress(OSError):
            os.unlink(name, dir_fd=place.folder)
        raise
    return name


def sweep(place: Spot) -> None:
    """Drafts of runs that were killed: what is in them never was anybody's password.

    Nothing else: a name has to be one that is made here, of a process that is gone, and ours.
    """
    handle = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=place.folder)
    try:
        for name in os.listdir(handle):  # noqa: PTH208  of the folder that is held open
            made = DRAFT.match(name)
            if made and not _lives(int(made[1])):
                with suppress(FileNotFoundError):
                    state = os.stat(name, dir_fd=handle, follow_symlinks=False)
                    if stat.S_ISREG(state.st_mode) and state.st_uid == os.geteuid():
                        os.unlink(name, dir_fd=handle)
    finally:
        os.close(handle)


def _lives(number: int) -> bool:
    try:
        os.kill(number, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True  # somebody else's
    return True


def sync(place: Spot) -> None:
    """What its folder says of names is on the disk."""
    handle = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=place.folder)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
