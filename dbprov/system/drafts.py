"""Temporary files that are completely written before they are renamed."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress

NAME = re.compile(r"\.(\d+)-[0-9a-f]{8}\.new\Z")  # the process that wrote it


@contextmanager
def draft(folder: int, text: str, mode: int) -> Iterator[str]:
    """The name of a new temporary file in this folder; removed at the end, if not renamed."""
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
    """Removes the drafts of runs that were killed: their passwords were never used.

    Only files of this user, with a name as made here, and of a process that has ended.
    """
    for name in os.listdir(folder):
        made = NAME.match(name)
        if made and not _process_exists(int(made[1])):
            with suppress(FileNotFoundError):
                state = os.stat(name, dir_fd=folder, follow_symlinks=False)
                if stat.S_ISREG(state.st_mode) and state.st_uid == os.geteuid():
                    os.unlink(name, dir_fd=folder)


def _process_exists(number: int) -> bool:
    try:
        os.kill(number, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True  # of another user
    return True
