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
    Delivered,
    Fault,
    FaultRun,
    Forker,
    Gate,
    count_exchanges,
    left_behind,
)

APPLY = Case(("apply", "--yes", "--json", "spec.yaml"))
NO_WRITES = "replica, or read only"


@pytest.fixture
def fault_run(own: DedicatedServer, runners: list[Forker], tmp_path: Path) -> Iterator[FaultRun]:
    with Gate(own.server.host, own.server.port) as gate:
        yield FaultRun(own.server, "admin", tmp_path, gate, runners[0], APPLY)


@pytest.fixture
def name() -> str:
    return f"t_{secrets.token_hex(2)}"


def reaching(do: Callable[[], None], delivered: Delivered) -> Callable[[Gate], Delivered]:
    def strike(gate: Gate) -> Delivered:
        do()
        return delivered

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


def test_in_the_middle(
    own: DedicatedServer, fault_run: FaultRun, name: str, matrix: Matrix
) -> None:
    measured = count_exchanges(fault_run, f"{name}r")
    wrong, names = [], {}
    exchanges = [measured.first, (measured.first + measured.last) // 2, measured.last]
    for number, fault in enumerate(strikes(own)):
        for exchange in exchanges[number % 2 :]:
            found = fault_run.strike(f"{name}{number}{exchange}", exchange, fault, measured)
            if found is None:
                continue
            names[f"{name}{number}{exchange}_db"] = where = f"{fault} at exchange {exchange}"
            matrix.record(own.server, fault.name, "apply", survived=not found)
            wrong += [f"{where}: {words}" for words in found]
    wrong += left_behind(own.server, name, names)
    assert wrong == [], "\n".join(wrong)


def test_restarted_between_plan_and_apply(
    own: DedicatedServer, fault_run: FaultRun, name: str, matrix: Matrix
) -> None:
    folder = fault_run.prepare(name)
    assert fault_run.run(PLAN, folder).code == 1
    own.restart()
    wrong = fault_run.again(folder)
    matrix.record(own.server, "server restarted after plan", "apply", survived=not wrong)
    assert wrong == []


def test_a_server_that_is_down(
    own: DedicatedServer, fault_run: FaultRun, name: str, matrix: Matrix
) -> None:
    folder = fault_run.prepare(name)
    own.stop()
    wrong = fault_run.refused(folder, "cannot be reached")
    own.start()
    wrong += fault_run.again(folder)
    matrix.record(own.server, "server down", "apply", survived=not wrong)
    assert wrong == []


def test_a_replica(own: DedicatedServer, fault_run: FaultRun, name: str, matrix: Matrix) -> None:
    """Traps T56 and T78: refused before a password is made; once it takes writes the same command works."""
    folder = fault_run.prepare(name)
    own.take_no_writes()
    wrong = fault_run.refused(folder, NO_WRITES, "takes writes")
    wrong += [f"{path} was made" for path in folder.glob(".dbprov/**/*")]
    own.take_writes()
    wrong += fault_run.again(folder)
    matrix.record(own.server, "replica or read only", "apply", survived=not wrong)
    assert wrong == []


def test_no_connection_is_left(
    own: DedicatedServer, fault_run: FaultRun, name: str, matrix: Matrix
) -> None:
    folder = fault_run.prepare(name)
    own.take_all_connections()
    code = "53300" if own.server.engine == "postgresql" else "1040"
    wrong = fault_run.refused(folder, code, "wait, or have somebody end some")
    own.release_connections()
    wrong += fault_run.again(folder)
    matrix.record(own.server, "no connection left", "apply", survived=not wrong)
    assert wrong == []
