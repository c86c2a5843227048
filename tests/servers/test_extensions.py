"""Extensions that a Deployment wants: made, found again, refused, and never where somebody planted something."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import dbprov
from dbprov.commands.review import undo_text
from dbprov.errors import RefusedError
from dbprov.plan.drop_survey import DropOptions
from tests.harness import TestServer, client, execute
from tests.harness.report import skip_or_fail
from tests.support.admins import admin_name, as_admin, superuser
from tests.support.specs import one
from tests.support.walk import Walk

# Who may make one differs with the rights of the admin; who may create in public, since PostgreSQL 15.
pytestmark = [pytest.mark.postgresql, pytest.mark.sampled]

SCRIPT = """\
CREATE TABLE @extschema@.{name}_kept (n integer);
CREATE FUNCTION @extschema@.{name}_said() RETURNS integer LANGUAGE sql AS 'SELECT 1';
DO $$ BEGIN PERFORM length('careless'::varchar); END $$;
"""
"""Of an extension whose author was careless: `length` is what the search_path finds for a varchar."""

Brings = Callable[..., str]


@pytest.fixture
def brings(server: TestServer) -> Brings:
    """Puts the two files of an extension where the server looks for them; its name.

    They stay: the server reads all such files whenever it is asked for one, and other workers ask.
    """
    if not server.source.startswith("binaries"):
        skip_or_fail("only into an installation that the tests brought an extension is put")
    [(share,)] = execute(server, "superuser", "SELECT setting FROM pg_config WHERE name = 'SHAREDIR'")  # fmt: skip

    def bring(name: str, *, trusted: bool) -> str:
        whole = f"dbprov_test_{name}_{'trusted' if trusted else 'untrusted'}"
        control = (
            f"default_version = '1.0'\nrelocatable = false\ntrusted = {str(trusted).lower()}\n"
        )
        put(Path(share) / "extension" / f"{whole}--1.0.sql", SCRIPT.format(name=whole))
        put(Path(share) / "extension" / f"{whole}.control", control)
        return whole

    return bring


def put(path: Path, text: str) -> None:
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        draft.write_text(text, encoding="utf-8")
        draft.chmod(0o644)
        draft.replace(path)


def installed(walk: Walk, prefix: str) -> list[Any]:
    query = (
        "SELECT extname, nspname, pg_get_userbyid(extowner) FROM pg_extension"
        " JOIN pg_namespace AS n ON n.oid = extnamespace WHERE extname <> 'plpgsql' ORDER BY 1"
    )
    return execute(walk.server, "superuser", query, f"{prefix}db")


def steps(walk: Walk, spec: dbprov.Spec) -> list[str]:
    return [str(step) for step in walk.plan(spec).steps if step.item.kind != "membership"]


@pytest.mark.parametrize("access", ["all", "owner"])
@pytest.mark.parametrize("schemas", [["public"], ["work", "public"]])
def test_apply_and_what_is_broken_by_hand(
    walk: Walk, prefix: str, brings: Brings, access: str, schemas: list[str]
) -> None:
    name = brings("x", trusted=True)
    spec = walk.spec(one(prefix, access=access, schemas=schemas, extensions=["plpgsql", name]))
    walk.provision(spec)
    assert installed(walk, prefix) == [(name, schemas[0], admin_name(walk))]
    assert walk.plan(spec).remarks == walk.plan(walk.spec(one(prefix, access=access, schemas=schemas))).remarks  # fmt: skip
    execute(walk.server, "superuser", f'DROP EXTENSION "{name}"', f"{prefix}db")
    assert steps(walk, spec) == [f'create extension "{name}"']
    walk.provision(spec)
    assert installed(walk, prefix) == [(name, schemas[0], admin_name(walk))]


def test_one_that_is_installed_is_enough(walk: Walk, prefix: str, brings: Brings) -> None:
    name = brings("x", trusted=False)
    walk.provision(walk.spec(one(prefix)))
    execute(walk.server, "superuser", "CREATE SCHEMA apart", f"{prefix}db")
    execute(walk.server, "superuser", f'CREATE EXTENSION "{name}" SCHEMA apart', f"{prefix}db")
    planned = walk.plan(walk.spec(one(prefix, extensions=[name])))
    assert planned.complete
    assert [words for words in planned.remarks if 'is in schema "apart"' in words]


@pytest.mark.parametrize("there", [False, True])
def test_not_available(walk: Walk, prefix: str, there: bool) -> None:
    """Said before anything is changed, also where the database is not there yet."""
    if there:
        walk.provision(walk.spec(one(prefix)))
    spec = walk.spec(one(prefix, extensions=[f"{prefix}none"]))
    with pytest.raises(RefusedError, match="nothing was changed") as caught:
        walk.apply(spec)
    assert f'create extension "{prefix}none": the server has no files of it' in caught.value.why
    assert "installs the package" in caught.value.todo
    query = f"SELECT count(*) FROM pg_database WHERE datname = '{prefix}db'"
    assert execute(walk.server, "superuser", query) == [(int(there),)]


@pytest.mark.parametrize("there", [False, True])
def test_one_that_is_not_trusted(walk: Walk, prefix: str, brings: Brings, there: bool) -> None:
    name = brings("x", trusted=False)
    if there:
        walk.provision(walk.spec(one(prefix)))
    spec = walk.spec(one(prefix, extensions=[name]))
    if superuser(walk):
        walk.provision(spec)
        return
    with pytest.raises(RefusedError, match="nothing was changed") as caught:
        walk.apply(spec)
    assert f'it is not a trusted extension, and "{admin_name(walk)}" is no superuser' in caught.value.why  # fmt: skip
    assert caught.value.todo.startswith(f'a superuser would run in database "{prefix}db":\n')
    if there:
        statement = caught.value.todo.partition("\n")[2]
        execute(walk.server, "superuser", statement, f"{prefix}db")
        assert walk.plan(spec).complete


def test_who_may_not_create_in_the_database(walk: Walk, prefix: str, brings: Brings) -> None:
    if superuser(walk):
        return
    name = brings("x", trusted=True)
    execute(walk.server, "superuser", f'CREATE DATABASE "{prefix}db"')
    spec = walk.spec(one(prefix, extensions=[name]))

    def met() -> str:
        obstacles = walk.plan(spec).obstacles
        [why] = [obstacle.why for step, obstacle in obstacles if step.item.kind == "extension"]
        return why

    assert met() == f'"{admin_name(walk)}" may not CREATE in database "{prefix}db"'
    execute(walk.server, "superuser", f'CREATE ROLE "{prefix}eve" LOGIN')
    # Up to PostgreSQL 14 everybody who can enter a database may create in its schema public.
    older = int(walk.server.release.split(".")[0]) < 15
    assert met().startswith("PUBLIC may create in schema") == older


def test_the_file_twice(walk: Walk, prefix: str, brings: Brings) -> None:
    name = brings("x", trusted=True)
    spec = walk.spec(one(prefix, extensions=[name], password={"env": "APP_PASSWORD"}))
    walk.monkeypatch.setenv("APP_PASSWORD", "secret")
    [text] = dbprov.render(spec, version=(int(walk.server.release.split(".")[0]),)).values()
    who: Any = "superuser" if superuser(walk) else "admin"
    for _ in range(2):
        ended = client(walk.server, who, text, variables={f"{prefix}app_password": "secret"})
        assert ended.returncode == 0, ended.stderr
    assert walk.plan(spec).complete
    assert installed(walk, prefix) == [(name, "public", admin_name(walk))]


@pytest.mark.parametrize("there", [False, True])
def test_the_way_back(walk: Walk, prefix: str, brings: Brings, there: bool) -> None:
    """What the plan made goes, also from a database that it made: its table is nobody's work. What was there stays."""
    made, before = brings("x", trusted=True), brings("y", trusted=True)
    if there:
        walk.provision(walk.spec(one(prefix)))
        as_admin(walk, f'CREATE EXTENSION "{before}" SCHEMA public', f"{prefix}db")
    spec = walk.spec(one(prefix, extensions=[before, made]))
    [deployment] = spec.deployments
    with dbprov.servers(spec) as servers:
        planned = dbprov.plan(deployment, servers[deployment])
        text = undo_text(planned, servers[deployment])
        assert dbprov.apply(deployment, servers[deployment], planned).error is None
    ended = client(walk.server, "superuser" if superuser(walk) else "admin", text)
    assert ended.returncode == 0, ended.stderr
    query = f"SELECT count(*) FROM pg_database WHERE datname = '{prefix}db'"
    assert execute(walk.server, "superuser", query) == [(int(there),)]
    if there:
        assert installed(walk, prefix) == [(before, "public", admin_name(walk))]


