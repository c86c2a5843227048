"""The audit log: a file that is only appended to.

A statement is written before it is sent, and its result once that is certain: for a statement in a
transaction, when the transaction has ended. A statement that cannot be written is not sent.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from dbprov.audit.hash_chain import START, opened, sealed
from dbprov.audit.record import Recording, now
from dbprov.errors import AuditError, DbprovError
from dbprov.system import files
from dbprov.system.masking import values

LOCK_TIMEOUT = 30.0  # seconds to wait for the file lock of another process


class AuditLog:
    """The audit log, opened by one run; other runs may append to it at the same time."""

    def __init__(self, path: Path, command: str = "") -> None:
        self.path = path
        self.head = START
        self.lines = 0  # of this run
        self._handle = -1
        self._counted: dict[str, int] = {}
        self._run = os.urandom(4).hex()
        self._who = {"command": command, "os_user": _os_user(), "host": socket.gethostname()}

    def __enter__(self) -> Self:
        """Opens the file, and checks that it can be appended to. Raises AuditError."""
        try:
            with files.spot(self.path, trusted=False) as place:
                state = place.refuse_foreign()
                if state and state.st_mode & 0o022:
                    raise self._refused("others may write to it", f"chmod 600 {self.path}")
                if state and state.st_nlink > 1:
                    why = "it has a second name (a hard link), which may be another file's"
                    raise self._refused(why, "name another file")
                self._handle = files.appended(place)
            with self._locked():
                self._last()
        except OSError as error:
            todo = getattr(error, "todo", "") or "name a file that you may write"
            raise self._refused(error.strerror or "", todo) from None
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        try:
            if self.lines:
                self._append([{**self._top("end"), "results": self._counted}])
        except DbprovError:
            if error is None:  # else that error is the one to report
                raise
        finally:
            os.close(self._handle)

    @contextmanager
    def recording(
        self, made: Recording, plan: str, where: Mapping[str, Any], kept: bool = True
    ) -> Iterator[None]:
        """Writes the statements before, and their results after, even where the body raises."""
        top = {**where, "plan": plan, "transaction": made.whole}
        steps = [one.as_json() for one in made.announced]
        self._append([{**self._top("begin"), **top, "steps": steps}])
        try:
            yield
        except BaseException as error:
            self._results(made, top, error, kept)
            raise
        self._results(made, top, None, kept)

    def _results(
        self, made: Recording, top: Mapping[str, Any], error: BaseException | None, kept: bool
    ) -> None:
        results = made.results(error, kept)
        lines = [
            {**self._top("statement"), **top, **one.as_json(), **result}
            for one, result in zip(made.announced, results, strict=True)
        ]
        for result in results:
            self._counted[result["result"]] = self._counted.get(result["result"], 0) + 1
        try:
            self._append(lines)
        except AuditError as failed:
            failed.what += "; it holds that these statements were begun, and not how they ended"
            if error is not None:
                failed.why += f"\nand before that: {error}"
            raise

    def _top(self, event: str) -> dict[str, Any]:
        return {"time": now(), "run": self._run, "event": event, **self._who}

    # -- the file ----------------------------------------------------------------------------------

    def _append(self, entries: Sequence[Mapping[str, Any]]) -> None:
        """All of them on the disk, or none: a truncated line would end the chain."""
        with self._locked():
            number, previous = self._last()
            text = b""
            for entry in entries:
                number += 1
                line, previous = sealed(values(entry), number, previous)
                text += line
            size = os.fstat(self._handle).st_size
            try:
                self._write(text)
                os.fsync(self._handle)
            except OSError as error:
                with suppress(OSError):
                    os.ftruncate(self._handle, size)
                raise self._refused(
                    error.strerror or "", "make room there, and run the same command again"
                ) from None
            self.head = previous
            self.lines += len(entries)

    def _write(self, text: bytes) -> None:
        while text:
            text = text[os.write(self._handle, text) :]

    def _last(self) -> tuple[int, str]:
        """Number and hash of the last line."""
        size = os.fstat(self._handle).st_size
        tail, step = b"", 1 << 16
        while len(tail) < size and tail.count(b"\n") < 2:
            step = min(step * 2, size)
            tail = os.pread(self._handle, step, size - step)
        last = tail.splitlines(keepends=True)[-1] if tail else b""
        if not last:
            return 0, START
        found = opened(last)
        if found is None or not found[1]:
            raise self._refused(
                "its last line is no whole line that dbprov wrote",
                f"see what dbprov audit {self.path} says, and name another file",
            )
        return found[0]["line"], found[0]["hash"]

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Locks the file, so that no two runs append after the same line."""
        until = time.monotonic() + LOCK_TIMEOUT
        while True:
            try:
                fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise self._refused(
                        f"another process has held it for {LOCK_TIMEOUT:.0f} seconds",
                        "see who has it open (fuser), or name another file",
                    ) from None
                time.sleep(0.01)
        try:
            yield
        finally:
            fcntl.flock(self._handle, fcntl.LOCK_UN)

    def _refused(self, why: str, todo: str) -> AuditError:
        what = f"{self.path} cannot be written; what cannot be recorded is not done"
        return AuditError(what, why, todo)


def _os_user() -> str:
    """The user of this process, and who ran sudo, which only the environment says.

    A number where the user has no name.
    """
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = str(os.getuid())
    by = os.environ.get("SUDO_USER")
    return f"{name} (sudo by {by})" if by else name
