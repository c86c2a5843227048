"""What somebody else is told to run can be run by whoever is named, and solves it: in one round."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace

import dbprov
from dbprov.commands.check import check
from dbprov.commands.drop import plan_drop
from dbprov.commands.rotate_plan import plan_rotation
from dbprov.errors import RefusedError
from dbprov.plan.drop_survey import DropOptions
from dbprov.spec.model import Spec
from tests.harness import TestServer, execute
from tests.harness.accounts import MYSQL_ADMIN, mysql, postgresql
from tests.support.specs import one, users
from tests.support.walk import Walk

pytestmark = pytest.mark.sampled

PASSWORD = "an admin of this test, and of no other"
ADMIN = "CREATE ROLE \"{a}\" LOGIN CREATEDB CREATEROLE PASSWORD '{password}'"
THIRD = 'CREATE ROLE "{o}"', 'CREATE DATABASE "{d}" OWNER "{o}"'
SHUT = 'REVOKE ALL ON DATABASE "{d}" FROM PUBLIC'
APP = "CREATE ROLE \"{u}\" LOGIN PASSWORD 'kept'"
TABLE = "{d}:CREATE TABLE public.t (id integer)"
TABLES = (TABLE, "{d}:CREATE SEQUENCE public.s", "{d}:CREATE TABLE public.t2 (id integer)")
TO_OWNER = tuple(
    f'{{d}}:ALTER {sort} OWNER TO "{{o}}"'
    for sort in ("TABLE public.t", "TABLE public.t2", "SEQUENCE public.s")
)
OPTIONS = (
    'GRANT ALL ON DATABASE "{d}" TO "{a}" WITH GRANT OPTION',
    '{d}:GRANT ALL ON SCHEMA public TO "{a}" WITH GRANT OPTION',
)
BE = 'GRANT "{o}" TO "{a}"'
MEMBERS = {
    "inherits not": ('ALTER ROLE "{a}" NOINHERIT', BE),
    "inherits": (BE,),
}
KEPT = {"password": {"env": "APP_PASSWORD"}}

# name: what a superuser has made, the Deployment, how many statements are told
POSTGRESQL: dict[str, tuple[tuple[str, ...], dict[str, Any], int]] = {
    "no CREATEROLE, no CREATEDB": (('ALTER ROLE "{a}" NOCREATEDB NOCREATEROLE',), {}, 1),
    "of another, all": ((*THIRD, SHUT), {}, 1),
    "of another, shut, the admin inherits not": (('ALTER ROLE "{a}" NOINHERIT', *THIRD, SHUT), {}, 1),
    "of another, open": (THIRD, {}, 1),
    "of another, write": ((*THIRD, *TABLES, *TO_OWNER), {"access": "write"}, 1),
    "of another, read": ((*THIRD, *TABLES, *TO_OWNER), {"access": "read"}, 1),
    "of another, one table": ((*THIRD, TABLE, TO_OWNER[0], '{d}:GRANT USAGE ON SCHEMA public TO PUBLIC'), {"access": "read"}, 1),
    "of another, owner": (THIRD, {"access": "owner"}, 1),
    "of another, schemas": (THIRD, {"schemas": ["one", "two"]}, 1),
    "of another, shut, schemas": ((*THIRD, SHUT), {"schemas": ["one", "two"]}, 1),
    "of another, split": (THIRD, {"layout": "split"}, 1),
    "of another, shut, split": ((*THIRD, SHUT, *TABLES), {"layout": "split"}, 1),
    "of another, isolated": (THIRD, {"isolate": True}, 1),
    "of another, shut, isolated": ((*THIRD, SHUT), {"isolate": True}, 1),
    "of another, several users": (THIRD, {"users": users}, 1),
    "of another, its own schema": ((*THIRD, '{d}:CREATE SCHEMA airflow AUTHORIZATION "{o}"'), {"schemas": ["airflow"]}, 1),
    "of another, label": (THIRD, {"label": True}, 1),
    "of another, two users in turn": ((*THIRD, SHUT), {"rotation": "two-users"}, 1),
    "of a superuser": (('CREATE DATABASE "{d}"',), {}, 2),
    "of a superuser, shut": (('CREATE DATABASE "{d}"', SHUT, *TABLES), {}, 5),
    "of a superuser, tables": (('CREATE DATABASE "{d}"', *TABLES), {}, 4),
    "of a superuser, read": (('CREATE DATABASE "{d}"', *TABLES), {"access": "read"}, 2),
    "of a superuser, isolated": (('CREATE DATABASE "{d}"',), {"isolate": True}, 3),
    "of a superuser, shut, isolated": (('CREATE DATABASE "{d}"', SHUT), {"isolate": True}, 5),
    "of a superuser, owner": (('CREATE DATABASE "{d}"',), {"access": "owner"}, 1),
    "of a superuser, split": (('CREATE DATABASE "{d}"',), {"layout": "split"}, 1),
    "of a superuser, several users": (('CREATE DATABASE "{d}"', *TABLES), {"users": users}, 4),
    "the admin's, tables of others": (('CREATE ROLE "{o}"', 'CREATE DATABASE "{d}" OWNER "{a}"', *TABLES, *TO_OWNER[:2]), {}, 2),
    "with the grant option": ((*THIRD, *OPTIONS), {}, 0),
    "with the grant option, schemas": ((*THIRD, *OPTIONS), {"schemas": ["one"]}, 0),
    "with the grant option, shut": ((*THIRD, SHUT, *OPTIONS), {}, 0),
    "with the grant option, isolated": ((*THIRD, *OPTIONS), {"isolate": True}, 1),
    "with half the grant option": ((*THIRD, OPTIONS[0]), {}, 1),
    "a member that does not inherit": ((*THIRD, *MEMBERS["inherits not"], *TABLES, *TO_OWNER), {}, 0),
    "a member that does not inherit, isolated": ((*THIRD, *MEMBERS["inherits not"]), {"isolate": True}, 0),
    "a member that does not inherit, split": ((*THIRD, *MEMBERS["inherits not"]), {"layout": "split"}, 0),
    "a member that does not inherit, shut": ((*THIRD, SHUT, *MEMBERS["inherits not"]), {}, 1),
    "a member that inherits": ((*THIRD, SHUT, *MEMBERS["inherits"]), {"isolate": True}, 0),
    "its user is somebody's": ((APP,), {"schemas": ["one"], **KEPT}, 1),
    "its user is somebody's, owner": ((APP,), {"access": "owner", **KEPT}, 1),
    "its user and its database are": ((APP, *THIRD, SHUT), {"schemas": ["one"], **KEPT}, 2),
    "its user is a superuser's own, no CREATEROLE": ((APP, 'ALTER ROLE "{a}" NOCREATEROLE', 'CREATE DATABASE "{d}" OWNER "{a}"'), {"connection_limit": 9, **KEPT}, 2),
    "its user owns the database": ((APP, 'CREATE DATABASE "{d}" OWNER "{u}"'), {"access": "owner", **KEPT}, 0),
    "its user owns the database, shut": ((APP, 'CREATE DATABASE "{d}" OWNER "{u}"', SHUT), {"access": "owner", "schemas": ["one"], **KEPT}, 2),
    "as on Cloud SQL": (('CREATE ROLE "{o}" CREATEDB CREATEROLE', BE, 'CREATE DATABASE "{d}" OWNER "{o}"', SHUT), {"isolate": True}, 0),
}  # fmt: skip


class State:
    """A server with an admin of this test's own, and whatever a superuser has made there."""

    def __init__(self, walk: Walk, prefix: str) -> None:
        self.walk, self.prefix, self.server = walk, prefix, walk.server
        things = {"a": "dba", "o": "third", "u": "app", "d": "db"}
        self.names = {key: prefix + name for key, name in things.items()}
        walk.monkeypatch.setenv("APP_PASSWORD", "kept")
        engine, place = self.server.engine, f"{self.server.host}:{self.server.port}"
        walk.url = f"{engine}://{prefix}dba@{place}/" + "postgres" * (engine == "postgresql")
        walk.password = PASSWORD

    def make(self, *made: str) -> None:
        """A statement that begins with {d}: runs in the Deployment's database."""
        for statement in made:
            inside = self.names["d"] if statement.startswith("{d}:") else None
            sql = statement.removeprefix("{d}:").format(**self.names, password=PASSWORD)
            execute(self.server, "superuser", sql, inside)

    def spec(self, more: dict[str, Any]) -> Spec:
        made = {
            key: value(self.prefix) if callable(value) else value for key, value in more.items()
        }
        return self.walk.spec(one(self.prefix, **made))

    def run(self, told: Sequence[dict[str, Any]]) -> None:
        """Each as everybody who is named."""
        for each in told:
            names: list[str | None] = [None] * (
                "superuser" in each["who"] or "an admin" in each["who"]
            )
            assert [*names, *each["roles"]], each
            for name in (*names, *each["roles"]):
                as_role(self.server, name, each["statement"], each["database"])

    def checked(self, spec: Spec) -> list[dbprov.Check]:
        [found] = self.walk.each(spec, lambda d, server: list(check(d, server)))
        return list(found)

    def one_round(self, spec: Spec) -> list[str]:
        """What check tells, run; then check finds nothing against it, and apply ends well."""
        before = self.checked(spec)
        told = statements(before)
        assert bool(told) == any(not c.held for c in before), [c for c in before if not c.held]
        self.run(told)
        after = [(c.claim, c.observed, c.todo) for c in self.checked(spec) if not c.held]
        assert after == [], told
        self.walk.provision(spec)
        return [each["statement"] for each in told]


