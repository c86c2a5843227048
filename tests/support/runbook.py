"""A folder as a step of a runbook finds it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.harness import TestServer
from tests.support.command import Ended, clean_environment

ROOT = Path(__file__).parent.parent.parent


EXAMPLES = ROOT / "examples"


PASSWORD = "app-Password_of-the-runbook-0123456789"


@dataclass
class Runbook:
    """A folder as a step of a runbook finds it: a spec in it, the passwords in the environment, programs on PATH."""

    folder: Path
    server: TestServer
    prefix: str

    def write(self, text: str, name: str = "deployment.yaml") -> None:
        """A spec of the examples, with this server and these names in the place of theirs."""
        spec = yaml.safe_load(text)
        spec["server"] = self.server.url("admin")
        spec["tls"] = {"mode": "prefer"}
        [one] = spec["deployments"]
        one["database"], one["user"] = f"{self.prefix}db", f"{self.prefix}app"
        (self.folder / name).write_text(yaml.safe_dump(spec))

    def program(self, name: str, text: str) -> None:
        file = self.folder / "bin" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        file.chmod(0o755)

    def run(self, *words: str | Path, stdin: str = "", **env: str) -> Ended:
        path = f"{self.folder / 'bin'}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        known = {
            "DBPROV_ADMIN_PASSWORD": self.server.password("admin"),
            "ANALYTICS_PASSWORD": PASSWORD,
            "PATH": path,
        }
        return subprocess.run(
            [str(word) for word in words],
            cwd=self.folder,
            env=clean_environment(self.folder, **{**known, **env}),
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
