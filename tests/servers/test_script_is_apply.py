"""The test to keep for ever: what the script does is what apply does, to the catalogue's last row."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

import dbprov
from dbprov.engines.mysql.quoting import literal
from dbprov.spec import names
from dbprov.spec.model import Spec
from tests.harness import ServerUnavailable, client, clients, execute, remove
from tests.harness.report import skip_or_fail
from tests.support.catalogue import catalogue
from tests.support.specs import FOR_POSTGRESQL, SPECS, TABLES, deployment_of, one, users
from tests.support.walk import Walk


def run_script(walk: Walk, spec: Spec, *, plain: bool = False) -> None:
    """As the header says: variables for psql, text put in place for mysql."""
    [deployment] = spec.deployments
    release = walk.server.release.split(".")
    version = tuple(map(int, release[: 1 if walk.server.engine == "postgresql" else 2]))
    [text] = dbprov.render(spec, version=version, flavor=walk.server.flavor, plain=plain).values()
    who: Any = "superuser" if walk.url == walk.server.url("superuser") else "admin"
    passwords = {}
    for account in deployment.accounts:
        kept = account.place.read()
        assert kept is not None
        passwords[names.variable(account.name)] = kept.reveal()
    if walk.server.engine == "postgresql":
        ended = client(walk.server, who, text, variables=passwords)
    else:
        for name, password in passwords.items():
            text = text.replace("${" + name + "}", literal(password))
        ended = client(walk.server, who, text)
    assert ended.returncode == 0, ended.stderr
    assert "ERROR" not in ended.stderr
    # Up to PostgreSQL 14 only a superuser can grant on public, where PUBLIC's rights are enough (T82).
    if not (plain and who == "admin" and version < (15,)):
        assert "WARNING" not in ended.stderr


@pytest.mark.parametrize(
    "case", [*SPECS, *(pytest.param(n, marks=pytest.mark.postgresql) for n in FOR_POSTGRESQL)]
)
def test_the_script_is_apply(walk: Walk, prefix: str, case: str) -> None:
    spec = walk.spec(deployment_of({**SPECS, **FOR_POSTGRESQL}[case], prefix))
    database = spec.deployments[0].database
    walk.provision(spec)
    by_apply = catalogue(walk.server, prefix, database)
    remove(walk.server, prefix)
    assert not walk.plan(spec).complete

    run_script(walk, spec)
    assert walk.plan(spec).complete, [str(step) for step in walk.plan(spec).steps]
    assert catalogue(walk.server, prefix, database) == by_apply
    run_script(walk, spec)
    assert catalogue(walk.server, prefix, database) == by_apply
    assert [c for c in walk.prove(spec) if not c.held] == []

    # And again once the application has made its own tables.
    account = spec.deployments[0].metadata_account()
    walk.as_user(spec, account.name, *TABLES[walk.server.engine])
    run_script(walk, spec)
    assert walk.plan(spec).complete


@pytest.mark.parametrize(
    "case", [*SPECS, *(pytest.param(n, marks=pytest.mark.postgresql) for n in FOR_POSTGRESQL)]
)
def test_the_plain_script_is_apply_where_nothing_is(walk: Walk, prefix: str, case: str) -> None:
    spec = walk.spec(deployment_of({**SPECS, **FOR_POSTGRESQL}[case], prefix))
    database = spec.deployments[0].database
    walk.provision(spec)
    by_apply = catalogue(walk.server, prefix, database)
    remove(walk.server, prefix)
    run_script(walk, spec, plain=True)
    assert catalogue(walk.server, prefix, database) == by_apply
    assert walk.plan(spec).complete
    assert [c for c in walk.prove(spec) if not c.held] == []


def test_after_apply_the_script_changes_nothing(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix, users=users(prefix)))
    walk.provision(spec)
    walk.as_user(spec, f"{prefix}app", *TABLES[walk.server.engine])
    before = catalogue(walk.server, prefix, f"{prefix}db")
    run_script(walk, spec)
    assert catalogue(walk.server, prefix, f"{prefix}db") == before


def test_a_script_without_its_passwords_makes_no_user(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix))
    [text] = dbprov.render(spec, flavor=walk.server.flavor).values()
    ended = client(walk.server, "superuser", text)
    assert ended.returncode != 0
    assert re.search(r"syntax", ended.stderr)
    assert len(walk.plan(spec).steps) >= 3


@pytest.mark.postgresql
@pytest.mark.parametrize("password", ["plain", "p'q\"r\\s $HOME `id` :x %"])
def test_a_script_takes_its_passwords_from_the_environment(
    walk: Walk, prefix: str, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    monkeypatch.setenv(f"{prefix}app_password", password)
    spec = walk.spec(one(prefix, password={"env": f"{prefix}app_password"}))
    [text] = dbprov.render(spec, version=(int(walk.server.release.split(".")[0]),)).values()
    ended = client(walk.server, "superuser", text)
    assert ended.returncode == 0, ended.stderr
    assert password not in ended.stdout + ended.stderr
    walk.as_user(spec, f"{prefix}app", "SELECT 1")


def cuts(text: str) -> list[str]:
    """The script, cut after each of its statements, as a kill would leave it."""
    found, so_far, inside = [], "", False
    for line in text.splitlines(keepends=True):
        so_far += line
        inside ^= line.count("$dbprov$") % 2 == 1
        if not inside and line.rstrip().endswith((";", "\\gset", "\\gexec")):
            found.append(so_far)
    return found


@pytest.mark.postgresql
@pytest.mark.sampled("newest")
@pytest.mark.parametrize("admin", ["restricted"], indirect=True)  # the one with fewer rights
@pytest.mark.parametrize("access", ["all", "owner"])
def test_a_script_that_was_killed_is_finished_by_the_next(
    walk: Walk, prefix: str, access: str
) -> None:
    """After each of its statements: a database made closed is opened, and PUBLIC was never let in."""
    spec = walk.spec(one(prefix, access=access))
    database = spec.deployments[0].database
    walk.provision(spec)
    by_apply = catalogue(walk.server, prefix, database)
    [text] = dbprov.render(spec, version=(int(walk.server.release.split(".")[0]),)).values()
    who: Any = "superuser" if walk.url == walk.server.url("superuser") else "admin"
    kept = spec.deployments[0].accounts[0].place.read()
    assert kept is not None
    variables = {f"{prefix}app_password": kept.reveal()}
    beginnings = cuts(text)
    assert len(beginnings) > 20
    for beginning in beginnings:
        remove(walk.server, prefix)
        client(walk.server, who, beginning, variables=variables)
        ended = client(walk.server, who, text, variables=variables)
        assert ended.returncode == 0, (beginning[-300:], ended.stderr)
        assert catalogue(walk.server, prefix, database) == by_apply, beginning[-300:]


@pytest.mark.postgresql
@pytest.mark.sampled("newest")
@pytest.mark.parametrize("version", [*clients.OLD_PSQL, "16"])
@pytest.mark.parametrize("plain", [False, True])
def test_every_psql_runs_the_file(
    walk: Walk, prefix: str, monkeypatch: pytest.MonkeyPatch, version: str, plain: bool
) -> None:
    """The head of a file names psql without a version; the passwords are in the environment."""
    try:
        other = replace(walk.server, client=clients.psql(version))
    except ServerUnavailable as error:
        skip_or_fail(f"psql {version}: {error}")
    layouts = [one(prefix, users=users(prefix)), deployment_of(FOR_POSTGRESQL["split"], prefix)]
    for layout in layouts:
        spec = walk.spec(layout)
        for account in spec.deployments[0].accounts:
            account.place.fill()
            kept = account.place.read()
            assert kept is not None
            monkeypatch.setenv(names.variable(account.name), kept.reveal())
        [text] = dbprov.render(spec, version=(18,), plain=plain).values()
        for _ in range(1 if plain else 2):
            ended = client(other, "admin", text)
            assert ended.returncode == 0, ended.stderr
            assert "WARNING" not in ended.stderr
        assert walk.plan(spec).complete
        assert [check for check in walk.prove(spec) if not check.held] == []
        remove(walk.server, prefix)


ODD_NAMES = (
    '"; DROP TABLE dag; --',
    "'||'x",
    "a\nb \\gexec",
    ":'schema'",
    "$dbprov$",
    "%I %s",
    "\\! touch x",
)


@pytest.mark.postgresql
@pytest.mark.attack("a table or routine whose name is SQL, in the database that a script grants in")
def test_names_of_objects_are_nothing_else(walk: Walk, prefix: str) -> None:
    """The server writes these GRANTs from its catalogue, and psql runs them."""
    spec = walk.spec(one(prefix, users=users(prefix)[:1]))
    walk.provision(spec)
    made = ["CREATE TABLE dag (id serial)"]
    for name in ODD_NAMES:
        quoted = name.replace('"', '""')
        made += [
            f'CREATE TABLE "{quoted}" (id integer)',
            f'CREATE TYPE "t{quoted}" AS (a integer)',
            f'CREATE FUNCTION "f{quoted}"(a "t{quoted}") RETURNS integer LANGUAGE sql AS $$SELECT 1$$',
            f'REVOKE EXECUTE ON FUNCTION "f{quoted}"("t{quoted}") FROM PUBLIC',
        ]
    walk.as_user(spec, f"{prefix}app", *made)
    readers = walk.spec(one(prefix, users=users(prefix)))
    for account in readers.deployments[0].accounts:
        if account.place.read() is None:
            account.place.fill()
    run_script(walk, readers)
    assert walk.plan(readers).complete, walk.plan(readers).statements
    database = f"{prefix}db"
    [(tables,)] = execute(
        walk.server, "superuser",
        f"SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        f" AND has_table_privilege('{prefix}reader', oid, 'SELECT')", database,
    )  # fmt: skip
    assert tables == len(ODD_NAMES) + 1


@pytest.mark.postgresql
def test_the_newest_script_runs_on_every_server(walk: Walk, prefix: str) -> None:
    """render without --server-version: the guide's layout has nothing in it that an older server does not know."""
    spec = walk.spec(one(prefix))
    [text] = dbprov.render(spec).values()
    ended = client(walk.server, "admin", text, variables={f"{prefix}app_password": "secret"})
    assert ended.returncode == 0, ended.stderr
    assert walk.plan(walk.spec(one(prefix))).complete or walk.url == walk.server.url("superuser")


@pytest.mark.postgresql
def test_a_script_that_grants_nothing_stops(walk: Walk, prefix: str) -> None:
    """On somebody else's database GRANT is a success with a warning (T14); the file must not end as if all were well."""
    execute(walk.server, "superuser", f'CREATE DATABASE "{prefix}db"')
    [text] = dbprov.render(walk.spec(one(prefix))).values()
    ended = client(walk.server, "admin", text, variables={f"{prefix}app_password": "secret"})
    assert ended.returncode != 0
    assert "its owner, or a superuser" in ended.stderr
