"""A server that logs every statement, in every log and statistics view that it has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.harness.accounts import MYSQL_ADMIN
from tests.harness.model import TestServer
from tests.harness.queries import execute
from tests.harness.servers import start_dedicated

CONSUMERS = ("current", "history", "history-long")
PERFORMANCE = (
    "--performance-schema=ON --slow-query-log=1 --long-query-time=0 --log-bin=binlog --server-id=1"
    " --slow-query-log-file={folder}/slow.log --log-bin-trust-function-creators=1 "
    + " ".join(f"--performance-schema-consumer-events-statements-{one}=ON" for one in CONSUMERS)
)
OPTIONS = {
    "postgresql": (
        "-c shared_preload_libraries=pg_stat_statements -c pg_stat_statements.track=all"
        " -c log_min_duration_statement=0 -c log_error_verbosity=verbose -c log_min_messages=debug1"
        " -c log_parameter_max_length_on_error=-1 -c log_connections=on -c log_lock_waits=on"
    ),
    "mysql": PERFORMANCE,
    "mariadb": f"{PERFORMANCE} --performance-schema-events-statements-history-long-size=20000 --performance-schema-instrument=statement/%=ON",
}
TABLES = {
    "postgresql": ("pg_stat_statements", "pg_stat_activity"),
    "mysql": tuple(
        f"performance_schema.{table}"
        for table in (
            "events_statements_current", "events_statements_history", "events_statements_history_long",
            "events_statements_summary_by_digest",
        )
    ),
}  # fmt: skip


@dataclass
class LoggingServer:
    server: TestServer
    folder: Path
    _read: dict[Path, int] = field(default_factory=dict)

    def admin(self, name: str, password: str) -> None:
        """Create a restricted admin, and skip what was logged until then."""
        for statement in self._admin_statements(name, password):
            execute(self.server, "superuser", statement)
        for statement in self._resets():
            execute(self.server, "superuser", statement)
        self._read = {path: path.stat().st_size for path in self._files()}

    def logs(self) -> dict[str, str]:
        """What was written since, by the kind of log."""
        made: dict[str, str] = {}
        for path in self._files():
            with path.open("rb") as stream:
                stream.seek(self._read.get(path, 0))
                place = "binary log" if path.name.startswith("binlog") else f"server's {path.name}"
                made[place] = made.get(place, "") + stream.read().decode(errors="replace")
        return made

    def statistics(self) -> dict[str, list[Any]]:
        made = {}
        for table in TABLES[self.server.engine]:
            rows = execute(self.server, "superuser", f"SELECT * FROM {table}")
            made[table.removeprefix("performance_schema.")] = rows
        return made

    def _files(self) -> Iterator[Path]:
        yield from sorted(self.folder.glob("*.log"))
        yield from sorted((self.folder / "data").glob("binlog.0*"))

    def _admin_statements(self, name: str, password: str) -> Iterator[str]:
        if self.server.engine == "postgresql":
            yield "CREATE EXTENSION IF NOT EXISTS pg_stat_statements"
            literal = password.replace("'", "''")
            yield f"CREATE ROLE \"{name}\" LOGIN CREATEDB CREATEROLE PASSWORD '{literal}'"
        else:
            literal = password.replace("\\", "\\\\").replace("'", "''")
            yield f"CREATE USER '{name}'@'%' IDENTIFIED BY '{literal}'"
            yield f"GRANT {MYSQL_ADMIN} ON *.* TO '{name}'@'%' WITH GRANT OPTION"

    def _resets(self) -> Iterator[str]:
        if self.server.engine == "postgresql":
            yield "SELECT pg_stat_statements_reset()"
        else:
            for table in TABLES["mysql"]:
                yield f"TRUNCATE {table}"


def start_logging_server(flavor: str, version: str) -> LoggingServer:
    server, folder = start_dedicated(flavor, version, OPTIONS[flavor])
    return LoggingServer(server, folder)
