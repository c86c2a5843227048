"""The end of a tunnel on this machine: a TCP port of 127.0.0.1 that serves this process only."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from socketserver import BaseRequestHandler, TCPServer
from threading import Thread
from typing import Any


class LoopbackListener(TCPServer):
    """Nobody else can bind its port as long as it is open. ``dial`` connects to the server."""

    request_queue_size = 64

    def __init__(self, dial: Callable[[], socket.socket]) -> None:
        super().__init__(("127.0.0.1", 0), BaseRequestHandler)
        self._dial = dial
        self._serving = Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self._threads: list[Thread] = []

    @property
    def address(self) -> tuple[str, int]:
        host, port = self.socket.getsockname()
        return host, port

    def start(self) -> None:
        self._serving.start()

    def stop(self) -> None:
        """Waits a second for the last data, so that a closed session ends on the server too."""
        if self._serving.ident:
            self.shutdown()
        until = time.monotonic() + 1
        for thread in self._threads:
            thread.join(max(0, until - time.monotonic()))
        self.server_close()

    def verify_request(self, request: Any, client_address: Any) -> bool:
        return is_from_this_process(request)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        self._threads.append(Thread(target=self._pipe, args=(request,), daemon=True))
        self._threads[-1].start()

    def _pipe(self, client: socket.socket) -> None:
        """Where the server cannot be reached, the connection is closed: then ssh says why."""
        with client, suppress(OSError), self._dial() as server:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            answers = Thread(target=_copy, args=(server, client), daemon=True)
            answers.start()
            _copy(client, server)
            answers.join()

    def handle_error(self, request: Any, client_address: Any) -> None:
        logging.getLogger(__name__).debug("tunnel: %s", client_address, exc_info=True)


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(65536):
            sink.sendall(chunk)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def is_from_this_process(accepted: socket.socket) -> bool:
    """Is the other end of this connection a socket of this process?

    A pair of addresses and ports is unique. libpq opens its socket itself, so all open descriptors
    are compared.
    """
    addresses = accepted.getpeername(), accepted.getsockname()
    for number in _open_files():
        with suppress(OSError):  # no socket, or closed by now
            if _addresses(number) == addresses:
                return True
    return False


def _addresses(number: int) -> tuple[Any, Any]:
    """Local and remote address of a socket, by a copy of the descriptor of another thread."""
    copy = os.dup(number)
    try:
        opened = socket.socket(fileno=copy)
    except OSError:
        os.close(copy)
        raise
    with opened:
        return opened.getsockname(), opened.getpeername()


def _open_files() -> Iterable[int]:
    try:
        return [int(name) for name in os.listdir("/dev/fd")]  # noqa: PTH208
    except OSError:  # without /proc
        return range(1024)
