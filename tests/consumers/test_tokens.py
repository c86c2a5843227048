"""Airflow itself fetches a token for each new connection: a stub gives what is the password at that moment."""

from __future__ import annotations

import subprocess
from pathlib import Path

import psycopg
import pytest
import yaml
from psycopg import sql

from tests.harness import TestServer
from tests.harness import airflow as released
from tests.support.command import clean_environment
from tests.support.deployed import FOREIGN, Made

STUB = """
from pathlib import Path

class client:
    def __init__(self, name, region_name):
        assert (name, region_name) == ("rds", None)

    def generate_db_auth_token(self, *, DBHostname, Port, DBUsername):
        with Path("asked").open("a") as asked:
            asked.write(f"{DBHostname} {Port} {DBUsername}\\n")
        return Path("token").read_text()
"""
CONNECT = """
import asyncio, sys
from airflow import settings
from celery.backends.database.session import SessionManager
from airflow.configuration import conf
from sqlalchemy import text

WHO = text("SELECT CURRENT_USER")

async def ask():
    async with settings.AsyncSession() as session:
        print("async", await session.scalar(WHO))
    await settings.async_engine.dispose()

for line in sys.stdin:
    with settings.engine.connect() as opened:
        print("sync", opened.scalar(WHO))
    settings.engine.dispose()
    asyncio.run(ask())
    engine, _ = SessionManager().create_session(conf.get("celery", "result_backend")[3:])
    with engine.connect() as opened:
        print("celery", opened.scalar(WHO))
    engine.dispose()
    print("done", flush=True)
"""


@pytest.mark.postgresql(">= 18")
def test_airflow_connects_again_after_the_token_changed(
    server: TestServer, prefix: str, airflow: released.Airflow, tmp_path: Path
) -> None:
    user = f"{prefix}app"
    with psycopg.connect(server.url("superuser"), password=server.password("superuser"), autocommit=True) as admin:  # fmt: skip
        admin.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(user)))
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(f"{prefix}db")))

        def changed(token: str) -> None:
            (tmp_path / "token").write_text(token)
            statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
            admin.execute(statement.format(sql.Identifier(user), sql.Literal(token)))

        users = [{"name": user, "auth": "iam"}]
        one = {"name": "analytics", "database": f"{prefix}db", "users": users}
        spec = {"server": server.url("admin"), "deployments": [one]}
        (tmp_path / "spec.yaml").write_text(yaml.safe_dump(spec))
        made = Made(server, tmp_path, f"{prefix}db", {})
        made.connection_file("airflow-local-settings").rename(
            tmp_path / "airflow_local_settings.py"
        )
        (tmp_path / "boto3.py").write_text(STUB)
        usual = {k: v for k, v in clean_environment(tmp_path).items() if not k.startswith(FOREIGN)}
        home = {"AIRFLOW_HOME": str(tmp_path / "airflow"), "PYTHONPATH": str(tmp_path)}
        with subprocess.Popen(
            ["sh", "-c", 'set -a; . "$0"; exec "$@"', made.connection_file("env"), airflow.python, "-c", CONNECT],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            cwd=tmp_path, env={**usual, **home, "HOME": str(tmp_path)},
        ) as running:  # fmt: skip
            assert running.stdin
            assert running.stdout
            for token in ("first ~&token", "second ?token"):
                changed(token)
                running.stdin.write("again\n")
                running.stdin.flush()
                said = []
                for line in running.stdout:
                    if line == "done\n":
                        break
                    said.append(line.strip())
                assert said[-3:] == [f"{how} {user}" for how in ("sync", "async", "celery")], (
                    running.stderr and running.poll() is not None and running.stderr.read()
                )
            running.stdin.close()
        asked = (tmp_path / "asked").read_text().splitlines()
        assert set(asked) == {f"{server.host} {server.port} {user}"}
        assert len(asked) >= 6, "one for each connection"
