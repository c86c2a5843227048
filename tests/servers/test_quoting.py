"""What a quoting filter writes the server reads as the same text: every character, and whatever hypothesis finds."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

import dbprov
from dbprov.engines.engine import of
from dbprov.errors import PlaceError
from dbprov.passwords.env import EnvPlace
from dbprov.passwords.secret import Secret
from dbprov.spec.model import Access, Account, Address, Deployment, Spec, Timeouts, Tls
from dbprov.spec.names import objections
from tests.harness import TestServer, execute
from tests.support.specs import one
from tests.support.walk import Walk

EVERY = [chr(number) for number in range(1, 256)]
NASTY = (
    "'",
    '"',
    "`",
    "\\",
    "%",
    "_",
    "$",
    "--",
    "/*",
    ";",
    "{{",
    "{%",
    "#}",
    "\\'",
    "''",
    "$dbprov$",
    "\\x24",
    "?",
    ":x",
    "%s",
    "é",
    "語",
    "😀",
)
# No zero byte, which no SQL holds, and no half of a character.
characters = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
texts = st.lists(st.one_of(st.sampled_from(NASTY), characters), max_size=20).map("".join)
often = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
    derandomize=True,
)
seldom = settings(often, max_examples=25)


class Session:
    """The admin's own session, as dbprov opens it."""

    def __init__(self, server: TestServer, opened: Any) -> None:
        self.server, self.opened, self.engine = server, opened, opened.engine
        self.filters = self.engine.quoting.FILTERS

    def rows(self, query: str) -> list[list[Any]]:
        return [list(row.values()) for row in self.opened.connection().ask([query])[0]]

    def run(self, statement: str) -> None:
        self.opened.connection().run(statement)


