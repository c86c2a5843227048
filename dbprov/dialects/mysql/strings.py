"""What is handed out for MySQL: connection strings, and how a file of SQL is run."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from dbprov.deployments import Account, Deployment
from dbprov.dialects import Facts, in_path
from dbprov.names import variable
from dbprov.places import Place


def url(deployment: Deployment, account: Account, password: str, host: str, port: int) -> str:
    """What mysqlclient and PyMySQL read through SQLAlchemy; a socket goes into the query."""
    login = f"{quote(account.name, safe='')}:{password}"
    of_admin = dict(deployment.server.options).get("unix_socket", "")
    socket = host if host.startswith("/") else "" if deployment.publish_host else of_admin
    named = "localhost" if socket or not host else host
    where = f"{f'[{named}]' if ':' in named else quote(named, safe='')}:{port}"
    database = in_path(deployment.database)
    return f"mysql://{login}@{where}/{database}" + (
        f"?unix_socket={quote(socket, safe='/')}" if socket else ""
    )


def password_placeholder(place: Place, user: str) -> str:
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
    where = (
        f"--host={shlex.quote(server.host)} --port={server.port} --user={shlex.quote(server.user)}"
    )
    run = f"{CLIENTS[facts.flavor]} {where}{_tls(deployment, facts)} -p"
    if not variables:
        yield f"  {run} < {file}"
        return
    yield (
        "Each is to be put in as a quoted string of SQL;"
        " without that the file stops at its first statement:"
    )
    for name in variables:
        yield f"  export {name}=\"'...'\""
    handed = " ".join("${" + name + "}" for name in variables)
    yield f"  envsubst '{handed}' < {file} | {run}"
    yield (
        "In it double each ' and each \\ of the password; those that dbprov makes have neither."
        " A file with"
    )
    yield "hashes, where there is nothing to put in: dbprov render --password hash."


CLIENTS = {"mysql": "mysql", "mariadb": "mariadb"}
MODES = {
    "disable": "DISABLED",
    "prefer": "REQUIRED",  # the file has passwords in it: as strict as apply is
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
    ca = f" --ssl-ca={shlex.quote(tls.ca)}" if tls.ca else ""
    if facts.flavor == "mariadb":
        verified = " --ssl-verify-server-cert" if tls.mode.startswith("verify") else ""
        return " --skip-ssl" if tls.mode == "disable" else f" --ssl{verified}{ca}"
    return f" --ssl-mode={MODES[tls.mode]}{ca}"
