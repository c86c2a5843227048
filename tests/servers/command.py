"""The real CLI as a person or a pipeline runs it: a process of its own, with nothing of this machine's settings."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

FOREIGN = ("PG", "MYSQL", "MARIADB", "DBPROV_", "APP_")
CLI = (sys.executable, "-m", "dbprov")
Ended = subprocess.CompletedProcess[str]


def surroundings(folder: Path, **more: str) -> dict[str, str]:
    """The environment of a fresh account whose home is ``folder``."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(FOREIGN)}
    return {**kept, "HOME": str(folder), "COLUMNS": "200", **more}


def dbprov(*arguments: str, folder: Path, env: Mapping[str, str] | None = None, program: tuple[str, ...] = CLI) -> Ended:
    """Run a command in ``folder`` without a terminal; it must end by itself."""
    return subprocess.run(
        [*program, *arguments],
        cwd=folder,
        env=surroundings(folder, **(env or {})),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=60,
    )
