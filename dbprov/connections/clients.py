"""For the engines' own clients, and for programs in other languages."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote, urlencode

from dbprov.connections.airflow import QUOTED, driver_notes, undecoded
from dbprov.connections.forms import FormOptions, labelled
from dbprov.connections.strings import Connection, DeploymentConnections, bare_or_quoted
from dbprov.spec.model import Tls, bracketed

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
    if name == "dotenv":
        found += [
            f"the readers of dotenv files disagree about {sign} in {what}"
            for what, text in (
                *labelled([one.metadata]),
                ("the name of the database", one.deployment.database),
            )
            for sign in UNLIKE
            if sign in text
        ]
    return found


UNLIKE = ("'", "\\", "${", "\n")
"""In single quotes python-dotenv, npm's dotenv, node and bash disagree about these (D.5)."""


def notes(name: str, one: DeploymentConnections, options: FormOptions) -> list[str]:
    """What the client must be told of TLS besides, since the file has no place for it."""
    tls, engine = one.deployment.published_tls, one.deployment.server.engine
    found = []
    if name == "dotenv" and "'" in as_dotenv(one, options):
        found.append(QUOTED)
    if not tls.given:
        return found
    if name == "pgpass":
        found.append(f"pgpass holds no TLS: say it where you connect (sslmode={tls.mode})")
    if name == "sqlalchemy":
        found += driver_notes(one)
    if name == "jdbc" and engine == "postgresql" and tls.key:
        found.append(
            "pgjdbc reads the key of a client certificate as PKCS-8 in DER only, and the string"
            f" names {tls.key}.pk8: openssl pkcs8 -topk8 -nocrypt -outform DER -in {tls.key}"
            f" -out {tls.key}.pk8"
        )
    if name == "jdbc" and engine != "postgresql":
        found += _stores(tls)
    return found


def _stores(tls: Tls) -> list[str]:
    """Connector/J reads stores of Java, and no PEM."""
    found = []
    if tls.verifies:
        found.append(
            f"Connector/J verifies with Java's own CAs, and reads no {tls.ca}: keytool -importcert"
            f" -cacerts -noprompt -alias database -file {tls.ca}"
        )
    if tls.cert:
        found.append(
            f"Connector/J reads no {tls.cert}: openssl pkcs12 -export -in {tls.cert}"
            f" -inkey {tls.key} -out client.p12, and add"
            " clientCertificateKeyStoreUrl=file:client.p12, clientCertificateKeyStoreType=PKCS12"
            " and clientCertificateKeyStorePassword"
        )
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
    own = c.account == one.metadata.account
    yield "[client]" if own else f"[client_{c.account.name}]"
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
    yield from _of_mariadb(parts["sslmode"], "" if own else f"_{c.account.name}")
    yield "[mysql]" if own else f"[mysql_{c.account.name}]"
    yield f"database={_option(parts['database'])}"


def _of_mariadb(mode: str, suffix: str) -> Iterator[str]:
    """MariaDB's clients know no ssl-mode, and read a group of their own."""
    if mode in ("", "disable", "prefer"):
        return
    yield f"[client-mariadb{suffix}]"
    yield "ssl"
    if mode.startswith("verify"):
        yield "ssl-verify-server-cert"


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
        keys = {"sslrootcert": parts["sslrootcert"], "sslcert": parts["sslcert"]}
        keys |= {"sslkey": f"{parts['sslkey']}.pk8"} if parts["sslkey"] else {}
        parameters |= {key: path for key, path in keys.items() if path}
    elif parts["sslmode"]:
        parameters |= {"sslMode": MYSQL_TLS[parts["sslmode"]]}
    query = urlencode(parameters, quote_via=quote, safe="*")
    database = quote(parts["database"], safe="")
    return f"jdbc:{engine}://{host}:{parts['port']}/{database}?{query}"


def as_dotenv(one: DeploymentConnections, options: FormOptions) -> str:
    """Variables as web frameworks name them, each quoted only where it must be."""
    parts = one.metadata.parts(options.shown)
    mysql = one.deployment.server.engine == "mysql"
    mode = MYSQL_TLS[parts["sslmode"]] if mysql and parts["sslmode"] else parts["sslmode"]
    secured = {
        "DATABASE_SSLMODE": mode,
        "DATABASE_SSLROOTCERT": parts["sslrootcert"],
        "DATABASE_SSLCERT": parts["sslcert"],
        "DATABASE_SSLKEY": parts["sslkey"],
    }
    variables = {
        "DATABASE_URL": one.metadata.url(options.shown),
        "DATABASE_HOST": parts["host"],
        "DATABASE_PORT": parts["port"],
        "DATABASE_NAME": parts["database"],
        "DATABASE_USER": parts["user"],
        "DATABASE_PASSWORD": parts["password"],
        **{key: value for key, value in secured.items() if value},
        "RESULT_BACKEND_URL": "db+" + one.result.url(options.shown),
    }
    return "".join(f"{key}={bare_or_quoted(value)}\n" for key, value in variables.items())
