"""A TCP proxy on loopback that counts round trips, and can make them long."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Self


class Proxy:
    """Forwards to a server. ``exchanges``: requests of the client after an answer, over all connections."""

    def __init__(
        self, host: str, port: int, delay: float = 0.0, listens: str = "127.0.0.1"
    ) -> None:
        self.target = (host, port)
        self.delay = delay
        self.exchanges = 0
        family = socket.AF_INET6 if ":" in listens else socket.AF_INET
        self._listener = socket.create_server((listens, 0), family=family)
        self.port: int = self._listener.getsockname()[1]
        self._sockets: list[socket.socket] = [self._listener]
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join()

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        self._threads.append(threading.Thread(target=work, args=arguments, daemon=True))
        self._threads[-1].start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self.target)
            except OSError:  # it is down
                client.close()
                continue
            self._sockets += [client, server]
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            last = [server]  # who spoke last
            for source, sink in ((client, server), (server, client)):
                self._start(self._forward, source, sink, source is client, last)

    def _pass(self, chunk: bytes, sink: socket.socket, from_client: bool) -> None:
        sink.sendall(chunk)

    def _forward(
        self,
        source: socket.socket,
        sink: socket.socket,
        from_client: bool,
        last: list[socket.socket],
    ) -> None:
        try:
            while chunk := source.recv(65536):
                if from_client and last[0] is not source:
                    self.exchanges += 1
                last[0] = source
                if self.delay:
                    time.sleep(self.delay)
                self._pass(chunk, sink, from_client)
        except OSError:
            return
        finally:
            for one in (source, sink):
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
