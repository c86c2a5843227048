"""A real PgBouncer in transaction mode serves the users from the two files that are written for it."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from tests.harness import execute
from tests.harness.airflow import Airflow
from tests.harness.pooler import pgbouncer_of
from tests.support.deployed import HOSTILE, Made, Make
from tests.support.migrate import ENOUGH, migrate, tables

pytestmark = pytest.mark.postgresql(">= 18")
WAYS = [(), ("--userlist", "clear"), ("--userlist", "scram")]


def files(made: Made, *words: str) -> tuple[str, str]:
    """The lines of [databases], and the userlist."""
    ended = made.cli("connections", "spec.yaml", "--format", "pgbouncer", "-o", "bouncer/", *words)
    assert ended.returncode == 0, ended.stderr
    folder = made.folder / "bouncer"
    assert {f.name for f in folder.iterdir()} == {"analytics.ini", "analytics.userlist.txt"}
    assert {stat.S_IMODE(f.stat().st_mode) for f in folder.iterdir()} == {0o600}
    entries, users = (
        (folder / f"analytics.{suffix}").read_text() for suffix in ("ini", "userlist.txt")
    )
    return entries, users


@contextmanager
def through(made: Made, *words: str) -> Iterator[int]:
    with pgbouncer_of("transaction", *files(made, *words)) as port:
        yield port


def who(port: int, user: str, password: str, database: str) -> Any:
    with psycopg.connect(
        host="127.0.0.1", port=port, user=user, password=password, dbname=database
    ) as connection:
        return connection.execute("SELECT current_user, current_schema()").fetchone()


@pytest.mark.parametrize("words", WAYS, ids=" ".join)
def test_it_serves_the_users_of_the_userlist(make: Make, prefix: str, words: Any) -> None:
    scram = "scram" in words
    made = make(
        HOSTILE, names=("app", "cel"), layout="split", who="superuser" if scram else "admin"
    )
    if scram:  # what the server keeps is all it takes: the passwords are asked of nobody
        made.env.clear()
    with through(made, *words) as port:
        for name, schema in (("app", "airflow"), ("cel", "celery")):
            found = who(port, prefix + name, HOSTILE, made.database)
            assert found == (prefix + name, schema)
        with pytest.raises(psycopg.OperationalError, match="SASL authentication failed"):
            who(port, f"{prefix}app", HOSTILE + "!", made.database)


def test_any_name_of_a_user_is_found(make: Make, prefix: str) -> None:
    made = make(HOSTILE, names=("us\"er o'x",), after="a-b.c")
    with through(made) as port:
        user = f"{prefix}us\"er o'x"
        assert who(port, user, HOSTILE, made.database) == (user, "public")


def test_airflow_migrates_through_it(make: Make, airflow: Airflow) -> None:
    """``publish`` names the PgBouncer, and the entry of the PgBouncer still the server."""
    made = make(HOSTILE)
    with through(made) as port:
        made.say(publish={"host": "127.0.0.1", "port": port})
        assert files(made)[0].count(f"port={made.server.port} ") == 1
        assert f":{port}/" in made.connection_file("env").read_text()
        migrate(made, airflow)
    assert sum(count for _, count in tables(made).values()) > ENOUGH


def test_only_a_superuser_reads_what_the_server_keeps(make: Make) -> None:
    made = make()
    ended = made.cli(
        "connections", "spec.yaml", "--format", "pgbouncer", "-o", "bouncer/", "--userlist", "scram"
    )
    assert ended.returncode == 2
    for words in ("42501", "only a superuser", "--userlist clear", "auth_query"):
        assert words in ended.stderr
    assert not (made.folder / "bouncer").exists()


def test_a_verifier_that_would_not_serve_is_refused(make: Make, prefix: str) -> None:
    made = make(who="superuser")
    words = ("connections", "spec.yaml", "--format", "pgbouncer", "--userlist", "scram")
    assert "SCRAM-SHA-256" not in made.cli(*words).stdout, "it is shown only where told to"
    for told, why in (
        (f"PASSWORD 'md5{32 * '0'}'", "md5 hash"),
        ("PASSWORD NULL", "no password on the server"),
        (f'RENAME TO "{prefix}other"', "no such user"),
    ):
        execute(made.server, "superuser", f'ALTER ROLE "{prefix}app" {told}')
        ended = made.cli(*words, "--reveal")
        assert ended.returncode == 2
        assert (ended.stdout, why in ended.stderr) == ("", True), ended.stderr
