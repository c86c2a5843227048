"""For the engines' own clients, and for programs in other languages."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote, urlencode

from dbprov.connections.airflow import undecoded
from dbprov.connections.forms import FormOptions, labelled
from dbprov.connections.strings import Connection, DeploymentConnections
from dbprov.spec.model import bracketed

ENGINES = {
    "pgpass": "postgresql",
    "service": "postgresql",
    "mycnf": "mysql",
}
DRIVERS = {"postgresql": "postgresql+psycopg2", "mysql": "mysql+mysqldb"}
"""Those that Airflow itself uses, and is tested with."""
MYSQL_TLS = {
    "disable": "DISABLED",
    "prefer": "PREFERRED",
    "require": "REQUIRED",
    "verify-ca": "VERIFY_CA",
    "verify-full": "VERIFY_IDENTITY",
}


def objections(name: str, one: DeploymentConnections, options: FormOptions) -> list[str]:
    engine = one.deployment.server.engine
    found = []
    if ENGINES.get(name, engine) != engine:
        found.append(f"{name} is a file of {ENGINES[name]}, and this Deployment is on {engine}")
    if name == "service":
        found += [
            f"a line of the service file loses the blank at the end of {what}"
            for what, text in labelled(every(one))
            if text != text.rstrip()
        ]
    if name == "jdbc" and (not one.metadata.host or one.metadata.host.startswith("/")):
        found.append("JDBC reaches no socket: publish: {host: NAME}")
    if name == "sqlalchemy":
        found += undecoded(one.deployment.database)
    return found


def every(one: DeploymentConnections) -> list[Connection]:
    """Each user once: in the shared layout metadata and results have the same."""
    return list({c.account: c for c in (one.metadata, one.result, *one.others)}.values())


def as_pgpass(one: DeploymentConnections, options: FormOptions) -> str:
    """For ``~/.pgpass`` (libpq reads it only with mode 0600); a ``:`` or ``\\`` is escaped."""
    lines = []
    for c in every(one):
        parts = c.parts(options.shown)
        host = parts["host"] or "localhost"
        fields = (host, parts["port"], parts["database"], parts["user"], parts["password"])
        lines.append(":".join(f.replace("\\", "\\\\").replace(":", "\\:") for f in fields))
    return "\n".join(lines) + "\n"


def as_service(one: DeploymentConnections, options: FormOptions) -> str:
    """For ``pg_service.conf``: psql service=NAME."""
    return "\n".join("\n".join(_service(one, c, options)) + "\n" for c in every(one))


def _service(one: DeploymentConnections, c: Connection, options: FormOptions) -> Iterator[str]:
    yield f"[{_group(one, c, '-')}]"
    parts = c.parts(options.shown)
    for key, value in (
        ("host", parts["host"]),
        ("port", parts["port"]),
        ("dbname", parts["database"]),
        ("user", parts["user"]),
        ("password", parts["password"]),
        ("sslmode", parts["sslmode"]),
        ("sslrootcert", parts["sslrootcert"]),
        ("sslcert", parts["sslcert"]),
        ("sslkey", parts["sslkey"]),
    ):
        if value:
            yield f"{key}={value}"


def _group(one: DeploymentConnections, c: Connection, joint: str) -> str:
    name = one.deployment.name
    return name if c.account == one.metadata.account else f"{name}{joint}{c.account.name}"


def as_mycnf(one: DeploymentConnections, options: FormOptions) -> str:
    """For ``--defaults-extra-file``; other users by ``--defaults-group-suffix=_USER``."""
    return "\n".join("\n".join(_options(one, c, options)) + "\n" for c in every(one))


def _options(one: DeploymentConnections, c: Connection, options: FormOptions) -> Iterator[str]:
    parts = c.parts(options.shown)
    yield "[client]" if c.account == one.metadata.account else f"[client_{c.account.name}]"
    socket = parts["host"].startswith("/")
    yield f"socket={_option(parts['host'])}" if socket else f"host={_option(parts['host'])}"
    if not socket:
        yield f"port={parts['port']}"
    yield f"user={_option(parts['user'])}"
    yield f"password={_option(parts['password'])}"
    if parts["sslmode"]:
        # MariaDB's client does not know it: loose makes that a warning there, not an end.
        yield f"loose-ssl-mode={MYSQL_TLS[parts['sslmode']]}"
    for option, part in (("ca", "sslrootcert"), ("cert", "sslcert"), ("key", "sslkey")):
        if parts[part]:
            yield f"ssl-{option}={_option(parts[part])}"
    yield "[mysql]" if c.account == one.metadata.account else f"[mysql_{c.account.name}]"
    yield f"database={_option(parts['database'])}"


def _option(text: str) -> str:
    """In quotes a ``#`` begins no comment and blanks at the ends stay; ``\\`` escapes."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def as_sqlalchemy(one: DeploymentConnections, options: FormOptions) -> str:
    driver = DRIVERS[one.deployment.server.engine]
    urls = [c.url(options.shown) for c in every(one)]
    return "".join(f"{driver}:{url.partition(':')[2]}\n" for url in urls)


def as_jdbc(one: DeploymentConnections, options: FormOptions) -> str:
    return "".join(f"{_jdbc(c, options)}\n" for c in every(one))


def _jdbc(c: Connection, options: FormOptions) -> str:
    parts, engine = c.parts(options.shown), c.deployment.server.engine
    host = bracketed(parts["host"])
    parameters = {"user": parts["user"], "password": parts["password"]}
    if parts["sslmode"] and engine == "postgresql":
        parameters |= {"sslmode": parts["sslmode"]}
        parameters |= {"sslrootcert": parts["sslrootcert"]} if parts["sslrootcert"] else {}
    elif parts["sslmode"]:
        parameters |= {"sslMode": MYSQL_TLS[parts["sslmode"]]}
    query = urlencode(parameters, quote_via=quote, safe="*")
    database = quote(parts["database"], safe="")
    return f"jdbc:{engine}://{host}:{parts['port']}/{database}?{query}"


def as_dotenv(one: DeploymentConnections, options: FormOptions) -> str:
    """Variables as web frameworks name them; in single quotes nothing is expanded."""
    parts = one.metadata.parts(options.shown)
    variables = {
        "DATABASE_URL": one.metadata.url(options.shown),
        "DATABASE_HOST": parts["host"],
        "DATABASE_PORT": parts["port"],
        "DATABASE_NAME": parts["database"],
        "DATABASE_USER": parts["user"],
        "DATABASE_PASSWORD": parts["password"],
        "RESULT_BACKEND_URL": "db+" + one.result.url(options.shown),
    }
    return "".join(f"{key}={_single(value)}\n" for key, value in variables.items())


def _single(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
