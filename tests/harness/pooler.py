"""PgBouncer in front of a test server of PostgreSQL: Debian's, as a plain process."""

import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, Literal

from tests.harness import cache, debian, ports, supervisor
from tests.harness.accounts import ERRORS, postgresql
from tests.harness.binaries import make_folder, put
from tests.harness.model import ServerUnavailable, TestServer

Mode = Literal["session", "transaction"]


@contextmanager
def pgbouncer(server: TestServer, mode: Mode) -> Iterator[int]:
    """Its port. Whoever may log in to the server may log in to it."""
    name, password = server.superuser
    settings = f"auth_user = {name}\n[databases]\n* = host={server.host} port={server.port}"
    users = f'"{name}" "{password}"\n'
    with _running(mode, settings, {"users": users}) as port:
        _wait(partial(postgresql, "127.0.0.1", port, server.superuser))
        yield port


@contextmanager
def pgbouncer_of(mode: Mode, databases: str, users: str) -> Iterator[int]:
    """Its port. It knows these files, just as they are, and asks nobody else."""
    files = {"databases.ini": databases, "users": users}
    with _running(mode, "%include databases.ini", files) as port:
        _wait(partial(socket.create_connection, ("127.0.0.1", port)))
        yield port


@contextmanager
def _running(mode: Mode, more: str, files: Mapping[str, str]) -> Iterator[int]:
    installed = debian.bring("pgbouncer", "bookworm", "pgbouncer")
    folder, port = make_folder(), ports.reserve()
    settings = f"""[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
pool_mode = {mode}
auth_type = scram-sha-256
auth_file = users
{more}
"""
    for name, text in {"pgbouncer.ini": settings, **files}.items():
        put(folder / name, text.encode())
    run = [str(installed / "bin/pgbouncer"), "pgbouncer.ini"]
    put(folder / "run.sh", f"exec {' '.join(run)} >log 2>&1\n".encode())
    supervisor_process = supervisor.supervise_server(
        ["sh", "run.sh"], folder, signal.SIGKILL, cache.server_user()
    )
    try:
        yield port
    finally:
        supervisor.stop(supervisor_process)


def _wait(connect: Callable[[], Any]) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            connect().close()
            return
        except (OSError, *ERRORS) as error:
            if time.monotonic() > end:
                raise ServerUnavailable(f"pgbouncer does not answer: {error}") from error
        time.sleep(0.1)
