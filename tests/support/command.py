"""The CLI as a person or a pipeline runs it: a process of its own, with nothing of this machine's settings."""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

FOREIGN = ("PG", "MYSQL", "MARIADB", "DBPROV_", "APP_")
AT_START = ("PYTHON", "LANG", "LC_", "MALLOC", "SSL_", "OPENSSL", "LD_")
CLI = (sys.executable, "-m", "dbprov")
F = TypeVar("F", bound=Callable[..., Any])
Ended = subprocess.CompletedProcess[str]


def clean_environment(folder: Path, **more: str) -> dict[str, str]:
    """The environment of a fresh account whose home is ``folder``."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(FOREIGN)}
    return {**kept, "HOME": str(folder), "COLUMNS": "200", **more}


class Started:
    """The CLI in forks of a process that has loaded it: a run without its start, which is most of its time."""

    def __init__(self) -> None:
        self._serving: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._output = tempfile.TemporaryDirectory(prefix="dbprov-test-output-")

    def run(self, words: tuple[str, ...], folder: Path, env: Mapping[str, str]) -> Ended | None:
        """None where another thread runs one."""
        if not self._lock.acquire(blocking=False):
            return None
        with self._unlocking():
            output = self._output.name
            order = {"words": words, "folder": str(folder), "env": dict(env), "output": output}
            serving = self._serving or self._start()
            assert serving.stdin
            serving.stdin.write(json.dumps(order).encode() + b"\n")
            serving.stdin.flush()
            pid = int(self._line(serving, 10))
            try:
                code = int(self._line(serving, 60))
            except TimeoutError:
                os.kill(pid, signal.SIGKILL)
                self._line(serving, 10)
                raise subprocess.TimeoutExpired(["dbprov", *words], 60) from None
            written = [
                Path(output, name).read_bytes().decode(errors="replace").replace("\r\n", "\n")
                for name in ("stdout", "stderr")
            ]
            return Ended(["dbprov", *words], code, *written)

    def _start(self) -> subprocess.Popen[bytes]:
        serving = subprocess.Popen(
            [sys.executable, "-m", "tests.support.forker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={**clean_environment(Path("/")), "PYTHONPATH": str(Path(__file__).parents[2])}, bufsize=0,
        )  # fmt: skip
        assert serving.stdin
        atexit.register(serving.wait)
        atexit.register(serving.stdin.close)  # before that: it ends the process
        self._serving = serving
        return serving

    @contextmanager
    def _unlocking(self) -> Iterator[None]:
        try:
            yield
        finally:
            self._lock.release()

    @staticmethod
    def _line(serving: subprocess.Popen[bytes], seconds: float) -> bytes:
        assert serving.stdout
        line, until = b"", time.monotonic() + seconds
        while not line.endswith(b"\n"):
            if not select.select([serving.stdout], [], [], max(0, until - time.monotonic()))[0]:
                raise TimeoutError
            line += serving.stdout.read(1) or b""
        return line


_started = Started()


def dbprov(
    *arguments: str,
    folder: Path,
    env: Mapping[str, str] | None = None,
    program: tuple[str, ...] = CLI,
) -> Ended:
    """Run a command in ``folder`` without a terminal; it must end by itself."""
    around = clean_environment(folder, **(env or {}))
    # What Python looks at when it starts is not looked at by a fork.
    if program == CLI and not any(name.startswith(AT_START) for name in env or {}):
        ended = _started.run(arguments, folder, around)
        if ended is not None:
            return ended
    return subprocess.run(
        [*program, *arguments],
        cwd=folder,
        env=around,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=60,
        check=False,
    )


def on_one_of_each(test: F) -> F:
    """What the command line makes of arguments and terminals is the same on every version: one of each engine is enough."""
    marked: F = pytest.mark.postgresql(">= 18")(pytest.mark.mysql("mysql")(test))
    return marked
