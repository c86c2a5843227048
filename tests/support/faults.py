"""Faults of the connection between dbprov and a server, each at an exchange that the test chooses.

An exchange is a request and its answer. The proxy Gate counts them, whatever the command and the engine, so that every command
can be tested with a fault at every exchange, without knowledge of what dbprov does there.
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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml

from tests.harness import TestServer, Who, execute
from tests.support.command import clean_environment
from tests.support.proxy import Proxy

REPOSITORY = str(Path(__file__).parents[2])

Delivered = Literal["all", "half", "nothing"]
"""How much of the answer is delivered."""

Moment = Literal["asked", "answered"]
"""When in an exchange. asked: the server has the request, and dbprov waits; answered: the server has done it, and nobody knows."""


@dataclass(frozen=True)
class Fault:
    """``strike`` causes the fault, and returns how much of the answer is still delivered."""

    name: str
    moment: Moment
    strike: Callable[[Gate], Delivered]
    ends: tuple[int, ...]  # the exit codes with which the run may end
    recover: Callable[[], object] = tuple  # before the same command is run again
    words: tuple[str, ...] = ()  # more arguments for the run with the fault

    def __str__(self) -> str:
        return f"{self.name}, {self.moment}"


class Gate(Proxy):
    """A proxy that causes one fault, at the exchange for which it is armed."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(host, port)
        self._armed: tuple[int, Fault] | None = None
        self._answer = False
        self.pid = 0
        self.triggered, self.over = threading.Event(), threading.Event()
        self.dropping = False

    def arm(self, exchange: int, fault: Fault) -> None:
        self.triggered.clear()
        self.over.clear()
        self.pid, self.exchanges, self._answer, self._armed = 0, 0, False, (exchange, fault)

    def disarm(self) -> None:
        self._armed, self.exchanges = None, 0
        if self.dropping:
            self.cut()
        self.dropping = False

    def cut(self) -> None:
        """Close all connections; new ones are accepted."""
        for one in list(self._sockets[1:]):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _pass(self, chunk: bytes, sink: socket.socket, from_client: bool) -> None:
        if self.dropping:
            return
        if self._armed is None or self.exchanges != self._armed[0]:
            sink.sendall(chunk)
            return
        fault = self._armed[1]
        if from_client:
            sink.sendall(chunk)
            self._answer = True
            if fault.moment == "asked":
                self._trigger(fault)
        elif self._answer and fault.moment == "answered":
            delivered = self._trigger(fault)
            sink.sendall(
                {"all": chunk, "half": chunk[: len(chunk) // 2], "nothing": b""}[delivered]
            )
            if delivered == "half":
                self.cut()
        else:
            sink.sendall(chunk)

    def _trigger(self, fault: Fault) -> Delivered:
        self._armed = None
        self.triggered.set()
        try:
            return fault.strike(self)
        finally:
            self.over.set()


def _signal(number: int) -> Callable[[Gate], Literal["all"]]:
    def strike(gate: Gate) -> Literal["all"]:
        while not gate.pid:  # it was forked, and its pid is not known yet
            time.sleep(0.001)
        os.kill(gate.pid, number)
        return "all"

    return strike


def _cut(gate: Gate) -> Literal["nothing"]:
    gate.cut()
    return "nothing"


def _drop_packets(gate: Gate) -> Literal["nothing"]:
    gate.dropping = True
    return "nothing"


def _ask_twice(gate: Gate) -> Literal["nothing"]:
    """Ctrl-C while all packets are dropped, and a second Ctrl-C."""

    def ask() -> None:
        for _ in range(2):
            time.sleep(0.5)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)

    pid = gate.pid
    gate.dropping = True
    threading.Thread(target=ask, daemon=True).start()
    return "nothing"


# A signal between two exchanges comes after the answer to the first one.
PLAN = ("plan", "--json", "spec.yaml")
KILLED = tuple(Fault("kill -9", m, _signal(signal.SIGKILL), (-9,)) for m in ("asked", "answered"))
INTERRUPTED = tuple(
    Fault(name, moment, _signal(number), (2,))
    for name, number in (("SIGINT", signal.SIGINT), ("SIGTERM", signal.SIGTERM))
    for moment in ("asked", "answered")
)
CUT = tuple(Fault("connection cut", m, _cut, (2, 1)) for m in ("asked", "answered"))
TRUNCATED = (Fault("answer truncated", "answered", lambda gate: "half", (2, 1)),)
SOON = ("--connect-timeout", "2", "--statement-timeout", "1")
DARK = Fault("black hole", "answered", _drop_packets, (2, 1), words=SOON)
# psycopg asks the server to cancel, and waits for it a while: the second one ends that.
ASKED_TWICE = Fault("black hole, SIGINT twice", "answered", _ask_twice, (2, -signal.SIGINT))


@dataclass(frozen=True)
class Ended:
    """A run of the CLI, and how it ended. ``code`` is negative where a signal ended it."""

    code: int
    stdout: str
    stderr: str


class Forker:
    """Runs the CLI in forks of a process that has loaded it, and these modules."""

    def __init__(self, *modules: str) -> None:
        self._serving = subprocess.Popen(
            [sys.executable, "-m", "tests.support.forker", *modules], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            encoding="utf-8", env={**clean_environment(Path("/")), "PYTHONPATH": REPOSITORY},
        )  # fmt: skip

    def run(
        self, *words: str, folder: Path, env: dict[str, str], began: Callable[[int], object] = int
    ) -> Ended:
        """``began`` is called with the pid."""
        assert self._serving.stdin
        assert self._serving.stdout
        order = {
            "words": words,
            "folder": str(folder),
            "env": clean_environment(folder, **env),
            "output": str(folder),
        }
        self._serving.stdin.write(json.dumps(order) + "\n")
        self._serving.stdin.flush()
        began(int(self._serving.stdout.readline()))
        code = int(self._serving.stdout.readline())
        output = [(folder / name).read_text(errors="replace") for name in ("stdout", "stderr")]
        return Ended(code, *output)

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


NEAR_THE_END = 5
"""The last exchanges, at which a run has all answers already, and may end without an error."""


@dataclass(frozen=True)
class Case:
    """A command that is tested with faults: what precedes it, how it is finished, and what must be true then.

    ``{database}`` and ``{user}`` in words and statements are the Deployment's.
    """

    words: tuple[str, ...]
    name: str = ""
    before: tuple[tuple[str, ...], ...] = ()
    statements: Mapping[str, str] = field(default_factory=dict)  # for each engine one, after these
    again: tuple[tuple[str, ...], ...] = ()  # instead of the same command
    after: tuple[tuple[str, ...], ...] = ()  # each must end with 0
    may_refuse: tuple[tuple[str, ...], ...] = ()  # of those that follow: where all was done already
    keeps_passwords: bool = True
    more: Mapping[str, Any] = field(default_factory=dict)  # of the Deployment

    def __str__(self) -> str:
        return self.name or self.words[0]


@dataclass(frozen=True)
class Exchanges:
    """How many exchanges a case takes, and between which ones it changes the server."""

    exchanges: int
    first: int
    last: int


@dataclass
class FaultRun:
    """Runs a case: a gate, a process that runs the CLI, and a folder for each run."""

    server: TestServer
    who: Who
    folder: Path
    gate: Gate
    runner: Forker
    case: Case

    def prepare(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir()
        url = self.server.url(self.who).replace(f":{self.server.port}/", f":{self.gate.port}/")
        names = {"database": f"{name}_db", "user": f"{name}_app"}
        deployment = {"name": "analytics", **names, **self.case.more}
        text = yaml.safe_dump({"server": url, "deployments": [deployment]})
        (folder / "spec.yaml").write_text(text)
        for words in self.case.before:
            ended = self.run(words, folder)
            assert ended.code in (0, 1), ended
        if statement := self.case.statements.get(self.server.engine):
            execute(self.server, "superuser", statement.format(**names))
        return folder

    def run(self, words: tuple[str, ...], folder: Path) -> Ended:
        names = {"database": f"{folder.name}_db", "user": f"{folder.name}_app"}
        words = tuple(word.format(**names) for word in words)

        def began(pid: int) -> None:
            self.gate.pid = pid

        env = {"DBPROV_ADMIN_PASSWORD": self.server.password(self.who)}
        return self.runner.run(*words, folder=folder, env=env, began=began)

    def strike(
        self, name: str, exchange: int, fault: Fault, measured: Exchanges
    ) -> list[str] | None:
        """What is wrong afterwards; None if the run had ended before that exchange."""
        folder = self.prepare(name)
        self.gate.arm(exchange, fault)
        try:
            triggered = self.run((*self.case.words, *fault.words), folder)
        finally:
            hit = self.gate.triggered.is_set() and self.gate.over.wait(60)
            self.gate.disarm()
            if hit:
                fault.recover()
        if not hit:
            return None
        wrong = list(_wrong_of(triggered, fault, late=exchange > measured.exchanges - NEAR_THE_END))
        return wrong + self.again(folder)

    def refused(self, folder: Path, *expected: str) -> list[str]:
        """What is wrong with a run that must be refused, in these words, with nothing changed."""
        ended = self.run(self.case.words, folder)
        output = json.loads(ended.stdout)["error"] if ended.code == 2 else {}
        text = " ".join(output.values())
        everything = f"{ended.code} {ended.stdout} {ended.stderr}"
        wrong = [f"{word!r} is not said: {everything}" for word in expected if word not in text]
        if ended.code != 2 or not output.get("do"):
            wrong.append(everything)
        return wrong

    def again(self, folder: Path) -> list[str]:
        """What is wrong with the same command, and with what must hold after it."""
        wrong = []
        kept = passwords(folder)
        for words in (*(self.case.again or (self.case.words,)), *self.case.after):
            ended = self.run(words, folder)
            if ended.code != 0 and words not in self.case.may_refuse:
                output = f"{ended.code} {ended.stdout} {ended.stderr}"
                wrong.append(f"{' '.join(words)} afterwards: {output}")
        found = passwords(folder)
        if self.case.keeps_passwords and not kept.items() <= found.items():
            wrong.append("a password was changed")
        if not found:
            wrong.append("no password is kept")
        return wrong + [f"{path.name} is left" for path in folder.rglob("*.new")]


def passwords(folder: Path) -> dict[str, str]:
    files = (path for path in (folder / ".dbprov").rglob("*") if path.is_file())
    return {str(path): path.read_text() for path in files if path.suffix != ".new"}


def _wrong_of(triggered: Ended, fault: Fault, *, late: bool) -> Iterator[str]:
    """What is wrong with the run itself: its exit code, its messages, its JSON."""
    late = late or (fault not in INTERRUPTED and '"ok": true' in triggered.stdout)
    if triggered.code not in fault.ends and not (late and triggered.code <= 0):
        yield f"it ended with {triggered.code}: {triggered.stdout} {triggered.stderr}"
    if "Traceback" in triggered.stderr or "defect" in triggered.stderr:
        yield triggered.stderr
    if triggered.code == 2:
        if "do:" not in triggered.stderr:
            yield f"nothing to do is said: {triggered.stderr}"
        if fault in INTERRUPTED and "interrupted" not in triggered.stderr:
            yield f"it is not called interrupted: {triggered.stderr}"
        try:
            document = json.loads(triggered.stdout)
        except ValueError:
            yield f"no JSON: {triggered.stdout!r} {triggered.stderr}"
            return
        parts = [document, *document.get("deployments", ()), *document.get("rotations", ())]
        if not any(part.get("error") for part in parts):
            yield f"no error in the JSON: {triggered.stdout}"


def count_exchanges(fault_run: FaultRun, name: str) -> Exchanges:
    """Runs with changes to make, and without: the difference is where the server is changed."""
    folder = fault_run.prepare(name)
    exchanges = []
    for words in (
        PLAN,
        fault_run.case.words,
        *(fault_run.case.again or (fault_run.case.words,))[-1:],
    ):
        fault_run.gate.disarm()
        ended = fault_run.run(words, folder)
        assert ended.code == 0 or words == PLAN, ended
        exchanges.append(fault_run.gate.exchanges)
    of_plan, first, again = exchanges
    return Exchanges(first, of_plan - 1, of_plan + max(first - again, 0) + 6)


def left_behind(server: TestServer, prefix: str, databases: Mapping[str, str]) -> list[str]:
    """What dbprov made for itself and should have taken away: each with what it is called in ``databases``."""
    left = [f"membership in {name} is left" for name in _loans(server, prefix)]
    # A server ends a session a moment after its client has gone.
    until, query = time.monotonic() + 5, OF_THE_SERVER[server.engine]
    while (names := _names(server, query, prefix)) and time.monotonic() < until:
        time.sleep(0.05)
    left += [f"{name} is left" for name in names]
    there = {str(row[0]) for row in execute(server, "superuser", DATABASES[server.engine])}
    for database, where in databases.items():
        if database not in there:  # its Deployment was dropped
            continue
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


DATABASES = {"postgresql": "SELECT datname FROM pg_database", "mysql": "SHOW DATABASES"}
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
