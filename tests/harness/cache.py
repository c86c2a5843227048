"""Where downloaded programs are kept, for all runs of the tests on this machine.

DBPROV_TEST_CACHE=folder    instead of the user's cache folder
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path


def server_user() -> str | None:
    """Who runs the servers, if not we ourselves: PostgreSQL refuses to be started by root."""
    return "nobody" if os.geteuid() == 0 else None


def folder() -> Path:
    # The server's user cannot look into root's home.
    usual = Path("/var/cache") if server_user() else Path.home() / ".cache"
    users = None if server_user() else os.environ.get("XDG_CACHE_HOME")
    configured = os.environ.get("DBPROV_TEST_CACHE")
    path = Path(configured) if configured else Path(users or usual) / "dbprov-tests"
    if not path.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o755)
    return path.resolve()


def bring(name: str, fill: Callable[[Path, Path], None]) -> Path:
    """The folder `name` of the cache; if missing, `fill(work, final)` is called to fill `work`.

    Only whole folders get their final name: one process at a time fills, and may be killed.
    """
    final = folder() / name
    if final.is_dir():
        return final
    with (folder() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if final.is_dir():  # another process was faster
            return final
        for left in folder().glob(f".{name}-*"):
            shutil.rmtree(left, ignore_errors=True)
        work = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=folder()))
        try:
            fill(work, final)
            subprocess.run(["chmod", "-R", "a+rX", work], check=True)
            work.rename(final)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return final
