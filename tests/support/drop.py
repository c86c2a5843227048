"""Quarantines and drops, and what is left after them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
import pymysql
from msgspec.structs import replace

import dbprov
from dbprov.commands.drop import drop as drop_deployment
from dbprov.commands.drop import plan_drop
from dbprov.commands.run import Run
from dbprov.engines.engine import Session
from dbprov.plan.drop_survey import DropOptions
from dbprov.spec.model import Spec, Timeouts
from tests.harness import execute
from tests.harness.accounts import MYSQL_ADMIN
from tests.support.walk import Walk

QUARANTINE = DropOptions(quarantine=True)


ODD = "we\"i`rd_%d'b"


LOGIN = (psycopg.OperationalError, pymysql.err.OperationalError)


def quarantine(walk: Walk, spec: Spec, number: int = 0) -> Run:
    return drop(walk, spec, QUARANTINE, number)


def drop(walk: Walk, spec: Spec, options: DropOptions, number: int = 0) -> Run:
    deployment = spec.deployments[number]
    with dbprov.servers(spec) as servers:
        return drop_deployment(spec, deployment, servers[deployment], options)


def planned(walk: Walk, spec: Spec, options: DropOptions, number: int = 0) -> Any:
    deployment = spec.deployments[number]
    with dbprov.servers(spec) as servers:
        return plan_drop(spec, deployment, servers[deployment], options)


@contextmanager
def logged_in(walk: Walk, spec: Spec, *names: str, number: int = 0) -> Iterator[list[Any]]:
    """Sessions of users, as the application has them."""
    deployment = spec.deployments[number]
    opened: list[Any] = []
    try:
        with dbprov.servers(spec) as servers:
            engine = servers[deployment].engine
            connections_of = dbprov.connections(spec)[number]
            for account in deployment.accounts:
                if account.name in names:
                    made = replace(
                        connections_of.metadata,
                        account=account,
                        password=account.place.read(),
                        login=account.login,
                    )
                    opened.append(
                        engine.connection.connect_as(made.login_url(), deployment, Timeouts())
                    )
        yield opened
    finally:
        for connection in opened:
            with suppress(pymysql.Error):  # it may have been ended
                connection.close()


def alive(session: Session) -> bool:
    try:
        session.ask(["SELECT 1"])
    except (psycopg.Error, pymysql.Error):
        return False
    return True


def lets_in(walk: Walk, spec: Spec, name: str) -> bool:
    try:
        walk.as_user(spec, name)
    except LOGIN:
        return False
    return True


def with_all_it_takes(walk: Walk, prefix: str) -> None:
    """The restricted admin of MySQL may end nobody's session: one that may, as of a service that hands it out."""
    if walk.server.engine == "postgresql" or walk.url == walk.server.url("superuser"):
        return
    right = "CONNECTION ADMIN" if walk.server.flavor == "mariadb" else "CONNECTION_ADMIN"
    user = f"'{prefix}dba'@'%'"
    execute(walk.server, "superuser", f"CREATE USER {user} IDENTIFIED BY 'dba-of-this-test'")
    execute(
        walk.server, "superuser", f"GRANT {MYSQL_ADMIN}, {right} ON *.* TO {user} WITH GRANT OPTION"
    )
    walk.url = walk.url.replace(f"{walk.server.user('admin')}@", f"{prefix}dba@")
    walk.password = "dba-of-this-test"


def memberships(walk: Walk, prefix: str) -> list[Any]:
    """Which the admin granted to itself, and did not give back."""
    if walk.server.engine == "mysql":
        return []
    return execute(
        walk.server, "superuser",
        "SELECT r.rolname FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid"
        f" WHERE m.member = m.grantor AND strpos(r.rolname, '{prefix}') > 0",
    )  # fmt: skip


def left(walk: Walk, prefix: str) -> list[str]:
    """Databases, users and rows of grants with the prefix in their names."""
    if walk.server.engine == "postgresql":
        queries = [
            f"SELECT 'database ' || datname FROM pg_database WHERE strpos(datname, '{prefix}') > 0",
            f"SELECT 'role ' || rolname FROM pg_roles WHERE strpos(rolname, '{prefix}') > 0",
        ]
    else:
        queries = [
            f"SELECT CONCAT('database ', schema_name) FROM information_schema.schemata WHERE LOCATE('{prefix}', schema_name)",
            f"SELECT CONCAT('role ', user) FROM mysql.user WHERE LOCATE('{prefix}', user) AND user NOT LIKE '%dba'",
            f"SELECT CONCAT('row ', db, ' of ', user) FROM mysql.db WHERE LOCATE('{prefix}', REPLACE(db, '\\\\', ''))",
        ]
    return sorted(row[0] for query in queries for row in execute(walk.server, "superuser", query))
