"""PostgreSQL 13 to 18."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row

from dbprov.deployments import Access, Account, Address, Deployment, Tls
from dbprov.dialects import Facts, Notice, Obstacle
from dbprov.dialects.postgresql_trials import cleanup as cleanup
from dbprov.dialects.postgresql_trials import trials as trials
from dbprov.items import (
    Database,
    DatabaseGrant,
    DefaultGrant,
    Isolation,
    Item,
    Membership,
    ObjectGrant,
    Opening,
    Ownership,
    Schema,
    SchemaGrant,
    SearchPath,
    User,
)
from dbprov.secret import Place, Secret

NAME = "postgresql"
VERSIONS = {"postgresql": "18"}
FACTS = ("facts",)
OLDEST = (13,)


def literal(value: object) -> str:
    if not isinstance(value, (str, int, bool)):
        raise TypeError(f"a {type(value).__name__} cannot be a literal")
    return sql.Literal(value).as_string().strip()  # it may begin with a blank: " E'..'"


def ident(name: str) -> str:
    return sql.Identifier(name).as_string()


def body_literal(value: str) -> str:
    """A literal inside the body of a DO: no ``$`` of a name may end the dollar quotes around it."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("$", "\\x24")
    return f"E'{escaped}'"


FILTERS: Mapping[str, Callable[..., str]] = {
    "ident": ident,
    "idents": lambda names: ", ".join(map(ident, names)),
    "literal": literal,
    "literals": lambda values: ", ".join(map(literal, values)),
    "body_literal": body_literal,
    "body_literals": lambda values: ", ".join(map(body_literal, values)),
}
REFUSED = frozenset({"42501"})
EXISTS = frozenset({"42710", "42P04", "42P06", "23505"})
EMPTY = frozenset({"01006", "01007", "42622"})  # nothing revoked, nothing granted, name cut: success without effect (T14)
TRANSACTIONS = True

# What each access means. ALL is spelled out, since what is found is compared with it; MAINTAIN came with 17 (T15).
ON_DATABASE = {"creates": ("CONNECT", "CREATE", "TEMPORARY"), "write": ("CONNECT",), "read": ("CONNECT",)}
ON_SCHEMA = {"creates": ("CREATE", "USAGE"), "write": ("USAGE",), "read": ("USAGE",)}
ON_OBJECTS = {
    "TABLES": {
        "creates": ("DELETE", "INSERT", "REFERENCES", "SELECT", "TRIGGER", "TRUNCATE", "UPDATE"),
        "write": ("DELETE", "INSERT", "SELECT", "UPDATE"),
        "read": ("SELECT",),
    },
    "SEQUENCES": {"creates": ("SELECT", "UPDATE", "USAGE"), "write": ("SELECT", "USAGE"), "read": ("SELECT",)},
    "ROUTINES": {"creates": ("EXECUTE",), "write": ("EXECUTE",), "read": ()},
}


def _level(access: Access) -> str:
    return "creates" if access.creates else access.value


def expand(deployment: Deployment, facts: Facts) -> list[Item]:
    """The Items of a Deployment in the order in which they must exist."""
    d = deployment
    owner = next((a.name for a in d.accounts if a.access is Access.OWNER), None)
    creators = [a for a in d.accounts if a.access.creates]
    shared = any(a is not b and set(a.schemas) & set(b.schemas) for a in creators for b in d.accounts)
    lenders = tuple(a.name for a in creators) if owner or shared else ()
    sealed = d.isolate is not False
    items: list[Item] = [User(name=a.name, connection_limit=a.connection_limit, place=a.place) for a in d.accounts]
    items += [Membership(role=name) for name in lenders]
    items.append(Database(name=d.database, encoding=d.encoding or "UTF8", collation=d.collation, sealed=sealed))
    if owner:
        items.append(Ownership(database=d.database, owner=owner, lenders=(owner,)))
    lent = (owner,) if owner else ()
    if sealed:
        items.append(Isolation(database=d.database, asked=d.isolate is True, lenders=lent))
    if owner:  # the admin is not the owner any more, and PUBLIC may be shut out: it keeps a way in, for the next run
        items.append(DatabaseGrant(database=d.database, grantee=None, privileges=("CONNECT",), lenders=lent))
    for a in d.accounts:
        wanted = ON_DATABASE[_level(a.access)]
        items.append(DatabaseGrant(database=d.database, grantee=a.name, privileges=wanted, every=a.access.creates, lenders=lent))
    if sealed:
        items.append(Opening(database=d.database, lenders=lent))
    items += [SearchPath(user=a.name, database=d.database, schemas=a.schemas) for a in d.accounts if a.schemas != ("public",)]
    return items + list(_inside(d, owner, lenders, facts))