def as_role(server: TestServer, name: str | None, statement: str, database: str | None) -> None:
    """As if it had logged in, also of one that cannot; what has no effect is an error."""
    if server.engine == "mysql":
        if name:
            user, password = name.rpartition("@")[0], PASSWORD
            with mysql(server.host, server.port, (user, password)) as own, own.cursor() as cursor:
                cursor.execute(statement)
        else:
            execute(server, "superuser", statement)
        return
    with postgresql(server.host, server.port, server.superuser, database or "postgres") as session:
        notices: list[str] = []
        session.add_notice_handler(lambda said: notices.append(said.message_primary or ""))
        if name:
            session.execute(f'SET SESSION AUTHORIZATION "{name}"'.encode())
        session.execute(statement.encode())
        assert [words for words in notices if "already" not in words] == []


def statements(checks: Sequence[dbprov.Check]) -> list[dict[str, Any]]:
    """From the JSON; the text has each of them, once, with its database and who is named."""
    document = json.loads(json.dumps([c.as_json() for c in checks]))
    told = [each for c in document for each in c["statements"]]
    _told_in(told, "\n".join(c.todo for c in checks if not c.held))
    return told


def _told_in(told: Sequence[dict[str, Any]], text: str) -> None:
    for each in told:
        assert text.count(f"{each['statement']};") == 1, (each, text)
        where = f' in database "{each["database"]}"' if each["database"] else ""
        assert f"{each['who']} would run{where}:\n" in text
    assert "***" not in text


