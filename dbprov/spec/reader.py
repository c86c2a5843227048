"""What the user wants.

YAML or flags become a Spec, or one SpecError with every mistake and its place.

The YAML is read as nodes, so that each value knows its line and column. What the keys are called
and may hold is declared in ``keys``; here is what only several of them together show.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from dbprov.errors import Mistake, SpecError
from dbprov.passwords import Place
from dbprov.passwords.file import FilePlace
from dbprov.passwords.secret import never_ask
from dbprov.spec import keys, password, server_identity, tls, yaml_nodes
from dbprov.spec.accounts import AccountReader
from dbprov.spec.distinct import DistinctPlaces
from dbprov.spec.key_types import Key
from dbprov.spec.model import Address, Deployment, Spec, Tls
from dbprov.spec.server_url import ServerReader
from dbprov.spec.values import PRIVATE, Node, Reading
from dbprov.system import files
from dbprov.system.masking import MASKS

NOWHERE = Address("", "", "", 0, "")
NO_SCHEMAS = "is for PostgreSQL: MySQL has no schemas inside a database"


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
    node, mistakes = yaml_nodes.read(text, source)
    return _Reader(source, folder, ask, Reading(mistakes)).spec(node)


def from_flags(flags: Mapping[str, Any], folder: Path, ask: Any = never_ask) -> Spec:
    """One Deployment said with flags.

    The same keys as in the file, each with its flag for a place.
    """
    flag_of: dict[tuple[str, ...], str] = {path: flag for flag, path in keys.flags()}

    def node(path: tuple[str, ...], value: Any) -> Node:
        flag = "--" + (flag_of.get(path) or "-".join(path).replace("_", "-"))
        hidden = bool(PRIVATE.search(path[0]))
        if isinstance(value, Mapping):
            return Node({key: node((*path, key), v) for key, v in value.items()}, flag, hidden)
        if isinstance(value, (list, tuple)):
            return Node([Node(v, flag, hidden) for v in value], flag, hidden)
        return Node(value, flag, hidden)

    found = {key: node((key,), v) for key, v in flags.items() if v not in (None, (), {})}
    top: dict[str, Node] = {key: found.pop(key) for key in keys.EVERYWHERE if key in found}
    top[keys.DEPLOYMENTS] = Node([Node(found, "flags")], "flags")
    return _Reader("flags", folder, ask, Reading()).spec(Node(top, "flags"))


class _Reader(Struct, dict=True):
    source: str
    folder: Path
    ask: Any
    values: Reading
    prompts: dict[str, Any] = field(default_factory=dict)
    servers: dict[int, Address] = field(default_factory=dict)  # by the entry that names it

    def __post_init__(self) -> None:
        self.server_reader = ServerReader(self.values)
        self.places = DistinctPlaces(self.values)
        self.accounts = AccountReader(self.values, self.folder, self.ask, self.prompts, self.places)

    def spec(self, node: Node | None) -> Spec:
        deployments: list[Deployment] = []
        if node is not None:
            top = self.values.mapping(node, keys.SPEC)
            entries = keys.DEPLOYMENTS.read(self.values, top) or []
            server = self.server_reader.server(top[keys.SERVER]) if keys.SERVER in top else None
            server = self.server_reader.via(top.get(keys.VIA), server)
            secured = tls.of_mapping(self.values, top.get(keys.TLS), self.folder, Tls())
            same = keys.SAME_SERVER.read(self.values, top)
            missing = "" if keys.SERVER in top else node.place
            for one in entries:
                read = self.deployment(one, server, secured, missing, top.get(keys.ADMIN))
                if read:
                    deployments.append(read if same is None else replace(read, same_server=same))
            self.distinct(entries)
        if self.values.mistakes:
            raise SpecError(self.values.mistakes)
        made = Spec(tuple(deployments), self.source)
        MASKS.name(made.names())
        return made

    def deployment(
        self, node: Node, server: Address | None, otherwise: Tls, top: str, admin: Node | None
    ) -> Deployment | None:
        """``top``: the place of the spec, where no server is named in it."""
        found = self.values.mapping(node, keys.DEPLOYMENT)
        before = len(self.values.mistakes)
        server = self.server(found, server, top)
        if keys.SERVER not in found or len(self.values.mistakes) == before:
            self.servers[id(node)] = server
        secured = self.tls(found, node, server, otherwise)
        name = keys.NAME.read(self.values, found)
        layout = keys.LAYOUT.read(self.values, found) or "shared"
        schemas = self.schemas(found, server.engine, layout)
        publish = keys.PUBLISH.read(self.values, found) or {}
        database = self.accounts.name(found, keys.DATABASE, server.engine, "database")
        same = keys.SAME_SERVER.read(self.values, found)
        made = Deployment(
            name=name or "",
            server=server,
            tls=secured,
            admin=self.admin(found.get(keys.ADMIN, admin), server, found.get(keys.SERVER, node)),
            database=database or "",
            accounts=self.accounts.accounts(found, server, layout, schemas, node),
            layout=layout,
            schemas=schemas,
            extensions=self.extensions(found, server.engine),
            isolate=keys.ISOLATE.read(self.values, found),
            label=keys.LABEL.read(self.values, found),
            source=self.source,
            encoding=keys.ENCODING.read(self.values, found),
            collation=keys.COLLATION.read(self.values, found),
            publish_host=(keys.PUBLISH_HOST.read(self.values, publish) or "").strip("[]") or None,
            publish_port=keys.PUBLISH_PORT.read(self.values, publish),
            publish_tls=tls.elsewhere(self.values, publish.get(keys.PUBLISH_TLS), secured),
            same_server=same is None,
        )
        whole = name and database and server is not NOWHERE
        return made if whole and len(self.values.mistakes) == before else None

    def server(self, found: dict[str, Node], server: Address | None, top: str) -> Address:
        if keys.SERVER in found:
            server = self.server_reader.server(found[keys.SERVER])
        elif server is None and top:
            right = f"{keys.SERVER}: {keys.SERVER.example}"
            self.values.wrong(top, "no server is named", right)
        server = self.server_reader.via(found.get(keys.VIA), server)
        return server or NOWHERE  # its mistake is reported already; the others are with it

    def tls(self, found: dict[str, Node], node: Node, server: Address, otherwise: Tls) -> Tls:
        secured = tls.of_mapping(self.values, found.get(keys.TLS), self.folder, otherwise)
        if secured.server_public_key and server.engine == "postgresql":
            self.values.wrong(
                found.get(keys.TLS) or node,
                f"{keys.TLS_SERVER_PUBLIC_KEY} is for MySQL:"
                " PostgreSQL encrypts no password with a key",
                f"leave it out, or say {keys.TLS} for each deployment",
            )
        return secured

    def schemas(self, found: dict[str, Node], engine: str, layout: str) -> tuple[str, ...]:
        schemas: tuple[str, ...] = keys.SCHEMAS.read(self.values, found) or ()
        for one in found[keys.SCHEMAS].value if schemas else ():
            if one.value in schemas:
                self.accounts.objections(one, "postgresql", "schema", one.value)
        for key in (keys.LAYOUT, keys.SCHEMAS):
            if engine == "mysql" and key in found and (key, layout) != (keys.LAYOUT, "shared"):
                self.values.wrong(found[key], f"{key} {NO_SCHEMAS}", f"leave {key} out")
        if layout != "split":
            return schemas or ("public",)
        if schemas:
            what = f"{keys.LAYOUT}: split has the schemas airflow and celery"
            self.values.wrong(found[keys.SCHEMAS], what, "leave one of the two out")
        if keys.ACCESS in found and found[keys.ACCESS].value in ("read", "write"):
            what = f"{keys.LAYOUT}: split is for users that create"
            self.values.wrong(found[keys.ACCESS], what, f"{keys.ACCESS}: all, or owner")
        return ("airflow", "celery")

    def extensions(self, found: dict[str, Node], engine: str) -> tuple[str, ...]:
        extensions: tuple[str, ...] = keys.EXTENSIONS.read(self.values, found) or ()
        for one in found[keys.EXTENSIONS].value if extensions else ():
            if one.value in extensions:
                self.accounts.objections(one, "postgresql", "extension", one.value)
        if engine == "mysql" and keys.EXTENSIONS in found:
            what = f"{keys.EXTENSIONS} is for PostgreSQL: MySQL has none in a database"
            self.values.wrong(found[keys.EXTENSIONS], what, f"leave {keys.EXTENSIONS} out")
        return extensions

    def admin(self, node: Node | None, server: Address, at: Node) -> Place | None:
        """The admin's password: only read, and never made. ``at``: where its server is named."""
        found = self.values.mapping(node, keys.ADMIN_ENTRY)
        if keys.ADMIN_PASSWORD not in found:
            managed = self.server_reader.managed.get(replace(server, via=""))
            if managed:
                self.places.admin(managed, f"the admin on {server}", at)
            return managed
        kept = FilePlace(self.folder / ".dbprov" / "admin")
        label = f"the admin on {server.full_name}"
        holder = password.PasswordHolder(label, self.folder, kept, self.ask, self.prompts, True)
        place = password.place(self.values, found[keys.ADMIN_PASSWORD], holder)
        self.places.admin(place, label, found[keys.ADMIN_PASSWORD])
        return place

    def distinct(self, entries: list[Node]) -> None:
        """Compared as they are written, so that other mistakes hide none of these.

        Whether two names lead to one server only the servers know; they are asked later.
        """
        seen: set[tuple[object, ...]] = set()
        for one in entries:
            if not isinstance(one.value, dict):
                continue
            found = {key: node.value for key, node in one.value.items()}
            name, database = found.get(keys.NAME), found.get(keys.DATABASE)
            there = self.servers.get(id(one))
            server = server_identity.name(there) if there else str(found.get(keys.SERVER))
            two: tuple[tuple[Key, tuple[object, ...], str, str], ...] = (
                (
                    keys.NAME,
                    (str(name).lower(),),
                    f"two deployments are named {name!r}",
                    "a name of its own for each",
                ),
                (
                    keys.DATABASE,
                    (server, str(database)),
                    f"two deployments have the database {database!r}",
                    "one deployment with several users, or a database for each",
                ),
            )
            for key, identity, what, right in two:
                if isinstance(found.get(key), (dict, list, type(None))):
                    continue
                if (key, identity) in seen:
                    self.values.wrong(one, what, right)
                seen.add((key, identity))
