"""Files with hashes instead of passwords: the servers take them, and let the user in with the password."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

import dbprov
from dbprov.engines.mysql import password_hash
from dbprov.spec.model import Spec
from tests.harness import client, execute, remove
from tests.support.catalogue import catalogue
from tests.support.command import on_one_of_each
from tests.support.run import Run
from tests.support.specs import one, users
from tests.support.walk import Walk

# Verifiers differ between flavors; PostgreSQL's are the same since 10.
pytestmark = pytest.mark.sampled

PASSWORDS = {
    "quotes": 'it\'s "q" `b` $d$ {x} %s',
    "backslash": "a\\b\\'c\\",
    "not ASCII": "pässwörd-ß-Ⅸ\u00a0ﬁ-日本",
    "not in Unicode 3.2": "😀-of-today",
    "blanks and comments": " -- /* x */ ; # ",
    "long": "x1" * 100,
}


def hashed(walk: Walk, spec: Spec, **more: Any) -> str:
    release = walk.server.release.split(".")
    version = tuple(map(int, release[: 1 if walk.server.engine == "postgresql" else 3]))
    [text] = dbprov.render(
        spec, version=version, flavor=walk.server.flavor, hashed=True, **more
    ).values()
    return text


def run_file(walk: Walk, text: str) -> None:
    """Just as it is: there is nothing to put in."""
    who: Any = "superuser" if walk.url == walk.server.url("superuser") else "admin"
    ended = client(walk.server, who, text)
    assert ended.returncode == 0, ended.stderr
    assert "ERROR" not in ended.stderr


@pytest.mark.parametrize("case", PASSWORDS)
def test_the_server_accepts_the_login(
    walk: Walk, prefix: str, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APP_PASSWORD", PASSWORDS[case])
    spec = walk.spec(one(prefix, password={"env": "APP_PASSWORD"}))
    text = hashed(walk, spec)
    assert PASSWORDS[case] not in text
    run_file(walk, text)
    assert walk.plan(spec).complete
    checks = walk.prove(spec)
    assert [c for c in checks if not c.held] == []
    assert checks[0].claim == "logs in"
    monkeypatch.setenv("APP_PASSWORD", "another")
    assert [c.claim for c in walk.prove(spec) if not c.held] == ["logs in"]


def test_a_file_with_hashes_is_apply(walk: Walk, prefix: str) -> None:
    """To the catalogue's last row, also run twice; the passwords are made, and kept in their places."""
    spec = walk.spec(one(prefix, users=users(prefix), connection_limit=None))
    filled: list[str] = []
    text = hashed(walk, spec, filled=lambda account: filled.append(account.name))
    assert filled == [account.name for account in spec.deployments[0].accounts]
    for _ in range(2):
        run_file(walk, text)
    assert walk.plan(spec).complete
    assert [c for c in walk.prove(spec) if not c.held] == []
    by_file = catalogue(walk.server, prefix, f"{prefix}db")
    remove(walk.server, prefix)
    walk.provision(spec)
    assert catalogue(walk.server, prefix, f"{prefix}db") == by_file


def test_with_a_limit_of_connections(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix, connection_limit=7))
    run_file(walk, hashed(walk, spec))
    assert walk.plan(spec).complete


@pytest.mark.postgresql
def test_the_iterations_of_the_target(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix))
    run_file(walk, hashed(walk, spec, iterations=12345))
    query = f"SELECT rolpassword LIKE 'SCRAM-SHA-256$12345:%' FROM pg_authid WHERE rolname = '{prefix}app'"
    assert execute(walk.server, "superuser", query) == [(True,)]
    assert [c for c in walk.prove(spec) if not c.held] == []


@pytest.mark.mysql("mysql")
def test_the_hash_is_the_one_that_the_server_makes(walk: Walk, prefix: str) -> None:
    password = "pässwörd '\\ of a server"
    literal = password.replace("\\", "\\\\").replace("'", "''")
    execute(walk.server, "superuser", f"CREATE USER '{prefix}app'@'%' IDENTIFIED BY '{literal}'")
    query = f"SELECT HEX(authentication_string) FROM mysql.user WHERE User = '{prefix}app'"
    [(kept,)] = execute(walk.server, "superuser", query)
    made = bytes.fromhex(kept)
    assert (
        password_hash.caching_sha2(password.encode(), made[7:27], int(made[3:6], 16) * 1000) == made
    )


@on_one_of_each
def test_the_command(run: Run) -> None:
    """The file is for its owner alone, and stderr says which passwords were made; a second time none is."""
    ended = run("render", "spec.yaml", "--password", "hash", "-o", "sql", "--flavor", run.server.flavor)  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert f'a new password of user "{run.prefix}app" is kept in file .dbprov' in ended.stderr
    file = run.folder / "sql" / "analytics.sql"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    kept = [p for p in Path(run.folder / ".dbprov").rglob("*") if p.is_file() and p.name != ".gitignore"]  # fmt: skip
    assert len(kept) == 1
    assert kept[0].read_text().strip() not in file.read_text()
    again = run("render", "spec.yaml", "--password", "hash", "--flavor", run.server.flavor)
    assert "a new password" not in again.stderr
    assert again.stdout != file.read_text()  # a new salt
    wrong = run("render", "spec.yaml", "--scram-iterations", "5000")
    assert wrong.returncode == 2
    assert "--password hash" in wrong.stderr
