"""PgBouncer in front of a test server of PostgreSQL: Debian's, as a plain process."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Literal

from tests.harness import cache, debian, keeper
from tests.harness.accounts import ERRORS, postgresql
from tests.harness.binaries import free_port, make_folder, put
from tests.harness.model import ServerUnavailable, TestServer


@contextmanager
def pgbouncer(server: TestServer, mode: Literal["session", "transaction"]) -> Iterator[int]:
    """Its port. Whoever may log in to the server may log in to it."""
    installed = debian.bring("pgbouncer", "bookworm", "pgbouncer")
    folder, port = make_folder(), free_port()
    name, password = server.superuser
    settings = f"""[databases]
* = host={server.host} port={server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
pool_mode = {mode}
auth_type = scram-sha-256
auth_file = users
auth_user = {name}
"""
    put(folder / "pgbouncer.ini", settings.encode())
    put(folder / "users", f'"{name}" "{password}"\n'.encode())
    run = [str(installed / "bin/pgbouncer"), "pgbouncer.ini"]
    put(folder / "run.sh", f"exec {' '.join(run)} >log 2>&1\n".encode())
    kept = keeper.keep_server(["sh", "run.sh"], folder, signal.SIGKILL, cache.server_user())
    try:
        _wait(partial(postgresql, "127.0.0.1", port, server.superuser))
        yield port
    finally:
        keeper.stop(kept)


def _wait(connect: Callable[[], Any]) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            connect().close()
            return
        except ERRORS as error:
            if time.monotonic() > end:
                raise ServerUnavailable(f"pgbouncer does not answer: {error}") from error
        time.sleep(0.1)
