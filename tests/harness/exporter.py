"""A program in Go that logs in with a string of go-sql-driver, as KEDA's scaler for MySQL does."""

import os
import subprocess
import urllib.request
from contextlib import suppress
from time import monotonic, sleep

from tests.harness import debian, ports
from tests.harness.model import ServerUnavailable

TOO_LONG = 20  # seconds


def logs_in(dsn: str) -> bool:
    """Whether Prometheus' exporter, by this string, finds MySQL up. Raises ServerUnavailable."""
    root = debian.bring_alone("mysqld-exporter", "bookworm", "prometheus-mysqld-exporter")
    program = root / "root/usr/bin/prometheus-mysqld-exporter"
    port = ports.reserve()
    command = [str(program), f"--web.listen-address=127.0.0.1:{port}", "--no-collect.global_status"]
    with subprocess.Popen(
        command, env={"PATH": os.environ["PATH"], "DATA_SOURCE_NAME": dsn}, stderr=subprocess.DEVNULL
    ) as running:  # fmt: skip
        try:
            return "\nmysql_up 1\n" in _metrics(port, running)
        finally:
            running.kill()


def _metrics(port: int, running: subprocess.Popen[bytes]) -> str:
    until = monotonic() + TOO_LONG
    while monotonic() < until and running.poll() is None:
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as got:
            text: str = got.read().decode()
            return text
        sleep(0.05)
    raise ServerUnavailable("the exporter did not answer")
