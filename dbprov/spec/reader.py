"""What the user wants.

YAML or flags become a Spec, or one SpecError with every mistake and its place.

The YAML is read as nodes, so that each value knows its line and column. ``schema.json`` beside this
file says the same to editors; tests/unit/test_spec.py holds the two against each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zlib import crc32

from dbprov.errors import Mistake, SpecError
from dbprov.passwords import Place
from dbprov.passwords.alternating import Turns
from dbprov.passwords.file import FilePlace
from dbprov.passwords.none import NoPlace
from dbprov.passwords.secret import never_ask
from dbprov.spec import names, password, server_identity, tls, yaml_nodes
from dbprov.spec.distinct import Apart
from dbprov.spec.model import Access, Account, Address, Auth, Deployment, Spec, Tls
from dbprov.spec.server_url import Doors
from dbprov.spec.values import EXAMPLES, PRIVATE, Given, Reading
from dbprov.system import files
from dbprov.system.frozen import dataclass
from dbprov.system.masking import KNOWN


def load(path: str | Path, ask: Any = never_ask) -> Spec:
    """Read a spec file.

    ``ask`` reads a password from the terminal; it is not called before a password is needed.
    """
    source, path = str(path), Path(path)
    try:
        data = files.read(path, yaml_nodes.LARGEST, everybody=False)
    except FileNotFoundError:
        raise SpecError(
            [Mistake(source, "there is no such file", "a path to a spec in YAML")]
        ) from None
    except files.TooLarge as error:
        where = yaml_nodes.place_in(error.head.decode(errors="replace"), source)
        what = f"the spec is larger than {yaml_nodes.LARGEST >> 20} MB"
        raise SpecError([Mistake(where, what, yaml_nodes.TOO_LARGE)]) from None
    except OSError as error:
        right = getattr(error, "todo", "") or "a spec in YAML, in UTF-8"
        raise SpecError([Mistake(source, f"cannot be read: {error.strerror}", right)]) from None
    text, mistakes = yaml_nodes.decoded(data, source)
    if mistakes:
        raise SpecError(mistakes)
    return parse(text, source, path.absolute().parent, ask)


def parse(text: str, source: str, folder: Path, ask: Any = never_ask) -> Spec:
    given, mistakes = yaml_nodes.read(text, source)
    return _Reader(source, folder, ask, Reading(mistakes)).spec(given)


def from_flags(flags: Mapping[str, Any], folder: Path, ask: Any = never_ask) -> Spec:
    """One Deployment said with flags.

    The same keys as in the file, each with its flag for a place.
    """

    def given(key: str, value: Any) -> Given:
        flag = "--" + FLAGS.get(key, key).replace("_", "-")
        hidden = bool(PRIVATE.search(key))
        if isinstance(value, Mapping):
            return Given({k: given(f"{key}_{k}", v) for k, v in value.items()}, flag, hidden)
        if isinstance(value, (list, tuple)):
            return Given([Given(v, flag, hidden) for v in value], flag, hidden)
        return Given(value, flag, hidden)

    keys = {key: given(key, value) for key, value in flags.items() if value not in (None, (), {})}
    top: dict[str, Given] = {
        key: keys.pop(key) for key in ("server", "via", "admin", "tls") if key in keys
    }
    top["deployments"] = Given([Given(keys, "flags")], "flags")
    return _Reader("flags", folder, ask, Reading()).spec(Given(top, "flags"))


@dataclass
class _Reader:
    source: str
    folder: Path
    ask: Any
    values: Reading
    prompts: dict[str, Any] = field(default_factory=dict)
    servers: dict[int, Address] = field(default_factory=dict)  # by the entry that names it

    def __post_init__(self) -> None:
        self.doors = Doors(self.values)
        self.apart = Apart(self.values)

    # -- what stands where -------------------------------------------------------------------------

    def spec(self, given: Given | None) -> Spec:
        deployments: list[Deployment] = []
        if given is not None:
            top = self.values.mapping(given, TOP, required=("deployments",))
            server = self.doors.server(top["server"]) if "server" in top else None
            server = self.doors.via(top.get("via"), server)
            secured = tls.of_mapping(self.values, top.get("tls"), self.folder, Tls())
            copied = self.copied(top.get("same_server"))
            entries = self.values.listed(top.get("deployments"), "a list of deployments")
            if "deployments" in top and top["deployments"].value == []:
                self.values.wrong(
                    top["deployments"], "deployments is empty", EXAMPLES["deployments"]
                )
            for one in entries:
                deployment = self.deployment(
                    one, server, secured, "" if "server" in top else given.place, top.get("admin")
                )
                if deployment:
                    deployments.append(
                        replace(deployment, same_server=False) if copied else deployment
                    )
            self.distinct(entries)
        if self.values.mistakes:
            raise SpecError(self.values.mistakes)
        made = Spec(tuple(deployments), self.source)
        KNOWN.name(made.names())
        return made

    def deployment(
        self, given: Given, server: Address | None, otherwise: Tls, top: str, admin: Given | None
    ) -> Deployment | None:
        keys = self.values.mapping(given, DEPLOYMENT, required=("name", "database"))
        before = len(self.values.mistakes)
        if "server" in keys:
            server = self.doors.via(keys.get("via"), self.doors.server(keys["server"]))
        elif server is None and top:
            self.values.wrong(
                top, "no server is named", "server: postgresql://dba@db.example.com:5432/postgres"
            )
        elif "via" in keys:
            server = self.doors.via(keys["via"], server)
        server = server or NOWHERE  # whose mistake is told already; the others are told with it
        if "server" not in keys or len(self.values.mistakes) == before:
            self.servers[id(given)] = server
        secured = tls.of_mapping(self.values, keys.get("tls"), self.folder, otherwise)
        if secured.server_public_key and server.engine == "postgresql":
            self.values.wrong(
                keys.get("tls") or given,
                "server_public_key is for MySQL: PostgreSQL encrypts no password with a key",
                "leave it out, or say tls for each deployment",
            )
        name = self.values.text(keys.get("name"), "a name such as analytics")
        if name is not None and not names.DEPLOYMENT.match(name):
            self.values.wrong(
                keys["name"],
                f"{name!r} cannot name files and secrets",
                "letters, digits, dot, hyphen and underscore, at most 63,"
                " beginning with a letter or digit",
            )
        layout = self.values.one_of(keys.get("layout"), ("shared", "split")) or "shared"
        schemas = self.schemas(keys.get("schemas"), server.engine)
        self.only_postgresql(keys, ("layout", "schemas"), server.engine, layout)
        if layout == "split" and schemas:
            self.values.wrong(
                keys["schemas"],
                "layout: split has the schemas airflow and celery",
                "leave one of the two out",
            )
        if layout == "split" and keys.get("access") and keys["access"].value in ("read", "write"):
            self.values.wrong(
                keys["access"], "layout: split is for users that create", "access: all, or owner"
            )
        publish = self.values.mapping(keys.get("publish"), ("host", "port", "tls"))
        database = self.name(keys.get("database"), server.engine, "database")
        schemas = ("airflow", "celery") if layout == "split" else schemas or ("public",)
        accounts = self.accounts(keys, server, layout, schemas, given)
        made = Deployment(
            name=name or "",
            server=server,
            tls=secured,
            admin=self.admin(keys.get("admin"), server, admin, keys.get("server", given)),
            database=database or "",
            accounts=accounts,
            layout=layout,
            schemas=schemas,
            isolate=self.values.boolean(keys.get("isolate")),
            label=self.values.boolean(keys.get("label")),
            source=self.source,
            encoding=self.values.charset(keys.get("encoding"), "an encoding such as UTF8"),
            collation=self.values.text(
                keys.get("collation"), "a collation such as en_US.UTF-8 or utf8mb4_unicode_ci"
            ),
            publish_host=self.values.text(publish.get("host"), "a host name"),
            publish_port=self.values.number(publish.get("port"), 1, 65535),
            publish_tls=tls.elsewhere(self.values, publish.get("tls"), secured),
            same_server=not self.copied(keys.get("same_server")),
        )
        return (
            made
            if name and database and server is not NOWHERE and len(self.values.mistakes) == before
            else None
        )

    def accounts(
        self,
        keys: dict[str, Given],
        server: Address,
        layout: str,
        schemas: tuple[str, ...],
        given: Given,
    ) -> tuple[Account, ...]:
        of_user = ("user", "auth", "password", "access", "host", "connection_limit", "rotation")
        if "users" in keys:
            for key in of_user:
                if key in keys:
                    self.values.wrong(
                        keys[key],
                        f"{key} and users are both given",
                        f"say {key} for each of the users",
                    )
            entries = self.values.listed(keys["users"], "a list of users")
            if not entries:
                self.values.wrong(
                    keys["users"], "users is empty", "users: [{name: analytics_airflow}]"
                )
        elif "user" in keys:
            entries = [
                Given(
                    {("name" if k == "user" else k): keys[k] for k in of_user if k in keys},
                    given.place,
                )
            ]
            name = keys["user"].value
            if layout == "split" and isinstance(name, str):
                # The names that Astronomer makes itself end in _airflow and _celery (B.1).
                celery = replace(keys["user"], value=name.removesuffix("_airflow") + "_celery")
                entries.append(Given({**entries[0].value, "name": celery}, given.place))
        else:
            self.values.wrong(
                given, "no user is named", "user: analytics_airflow, or a list under users"
            )
            return ()
        if layout == "split" and "users" in keys and len(entries) != 2:
            self.values.wrong(
                keys["users"],
                f"layout: split has {len(entries)} users",
                "two users: the first for schema airflow, the second for schema celery",
            )
        made: list[Account | None] = []
        before: set[tuple[str, str]] = set()
        for number, one in enumerate(entries):
            split = layout == "split" and number < 2
            account = self.account(one, server, (schemas[number],) if split else schemas)
            if account and (account.name, account.host) in before:
                self.values.wrong(
                    one,
                    f"user {account.name!r} stands twice in this deployment",
                    "one entry each",
                )
            before |= {(account.name, account.host)} if account else set()
            made.append(account)
        named = {name for name, _ in before}
        for one, account in zip(entries, made, strict=True):
            if account and account.second in named:
                self.values.wrong(
                    one,
                    f"user {account.second!r} takes turns with this one, and stands here too",
                    "another name for one of them",
                )
        self.not_lent(entries, made, server.engine)
        return tuple(account for account in made if account)

    def account(self, given: Given, server: Address, schemas: tuple[str, ...]) -> Account | None:
        if isinstance(given.value, str):
            given = Given({"name": given}, given.place)
        elif isinstance(given.value, dict) and "user" in given.value and "name" not in given.value:
            # Said as for a deployment with one user: user for name.
            given = Given(
                {("name" if k == "user" else k): v for k, v in given.value.items()}, given.place
            )
        keys = self.values.mapping(given, ACCOUNT, required=("name",))
        self.only_mysql(keys, ("host",), server.engine)
        name = self.name(keys.get("name"), server.engine, "user")
        host = self.values.text(keys.get("host"), "a host pattern such as 10.0.%") or "%"
        access = self.values.one_of(keys.get("access"), tuple(Access)) or "all"
        limit = self.values.number(keys.get("connection_limit"), 1, 2**31 - 1)
        auth = Auth(self.values.one_of(keys.get("auth"), tuple(Auth)) or "password")
        place: Place = NoPlace(name or "")
        if auth is Auth.PASSWORD:
            place = self.place(keys.get("password"), name or "", host, server)
        elif "password" in keys:
            self.values.wrong(
                keys["password"], "with auth: iam there is no password", "leave one of the two out"
            )
        if name is None:
            return None
        second = self.second(keys, name, place, server)
        if second:
            place = Turns(place, second)
        # Whether two servers are one only they know: see sharing.one_place.
        whose = (server.engine, name, host, second)
        label = f'user "{name}"' + (f"@{host}" if host != "%" else "") + f" on {server}"
        self.apart.add(place, whose, label, keys.get("password", given))
        return Account(name, Access(access), place, host, limit, schemas, auth, second)

    def second(self, keys: dict[str, Given], name: str, place: Place, server: Address) -> str:
        """The name of the user that takes turns with this one; empty without rotation."""
        if not self.values.one_of(keys.get("rotation"), ("two-users",)):
            return ""
        given, second = keys["rotation"], f"{name}_b"
        if server.engine == "mysql":
            self.values.wrong(
                given,
                "rotation is for PostgreSQL: MySQL keeps an old password valid by itself",
                "leave rotation out",
            )
        elif not place.writable:
            self.values.wrong(
                given,
                "with rotation: two-users the password has a place that dbprov can write",
                "file, aws, vault, or command with store",
            )
        for objection in names.objections(server.engine, "user", second):
            self.values.wrong(given, f"user {second!r}: {objection}", "a shorter name of the user")
        return second

    def not_lent(self, entries: list[Given], made: list[Account | None], engine: str) -> None:
        """On PostgreSQL the admin never becomes a member of a user that logs in by IAM (T30)."""
        used = Counter(schema for one in made if one for schema in set(one.schemas))
        for number, account in enumerate(made):
            if engine != "postgresql" or not account or account.auth is not Auth.IAM:
                continue
            shared = any(used[schema] > 1 for schema in account.schemas)
            if account.access is Access.OWNER or (account.access.creates and shared):
                self.values.wrong(
                    entries[number],
                    f"user {account.name!r} logs in by IAM, and the admin would have to borrow its"
                    " rights: as a member of it the admin could not log in with its password",
                    "access: all for a user that is alone in its schemas, or auth: password",
                )

    def place(self, given: Given | None, user: str, host: str, server: Address) -> Place:
        kept = self.folder / ".dbprov"
        file = quote(user, safe=" ").replace(".", "%2E") + (
            f"@{quote(host, safe='')}" if host != "%" else ""
        )
        if len(file) > 200:  # file systems end names at 255 bytes
            file = f"{file[:150]}-{crc32(file.encode()):08x}"
        folder = f"{quote(server.host, safe='') or 'local'}_{server.port}"
        default = FilePlace(kept / folder / file, f".dbprov/{folder}/{file}", kept)
        label = f'user "{user}" on {server.told_apart}'
        whose = password.Whose(label, self.folder, default, self.ask, self.prompts)
        return password.place(self.values, given, whose)

    def admin(
        self, given: Given | None, server: Address, otherwise: Given | None, at: Given | None
    ) -> Place | None:
        """The admin's password: only read, and never made. ``at``: where its server is named."""
        keys = self.values.mapping(given or otherwise, ADMIN, required=("password",))
        if "password" not in keys:
            managed = self.doors.managed.get(replace(server, via=""))
            if managed and at:
                self.apart.admin(managed, f"the admin on {server}", at)
            return managed
        kept = FilePlace(self.folder / ".dbprov" / "admin")
        label = f"the admin on {server.told_apart}"
        whose = password.Whose(label, self.folder, kept, self.ask, self.prompts, True)
        place = password.place(self.values, keys["password"], whose)
        self.apart.admin(place, label, keys["password"])
        return place

    def copied(self, given: Given | None) -> bool:
        """Is it said that what looks like a copy of a server is another one?"""
        value = self.values.boolean(given)
        if given and value:
            self.values.wrong(
                given,
                "same_server is not false",
                "same_server: false, or leave it out: dbprov asks the servers whether they are one",
            )
        return value is False

    # -- names -------------------------------------------------------------------------------------

    def name(self, given: Given | None, engine: str, sort: str) -> str | None:
        text = self.values.text(given, f"the name of a {sort}")
        if given is None or text is None:
            return None
        for objection in names.objections(engine, sort, text):
            self.values.wrong(
                given, f"{sort} {text!r}: {objection}", f"another name for the {sort}"
            )
        return text

    def schemas(self, given: Given | None, engine: str) -> tuple[str, ...]:
        found = [
            self.name(one, "postgresql", "schema")
            for one in self.values.listed(given, "a list of schemas")
        ]
        if given and isinstance(given.value, list) and (not found or len(set(found)) < len(found)):
            self.values.wrong(
                given, "the list of schemas is empty or names one twice", "schemas: [airflow]"
            )
        return tuple(name for name in found if name)

    # -- what only the whole shows -----------------------------------------------------------------

    def only_postgresql(
        self, keys: dict[str, Given], which: tuple[str, ...], engine: str, layout: str
    ) -> None:
        for key in which:
            if engine == "mysql" and key in keys and (key, layout) != ("layout", "shared"):
                self.values.wrong(
                    keys[key],
                    f"{key} is for PostgreSQL: MySQL has no schemas inside a database",
                    f"leave {key} out",
                )

    def only_mysql(self, keys: dict[str, Given], which: tuple[str, ...], engine: str) -> None:
        for key in which:
            if engine == "postgresql" and key in keys:
                self.values.wrong(
                    keys[key],
                    f"{key} of a user is for MySQL",
                    f"leave {key} out; pg_hba.conf says who comes from where",
                )

    def distinct(self, entries: list[Given]) -> None:
        """Compared as they are written, so that other mistakes hide none of these.

        Whether two names lead to one server only the servers know; they are asked later.
        """
        seen: set[tuple[object, ...]] = set()
        for one in entries:
            if not isinstance(one.value, dict):
                continue
            keys = {key: given.value for key, given in one.value.items()}
            name, database = keys.get("name"), keys.get("database")
            there = self.servers.get(id(one))
            server = server_identity.name(there) if there else str(keys.get("server"))
            for what, right, key in (
                (
                    f"two deployments are named {name!r}",
                    "a name of its own for each",
                    ("name", str(name).lower()),
                ),
                (
                    f"two deployments have the database {database!r}",
                    "one deployment with several users, or a database for each",
                    ("database", server, str(database)),
                ),
            ):
                if isinstance(keys.get(str(key[0])), (dict, list, type(None))):
                    continue
                if key in seen:
                    self.values.wrong(one, what, right)
                seen.add(key)


NOWHERE = Address("", "", "", 0, "")
TOP = ("server", "via", "admin", "tls", "same_server", "deployments")
FLAGS = {"password_store": "password_store_command"}  # the store itself is where it is kept
ADMIN = ("password",)
DEPLOYMENT = (
    "name", "server", "via", "admin", "tls", "same_server", "database", "user", "users", "auth",
    "password", "access", "host", "connection_limit", "rotation", "layout", "schemas", "isolate",
    "label", "encoding", "collation", "publish",
)  # fmt: skip
ACCOUNT = ("name", "auth", "password", "access", "host", "connection_limit", "rotation")
