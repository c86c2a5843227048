"""How a session on MySQL or MariaDB is opened: TLS, the password, and option files."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pymysql
from msgspec.structs import replace
from pymysql.constants import CR
from pymysql.cursors import DictCursor

from dbprov.engines import tls_context
from dbprov.engines.facts import Facts
from dbprov.engines.mysql import auth_plugins, option_files
from dbprov.engines.mysql.session import Session
from dbprov.passwords.secret import Secret
from dbprov.spec.model import Address, Deployment, Timeouts, Tls
from dbprov.system.deadline import Late, within

SESSION: tuple[str, ...] = ("session/settings",)
FACTS: tuple[str, ...] = ("session/server", "session/rights")
TRANSACTIONS = False
PINNED = False  # one session does it all; to ask each is a round trip
LOCK_DATABASE: str | None = None


def connect(
    address: Address, tls: Tls, password: Secret | None, database: str | None, timeouts: Timeouts
) -> Session:
    """The admin's session.

    A password that is not given here comes from MYSQL_PWD or the usual option files.
    """
    from_environment = Secret(os.environ.get("MYSQL_PWD", ""))
    known = password or from_environment or option_files.password() or Secret("")
    return _opened(
        timeouts,
        address.user,
        known.reveal(),
        address.host,
        address.port,
        "",
        tls,
        tls.allow_cleartext or address.local,
        dict(address.options),
    )


def connect_as(
    url: Secret, deployment: Deployment, timeouts: Timeouts, database: str | None = None
) -> Session:
    """A user's session, with the very string that is handed out."""
    from dbprov.engines.mysql.urls import MODES

    parts = urlsplit(url.reveal(), allow_fragments=False)
    query = {key: values[0] for key, values in parse_qs(parts.query).items()}
    tls, tunnel = deployment.tls, dict(deployment.server.options).get("hostaddr", "")
    if "ssl_mode" in query:
        mode = next(mode for mode, word in MODES.items() if word == query["ssl_mode"])
        ca, cert, key = (query.get(f"ssl_{which}") for which in ("ca", "cert", "key"))
        tls = replace(tls, mode=mode, ca=ca, cert=cert, key=key)
    database = database or unquote(parts.path[1:])
    return _opened(
        timeouts,
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        unquote(parts.hostname or ""),
        parts.port or 3306,
        database,
        tls,
        tls.allow_cleartext or deployment.server.local,
        {**query, "hostaddr": tunnel},
    )


def _opened(timeouts: Timeouts, *way: Any) -> Session:
    """PyMySQL has one timeout for all reads.

    Of a server that does not even say its name, and of a long statement. It counts each read, so
    a server that sends a byte now and then would never be late: the login has an end as a whole.
    """
    try:
        connection = within(timeouts.connect, lambda: _connected(timeouts.connect, *way))
    except Late:
        raise pymysql.OperationalError(
            CR.CR_SERVER_LOST, f"the login did not end within {timeouts.connect} seconds"
        ) from None
    connection._read_timeout = connection._write_timeout = timeouts.answer
    return Session(connection)


def _connected(
    patience: int,
    user: str,
    password: str,
    host: str,
    port: int,
    database: str,
    tls: Tls,
    clear: bool,
    options: Mapping[str, str],
) -> Any:
    arguments: dict[str, Any] = {
        "user": user,
        "password": password.encode(),
        "host": host or "localhost",
        "port": port,
        "database": database or None,
        "charset": "utf8mb4",
        "autocommit": True,
        "connect_timeout": patience,
        "read_timeout": patience,
        "write_timeout": patience,
        "cursorclass": DictCursor,
        "program_name": "dbprov",
    }
    # The password as bytes: PyMySQL 1.2 would encode it in latin1, where the server and other
    # clients mean UTF-8.
    where = host if host.startswith("/") else options.get("unix_socket")
    if where:
        return pymysql.connect(**arguments, unix_socket=where, ssl_disabled=True)
    tunnel = options.get("hostaddr", "")
    without: dict[str, Any] = {"ssl_disabled": True, "auth_plugin_map": {}}
    if not clear:
        without["auth_plugin_map"] = dict.fromkeys(auth_plugins.IN_CLEAR, auth_plugins.Refused)
    if tls.server_public_key:
        without["server_public_key"] = Path(tls.server_public_key).read_bytes()
    if tls.server_public_key or not clear:
        without["auth_plugin_map"] |= auth_plugins.FOR_A_KNOWN_KEY
    if tls.mode == "disable":
        return _reached(tunnel, **arguments, **without)
    try:
        return _reached(tunnel, **arguments, ssl=tls_context.context(tls))
    except pymysql.OperationalError as error:
        if tls.mode == "prefer" and error.args[0] == CR.CR_SSL_CONNECTION_ERROR:
            return _reached(tunnel, **arguments, **without)  # the server speaks no TLS
        if tls.cert and error.args[0] in ENDED:
            # TLS 1.3: the server's verdict on a client certificate comes after the handshake, and
            # may be lost when it hangs up.
            raise pymysql.OperationalError(error.args[0], tls_context.REFUSED) from None
        raise


ENDED = (CR.CR_SERVER_GONE_ERROR, CR.CR_SERVER_LOST)


def _reached(tunnel: str, **arguments: Any) -> Any:
    """As libpq's ``hostaddr``: connect to that address, and look for the host in the certificate.

    Through a tunnel the two are different (T70).
    """
    if not tunnel:
        return pymysql.connect(**arguments)
    connection: Any = pymysql.Connection(**arguments, defer_connect=True)
    reached = socket.create_connection((tunnel, arguments["port"]), arguments["connect_timeout"])
    reached.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    reached.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.connect(reached)
    return connection


def needs_password(error: BaseException) -> bool:
    """The server wanted a password, and we had none to send."""
    return isinstance(error, pymysql.OperationalError) and "using password: NO" in str(error)


def lock_key(name: str) -> str:
    """At most 64 characters, of which the server does not tell upper from lower case."""
    return "dbprov:" + sha256(name.encode()).hexdigest()[:40]


def facts_offline(flavor: str, version: tuple[int, ...], settings: Mapping[str, str]) -> Facts:
    return Facts(
        version,
        flavor,
        ".".join(map(str, version)),
        rights_known=False,
        settings={"partial_revokes": "0", "account_locks": "", **settings},
    )
