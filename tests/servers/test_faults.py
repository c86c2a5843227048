"""Every command struck at the turns of its talk with the server; the same command again ends well, and nothing is left or lost.

By default a share of all turns, another one for each server and admin. DBPROV_TEST_FAULTS=all tries every turn with every fault:
minutes for each server.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from queue import SimpleQueue

import pytest

from tests.conftest import Matrix
from tests.harness import Who
from tests.servers.command import on_one_of_each
from tests.servers.conftest import Walk
from tests.servers.faults import (
    ASKED_TWICE,
    CUT,
    DARK,
    INTERRUPTED,
    KILLED,
    PLAN,
    TRUNCATED,
    Case,
    Fault,
    Forker,
    Gate,
    Rehearsed,
    Stage,
    left_behind,
    rehearse,
)

FAULTS = (*KILLED, *INTERRUPTED, *CUT, *TRUNCATED)
APPLY = ("apply", "--yes", "--json", "spec.yaml")
VERIFY = ("verify", "--json", "spec.yaml")
CASES = (
    Case(APPLY, more={"isolate": True}),  # its second look, and its checks, are in its JSON
    Case(VERIFY, before=(APPLY,), after=(PLAN,)),
)


def chosen(
    case: Case, rehearsed: Rehearsed, faults: tuple[Fault, ...], shift: int
) -> Iterator[tuple[int, Fault]]:
    """All pairs of turn and fault, or a share of them: more of those where the server is changed."""
    everything = os.environ.get("DBPROV_TEST_FAULTS") == "all"
    for turn in range(1, rehearsed.turns + 1):
        busy = rehearsed.first <= turn <= rehearsed.last
        for number, fault in enumerate(faults):
            share = 1 if everything else 13 if busy and not case.after else 83
            if (turn * len(faults) + number + shift) % share == 0:
                yield turn, fault


@pytest.mark.parametrize("case", CASES, ids=str)
def test_struck_on_the_way(
    walk: Walk, prefix: str, case: Case, runners: list[Forker], matrix: Matrix, request: pytest.FixtureRequest
) -> None:  # fmt: skip
    shift = sum(map(ord, request.node.name))
    play(walk, prefix, case, runners, matrix, lambda r: chosen(case, r, FAULTS, shift))


@on_one_of_each
def test_nothing_gets_through(
    walk: Walk, prefix: str, runners: list[Forker], matrix: Matrix
) -> None:
    """The timeouts end it, and Ctrl-C does; also twice, by somebody who does not like to wait."""

    def points(rehearsed: Rehearsed) -> list[tuple[int, Fault]]:
        middle = (rehearsed.first + rehearsed.last) // 2
        return [(middle, DARK), (middle, ASKED_TWICE), (rehearsed.turns - 12, DARK)]

    play(walk, prefix, CASES[0], runners, matrix, points)


def play(
    walk: Walk, prefix: str, case: Case, runners: list[Forker], matrix: Matrix,
    points: Callable[[Rehearsed], Iterable[tuple[int, Fault]]],
) -> None:  # fmt: skip
    who: Who = "superuser" if walk.url == walk.server.url("superuser") else "admin"
    free: SimpleQueue[Stage] = SimpleQueue()
    names: dict[str, str] = {}
    wrong: list[str] = []

    def strike(number: int, turn: int, fault: Fault) -> None:
        stage, name = free.get(), f"{prefix}{number}"
        try:
            found = stage.strike(name, turn, fault, rehearsed)
        finally:
            free.put(stage)
        if found is not None:
            names[f"{name}_db"] = where = f"{fault} at turn {turn}"
            matrix.record(walk.server, fault.name, str(case), survived=not found)
            wrong.extend(f"{where}: {words}" for words in found)

    with ExitStack() as stack:
        for runner in runners:
            gate = stack.enter_context(Gate(walk.server.host, walk.server.port))
            stage = Stage(walk.server, who, walk.folder, gate, runner, case)
            free.put(stage)
        rehearsed = rehearse(stage, f"{prefix}r")
        with ThreadPoolExecutor(len(runners)) as pool:
            list(pool.map(lambda point: strike(point[0], *point[1]), enumerate(points(rehearsed))))
    wrong += left_behind(walk.server, prefix, names)
    assert wrong == [], "\n".join(wrong)
