"""Connections of the harness itself, and the restricted admin that every server gets."""

import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
import pymysql
from psycopg import sql

from tests.harness.model import Reached, ServerUnavailable, WrongSetting

ERRORS = (psycopg.Error, pymysql.Error, OSError)

# What a managed MySQL gives its master user: no SUPER, no SYSTEM_USER, no FILE.
MYSQL_ADMIN = (
    "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, PROCESS, REFERENCES, INDEX, ALTER,"
    " SHOW DATABASES, CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, REPLICATION SLAVE,"
    " REPLICATION CLIENT, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, CREATE USER,"
    " EVENT, TRIGGER"
)


def parse(flavor: str, name: str, url: str) -> tuple[str, int, tuple[str, str]]:
    """Host, port, and superuser with password. `name` is the variable the URL stands in."""
    try:
        parts = urlsplit(url)
        port = parts.port or (5432 if flavor == "postgresql" else 3306)
    except ValueError as error:
        raise WrongSetting(f"{name} is not a URL: {error}") from None
    schemes = ("postgresql", "postgres") if flavor == "postgresql" else ("mysql", "mariadb")
    if parts.scheme not in schemes or not parts.hostname or not parts.username:
        raise WrongSetting(
            f"{name} is not like {schemes[0]}://superuser:password@127.0.0.1:{port}/"
        )
    return parts.hostname, port, (unquote(parts.username), unquote(parts.password or ""))


def postgresql(
    host: str, port: int, user: tuple[str, str], database: str = "postgres"
) -> psycopg.Connection[tuple[Any, ...]]:
    return psycopg.connect(
        host=host,
        port=port,
        user=user[0],
        password=user[1],
        dbname=database,
        connect_timeout=10,
        autocommit=True,
    )


def mysql(
    host: str, port: int, user: tuple[str, str], database: str | None = None
) -> "pymysql.Connection[pymysql.cursors.Cursor]":
    return pymysql.connect(
        host=host,
        port=port,
        user=user[0],
        password=user[1],
        database=database,
        charset="utf8mb4",
        connect_timeout=10,
        autocommit=True,
    )


def release(flavor: str, server: Reached) -> str:
    """The server's own version: 16.14, 9.7.4, 10.11.18."""
    if flavor == "postgresql":
        with postgresql(server.host, server.port, server.superuser) as connection:
            text = connection.execute("SHOW server_version").fetchall()[0][0]
    else:
        with mysql(server.host, server.port, server.superuser) as connection:
            cursor = connection.cursor()
            cursor.execute("SELECT VERSION()")
            text = str(cursor.fetchall()[0][0])
            if ("mariadb" in text.lower()) != (flavor == "mariadb"):
                raise WrongSetting(f"{server.source} is {text}, which is not {flavor}")
    match = re.match(r"\d+(\.\d+)*", text)
    return match[0] if match else str(text)


def wait(flavor: str, server: Reached, alive: Callable[[], bool], seconds: float = 90) -> None:
    """Until the superuser can log in, or the server has ended, or the time is over."""
    end = time.monotonic() + seconds
    while True:
        try:
            release(flavor, server)
            return
        except ERRORS as error:
            if not alive():
                raise ServerUnavailable("the server ended while starting") from error
            if time.monotonic() > end:
                raise ServerUnavailable(f"no answer in {seconds} s: {error}") from error
        time.sleep(0.1)


def make_admin(flavor: str, server: Reached, admin: tuple[str, str]) -> None:
    if flavor == "postgresql":
        _make_postgresql_admin(server, admin)
    else:
        _make_mysql_admin(server, admin)


def _make_postgresql_admin(server: Reached, admin: tuple[str, str]) -> None:
    name, password = sql.Identifier(admin[0]), sql.Literal(admin[1])
    with postgresql(server.host, server.port, server.superuser) as connection:
        query = "SELECT FROM pg_roles WHERE rolname = %s"
        verb = "ALTER" if connection.execute(query, [admin[0]]).fetchall() else "CREATE"
        connection.execute(
            sql.SQL("{} ROLE {} LOGIN NOSUPERUSER CREATEDB CREATEROLE PASSWORD {}").format(
                sql.SQL(verb), name, password
            )
        )


def _make_mysql_admin(server: Reached, admin: tuple[str, str]) -> None:
    with (
        mysql(server.host, server.port, server.superuser) as connection,
        connection.cursor() as cursor,
    ):
        user = f"'{admin[0]}'@'%'"
        cursor.execute(f"CREATE USER IF NOT EXISTS {user}")
        cursor.execute(f"ALTER USER {user} IDENTIFIED BY '{admin[1]}'")
        cursor.execute(f"GRANT {MYSQL_ADMIN} ON *.* TO {user} WITH GRANT OPTION")
