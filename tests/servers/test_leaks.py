"""Passwords with a mark in them, and every kind of failure: the mark is in no output, no file but its own, no server's log."""

from __future__ import annotations

import json
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.harness import TestServer, execute
from tests.harness.accounts import MYSQL_ADMIN
from tests.servers.command import Ended, dbprov, on_one_of_each
from tests.servers.test_apply import one

MARK = "LEAK-MARK"
ADMIN = f"{MARK}-of-the-admin'\"\\$x"
USER = f"{MARK}-of-the-user'\"\\`%"


class Watch:
    """The CLI with marked passwords; each run is searched for the mark, and so are the folder and the server's log at the end."""

    def __init__(self, server: TestServer, folder: Path, prefix: str) -> None:
        self.server, self.folder, self.prefix = server, folder, prefix
        self.env = {"DBPROV_ADMIN_PASSWORD": ADMIN, "APP_PASSWORD": USER}
        self.allowed: set[Path] = set()
        self.dba = f"{prefix}dba"
        self._make_admin()
        self._read = server.log.stat().st_size if server.log else 0
        self.spec()

    def _make_admin(self) -> None:
        if self.server.engine == "postgresql":
            literal = ADMIN.replace("'", "''")
            create = f"CREATE ROLE \"{self.dba}\" LOGIN CREATEDB CREATEROLE PASSWORD '{literal}'"
            execute(self.server, "superuser", create)
        else:
            literal = ADMIN.replace("\\", "\\\\").replace("'", "''")
            execute(
                self.server, "superuser", f"CREATE USER '{self.dba}'@'%' IDENTIFIED BY '{literal}'"
            )
            execute(
                self.server,
                "superuser",
                f"GRANT {MYSQL_ADMIN} ON *.* TO '{self.dba}'@'%' WITH GRANT OPTION",
            )

    def spec(self, user: str = "app", **more: Any) -> None:
        host = f"{self.dba}@{self.server.host}:{self.server.port}"
        top = {"tls": more.pop("tls")} if "tls" in more else {}
        deployment = one(
            self.prefix,
            user=f"{self.prefix}{user}",
            **{"password": {"env": "APP_PASSWORD"}, **more},
        )
        text = {
            "server": f"{self.server.engine}://{host}/{'postgres' * (self.server.engine == 'postgresql')}",
            **top,
        }
        (self.folder / "spec.yaml").write_text(
            yaml.safe_dump({**text, "deployments": [deployment]})
        )

    def __call__(
        self,
        *arguments: str,
        expect: int | None = None,
        program: tuple[str, ...] | None = None,
        **env: str,
    ) -> Ended:
        given = {"program": program} if program else {}
        ended = dbprov(*arguments, folder=self.folder, env={**self.env, **env}, **given)
        assert MARK not in ended.stdout, (arguments, ended.stdout)
        assert MARK not in ended.stderr, (arguments, ended.stderr)
        if expect is not None:
            assert ended.returncode == expect, (arguments, ended.stdout, ended.stderr)
        return ended

    def log(self) -> str:
        """What the server has written since the admin was made."""
        if self.server.log is None:
            return ""
        with self.server.log.open("rb") as stream:
            stream.seek(self._read)
            return stream.read().decode(errors="replace")

    def close(self) -> None:
        for path in self.folder.rglob("*"):
            if path.is_file() and path not in self.allowed:
                assert MARK not in path.read_text(errors="replace"), path
        for path in self.allowed:
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
        lines = [line for line in self.log().splitlines() if MARK in line]
        assert not lines, lines


@pytest.fixture
def watch(server: TestServer, prefix: str, tmp_path: Path) -> Iterator[Watch]:
    watching = Watch(server, tmp_path, prefix)
    yield watching
    watching.close()


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


BROKEN = {
    # A server's own words for an error hold what stands near it, as it was sent.
    "a syntax error": "CREATE {user} {name} NOWHERE {password} NOR THERE",
    "beyond the password": "CREATE {user} {name} {identified} {password} AND SOMETHING ELSE",
    "no statement at all": "{password}",
    "a comment": "CREATE {user} {name} {identified} /* {password} */ NOTHING",
}


@on_one_of_each
@pytest.mark.parametrize("case", BROKEN)
def test_when_a_template_is_broken(watch: Watch, case: str) -> None:
    """The users' own templates may be wrong in any way; what the server says of them is not passed on."""
    folder = watch.folder / "own" / watch.server.engine / "user"
    folder.mkdir(parents=True)
    words = (
        {"user": "ROLE", "name": "{{ name | ident }}", "identified": "LOGIN PASSWORD"} if watch.server.engine == "postgresql"
        else {"user": "USER", "name": "{{ name | literal }}@{{ host | literal }}", "identified": "IDENTIFIED BY"}
    )  # fmt: skip
    (folder / "create.sql").write_text(
        BROKEN[case].format(**words, password="{{ place | password(name) }}")
    )
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
    folder = watch.folder / "own" / watch.server.engine / "user"
    folder.mkdir(parents=True)
    (folder / "create.sql").write_text(text)
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


DEBUGGED = """
import logging, sys, pathlib
logging.basicConfig(level=logging.DEBUG)
import dbprov
spec = dbprov.load(pathlib.Path("spec.yaml"))
def burst(done):
    [account] = done and spec.deployments[0].accounts
    kept, value = account.place.read(), repr(account)
    print(spec, kept, f"{kept!s:>20}", value, done, flush=True)
    {then}
with dbprov.servers(spec) as servers:
    deployment = spec.deployments[0]
    planned = dbprov.compare(deployment, servers[deployment])
    print(planned, servers, vars(servers[deployment]))
    print(dbprov.handouts(spec, passwords=True))
    print(dbprov.apply(deployment, servers[deployment], planned, report=burst))
"""


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
