"""Processes that apply a spec and are killed, blocked or cut off."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from dbprov.spec.model import Spec
from tests.harness import TestServer, execute
from tests.harness.accounts import mysql, postgresql
from tests.support.command import clean_environment
from tests.support.walk import Walk

REPOSITORY = str(Path(__file__).parents[2])


def write(walk: Walk, *deployments: dict[str, Any]) -> Path:
    path = walk.folder / "spec.yaml"
    path.write_text(yaml.safe_dump({"server": walk.url, "deployments": list(deployments)}))
    walk.monkeypatch.setenv("DBPROV_ADMIN_PASSWORD", walk.password)
    return path


def start(walk: Walk, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        words, cwd=walk.folder, env=clean_environment(walk.folder, DBPROV_ADMIN_PASSWORD=walk.password, PYTHONPATH=REPOSITORY),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
    )  # fmt: skip


def passwords(spec: Spec) -> dict[str, str]:
    kept = {account.name: account.place.read() for d in spec.deployments for account in d.accounts}
    return {name: password.reveal() for name, password in kept.items() if password}


def left_behind(server: TestServer, prefix: str) -> list[Any]:
    """Memberships that an admin granted to itself, and databases that everybody may connect to."""
    if server.engine == "mysql":
        return []
    return execute(
        server, "superuser",
        "SELECT r.rolname FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid"
        f" WHERE m.member = m.grantor AND r.rolname LIKE '%{prefix}%'"
        " UNION SELECT datname FROM pg_database"
        f" WHERE datname LIKE '%{prefix}%' AND has_database_privilege('public', oid, 'CONNECT')",
    )  # fmt: skip


@contextmanager
def blocked(server: TestServer, prefix: str, roles: bool = False) -> Iterator[None]:
    """While it lasts the statements of an apply wait: for a lock on default privileges or roles, or on all of the server."""
    if server.engine == "postgresql":
        with (
            postgresql(
                server.host, server.port, server.superuser, "postgres" if roles else f"{prefix}db"
            ) as session,
            session.transaction(),
        ):
            catalogue = "pg_authid" if roles else "pg_default_acl"
            session.execute(f"LOCK TABLE pg_catalog.{catalogue} IN SHARE MODE")
            yield
    else:
        session_ = mysql(server.host, server.port, server.superuser)
        try:
            session_.query("FLUSH TABLES WITH READ LOCK")
            yield
        finally:
            session_.query("UNLOCK TABLES")
            session_.close()


def end_sessions(server: TestServer, url: str) -> None:
    """All of the admin's, but for the one that ends them."""
    name = server.user("superuser" if url == server.url("superuser") else "admin")
    if server.engine == "postgresql":
        query = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{name}' AND pid <> pg_backend_pid()"
        execute(server, "superuser", query)
        return
    rows = f"SELECT id FROM information_schema.processlist WHERE user = '{name}' AND id <> CONNECTION_ID()"
    for (session,) in execute(server, "superuser", rows):
        execute(server, "superuser", f"KILL {session}")