def _inside(d: Deployment, owner: str | None, lenders: tuple[str, ...], facts: Facts) -> Iterator[Item]:
    for schema in d.schemas:
        if schema != "public":
            yield Schema(inside=d.database, name=schema, owner=owner, lenders=lenders)
    pairs = [(schema, a) for schema in d.schemas for a in d.accounts if schema in a.schemas]
    for schema, a in pairs:
        yield SchemaGrant(
            inside=d.database, schema=schema, grantee=a.name, privileges=ON_SCHEMA[_level(a.access)], lenders=lenders
        )
    # The defaults first: what is made between the two statements is then covered by one of them (T23).
    for schema, a in pairs:
        others = [c.name for c in d.accounts if c is not a and c.access.creates and schema in c.schemas]
        for creator in (None, *others):
            for objects, privileges in _on_objects(a.access, facts):
                yield DefaultGrant(
                    inside=d.database, schema=schema, objects=objects, creator=creator, grantee=a.name,
                    privileges=privileges, every=a.access.creates, lenders=(creator,) if creator else (),
                )  # fmt: skip
    for schema, a in pairs:
        for objects, privileges in _on_objects(a.access, facts):
            yield ObjectGrant(
                inside=d.database, schema=schema, objects=objects, grantee=a.name, privileges=privileges,
                every=a.access.creates, lenders=tuple(name for name in lenders if name != a.name),
            )  # fmt: skip


def _on_objects(access: Access, facts: Facts) -> Iterator[tuple[str, tuple[str, ...]]]:
    for objects, by_level in ON_OBJECTS.items():
        privileges = by_level[_level(access)]
        if objects == "TABLES" and access.creates and facts.version >= (17,):
            privileges += ("MAINTAIN",)
        if privileges:
            yield objects, privileges


def newborn(item: Item, facts: Facts) -> Item | None:
    """What a database that is made from template0 has of an Item, known before it is made."""
    if isinstance(item, ObjectGrant):
        return item  # nothing is in it
    if isinstance(item, SchemaGrant) and item.schema == "public" and facts.version < (15,):
        if "SUPERUSER" not in facts.rights:  # public is the bootstrap superuser's, and everybody may create there (T82)
            return replace(item, privileges=(), effective=("CREATE", "USAGE"), grantable=False, owner="the superuser")
    return None


def obstacle(item: Item, verb: str, found: Item | None, facts: Facts, render: Any) -> Obstacle | None:
    """Known before anything is tried: what this admin cannot do, and the statement of whoever can."""
    if "SUPERUSER" in facts.rights:
        return None
    admin = {"admin": facts.admin}
    if isinstance(item, (User, Database)) and found is None:
        right = "CREATEROLE" if isinstance(item, User) else "CREATEDB"
        if right not in facts.rights:
            statement = render.text("remedy/attribute", **admin, attribute=(right,))
            return Obstacle(f'"{facts.admin}" lacks {right}', "a superuser", statement)
    if isinstance(found, (User, SearchPath)) and not found.administered:
        role = found.name if isinstance(found, User) else found.user
        return Obstacle(
            f'"{facts.admin}" may not alter role "{role}", which somebody else made',
            "a superuser, or who has ADMIN on the role,", render.item(item, verb),
        )  # fmt: skip
    if isinstance(item, Membership) and isinstance(found, Membership):
        if found.external:
            return Obstacle(
                f'"{item.role}" is a member of rds_iam: as a member of it "{facts.admin}" could no longer log in'
                " with its password", "take the access: owner and other users out of the spec", "",
            )  # fmt: skip
        if not found.administered:
            return Obstacle(
                f'"{facts.admin}" may not borrow the rights of "{item.role}", which somebody else made',
                "a superuser, or who has ADMIN on the role,", render.text("remedy/administer", **admin, role=item.role),
            )  # fmt: skip
    if isinstance(item, (Ownership, Isolation, DatabaseGrant, SchemaGrant)) and found is not None:
        assert isinstance(found, type(item))
        if not found.grantable and (verb, item.kind) != ("drop", "membership"):
            return Obstacle(
                f'it belongs to "{found.owner}", and "{facts.admin}" is not a member of that role',
                f'"{found.owner}", or a superuser,', render.item(item, verb),
            )  # fmt: skip
    return None


def misgivings(facts: Facts) -> list[str]:
    if facts.version < OLDEST:
        return [f"PostgreSQL {facts.version_text} is older than 13, which is the oldest that dbprov is tested with"]
    if facts.version[0] > int(VERSIONS["postgresql"]):
        return [f"PostgreSQL {facts.version_text} is newer than {VERSIONS['postgresql']}, the newest that dbprov knows"]
    if facts.version < (14,):
        return ["Airflow 3 supports PostgreSQL 14 and newer; Airflow 2 supports 12 to 16"]
    return []


