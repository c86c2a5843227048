"""MySQL hashes on its side, so a new password is sent to it: only where nobody can listen, or where the spec says so."""

from __future__ import annotations

import pytest

from dbprov import DbprovError
from tests.servers.conftest import Walk
from tests.servers.test_apply import one


@pytest.mark.mysql
def test_a_password_is_not_sent_in_the_clear(walk: Walk, prefix: str) -> None:
    # 0.0.0.0 reaches this machine, and is no address that is known to be loopback.
    walk.url = walk.url.replace("127.0.0.1", "0.0.0.0")
    spec = walk.spec(one(prefix), tls={"mode": "disable"})
    with pytest.raises(DbprovError, match="allow_cleartext: true"):
        walk.apply(spec)
    assert walk.plan(spec).steps[0].verb == "create"

    walk.apply(walk.spec(one(prefix), tls={"mode": "disable", "allow_cleartext": True}))
    assert walk.plan(spec).complete
