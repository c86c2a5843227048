"""The client programs psql, mysql and mariadb."""

import subprocess
from pathlib import Path
from shutil import which

from tests.harness import debian, wheel
from tests.harness.model import ServerUnavailable

OPTIONS = {
    "postgresql": (),
    "mysql": ("--no-defaults",),
    # A test server's certificate is signed by nobody, and an old server has none.
    "mariadb": ("--no-defaults", "--skip-ssl-verify-server-cert"),
}


OLD_PSQL = {"13": "bullseye", "15": "bookworm", "17": "trixie"}
"""Suites of Debian; 16 and 18 are in the wheel, and 14 is in no archive of Debian."""


def program(flavor: str) -> tuple[str, ...]:
    """The beginning of a command line, or nothing if there is no such program."""
    try:
        path = _psql() if flavor == "postgresql" else _on_path(flavor) or _unpacked(flavor)
    except ServerUnavailable:
        return ()
    return with_options(flavor, path)


def with_options(flavor: str, path: Path) -> tuple[str, ...]:
    return (str(path), *OPTIONS[flavor])


def psql(version: str) -> tuple[str, ...]:
    """As ``program``, of one version. Raises ServerUnavailable."""
    if version in wheel.FOLDERS:
        return with_options("postgresql", wheel.installed(version) / "bin/psql")
    folder = debian.bring(f"psql-{version}", OLD_PSQL[version], f"postgresql-client-{version}")
    return with_options("postgresql", folder / "bin/psql")


def _psql() -> Path:
    try:
        return wheel.installed("18") / "bin/psql"
    except ServerUnavailable:
        found = _on_path("postgresql")
        if found is None:
            raise
        return found


def _on_path(flavor: str) -> Path | None:
    """Not Debian's psql, which is a script, nor the mysql that is MariaDB's."""
    found = which("psql" if flavor == "postgresql" else flavor)
    if found is None or Path(found).read_bytes()[:2] == b"#!":
        return None
    version = subprocess.run(
        [found, "--version"], capture_output=True, text=True, check=False
    ).stdout
    return Path(found) if ("MariaDB" in version) == (flavor == "mariadb") else None


def _unpacked(flavor: str) -> Path:
    suite = "sid" if flavor == "mysql" else "trixie"
    return debian.bring(f"{flavor}-client", suite, f"{flavor}-client-core") / "bin" / flavor
