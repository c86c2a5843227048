"""What dbprov needs to know of an engine: PostgreSQL, or MySQL with MariaDB.

An engine is a folder of modules with the same names; each module holds what its Protocol here
lists. An ``if mysql`` appears nowhere else. A module is loaded when it is first asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cache, cached_property
from importlib import import_module
from typing import Any, Protocol, cast
from urllib.parse import quote

from dbprov.engines.facts import Check, Facts, Notice, Question, Row, Trial
from dbprov.items import Item
from dbprov.items.existing_grants import ExistingGrant
from dbprov.items.item import Admin, Need, Remedy, Statements
from dbprov.passwords import Kept
from dbprov.passwords.secret import Secret
from dbprov.spec.model import Account, Address, Deployment, Timeouts, Tls


class Expand(Protocol):
    """What a Deployment is on this engine. Module ``expand``."""

    NAME: str
    VERSIONS: Mapping[str, str]  # flavor -> the newest version that is supported
    BY_YEAR: Mapping[str, tuple[int, ...]]  # flavor -> major versions named after a year, known too
    SCHEMAS: bool  # are there schemas inside a database?
    OWNERS: bool  # do things belong to users, and can an admin borrow a user's rights?

    def expand(self, deployment: Deployment, facts: Facts) -> list[Item]: ...
    def in_new_database(self, item: Item, facts: Facts) -> Item | None: ...


class Limits(Protocol):
    """What this admin and this server cannot do. Module ``limits``."""

    def Admin(self, facts: Facts, render: Statements) -> Admin: ...
    def warnings(self, facts: Facts) -> list[str]: ...
    def advice(self, facts: Facts) -> list[tuple[str, str, str]]: ...
    def keeps_old(self, facts: Facts) -> bool: ...
    def objections(self, deployment: Deployment, facts: Facts) -> list[tuple[str, str]]: ...


class Session(Protocol):
    """One connection to one database. Module ``session``."""

    @property
    def number(self) -> int:
        """As the server said it at the start: a pooler or proxy says a number of its own."""

    @property
    def tls(self) -> str:
        """The protocol of the connection; empty where it is not encrypted."""

    def located(self, address: Address) -> Address:
        """The address with the host and port that this connection was made to."""

    def pins(self, timeouts: Timeouts) -> dict[str, Any]:
        """The values of the templates that begin a session."""

    def facts(self, answers: Sequence[list[Row]]) -> Facts: ...
    def ask(self, queries: Sequence[str]) -> list[list[Row]]: ...
    def run(self, statement: str) -> list[Notice]: ...
    def transaction(self) -> AbstractContextManager[object]: ...
    def roll_back(self) -> AbstractContextManager[object]:
        """Whatever happens in it is undone, also when this process dies.

        Nothing without TRANSACTIONS.
        """

    def exposes_password(self, address: Address, tls: Tls, facts: Facts | None) -> str:
        """Why a statement that sets a password cannot be sent; empty where it can."""

    def password_literal(
        self, address: Address, tls: Tls, facts: Facts | None = None
    ) -> Callable[[Kept, str], str]:
        """What stands in a statement that sets a password."""

    def close(self) -> None: ...


class Connection(Protocol):
    """How sessions are opened. Module ``connection``."""

    SESSION: tuple[str, ...]  # the templates that begin a session; rows "preset" forbid using it
    FACTS: tuple[str, ...]  # the templates whose answers make the Facts
    TRANSACTIONS: bool  # can DDL be rolled back?
    PINNED: bool  # is each session asked which server it is on? Where that is no round trip more
    LOCK_DATABASE: str | None  # the one in which all runs lock, where locks are a database's (T33)

    def connect(
        self,
        address: Address,
        tls: Tls,
        password: Secret | None,
        database: str | None,
        timeouts: Timeouts,
    ) -> Session: ...
    def connect_as(
        self, url: Secret, deployment: Deployment, timeouts: Timeouts, database: str | None = None
    ) -> Session:
        """A user's session; with ``database`` into another one than the URL names."""

    def needs_password(self, error: BaseException) -> bool: ...
    def lock_key(self, name: str) -> int | str: ...
    def facts_offline(
        self, flavor: str, version: tuple[int, ...], settings: Mapping[str, str]
    ) -> Facts: ...


