"""For a PgBouncer: the line of ``[databases]``, and the lines of its userlist."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec.structs import replace

from dbprov.connections.forms import FormOptions
from dbprov.connections.strings import MASK, Connection, DeploymentConnections
from dbprov.spec.model import SYSTEM_CA, Tls

MYSQL = "PgBouncer stands before PostgreSQL only, and this Deployment is on MySQL"
FOLDER = "/etc/pgbouncer"
"""Where the chart mounts its files."""


def objections(name: str, one: DeploymentConnections, options: FormOptions) -> list[str]:
    if one.metadata.as_json(reveal=False) is None:
        return [MYSQL]
    database = one.deployment.database
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", database) or database == "pgbouncer":
        return [
            f'PgBouncer does not start with "{database}" in its [databases]: it takes letters,'
            " digits, and _ . - there, whatever the quotes, and keeps pgbouncer for itself"
        ]
    return []


def bundled_objections(one: DeploymentConnections) -> list[str]:
    """Of the files that take the place of those that the chart writes."""
    if one.metadata.as_json(reveal=False) is None:
        return [MYSQL]
    found = []
    if not one.metadata.host or one.metadata.host.startswith("/"):
        found.append("a socket is no host that another machine reaches: publish: {host: NAME}")
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", one.metadata.user):
        found.append(
            f'PgBouncer\'s stats_users cannot hold "{one.metadata.user}": it takes letters,'
            " digits, and _ . -"
        )
    return found


def notes(name: str, one: DeploymentConnections, options: FormOptions) -> list[str]:
    tls = one.deployment.tls
    found = [
        "in transaction mode PgBouncer before 1.21 breaks the prepared statements of psycopg and"
        " asyncpg, which Airflow 3.3 uses: pool_mode = session there; from 1.21 on"
        " max_prepared_statements = 200"
    ]
    if tls.given:
        found.append(
            "PgBouncer has one server_tls_sslmode for all of its servers: include the lines of"
            f" NAME.tls.ini in [pgbouncer]; servers that cannot do {tls.mode} need a PgBouncer of"
            " their own"
        )
    paths = [path for path in (tls.ca, tls.cert, tls.key) if path and tls.given]
    if paths:
        found.append(
            f"the file names {', '.join(paths)} as on this machine: correct it where PgBouncer runs"
        )
    return found


def as_pgbouncer(one: DeploymentConnections, options: FormOptions) -> str:
    """The files in one text, told apart by their first comment."""
    secured = as_server_tls(one, options)
    return "\n".join(
        (
            *(("; in its section [pgbouncer]", secured) if secured else ()),
            "; pgbouncer.ini",
            as_ini(one, options),
            "; userlist.txt, the file that auth_file names",
            as_userlist(one, options),
        )
    )


def as_ini(one: DeploymentConnections, options: FormOptions) -> str:
    """To the server itself: what ``publish`` names may well be this PgBouncer."""
    deployment, server = one.deployment, one.deployment.server
    entry = _entry(server.host, server.port, deployment.database)
    return f"[databases]\n{deployment.database} = {entry}\n"


def as_server_tls(one: DeploymentConnections, options: FormOptions) -> str:
    """For ``%include`` in the one section [pgbouncer]: a second one sets all back (E.2).

    Empty where the spec says nothing of TLS.
    """
    tls = one.deployment.tls
    if tls.verifies and not tls.ca:
        tls = replace(tls, ca=SYSTEM_CA)
    return "".join(f"{line}\n" for line in _server_tls(tls))


def bundled_ini(one: DeploymentConnections, release: str, port: int) -> str:
    """What the chart would write, for users whose passwords are in Secrets only."""
    tls, there = one.deployment.published_tls, one.metadata
    ca = f"{FOLDER}/root.crt" if one.deployment.tls.ca else None  # else the chart mounts none
    mounted = Tls(tls.mode, ca, given=tls.given)
    entry = _entry(there.host, there.port, one.deployment.database)
    return "\n".join(
        (
            "[databases]",
            f"{release}-metadata = {entry} pool_size=10",
            f"{release}-result-backend = {entry} pool_size=5",
            "",
            "[pgbouncer]",
            "pool_mode = transaction",
            f"listen_port = {port}",
            "listen_addr = *",
            "auth_type = scram-sha-256",
            f"auth_file = {FOLDER}/users.txt",
            f"stats_users = {there.user}",
            "ignore_startup_parameters = extra_float_digits",
            "max_client_conn = 100",
            *(_server_tls(mounted) or ["server_tls_sslmode = prefer"]),
            "",
        )
    )


def _server_tls(tls: Tls) -> list[str]:
    """Nothing where the spec says nothing."""
    settings = (
        ("server_tls_sslmode", tls.mode),
        ("server_tls_ca_file", tls.ca),
        ("server_tls_cert_file", tls.cert),
        ("server_tls_key_file", tls.key),
    )
    return [f"{key} = {value}" for key, value in settings if value and tls.given]


def _entry(host: str, port: int, database: str) -> str:
    return " ".join(_keys(host, port, database))


def _keys(host: str, port: int, database: str) -> Iterator[str]:
    if host:
        yield f"host={_value(host)}"
    yield f"port={port}"
    yield f"dbname={_value(database)}"


def as_userlist(one: DeploymentConnections, options: FormOptions) -> str:
    """The password in clear, or the server's own verifier.

    PgBouncer logs in with either; with a verifier only if it is the server's, salt and all (E.1).
    """
    every = {c.user: c for c in (one.metadata, one.result, *one.others)}
    return "".join(f"{_quoted(user)} {_quoted(_secret(c, options))}\n" for user, c in every.items())


def _secret(c: Connection, options: FormOptions) -> str:
    if not options.scram:
        return c.parts(options.shown)["password"]
    kept = options.verifiers.get((c.deployment, c.user))
    return kept.reveal() if kept and options.shown else MASK


def _quoted(text: str) -> str:
    """PgBouncer doubles a quotation mark, and knows no backslash (B.3)."""
    return '"' + text.replace('"', '""') + '"'


def _value(text: str) -> str:
    return text if re.fullmatch(r"[A-Za-z0-9_.:/-]+", text) else "'" + text.replace("'", "''") + "'"
