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
    """The end that is dialled. Nobody else can bind its port as long as it is open."""

    request_queue_size = 64

    def __init__(self, dial: Callable[[], socket.socket]) -> None:
        super().__init__(("127.0.0.1", 0), BaseRequestHandler)
        self._dial = dial
        self._serving = Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self._busy: list[Thread] = []

    @property
    def where(self) -> tuple[str, int]:
        host, port = self.socket.getsockname()
        return host, port

    def start(self) -> None:
        self._serving.start()

    def stop(self) -> None:
        """What was said last still reaches the server: a session that is closed ends there too."""
        if self._serving.ident:
            self.shutdown()
        until = time.monotonic() + 1
        for one in self._busy:
            one.join(max(0, until - time.monotonic()))
        self.server_close()

    def verify_request(self, request: Any, client_address: Any) -> bool:
        return ours(request)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._busy = [one for one in self._busy if one.is_alive()]
        self._busy.append(Thread(target=self._pipe, args=(request,), daemon=True))
        self._busy[-1].start()

    def _pipe(self, near: socket.socket) -> None:
        """Where there is no way on, it is closed: then ssh has said why."""
        with near, suppress(OSError), self._dial() as far:
            near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            back = Thread(target=_pour, args=(far, near), daemon=True)
            back.start()
            _pour(near, far)
            back.join()

    def handle_error(self, request: Any, client_address: Any) -> None:
        logging.getLogger(__name__).debug("tunnel: %s", client_address, exc_info=True)


def _pour(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(65536):
            sink.sendall(chunk)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def ours(accepted: socket.socket) -> bool:
    """Is the other end of this connection a socket of this very process?

    No two processes hold the same pair of addresses and ports. libpq makes its socket itself, so
    all that are open here are looked at: it is older than the connection, and so among them.
    """
    ends = accepted.getpeername(), accepted.getsockname()
    for number in _open_files():
        with suppress(OSError):  # no socket, or closed by now
            if _ends(number) == ends:
                return True
    return False


def _ends(number: int) -> tuple[Any, Any]:
    """Own and other address of a socket, by a copy of the descriptor, which another thread owns."""
    copy = os.dup(number)
    try:
        one = socket.socket(fileno=copy)
    except OSError:
        os.close(copy)
        raise
    with one:
        return one.getsockname(), one.getpeername()


def _open_files() -> Iterable[int]:
    try:
        return [int(name) for name in os.listdir("/dev/fd")]  # noqa: PTH208
    except OSError:  # a root folder without /proc
        return range(1024)
