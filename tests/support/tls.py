"""A walk to a server that speaks TLS, by a name that its certificate knows or does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import harness
from tests.harness import TestServer, execute
from tests.harness.tls import NAME, Certificates, TlsServer
from tests.support.walk import Walk

VERIFYING = ("verify-ca", "verify-full")


def tls_settings(mode: str, certificates: Certificates, **more: Any) -> dict[str, Any]:
    ca = {"ca": str(certificates.ca)} if mode in VERIFYING else {}
    return {"mode": mode, **ca, **more}


def named(server: TestServer, host: str = NAME, port: int = 0) -> str:
    database = "postgres" if server.engine == "postgresql" else ""
    port = port or server.port
    return f"{server.engine}://dba@{host}:{port}/{database}?hostaddr=127.0.0.1"


def know(server: TestServer) -> None:
    """From a login on MySQL has the admin's password cached, and is content with a hash where there is no TLS."""
    execute(server, "admin", "SELECT 1")


@pytest.fixture
def walk(secure: TlsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Walk:
    for name in ("PGPASSWORD", "MYSQL_PWD", "PGPASSFILE", "PGSERVICE"):
        monkeypatch.delenv(name, raising=False)
    server = secure.server
    know(server)
    return Walk(server, named(server), server.password("admin"), tmp_path, monkeypatch)


@pytest.fixture
def prefix(secure: TlsServer) -> Iterator[str]:
    yield "t_tls_"
    harness.remove(secure.server, "t_tls_")
