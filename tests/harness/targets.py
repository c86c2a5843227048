"""The test targets of the Makefile: what each runs, downloads, and how long it took the last time.

python targets.py announce TARGET        with any Python; nothing is installed yet
python targets.py run TARGET WORD ...    the words are for pytest; paths among them replace those of the target
"""

from __future__ import annotations

import json
import os
import re
import runpy
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
CACHE: Path = runpy.run_path(str(Path(__file__).with_name("cache.py")))["folder"]()
DURATIONS = CACHE / "lasted.json"

UNIT = ("tests/unit", "tests/test_house.py")
CONSUMERS = ("tests/consumers", "tests/examples", "tests/platform")

# In the cache: megabytes there, as a download about a third of that.
NEWEST = {"wheel-*-18": 40, "mysql-9.7": 343}
TLS = {"postgresql-13": 120}
BASTION = {"dropbear": 16, "pgbouncer": 27}
OTHERS = {"wheel-*-16": 37, "mariadb-10.11": 85, "postgresql-17": 136}
PSQL = {"psql-13": 37, "psql-15": 42, "psql-17": 39}
PROGRAMS = {
    "airflow-*": 366,
    "kubectl-*": 118,
    "libmariadb": 49,
    "mysqlclient-*": 1,
    "pgjdbc": 14,
    "pgbouncer": 27,
}
VENV = 877


@dataclass(frozen=True)
class Target:
    """``limit`` in minutes, on two cores."""

    what: str
    matrix: str
    paths: tuple[str, ...]
    limit: float
    brings: dict[str, int]
    servers: str = ""


TARGETS = {
    "unit": Target("unit tests, without any server", "quick", UNIT, 0.5, {}),
    "quick": Target(
        "unit tests, and what is quick on PostgreSQL 18 and MySQL 9.7, as the restricted admin",
        "quick", (*UNIT, "tests/servers"), 3, {**NEWEST, **BASTION}, "postgresql:18 mysql:9.7",
    ),
    "test": Target(
        "unit tests, all server tests on the newest PostgreSQL and MySQL, and a sample of them on the others",
        "sample", (*UNIT, "tests/servers"), 10, {**NEWEST, **TLS, **BASTION, **OTHERS, **PSQL},
    ),
    "test-consumers": Target(
        "what takes what dbprov hands out: Airflow, PgBouncer, JDBC, Helm, Ansible, Houston, RDS",
        "whole", CONSUMERS, 30, {**NEWEST, **PROGRAMS},
    ),
    "test-all": Target(
        "every test on every server", "whole", ("tests",), 75, {**NEWEST, **TLS, **BASTION, **OTHERS, **PSQL, **PROGRAMS},
    ),
}  # fmt: skip


def announce(name: str) -> None:
    target = TARGETS[name]
    print(f"make {name}: {target.what}")
    sizes = {} if (ROOT / ".venv/ready").exists() else {"Python packages in .venv": VENV}
    sizes |= {k.replace("-*", ""): mb for k, mb in target.brings.items() if not [*CACHE.glob(k)]}
    cached = sum(target.brings.values()) if target.brings else 0
    if sizes:
        listed = ", ".join(f"{name} {size} MB" for name, size in sizes.items())
        print(f"  brings {sum(sizes.values())} MB: {listed} (servers and programs go to {CACHE})")
    else:
        print(f"  brings nothing: {cached} MB of servers and programs are in {CACHE}")
    last = durations().get(name)
    took = f"took {_duration(last['seconds'])} for {last['tests']} tests" if last else "was not run"
    print(f"  {took} the last time on this machine; may take {_duration(target.limit * 60)}")


def durations() -> dict[str, dict[str, int]]:
    with suppress(OSError, ValueError):
        found: dict[str, dict[str, int]] = json.loads(DURATIONS.read_text())
        return found
    return {}


def run(name: str, words: list[str]) -> int:
    target = TARGETS[name]
    env = {"DBPROV_TEST_MATRIX": target.matrix, **os.environ}
    if target.servers:
        env.setdefault("DBPROV_TEST_SERVERS", target.servers)
    has_paths = any((ROOT / word.partition("::")[0]).exists() for word in words)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        ended = subprocess.run(
            [sys.executable, "-m", "pytest", "-n", "auto", "--dist", "worksteal", f"--junitxml={report}",
             *([] if has_paths else target.paths), *words],
            cwd=ROOT, env=env, check=False,
        )  # fmt: skip
        seconds = round(time.monotonic() - began)
        print(f"make {name}: {_duration(seconds)}")
        if ended.returncode in (0, 1) and not words:
            found = re.search(r'<testsuite [^>]*\btests="(\d+)"', report.read_text()[:2000])
            _remember(name, seconds, int(found[1]) if found else 0)
    return ended.returncode


def _remember(name: str, seconds: int, tests: int) -> None:
    with suppress(OSError):
        new = DURATIONS.with_suffix(f".{os.getpid()}")
        new.write_text(json.dumps({**durations(), name: {"seconds": seconds, "tests": tests}}))
        new.rename(DURATIONS)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes and rest else f"{minutes} min" if minutes else f"{rest} s"  # fmt: skip


if __name__ == "__main__":
    try:
        if sys.argv[1] == "announce":
            announce(sys.argv[2])
        else:
            sys.exit(run(sys.argv[2], sys.argv[3:]))
    except KeyboardInterrupt:
        sys.exit(130)
