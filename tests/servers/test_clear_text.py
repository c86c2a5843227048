"""MySQL hashes on its side, so a new password is sent to it: only where nobody can listen, or where the spec says so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dbprov import DbprovError
from tests.harness import TestServer, execute
from tests.support.specs import one
from tests.support.walk import Walk


@pytest.mark.mysql("mysql")
def test_a_password_is_not_sent_in_the_clear(walk: Walk, prefix: str) -> None:
    # Over loopback; from then on the server is content with a hash of the admin's.
    assert not walk.plan(walk.spec(one(prefix))).complete
    # 0.0.0.0 reaches this machine, and is no address that is known to be loopback.
    walk.url = walk.url.replace("127.0.0.1", "0.0.0.0")
    spec = walk.spec(one(prefix), tls={"mode": "disable"})
    applied = walk.apply(spec)
    assert "allow_cleartext: true" in str(applied.error)
    assert not applied.done
    assert walk.plan(spec).steps[0].verb == "create"

    walk.apply(walk.spec(one(prefix), tls={"mode": "disable", "allow_cleartext": True}))
    assert walk.plan(spec).complete


@pytest.mark.mysql("mysql")
def test_a_password_that_mysql_would_not_take_is_refused_by_name(walk: Walk, prefix: str) -> None:
    """The server would answer 1396, as if the user existed."""
    walk.monkeypatch.setenv("APP_PASSWORD", "x" * 257)
    with pytest.raises(DbprovError, match="at most 256 bytes"):
        walk.apply(walk.spec(one(prefix, password={"env": "APP_PASSWORD"})))


@pytest.fixture
def rules(server: TestServer) -> Iterator[None]:
    """The strictest rules for passwords that the server itself brings."""
    component = "'file://component_validate_password'"
    execute(server, "superuser", f"INSTALL COMPONENT {component}")
    execute(server, "superuser", "SET GLOBAL validate_password.policy = STRONG")
    yield
    execute(server, "superuser", f"UNINSTALL COMPONENT {component}")


@pytest.mark.mysql("mysql")
@pytest.mark.usefixtures("rules")
def test_generated_passwords_keep_the_rules_of_the_server(walk: Walk, prefix: str) -> None:
    """29 of 100 had neither - nor _ once, and were refused with 1819."""
    users = [{"name": f"{prefix}{number}", "access": "read"} for number in range(20)]
    walk.provision(walk.spec(one(prefix, users=users)))
