"""What `connections --format` writes, taken by the consumer's own client, opens the connection that it describes."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import psycopg
import pytest
import sqlalchemy

from tests.support.command import clean_environment, dbprov
from tests.support.specs import one
from tests.support.walk import Walk

PASSWORD = "p'w\"#\\x: %41$HOME; ~"  # all ASCII: PyMySQL sends what SQLAlchemy gives it in latin1
PASSWORDS = ("APP_PASSWORD", "APP_READER_PASSWORD")  # a place for each user


@pytest.fixture
def folder(walk: Walk, prefix: str) -> Path:
    """A spec that is provisioned, with a password full of signs that mean something somewhere."""
    for name in PASSWORDS:
        walk.monkeypatch.setenv(name, PASSWORD)
    app, reader = ({"env": name} for name in PASSWORDS)
    users = [
        {"name": f"{prefix}app", "password": app},
        {"name": f"{prefix}reader", "access": "read", "password": reader},
    ]
    spec = one(prefix, **{"user": None, "users": users})
    spec = {key: value for key, value in spec.items() if value is not None}
    walk.provision(walk.spec(spec))
    import yaml

    text = yaml.safe_dump({"server": walk.url, "deployments": [spec]})
    (walk.folder / "spec.yaml").write_text(text)
    return walk.folder


def written(folder: Path, form: str) -> Path:
    """The file of mode 0600 that the command leaves."""
    ended = dbprov(
        "connections", "spec.yaml", "--format", form, "-o", f"{form}/",
        folder=folder, env=dict.fromkeys(PASSWORDS, PASSWORD),
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    (file,) = (folder / form).iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    return file


@pytest.mark.postgresql
def test_libpq_takes_its_password_file(folder: Path, walk: Walk, prefix: str) -> None:
    file = written(folder, "pgpass")
    for user in ("app", "reader"):
        with psycopg.connect(
            host=walk.server.host, port=walk.server.port, user=prefix + user,
            dbname=f"{prefix}db", passfile=str(file),
        ) as connection:  # fmt: skip
            assert connection.execute("SELECT current_user").fetchone() == (prefix + user,)


@pytest.mark.postgresql
def test_libpq_takes_its_service_file(folder: Path, walk: Walk, prefix: str) -> None:
    file = written(folder, "service")
    name = file.stem
    walk.monkeypatch.setenv("PGSERVICEFILE", str(file))
    for service, user in ((name, "app"), (f"{name}-{prefix}reader", "reader")):
        with psycopg.connect(f"service='{service}'") as connection:
            assert connection.execute("SELECT current_user").fetchone() == (prefix + user,)


@pytest.mark.mysql
def test_the_client_takes_its_option_file(folder: Path, walk: Walk, prefix: str) -> None:
    file = written(folder, "mycnf")
    for suffix, user in (("", "app"), (f"_{prefix}reader", "reader")):
        program, _, *options = walk.server.client  # the one left out is --no-defaults
        ended = subprocess.run(
            [program, f"--defaults-file={file}", *([f"--defaults-group-suffix={suffix}"] if suffix else []),
             *options, "--protocol=TCP", "-N", "-e", "SELECT CURRENT_USER(), DATABASE()"],
            env=clean_environment(folder), capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert ended.stdout.split() == [f"{prefix}{user}@%", f"{prefix}db"], ended.stderr


def test_sqlalchemy_opens_its_url(folder: Path, walk: Walk, prefix: str) -> None:
    """MySQL by PyMySQL, which needs nothing compiled; the rest of the URL is the same."""
    for line, user in zip(
        written(folder, "sqlalchemy").read_text().splitlines(), ("app", "reader"), strict=True
    ):
        url = line.replace("mysql+mysqldb:", "mysql+pymysql:")
        engine = sqlalchemy.create_engine(url)
        with engine.connect() as connection:
            found = connection.scalar(sqlalchemy.text("SELECT CURRENT_USER"))
        engine.dispose()
        assert str(found).split("@")[0] == prefix + user


def test_a_shell_takes_the_environment(folder: Path, prefix: str) -> None:
    file = written(folder, "env")
    ended = subprocess.run(
        ["sh", "-c", f'set -a; . "{file}"; exec env'],
        capture_output=True, text=True, timeout=60, check=True, env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    found = dict(line.partition("=")[::2] for line in ended.stdout.splitlines())
    url = found["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("mysql://", "mysql+pymysql://")
    engine = sqlalchemy.create_engine(url)
    with engine.connect() as connection:
        who = str(connection.scalar(sqlalchemy.text("SELECT CURRENT_USER")))
    engine.dispose()
    assert who.startswith(f"{prefix}app")