@pytest.fixture
def state(server: TestServer, walk: Walk, prefix: str) -> State:
    return State(walk, prefix)


restricted = pytest.mark.parametrize("admin", ["restricted"], indirect=True)


@restricted
@pytest.mark.parametrize("name", POSTGRESQL)
@pytest.mark.postgresql
def test_one_round_is_enough(state: State, name: str) -> None:
    made, more, count = POSTGRESQL[name]
    state.make(ADMIN, *made)
    told = state.one_round(state.spec(more))
    if int(state.server.release.split(".")[0]) >= 16:  # up to 15 less is needed, and once more
        assert len(told) == count, told


EVERYTHING = frozenset(word.strip() for word in MYSQL_ADMIN.split(","))
MYSQL: dict[str, tuple[frozenset[str], str, int]] = {
    "all of it": (EVERYTHING, " WITH GRANT OPTION", 0),
    "no CREATE USER": (EVERYTHING - {"CREATE USER"}, " WITH GRANT OPTION", 1),
    "no CREATE, no CREATE USER": (EVERYTHING - {"CREATE USER", "CREATE"}, " WITH GRANT OPTION", 1),
    "no grant option": (EVERYTHING, "", 1),
    "no more than SELECT": (frozenset({"SELECT"}), "", 1),
}


