"""Servers in containers, through testcontainers."""

import contextlib
import dataclasses
import os
import secrets
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from tests.harness import accounts, clients, supervisor
from tests.harness.model import Reached, ServerUnavailable

IMAGES = {"postgresql": "postgres", "mysql": "mysql", "mariadb": "mariadb"}

POSTGRESQL = (
    "postgres -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c log_statement=all"
    " -c logging_collector=on -c log_directory=/logs -c log_filename=server.log"
    " -c log_file_mode=0644"
)
MYSQL = "mysqld --innodb-flush-log-at-trx-commit=0 --sync-binlog=0 --general-log=1 --general-log-file=/logs/server.log"
MARIADB = MYSQL.replace("mysqld", "mariadbd", 1)
COMMANDS = {"postgresql": POSTGRESQL, "mysql": MYSQL, "mariadb": MARIADB}


def start(flavor: str, version: str) -> Reached:
    image = f"{IMAGES[flavor]}:{version}"
    _need(image)
    folder = Path(tempfile.mkdtemp(prefix="dbprov-test-"))
    folder.chmod(0o777)  # the server in the container is another user
    name, password = folder.name, secrets.token_hex(12)
    supervisor_process = supervisor.supervise_container(name, folder)
    try:
        port, alive = _run(flavor, image, name, folder, password)
        reached = Reached(
            source=f"testcontainers {image}",
            host=os.environ["TESTCONTAINERS_HOST_OVERRIDE"],
            port=port,
            superuser=("postgres" if flavor == "postgresql" else "root", password),
            client=clients.program(flavor),
            log=folder / "server.log",
        )
        accounts.wait(flavor, reached, alive)
        readable = os.access(folder / "server.log", os.R_OK)
    except Exception as error:  # of Docker's, testcontainers' and requests' families
        why = f"{error}, {_last_lines(name, folder)}"
        supervisor.stop(supervisor_process)
        raise ServerUnavailable(f"{image} did not start: {why}") from error
    return reached if readable else dataclasses.replace(reached, log=None)


@cache
def _engine() -> str:
    """Its version, or nothing if none answers."""
    try:
        done = _docker("info", "--format", "{{.ServerVersion}}", seconds=10)
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return ""
    return "" if done.returncode else done.stdout.strip()


def _need(image: str) -> None:
    if not _engine():
        raise ServerUnavailable("no Docker engine answers")
    if _docker("image", "inspect", image).returncode == 0:
        return
    try:
        done = _docker("pull", "--quiet", image, seconds=180)
    except subprocess.TimeoutExpired:
        raise ServerUnavailable(f"image {image} could not be pulled in time") from None
    if done.returncode:
        raise ServerUnavailable(f"image {image} cannot be pulled: {done.stderr.strip()[-200:]}")


def _docker(*words: str, seconds: float = 60) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["docker", *words],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=seconds,
        check=False,
    )


def _last_lines(name: str, folder: Path) -> str:
    done, log = _docker("logs", "--tail", "3", name), folder / "server.log"
    lines = done.stderr.splitlines()
    with contextlib.suppress(OSError):
        lines += log.read_text(errors="replace").splitlines()[-3:]
    return "its log ends with: " + " | ".join(lines)


def _run(
    flavor: str, image: str, name: str, folder: Path, password: str
) -> tuple[int, Callable[[], bool]]:
    """The port it is reached at, and whether it still runs."""
    # Its reaper is one more image to pull; the supervisor does that work.
    os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")
    os.environ.setdefault("TESTCONTAINERS_HOST_OVERRIDE", "127.0.0.1")
    from testcontainers.core.container import DockerContainer  # slow, and needs the engine

    inside = 5432 if flavor == "postgresql" else 3306
    data = "/pgdata" if flavor == "postgresql" else "/var/lib/mysql"
    container = (
        DockerContainer(image)
        .with_name(name)
        .with_command(COMMANDS[flavor])
        .with_exposed_ports(inside)
        .with_volume_mapping(str(folder), "/logs", "rw")
        .with_tmpfs_mount(data)
    )
    secret = {"postgresql": "POSTGRES", "mysql": "MYSQL_ROOT", "mariadb": "MARIADB_ROOT"}[flavor]
    container.with_env(f"{secret}_PASSWORD", password)
    container.with_env("POSTGRES_INITDB_ARGS", "--locale=C --encoding=UTF8")
    # Keep the data off the image's volume, and let us read the log.
    container.with_env("PGDATA", f"{data}/data").with_env("UMASK", "0644")
    container.start()

    def alive() -> bool:
        state = _docker("inspect", "--format", "{{.State.Running}}", name).stdout
        return state.strip() == "true"

    return int(container.get_exposed_port(inside)), alive
