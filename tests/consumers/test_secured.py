"""TLS as the spec says it, where a program has its own place for it: Airflow's async engine, and each PgBouncer."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import sqlalchemy
import yaml

from tests.harness import ServerUnavailable, clients, debian
from tests.harness import airflow as released
from tests.harness.pooler import pgbouncer_in_a_pod, pgbouncer_of
from tests.harness.report import CASES, record_form, skip_or_fail
from tests.harness.tls import TlsServer
from tests.support.charts import NAMESPACE, STAND_IN, mounted, rendered, secrets
from tests.support.deployed import HOSTILE, Made
from tests.support.tls import know, prefix

__all__ = ["prefix"]

LOGIN = Path(__file__).parent / "Login.java"

ENCRYPTED = {
    "postgresql": "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
    "mysql": "SHOW SESSION STATUS LIKE 'Ssl_cipher'",
}
ASK = """
import asyncio, sys
from airflow import settings
from sqlalchemy import text

async def ask():
    async with settings.AsyncSession() as session:
        print(settings.async_engine.driver, await session.scalar(text("SELECT CURRENT_USER")))
        print((await session.execute(text(sys.argv[1]))).one()[-1])
    await settings.async_engine.dispose()

asyncio.run(ask())
"""


@pytest.fixture
def cell(request: pytest.FixtureRequest) -> Callable[..., None]:
    def recorded(form: str, reader: str, case: str, outcome: str = "read") -> None:
        record_form(request.node.user_properties, form, reader, case, outcome)

    return recorded


@pytest.fixture
def deployed(secure: TlsServer, prefix: str, tmp_path: Path) -> Callable[..., Made]:
    """A Deployment on the server that speaks TLS. With no mode the spec says nothing of it."""

    def made(mode: str = "", password: str = "plain-Pw_1") -> Made:
        server = secure.server
        know(server)
        ca = {"ca": str(secure.certificates.ca)} if mode.startswith("verify") else {}
        tls = {"tls": {"mode": mode, **ca}} if mode else {}
        user = {"name": f"{prefix}app", "password": {"env": "APP_PASSWORD"}}
        one = {"name": "analytics", "database": f"{prefix}db", "users": [user]}
        text = yaml.safe_dump({"server": server.url("admin"), **tls, "deployments": [one]})
        (tmp_path / "spec.yaml").write_text(text)
        deployment = Made(server, tmp_path, f"{prefix}db", {"APP_PASSWORD": password})
        ended = deployment.cli("apply", "spec.yaml", "--yes")
        assert ended.returncode == 0, ended.stderr
        return deployment

    return made


def written(made: Made, *words: str) -> str:
    ended = made.cli("connections", "spec.yaml", "--release", "r", *words, "-o", "written")
    assert ended.returncode == 0, ended.stderr
    return (made.folder / "written").read_text()


# -- Airflow's async engine -------------------------------------------------------------------------------------------

DRIVERS = {
    "postgresql": {"": "asyncpg", "require": "asyncpg", "verify-ca": "psycopg", "verify-full": "psycopg"},
    "mysql": {"": "aiomysql", "require": "asyncmy", "verify-ca": "asyncmy", "verify-full": "asyncmy"},
}  # fmt: skip


@pytest.mark.postgresql
@pytest.mark.mysql("mysql")  # Airflow does not support MariaDB
@pytest.mark.parametrize("mode", ["", "require", "verify-ca", "verify-full"])
def test_the_async_engine_connects(
    mode: str, deployed: Callable[..., Made], secure: TlsServer, prefix: str, cell: Any
) -> None:
    engine = secure.server.engine
    try:
        airflow = released.bring(engine)
    except ServerUnavailable as error:
        skip_or_fail(f"NO AIRFLOW: {error}")
    made = deployed(mode, HOSTILE)
    ended = made.run(airflow, "-c", ASK, ENCRYPTED[engine])
    assert ended.returncode == 0, ended.stderr[-3000:]
    who, encrypted = ended.stdout.splitlines()[-2:]
    assert who.split()[0] == DRIVERS[engine][mode]
    assert who.split()[1].partition("@")[0] == f"{prefix}app"
    if mode:
        assert encrypted not in ("False", "")
    case = {"": "hostile", "verify-full": "TLS with CA"}.get(mode)
    if case:
        cell(f"env, {engine}", "Airflow, async engine", case)
    if mode == "verify-full":
        secure.show("wrong CA")
        refused = made.run(airflow, "-c", ASK, ENCRYPTED[engine])
        assert refused.returncode != 0, "it really verifies"
        assert "certificate" in refused.stderr.lower()


# -- the chart's PgBouncer --------------------------------------------------------------------------------------------


def logs_in(url: str, port: int) -> tuple[Any, ...] | None:
    """By the string of a Secret, but to where this PgBouncer is."""
    parts = urlsplit(url.removeprefix("db+"))
    assert (parts.hostname or "").startswith("r-pgbouncer"), url
    login = parts.netloc.rpartition("@")[0]
    here = parts._replace(scheme="postgresql", netloc=f"{login}@127.0.0.1:{port}").geturl()
    query = f"SELECT current_user, ({ENCRYPTED['postgresql']})"
    with psycopg.connect(here) as connection:
        return connection.execute(query).fetchone()


@pytest.mark.postgresql
@pytest.mark.parametrize("by_secret", [False, True], ids=["values", "by secret"])
@pytest.mark.parametrize("case", CASES)
def test_pgbouncer_of_the_chart(
    case: str, by_secret: bool, deployed: Callable[..., Made], secure: TlsServer, prefix: str, cell: Any
) -> None:  # fmt: skip
    """Airflow's leg is without TLS, the server's as the spec says."""
    form = "chart --by-secret --pgbouncer" if by_secret else "chart --pgbouncer"
    made = deployed("verify-full" if case == "TLS with CA" else "require", HOSTILE if case == "hostile" else "plain-Pw_1")  # fmt: skip
    more = ("--by-secret",) if by_secret else ()
    ended = made.cli("connections", "spec.yaml", "--format", "chart", "--pgbouncer", "-o", "chart.yaml", *more)  # fmt: skip
    if case == "hostile" and not by_secret:
        assert ended.returncode == 2
        assert "escapes that PgBouncer does not read" in ended.stderr
        cell(form, "Helm, PgBouncer", case, "refused")
        return
    values = written(made, "--format", "chart", "--pgbouncer", *more)
    held = rendered(STAND_IN, values, made.folder)
    names = mounted(STAND_IN, values, made.folder)
    if by_secret:
        assert "plain-Pw_1" not in values
        held |= secrets(written(made, "--format", "k8s", "--pgbouncer", "--namespace", NAMESPACE))
        assert names["stats"] in held
    files = {**held[names["pgbouncer"]], **held.get("r-pgbouncer-certificates", {})}
    with pgbouncer_in_a_pod(files) as port:
        for which in ("metadata", "result"):
            assert logs_in(held[names[which]]["connection"], port) == (f"{prefix}app", True)
        if by_secret:
            stats = urlsplit(held[names["stats"]]["connection"])
            netloc = stats.netloc.replace(":6543", f":{port}")
            with psycopg.connect(stats._replace(netloc=netloc).geturl(), autocommit=True) as found:
                assert found.execute("SHOW VERSION", prepare=False).fetchone()
    if case == "TLS with CA":
        secure.show("wrong CA")
        with pgbouncer_in_a_pod(files) as port, pytest.raises(psycopg.OperationalError):
            logs_in(held[names["metadata"]]["connection"], port)
    cell(form, "Helm, PgBouncer", case)


@pytest.mark.postgresql
@pytest.mark.parametrize("case", CASES)
def test_a_pgbouncer_of_ones_own(
    case: str, deployed: Callable[..., Made], secure: TlsServer, prefix: str, cell: Any
) -> None:
    password = HOSTILE if case == "hostile" else "plain-Pw_1"
    made = deployed("verify-full" if case == "TLS with CA" else "", password)
    single = made.cli("connections", "spec.yaml", "--format", "pgbouncer", "-o", "own.ini")
    assert (single.returncode, (made.folder / "own.ini").exists()) == (2, False)
    assert "-o FOLDER/" in single.stderr
    ended = made.cli("connections", "spec.yaml", "--format", "pgbouncer", "-o", "own/")
    assert ended.returncode == 0, ended.stderr
    ini, users = ((made.folder / f"own/analytics.{s}").read_text() for s in ("ini", "userlist.txt"))
    tls = made.folder / "own/analytics.tls.ini"
    assert tls.exists() == (case == "TLS with CA")
    # Where PgBouncer runs the file has another path, and another user must be able to read it.
    there = (tls.read_text() if tls.exists() else "").replace(str(secure.certificates.ca), "ca.pem")
    more = {"ca.pem": secure.certificates.ca.read_text(), "tls.ini": there}
    with pgbouncer_of("transaction", ini, users, more) as port:
        encrypted = (entered(port, password, made, prefix) or ())[1:]
    assert encrypted == (True,) or case != "TLS with CA"
    if case == "TLS with CA":
        assert f"{secure.certificates.ca} as on this machine" in ended.stderr
        secure.show("wrong CA")
        with (
            pgbouncer_of("transaction", ini, users, more) as port,
            pytest.raises(psycopg.OperationalError),
        ):
            entered(port, password, made, prefix)
    cell("pgbouncer", "PgBouncer", case)


def entered(port: int, password: str, made: Made, prefix: str) -> tuple[Any, ...] | None:
    query = f"SELECT current_user, ({ENCRYPTED['postgresql']})"
    with psycopg.connect(
        host="127.0.0.1", port=port, user=f"{prefix}app", password=password, dbname=made.database
    ) as connection:
        return connection.execute(query).fetchone()


# -- the engines' own clients, and drivers ----------------------------------------------------------------------------

SQL = {"postgresql": "SELECT current_user", "mysql": "SELECT CURRENT_USER()"}


def client(flavor: str, *words: str) -> list[str]:
    """The program alone: what it is to do stands in the file."""
    found = clients.program(flavor)
    if not found:
        skip_or_fail(f"NO CLIENT of {flavor}")
    return [found[0], *words]


def by_libpq(made: Made, form: str, case: str) -> str:
    path = made.connection_file(form)
    env = {"PGSERVICEFILE": str(path)}
    where = "service=analytics"
    if form == "pgpass":  # the file has the password, and nothing else
        env = {"PGPASSFILE": str(path)}
        where = f"host={made.server.host} port={made.server.port} user={made.database[:-2]}app dbname={made.database}"  # fmt: skip
    # The psql of the wheel has no TLS; psycopg brings a libpq that has.
    script = "import psycopg, sys; print(psycopg.connect(sys.argv[1]).execute(sys.argv[2]).fetchone()[0])"
    words = [sys.executable, "-W", "ignore", "-c", script, where, SQL["postgresql"]]
    return said(words, made, env)


def by_mysql(made: Made, form: str, case: str) -> str:
    return by_option_file("mysql", made)


def by_mariadb(made: Made, form: str, case: str) -> str:
    return by_option_file("mariadb", made)


def by_option_file(flavor: str, made: Made) -> str:
    path = made.connection_file("mycnf")
    words = client(flavor, f"--defaults-extra-file={path}", "-N", "-e", SQL["mysql"])
    return said(words, made, {}).partition("@")[0]


def by_sqlalchemy(made: Made, form: str, case: str) -> str:
    engine = sqlalchemy.create_engine(made.connection_file("sqlalchemy").read_text().strip())
    try:
        with engine.connect() as opened:
            return str(opened.scalar(sqlalchemy.text("SELECT CURRENT_USER")))
    finally:
        engine.dispose()


def by_java(made: Made, form: str, case: str) -> str:
    if not shutil.which("java"):
        skip_or_fail("NO JDBC: there is no java")
    driver = debian.bring("pgjdbc", "bookworm", "libpostgresql-jdbc-java")
    jar = str(driver / "root/usr/share/java/postgresql.jar")
    urls = made.connection_file("jdbc").read_text()
    return said(["java", "-cp", jar, str(LOGIN)], made, {}, urls)


def said(words: list[str], made: Made, env: dict[str, str], given: str = "") -> str:
    usual = {"PATH": os.environ["PATH"], "HOME": str(made.folder), **env}
    ended = subprocess.run(
        words, env=usual, cwd=made.folder, capture_output=True, text=True, timeout=120, check=False, input=given,
    )  # fmt: skip
    if ended.returncode:
        raise Refused(ended.stderr)
    return ended.stdout.strip()


class Refused(Exception):
    """The client did not get in."""


ON_POSTGRESQL, ON_MYSQL = pytest.mark.postgresql, pytest.mark.mysql("mysql")
READERS = [
    pytest.param("service", "libpq", by_libpq, marks=ON_POSTGRESQL),
    pytest.param("pgpass", "libpq", by_libpq, marks=ON_POSTGRESQL),
    pytest.param("sqlalchemy", "psycopg2", by_sqlalchemy, marks=ON_POSTGRESQL),
    pytest.param("jdbc", "pgjdbc", by_java, marks=ON_POSTGRESQL),
    pytest.param("mycnf", "mysql", by_mysql, marks=ON_MYSQL),
    pytest.param("mycnf", "mariadb", by_mariadb, marks=pytest.mark.mysql("mariadb")),
]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("form", "reader", "read"), READERS)
def test_a_client_gets_in(
    form: str, reader: str, read: Callable[[Made, str, str], str], case: str,
    deployed: Callable[..., Made], secure: TlsServer, prefix: str, cell: Any,
) -> None:  # fmt: skip
    """And with a server that another CA signed it does not, where the form holds TLS."""
    made = deployed("verify-full" if case == "TLS with CA" else "", HOSTILE if case == "hostile" else "plain-Pw_1")  # fmt: skip
    assert read(made, form, case) == f"{prefix}app"
    if case == "TLS with CA":
        if form == "pgpass":
            cell(form, reader, case, "told")
            return
        secure.show("wrong CA")
        with pytest.raises((Refused, sqlalchemy.exc.OperationalError)):
            read(made, form, case)
    cell(form, reader, case)
