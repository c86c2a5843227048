"""A server for one test, which may stop and start it, and make a replica of it."""

import signal
import time
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pymysql

from tests.harness import accounts, binaries, supervisor
from tests.harness.model import Reached, ServerUnavailable, TestServer
from tests.harness.queries import execute
from tests.harness.servers import with_admin

# What was committed stays, however it ends; and few connections, so that a test can take them all.
OPTIONS = {
    "postgresql": "-c synchronous_commit=on -c max_connections=20",
    "mysql": "--innodb-flush-log-at-trx-commit=2",
    "mariadb": "--innodb-flush-log-at-trx-commit=2",
}


@dataclass
class DedicatedServer:
    server: TestServer
    _reached: Reached
    _taken: list[Any] = field(default_factory=list)

    @property
    def _folder(self) -> Path:
        assert self._reached.folder
        return self._reached.folder

    def stop(self, number: int = signal.SIGKILL) -> None:
        """As a crash. PostgreSQL by SIGQUIT, which leaves no shared memory behind."""
        crash = number == signal.SIGKILL and self.server.engine == "postgresql"
        supervisor.send(
            self._reached.supervisor_process, f"end {int(signal.SIGQUIT if crash else number)}"
        )
        self._until_it_runs(False)

    def start(self) -> None:
        supervisor.send(self._reached.supervisor_process, "start")
        self._until_it_runs(True)
        accounts.wait(self.server.flavor, self._reached, partial(supervisor.runs, self._folder))

    def _until_it_runs(self, wanted: bool) -> None:
        until = time.monotonic() + 20
        while supervisor.runs(self._folder) is not wanted:
            if time.monotonic() > until:
                raise ServerUnavailable("a server did not stop or start as ordered")
            time.sleep(0.02)

    def restart(self) -> None:
        self.stop()
        self.start()

    def copy(self) -> "DedicatedServer":
        """Another server with a copy of this one's data, as a restored backup; both run then."""
        self.stop(signal.SIGINT if self.server.engine == "postgresql" else signal.SIGTERM)
        flavor, version = self.server.flavor, self.server.version
        try:
            reached = binaries.start(flavor, version, OPTIONS[flavor], copied=self._reached)
        finally:
            self.start()
        return DedicatedServer(replace(self.server, port=reached.port, log=reached.log), reached)

    def end(self) -> None:
        """End the server, and remove its data."""
        supervisor.stop(self._reached.supervisor_process)

    def take_no_writes(self) -> None:
        """PostgreSQL becomes a standby, which takes a restart; the others are told so."""
        if self.server.engine == "postgresql":
            self.stop(signal.SIGINT)
            binaries.put(self._folder / "data" / "standby.signal", b"")
            self.start()
        else:
            execute(self.server, "superuser", f"SET GLOBAL {self._read_only} = 1")

    def take_writes(self) -> None:
        """The standby is promoted, as in a failover."""
        if self.server.engine == "postgresql":
            execute(self.server, "superuser", "SELECT pg_promote()")
        else:
            execute(self.server, "superuser", f"SET GLOBAL {self._read_only} = 0")
            execute(self.server, "superuser", "SET GLOBAL read_only = 0")

    @property
    def _read_only(self) -> str:
        return "super_read_only" if self.server.flavor == "mysql" else "read_only"

    def take_all_connections(self) -> None:
        """Those that are not reserved for superusers."""
        if self.server.engine == "mysql":
            execute(self.server, "superuser", "SET GLOBAL max_connections = 10")
        user = self.server.admin
        connect: Any = accounts.postgresql if self.server.engine == "postgresql" else accounts.mysql
        while True:
            try:
                self._taken.append(connect(self.server.host, self.server.port, user))
            except (*accounts.ERRORS, pymysql.Error):
                return

    def release_connections(self) -> None:
        while self._taken:
            self._taken.pop().close()
        if self.server.engine == "mysql":
            execute(self.server, "superuser", "SET GLOBAL max_connections = 151")


def start_dedicated_server(flavor: str, version: str) -> DedicatedServer:
    reached = binaries.start(flavor, version, OPTIONS[flavor])
    return DedicatedServer(with_admin(flavor, version, reached), reached)
