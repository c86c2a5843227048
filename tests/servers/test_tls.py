"""TLS means the same on both engines, right and wrong in each way; with a CA that is made on the spot."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbprov import DbprovError
from tests.harness.tls import Shown, TlsServer
from tests.servers.conftest import Walk
from tests.servers.test_apply import one


@pytest.fixture
def walk(secure: TlsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Walk:
    for name in ("PGPASSWORD", "MYSQL_PWD", "PGPASSFILE", "PGSERVICE"):
        monkeypatch.delenv(name, raising=False)
    server = secure.server
    return Walk(server, server.url("admin"), server.password("admin"), tmp_path, monkeypatch)


@pytest.mark.parametrize("shown", ["good", "expired", "wrong CA", "wrong name"])
def test_verify_full(secure: TlsServer, walk: Walk, shown: Shown) -> None:
    secure.show(shown)
    spec = walk.spec(one("tls_"), tls={"mode": "verify-full", "ca": str(secure.certificates.ca)})
    if shown == "good":
        assert walk.plan(spec).facts.tls
    else:
        with pytest.raises(DbprovError, match="certificate"):
            walk.plan(spec)
