"""The released Airflow, with Celery, in an environment of its own in the cache.

What is in it is written down in tests/consumers/airflow.txt; pip brings it, and decides nothing.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.harness import cache, debian
from tests.harness.model import ServerUnavailable

WRITTEN = Path(__file__).parent.parent / "consumers" / "airflow.txt"
MYSQLCLIENT = "mysqlclient==2.3.1"


@dataclass(frozen=True)
class Airflow:
    """Its Python, and what its surroundings must say so that it finds MySQL's driver."""

    python: Path
    env: Mapping[str, str]


def bring(engine: str) -> Airflow:
    """With the driver that Airflow uses for this engine. Raises ServerUnavailable."""
    home = cache.bring(f"airflow-{_tag(WRITTEN.read_bytes())}", _fill)
    return Airflow(home / "bin/python", _driver(home) if engine == "mysql" else {})


def _fill(work: Path, final: Path) -> None:
    venv.create(work, with_pip=True, symlinks=True)
    _pip(work, "--no-deps", "-r", str(WRITTEN))


def _driver(home: Path) -> dict[str, str]:
    """mysqlclient has no wheel for Linux: compiled here, with MariaDB's library from Debian."""
    library = debian.bring("libmariadb", "bookworm", "libmariadb-dev")
    (shared,) = library.glob("root/usr/lib/*/libmariadb.so.3")
    if not (shutil.which("cc") or shutil.which("gcc")):
        raise ServerUnavailable("a C compiler is missing, to build mysqlclient for Airflow")

    def fill(work: Path, final: Path) -> None:
        flags = {
            "MYSQLCLIENT_CFLAGS": f"-I{library}/root/usr/include/mariadb",
            "MYSQLCLIENT_LDFLAGS": f"-L{shared.parent} -lmariadb -Wl,-rpath,{shared.parent}",
        }
        # What pip has in its cache was built against another library.
        words = ("--no-cache-dir", "--no-deps", "--target", str(work), MYSQLCLIENT)
        _pip(home, *words, **flags)

    driver = cache.bring(f"mysqlclient-{_tag(MYSQLCLIENT.encode())}", fill)
    plugins = shared.parent / "libmariadb3/plugin"  # caching_sha2_password is one
    return {"PYTHONPATH": str(driver), "MARIADB_PLUGIN_DIR": str(plugins)}


def _tag(content: bytes) -> str:
    """Another Python or other packages are another folder."""
    python = ".".join(map(str, sys.version_info[:2]))
    return f"{python}-{hashlib.sha256(content).hexdigest()[:12]}"


def _pip(home: Path, *words: str, **env: str) -> None:
    command = [str(home / "bin/python"), "-m", "pip", "install", "--quiet"]
    command += ["--disable-pip-version-check", *words]
    done = subprocess.run(
        command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | env,
    )  # fmt: skip
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if "ERROR" in line]
        raise ServerUnavailable(f"pip failed: {' '.join(lines[:3]) or done.stderr[-300:]}")