class Remedies(Protocol):
    """What gives an admin the rights that it lacks. Module ``remedies``."""

    def Remedy(
        self, facts: Facts, render: Statements, needs: Iterable[Need], holders: Sequence[Row]
    ) -> Remedy: ...
    def asked(self, facts: Facts, needs: Iterable[Need], render: Statements) -> str: ...


class Errors(Protocol):
    """What the codes of the server mean, and what to do. Module ``errors``."""

    REFUSED: frozenset[str]  # error codes that mean: this user may not
    LOGIN: frozenset[str]  # error codes that mean: wrong password, or nobody of this name from here
    EXISTS: frozenset[str]  # error codes that mean: somebody else made it a moment ago
    MOVED: frozenset[str]  # error codes that mean: it is gone, or changed, since it was looked at
    BUSY: frozenset[str]  # codes that mean: waited in vain for what somebody else holds
    RETRY: Mapping[str, str]  # codes of lost races, which are tried again; their words

    def explain(self, error: BaseException, *, secret: bool) -> tuple[str, str]: ...
    def remedy(self, code: str, words: str = "") -> str: ...
    def inside(self, error: BaseException) -> str:
        """Where in a function of the server it failed, in the server's words; never shown."""


class Verify(Protocol):
    """What is tried as a user. Module ``verify``."""

    ENTERS: bool  # does a login enter one database? Then others are tried by logins too
    HINTS: Mapping[str, str]  # template of a trial -> what to do where no code says more

    def trials(
        self,
        deployment: Deployment,
        account: Account,
        facts: Facts,
        probe: str,
        beside: Sequence[Deployment] = (),
        around: Sequence[Row] = (),
    ) -> list[Trial]:
        """The first is who the user is.

        ``around``: what the template ``verify/around`` says of the server's other databases.
        """

    def cleanup(self, deployment: Deployment, probe: str) -> list[Trial]: ...
    def lets_in(self, account: Account, seen: Iterable[str]) -> bool:
        """May it log in from a machine that the server sees under one of these names?"""


class ExtraGrants(Protocol):
    """What users hold beyond the spec. Module ``extra_grants``."""

    def questions(self, accounts: Sequence[Account], facts: Facts) -> list[Question]: ...
    def extra(
        self,
        deployment: Deployment,
        beside: Sequence[Deployment],
        held: Sequence[ExistingGrant],
        facts: Facts,
    ) -> list[ExistingGrant]: ...
    def existing(self, database: str, facts: Facts) -> list[Question]: ...


class Urls(Protocol):
    """Connection strings, and how a file of SQL is run. Module ``urls``."""

    def async_url(self, url: str, tls: Tls) -> str | None: ...
    def async_driver(self, tls: Tls) -> str: ...

    def located(self, address: Address) -> Address | None:
        """Where the server is, for strings. None where only a session can say it."""

    def password_placeholder(self, place: Kept, user: str) -> str: ...
    def url(
        self,
        deployment: Deployment,
        account: Account,
        password: str,
        host: str,
        port: int,
        tls: Tls,
    ) -> str: ...
    def scaler(
        self, deployment: Deployment, user: str, password: str, host: str, port: int
    ) -> str | None:
        """What KEDA's scaler takes; None where that is what ``url`` gives."""

    def conninfo(self, database: str) -> str: ...
    def how_to_run(
        self, deployment: Deployment, variables: Sequence[str], facts: Facts, file: str
    ) -> Iterator[str]: ...


