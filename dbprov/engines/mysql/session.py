"""A session on MySQL or MariaDB: asking, running, and what the server says."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from dbprov.engines.facts import Facts, Notice, Row
from dbprov.engines.mysql.password_rules import hashes_refused
from dbprov.engines.mysql.quoting import literal
from dbprov.errors import ConnectError
from dbprov.passwords import Kept
from dbprov.spec.model import Address, Timeouts, Tls
from dbprov.system.masking import outside

SEND_IT = "tls: {mode: require} in the spec; or, knowing this, tls: {allow_cleartext: true}"


class Session(Struct, frozen=True):
    connection: Any  # PyMySQL has no types

    @property
    def number(self) -> int:
        return int(self.connection.thread_id())

    @property
    def tls(self) -> str:
        version = getattr(self.connection._sock, "version", None)
        return str(version() or "") if version else ""

    @property
    def on_mariadb(self) -> bool:
        return "MariaDB" in self.connection.server_version

    def located(self, address: Address) -> Address:
        return replace(address, host=self.connection._sock.getpeername()[0])

    def pins(self, timeouts: Timeouts) -> dict[str, Any]:
        """Only MariaDB has a time for any statement.

        On MySQL, what does not end is given up on this side.
        """
        seconds = {"busy": timeouts.busy, "statement": timeouts.statement}
        cached = not self.on_mariadb and not self.connection.server_version.startswith("5.")
        return {**seconds, "mariadb": self.on_mariadb, "cached": cached}

    def facts(self, answers: Sequence[list[Row]]) -> Facts:
        settings = {row["Variable_name"]: row["Value"] for row in answers[0]}
        rights = answers[1]
        version = settings["version"]
        number = re.match(r"(?:5\.5\.5-)?(\d+(?:\.\d+)*)", version)
        service = (
            "Aurora"
            if "aurora_version" in settings
            else "RDS"
            if settings.get("basedir", "").startswith("/rdsdbbin")
            else ""
        )
        active = rights[0]["roles"] if rights else None
        return Facts(
            version=tuple(map(int, number[1].split("."))) if number else (0,),
            flavor="mariadb" if "mariadb" in version.lower() else "mysql",
            version_text=number[1] if number else version,
            identity=_identity(settings),
            identifier=_identity(settings),
            service=service,
            admin=rights[0]["admin"] if rights else "",
            rights=frozenset(row["privilege"] for row in rights),
            grant_option=any(row["grantable"] == "YES" for row in rights),
            rights_known=bool(rights) and active in (None, "NONE") and not rights[0]["elsewhere"],
            read_only=any(
                settings.get(name) in ("ON", "1")
                for name in ("read_only", "super_read_only", "innodb_read_only")
            ),
            tls=self.tls,
            settings={
                **settings,
                "partial_revokes": "1" if settings.get("partial_revokes") == "ON" else "0",
                "alone": "1" if rights and rights[0]["alone"] else "",
                "validators": (rights[0]["validators"] if rights else None) or "",
                "account_locks": (rights[0]["account_locks"] if rights else None) or "",
            },
        )

    def ask(self, queries: Sequence[str]) -> list[list[Row]]:
        answers = []
        with self.connection.cursor() as cursor:
            for query in queries:
                cursor.execute(query)
                answers.append(list(cursor.fetchall()))
        return answers

    def run(self, statement: str) -> list[Notice]:
        with self.connection.cursor() as cursor:
            cursor.execute(statement)
            if not cursor.warning_count:
                return []
        warnings = self.connection.show_warnings()
        return [Notice(str(code), outside(words)) for _, code, words in warnings]

    def transaction(self) -> AbstractContextManager[object]:
        return nullcontext()  # each statement of DDL commits on its own (T51)

    def roll_back(self) -> AbstractContextManager[object]:
        return nullcontext()

    def exposes_password(self, address: Address, tls: Tls, facts: Facts | None) -> str:
        if not self._sends_clear(facts) or address.local or self.tls or tls.allow_cleartext:
            return ""
        return (
            "the connection is neither TLS nor a socket nor loopback:"
            " an attacker in the path could read it"
        )

    def _sends_clear(self, facts: Facts | None) -> bool:
        return not self.on_mariadb or bool(facts and hashes_refused(facts))

    def password_literal(
        self, address: Address, tls: Tls, facts: Facts | None = None
    ) -> Callable[[Kept, str], str]:
        """What follows IDENTIFIED BY.

        MariaDB takes a hash, and gets one: it writes whole statements into its general log. MySQL
        hashes on its own side, and hides the password in its logs; MariaDB takes no hash where a
        plugin looks at passwords. There it is sent, but only where nobody can listen, or where the
        spec says so.
        """

        def secret(place: Kept, user: str) -> str:
            from dbprov.engines.mysql.password_hash import native, short_enough

            password = place.read()
            assert password is not None, "a place is filled before the server is changed"
            clear = password.reveal().encode()
            if not self._sends_clear(facts):
                return "PASSWORD " + literal(native(clear))
            if not self.on_mariadb:
                short_enough(clear, user)
            if why := self.exposes_password(address, tls, facts):
                what = f'the password of user "{user}" is not sent to {address.host}'
                raise ConnectError(what, why, SEND_IT)
            return literal(clear.decode())

        return secret

    def close(self) -> None:
        self.connection.close()


def _identity(settings: Mapping[str, Any]) -> str:
    """MySQL has a UUID of its own.

    MariaDB has a hash of its network card and port (from 10.5.26 and 10.11.9 on), which containers
    may share: with its host it is the best that there is.
    """
    if settings.get("server_uuid"):
        return f"server_uuid {settings['server_uuid']}"
    uid = f"server_uid {settings['server_uid']} on " if settings.get("server_uid") else ""
    return f"{uid}host {settings.get('hostname', '')}:{settings.get('port', '')}"
