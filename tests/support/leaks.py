"""Searching everything that dbprov leaves for passwords."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import yaml

from tests.harness import TestServer, execute
from tests.harness.accounts import MYSQL_ADMIN
from tests.support.command import Ended, dbprov
from tests.support.specs import one

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


BROKEN = {
    # A server's own words for an error hold what stands near it, as it was sent.
    "a syntax error": "CREATE {user} {name} NOWHERE {password} NOR THERE",
    "beyond the password": "CREATE {user} {name} {identified} {password} AND SOMETHING ELSE",
    "no statement at all": "{password}",
    "a comment": "CREATE {user} {name} {identified} /* {password} */ NOTHING",
}


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
    planned = dbprov.plan(deployment, servers[deployment])
    print(planned, servers, vars(servers[deployment]))
    print(dbprov.connections(spec))
    print(dbprov.apply(deployment, servers[deployment], planned, report=burst))
"""
