"""Servers are 1 to 100 ms away: looking at one costs a constant number of round trips, however much is wanted on it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from dbprov.spec.model import Spec
from tests.support.proxy import Proxy
from tests.support.specs import one
from tests.support.walk import Walk


def exchanges(walk: Walk, spec: Spec) -> int:
    """Round trips of a plan, through a proxy in front of the server."""
    [deployment] = spec.deployments
    with Proxy(walk.server.host, walk.server.port) as proxy:
        near = replace(deployment, server=replace(deployment.server, port=proxy.port))
        assert walk.plan(Spec((near,))).complete
        return proxy.exchanges


@pytest.mark.postgresql
def test_the_round_trips_of_a_plan_are_constant(walk: Walk, prefix: str) -> None:
    small = walk.spec(one(prefix))
    walk.provision(small)
    few = exchanges(walk, small)
    names = [
        {"name": f"{prefix}{n}", "access": access}
        for n, access in enumerate(["all", "all", "write", "read", "read"])
    ]
    large = walk.spec(one(f"{prefix}x", users=names, schemas=["a", "b", "c"]))
    walk.provision(large)
    # A server that begins to answer before all is asked makes a turn more: some, but none for each of these Items.
    [items] = walk.each(large, lambda d, server: server.engine.expand.expand(d, server.facts))
    assert len(items) > 60
    assert exchanges(walk, large) <= few + 5
    assert (
        few <= 20
    )  # two connections with SCRAM, the session's settings, the facts, and one look each


@pytest.mark.mysql
def test_the_round_trips_of_a_plan_are_few(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    assert exchanges(walk, spec) <= 16
