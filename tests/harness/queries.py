"""SQL of the tests, run by a driver or by a client program."""

import contextlib
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pymysql
from psycopg import sql

from tests.harness import accounts
from tests.harness.model import ServerUnavailable, TestServer, Who

Row = tuple[Any, ...]


def execute(server: TestServer, who: Who, statement: str, database: str | None = None) -> list[Row]:
    """One statement in a connection of its own; its rows."""
    user = (server.user(who), server.password(who))
    if server.engine == "postgresql":
        place = database or "postgres"
        with accounts.postgresql(server.host, server.port, user, place) as connection:
            answer = connection.execute(statement.encode())
            return answer.fetchall() if answer.description else []
    with (
        accounts.mysql(server.host, server.port, user, database) as connection_,
        connection_.cursor() as cursor,
    ):
        cursor.execute(statement)
        return list(cursor.fetchall())


def client(
    server: TestServer,
    who: Who,
    script: Path | str,
    database: str | None = None,
    variables: Mapping[str, str] | None = None,
) -> "subprocess.CompletedProcess[str]":
    """Run a script (a file, or its text) with psql or mysql, as a person would."""
    if not server.client:
        raise ServerUnavailable(f"no client program for {server.flavor} could be had")
    text = script.read_text(encoding="utf-8") if isinstance(script, Path) else script
    make = _psql if server.engine == "postgresql" else _mysql
    secret = "PGPASSWORD" if server.engine == "postgresql" else "MYSQL_PWD"
    usual = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "MYSQL", "MARIADB"))}
    return subprocess.run(
        make(server, who, database, variables or {}),
        input=text,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        env={**usual, secret: server.password(who)},
        check=False,
    )


def _psql(
    server: TestServer, who: Who, database: str | None, variables: Mapping[str, str]
) -> list[str]:
    words = [*server.client, "-X", "-h", server.host, "-p", str(server.port)]
    words += ["-U", server.user(who), "-d", database or "postgres"]
    return words + [word for name in variables for word in ("-v", f"{name}={variables[name]}")]


def _mysql(
    server: TestServer, who: Who, database: str | None, variables: Mapping[str, str]
) -> list[str]:
    if variables:
        raise ValueError("the mysql client has no variables to set from outside")
    words = [*server.client, "--protocol=TCP", "--default-character-set=utf8mb4"]
    words += ["-h", server.host, "-P", str(server.port), "-u", server.user(who)]
    return words + ([f"--database={database}"] if database else [])


def remove(server: TestServer, part: str) -> None:
    """Drop the databases and the roles or users whose name contains `part`; nothing else."""
    if server.engine == "postgresql":
        _remove_postgresql(server, part)
    else:
        _remove_mysql(server, part)


def _remove_postgresql(server: TestServer, part: str) -> None:
    user = server.superuser
    with accounts.postgresql(server.host, server.port, user) as connection:

        def names(query: str) -> list[str]:
            return [row[0] for row in connection.execute(query.encode(), [part]).fetchall()]

        roles = names("SELECT rolname FROM pg_roles WHERE strpos(rolname, %s) > 0 ORDER BY 1")
        terminate = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = ANY(%s)"
        connection.execute(terminate, [roles])
        for name in names("SELECT datname FROM pg_database WHERE strpos(datname, %s) > 0"):
            database = sql.Identifier(name)
            connection.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE false").format(database))
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(database))
        if not roles:
            return
        everybody = sql.SQL(", ").join(map(sql.Identifier, roles))
        # What they own or were granted in databases that stay, and on databases themselves.
        where = """
            SELECT DISTINCT coalesce(datname, 'postgres')
            FROM pg_shdepend LEFT JOIN pg_database ON pg_database.oid = dbid
            WHERE refclassid = 'pg_authid'::regclass
              AND refobjid IN (SELECT oid FROM pg_roles WHERE strpos(rolname, %s) > 0)
        """
        for name in names(where):
            with accounts.postgresql(server.host, server.port, user, name) as inside:
                inside.execute(sql.SQL("DROP OWNED BY {} CASCADE").format(everybody))
        connection.execute(sql.SQL("DROP ROLE {}").format(everybody))


def _remove_mysql(server: TestServer, part: str) -> None:
    with (
        accounts.mysql(server.host, server.port, server.superuser) as connection,
        connection.cursor() as cursor,
    ):

        def rows(query: str) -> tuple[Row, ...]:
            cursor.execute(query, [part] * query.count("%s"))
            return tuple(cursor.fetchall())

        sessions = "SELECT id FROM information_schema.processlist WHERE "
        for (session,) in rows(f"{sessions} LOCATE(%s, user) OR LOCATE(%s, db)"):
            with contextlib.suppress(pymysql.OperationalError):  # it may have ended by now
                cursor.execute(f"KILL {session}")
        for (name,) in rows(
            "SELECT schema_name FROM information_schema.schemata WHERE LOCATE(%s, schema_name)"
        ):
            cursor.execute(f"DROP DATABASE {_backticks(name)}")
        is_role = "is_role = 'Y'" if server.flavor == "mariadb" else "0"
        users = f"SELECT user, host, {is_role} FROM mysql.user WHERE LOCATE(%s, user)"
        for name, host, role in rows(users):
            if role:
                cursor.execute(f"DROP ROLE {_backticks(name)}")
            else:
                cursor.execute(f"DROP USER {_backticks(name)}@{_backticks(host)}")


def _backticks(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
