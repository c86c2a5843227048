"""A session on PostgreSQL: asking, running, and what the server says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import psycopg
from msgspec import Struct
from msgspec.structs import replace
from psycopg.errors import Diagnostic

from dbprov.engines.facts import Facts, Notice, Row
from dbprov.engines.postgresql.errors import EMPTY
from dbprov.engines.postgresql.expand import NAME
from dbprov.engines.postgresql.quoting import literal
from dbprov.passwords import Kept
from dbprov.spec.model import Address, Timeouts, Tls
from dbprov.system.masking import outside


class Session(Struct, frozen=True):
    connection: psycopg.Connection[Row]

    @property
    def number(self) -> int:
        return self.connection.info.backend_pid

    @property
    def tls(self) -> str:
        return "TLS" if self.connection.pgconn.ssl_in_use else ""

    def located(self, address: Address) -> Address:
        """As libpq found it: its defaults, the environment, a service file."""
        info = self.connection.info
        hostaddr = info.get_parameters().get("hostaddr")
        said = {key: value for key, value in address.options if key not in ("service", "port")}
        options = {**said, "hostaddr": hostaddr} if hostaddr else said
        return replace(address, host=info.host, port=info.port, options=tuple(options.items()))

    def pins(self, timeouts: Timeouts) -> dict[str, Any]:
        return {"busy": f"{timeouts.busy}s", "statement": f"{timeouts.statement}s"}

    def facts(self, answers: Sequence[list[Row]]) -> Facts:
        row = answers[0][0]
        rights = {name.upper() for name in ("superuser", "createrole", "createdb") if row[name]}
        number = row["number"]
        return Facts(
            version=(number // 10000, number % 10000),
            flavor=NAME,
            version_text=row["version"].split()[0],
            identity=row["identity"],
            identifier=row["identity"] if row["identity"].startswith("system ") else "",
            service=row["service"] or "",
            admin=row["admin"],
            rights=frozenset(rights),
            read_only=row["read_only"],
            tls=self.tls,
            settings={key: row[key] or "" for key in ("read_only_by", "to_write")},
        )

    def ask(self, queries: Sequence[str]) -> list[list[Row]]:
        """All of them in one round trip."""
        if len(queries) == 1:
            return [self._execute(queries[0]).fetchall()]
        try:
            with self.connection.pipeline():
                cursors = [self._execute(query) for query in queries]
        except psycopg.Error as error:
            if interruption := _interruption(error):  # the error is of leaving what it broke
                raise interruption from None
            raise
        return [cursor.fetchall() for cursor in cursors]

    def run(self, statement: str) -> list[Notice]:
        heard: list[Notice] = []

        def hear(diagnostic: Diagnostic) -> None:
            code, words = diagnostic.sqlstate or "", outside(diagnostic.message_primary or "")
            heard.append(Notice(code, words, empty=code in EMPTY))

        self.connection.add_notice_handler(hear)
        try:
            self._execute(statement)
        finally:
            self.connection.remove_notice_handler(hear)
        return heard

    def _execute(self, statement: str) -> psycopg.Cursor[Row]:
        return self.connection.execute(statement.encode())

    def transaction(self) -> AbstractContextManager[object]:
        return self.connection.transaction()

    @contextmanager
    def roll_back(self) -> Iterator[None]:
        """What is tried is tried in transactions that may write, also where the default is another.

        It cannot be said later (T86). A replica has no such transactions. Of a default that keeps a
        user from writing there is a trial.
        """
        if self.connection.info.parameter_status("in_hot_standby") != "on":
            self.connection.read_only = False
        with self.connection.transaction(force_rollback=True):
            yield

    def exposes_password(self, address: Address, tls: Tls, facts: Facts | None) -> str:
        return ""

    def password_literal(
        self, address: Address, tls: Tls, facts: Facts | None = None
    ) -> Callable[[Kept, str], str]:
        """A SCRAM verifier, computed by libpq on this side.

        The server and its log never see the password (T60, T63).
        """

        def verifier(place: Kept, user: str) -> str:
            from dbprov.engines.postgresql.password_hash import well_formed

            password = place.read()
            assert password is not None, "a place is filled before the server is changed"
            made = self.connection.pgconn.encrypt_password(
                password.reveal().encode(), user.encode(), b"scram-sha-256"
            )
            return literal(well_formed(made.decode()))

        return verifier

    def close(self) -> None:
        self.connection.close()


def _interruption(error: BaseException | None) -> KeyboardInterrupt | None:
    while error and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error if isinstance(error, KeyboardInterrupt) else None
