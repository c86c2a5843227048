"""The account that provisions, and what it prepares on a server."""

from __future__ import annotations

from typing import Any

from dbprov.commands.check import check_airflow
from dbprov.engines.facts import Check
from tests.harness import execute
from tests.support.walk import Walk


def superuser(walk: Walk) -> bool:
    return walk.url == walk.server.url("superuser")


def admin_name(walk: Walk) -> str:
    return walk.server.user("superuser" if superuser(walk) else "admin")


def as_admin(walk: Walk, statement: str, database: str | None = None) -> list[Any]:
    return execute(walk.server, "superuser" if superuser(walk) else "admin", statement, database)


def make_user(walk: Walk, name: str, password: str) -> None:
    if walk.server.engine == "postgresql":
        as_admin(walk, f"CREATE ROLE \"{name}\" LOGIN PASSWORD '{password}'")
    else:
        as_admin(walk, f"CREATE USER '{name}'@'%' IDENTIFIED BY '{password}'")


def ready(walk: Walk, spec: Any, *airflow: int) -> list[Check]:
    [checks] = walk.each(spec, lambda d, server: list(check_airflow(d, server, airflow or (3,))))
    return list(checks)
