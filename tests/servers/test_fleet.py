"""A spec with many Deployments on one server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

import dbprov
from tests.harness import TestServer, execute
from tests.support.specs import one
from tests.support.walk import Walk

pytestmark = pytest.mark.sampled("newest")

MANY = 6
FEW = 3
"""Sessions that the admin may have at once: in its own database, in a Deployment's, and a second
one there that looks who blocks a statement."""


@contextmanager
def at_most(server: TestServer, sessions: int) -> Iterator[None]:
    def limit(number: int) -> str:
        if server.engine == "postgresql":
            return f'ALTER ROLE "{server.user("admin")}" CONNECTION LIMIT {number or -1}'
        return f"ALTER USER '{server.user('admin')}'@'%' WITH MAX_USER_CONNECTIONS {number}"

    execute(server, "superuser", limit(sessions))
    try:
        yield
    finally:
        execute(server, "superuser", limit(0))


@pytest.mark.parametrize("admin", ["restricted"], indirect=True)  # a superuser has no limit
def test_few_sessions_serve_many_deployments(walk: Walk, prefix: str) -> None:
    """The connections of a server are for its applications."""
    spec = walk.spec(*(one(f"{prefix}{n}", name=f"team-{n}") for n in range(MANY)))
    with at_most(walk.server, FEW), dbprov.servers(spec) as servers:
        runs = list(dbprov.apply_all(dbprov.plan_all(spec, servers), servers))
        assert [run.ok for run in runs] == [True] * MANY
        assert all(planned.complete for planned in dbprov.plan_all(spec, servers))
