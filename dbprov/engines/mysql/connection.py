"""Sessions on MySQL: opening them, asking, running, and the words of the server."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pymysql
from pymysql.constants import CR
from pymysql.cursors import DictCursor

from dbprov.engines import tls_context
from dbprov.engines.engine import Facts, Notice
from dbprov.engines.mysql import auth_plugins, option_files
from dbprov.engines.mysql.quoting import literal
from dbprov.errors import ConnectError
from dbprov.passwords import Kept
from dbprov.passwords.secret import Secret
from dbprov.spec.model import Address, Deployment, Timeouts, Tls
from dbprov.system.deadline import Late, within
from dbprov.system.masking import outside

SESSION = ("session/settings",)
FACTS = ("session/server", "session/rights")
TRANSACTIONS = False
PINNED = False  # one session does it all; to ask each is a round trip
LOCK_DATABASE = None


def connect(
    address: Address, tls: Tls, password: Secret | None, database: str | None, timeouts: Timeouts
) -> Any:
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


def connect_as(url: Secret, deployment: Deployment, timeouts: Timeouts) -> Any:
    """A user's session, with the very string that is handed out."""
    from dbprov.engines.mysql.urls import MODES

    parts = urlsplit(url.reveal(), allow_fragments=False)
    query = {key: values[0] for key, values in parse_qs(parts.query).items()}
    tls, tunnel = deployment.tls, dict(deployment.server.options).get("hostaddr", "")
    if "ssl_mode" in query:
        mode = next(mode for mode, word in MODES.items() if word == query["ssl_mode"])
        ca, cert, key = (query.get(f"ssl_{which}") for which in ("ca", "cert", "key"))
        tls = replace(tls, mode=mode, ca=ca, cert=cert, key=key)
    database = unquote(parts.path[1:])
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


def _opened(timeouts: Timeouts, *way: Any) -> Any:
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
    return connection


def pins(connection: Any, timeouts: Timeouts) -> dict[str, Any]:
    """What the template ``session`` is told.

    Only MariaDB has a time for any statement. On MySQL, what does not end is given up on this side.
    """
    mariadb = "MariaDB" in connection.server_version
    return {"busy": timeouts.busy, "statement": timeouts.statement, "mariadb": mariadb}


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


def session_number(connection: Any) -> int:
    """As it was said at the start: a proxy says a number of its own."""
    number: int = connection.thread_id()
    return number


def lock_key(name: str) -> str:
    """At most 64 characters, of which the server does not tell upper from lower case."""
    return "dbprov:" + sha256(name.encode()).hexdigest()[:40]


def tls_of(connection: Any) -> str:
    """The protocol of a connection; empty where it is not encrypted."""
    return str(getattr(connection._sock, "version", lambda: "")() or "") if connection._sock else ""


def facts(answers: Sequence[list[dict[str, Any]]], connection: Any) -> Facts:
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
        tls=tls_of(connection),
        settings={
            **settings,
            "partial_revokes": "1" if settings.get("partial_revokes") == "ON" else "0",
            "alone": "1" if rights and rights[0]["alone"] else "",
            "account_locks": (rights[0]["account_locks"] if rights else None) or "",
        },
    )


def _identity(settings: Mapping[str, Any]) -> str:
    """MySQL has a UUID of its own.

    MariaDB has a hash of its network card and port (from 10.5.26 and 10.11.9 on), which containers
    may share: with its host it is the best that there is.
    """
    if settings.get("server_uuid"):
        return f"server_uuid {settings['server_uuid']}"
    uid = f"server_uid {settings['server_uid']} on " if settings.get("server_uid") else ""
    return f"{uid}host {settings.get('hostname', '')}:{settings.get('port', '')}"


def facts_offline(flavor: str, version: tuple[int, ...], settings: Mapping[str, str]) -> Facts:
    return Facts(
        version,
        flavor,
        ".".join(map(str, version)),
        rights_known=False,
        settings={"partial_revokes": "0", "account_locks": "", **settings},
    )


def ask(connection: Any, queries: Sequence[str]) -> list[list[dict[str, Any]]]:
    answers = []
    with connection.cursor() as cursor:
        for query in queries:
            cursor.execute(query)
            answers.append(list(cursor.fetchall()))
    return answers


def run(connection: Any, statement: str) -> list[Notice]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        if not cursor.warning_count:
            return []
    return [Notice(str(code), outside(words)) for _, code, words in connection.show_warnings()]


def transaction(connection: Any) -> AbstractContextManager[Any]:
    return nullcontext()  # each statement of DDL commits on its own (T51)


def roll_back(connection: Any) -> AbstractContextManager[Any]:
    return nullcontext()


def password_literal(connection: Any, address: Address, tls: Tls) -> Callable[[Kept, str], str]:
    """What follows IDENTIFIED BY.

    MariaDB takes a hash, and gets one: it writes whole statements into its general log. MySQL
    hashes on its own side, and hides the password in its logs: there it is sent, but only where
    nobody can listen, or where the spec says so.
    """

    def secret(place: Kept, user: str) -> str:
        from dbprov.engines.mysql.password_hash import native, short_enough

        password = place.read()
        assert password is not None, "a place is filled before the server is changed"
        clear = password.reveal().encode()
        if "MariaDB" in connection.server_version:
            return "PASSWORD " + literal(native(clear))
        short_enough(clear, user)
        if not (address.local or tls_of(connection) or tls.allow_cleartext):
            raise ConnectError(
                f'the password of user "{user}" is not sent to {address.host}',
                "the connection is neither TLS nor a socket nor loopback:"
                " anybody on the way could read it",
                "tls: {mode: require} in the spec; or, knowing this, tls: {allow_cleartext: true}",
            )
        return literal(clear.decode())

    return secret
