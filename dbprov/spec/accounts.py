"""The users of a deployment as the spec names them, each with the place of its password."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zlib import crc32

from msgspec import Struct
from msgspec.structs import replace

from dbprov.passwords import Place
from dbprov.passwords.alternating import AlternatingPlace
from dbprov.passwords.file import FilePlace
from dbprov.passwords.none import NoPlace
from dbprov.spec import keys, names, password
from dbprov.spec.distinct import DistinctPlaces
from dbprov.spec.key_types import Key
from dbprov.spec.model import Access, Account, Address, Auth
from dbprov.spec.values import Node, Reading


class AccountReader(Struct):
    values: Reading
    folder: Path
    ask: Any
    prompts: dict[str, Any]
    places: DistinctPlaces

    def accounts(
        self,
        found: dict[str, Node],
        server: Address,
        layout: str,
        schemas: tuple[str, ...],
        node: Node,
    ) -> tuple[Account, ...]:
        """``found``: the keys of a deployment, which ``node`` is."""
        entries = self._entries(found, layout, node)
        if layout == "split" and keys.USERS in found and len(entries) != 2:
            self.values.wrong(
                found[keys.USERS],
                f"{keys.LAYOUT}: split has {len(entries)} users",
                "two users: the first for schema airflow, the second for schema celery",
            )
        made: list[Account | None] = []
        before: set[tuple[str, str]] = set()
        for number, one in enumerate(entries):
            split = layout == "split" and number < 2
            account = self.account(one, server, (schemas[number],) if split else schemas)
            if account and (account.name, account.host) in before:
                what = f"user {account.name!r} stands twice in this deployment"
                self.values.wrong(one, what, "one entry each")
            before |= {(account.name, account.host)} if account else set()
            made.append(account)
        taken = {name for name, _ in before}
        for one, account in zip(entries, made, strict=True):
            if account and account.second in taken:
                what = f"user {account.second!r} takes turns with this one, and stands here too"
                self.values.wrong(one, what, "another name for one of them")
        self._not_lent(entries, made, server.engine)
        return tuple(account for account in made if account)

    def _entries(self, found: dict[str, Node], layout: str, node: Node) -> list[Node]:
        """An entry for each user, as under users."""
        if keys.USERS in found:
            for key in (keys.USER, *keys.OF_USER):
                if key in found:
                    what = f"{key} and {keys.USERS} are both given"
                    self.values.wrong(found[key], what, f"say {key} for each of the users")
            entries: list[Node] = keys.USERS.read(self.values, found)
            return entries
        if keys.USER not in found:
            right = f"{keys.USER.right}, or a list under {keys.USERS}"
            self.values.wrong(node, "no user is named", right)
            return []
        user = found[keys.USER]
        one = {keys.USER_NAME: user} | {key: found[key] for key in keys.OF_USER if key in found}
        entries = [Node(one, node.place)]
        if layout == "split" and isinstance(user.value, str):
            # The names that Astronomer makes itself end in _airflow and _celery (B.1).
            celery = replace(user, value=user.value.removesuffix("_airflow") + "_celery")
            entries.append(Node(one | {keys.USER_NAME: celery}, node.place))
        return entries

    def account(self, node: Node, server: Address, schemas: tuple[str, ...]) -> Account | None:
        if isinstance(node.value, str):
            node = Node({keys.USER_NAME: node}, node.place)
        found = self.values.mapping(node, keys.USER_ENTRY)
        user, same = keys.USER_NAME, keys.SAME_AS_NAME
        if same in found and user in found:
            self.values.wrong(found[same], f"{same} and {user} are both given", f"{user} alone")
        elif same in found:
            found[user] = found.pop(same)
        elif isinstance(node.value, dict):
            self.values.require(node, user)
        if server.engine == "postgresql" and keys.HOST in found:
            right = f"leave {keys.HOST} out; pg_hba.conf says who comes from where"
            self.values.wrong(found[keys.HOST], f"{keys.HOST} of a user is for MySQL", right)
        name = self.name(found, user, server.engine, "user")
        host = keys.HOST.read(self.values, found) or "%"
        access = Access(keys.ACCESS.read(self.values, found) or Access.ALL)
        limit = keys.CONNECTION_LIMIT.read(self.values, found)
        auth = Auth(keys.AUTH.read(self.values, found) or Auth.PASSWORD)
        place: Place = NoPlace(name or "")
        if auth is Auth.PASSWORD:
            place = self._place(found.get(keys.PASSWORD), name or "", host, server)
        elif keys.PASSWORD in found:
            what = f"with {keys.AUTH}: iam there is no password"
            self.values.wrong(found[keys.PASSWORD], what, "leave one of the two out")
        if name is None:
            return None
        second = self._second(found, name, place, server)
        if second:
            place = AlternatingPlace(place, second)
        # Whether two servers are one only they know: see conflicts.one_place.
        identity = (server.engine, name, host, second)
        label = f'user "{name}"' + (f"@{host}" if host != "%" else "") + f" on {server}"
        self.places.add(place, identity, label, found.get(keys.PASSWORD, node))
        return Account(name, access, place, host, limit, schemas, auth, second)

    def name(self, found: dict[str, Node], key: Key, engine: str, kind: str) -> str | None:
        text: str | None = key.read(self.values, found)
        if text is not None:
            self.objections(found[key], engine, kind, text)
        return text

    def objections(self, node: Node, engine: str, kind: str, name: str) -> None:
        for objection in names.objections(engine, kind, name):
            what = f"{kind} {name!r}: {objection}"
            self.values.wrong(node, what, f"another name for the {kind}")

    def _second(self, found: dict[str, Node], name: str, place: Place, server: Address) -> str:
        """The name of the user that takes turns with this one; empty without rotation."""
        if not keys.ROTATION.read(self.values, found):
            return ""
        node, second = found[keys.ROTATION], f"{name}_b"
        if server.engine == "mysql":
            what = "is for PostgreSQL: MySQL keeps an old password valid by itself"
            self.values.wrong(node, f"{keys.ROTATION} {what}", f"leave {keys.ROTATION} out")
        elif not place.writable:
            self.values.wrong(
                node,
                f"with {keys.ROTATION}: two-users the password has a place that dbprov can write",
                f"{keys.FILE}, {keys.AWS}, {keys.VAULT}, or {keys.COMMAND} with {keys.STORE}",
            )
        for objection in names.objections(server.engine, "user", second):
            self.values.wrong(node, f"user {second!r}: {objection}", "a shorter name of the user")
        return second

    def _not_lent(self, entries: list[Node], made: list[Account | None], engine: str) -> None:
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
                    f"{keys.ACCESS}: all for a user that is alone in its schemas,"
                    f" or {keys.AUTH}: password",
                )

    def _place(self, node: Node | None, user: str, host: str, server: Address) -> Place:
        kept = self.folder / ".dbprov"
        file = quote(user, safe=" ").replace(".", "%2E") + (
            f"@{quote(host, safe='')}" if host != "%" else ""
        )
        if len(file) > 200:  # file systems end names at 255 bytes
            file = f"{file[:150]}-{crc32(file.encode()):08x}"
        folder = f"{quote(server.host, safe='') or 'local'}_{server.port}"
        default = FilePlace(kept / folder / file, f".dbprov/{folder}/{file}", kept)
        label = f'user "{user}" on {server.full_name}'
        holder = password.PasswordHolder(label, self.folder, default, self.ask, self.prompts)
        return password.place(self.values, node, holder)
