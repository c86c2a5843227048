"""Through a pooler: safe where each client has a session of its own, and else refused with the reason."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

import dbprov
from dbprov.errors import LockError
from dbprov.spec.model import Spec, Timeouts
from tests.harness import execute
from tests.harness.pooler import pgbouncer
from tests.support.specs import one
from tests.support.walk import Walk

pytestmark = pytest.mark.postgresql(">= 18")
LOCKS = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"


def through(walk: Walk, spec: Spec, port: int) -> Spec:
    [deployment] = spec.deployments
    return replace(
        spec,
        deployments=(replace(deployment, server=replace(deployment.server, port=port)),),
    )


def test_a_pool_of_transactions_is_refused(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix))
    with pgbouncer(walk.server, "transaction") as port:
        applied = walk.apply(through(walk, spec, port))
        assert isinstance(applied.error, LockError), applied.error
        assert "each transaction another session" in applied.error.why
        assert "session mode" in applied.error.todo
        assert applied.done == []
        assert execute(walk.server, "superuser", LOCKS) == [(0,)], "none is left in the pool"
    assert not list((walk.folder / ".dbprov").glob("*")), "no password is made for nothing"
    walk.provision(spec)


def test_a_pool_of_sessions_is_as_good_as_the_server(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix))
    with pgbouncer(walk.server, "session") as port:
        near = through(walk, spec, port)
        walk.provision(near)
        [deployment] = near.deployments
        with (
            dbprov.servers(near) as servers,
            servers[deployment].lock(deployment) as lock,
            dbprov.servers(spec, timeouts=Timeouts(lock=0)) as direct,
            pytest.raises(LockError),
            direct[spec.deployments[0]].lock(spec.deployments[0]),
        ):
            assert lock.pooled
    assert execute(walk.server, "superuser", LOCKS) == [(0,)]