@restricted
@pytest.mark.parametrize("name", MYSQL)
@pytest.mark.parametrize("access", ["all", "read"])
@pytest.mark.mysql
def test_one_round_is_enough_on_mysql(state: State, name: str, access: str) -> None:
    rights, option, count = MYSQL[name]
    words = ", ".join(sorted(rights))
    state.make(
        "CREATE USER '{a}'@'%' IDENTIFIED BY '{password}'",
        f"GRANT {words} ON *.* TO '{{a}}'@'%'{option}",
    )
    told = state.one_round(state.spec({"access": access}))
    assert len(told) == count, told


@restricted
@pytest.mark.mysql
def test_rights_in_a_role_that_is_not_active(state: State) -> None:
    """Whoever has them need not be granted them again: the admin makes the role a default role."""
    state.make(
        "CREATE USER '{a}'@'%' IDENTIFIED BY '{password}'", "GRANT SELECT ON *.* TO '{a}'@'%'", "CREATE ROLE '{o}'",
        f"GRANT {MYSQL_ADMIN} ON *.* TO '{{o}}' WITH GRANT OPTION", "GRANT '{o}' TO '{a}'@'%'",
    )  # fmt: skip
    [statement] = state.one_round(state.spec({}))
    told = "GRANT" if state.server.flavor == "mariadb" else "SET DEFAULT ROLE"
    assert statement.startswith(told), "MariaDB shows nobody what a role has"


@restricted
@pytest.mark.postgresql
def test_a_rotation_tells_the_one_grant(state: State) -> None:
    state.make(ADMIN, APP, 'CREATE DATABASE "{d}" OWNER "{a}"')
    spec = state.spec(KEPT)
    if int(state.server.release.split(".")[0]) < 16:
        state.make('ALTER ROLE "{a}" NOCREATEROLE')
    with pytest.raises(RefusedError) as met:
        state.walk.each(spec, plan_rotation)
    who, _, statement = met.value.todo.partition(" would run:\n")
    assert "***" not in str(met.value)
    assert who == "a superuser"
    as_role(state.server, None, statement, None)
    [[planned]] = state.walk.each(spec, plan_rotation)
    assert len(planned.steps) == 1


DROPS: dict[str, tuple[tuple[str, ...], DropOptions, int]] = {
    "its user is somebody's": ((APP, 'CREATE DATABASE "{d}" OWNER "{a}"'), DropOptions(database=True), 1),
    "its database is, too": ((*THIRD, APP), DropOptions(database=True), 2),
    "of a superuser": (('CREATE DATABASE "{d}"', APP), DropOptions(database=True), 2),
    "its user owns its database": ((APP, 'CREATE DATABASE "{d}" OWNER "{u}"'), DropOptions(database=True), 1),
    "locked out only": ((APP, 'CREATE DATABASE "{d}" OWNER "{a}"'), DropOptions(quarantine=True), 1),
    "somebody's, with what it owns": (
        (APP, 'CREATE DATABASE "{d}" OWNER "{a}"', TABLE, '{d}:ALTER TABLE public.t OWNER TO "{u}"', '{d}:GRANT USAGE, CREATE ON SCHEMA public TO "{a}" WITH GRANT OPTION'),
        DropOptions(reassign_to="a"), 1,
    ),
}  # fmt: skip


@restricted
@pytest.mark.parametrize("name", DROPS)
@pytest.mark.postgresql(">= 16")
def test_a_drop_tells_the_few_grants(state: State, name: str) -> None:
    made, options, count = DROPS[name]
    state.make(ADMIN, *made)
    spec = state.spec(KEPT)
    if options.reassign_to:
        options = replace(options, reassign_to=state.names[options.reassign_to])

    def planned(deployment: Any, server: Any) -> Any:
        return plan_drop(spec, deployment, server, options)

    [before] = state.walk.each(spec, planned)
    told = [each.as_json() for each in before.remedy]
    assert before.refusal() is not None
    _told_in(told, before.refusal().todo)
    state.run(told)
    [after] = state.walk.each(spec, planned)
    assert after.refusal() is None, after.refusal()
    [run] = state.walk.each(spec, lambda d, s: dbprov.drop(spec, d, s, options))
    assert run.error is None, run.error
    assert len(told) == count, told
