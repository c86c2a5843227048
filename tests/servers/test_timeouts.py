"""No server and no network makes dbprov wait for ever: each wait has an end, and says what it waited for."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from typing import Any

import pytest
from msgspec.structs import replace

import dbprov
from dbprov.errors import ConnectError, LookError
from dbprov.server.server import Server
from dbprov.spec.model import Deployment, Spec, Timeouts
from tests.support.proxy import Proxy
from tests.support.specs import one
from tests.support.walk import Walk

# What waits is the client: one server of each engine is enough.
pytestmark = pytest.mark.sampled("newest")

SHORT = Timeouts(connect=2, statement=1)


class Hole(Proxy):
    """Both sides think that all is well, and from some moment on nothing gets through."""

    swallows = False

    def _forward(self, source: Any, sink: Any, from_client: bool, last: Any) -> None:
        super()._forward(source, _Sink(self, sink), from_client, last)  # type: ignore[arg-type]


class _Sink:
    def __init__(self, hole: Hole, sink: socket.socket) -> None:
        self.hole, self.sink = hole, sink

    def sendall(self, chunk: bytes) -> None:
        if not self.hole.swallows:
            self.sink.sendall(chunk)

    def shutdown(self, how: int) -> None:
        self.sink.shutdown(how)


@contextmanager
def behind(walk: Walk, proxy: Any) -> Iterator[tuple[Deployment, Server]]:
    [deployment] = walk.spec(one("any")).deployments
    near = replace(deployment, server=replace(deployment.server, host="127.0.0.1", port=proxy))
    with dbprov.servers(Spec((near,)), timeouts=SHORT) as servers:
        yield near, servers[near]


def test_a_server_that_never_answers(walk: Walk) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as deaf,
        behind(walk, deaf.getsockname()[1]) as (_, server),
        pytest.raises(ConnectError, match="cannot be reached"),
    ):
        server.connection()


FIRST = {  # of an answer that goes on and on; PostgreSQL: no TLS, and a request for a password
    "postgresql": b"N" + b"R\0\0\0\x58" + bytes(84),
    "mysql": b"\x50\0\0\0\x0a" + b"9" * 80,
}


def drip(listener: socket.socket, answer: bytes) -> None:
    """A byte each 0.2 seconds to whoever comes, for 17 seconds."""
    with suppress(OSError):
        while True:
            one, _ = listener.accept()
            Thread(target=dripped, args=(one, answer), daemon=True).start()


def dripped(one: socket.socket, answer: bytes) -> None:
    with suppress(OSError), one:
        for byte in answer:
            one.sendall(bytes([byte]))
            time.sleep(0.2)


def test_a_server_that_drips_its_answer(walk: Walk) -> None:
    """The timeout is for the login as a whole, not for each read of it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        answer = FIRST[walk.server.engine]
        Thread(target=drip, args=(listener, answer), daemon=True).start()
        began = time.monotonic()
        with (
            behind(walk, listener.getsockname()[1]) as (_, server),
            pytest.raises(ConnectError, match="cannot be reached"),
        ):
            server.connection()
        assert time.monotonic() - began < 4 * SHORT.connect


def test_a_connection_that_goes_silent(walk: Walk) -> None:
    with (
        Hole(walk.server.host, walk.server.port) as hole,
        behind(walk, hole.port) as (deployment, server),
    ):
        server.connection()
        assert server.facts
        hole.swallows = True
        with pytest.raises(LookError, match="could not be read") as caught:
            dbprov.plan(deployment, server)
        assert caught.value.why


def test_a_statement_that_does_not_end(walk: Walk) -> None:
    """On PostgreSQL the server ends it, on MySQL the connection is given up."""
    with behind(walk, walk.server.port) as (_, server):
        sleep = (
            "SELECT pg_sleep(30)" if server.engine.connection.TRANSACTIONS else "SELECT SLEEP(30)"
        )
        with pytest.raises(Exception, match=r"statement timeout|timed out"):
            server.connection().run(sleep)
