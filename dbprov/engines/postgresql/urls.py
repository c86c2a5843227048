"""What is handed out for PostgreSQL: connection strings, and how a file of SQL is run."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from psycopg.conninfo import make_conninfo

from dbprov.engines.engine import in_path
from dbprov.engines.facts import Facts
from dbprov.passwords import Kept
from dbprov.spec.model import Account, Deployment, Tls
from dbprov.spec.names import variable


def url(
    deployment: Deployment, account: Account, password: str, host: str, port: int, tls: Tls
) -> str:
    """What libpq, SQLAlchemy, Airflow and Celery all read back alike."""
    login = quote(account.name, safe="") + (f":{password}" if password else "")
    query = []
    if host.startswith("/") or not host:  # a socket: libpq's own form
        query += [f"host={quote(host, safe='')}"] if host else []
        query += [f"port={port}"]
        where = ""
    else:
        where = f"{f'[{host}]' if ':' in host else quote(host, safe='')}:{port}"
    query += _tls(tls)
    return f"postgresql://{login}@{where}/{in_path(deployment.database)}" + (
        "?" + "&".join(query) if query else ""
    )


def _tls(tls: Tls) -> list[str]:
    """Nothing where the spec says nothing."""
    parameters = {
        "sslmode": tls.mode,
        "sslrootcert": tls.ca or ("system" if tls.verifies else None),
        "sslcert": tls.cert,
        "sslkey": tls.key,
    }
    return [
        f"{key}={quote(value, safe='/')}"
        for key, value in parameters.items()
        if tls.given and value
    ]


def password_placeholder(place: Kept, user: str) -> str:
    """A psql variable: without a value for it psql stops with a syntax error."""
    return f":'{variable(user)}'"


def conninfo(database: str) -> str:
    """What \\connect needs for a name that psql would take for a connection string.

    Empty for all others.
    """
    odd = "=" in database or database.startswith(("postgresql://", "postgres://"))
    return make_conninfo("", dbname=database) if odd else ""


def how_to_run(
    deployment: Deployment, variables: Sequence[str], facts: Facts, file: str
) -> Iterator[str]:
    server = deployment.server
    if variables:
        yield "On Windows: -v NAME=VALUE. With hashes instead: dbprov render --password hash."
    url = f"{server}/{quote(server.database or 'postgres', safe='')}"
    tunnel = dict(server.options).get("hostaddr")
    query = ([f"hostaddr={tunnel}"] if tunnel else []) + _tls(deployment.tls)
    url += "?" + "&".join(query) if query else ""
    yield f"  psql {shlex.quote(url)} -X -f {file}"
