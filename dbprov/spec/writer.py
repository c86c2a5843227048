"""A spec that says what exists: whom it could name, how, and its text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from dbprov.spec import keys, names
from dbprov.spec.model import Access, Account, Auth, Deployment
from dbprov.system.masking import Finished, masked, printable

LEVELS = (Access.OWNER, Access.ALL, Access.WRITE, Access.READ)
SPLIT = ("airflow", "celery")


class ExistingUser(Struct, frozen=True, kw_only=True):
    """Somebody who holds something in a database, or on it."""

    name: str
    host: str = "%"
    connection_limit: int | None = None
    can_login: bool = True
    superuser: bool = False
    owner: bool | None = None  # of the database; None: the engine knows no owners
    through: tuple[str, ...] = ()  # roles by which it gets more
    search_path: tuple[str, ...] | None = None
    iam: bool = False  # it logs in by tokens
    plugin: str = ""  # MySQL: what it logs in by, where that is no password of the server's own
    turns: bool = False  # another one takes turns with it
    creates: bool = False  # may create in the database, or owns something in it
    writes: bool = False
    grants: bool | None = None  # MySQL: with the grant option

    def __str__(self) -> str:
        return f'"{self.name}"' + (f"@{self.host}" if self.host not in ("%", "") else "")

    def objection(self, engine: str) -> str:
        """Why it can be no user of a spec; empty where it can."""
        if self.superuser:
            return "it is a superuser, and needs no grants"
        if not self.can_login:
            return "it cannot log in: it is a role of others, and no user"
        return "; ".join(names.objections(engine, "user", self.name))

    def with_roles(self, others: Iterable[ExistingUser]) -> ExistingUser:
        """With what it can do by the roles that it was given; those that hold nothing go."""
        roles = [one for one in others if one.name in self.through and one is not self]
        if not roles:
            return replace(self, through=())
        return replace(
            self,
            grants=None if self.owner is not None else any(o.grants for o in (self, *roles)),
            through=tuple(sorted({one.name for one in roles})),
            creates=self.creates or any(one.creates for one in roles),
            writes=self.writes or any(one.writes for one in roles),
        )

    def levels(self) -> tuple[Access, ...]:
        """What it may be called, the most first: never less than what it can do already."""
        least = Access.ALL if self.creates else Access.WRITE if self.writes else Access.READ
        if self.owner:
            least = Access.OWNER
        most = 0 if self.owner or (self.owner is None and self.grants is not False) else 1
        return LEVELS[most : LEVELS.index(least) + 1]

    def account(self, one: Deployment, access: Access, schemas: tuple[str, ...]) -> Account:
        limit = self.connection_limit if (self.connection_limit or 0) > 0 else None
        place = one.accounts[0].place
        auth = Auth.IAM if self.iam else Auth.PASSWORD
        second = f"{self.name}_b" if self.turns else ""
        return Account(self.name, access, place, self.host, limit, schemas, auth, second)


class ImportedSpec(Struct, frozen=True):
    """The Deployment that describes a database, and what it does not say of it."""

    deployment: Deployment
    lacking: dict[str, list[str]] = field(default_factory=dict)  # by user: what its level asks for
    left_out: dict[str, str] = field(default_factory=dict)  # by user: why
    surplus: dict[str, list[str]] = field(default_factory=dict)  # by user: beyond its level
    remarks: tuple[str, ...] = ()
    text: str = ""
    added: dict[str, str] = field(default_factory=dict)  # by what is lacking: what of it is new

    def as_json(self) -> dict[str, Any]:
        one = self.deployment
        users = [
            {"name": a.name, "host": a.host, "access": a.access.value, "place": str(a.place)}
            for a in one.accounts
        ]
        return {
            "name": one.name,
            "database": one.database,
            "complete": not self.lacking,
            "spec": Finished(self.text),
            "users": users,
            "lacking": {masked(who): what for who, what in self.lacking.items()},
            "new": dict(self.added),
            "surplus": {masked(who): what for who, what in self.surplus.items()},
            "left_out": {masked(who): why for who, why in self.left_out.items()},
            "remarks": list(self.remarks),
        }


def searched(setting: str | None) -> tuple[str, ...] | None:
    """The schemas of ``search_path=...`` as PostgreSQL keeps it."""
    if not setting:
        return None
    parts = re.findall(r'"((?:[^"]|"")*)"|([^,\s]+)', setting.partition("=")[2])
    return tuple(quoted.replace('""', '"') if quoted else plain for quoted, plain in parts)


def schemas_of(existing_users: Iterable[ExistingUser], engine: str) -> list[tuple[str, ...]]:
    """The lists of schemas that a shared layout could name: those that search_path names.

    For any but public a spec says it, so a database without it has its users in public.
    """
    paths = [("public",), *(r.search_path for r in existing_users if r.search_path)]
    return [
        path
        for path in dict.fromkeys(paths)
        if path
        and len(set(path)) == len(path)
        and not any(names.objections(engine, "schema", name) for name in path)
    ]


def split(one: Deployment, existing_users: Sequence[ExistingUser]) -> Iterator[Deployment]:
    """The split layout with each pair that could be meant, the most rights first."""
    for first in existing_users:
        for second in existing_users:
            if first is second or (first.search_path, second.search_path) != tuple(
                (name,) for name in SPLIT
            ):
                continue
            for levels in product(first.levels(), second.levels()):
                accounts = tuple(
                    who.account(one, access, (schema,))
                    for who, access, schema in zip((first, second), levels, SPLIT, strict=True)
                )
                if levels.count(Access.OWNER) < 2:
                    yield replace(one, layout="split", schemas=SPLIT, accounts=accounts)


def rank(made: Deployment) -> tuple[int, int]:
    """Which of two that fit says more."""
    return len(made.accounts), -sum(LEVELS.index(a.access) for a in made.accounts)


# -- the text ------------------------------------------------------------------------------------


def written(imported: ImportedSpec, server: str, tls: Mapping[str, str], via: str = "") -> str:
    """A spec in YAML. ``server``, ``tls`` and ``via`` are written as they were said."""
    return "\n".join(_lines(imported, server, tls, via)) + "\n"


def _lines(imported: ImportedSpec, server: str, tls: Mapping[str, str], via: str) -> Iterator[str]:
    one = imported.deployment
    yield f"# What exists in database {_said(one.database)}, as dbprov import found it."
    if imported.lacking:
        yield "# dbprov plan says what is missing of it; see the users below."
    else:
        yield "# dbprov plan finds nothing to do."
    yield "# Passwords cannot be read from a server: put the ones that are known into these places,"
    yield f"# or name others ({keys.PASSWORD}: of a user), before dbprov verify or apply."
    for words in imported.remarks:
        yield from _comment(words)
    yield f"{keys.SERVER}: {_scalar(server)}"
    if via:
        yield f"{keys.VIA}: {_scalar(via)}"
    if tls:
        yield f"{keys.TLS}:"
        yield from (f"  {key}: {_scalar(value)}" for key, value in tls.items())
    yield f"{keys.DEPLOYMENTS}:"
    yield f"  - {keys.NAME}: {_scalar(one.name)}"
    yield f"    {keys.DATABASE}: {_scalar(one.database)}"
    if one.layout != "shared":
        yield f"    {keys.LAYOUT}: {one.layout}"
    elif one.server.engine == "postgresql":
        yield f"    {keys.SCHEMAS}: [{', '.join(map(_scalar, one.schemas))}]"
    if one.isolate is not None:
        yield f"    {keys.ISOLATE}: {str(one.isolate).lower()}"
    for key, value in ((keys.ENCODING, one.encoding), (keys.COLLATION, one.collation)):
        if value:
            yield f"    {key}: {_scalar(value)}"
    yield f"    {keys.USERS}:"
    for account in one.accounts:
        yield from _user(imported, account)
    for who, why in imported.left_out.items():
        yield from _comment(f"left out: {who}: {why}", "    ")


def _user(imported: ImportedSpec, account: Account) -> Iterator[str]:
    who = _key(account.name, account.host)
    for words in imported.lacking.get(who, []):
        yield from _comment(f"lacking: {words}", "      ")
        if new := imported.added.get(words):
            yield from _comment(f"  of which is new: {new}", "      ")
    for words in imported.surplus.get(who, []):
        yield from _comment(f"extra: {words}", "      ")
    yield f"      - {keys.USER_NAME}: {_scalar(account.name)}"
    if account.host != "%":
        yield f"        {keys.HOST}: {_scalar(account.host)}"
    yield f"        {keys.ACCESS}: {account.access.value}"
    if account.connection_limit:
        yield f"        {keys.CONNECTION_LIMIT}: {account.connection_limit}"
    if account.second:
        yield f"        {keys.ROTATION}: two-users"
        words = f'where "{account.second}" is the one in use, its password with {account.second}:'
        yield from _comment(f"{words} before it", "        ")
    if account.auth is Auth.IAM:
        yield f"        {keys.AUTH}: iam"
    else:
        yield f"        # its password: {_said(str(account.place))}"


def _key(name: str, host: str) -> str:
    return str(ExistingUser(name=name, host=host))


def _comment(words: str, indent: str = "") -> Iterator[str]:
    for line in words.splitlines():
        yield f"{indent}# {_said(line)}"


def _said(text: str) -> str:
    """Text of a comment: names can hold anything, and none may end the line."""
    return printable(masked(text))


def _scalar(text: str) -> str:
    """Plain where YAML could not take it for anything else; JSON, which is YAML, where it could."""
    text = masked(text)  # before it is written: a finished document never is
    plain = re.fullmatch(r"[a-z][a-z0-9_]*", text)
    other = text in ("y", "n", "yes", "no", "on", "off", "true", "false", "null")
    return text if plain and not other else json.dumps(text, ensure_ascii=False)
