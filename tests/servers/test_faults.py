"""Every command with a fault at its exchanges with the server; the same command again ends well, and nothing is left or lost.

By default a share of all turns, another one for each server and admin. DBPROV_TEST_FAULTS=all tries every exchange with every fault:
minutes for each server.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from math import gcd
from queue import SimpleQueue
from zlib import crc32

import pytest

from tests.harness import Who
from tests.harness.report import Matrix
from tests.support.command import on_one_of_each
from tests.support.faults import (
    ASKED_TWICE,
    CUT,
    DARK,
    INTERRUPTED,
    KILLED,
    PLAN,
    TRUNCATED,
    Case,
    Exchanges,
    Fault,
    FaultRun,
    Forker,
    Gate,
    count_exchanges,
    left_behind,
)
from tests.support.walk import Walk

# A run has other exchanges where an admin borrows memberships: before PostgreSQL 16, and since; a superuser
# never does.
pytestmark = pytest.mark.sampled

FAULTS = (*KILLED, *INTERRUPTED, *CUT, *TRUNCATED)
APPLY = ("apply", "--yes", "--json", "spec.yaml")
VERIFY = ("verify", "--json", "spec.yaml")
DROP = ("drop", "spec.yaml", "--deployment", "analytics", "--json")
WITH_DATABASE = (*DROP, "--database", "--yes", "--yes-drop", "{database}")
OUT, REVIEWED = (
    ("plan", "spec.yaml", "-o", "change.sql"),
    ("apply", "spec.yaml", "--reviewed", "change.sql", "--json"),
)
ROTATE = ("rotate", "--yes", "--json", "spec.yaml")
APPLIED = Case(APPLY, more={"isolate": True})  # its second look, and its checks, are in its JSON
CASES = (
    Case(VERIFY, before=(APPLY,), after=(PLAN,)),
    Case((*APPLY, "--audit", "audit"), "apply --audit", after=(("audit", "audit"),)),
    Case(REVIEWED, "apply --reviewed", before=(OUT,), again=(APPLY,)),
    Case(
        (*APPLY, "--prune"), "apply --prune", before=(APPLY,), more={"access": "read"},
        statements={"postgresql": 'GRANT CREATE ON DATABASE "{database}" TO "{user}"', "mysql": "GRANT DROP ON `{database}`.* TO '{user}'@'%'"},
    ),
    Case(
        ROTATE, before=(APPLY,), again=(ROTATE, (*ROTATE, "--finish")), after=(VERIFY, PLAN),
        may_refuse=(ROTATE,), keeps_passwords=False,
    ),
    Case((*DROP, "--quarantine", "--yes"), "drop --quarantine", before=(APPLY,), after=(APPLY,)),
    Case(WITH_DATABASE, "drop --database", before=(APPLY,), after=((*WITH_DATABASE[:-3], "--plan"),)),
)  # fmt: skip
Point = tuple[int, Fault]


def some(points: list[Point], count: int, shift: int) -> list[Point]:
    """So many of them, evenly, others for each test; with DBPROV_TEST_FAULTS=all each of them."""
    step = max(1, len(points) // count)
    while gcd(step, len(FAULTS)) > 1:  # or it would be the same faults at every exchange
        step += 1
    return points if os.environ.get("DBPROV_TEST_FAULTS") == "all" else points[shift % step :: step]


def pairs(exchanges: Iterable[int]) -> list[Point]:
    return [(exchange, fault) for exchange in exchanges for fault in FAULTS]


@pytest.fixture
def shift(request: pytest.FixtureRequest) -> int:
    return crc32(request.node.name.encode())


def test_apply_with_faults(
    walk: Walk, prefix: str, runners: list[Forker], matrix: Matrix, shift: int
) -> None:
    """Most of all where it changes the server."""

    def points(measured: Exchanges) -> list[Point]:
        busy = range(measured.first, measured.last + 1)
        calm = [exchange for exchange in range(1, measured.exchanges + 1) if exchange not in busy]
        return some(pairs(busy), 8, shift) + some(pairs(calm), 4, shift)

    play(walk, prefix, APPLIED, runners, matrix, points)


@on_one_of_each
@pytest.mark.parametrize("admin", ["restricted"], indirect=True)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_with_faults(
    walk: Walk, prefix: str, case: Case, runners: list[Forker], matrix: Matrix, shift: int
) -> None:
    def points(measured: Exchanges) -> list[Point]:
        return some(pairs(range(1, measured.exchanges + 1)), 8, shift)

    play(walk, prefix, case, runners, matrix, points)


@on_one_of_each
@pytest.mark.parametrize("admin", ["restricted"], indirect=True)
def test_nothing_gets_through(
    walk: Walk, prefix: str, runners: list[Forker], matrix: Matrix
) -> None:
    """The timeouts end it, and Ctrl-C does; also twice, by somebody who does not like to wait."""

    def points(measured: Exchanges) -> list[Point]:
        middle = (measured.first + measured.last) // 2
        return [(middle, DARK), (middle, ASKED_TWICE), (measured.exchanges - 12, DARK)]

    play(walk, prefix, APPLIED, runners, matrix, points)


def play(
    walk: Walk, prefix: str, case: Case, runners: list[Forker], matrix: Matrix,
    points: Callable[[Exchanges], list[Point]],
) -> None:  # fmt: skip
    who: Who = "superuser" if walk.url == walk.server.url("superuser") else "admin"
    free: SimpleQueue[FaultRun] = SimpleQueue()
    names: dict[str, str] = {}
    wrong: list[str] = []

    def strike(number: int, exchange: int, fault: Fault) -> None:
        fault_run, name = free.get(), f"{prefix}{number}"
        try:
            found = fault_run.strike(name, exchange, fault, measured)
        finally:
            free.put(fault_run)
        if found is not None:
            names[f"{name}_db"] = where = f"{fault} at exchange {exchange}"
            matrix.record(walk.server, fault.name, str(case), survived=not found)
            wrong.extend(f"{where}: {words}" for words in found)

    with ExitStack() as stack:
        for runner in runners:
            gate = stack.enter_context(Gate(walk.server.host, walk.server.port))
            fault_run = FaultRun(walk.server, who, walk.folder, gate, runner, case)
            free.put(fault_run)
        measured = count_exchanges(fault_run, f"{prefix}r")
        with ThreadPoolExecutor(len(runners)) as pool:
            list(pool.map(lambda point: strike(point[0], *point[1]), enumerate(points(measured))))
    wrong += left_behind(walk.server, prefix, names)
    assert wrong == [], "\n".join(wrong)
