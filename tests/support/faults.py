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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml

from tests.harness import TestServer, Who, execute
from tests.support.command import surroundings
from tests.support.proxy import Proxy

REPOSITORY = str(Path(__file__).parents[2])

Reaches = Literal["all", "half", "nothing"]
"""What of the answer."""

Moment = Literal["asked", "answered"]
"""When in a turn. asked: the server has the request, and dbprov waits; answered: the server has done it, and nobody knows."""


@dataclass(frozen=True)
class Fault:
    """``strike`` says what still reaches dbprov of the answer: all, half of it, or nothing."""

    name: str
    moment: Moment
    strike: Callable[[Gate], Reaches]
    ends: tuple[int, ...]  # the exit codes with which the struck run may end
    heal: Callable[[], object] = tuple  # before the same command is run again
    words: tuple[str, ...] = ()  # more, for the struck run

    def __str__(self) -> str:
        return f"{self.name}, {self.moment}"


class Gate(Proxy):
    """A proxy that strikes once, at the turn for which it is armed."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(host, port)
        self._armed: tuple[int, Fault] | None = None
        self._answer = False
        self.pid = 0
        self.struck, self.over = threading.Event(), threading.Event()
        self.dark = False

    def arm(self, turn: int, fault: Fault) -> None:
        self.struck.clear()
        self.over.clear()
        self.pid, self.turns, self._answer, self._armed = 0, 0, False, (turn, fault)

    def disarm(self) -> None:
        self._armed, self.turns = None, 0
        if self.dark:
            self.cut()
        self.dark = False

    def cut(self) -> None:
        """Every connection of the moment; new ones are let in again."""
        for one in list(self._sockets[1:]):
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

    def _strike(self, fault: Fault) -> Reaches:
        self._armed = None
        self.struck.set()
        try:
            return fault.strike(self)
        finally:
            self.over.set()


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


def _ask_twice(gate: Gate) -> Literal["nothing"]:
    """Ctrl-C while nothing gets through any more, and once more by somebody who does not like to wait."""

    def ask() -> None:
        for _ in range(2):
            time.sleep(0.5)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)

    pid = gate.pid
    gate.dark = True
    threading.Thread(target=ask, daemon=True).start()
    return "nothing"


# A signal between two turns comes after the answer of the one before: the server has done its part.
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
DARK = Fault("black hole", "answered", _darken, (2, 1), words=SOON)
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
            encoding="utf-8", env={**surroundings(Path("/")), "PYTHONPATH": REPOSITORY},
        )  # fmt: skip

    def run(
        self, *words: str, folder: Path, env: dict[str, str], began: Callable[[int], object] = int
    ) -> Ended:
        """``began`` hears the pid."""
        assert self._serving.stdin
        assert self._serving.stdout
        order = {
            "words": words,
            "folder": str(folder),
            "env": surroundings(folder, **env),
            "output": str(folder),
        }
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


NEAR_THE_END = 5
"""Turns in which a run has all of its answers already, and may end as if nothing had been."""


@dataclass(frozen=True)
class Case:
    """A command that is struck: what is done before it, how it is finished, and what must hold then.

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
class Rehearsed:
    """How many turns a case takes, and between which ones it changes the server."""

    turns: int
    first: int
    last: int


@dataclass
class Stage:
    """Where a case is played: a gate, a process that runs the CLI, and a folder for each run."""

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

    def strike(self, name: str, turn: int, fault: Fault, rehearsed: Rehearsed) -> list[str] | None:
        """What is wrong afterwards; None if the run had ended before that turn."""
        folder = self.prepare(name)
        self.gate.arm(turn, fault)
        try:
            struck = self.run((*self.case.words, *fault.words), folder)
        finally:
            hit = self.gate.struck.is_set() and self.gate.over.wait(60)
            self.gate.disarm()
            if hit:
                fault.heal()
        if not hit:
            return None
        wrong = list(_wrong_of(struck, fault, late=turn > rehearsed.turns - NEAR_THE_END))
        return wrong + self.again(folder)

    def refused(self, folder: Path, *expected: str) -> list[str]:
        """What is wrong with a run that must be refused, in these words, with nothing changed."""
        ended = self.run(self.case.words, folder)
        said = json.loads(ended.stdout)["error"] if ended.code == 2 else {}
        text = " ".join(said.values())
        everything = f"{ended.code} {ended.stdout} {ended.stderr}"
        wrong = [f"{word!r} is not said: {everything}" for word in expected if word not in text]
        if ended.code != 2 or not said.get("do"):
            wrong.append(everything)
        return wrong

    def again(self, folder: Path) -> list[str]:
        """What is wrong with the same command, and with what must hold after it."""
        wrong = []
        kept = passwords(folder)
        for words in (*(self.case.again or (self.case.words,)), *self.case.after):
            ended = self.run(words, folder)
            if ended.code != 0 and words not in self.case.may_refuse:
                said = f"{ended.code} {ended.stdout} {ended.stderr}"
                wrong.append(f"{' '.join(words)} afterwards: {said}")
        found = passwords(folder)
        if self.case.keeps_passwords and not kept.items() <= found.items():
            wrong.append("a password was changed")
        if not found:
            wrong.append("no password is kept")
        return wrong + [f"{path.name} is left" for path in folder.rglob("*.new")]


def passwords(folder: Path) -> dict[str, str]:
    files = (path for path in (folder / ".dbprov").rglob("*") if path.is_file())
    return {str(path): path.read_text() for path in files if path.suffix != ".new"}


def _wrong_of(struck: Ended, fault: Fault, *, late: bool) -> Iterator[str]:
    """Of the struck run itself: its code, its words, its JSON."""
    late = late or (fault not in INTERRUPTED and '"ok": true' in struck.stdout)
    if struck.code not in fault.ends and not (late and struck.code <= 0):
        yield f"it ended with {struck.code}: {struck.stdout} {struck.stderr}"
    if "Traceback" in struck.stderr or "defect" in struck.stderr:
        yield struck.stderr
    if struck.code == 2:
        if "do:" not in struck.stderr:
            yield f"nothing to do is said: {struck.stderr}"
        if fault in INTERRUPTED and "interrupted" not in struck.stderr:
            yield f"it is not called interrupted: {struck.stderr}"
        try:
            document = json.loads(struck.stdout)
        except ValueError:
            yield f"no JSON: {struck.stdout!r} {struck.stderr}"
            return
        parts = [document, *document.get("deployments", ()), *document.get("rotations", ())]
        if not any(part.get("error") for part in parts):
            yield f"no error in the JSON: {struck.stdout}"


def rehearse(stage: Stage, name: str) -> Rehearsed:
    """Once with something to do, and once with nothing: the difference is where the server is changed."""
    folder = stage.prepare(name)
    turns = []
    for words in (PLAN, stage.case.words, *(stage.case.again or (stage.case.words,))[-1:]):
        stage.gate.disarm()
        ended = stage.run(words, folder)
        assert ended.code == 0 or words == PLAN, ended
        turns.append(stage.gate.turns)
    look, first, again = turns
    return Rehearsed(first, look - 1, look + max(first - again, 0) + 6)


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
