"""Servers that crash, fall over, take no writes or no more sessions; nothing is changed that cannot be finished afterwards.

Each on a server of its own, the newest of each flavor.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.harness.dedicated_server import DedicatedServer
from tests.harness.report import Matrix
from tests.support.faults import (
    PLAN,
    Case,
    Fault,
    Forker,
    Gate,
    Reaches,
    Stage,
    left_behind,
    rehearse,
)

APPLY = Case(("apply", "--yes", "--json", "spec.yaml"))
NO_WRITES = "replica, or read only"


@pytest.fixture
def stage(own: DedicatedServer, runners: list[Forker], tmp_path: Path) -> Iterator[Stage]:
    with Gate(own.server.host, own.server.port) as gate:
        yield Stage(own.server, "admin", tmp_path, gate, runners[0], APPLY)


@pytest.fixture
def name() -> str:
    return f"t_{secrets.token_hex(2)}"


def reaching(do: Callable[[], None], reaches: Reaches) -> Callable[[Gate], Reaches]:
    def strike(gate: Gate) -> Reaches:
        do()
        return reaches

    return strike


def strikes(own: DedicatedServer) -> list[Fault]:
    return [
        Fault("server restarted", "asked", reaching(own.restart, "nothing"), (1, 2)),
        Fault("server restarted", "answered", reaching(own.restart, "nothing"), (1, 2)),
        Fault(
            "failover to a replica", "answered", reaching(own.take_no_writes, "all"), (1, 2), own.take_writes,
        ),
        Fault(
            "no connection left", "answered", reaching(own.take_all_connections, "all"), (0, 1, 2),
            own.release_connections,
        ),
    ]  # fmt: skip


def test_in_the_middle(own: DedicatedServer, stage: Stage, name: str, matrix: Matrix) -> None:
    rehearsed = rehearse(stage, f"{name}r")
    wrong, names = [], {}
    turns = [rehearsed.first, (rehearsed.first + rehearsed.last) // 2, rehearsed.last]
    for number, fault in enumerate(strikes(own)):
        for turn in turns[number % 2 :]:
            found = stage.strike(f"{name}{number}{turn}", turn, fault, rehearsed)
            if found is None:
                continue
            names[f"{name}{number}{turn}_db"] = where = f"{fault} at turn {turn}"
            matrix.record(own.server, fault.name, "apply", survived=not found)
            wrong += [f"{where}: {words}" for words in found]
    wrong += left_behind(own.server, name, names)
    assert wrong == [], "\n".join(wrong)


def test_restarted_between_plan_and_apply(
    own: DedicatedServer, stage: Stage, name: str, matrix: Matrix
) -> None:
    folder = stage.prepare(name)
    assert stage.run(PLAN, folder).code == 1
    own.restart()
    wrong = stage.again(folder)
    matrix.record(own.server, "server restarted after plan", "apply", survived=not wrong)
    assert wrong == []


def test_a_server_that_is_down(
    own: DedicatedServer, stage: Stage, name: str, matrix: Matrix
) -> None:
    folder = stage.prepare(name)
    own.stop()
    wrong = stage.refused(folder, "cannot be reached")
    own.start()
    wrong += stage.again(folder)
    matrix.record(own.server, "server down", "apply", survived=not wrong)
    assert wrong == []


def test_a_replica(own: DedicatedServer, stage: Stage, name: str, matrix: Matrix) -> None:
    """Traps T56 and T78: refused before a password is made; once it takes writes the same command works."""
    folder = stage.prepare(name)
    own.take_no_writes()
    wrong = stage.refused(folder, NO_WRITES, "takes writes")
    wrong += [f"{path} was made" for path in folder.glob(".dbprov/**/*")]
    own.take_writes()
    wrong += stage.again(folder)
    matrix.record(own.server, "replica or read only", "apply", survived=not wrong)
    assert wrong == []


def test_no_connection_is_left(
    own: DedicatedServer, stage: Stage, name: str, matrix: Matrix
) -> None:
    folder = stage.prepare(name)
    own.take_all_connections()
    code = "53300" if own.server.engine == "postgresql" else "1040"
    wrong = stage.refused(folder, code, "wait, or have somebody end some")
    own.release_connections()
    wrong += stage.again(folder)
    matrix.record(own.server, "no connection left", "apply", survived=not wrong)
    assert wrong == []
