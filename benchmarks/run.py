"""dbprov beside a bare Python program and the engine's own client, pair by pair in one run.

    make bench                     # PostgreSQL 18 and MySQL 9.7, brought by the tests' harness
    make bench ARGS="--runs 15"

Whole processes, medians of the runs; a ratio is the median of the pairs' ratios, so that it holds while the machine's
speed drifts. Servers keep their data in memory where there is /dev/shm, without fsync: the client is what is measured.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests import harness

BIN = Path(sys.executable).parent
Setup = Callable[[int], Sequence[str]]


def seconds(command: Sequence[str], folder: str, environment: dict[str, str], stdin: str = "") -> tuple[float, float]:
    """Wall seconds, and the peak memory of this one process in MiB."""
    began = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdin.write(stdin.encode())
    process.stdin.close()
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: exit {process.returncode}\n{said.decode()}")
    unit = 1024 if sys.platform == "linux" else 1024 * 1024
    return wall, usage.ru_maxrss / unit


def pairs(label: str, runs: int, ours: Callable[[int], tuple[float, float]], theirs: Callable[[int], tuple[float, float]]) -> str:
    ours(-1)
    theirs(-1)
    measured = [(ours(n), theirs(n)) for n in range(runs)]
    a, b = (statistics.median(m[side][0] for m in measured) for side in (0, 1))
    ratio = statistics.median(one[0] / other[0] for one, other in measured)
    memory = max(m[0][1] for m in measured)
    return f"| {label} | {a:.3f} s | {b:.3f} s | {ratio:.2f} | {memory:.0f} MiB |"


def start_up(runs: int, folder: str, environment: dict[str, str]) -> list[str]:
    bare = [sys.executable, str(Path(__file__).with_name("bare_click.py"))]
    return [
        pairs(
            f"`dbprov {flag}` / a bare click program",
            runs,
            lambda n, flag=flag: seconds([str(BIN / "dbprov"), flag], folder, environment),
            lambda n, flag=flag: seconds([*bare, flag], folder, environment),
        )
        for flag in ("--help", "--version")
    ]


def deployments(server: harness.TestServer, runs: int, folder: str, environment: dict[str, str]) -> list[str]:
    url, password = server.url("admin"), server.password("admin")
    environment = {**environment, "DBPROV_ADMIN_PASSWORD": password, "PYTHONPATH": str(Path(__file__).parent.parent)}
    name = f"{server.flavor} {server.release}"

    def flags(n: int, kind: str) -> list[str]:
        made = f"bench_{kind}_{n + 1}"
        return ["--server", url, "--name", "bench", "--database", made, "--user", made]

    def apply(n: int) -> tuple[float, float]:
        return seconds([str(BIN / "dbprov"), "apply", "--yes", *flags(n, "ours")], folder, environment)

    def plan(n: int) -> tuple[float, float]:
        return seconds([str(BIN / "dbprov"), "plan", *flags(-1, "ours")], folder, environment)

    def bare(n: int, what: str) -> tuple[float, float]:
        made = f"bench_bare_{n + 1}" if what == "create" else "bench_ours_0"
        return seconds([sys.executable, "-m", "benchmarks.bare", server.engine, url, password, made, what], folder, environment)

    try:
        return [
            pairs(f"{name}: from nothing, verified / bare Python", runs, apply, lambda n: bare(n, "create")),
            pairs(f"{name}: nothing to do / bare Python", runs, plan, lambda n: bare(n, "check")),
        ]
    finally:
        harness.remove(server, "bench_")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--servers", nargs="*", default=["postgresql:18", "mysql:9.7"])
    arguments = parser.parse_args()
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "MYSQL", "DBPROV", "PYTHON"))}
    print("| | dbprov | the other | ratio | dbprov's peak memory |\n|---|---|---|---|---|")
    try:
        with tempfile.TemporaryDirectory(prefix="dbprov-bench-") as folder:
            for line in start_up(arguments.runs, folder, environment):
                print(line, flush=True)
            for one in arguments.servers:
                for line in deployments(harness.start(*one.split(":")), arguments.runs, folder, environment):
                    print(line, flush=True)
    finally:
        harness.stop_all()


if __name__ == "__main__":
    main()
