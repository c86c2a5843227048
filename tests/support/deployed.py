"""Deployments as a person makes them, by the command line, for the consumers that take what is handed out."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.harness import TestServer, Who
from tests.harness import airflow as released
from tests.support.command import Ended, clean_environment, dbprov

HOSTILE = "p'w\"#\\x: %41$HOME; ~&+?@/="
"""Signs that mean something to a shell, a URL, an INI file, PgBouncer, JDBC, or Airflow."""


FOREIGN = ("AIRFLOW", "PYTHON")


@dataclass(frozen=True)
class Made:
    """A Deployment that stands, in a folder with its spec."""

    server: TestServer
    folder: Path
    database: str
    env: dict[str, str]
    who: Who = "admin"

    def cli(self, *words: str) -> Ended:
        password = {"DBPROV_ADMIN_PASSWORD": self.server.password(self.who)}
        ended = dbprov(*words, folder=self.folder, env={**self.env, **password})
        assert ended.returncode in (0, 2), ended.stderr
        return ended

    def say(self, **keys: Any) -> None:
        """More keys of the Deployment in the spec."""
        spec = yaml.safe_load((self.folder / "spec.yaml").read_text())
        spec["deployments"][0].update(keys)
        (self.folder / "spec.yaml").write_text(yaml.safe_dump(spec))

    def connection_file(self, form: str) -> Path:
        """The file of this form, as `dbprov connections -o` leaves it."""
        ended = self.cli("connections", "spec.yaml", "--format", form, "-o", form)
        assert ended.returncode == 0, ended.stderr
        return self.folder / form

    def run(self, program: released.Airflow, *words: str) -> Ended:
        """Airflow's Python with the variables of the file for a shell, as a container would have them."""
        file = self.connection_file("env")
        home = {"HOME": str(self.folder), "AIRFLOW_HOME": str(self.folder / "airflow")}
        usual = {
            k: v for k, v in clean_environment(self.folder).items() if not k.startswith(FOREIGN)
        }
        return subprocess.run(
            ["sh", "-c", 'set -a; . "$0"; exec "$@"', file, program.python, *words],
            env={**usual, **home, **program.env, "AIRFLOW__CORE__LOAD_EXAMPLES": "False"},
            cwd=self.folder, capture_output=True, text=True, timeout=300, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip


Make = Callable[..., Made]
