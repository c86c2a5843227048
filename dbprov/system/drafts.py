"""Files that are written whole under a temporary name, before they take the name of another."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress

NAME = re.compile(r"\.(\d+)-[0-9a-f]{8}\.new\Z")  # the process that wrote it


@contextmanager
def draft(folder: int, text: str, mode: int) -> Iterator[str]:
    """The name of a new file in this folder; what still has that name in the end is removed."""
    name = f".{os.getpid()}-{os.urandom(4).hex()}.new"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    handle = os.open(name, flags, mode, dir_fd=folder)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            if mode == 0o600:
                os.fchmod(handle, mode)  # whatever the umask
            stream.write(text)
            stream.flush()
            os.fsync(handle)
        yield name
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)


def sweep(folder: int) -> None:
    """Drafts of runs that were killed: what is in them never was anybody's password.

    Nothing else: a name has to be one that is made here, of a process that is gone, and ours.
    """
    for name in os.listdir(folder):
        made = NAME.match(name)
        if made and not _lives(int(made[1])):
            with suppress(FileNotFoundError):
                state = os.stat(name, dir_fd=folder, follow_symlinks=False)
                if stat.S_ISREG(state.st_mode) and state.st_uid == os.geteuid():
                    os.unlink(name, dir_fd=folder)


def _lives(number: int) -> bool:
    try:
        os.kill(number, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True  # somebody else's
    return True
