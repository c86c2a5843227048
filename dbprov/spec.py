"""What the user wants: YAML or flags become a Spec, or one SpecError with every mistake and its place.

The YAML is read as nodes, so that each value knows its line and column. ``schema.json`` beside this file says the same
to editors; tests/unit/test_spec.py holds the two against each other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

from dbprov import names, yaml_nodes
from dbprov.errors import Mistake, SpecError
from dbprov.secret import EnvPlace, FilePlace, Place, PromptPlace, never_ask
from dbprov.yaml_nodes import Given


class Access(StrEnum):
    ALL = "all"  # the guide's: every privilege on the database and on what is and will be in it
    OWNER = "owner"  # owns the database
    WRITE = "write"  # reads and writes rows, calls routines
    READ = "read"  # reads

    @property
    def creates(self) -> bool:
        return self in (Access.ALL, Access.OWNER)


ENGINES = {"postgresql": 5432, "postgres": 5432, "mysql": 3306, "mariadb": 3306}
TLS_MODES = ("disable", "prefer", "require", "verify-ca", "verify-full")


@dataclass(frozen=True)
class Address:
    """The admin's way to a server. ``host`` is empty where libpq's own defaults, or a socket, are meant."""

    engine: str
    user: str
    host: str
    port: int
    database: str
    options: tuple[tuple[str, str], ...] = ()

    @property
    def local(self) -> bool:
        """A socket or loopback: what is sent stays on this machine."""
        return self.host in ("", "localhost", "::1") or self.host.startswith(("/", "127."))

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.engine}://{self.user + '@' if self.user else ''}{host}:{self.port}"


@dataclass(frozen=True)
class Tls:
    mode: str = "prefer"
    ca: str | None = None
    allow_cleartext: bool = False
    given: bool = False  # said in the spec: then the strings that are handed out say it too


@dataclass(frozen=True)
class Account:
    """One user of a Deployment. ``schemas``: where it works; the first is where what it creates lands."""

    name: str
    access: Access
    place: Place
    host: str = "%"
    connection_limit: int | None = None
    schemas: tuple[str, ...] = ()


@dataclass(frozen=True)
class Deployment:
    """One database with its users, named like the Airflow Deployment that it serves."""

    name: str
    server: Address
    tls: Tls
    database: str
    accounts: tuple[Account, ...]
    layout: str = "shared"
    schemas: tuple[str, ...] = ("public",)
    isolate: bool | None = None  # None: a database that dbprov creates is isolated, an existing one is left
    encoding: str | None = None
    collation: str | None = None
    publish_host: str | None = None
    publish_port: int | None = None

    def metadata_account(self) -> Account:
        """Who Airflow is: the first user that may create, since Airflow makes its own tables."""
        return next((a for a in self.accounts if a.access.creates), self.accounts[0])

    def result_account(self) -> Account:
        """Who Celery is: in the split layout the user of the schema celery."""
        return self.accounts[1] if self.layout == "split" else self.metadata_account()


@dataclass(frozen=True)
class Spec:
    deployments: tuple[Deployment, ...]
    source: str = "flags"

    def servers(self) -> dict[tuple[Address, Tls], list[Deployment]]:
        """The Deployments by the server that they are on, in the order of the spec."""
        grouped: dict[tuple[Address, Tls], list[Deployment]] = {}
        for deployment in self.deployments:
            grouped.setdefault((deployment.server, deployment.tls), []).append(deployment)
        return grouped


def load(path: Path, ask: Any = never_ask) -> Spec:
    """Read a spec file. ``ask`` reads a password from the terminal; it is not called before a password is needed."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SpecError([Mistake(str(path), "there is no such file", "a path to a spec in YAML")]) from None
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise SpecError([Mistake(str(path), f"cannot be read: {why}", "a spec in YAML, in UTF-8")]) from None
    return parse(text, str(path), path.absolute().parent, ask)


def parse(text: str, source: str, folder: Path, ask: Any = never_ask) -> Spec:
    given, mistakes = yaml_nodes.read(text, source)
    return _Reader(source, folder, ask, mistakes).spec(given)


