"""Passwords with a mark in them, and every kind of failure: the mark is in no output, no file but its own, no server's log."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.harness import execute
from tests.support.command import on_one_of_each
from tests.support.leaks import BROKEN, DEBUGGED, MARK, Watch
from tests.support.templates import own_block


def test_when_all_is_well(watch: Watch) -> None:
    watch("check", "spec.yaml", "--json", expect=0)
    watch("plan", "spec.yaml", expect=1)
    applied = watch("apply", "spec.yaml", "--yes", "--json", expect=0)
    assert "'***'" in json.dumps(json.loads(applied.stdout))  # where the password stood
    watch("verify", "spec.yaml", "--json", expect=0)
    watch("connections", "spec.yaml", "--json", expect=0)
    watch("render", "spec.yaml", "-o", "sql", expect=0)
    watch("connections", "spec.yaml", "-o", "strings.txt", expect=0)
    watch.allowed.add(watch.folder / "strings.txt")
    assert MARK in (watch.folder / "strings.txt").read_text()
    if watch.server.log:
        assert "CREATE" in watch.log()  # the log is one that has every statement


def test_when_the_server_refuses(watch: Watch) -> None:
    """A wrong password, an unknown address, TLS that is not to be had, and a user that is not allowed to make users."""
    for command in ("plan", "check", "verify"):
        watch(
            command,
            "spec.yaml",
            "--json",
            DBPROV_ADMIN_PASSWORD=f"{MARK}-wrong",
            expect=None if command == "verify" else 2,
        )
    watch("apply", "spec.yaml", "--yes", expect=0)
    watch("verify", "spec.yaml", expect=1, APP_PASSWORD=f"{MARK}-another")
    watch("apply", "spec.yaml", "--yes", "--json", expect=1, APP_PASSWORD=f"{MARK}-another'\\")
    watch.spec(tls={"mode": "verify-full", "ca": str(Path(__file__).parents[2] / "LICENSE")})
    watch("plan", "spec.yaml", expect=2)
    if watch.server.engine == "postgresql":
        execute(watch.server, "superuser", f'ALTER ROLE "{watch.dba}" NOCREATEROLE')
    else:
        execute(watch.server, "superuser", f"REVOKE CREATE USER ON *.* FROM '{watch.dba}'@'%'")
    watch.spec(user="later")
    watch("check", "spec.yaml", expect=1)
    watch("apply", "spec.yaml", "--yes", expect=2)


@on_one_of_each
@pytest.mark.parametrize("case", BROKEN)
def test_when_a_template_is_broken(watch: Watch, case: str) -> None:
    """The users' own templates may be wrong in any way; what the server says of them is not passed on."""
    words = (
        {"user": "ROLE", "name": "{{ name | ident }}", "identified": "LOGIN PASSWORD"} if watch.server.engine == "postgresql"
        else {"user": "USER", "name": "{{ name | literal }}@{{ host | literal }}", "identified": "IDENTIFIED BY"}
    )  # fmt: skip
    text = BROKEN[case].format(**words, password="{{ place | password(name) }}")
    own_block(watch.folder / "own", watch.server.engine, "user", "create", text)
    watch("plan", "spec.yaml", "--templates", "own", expect=1)
    watch("apply", "spec.yaml", "--yes", "--templates", "own", expect=2)
    watch("apply", "spec.yaml", "--yes", "--json", "--templates", "own", expect=2)


@on_one_of_each
@pytest.mark.parametrize("text", [
    "CREATE ROLE {{ place | password(name) | upper }}",
    "CREATE ROLE {{ place.read().reveal() }}",
    "CREATE ROLE {{ place.read().reveal() | keywords }}",
    "CREATE ROLE {{ place.read() | literal }}",
    "CREATE ROLE {{ (place | password(name)) + 1 }}",
])  # fmt: skip
def test_when_a_template_prints_the_password_itself(watch: Watch, text: str) -> None:
    own_block(watch.folder / "own", watch.server.engine, "user", "create", text)
    for command in (
        ("plan", "spec.yaml"),
        ("apply", "spec.yaml", "--yes", "--json"),
        ("render", "spec.yaml"),
    ):
        ended = watch(*command, "--templates", "own")
        assert ended.returncode in (1, 2), ended


@on_one_of_each
def test_when_it_is_no_password(watch: Watch) -> None:
    for password in (f"{MARK}\nof two lines", f"SCRAM-SHA-256${MARK}", ""):
        ended = watch("apply", "spec.yaml", "--yes", "--json", APP_PASSWORD=password, expect=2)
        assert "cannot be used" in ended.stdout
    (watch.folder / "kept").write_text(f"{MARK}\nand another line\n")
    (watch.folder / "kept").chmod(0o600)
    watch.allowed.add(watch.folder / "kept")
    watch.spec(password={"file": "kept"})
    watch("apply", "spec.yaml", "--yes", expect=2)
    watch.spec(password=f"{MARK}-in-the-spec")
    watch.allowed.add(watch.folder / "spec.yaml")
    (watch.folder / "spec.yaml").chmod(0o600)
    watch("plan", "spec.yaml", "--json", expect=2)


@on_one_of_each
@pytest.mark.parametrize("then", ["1 / 0", "pass"])
def test_in_python_with_everything_printed(watch: Watch, then: str) -> None:
    """Warnings on, logging at DEBUG, every object printed, and a traceback that nobody catches."""
    path = watch.folder / "debugged.py"
    path.write_text(DEBUGGED.replace("{then}", then))
    ended = watch(str(path), program=(sys.executable, "-X", "dev"))
    assert ("Traceback" in ended.stderr) == (then == "1 / 0"), ended.stderr
    assert "***" in ended.stdout


@pytest.mark.mysql("mysql")
def test_when_the_server_takes_no_such_password(watch: Watch) -> None:
    """Longer than MySQL takes any: it says so in words that may hold the statement; its number is enough."""
    watch("apply", "spec.yaml", "--yes", "--json", APP_PASSWORD=MARK * 60, expect=2)
