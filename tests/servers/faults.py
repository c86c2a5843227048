"""Faults on the way between dbprov and a server, each at a turn of the talk that the test names.

A turn is a request and its answer. What is counted goes through a Gate, whatever the command and the engine: so every command
can be struck at every turn, and a fault needs no knowledge of what dbprov does there.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.harness import TestServer, execute
from tests.servers.command import surroundings
from tests.servers.proxy import Proxy

REPOSITORY = str(Path(__file__).parents[2])

Moment = Literal["asked", "answered"]
"""When in a turn. asked: the server has the request, and dbprov waits; answered: the server has done it, and nobody knows."""


@dataclass(frozen=True)
class Fault:
    """``strike`` says what still reaches dbprov of the answer: all, half of it, or nothing."""

    name: str
    moment: Moment
    strike: Callable[[Gate], Literal["all", "half", "nothing"]]
    ends: tuple[int, ...]  # the exit codes with which the struck run may end

    def __str__(self) -> str:
        return f"{self.name}, {self.moment}"


class Gate(Proxy):
    """A proxy that strikes once, at the turn for which it is armed."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(host, port)
        self._armed: tuple[int, Fault] | None = None
        self._answer = False
        self.pid = 0
        self.struck = threading.Event()
        self.dark = False

    def arm(self, turn: int, fault: Fault) -> None:
        self.struck.clear()
        self.pid, self.turns, self._answer, self._armed = 0, 0, False, (turn, fault)

    def disarm(self) -> None:
        self._armed, self.dark, self.turns = None, False, 0

    def cut(self) -> None:
        """Every connection of the moment; new ones are let in again."""
        for one in self._sockets[1:]:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _pass(self, chunk: bytes, sink: socket.socket, from_client: bool) -> None:
        if self.dark:
            return
        if self._armed is None or self.turns != self._armed[0]:
            sink.sendall(chunk)
            return
        fault = self._armed[1]
        if from_client:
            sink.sendall(chunk)
            self._answer = True
            if fault.moment == "asked":
                self._strike(fault)
        elif self._answer and fault.moment == "answered":
            reaches = self._strike(fault)
            sink.sendall({"all": chunk, "half": chunk[: len(chunk) // 2], "nothing": b""}[reaches])
            if reaches == "half":
                self.cut()
        else:
            sink.sendall(chunk)

    def _strike(self, fault: Fault) -> Literal["all", "half", "nothing"]:
        self._armed = None
        reaches = fault.strike(self)
        self.struck.set()
        return reaches


def _signal(number: int) -> Callable[[Gate], Literal["all"]]:
    def strike(gate: Gate) -> Literal["all"]:
        while not gate.pid:  # it has been forked, and we have not heard of it yet
            time.sleep(0.001)
        os.kill(gate.pid, number)
        return "all"

    return strike


def _cut(gate: Gate) -> Literal["nothing"]:
    gate.cut()
    return "nothing"


def _darken(gate: Gate) -> Literal["nothing"]:
    gate.dark = True
    return "nothing"


# A signal between two turns comes after the answer of the one before: the server has done its part.
KILLED = tuple(Fault("kill -9", m, _signal(signal.SIGKILL), (-9,)) for m in ("asked", "answered"))
INTERRUPTED = tuple(
    Fault(name, moment, _signal(number), (2,))
    for name, number in (("SIGINT", signal.SIGINT), ("SIGTERM", signal.SIGTERM))
    for moment in ("asked", "answered")
)
CUT = tuple(Fault("connection cut", m, _cut, (2, 1)) for m in ("asked", "answered"))
TRUNCATED = (Fault("answer truncated", "answered", lambda gate: "half", (2, 1)),)
DARK = (Fault("black hole", "answered", _darken, (2, 1)),)


@dataclass(frozen=True)
class Ended:
    """A run of the CLI, and how it ended. ``code`` is negative where a signal ended it."""

    code: int
    stdout: str
    stderr: str


class Forker:
    """Runs the CLI in forks of a process that has loaded it."""

    def __init__(self) -> None:
        self._serving = subprocess.Popen(
            [sys.executable, "-m", "tests.servers.forker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            encoding="utf-8", env={**surroundings(Path("/")), "PYTHONPATH": REPOSITORY},
        )  # fmt: skip

    def run(
        self, *words: str, folder: Path, env: dict[str, str], began: Callable[[int], object] = int
    ) -> Ended:
        """``began`` hears the pid."""
        assert self._serving.stdin
        assert self._serving.stdout
        order = {"words": words, "folder": str(folder), "env": surroundings(folder, **env)}
        self._serving.stdin.write(json.dumps(order) + "\n")
        self._serving.stdin.flush()
        began(int(self._serving.stdout.readline()))
        code = int(self._serving.stdout.readline())
        said = [(folder / name).read_text(errors="replace") for name in ("stdout", "stderr")]
        return Ended(code, *said)

    def close(self) -> None:
        assert self._serving.stdin
        assert self._serving.stdout
        self._serving.stdin.close()
        self._serving.wait(10)
        self._serving.stdout.close()


@contextmanager
def forker() -> Iterator[Forker]:
    one = Forker()
    try:
        yield one
    finally:
        one.close()


def left_behind(server: TestServer, prefix: str, databases: Mapping[str, str]) -> list[str]:
    """What dbprov made for itself and should have taken away: each with what it is called in ``databases``."""
    left = [f"membership in {name} is left" for name in _loans(server, prefix)]
    left += [f"{name} is left" for name in _names(server, OF_THE_SERVER[server.engine], prefix)]
    for database, where in databases.items():
        query = IN_A_DATABASE[server.engine].format(database=database)
        inside = database if server.engine == "postgresql" else None
        left += [
            f"{where}: {name} is left" for (name,) in execute(server, "superuser", query, inside)
        ]
    return left


def _loans(server: TestServer, prefix: str) -> list[str]:
    return [] if server.engine == "mysql" else _names(server, LOANS, prefix)


def _names(server: TestServer, query: str, prefix: str) -> list[str]:
    return [str(row[0]) for row in execute(server, "superuser", query.format(prefix=prefix))]


LOANS = """
    SELECT m.member::regrole || ' of ' || r.rolname FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid
    WHERE m.member = m.grantor AND r.rolname LIKE '%{prefix}%'
"""
OF_THE_SERVER = {
    "postgresql": """
        SELECT 'a session in ' || datname FROM pg_stat_activity
        WHERE application_name = 'dbprov' AND datname LIKE '%{prefix}%'
        UNION ALL SELECT 'an advisory lock in ' || coalesce(datname, '') FROM pg_locks l
        JOIN pg_stat_activity a USING (pid) WHERE locktype = 'advisory' AND application_name = 'dbprov'
        UNION ALL SELECT 'a prepared transaction ' || gid FROM pg_prepared_xacts
        UNION ALL SELECT 'database ' || datname FROM pg_database WHERE datname LIKE '%dbprov%'
        UNION ALL SELECT 'role ' || rolname FROM pg_roles WHERE rolname LIKE '%dbprov%'
    """,
    "mysql": """
        SELECT CONCAT('a session of ', user) FROM information_schema.processlist
        WHERE user LIKE '%{prefix}%'
        UNION ALL SELECT CONCAT('database ', schema_name) FROM information_schema.schemata
        WHERE schema_name LIKE '%dbprov%'
        UNION ALL SELECT CONCAT('user ', user) FROM mysql.user WHERE user LIKE '%dbprov%'
    """,
}
IN_A_DATABASE = {
    "postgresql": """
        SELECT relname::text FROM pg_class WHERE relname LIKE 'dbprov%'
        UNION ALL SELECT proname::text FROM pg_proc WHERE proname LIKE 'dbprov%'
        UNION ALL SELECT nspname::text FROM pg_namespace WHERE nspname LIKE 'dbprov%'
    """,
    "mysql": """
        SELECT table_name FROM information_schema.tables
        WHERE table_schema = '{database}' AND table_name LIKE 'dbprov%'
        UNION ALL SELECT routine_name FROM information_schema.routines
        WHERE routine_schema = '{database}' AND routine_name LIKE 'dbprov%'
    """,
}