PLANT = """
CREATE FUNCTION public.length(varchar) RETURNS integer LANGUAGE plpgsql AS $f$
BEGIN
    ALTER ROLE "{eve}" SUPERUSER;
    RETURN 1;
END $f$
"""


@pytest.mark.parametrize("left", [False, True])
@pytest.mark.attack("plant a function that the script of an extension runs as a superuser")
def test_planted_in_its_schema(walk: Walk, prefix: str, brings: Brings, left: bool) -> None:
    """``left``: who planted may not create there any more."""
    name, eve, database = brings("x", trusted=True), f"{prefix}eve", f"{prefix}db"
    walk.provision(walk.spec(one(prefix)))
    spec = walk.spec(one(prefix, extensions=[name]))
    [text] = dbprov.render(spec, version=(int(walk.server.release.split(".")[0]),)).values()
    execute(walk.server, "superuser", f'CREATE ROLE "{eve}"')
    execute(walk.server, "superuser", f'GRANT CREATE ON SCHEMA public TO "{eve}"', database)
    execute(walk.server, "superuser", f'SET ROLE "{eve}"; {PLANT.format(eve=eve)}', database)
    if left:
        execute(walk.server, "superuser", f'REVOKE CREATE ON SCHEMA public FROM "{eve}"', database)
    powerful = f"SELECT rolsuper FROM pg_roles WHERE rolname = '{eve}'"

    with pytest.raises(RefusedError, match="nothing was changed") as caught:
        walk.apply(spec)
    assert f'"{eve}" may create in schema "public", or has routines' in caught.value.why
    who: Any = "superuser" if superuser(walk) else "admin"
    ended = client(walk.server, who, text, variables={f"{prefix}app_password": "secret"})
    assert ended.returncode != 0
    assert "the extension is not created" in ended.stderr
    assert f'"{eve}"' in ended.stderr
    assert execute(walk.server, "superuser", powerful) == [(False,)]
    assert installed(walk, prefix) == []

    # As the message says.
    as_admin(walk, caught.value.todo.partition("\n")[2], database)
    assert execute(walk.server, "superuser", powerful) == [(False,)]
    assert walk.plan(spec).complete

    execute(walk.server, "superuser", f'DROP EXTENSION "{name}"', database)
    as_admin(walk, f'CREATE EXTENSION "{name}" SCHEMA public', database)
    assert execute(walk.server, "superuser", powerful) == [(True,)], "the trap works"