class PasswordHash(Protocol):
    """What the server keeps of a password. Module ``password_hash``."""

    VERIFIERS: str  # the template that answers with what is kept of passwords; empty: no use for it

    def unfit(
        self, password: Secret | None, user: str, facts: Facts
    ) -> tuple[list[str], list[str]]:
        """The server's rules that a new password breaks, and those that may refuse it.

        ``password`` None: the one that dbprov will make.
        """

    def password_verifier(
        self, facts: Facts, iterations: int | None
    ) -> Callable[[Kept, str], str]: ...


class Airflow(Protocol):
    """What Airflow needs beyond grants. Module ``airflow``."""

    READINESS: tuple[str, ...]  # the templates whose answers say whether Airflow would run

    def readiness(
        self,
        airflow: tuple[int, ...],
        deployment: Deployment,
        facts: Facts,
        answers: Mapping[str, list[Row]],
    ) -> Iterator[Check]: ...


class Foreseen(Protocol):
    """What verify would fail at, as far as the catalogue tells it. Module ``foreseen``."""

    def questions(
        self, deployment: Deployment, beside: Sequence[Deployment], facts: Facts
    ) -> list[Question]: ...
    def enters(self, answers: Mapping[str, Sequence[Row]]) -> bool: ...
    def of_login(self, user: str, database: str | None) -> list[Question]: ...
    def kept_out(
        self, answers: Mapping[str, Sequence[Row]], render: Statements
    ) -> Iterator[tuple[str, str]]: ...
    def foreseen(
        self,
        deployment: Deployment,
        facts: Facts,
        answers: Mapping[str, Sequence[Row]],
        render: Statements,
    ) -> Iterator[Check]: ...


class Quoting(Protocol):
    """The quoting filters of the templates. Module ``quoting``."""

    FILTERS: Mapping[str, Callable[..., str]]


class Engine:
    """One engine: the modules of its folder, each as the Protocol that it keeps."""

    def __init__(self, name: str) -> None:
        self.name = name

    def _module(self, name: str) -> Any:
        return import_module(f"dbprov.engines.{self.name}.{name}")

    @cached_property
    def expand(self) -> Expand:
        return cast(Expand, self._module("expand"))

    @cached_property
    def limits(self) -> Limits:
        return cast(Limits, self._module("limits"))

    @cached_property
    def remedies(self) -> Remedies:
        return cast(Remedies, self._module("remedies"))

    @cached_property
    def connection(self) -> Connection:
        return cast(Connection, self._module("connection"))

    @cached_property
    def errors(self) -> Errors:
        return cast(Errors, self._module("errors"))

    @cached_property
    def verify(self) -> Verify:
        return cast(Verify, self._module("verify"))

    @cached_property
    def extra_grants(self) -> ExtraGrants:
        return cast(ExtraGrants, self._module("extra_grants"))

    @cached_property
    def urls(self) -> Urls:
        return cast(Urls, self._module("urls"))

    @cached_property
    def password_hash(self) -> PasswordHash:
        return cast(PasswordHash, self._module("password_hash"))

    @cached_property
    def airflow(self) -> Airflow:
        return cast(Airflow, self._module("airflow"))

    @cached_property
    def foreseen(self) -> Foreseen:
        return cast(Foreseen, self._module("foreseen"))

    @cached_property
    def quoting(self) -> Quoting:
        return cast(Quoting, self._module("quoting"))


def lines(words: Iterable[str]) -> str:
    """A list on lines of at most 100 columns; the first one stands behind other words."""
    made, room = [""], 60
    for word in words:
        if made[-1] and len(made[-1]) + len(word) + 2 > room:
            made[-1] += ","
            made.append(word)
            room = 95
        else:
            made[-1] += f", {word}" if made[-1] else word
    return "\n    ".join(made)


def in_path(database: str) -> str:
    """Only what libpq cannot take is encoded.

    SQLAlchemy before 2.1 takes a database in a URL as it stands, libpq decodes it.
    """
    return "".join(quote(c, safe="") if c in "%?# " or not c.isprintable() else c for c in database)


@cache
def of(name: str) -> Engine:
    """``name``: postgresql or mysql."""
    return Engine(name)
