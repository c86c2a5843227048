"""What is handed out for PostgreSQL: connection strings, and how a file of SQL is run."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from psycopg.conninfo import make_conninfo

from dbprov.engines.engine import in_path
from dbprov.engines.facts import Facts
from dbprov.passwords import Kept
from dbprov.spec.model import Account, Address, Deployment, Tls, bracketed
from dbprov.spec.names import variable


def located(address: Address) -> Address | None:
    """Without a host libpq looks in PGHOST, in a service file, and takes its socket."""
    return address if address.host else None


def url(
    deployment: Deployment, account: Account, password: str, host: str, port: int, tls: Tls
) -> str:
    """What libpq, SQLAlchemy, Airflow and Celery all read back alike."""
    login = quote(account.name, safe="") + (f":{password}" if password else "")
    where, query = _where(host, port)
    query += _tls(tls)
    return f"postgresql://{login}@{where}/{in_path(deployment.database)}" + (
        "?" + "&".join(query) if query else ""
    )


def scaler(deployment: Deployment, user: str, password: str, host: str, port: int) -> str | None:
    """KEDA's scaler takes what ``url`` gives."""
    return None


def async_url(url: str, tls: Tls) -> str | None:
    """For SQLAlchemy's async engine, which Airflow 3.0 to 3.3 derives for asyncpg (D.4).

    asyncpg knows ``ssl`` for ``sslmode``, and takes no CA and no client certificate in a URL;
    psycopg takes all of them as they are. None where ``url`` says nothing of TLS.
    """
    if not tls.given:
        return None
    rest = url.partition(":")[2]
    if tls.ca or tls.cert:
        return f"postgresql+psycopg:{rest}"
    return "ssl=".join(f"postgresql+asyncpg:{rest}".rsplit("sslmode=", 1))


def async_driver(tls: Tls) -> str:
    """What must be installed beside Airflow for it, where Airflow does not bring it."""
    return "psycopg[binary]" if tls.given and (tls.ca or tls.cert) else ""


def _where(host: str, port: int) -> tuple[str, list[str]]:
    """Before the path, and in the query: there libpq takes a socket."""
    if host and not host.startswith("/"):
        return f"{bracketed(host) if ':' in host else quote(host, safe='')}:{port}", []
    return "", [*([f"host={quote(host, safe='')}"] if host else []), f"port={port}"]


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
    options = dict(server.options)
    where, query = _where(server.host, server.port) if server.host else ("", [])
    login = f"{quote(server.user, safe='')}@" if server.user else ""
    url = f"postgresql://{login}{where}/{quote(server.database or 'postgres', safe='')}"
    known = () if server.host else ("service", "port")  # the rest is for libpq to find again
    query += [f"{key}={quote(options[key])}" for key in (*known, "hostaddr") if key in options]
    query += _tls(deployment.tls)
    url += "?" + "&".join(query) if query else ""
    yield f"  psql {shlex.quote(url)} -X -f {file}"
