"""A password that another program prints: pass, op, gopass, your own script."""

from __future__ import annotations

import os
import time
from pathlib import Path
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from subprocess import DEVNULL, PIPE, Popen, TimeoutExpired

from msgspec import Struct

from dbprov.errors import PlaceError
from dbprov.passwords.env import environment
from dbprov.passwords.file import LONGEST, FilePlace
from dbprov.passwords.secret import Secret, checked, generate
from dbprov.system.masking import MASKS, outside


class CommandPlace(Struct, frozen=True):
    """``command`` prints the password; ``store`` reads a new one on its standard input.

    Neither goes through a shell. With ``store``, a command that prints nothing and exits with 0
    means that nothing is stored yet. A program stores one password: the next one is in the file
    ``beside`` until a login with it has worked.
    """

    command: tuple[str, ...]
    folder: Path
    beside: FilePlace
    store: tuple[str, ...] = ()
    timeout: int = 30

    remote = None

    @property
    def writable(self) -> bool:
        return bool(self.store)

    def __str__(self) -> str:
        return f"command {' '.join(self.command)}"

    def read(self) -> Secret | None:
        printed = self._run(self.command)
        text = printed.removesuffix("\n").removesuffix("\r")
        if not text and self.store:
            return None
        if "\n" in text:
            raise PlaceError(
                f"the password of {self} cannot be used",
                "it printed more than one line",
                "let it print the password alone: [sh, -c, 'pass show NAME | head -n 1']",
            )
        return checked(text, str(self))

    def fill(self) -> Secret:
        """Returns what the command prints afterwards."""
        self._refuse_read_only()
        kept = self.read()
        if kept is None:
            self._keep(generate())
            kept = self.read()
        if kept is None:
            raise PlaceError(
                f"a new password could not be kept by {self._store_shown}",
                f"it ended well, but {self} still prints nothing",
                "let the two name the same secret",
            )
        return kept

    def pending(self) -> Secret | None:
        return self.beside.read() if self.store else None

    def propose(self, login: str = "") -> Secret:
        self._refuse_read_only()
        return self.beside.keep(generate(login))

    def promote(self) -> None:
        proposed = self.pending()
        if proposed is not None:
            self._keep(proposed)
            self.beside.forget()

    @property
    def _store_shown(self) -> str:
        return f"command {' '.join(self.store)}"

    def _refuse_read_only(self) -> None:
        if not self.store:
            raise PlaceError(
                f"a new password cannot be kept in {self}",
                "it only reads",
                "name a program beside it that takes the new password on its standard input:"
                " password: {command: [...], store: [...]}",
            )

    def _keep(self, password: Secret) -> None:
        self._run(self.store, password.reveal())

    def _run(self, argv: tuple[str, ...], stdin: str = "") -> str:
        shown = f"command {' '.join(argv)}"
        try:
            with Popen(
                argv, cwd=self.folder, env=environment(), stdin=PIPE if stdin else DEVNULL,
                stdout=PIPE, stderr=PIPE,
            ) as running:  # fmt: skip
                try:
                    out, errors = _communicate(running, stdin.encode(), self.timeout)
                except BaseException:  # also Ctrl-C: the program must not outlive dbprov
                    running.kill()
                    raise
            printed = out.decode()
        except _OutputTooLong:
            raise PlaceError(
                f"{shown} cannot be used",
                f"it printed more than {LONGEST >> 10} KB, and was stopped",
                "let it print the password alone, on one line",
            ) from None
        except TimeoutExpired:
            raise PlaceError(
                f"{shown} did not end",
                f"it was stopped after {self.timeout} seconds",
                "see what it waits for (no terminal is given to it), or give it more: timeout: 120",
            ) from None
        except UnicodeDecodeError:
            raise PlaceError(
                f"{shown} cannot be used", "what it printed is not UTF-8 text", ""
            ) from None
        except OSError as error:
            raise PlaceError(
                f"{shown} cannot be run",
                f"{argv[0]}: {error.strerror}",
                "a list of the program and its arguments; no shell reads it, and a relative path"
                " begins at the spec",
            ) from None
        if running.returncode:
            raise PlaceError(
                f"{shown} failed",
                _explained(running.returncode, errors, (stdin, printed.strip())),
                "run it by hand. Where nothing is kept yet, it must print nothing and end with 0"
                if self.store and argv == self.command
                else "run it by hand, and see that it ends with 0",
            )
        return printed


class _OutputTooLong(Exception):
    pass


def _communicate(running: Popen[bytes], stdin: bytes, seconds: float) -> tuple[bytes, bytes]:
    """Its standard output, at most LONGEST bytes, and the end of its standard error.

    Raises TimeoutExpired, or _OutputTooLong.
    """
    until = time.monotonic() + seconds
    printed, errors, cut = b"", b"", False
    with DefaultSelector() as streams:
        for stream in filter(None, (running.stdout, running.stderr)):
            streams.register(stream, EVENT_READ)
        if running.stdin:
            os.set_blocking(running.stdin.fileno(), False)
            streams.register(running.stdin, EVENT_WRITE)
        while streams.get_map():
            left = until - time.monotonic()
            ready = streams.select(left) if left > 0 else []
            if not ready:
                raise TimeoutExpired(running.args, seconds)
            for key, _ in ready:
                if key.fileobj is running.stdin:
                    stdin = _written(key.fd, stdin)
                    part = stdin
                else:
                    part = os.read(key.fd, 1 << 16)
                if key.fileobj is running.stdout:
                    printed += part
                elif key.fileobj is running.stderr:
                    errors, cut = (errors + part)[-LONGEST:], cut or len(errors + part) > LONGEST
                if len(printed) > LONGEST:
                    raise _OutputTooLong
                if not part:
                    streams.unregister(key.fileobj)
                    if running.stdin and key.fileobj is running.stdin:
                        running.stdin.close()
    running.wait(max(until - time.monotonic(), 0.01))
    return printed, errors.partition(b"\n")[
        2
    ] if cut else errors  # no half of a line, nor of a secret


def _written(number: int, stdin: bytes) -> bytes:
    """What is still to be written; nothing where the reader has closed the pipe."""
    try:
        return stdin[os.write(number, stdin) :]
    except BrokenPipeError:
        return b""


def _explained(code: int, errors: bytes, secrets: tuple[str, ...]) -> str:
    """How it ended, and the last lines of its standard error, without any password."""
    for secret in secrets:
        MASKS.know(secret, anywhere=False)
    text = outside(errors.decode(errors="replace"))
    lines = ["".join(c if c.isprintable() else " " for c in line) for line in text.splitlines()]
    ended = f"it was ended by signal {-code}" if code < 0 else f"it ended with exit code {code}"
    return "\n".join([ended, *(line[:300] for line in lines[-5:] if line.strip())])