def advice(facts: Facts) -> list[tuple[str, str, str]]:
    return []


def unfit(deployment: Deployment, facts: Facts) -> list[tuple[str, str]]:
    if facts.read_only:
        return [("the server is a replica, or read only", "name the server that takes writes")]
    return []


# -- the server ------------------------------------------------------------------------------------------------------------


def connect(address: Address, tls: Tls, password: Secret | None, database: str | None) -> Any:
    """The admin's session. What is not given here libpq finds in its own places: PGPASSWORD, pgpass, service files."""
    said: dict[str, Any] = {key: value for key, value in address.options if key != "host"}
    said |= {"dbname": database or address.database or "postgres", **_session(tls)}
    if "service" not in said or address.host:
        said |= {"host": address.host, "port": address.port}
    said |= {"user": address.user} if address.user else {}
    said |= {"password": password.reveal()} if password else {}
    return _opened(make_conninfo("", **{k: v for k, v in said.items() if v not in (None, "")}))


def connect_as(url: Secret, deployment: Deployment) -> Any:
    """A user's session, with the very string that is handed out."""
    extra = {key: value for key, value in deployment.server.options if key in ("hostaddr", "gssencmode")}
    return _opened(make_conninfo(url.reveal(), **_session(deployment.tls), **extra))


def _session(tls: Tls) -> dict[str, Any]:
    said: dict[str, Any] = {"sslmode": tls.mode, "connect_timeout": 10, "application_name": "dbprov", "client_encoding": "utf8"}
    if tls.ca:
        said["sslrootcert"] = tls.ca
    elif tls.mode == "verify-full":
        said["sslrootcert"] = "system"
    return said


def _opened(conninfo: str) -> Any:
    connection = psycopg.connect(conninfo, autocommit=True, row_factory=dict_row)
    connection.prepare_threshold = None
    return connection


def needs_password(error: BaseException) -> bool:
    """libpq was asked for a password that it found in none of its places."""
    return isinstance(error, psycopg.OperationalError) and "no password supplied" in str(error)


def tls_of(connection: Any) -> str:
    """The protocol of a connection; empty where it is not encrypted."""
    return "TLS" if connection.pgconn.ssl_in_use else ""


