"""PostgreSQL's driver for Java, libpq and SQLAlchemy read the same password out of what each is handed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import psycopg
import pytest
import sqlalchemy

from tests.harness import ServerUnavailable, debian
from tests.harness.report import skip_or_fail
from tests.support.deployed import HOSTILE, Make

LOGIN = Path(__file__).parent / "Login.java"


@pytest.fixture
def driver() -> Path:
    try:
        if not shutil.which("java"):
            raise ServerUnavailable("there is no java")
        found = debian.bring("pgjdbc", "bookworm", "libpostgresql-jdbc-java")
    except ServerUnavailable as error:
        skip_or_fail(f"NO JDBC: {error}")
    return found / "root/usr/share/java/postgresql.jar"


@pytest.mark.postgresql(">= 18")
@pytest.mark.parametrize("password", [HOSTILE, "ü日 %C3%BC"])
def test_java_libpq_and_sqlalchemy_agree(
    make: Make, prefix: str, driver: Path, password: str
) -> None:
    made = make(password)
    ended = subprocess.run(
        ["java", "-cp", driver, LOGIN], input=made.connection_file("jdbc").read_text(),
        capture_output=True, encoding="utf-8", timeout=120, check=False,
    )  # fmt: skip
    assert ended.stdout.split() == [f"{prefix}app"], ended.stderr
    with psycopg.connect(
        host=made.server.host, port=made.server.port, user=f"{prefix}app", dbname=made.database,
        passfile=str(made.connection_file("pgpass")),
    ) as connection:  # fmt: skip
        assert connection.execute("SELECT current_user").fetchone() == (f"{prefix}app",)
    engine = sqlalchemy.create_engine(made.connection_file("sqlalchemy").read_text().strip())
    with engine.connect() as opened:
        assert opened.scalar(sqlalchemy.text("SELECT CURRENT_USER")) == f"{prefix}app"
    engine.dispose()
