"""The real CLI as a person or a pipeline runs it: a process of its own, with nothing of this machine's settings."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import pytest

FOREIGN = ("PG", "MYSQL", "MARIADB", "DBPROV_", "APP_")
CLI = (sys.executable, "-m", "dbprov")
F = TypeVar("F", bound=Callable[..., Any])
Ended = subprocess.CompletedProcess[str]


def surroundings(folder: Path, **more: str) -> dict[str, str]:
    """The environment of a fresh account whose home is ``folder``."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(FOREIGN)}
    return {**kept, "HOME": str(folder), "COLUMNS": "200", **more}


def dbprov(
    *arguments: str,
    folder: Path,
    env: Mapping[str, str] | None = None,
    program: tuple[str, ...] = CLI,
) -> Ended:
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
        check=False,
    )


def on_one_of_each(test: F) -> F:
    """What the command line makes of arguments and terminals is the same on every version: one of each engine is enough."""
    marked: F = pytest.mark.postgresql(">= 18")(pytest.mark.mysql("mysql")(test))
    return marked