def facts(answers: Sequence[list[dict[str, Any]]], connection: Any) -> Facts:
    row = answers[0][0]
    rights = {name.upper() for name in ("superuser", "createrole", "createdb") if row[name]}
    number = row["number"]
    return Facts(
        version=(number // 10000, number % 10000), flavor=NAME, version_text=row["version"].split()[0],
        service=row["service"] or "", admin=row["admin"], rights=frozenset(rights), read_only=row["read_only"],
        tls=tls_of(connection),
    )  # fmt: skip


def facts_offline(flavor: str, version: tuple[int, ...], settings: Mapping[str, str]) -> Facts:
    return Facts(version, flavor, ".".join(map(str, version)), rights_known=False, settings=settings)


def ask(connection: Any, queries: Sequence[str]) -> list[list[dict[str, Any]]]:
    """All of them in one round trip."""
    if len(queries) == 1:
        return [connection.execute(queries[0]).fetchall()]
    with connection.pipeline():
        cursors = [connection.execute(query) for query in queries]
    return [cursor.fetchall() for cursor in cursors]


def run(connection: Any, statement: str) -> list[Notice]:
    heard: list[Notice] = []

    def hear(diagnostic: Any) -> None:
        code = diagnostic.sqlstate or ""
        heard.append(Notice(code, diagnostic.message_primary or "", empty=code in EMPTY))

    connection.add_notice_handler(hear)
    try:
        connection.execute(statement)
    finally:
        connection.remove_notice_handler(hear)
    return heard


def transaction(connection: Any) -> AbstractContextManager[Any]:
    return connection.transaction()  # type: ignore[no-any-return]


@contextmanager
def roll_back(connection: Any) -> Iterator[None]:
    """Whatever happens in it is undone, also when this process dies."""
    with connection.transaction(force_rollback=True):
        yield


def password_literal(connection: Any, tls: Tls) -> Callable[[Place, str], str]:
    """A SCRAM verifier, computed by libpq on this side: the server and its log never see the password (T60, T63)."""

    def verifier(place: Place, user: str) -> str:
        password = place.read()
        assert password is not None, "a place is filled before the server is changed"
        made = connection.pgconn.encrypt_password(password.reveal().encode(), user.encode(), b"scram-sha-256")
        return literal(made.decode())

    return verifier


def variable(user: str) -> str:
    """The name under which a file of SQL asks for a user's password."""
    name = re.sub(r"\W", "_", user, flags=re.ASCII) + "_password"
    return f"_{name}" if name[0].isdigit() else name


def password_placeholder(place: Place, user: str) -> str:
    """A psql variable: without a value for it psql stops with a syntax error."""
    return f":'{variable(user)}'"


def explain(error: BaseException, *, secret: bool) -> tuple[str, str]:
    """Code and words of the server, without the statement that it echoes (T60)."""
    if isinstance(error, psycopg.Error):
        diagnostic = error.diag
        if diagnostic.message_primary:
            words = [diagnostic.message_primary]
            if diagnostic.message_detail and not secret:
                words.append(diagnostic.message_detail)
            return diagnostic.sqlstate or "", " - ".join(words)
        if error.sqlstate:
            return error.sqlstate, type(error).__name__
    text = str(error).strip()
    code = next((code for said, code in ON_CONNECTING.items() if re.search(said, text)), "")
    return code, text if not secret else type(error).__name__


# Of a connection that failed libpq hands out the server's words only; in another language they go without a code.
ON_CONNECTING = {
    "password authentication failed": "28P01",
    "no pg_hba.conf entry": "28000",
    "is not permitted to log in": "28000",
    "permission denied for database": "42501",
    "not currently accepting connections": "55000",
    'role ".*" does not exist': "28000",
    'database ".*" does not exist': "3D000",
    "too many connections": "53300",
    "remaining connection slots": "53300",
}
REMEDIES = {
    "28P01": "the password is not the one that the server knows, or the user does not exist",
    "28000": "the user may not log in (NOLOGIN), or the server's pg_hba.conf lets it in from no such address, or asks for TLS",
    "3D000": "the database is not there; name another one in the server's URL",
    "53300": "all connections are taken: wait, or have somebody end some",
    "55P03": "somebody holds a lock on it: run the same command again",
    "25006": "this server is read only or a replica: name the one that takes writes",
    "42501": "run it as an admin that has this privilege; dbprov check says who can give it",
    "22023": "the server knows no such encoding or collation; leave it out of the spec, or name another",
    "42809": "the server knows no such locale; pg_collation lists those that it knows",
}


def remedy(code: str) -> str:
    if code in EMPTY:
        return "the thing belongs to another role: that role, or a superuser, must run the statement"
    return REMEDIES.get(code, "correct what the server says, and run the same command again: it goes on where it stopped")


# -- connection strings and files ---------------------------------------------------------------------------------------------


def url(deployment: Deployment, account: Account, password: str, host: str, port: int) -> str:
    """What libpq, SQLAlchemy, Airflow and Celery all read back alike."""
    login = f"{quote(account.name, safe='')}:{password}"
    tls = deployment.tls
    query = []
    if host.startswith("/") or not host:  # a socket: libpq's own form
        query += [f"host={quote(host, safe='')}"] if host else []
        query += [f"port={port}"]
        where = ""
    else:
        where = f"{f'[{host}]' if ':' in host else quote(host, safe='')}:{port}"
    if tls.given:
        query += [f"sslmode={tls.mode}"] + ([f"sslrootcert={quote(tls.ca, safe='/')}"] if tls.ca else [])
    return f"postgresql://{login}@{where}/{in_path(deployment.database)}" + ("?" + "&".join(query) if query else "")


def in_path(database: str) -> str:
    """SQLAlchemy before 2.1 takes a database as it stands, libpq decodes it: only what libpq cannot take is encoded."""
    return "".join(quote(c, safe="") if c in "%?# " or not c.isprintable() else c for c in database)


def conninfo(database: str) -> str:
    """What \\connect needs for a name that psql would take for a connection string; empty for all others."""
    odd = "=" in database or database.startswith(("postgresql://", "postgres://"))
    return make_conninfo("", dbname=database) if odd else ""


def how_to_run(deployment: Deployment, variables: Sequence[str]) -> Iterator[str]:
    server = deployment.server
    yield "Put them into the environment; psql 15 or newer takes them from there, and goes into the new database by itself:"
    for name in variables:
        yield f"  export {name}=..."
    url = shlex.quote(f"{server}/{quote(server.database or 'postgres', safe='')}")
    yield f"  psql {url} -X -f {deployment.name}.sql"
    yield "An older psql takes each as -v NAME=VALUE. A SCRAM-SHA-256 verifier serves as well as a password; then neither the"
    yield "server nor its log ever sees the password."
