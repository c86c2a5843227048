"""dbprov beside a bare Python program and the engine's own client, pair by pair in one run.

    make bench                     # PostgreSQL 18 and MySQL 9.7, brought by the tests' harness
    make bench ARGS="--runs 15"

Whole processes, medians of the runs; a ratio is the median of the pairs' ratios, so that it holds
while the machine's speed drifts. The ratio of CPU is of what the two programs computed themselves,
without the server: it holds on a busy machine too. Servers keep their data in memory where there is
/dev/shm, without fsync: the client is what is measured.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests import harness
from tests.support.proxy import Proxy

BIN = Path(sys.executable).parent


def seconds(
    command: Sequence[str], folder: str, environment: dict[str, str]
) -> tuple[float, float]:
    """On the clock, and of CPU."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if ended.returncode:
        raise SystemExit(f"{' '.join(command)}: exit {ended.returncode}\n{ended.stderr.decode()}")
    used = (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
    return wall, used


# A process begins with its parent's memory, and its peak counts that: so a small parent, which does
# nothing else.
PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def mebibytes(command: Sequence[str], folder: str, environment: dict[str, str]) -> float:
    small = [sys.executable, "-I", "-S", "-c", PEAK, *command]
    said = subprocess.run(
        small, cwd=folder, env=environment, capture_output=True, check=True, text=True
    ).stdout
    return int(said) / (1024 if sys.platform == "linux" else 1024 * 1024)


@dataclass(frozen=True)
class Bench:
    """Where the commands of a run are run, and how often."""

    runs: int
    folder: str
    environment: dict[str, str]

    def row(
        self,
        label: str,
        ours: Callable[[int], Sequence[str]],
        theirs: Callable[[int], Sequence[str]],
    ) -> str:
        """One line of the table.

        A command is made from the number of its run, -1 is the warm-up.
        """
        where = (self.folder, self.environment)
        seconds(ours(-1), *where)
        seconds(theirs(-1), *where)
        commands = [(ours(n), theirs(n)) for n in range(self.runs)]
        measured = [(seconds(one, *where), seconds(other, *where)) for one, other in commands]
        a, b = (statistics.median(pair[side][0] for pair in measured) for side in (0, 1))
        ratio, used = (
            statistics.median(one[which] / other[which] for one, other in measured)
            for which in (0, 1)
        )
        memory = mebibytes(ours(self.runs), *where)
        return f"| {label} | {a:.3f} s | {b:.3f} s | {ratio:.2f} | {used:.2f} | {memory:.0f} MiB |"


def start_up(bench: Bench) -> Iterator[str]:
    bare = [sys.executable, str(Path(__file__).with_name("bare_click.py"))]
    for flag in ("--help", "--version"):
        yield bench.row(
            f"`dbprov {flag}` / a bare click program",
            lambda n, flag=flag: [str(BIN / "dbprov"), flag],
            lambda n, flag=flag: [*bare, flag],
        )


MANY = 5000  # Deployments of one spec
LOAD = "import dbprov, pathlib, sys; dbprov.load(pathlib.Path(sys.argv[1]))"
BARE_LOAD = (
    "import pathlib, sys, yaml; yaml.load(pathlib.Path(sys.argv[1]).open(), yaml.CSafeLoader)"
)


def specs(bench: Bench) -> Iterator[str]:
    """Read and checked, each with a server and a password's place of its own."""
    path = Path(bench.folder) / "many.yaml"
    entries = "".join(
        f"- name: team-{n}\n  server: postgresql://dba@db{n % 100}.example.com/postgres\n"
        f"  database: team_{n}\n  user: team_{n}\n  password: {{file: secrets/team-{n}}}\n"
        for n in range(MANY)
    )
    path.write_text("deployments:\n" + entries)
    yield bench.row(
        f"a spec of {MANY:,} Deployments, read and checked / read by libyaml alone",
        lambda n: [sys.executable, "-c", LOAD, str(path)],
        lambda n: [sys.executable, "-c", BARE_LOAD, str(path)],
    )


def deployments(bench: Bench, server: harness.TestServer) -> Iterator[str]:
    bench = replace(
        bench, environment={**bench.environment, "DBPROV_ADMIN_PASSWORD": server.password("admin")}
    )
    name = f"{server.flavor} {server.release}"

    def ours(command: str, url: str, made: str) -> list[str]:
        flags = ["--server", url, "--name", "bench", "--database", made, "--user", made]
        return [str(BIN / "dbprov"), command, *flags, *(["--yes"] if command == "apply" else [])]

    def bare(what: str, url: str, made: str) -> list[str]:
        return [
            sys.executable,
            "-m",
            "benchmarks.bare",
            server.engine,
            url,
            server.password("admin"),
            made,
            what,
        ]

    url = server.url("admin")
    try:
        yield bench.row(
            f"{name}: one Deployment from nothing, verified"
            f" / {Path(server.client[0]).name}, same statements, no check",
            lambda n: ours("apply", url, f"bench_again_{n + 1}"),
            lambda n: client(bench, server, f"bench_client_{n + 1}"),
        )
        yield bench.row(
            f"{name}: one Deployment from nothing, verified / bare Python",
            lambda n: ours("apply", url, f"bench_ours_{n + 1}"),
            lambda n: bare("create", url, f"bench_bare_{n + 1}"),
        )
        yield bench.row(
            f"{name}: nothing to do / bare Python",
            lambda n: ours("plan", url, "bench_ours_0"),
            lambda n: bare("check", url, "bench_ours_0"),
        )
        with Proxy(server.host, server.port, delay=0.01) as proxy:
            far = url.replace(f":{server.port}", f":{proxy.port}")
            yield bench.row(
                f"{name}, 20 ms away: nothing to do / bare Python",
                lambda n: ours("plan", far, "bench_ours_0"),
                lambda n: bare("check", far, "bench_ours_0"),
            )
    finally:
        harness.remove(server, "bench_")


def client(bench: Bench, server: harness.TestServer, made: str) -> list[str]:
    """The engine's own client with the file that render writes."""
    flags = ["--server", server.url("admin"), "--name", made, "--database", made, "--user", made]
    words = [str(BIN / "dbprov"), "render", *flags, "-o", bench.folder]
    subprocess.run(words, check=True, capture_output=True, env=bench.environment)
    file = Path(bench.folder) / f"{made}.sql"
    where = ["-h", server.host, "-U", server.user("admin"), "-p", str(server.port)]
    if server.engine == "postgresql":
        bench.environment["PGPASSWORD"] = server.password("admin")
        return [
            *server.client,
            "-X",
            *where,
            "-d",
            "postgres",
            "-v",
            f"{made}_password=bench-password",
            "-f",
            str(file),
        ]
    bench.environment["MYSQL_PWD"] = server.password("admin")
    file.write_text(file.read_text().replace("${" + made + "_password}", "'bench-password'"))
    words = [
        *server.client,
        "--protocol=TCP",
        "-h",
        server.host,
        "-P",
        str(server.port),
        "-u",
        server.user("admin"),
    ]
    return ["sh", "-c", f'exec "$@" < {file}', "sh", *words]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--servers", nargs="*", default=["postgresql:18", "mysql:9.7"])
    arguments = parser.parse_args()
    environment = {
        k: v for k, v in os.environ.items() if not k.startswith(("PG", "MYSQL", "DBPROV", "PYTHON"))
    }
    environment["PYTHONPATH"] = str(Path(__file__).parent.parent)
    load = os.getloadavg()[0]
    print(
        f"{os.cpu_count()} CPUs, load before {load:.1f}, Python {sys.version.split()[0]}",
        flush=True,
    )
    print("| | dbprov | the other | ratio | of CPU | dbprov's peak memory |")
    print("|---|---|---|---|---|---|")
    try:
        with tempfile.TemporaryDirectory(prefix="dbprov-bench-") as folder:
            bench = Bench(arguments.runs, folder, environment)
            for line in start_up(bench):
                print(line, flush=True)
            for line in specs(bench):
                print(line, flush=True)
            for one in arguments.servers:
                for line in deployments(bench, harness.start(*one.split(":"))):
                    print(line, flush=True)
    finally:
        harness.stop_all()


if __name__ == "__main__":
    main()
