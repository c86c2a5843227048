"""What is handed out for MySQL: connection strings, and how a file of SQL is run."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from msgspec.structs import replace

from dbprov.engines.engine import in_path
from dbprov.engines.facts import Facts
from dbprov.passwords import Kept
from dbprov.spec.model import SYSTEM_CA, Account, Address, Deployment, Tls, bracketed
from dbprov.spec.names import variable


def located(address: Address) -> Address | None:
    """With its socket as the host. Where no host is named the driver connects by loopback."""
    options = dict(address.options)
    if socket := options.pop("unix_socket", ""):
        return replace(address, host=socket, options=tuple(options.items()))
    return address if address.host else None


def url(
    deployment: Deployment, account: Account, password: str, host: str, port: int, tls: Tls
) -> str:
    """What mysqlclient reads through SQLAlchemy; a socket and TLS go into the query."""
    login = quote(account.name, safe="") + (f":{password}" if password else "")
    socket = host if host.startswith("/") else ""
    named = "localhost" if socket or not host else host
    where = f"{bracketed(named) if ':' in named else quote(named, safe='')}:{port}"
    database = in_path(deployment.database)
    query = {"unix_socket": socket} if socket else _in_url(tls) if tls.given else {}
    return f"mysql://{login}@{where}/{database}" + (
        "?" + "&".join(f"{key}={quote(value, safe='/')}" for key, value in query.items())
        if query
        else ""
    )


GO_TLS = {"disable": "false", "prefer": "preferred", "require": "skip-verify"}


def scaler(deployment: Deployment, user: str, password: str, host: str, port: int) -> str | None:
    """For KEDA, as go-sql-driver reads it: from the end, user and password as they are (B.5).

    Without TLS in the spec as libmysqlclient does: where the server has it.
    """
    tls = deployment.published_tls
    mode = GO_TLS.get(tls.mode, "true") if tls.given else "preferred"
    address = f"tcp({bracketed(host)}:{port})"
    return f"{user}:{password}@{address}/{in_path(deployment.database)}?tls={mode}"


def async_url(url: str, tls: Tls) -> str | None:
    """For SQLAlchemy's async engine, which Airflow 3 derives for aiomysql.

    aiomysql takes nothing of TLS in a URL; asyncmy takes PyMySQL's arguments, of which any one
    means TLS. None where ``url`` says nothing of TLS, as with a socket.
    """
    if not tls.given or "?unix_socket=" in url:
        return None
    bare = url.partition("?")[0].partition(":")[2]
    if not async_driver(tls):
        return f"mysql+aiomysql:{bare}"
    files = {"ssl_ca": tls.ca, "ssl_cert": tls.cert, "ssl_key": tls.key}
    query = [f"{key}={quote(path, safe='/')}" for key, path in files.items() if path]
    query += ["ssl_check_hostname=false"] if tls.mode != "verify-full" else []
    return f"mysql+asyncmy:{bare}?{'&'.join(query)}"


def async_driver(tls: Tls) -> str:
    """What must be installed beside Airflow for it, where Airflow does not bring it."""
    return "asyncmy" if tls.given and tls.insists else ""


def _in_url(tls: Tls) -> dict[str, str]:
    parameters = {
        "ssl_mode": MODES[tls.mode],
        "ssl_ca": tls.ca,
        "ssl_cert": tls.cert,
        "ssl_key": tls.key,
    }
    return {key: value for key, value in parameters.items() if value}


def password_placeholder(place: Kept, user: str) -> str:
    """Not in quotes.

    Where nothing was put in its place the server answers with a syntax error, not with a user.
    """
    return "${" + variable(user) + "}"


def conninfo(database: str) -> str:
    return ""


def how_to_run(
    deployment: Deployment, variables: Sequence[str], facts: Facts, file: str
) -> Iterator[str]:
    server = deployment.server
    run = f"{CLIENTS[facts.flavor]} {_where(server)}{_tls(deployment, facts)} -p"
    if facts.flavor == "mariadb" and deployment.tls.mode == "require":
        yield "MariaDB's client insists on TLS with --ssl-verify-server-cert only, not with --ssl."
    if not variables:
        yield f"  {run} < {file}"
        return
    yield "Each is a quoted string of SQL, its ' and \\ doubled: export NAME=\"'...'\""
    yield "Without them the file stops. With hashes instead: dbprov render --password hash."
    handed = " ".join("${" + name + "}" for name in variables)
    yield f"  envsubst '{handed}' < {file} |"
    yield f"    {run}"


def _where(server: Address) -> str:
    """The client takes ``localhost``, and no host at all, for a socket."""
    host = (located(server) or replace(server, host="127.0.0.1")).host
    host = dict(server.options).get("hostaddr") or host
    user = f"--user={shlex.quote(server.user)}"
    if host.startswith("/"):
        return f"--socket={shlex.quote(host)} {user}"
    return f"--host={shlex.quote(host)} --port={server.port} {user}"


CLIENTS = {"mysql": "mysql", "mariadb": "mariadb"}
MODES = {
    "disable": "DISABLED",
    "prefer": "PREFERRED",
    "require": "REQUIRED",
    "verify-ca": "VERIFY_CA",
    "verify-full": "VERIFY_IDENTITY",
}


def _tls(deployment: Deployment, facts: Facts) -> str:
    """The client's options for the TLS of the spec.

    Nothing on loopback where the spec says nothing.
    """
    tls = deployment.tls
    if not tls.given and deployment.server.local:
        return ""
    # mysql goes to no CA store by itself; in both it is the file that names the CAs that are taken.
    ca = tls.ca or (SYSTEM_CA if tls.verifies else None)
    named = (("ca", ca), ("cert", tls.cert), ("key", tls.key))
    files = "".join(f" --ssl-{key}={shlex.quote(path)}" for key, path in named if path)
    if facts.flavor == "mariadb":
        verified = " --ssl-verify-server-cert" if tls.verifies else ""
        return " --skip-ssl" if tls.mode == "disable" else f" --ssl{verified}{files}"
    # The file has passwords in it: as strict as apply is.
    mode = "REQUIRED" if tls.mode == "prefer" else MODES[tls.mode]
    pinned = tls.server_public_key if mode == "DISABLED" else None
    known = f" --server-public-key-path={shlex.quote(pinned)}" if pinned else ""
    return f" --ssl-mode={mode}{files}{known}"