@pytest.mark.attack("plant a function for the script of an extension, after the plan was made")
def test_planted_after_the_look(walk: Walk, prefix: str, brings: Brings) -> None:
    """The statement asks again: a plan, or a new database, may have been looked at too early."""
    name, eve, database = brings("x", trusted=True), f"{prefix}eve", f"{prefix}db"
    walk.provision(walk.spec(one(prefix)))
    spec = walk.spec(one(prefix, extensions=[name]))
    execute(walk.server, "superuser", f'CREATE ROLE "{eve}"')
    [deployment] = spec.deployments
    with dbprov.servers(spec) as servers:
        server = servers[deployment]
        planned = dbprov.plan(deployment, server)
        execute(walk.server, "superuser", f'GRANT CREATE ON SCHEMA public TO "{eve}"', database)
        execute(walk.server, "superuser", f'SET ROLE "{eve}"; {PLANT.format(eve=eve)}', database)
        applied = dbprov.apply(deployment, server, planned)
    assert applied.error is not None
    assert "the extension is not created" in applied.error.why
    assert f'"{eve}"' in applied.error.why
    powerful = f"SELECT rolsuper FROM pg_roles WHERE rolname = '{eve}'"
    assert execute(walk.server, "superuser", powerful) == [(False,)]
    assert installed(walk, prefix) == []


def test_drop_takes_it_with_the_database(walk: Walk, prefix: str, brings: Brings) -> None:
    spec = walk.spec(one(prefix, extensions=[brings("x", trusted=True)]))
    walk.provision(spec)
    options = DropOptions(database=True)
    [ended] = walk.each(spec, lambda d, server: dbprov.drop(spec, d, server, options))
    assert ended.error is None
    query = f"SELECT count(*) FROM pg_database WHERE datname = '{prefix}db'"
    assert execute(walk.server, "superuser", query) == [(0,)]