def from_flags(flags: Mapping[str, Any], folder: Path, ask: Any = never_ask) -> Spec:
    """One Deployment said with flags: the same keys as in the file, each with its flag for a place."""

    def given(key: str, value: Any) -> Given:
        flag = "--" + key.replace("_", "-")
        if isinstance(value, Mapping):
            return Given({k: given(f"{key}_{k}", v) for k, v in value.items()}, flag)
        if isinstance(value, (list, tuple)):
            return Given([Given(v, flag) for v in value], flag)
        return Given(value, flag)

    said = {key: given(key, value) for key, value in flags.items() if value not in (None, (), {})}
    top: dict[str, Given] = {key: said.pop(key) for key in ("server", "tls") if key in said}
    top["deployments"] = Given([Given(said, "flags")], "flags")
    return _Reader("flags", folder, ask, []).spec(Given(top, "flags"))


@dataclass
class _Reader:
    source: str
    folder: Path
    ask: Any
    mistakes: list[Mistake] = field(default_factory=list)
    prompts: dict[str, Any] = field(default_factory=dict)

    def wrong(self, given: Given | str, what: str, right: str) -> None:
        mistake = Mistake(given if isinstance(given, str) else given.place, what, right)
        self.mistakes += [] if mistake in self.mistakes else [mistake]

    # -- what stands where -------------------------------------------------------------------------------------------

    def spec(self, given: Given | None) -> Spec:
        deployments: list[tuple[Deployment, str]] = []
        if given is not None:
            top = self.mapping(given, TOP, required=("deployments",))
            server = self.server(top["server"]) if "server" in top else None
            tls = self.tls(top.get("tls"), Tls())
            entries = self.listed(top.get("deployments"), "a list of deployments")
            if "deployments" in top and top["deployments"].value == []:
                self.wrong(top["deployments"], "deployments is empty", EXAMPLES["deployments"])
            for one in entries:
                deployment = self.deployment(one, server, tls, "" if "server" in top else given.place)
                if deployment:
                    deployments.append((deployment, one.place))
            self.distinct(deployments)
        if self.mistakes:
            raise SpecError(self.mistakes)
        return Spec(tuple(deployment for deployment, _ in deployments), self.source)

    def deployment(self, given: Given, server: Address | None, tls: Tls, top: str) -> Deployment | None:
        keys = self.mapping(given, DEPLOYMENT, required=("name", "database"))
        before = len(self.mistakes)
        if "server" in keys:
            server = self.server(keys["server"])
        elif server is None and top:
            self.wrong(top, "no server is named", "server: postgresql://dba@db.example.com:5432/postgres")
        server = server or NOWHERE  # whose mistake is told already; the others are told with it
        tls = self.tls(keys.get("tls"), tls)
        name = self.text(keys.get("name"), "a name such as analytics")
        if name is not None and not names.DEPLOYMENT.match(name):
            self.wrong(
                keys["name"],
                f"{name!r} cannot name files and secrets",
                "letters, digits, dot, hyphen and underscore, at most 63, beginning with a letter or digit",
            )
        layout = self.one_of(keys.get("layout"), ("shared", "split")) or "shared"
        schemas = self.schemas(keys.get("schemas"), server.engine)
        self.only_postgresql(keys, ("layout", "schemas"), server.engine, layout)
        if layout == "split" and schemas:
            self.wrong(keys["schemas"], "layout: split has the schemas airflow and celery", "leave one of the two out")
        publish = self.mapping(keys.get("publish"), ("host", "port"))
        database = self.name(keys.get("database"), server.engine, "database")
        schemas = ("airflow", "celery") if layout == "split" else schemas or ("public",)
        accounts = self.accounts(keys, server, layout, schemas, given)
        made = Deployment(
            name=name or "",
            server=server,
            tls=tls,
            database=database or "",
            accounts=accounts,
            layout=layout,
            schemas=schemas,
            isolate=self.boolean(keys.get("isolate")),
            encoding=self.charset(keys.get("encoding"), "an encoding such as UTF8"),
            collation=self.text(keys.get("collation"), "a collation such as en_US.UTF-8 or utf8mb4_unicode_ci"),
            publish_host=self.text(publish.get("host"), "a host name"),
            publish_port=self.number(publish.get("port"), 1, 65535),
        )
        return made if name and database and server is not NOWHERE and len(self.mistakes) == before else None

    def accounts(
        self, keys: dict[str, Given], server: Address, layout: str, schemas: tuple[str, ...], given: Given
    ) -> tuple[Account, ...]:
        of_user = ("user", "password", "access", "host", "connection_limit")
        if "users" in keys:
            for key in of_user:
                if key in keys:
                    self.wrong(keys[key], f"{key} and users are both given", f"say {key} for each of the users")
            entries = self.listed(keys["users"], "a list of users")
            if not entries:
                self.wrong(keys["users"], "users is empty", "users: [{name: analytics_airflow}]")
        elif "user" in keys:
            entries = [Given({("name" if k == "user" else k): keys[k] for k in of_user if k in keys}, given.place)]
            name = keys["user"].value
            if layout == "split" and isinstance(name, str):
                # The names that Astronomer makes itself end in _airflow and _celery (facts B.1).
                celery = replace(keys["user"], value=name.removesuffix("_airflow") + "_celery")
                entries.append(Given({**entries[0].value, "name": celery}, given.place))
        else:
            self.wrong(given, "no user is named", "user: analytics_airflow, or a list under users")
            return ()
        if layout == "split" and "users" in keys and len(entries) != 2:
            self.wrong(
                keys["users"],
                f"layout: split has {len(entries)} users",
                "two users: the first for schema airflow, the second for schema celery",
            )
        made = [
            self.account(one, server, (schemas[number],) if layout == "split" and number < 2 else schemas)
            for number, one in enumerate(entries)
        ]
        for number, account in enumerate(made):
            if account and any(other and (account.name, account.host) == (other.name, other.host) for other in made[:number]):
                self.wrong(entries[number], f"user {account.name!r} stands twice in this deployment", "one entry each")
        return tuple(account for account in made if account)

    def account(self, given: Given, server: Address, schemas: tuple[str, ...]) -> Account | None:
        if isinstance(given.value, str):
            given = Given({"name": given}, given.place)
        keys = self.mapping(given, ACCOUNT, required=("name",))
        self.only_mysql(keys, ("host",), server.engine)
        name = self.name(keys.get("name"), server.engine, "user")
        host = self.text(keys.get("host"), "a host pattern such as 10.0.%") or "%"
        access = self.one_of(keys.get("access"), tuple(Access)) or "all"
        limit = self.number(keys.get("connection_limit"), 1, 2**31 - 1)
        if name is None:
            return None
        place = self.place(keys.get("password"), name, host, server)
        return Account(name, Access(access), place, host, limit, schemas)

    def place(self, given: Given | None, user: str, host: str, server: Address) -> Place:
        kept = self.folder / ".dbprov"
        file = quote(user, safe=" ").replace(".", "%2E") + (f"@{quote(host, safe='')}" if host != "%" else "")
        folder = f"{quote(server.host, safe='') or 'local'}_{server.port}"
        default = FilePlace(kept / folder / file, f".dbprov/{folder}/{file}", kept)
        if given is None:
            return default
        keys = self.mapping(given, ("env", "file", "prompt"))
        if len(keys) != 1:
            if isinstance(given.value, dict):
                self.wrong(given, "a password has one place", "password: {env: NAME} or {file: PATH} or {prompt: true}")
            return default
        if "env" in keys:
            right = "the name of an environment variable, such as ANALYTICS_PASSWORD"
            name = self.text(keys["env"], right) or ""
            if name and not ENVIRONMENT.match(name):  # not shown: it may be the password itself
                self.wrong(keys["env"], "this cannot name an environment variable", right)
            return EnvPlace(name)
        if "file" in keys:
            path = self.text(keys["file"], "the path of a file, relative to the spec") or ""
            return FilePlace(self.folder / Path(path).expanduser(), path)
        if keys["prompt"].value is not True:
            self.wrong(keys["prompt"], "prompt is not true", "prompt: true, or leave it out")
        return PromptPlace(f'user "{user}" on {server}', self.ask, self.prompts)

    def server(self, given: Given) -> Address | None:
        right = "postgresql://dba@db.example.com:5432/postgres or mysql://dba@db.example.com:3306"
        url = self.text(given, right)
        if url is None:
            return None
        scheme, separator, rest = url.partition("://")
        if not separator or scheme not in ENGINES:
            self.wrong(given, "the server is not a URL of an engine that dbprov knows", right)
            return None
        engine = {"postgres": "postgresql", "mariadb": "mysql"}.get(scheme, scheme)
        rest, _, query = rest.partition("?")
        authority, _, path = rest.partition("/")
        login, at, where = authority.rpartition("@")
        user, colon, _password = login.partition(":")
        if colon or (not at and "@" in rest + query):  # a password with a / or ? in it
            self.wrong(
                given,
                "the server's URL holds a password",
                "leave it out: it comes from DBPROV_ADMIN_PASSWORD, the engine's own places, or a prompt",
            )
            return None
        options = tuple(parse_qsl(query, keep_blank_values=True))
        if any(key == "password" or key.startswith("sslpassword") for key, _ in options):
            self.wrong(given, "the server's URL holds a password", "leave it out")
            return None
        if any(key in ("sslmode", "sslrootcert", "ssl_mode", "ssl_ca") for key, _ in options):
            self.wrong(given, "the server's URL says how to use TLS", "tls: {mode: verify-full, ca: PATH} beside server")
            return None
        if "," in where:
            self.wrong(given, "the server's URL names several hosts", "one host: the one that takes writes")
            return None
        host, port = where, ""
        if where.startswith("["):
            host, _, port = where[1:].partition("]")
            port = port.removeprefix(":")
        elif ":" in where:
            host, _, port = where.rpartition(":")
        said = dict(options)
        port = port or said.get("port", "") or str(ENGINES[scheme])
        if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            self.wrong(given, "the port in the server's URL is not a number from 1 to 65535", right)
            return None
        host = unquote(host) or said.get("host", "") or said.get("unix_socket", "")
        return Address(engine, unquote(user), host, int(port), unquote(path), options)

    def tls(self, given: Given | None, otherwise: Tls) -> Tls:
        if given is None:
            return otherwise
        keys = self.mapping(given, ("mode", "ca", "allow_cleartext"))
        mode = self.one_of(keys.get("mode"), TLS_MODES)
        ca = self.text(keys.get("ca"), "the path of a CA file, relative to the spec")
        path = str(self.folder / Path(ca).expanduser()) if ca else None
        if path and not Path(path).is_file():
            self.wrong(keys["ca"], f"there is no file {ca}", "a file of CA certificates in PEM")
        if mode and mode.startswith("verify") and not ca:
            path = None  # the system's own CA certificates
        return Tls(mode or ("verify-full" if ca else "prefer"), path, self.boolean(keys.get("allow_cleartext")) or False, True)

    # -- what a value may be -----------------------------------------------------------------------------------------

    def mapping(self, given: Given | None, allowed: tuple[str, ...], required: tuple[str, ...] = ()) -> dict[str, Given]:
        if given is None:
            return {}
        if not isinstance(given.value, dict):
            self.wrong(given, "this is not a mapping", "the keys " + ", ".join(allowed))
            return {}
        for key, value in given.value.items():
            if key not in allowed:
                self.wrong(value, f"{key!r} is not known here", _nearest(key, allowed))
        for key in required:
            if key not in given.value:
                self.wrong(given, f"{key} is missing", EXAMPLES[key])
            elif given.value[key].value is None:
                self.wrong(given.value[key], f"{key} is empty", EXAMPLES[key])
        return {key: value for key, value in given.value.items() if key in allowed and value.value is not None}

    def listed(self, given: Given | None, right: str) -> list[Given]:
        if given is None:
            return []
        if not isinstance(given.value, list):
            self.wrong(given, "this is not a list", right)
            return []
        return given.value

    def text(self, given: Given | None, right: str) -> str | None:
        if given is None:
            return None
        if not isinstance(given.value, str):
            self.wrong(
                given, f"{_shown(given)} is not text to YAML", f"{right} (in quotes where YAML reads a number, date or yes/no)"
            )
            return None
        if not given.value:
            self.wrong(given, "this is empty", right)
            return None
        if names.unprintable(given.value):
            self.wrong(given, "this holds a line break or a control character", right)
            return None
        return given.value

    def charset(self, given: Given | None, right: str) -> str | None:
        text = self.text(given, right)
        if text is not None and not (text.isascii() and text.replace("-", "").replace("_", "").isalnum()):
            self.wrong(given or "", f"{text!r} is no encoding", right)
        return text

    def name(self, given: Given | None, engine: str, sort: str) -> str | None:
        text = self.text(given, f"the name of a {sort}")
        if given is None or text is None:
            return None
        for objection in names.objections(engine, sort, text):
            self.wrong(given, f"{sort} {text!r}: {objection}", f"another name for the {sort}")
        return text

    def schemas(self, given: Given | None, engine: str) -> tuple[str, ...]:
        found = [self.name(one, "postgresql", "schema") for one in self.listed(given, "a list of schemas")]
        if given and isinstance(given.value, list) and (not found or len(set(found)) < len(found)):
            self.wrong(given, "the list of schemas is empty or names one twice", "schemas: [airflow]")
        return tuple(name for name in found if name)

    def one_of(self, given: Given | None, allowed: tuple[str, ...]) -> str | None:
        if given is None:
            return None
        if given.value not in tuple(map(str, allowed)):
            self.wrong(given, f"{_shown(given)} is not known here", "one of " + ", ".join(allowed))
            return None
        return str(given.value)

    def boolean(self, given: Given | None) -> bool | None:
        if given is None:
            return None
        if not isinstance(given.value, bool):
            self.wrong(given, f"{_shown(given)} is neither true nor false", "true or false")
            return None
        return given.value

    def number(self, given: Given | None, least: int, most: int) -> int | None:
        if given is None:
            return None
        if isinstance(given.value, bool) or not isinstance(given.value, int) or not least <= given.value <= most:
            self.wrong(given, f"{_shown(given)} is not a number from {least} to {most}", f"a number from {least} to {most}")
            return None
        return given.value

    # -- what only the whole shows -----------------------------------------------------------------------------------

    def only_postgresql(self, keys: dict[str, Given], which: tuple[str, ...], engine: str, layout: str) -> None:
        for key in which:
            if engine == "mysql" and key in keys and (key, layout) != ("layout", "shared"):
                self.wrong(keys[key], f"{key} is for PostgreSQL: MySQL has no schemas inside a database", f"leave {key} out")

    def only_mysql(self, keys: dict[str, Given], which: tuple[str, ...], engine: str) -> None:
        for key in which:
            if engine == "postgresql" and key in keys:
                self.wrong(keys[key], f"{key} of a user is for MySQL", f"leave {key} out; pg_hba.conf says who comes from where")

    def distinct(self, deployments: list[tuple[Deployment, str]]) -> None:
        for number, (one, place) in enumerate(deployments):
            for other, _ in deployments[:number]:
                if one.name.lower() == other.name.lower():
                    self.wrong(place, f"two deployments are named {one.name!r}", "a name of its own for each")
                if (one.server, one.database) == (other.server, other.database):
                    self.wrong(
                        place,
                        f"{other.name} and {one.name} have the same database {one.database!r}",
                        "one deployment with several users, or a database for each",
                    )


NOWHERE = Address("", "", "", 0, "")
ENVIRONMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
TOP = ("server", "tls", "deployments")
DEPLOYMENT = (
    "name", "server", "tls", "database", "user", "users", "password", "access", "host", "connection_limit", "layout",
    "schemas", "isolate", "encoding", "collation", "publish",
)  # fmt: skip
ACCOUNT = ("name", "password", "access", "host", "connection_limit")
EXAMPLES = {
    "deployments": "deployments: [{name: analytics, database: analytics_airflow, user: analytics_airflow}]",
    "name": "name: analytics",
    "database": "database: analytics_airflow",
}


def _shown(given: Given) -> str:
    """What was written, in a message; of what holds more only its sort, since that may be a password."""
    return {dict: "a mapping", list: "a list", type(None): "nothing"}.get(type(given.value), repr(given.value))


def _nearest(key: str, allowed: tuple[str, ...]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(str(key), allowed, n=1)
    return f"{close[0]}?" if close else "one of " + ", ".join(allowed)
