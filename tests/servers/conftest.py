"""Fixtures of the tests on real servers; what else they share is in tests/support."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.harness import TestServer, execute
from tests.support.faults import Forker, forker
from tests.support.leaks import Watch
from tests.support.run import Run
from tests.support.walk import Walk


@pytest.fixture
def walk(
    server: TestServer, admin: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Walk:
    for name in ("PGPASSWORD", "MYSQL_PWD", "PGPASSFILE", "PGSERVICE"):
        monkeypatch.delenv(name, raising=False)
    return Walk(server, *admin, tmp_path, monkeypatch)


@pytest.fixture(scope="session")
def runners() -> Iterator[list[Forker]]:
    """Two at a time: more of them only wait for each other's databases."""
    with ExitStack() as stack:
        yield [stack.enter_context(forker()) for _ in range(2)]


@pytest.fixture
def run(server: TestServer, prefix: str, tmp_path: Path) -> Run:
    return Run(server, tmp_path, prefix)


@pytest.fixture
def rds_iam(server: TestServer, admin: tuple[str, str]) -> Iterator[None]:
    """As on RDS: a role of the service's own, which the restricted admin may grant."""
    execute(server, "superuser", "CREATE ROLE rds_iam NOLOGIN")
    version = int(server.release.split(".")[0])
    if version >= 16:
        [(name,)] = execute(server, "admin", "SELECT current_user")
        option = "WITH ADMIN TRUE, INHERIT FALSE, SET FALSE"
        execute(server, "superuser", f'GRANT rds_iam TO "{name}" {option}')
    yield
    execute(server, "superuser", "DROP ROLE rds_iam")


@pytest.fixture
def watch(server: TestServer, prefix: str, tmp_path: Path) -> Iterator[Watch]:
    watching = Watch(server, tmp_path, prefix)
    yield watching
    watching.close()
