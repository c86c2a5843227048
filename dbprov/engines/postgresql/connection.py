"""How a session on PostgreSQL is opened: TLS, the password, and what libpq finds by itself."""

from __future__ import annotations

import logging
import re
import socket
import ssl
import time
from collections.abc import Generator, Mapping
from contextlib import suppress
from hashlib import sha256
from typing import Any

import psycopg
from msgspec.structs import replace
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row

from dbprov.engines import tls_context
from dbprov.engines.facts import Facts, Row
from dbprov.engines.postgresql.session import Session
from dbprov.passwords.secret import Secret
from dbprov.spec.model import Address, Deployment, Timeouts, Tls

SESSION: tuple[str, ...] = ("session/path", "session/presets", "session/settings")
FACTS: tuple[str, ...] = ("session/facts",)
TRANSACTIONS = True
PINNED = True
LOCK_DATABASE: str | None = "postgres"

# Of a broken connection psycopg also logs what it could not take back: the error is told, once.
logging.getLogger("psycopg").addHandler(logging.NullHandler())


def connect(
    address: Address, tls: Tls, password: Secret | None, database: str | None, timeouts: Timeouts
) -> Session:
    """The admin's session.

    What is not given here libpq finds in its own places: PGPASSWORD, pgpass, service files.
    """
    settings: dict[str, Any] = _protected(tls)
    settings |= {key: value for key, value in address.options if key != "host"}
    settings |= {"dbname": database or address.database or "postgres", **_session(timeouts)}
    if address.host:
        settings |= {"host": address.host, "port": address.port}
    settings |= {"user": address.user} if address.user else {}
    settings |= {"password": password.reveal()} if password else {}
    settings = {key: value for key, value in settings.items() if value not in (None, "")}
    return Session(_opened(settings, timeouts, tls.allow_cleartext or near(address)))


def connect_as(
    url: Secret, deployment: Deployment, timeouts: Timeouts, database: str | None = None
) -> Session:
    """A user's session, with the very string that is handed out."""
    extra = {
        key: value for key, value in deployment.server.options if key in ("hostaddr", "gssencmode")
    }
    # What the string says of TLS stands; what it leaves open is not for this machine to say.
    tls, server = deployment.tls, deployment.server
    settings = {
        **_protected(tls), **conninfo_to_dict(url.reveal()), **_session(timeouts), **extra,
        **({"dbname": database} if database else {}),
    }  # fmt: skip
    return Session(_opened(settings, timeouts, tls.allow_cleartext or near(server)))


def near(address: Address) -> bool:
    """Does what is sent stay on one machine? libpq fills in what the URL leaves open."""
    options = dict(address.options)
    if "service" in options:
        return False  # it is in a file of libpq's where that leads
    hostaddr = options.get("hostaddr") or _usual("hostaddr")
    host = address.host or _usual("host")
    return replace(address, host=host, options=(("hostaddr", hostaddr),)).local


def _usual(name: str) -> str:
    """What libpq takes where nothing is said: of the environment, or of a service named there."""
    found = (one.val for one in pq.Conninfo.get_defaults() if one.keyword == name.encode())
    return (next(found, None) or b"").decode()


def _protected(tls: Tls) -> dict[str, Any]:
    """TLS in libpq's words."""
    settings = {"sslmode": tls.mode, "sslcert": tls.cert, "sslkey": tls.key}
    if tls.verifies:
        settings["sslrootcert"] = tls.ca or "system"
        tls_context.name_system_store()
    if tls.insists:
        # With a Kerberos ticket at hand libpq would encrypt by that, and forget about sslmode.
        settings["gssencmode"] = "disable"
    return {key: value for key, value in settings.items() if value}


def _session(timeouts: Timeouts) -> dict[str, Any]:
    return {
        "connect_timeout": timeouts.connect,
        # A server that is gone without a word is missed within half a minute (T79).
        "keepalives_idle": 15,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 30_000,
        "application_name": "dbprov",
        "client_encoding": "utf8",
    }


class GuardedConnection(psycopg.Connection[Row]):
    """A connection that is given up when nothing comes back.

    statement_timeout is the server's, and TCP's own only help where packets are lost: a proxy or a
    firewall may keep a connection alive with nobody behind it.
    """

    patience: float = 60

    def wait(self, gen: Any, *more: Any, **named: Any) -> Any:
        timed: Any = self._until(gen, time.monotonic() + self.patience)
        return super().wait(timed, *more, **named)

    def _until(self, gen: Any, end: float) -> Generator[Any, Any, Any]:
        """The same generator; psycopg sends it nothing ten times a second while nothing happens."""
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if time.monotonic() > end:
                    self.pgconn.finish()
                    raise psycopg.OperationalError(
                        f"no answer within {self.patience:.0f} seconds: the connection is given up"
                    )
                wanted = gen.send(ready)
        except StopIteration as ended:
            return ended.value

    def cancel(self) -> None:
        """What psycopg does on Ctrl-C with a libpq before 17.

        That waits for the server and lets no other thread run, also not the one that is the tunnel
        to it: for ever.
        """
        if "hostaddr" in self.info.get_parameters():
            raise psycopg.NotSupportedError("through a tunnel only libpq 17 and newer can cancel")
        super().cancel()


