"""PgBouncer in front of a test server of PostgreSQL: Debian's, as a plain process."""

import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
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
    with _running(mode, settings, {"users": users}) as (port, log):
        _wait(partial(postgresql, "127.0.0.1", port, server.superuser), log)
        yield port


@contextmanager
def pgbouncer_of(
    mode: Mode, databases: str, users: str, more: Mapping[str, str] | None = None
) -> Iterator[int]:
    """Its port. It knows these files, just as they are, and asks nobody else."""
    files = {"databases.ini": databases, "users": users, "tls.ini": "", **(more or {})}
    with _running(mode, "%include tls.ini\n%include databases.ini", files) as (port, log):
        _wait(partial(socket.create_connection, ("127.0.0.1", port)), log)
        yield port


@contextmanager
def pgbouncer_in_a_pod(files: Mapping[str, str]) -> Iterator[int]:
    """Its port. The files are those that the Airflow chart mounts in /etc/pgbouncer; here it is another folder and port."""
    port = ports.reserve()
    here = files["pgbouncer.ini"].replace("/etc/pgbouncer/", "")
    here = here.replace("listen_port = 6543", f"listen_port = {port}\nunix_socket_dir =")
    with _started({**files, "pgbouncer.ini": here}) as log:
        _wait(partial(socket.create_connection, ("127.0.0.1", port)), log)
        yield port


@contextmanager
def _running(mode: Mode, more: str, files: Mapping[str, str]) -> Iterator[tuple[int, Path]]:
    port = ports.reserve()
    settings = f"""[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
pool_mode = {mode}
auth_type = scram-sha-256
auth_file = users
{more}
"""
    with _started({"pgbouncer.ini": settings, **files}) as log:
        yield port, log


@contextmanager
def _started(files: Mapping[str, str]) -> Iterator[Path]:
    """Its log."""
    installed, folder = debian.bring("pgbouncer", "bookworm", "pgbouncer"), make_folder()
    for name, text in files.items():
        put(folder / name, text.encode())
    run = [str(installed / "bin/pgbouncer"), "pgbouncer.ini"]
    put(folder / "run.sh", f"exec {' '.join(run)} >log 2>&1\n".encode())
    supervisor_process = supervisor.supervise_server(
        ["sh", "run.sh"], folder, signal.SIGKILL, cache.server_user()
    )
    try:
        yield folder / "log"
    finally:
        supervisor.stop(supervisor_process)


def _wait(connect: Callable[[], Any], log: Path | None = None) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            connect().close()
            return
        except (OSError, *ERRORS) as error:
            if time.monotonic() > end:
                said = log.read_text()[-500:] if log and log.exists() else ""
                raise ServerUnavailable(f"pgbouncer does not answer: {error} {said}") from error
        time.sleep(0.1)