@pytest.fixture
def session(server: TestServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    monkeypatch.setenv("DBPROV_ADMIN_PASSWORD", server.password("superuser"))
    text = (
        f"{{server: '{server.url('superuser')}', deployments: [{{name: q, database: q, user: q}}]}}"
    )
    spec = dbprov.parse(text, "spec", Path("/nowhere"))
    with dbprov.servers(spec) as servers:
        yield Session(server, servers[spec.deployments[0]])


def test_every_character_as_a_literal(session: Session) -> None:
    literal = session.filters["literal"]
    for sample in (
        EVERY,
        [f"a{c}b" for c in EVERY],
        [c * 3 for c in EVERY],
        [f"{c}'" for c in EVERY],
        [f"\\{c}" for c in EVERY],
    ):
        [row] = session.rows(
            "SELECT " + ", ".join(f"{literal(text)} AS c{n}" for n, text in enumerate(sample))
        )
        assert row == sample


def test_any_text_as_a_literal(session: Session) -> None:
    literal = session.filters["literal"]

    @often
    @given(texts, texts)
    def there_and_back(one: str, two: str) -> None:
        assert session.rows(f"SELECT {literal(one)} AS a, {literal(two)} AS b") == [[one, two]]

    there_and_back()


def test_numbers_and_truth_as_literals(session: Session) -> None:
    literal = session.filters["literal"]
    assert session.rows(f"SELECT {literal(42)} AS a, {literal(-1)} AS b") == [[42, -1]]
    for value in (None, 1.5, b"x", ["x"], Secret("x")):
        with pytest.raises(TypeError):
            literal(value)


@pytest.mark.postgresql
def test_any_text_inside_a_body(session: Session) -> None:
    """In the dollar quotes of a DO, which no name may end."""
    body_literal = session.filters["body_literal"]

    @often
    @given(texts)
    @example("$dbprov$")
    @example("\\x24dbprov$'")
    def there_and_back(text: str) -> None:
        session.run(
            f"DO $dbprov$ BEGIN PERFORM set_config('dbprov.probe', {body_literal(text)}, false); END $dbprov$"
        )
        assert session.rows("SELECT current_setting('dbprov.probe') AS a") == [[text]]

    there_and_back()


def valid(session: Session, sort: str, text: str) -> bool:
    return not objections(session.server.engine, sort, text)


def table_round_trip(session: Session, database: str) -> Callable[[str], None]:
    ident, literal = session.filters["ident"], session.filters["literal"]

    def there_and_back(name: str) -> None:
        if session.server.engine == "postgresql":
            session.run(f"CREATE TEMPORARY TABLE {ident(name)} ({ident(name)} integer)")
            found = session.rows(
                f"SELECT relname::text AS a FROM pg_class WHERE relname = {literal(name)}"
            )
            session.run(f"DROP TABLE pg_temp.{ident(name)}")
        else:
            where = f"{ident(database)}.{ident(name)}"
            session.run(f"CREATE TABLE {where} ({ident(name)} integer)")
            found = session.rows(
                f"SELECT TABLE_NAME AS a FROM information_schema.TABLES WHERE TABLE_SCHEMA = {literal(database)}"
            )
            session.run(f"DROP TABLE {where}")
        assert found == [[name]]

    return there_and_back


def test_every_character_in_the_name_of_a_table(session: Session, prefix: str) -> None:
    """Those that dbprov takes for names, many in one."""
    if session.server.engine == "mysql":
        session.run(f"CREATE DATABASE `{prefix}db`")
    round_trip = table_round_trip(session, f"{prefix}db")
    taken = [c for c in EVERY if valid(session, "database", f"a{c}b")]
    assert len(taken) == 95 + 96  # what can be printed of ASCII and of Latin-1
    for start in range(0, len(taken), 25):
        round_trip("".join(taken[start : start + 25]) + "x")


def test_any_name_of_a_table(session: Session, prefix: str) -> None:
    if session.server.engine == "mysql":
        session.run(f"CREATE DATABASE `{prefix}db`")
    round_trip = table_round_trip(session, f"{prefix}db")

    @settings(often, max_examples=60)
    @given(texts)
    def there_and_back(name: str) -> None:
        assume(valid(session, "database", name))
        round_trip(name)

    there_and_back()


@pytest.mark.parametrize("admin", ["restricted"], indirect=True)
def test_every_character_in_databases_and_users(walk: Walk, prefix: str) -> None:
    """Provisioned, verified, and found again: with the filters, the strings and the drivers all in the way."""
    taken = [c for c in EVERY if not objections(walk.server.engine, "user", f"a{c}b")]
    size = 23 if walk.server.engine == "postgresql" else 24
    parts = ["".join(taken[start : start + size]) for start in range(0, len(taken), size)]
    names = [f"{prefix}{part}x" for part in parts]
    spec = walk.spec(
        *({"name": f"part-{n}", "database": name, "user": name} for n, name in enumerate(names))
    )
    with dbprov.servers(spec) as servers:
        for deployment in spec.deployments:
            applied = dbprov.apply(deployment, servers[deployment])
            assert applied.ok, (
                deployment.database,
                applied.error,
                applied.left,
                [c for c in applied.checks if not c.held],
            )
    catalogue = {
        "postgresql": "SELECT datname FROM pg_database WHERE strpos(datname, '{0}') > 0",
        "mysql": "SELECT schema_name FROM information_schema.schemata WHERE LOCATE('{0}', schema_name)",
    }[walk.server.engine]
    found = {row[0] for row in execute(walk.server, "superuser", catalogue.format(prefix))}
    assert found == set(names)


def test_any_password(session: Session, prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set with the literal of a password, and then logged in with the very string that is handed out."""
    server, engine = session.server, session.engine
    ident, literal = session.filters["ident"], session.filters["literal"]
    user, database = f"{prefix}app", f"{prefix}db"
    address = Address(server.engine, user, server.host, server.port, database)
    place = EnvPlace("APP_PASSWORD")
    account = Account(user, Access.READ, place)
    deployment = Deployment("probe", address, Tls(), database, (account,))
    password = session.opened.connection().password_literal(session.opened.address, Tls())
    if server.engine == "postgresql":
        session.run(f"CREATE ROLE {ident(user)} LOGIN")
        session.run(f"CREATE DATABASE {ident(database)} OWNER {ident(user)}")
        change = f"ALTER ROLE {ident(user)} PASSWORD "
    else:
        session.run(f"CREATE DATABASE {ident(database)}")
        session.run(f"CREATE USER {literal(user)}@'%'")
        session.run(f"GRANT SELECT ON {ident(database)}.* TO {literal(user)}@'%'")
        change = f"ALTER USER {literal(user)}@'%' IDENTIFIED BY "

    @seldom
    @given(texts)
    @example("".join(c for c in EVERY[:127] if c.isprintable()))
    @example("".join(c for c in EVERY[127:] if c.isprintable()))
    @example("' OR '1'='1")
    @example("\\")
    @example(" ")
    def set_and_used(text: str) -> None:
        monkeypatch.setenv("APP_PASSWORD", text)
        try:
            kept = place.read()
        except PlaceError:
            assume(False)
        assert kept
        session.run(change + password(place, user))
        made = dbprov.connections(Spec((deployment,)), passwords=True)[0].metadata.login_url()
        engine.connection.connect_as(made, deployment, Timeouts()).close()

    set_and_used()
    monkeypatch.setenv("APP_PASSWORD", secrets.token_hex(8))
    wrong = dbprov.connections(Spec((deployment,)), passwords=True)[0].metadata.login_url()
    with pytest.raises(Exception, match=r"(?i)password"):
        engine.connection.connect_as(wrong, deployment, Timeouts())
    assert os.environ["APP_PASSWORD"]


@pytest.mark.mysql
def test_patterns_match_themselves_alone(session: Session) -> None:
    literal, pattern = session.filters["literal"], session.filters["pattern_literal"]

    @often
    @given(texts, texts)
    @example("a_b", "axb")
    @example("a%b", "axxb")
    @example("a\\_b", "a_b")
    def only_itself(one: str, two: str) -> None:
        for other, expected in ((one, 1), (two, int(one == two))):
            [[found]] = session.rows(
                f"SELECT CAST({literal(other)} AS BINARY) LIKE CAST({pattern(one)} AS BINARY) AS a"
            )
            assert found == expected

    only_itself()


@pytest.mark.mysql
def test_patterns_in_grants(session: Session, prefix: str) -> None:
    """What GRANT stores for a name reaches the database of this name, and none that the name would match as a pattern."""
    ident, literal, pattern = (
        session.filters[name] for name in ("ident", "literal", "pattern_ident")
    )
    session.run(f"CREATE USER {literal(prefix + 'app')}@'%' IDENTIFIED BY 'secret'")
    for name in ("a_b", "a%b", "a\\b", "a\\_b", "a`_b", "50%_\\%"):
        session.run(f"CREATE DATABASE {ident(prefix + name)}")
        others = {(prefix + name).replace("_", "x").replace("%", "yy").replace("\\", "")} - {
            prefix + name
        }
        for other in others:
            session.run(f"CREATE DATABASE {ident(other)}")
        session.run(f"GRANT SELECT ON {pattern(prefix + name)}.* TO {literal(prefix + 'app')}@'%'")
        seen = see(session.server, f"{prefix}app")
        session.run(
            f"REVOKE SELECT ON {pattern(prefix + name)}.* FROM {literal(prefix + 'app')}@'%'"
        )
        for other in others:
            session.run(f"DROP DATABASE {ident(other)}")
        assert seen == {prefix + name}


def see(server: TestServer, user: str) -> set[str]:
    address = Address("mysql", user, server.host, server.port, "")
    opened = of("mysql").connection.connect(address, Tls(), Secret("secret"), None, Timeouts())
    try:
        [rows] = opened.ask(["SHOW DATABASES"])
    finally:
        opened.close()
    return {row["Database"] for row in rows} - {"information_schema", "performance_schema"}


@pytest.fixture
def no_escapes(server: TestServer) -> Iterator[None]:
    """The server's own mode, in which a backslash is a sign like any other."""
    [(before,)] = execute(server, "superuser", "SELECT @@GLOBAL.sql_mode")
    mode = f"{before},NO_BACKSLASH_ESCAPES,ANSI_QUOTES"
    execute(server, "superuser", f"SET GLOBAL sql_mode = '{mode}'")
    yield
    execute(server, "superuser", f"SET GLOBAL sql_mode = '{before}'")


@pytest.mark.mysql
@pytest.mark.usefixtures("no_escapes")
def test_a_name_with_a_backslash_is_verified_where_it_escapes_nothing(
    walk: Walk, prefix: str
) -> None:
    names = {"database": f"{prefix}d\\b", "user": f"{prefix}a\\pp"}
    spec = walk.spec(one(prefix, **names))
    walk.provision(spec)
    assert [check for check in walk.prove(spec) if not check.held] == []