def _opened(settings: dict[str, Any], timeouts: Timeouts, clear: bool) -> GuardedConnection:
    """``clear``: may the password be sent as it is where there is no TLS?

    libpq's ``prefer`` would go on without TLS, and there answer whoever asks for the password. What
    forbids that (require_auth) would forbid it over TLS too, where LDAP and PAM need it: so first
    with TLS and then without.
    """
    began = time.monotonic()
    if settings["sslmode"] == "prefer":
        try:
            return _connected({**settings, "sslmode": "require"}, timeouts)
        except psycopg.OperationalError as error:
            if not speaks_no_tls(str(error)):
                raise
    elif settings["sslmode"] != "disable":
        return _connected(settings, timeouts)
    if not clear:
        methods = settings.get("require_auth") or _usual("require_auth")
        settings = {**settings, "require_auth": without_password(methods, pq.version())}
    left = round(timeouts.connect - (time.monotonic() - began))
    return _connected({**settings, "sslmode": "disable", "connect_timeout": max(1, left)}, timeouts)


def speaks_no_tls(words: str) -> bool:
    """Of libpq, with sslmode=require: no server was found that speaks TLS, and nothing else failed.

    A login that was refused, or a certificate, is no reason to try without TLS.
    """
    none = "server does not support SSL, but SSL was required" in words
    return none and not re.search("FATAL|SSL error|certificate", words)


def without_password(methods: str, libpq: int) -> str:
    """libpq's require_auth, without those methods that give the secret away to whoever asks."""
    if libpq < 160000:
        version = f"{libpq // 10000}.{libpq % 10000}"
        raise psycopg.OperationalError(f"libpq {version} {tls_context.OLD_LIBPQ}")
    givers = ["password", "oauth"] if libpq >= 180000 else ["password"]
    left = [one for one in methods.split(",") if one and one.strip("!") not in givers]
    allowed = [one for one in left if not one.startswith("!")]
    return ",".join(allowed or [*left, *(f"!{giver}" for giver in givers)])


def _connected(settings: dict[str, Any], timeouts: Timeouts) -> GuardedConnection:
    conninfo = make_conninfo("", **settings)
    try:
        connection = GuardedConnection.connect(conninfo, autocommit=True, row_factory=dict_row)
    except psycopg.OperationalError as error:
        _know(error.pgconn)
        if "certificate verify failed" in str(error):
            _refuse_too(conninfo, timeouts)
        raise
    _know(connection.pgconn)
    connection.prepare_threshold = None
    connection.patience = timeouts.answer
    return connection


def _know(connection: pq.abc.PGconn | None) -> None:
    """The password may come from a place of libpq's own: PGPASSWORD, pgpass, a service file."""
    with suppress(psycopg.Error, AttributeError, UnicodeDecodeError):
        if connection and connection.password:
            Secret(connection.password.decode())


SSL_REQUEST = bytes.fromhex("0000000804d2162f")


def _refuse_too(conninfo: str, timeouts: Timeouts) -> None:
    """Raises what Python has against the server's certificate: libpq keeps the reason to itself."""
    settings = {key: str(value) for key, value in conninfo_to_dict(conninfo).items()}
    ca = settings.get("sslrootcert", "system")
    tls = Tls(settings["sslmode"], None if ca == "system" else ca)
    where = (settings.get("hostaddr") or settings.get("host", ""), int(settings.get("port", 5432)))
    try:
        with socket.create_connection(where, timeouts.connect) as plain:
            plain.sendall(SSL_REQUEST)
            if plain.recv(1) == b"S":
                context, name = tls_context.context(tls), settings.get("host")
                context.wrap_socket(plain, server_hostname=name).close()
    except ssl.SSLError:
        raise
    except (OSError, ValueError):  # it is gone, or the host stands in the environment only
        return


def needs_password(error: BaseException) -> bool:
    """libpq was asked for a password that it found in none of its places."""
    return isinstance(error, psycopg.OperationalError) and "no password supplied" in str(error)


def lock_key(name: str) -> int:
    """The second of the two numbers of an advisory lock; two names with the same one only wait."""
    return int.from_bytes(sha256(name.encode()).digest()[:4], "big") >> 1


def facts_offline(flavor: str, version: tuple[int, ...], settings: Mapping[str, str]) -> Facts:
    return Facts(
        version, flavor, ".".join(map(str, version)), rights_known=False, settings=settings
    )
