"""Every command struck at the turns of its talk with the server; the same command again ends well, and nothing is left or lost.

By default a share of all turns, another one for each server and admin. DBPROV_TEST_FAULTS=all tries every turn with every fault:
minutes for each server.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
import yaml

from tests.conftest import Matrix
from tests.servers.conftest import Walk
from tests.servers.faults import (
    CUT,
    INTERRUPTED,
    KILLED,
    TRUNCATED,
    Ended,
    Fault,
    Forker,
    Gate,
    forker,
    left_behind,
)
from tests.servers.test_apply import one

FAULTS = (*KILLED, *INTERRUPTED, *CUT, *TRUNCATED)
WORKERS = 2
NEAR_THE_END = 5
"""Turns in which a run has all of its answers already, and may end as if nothing had been."""


@dataclass(frozen=True)
class Case:
    """A command that is struck: what is run before it, and what must hold after it was run again."""

    words: tuple[str, ...]
    before: tuple[tuple[str, ...], ...] = ()
    after: tuple[tuple[str, ...], ...] = ()  # each must end with 0
    keeps_passwords: bool = True
    more: dict[str, Any] = field(default_factory=dict)  # of the Deployment

    def __str__(self) -> str:
        return self.words[0]


APPLY = ("apply", "--yes", "--json", "spec.yaml")
PLAN, VERIFY = ("plan", "--json", "spec.yaml"), ("verify", "--json", "spec.yaml")
CASES = (
    Case(APPLY, more={"isolate": True}),  # its second look, and its checks, are in its JSON
    Case(VERIFY, before=(APPLY,), after=(PLAN,)),
)


@dataclass(frozen=True)
class Rehearsed:
    """How many turns a case takes, and between which ones it changes the server."""

    turns: int
    first: int
    last: int


@dataclass
class Stage:
    """Where a case is played: a gate, a process that runs the CLI, and a folder for each run."""

    walk: Walk
    gate: Gate
    runner: Forker
    case: Case

    def prepare(self, name: str) -> Path:
        folder = self.walk.folder / name
        folder.mkdir()
        url = self.walk.url.replace(f":{self.walk.server.port}/", f":{self.gate.port}/")
        deployment = one(f"{name}_", **self.case.more)
        text = yaml.safe_dump({"server": url, "deployments": [deployment]})
        (folder / "spec.yaml").write_text(text)
        for words in self.case.before:
            assert self.run(words, folder).code == 0, words
        return folder

    def run(self, words: tuple[str, ...], folder: Path) -> Ended:
        def began(pid: int) -> None:
            self.gate.pid = pid

        env = {"DBPROV_ADMIN_PASSWORD": self.walk.password}
        return self.runner.run(*words, folder=folder, env=env, began=began)

    def strike(self, name: str, turn: int, fault: Fault, rehearsed: Rehearsed) -> list[str] | None:
        """What is wrong afterwards; None if the run had ended before that turn."""
        folder = self.prepare(name)
        self.gate.arm(turn, fault)
        struck = self.run(self.case.words, folder)
        hit = self.gate.struck.is_set()
        self.gate.disarm()
        if not hit:
            return None
        wrong = list(_wrong_of(struck, fault, late=turn > rehearsed.turns - NEAR_THE_END))
        kept = passwords(folder)
        for words in (self.case.words, *self.case.after):
            ended = self.run(words, folder)
            if ended.code != 0:
                wrong.append(
                    f"{' '.join(words)} afterwards: {ended.code} {ended.stdout} {ended.stderr}"
                )
        if self.case.keeps_passwords and kept != {
            k: v for k, v in passwords(folder).items() if k in kept
        }:
            wrong.append("a password was changed")
        wrong += [f"{path.name} is left" for path in folder.rglob("*.new")]
        return wrong


def passwords(folder: Path) -> dict[str, str]:
    return {str(path): path.read_text() for path in (folder / ".dbprov").rglob("*.password")}


def _wrong_of(struck: Ended, fault: Fault, *, late: bool) -> Iterator[str]:
    """Of the struck run itself: its code, its words, its JSON."""
    late = late or (fault in (*CUT, *TRUNCATED) and '"ok": true' in struck.stdout)
    if struck.code not in fault.ends and not (late and struck.code <= 0):
        yield f"it ended with {struck.code}: {struck.stdout} {struck.stderr}"
    if "Traceback" in struck.stderr or "defect" in struck.stderr:
        yield struck.stderr
    if struck.code == 2:
        if "do:" not in struck.stderr:
            yield f"nothing to do is said: {struck.stderr}"
        if fault in INTERRUPTED and "interrupted" not in struck.stderr:
            yield f"it is not called interrupted: {struck.stderr}"
        try:
            document = json.loads(struck.stdout)
        except ValueError:
            yield f"no JSON: {struck.stdout!r} {struck.stderr}"
            return
        if "error" not in document and not any(d["error"] for d in document["deployments"]):
            yield f"no error in the JSON: {struck.stdout}"


@pytest.fixture(scope="session")
def runners() -> Iterator[list[Forker]]:
    with ExitStack() as stack:
        yield [stack.enter_context(forker()) for _ in range(WORKERS)]


@pytest.fixture(scope="session")
def rehearsals() -> dict[Any, Rehearsed]:
    return {}


def rehearse(stage: Stage, name: str) -> Rehearsed:
    folder = stage.prepare(name)
    turns = []
    for words in (stage.case.words, stage.case.words, PLAN):
        stage.gate.disarm()
        ended = stage.run(words, folder)
        assert ended.code == 0, ended
        turns.append(stage.gate.turns)
    first, again, look = turns
    return Rehearsed(first, look - 1, look + max(first - again, 0) + 6)


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
    walk: Walk, prefix: str, case: Case, runners: list[Forker], rehearsals: dict[Any, Rehearsed], matrix: Matrix,
    request: pytest.FixtureRequest,
) -> None:  # fmt: skip
    shift = sum(map(ord, request.node.name))
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
        gates = [stack.enter_context(Gate(walk.server.host, walk.server.port)) for _ in runners]
        stages = [Stage(walk, gate, one, case) for gate, one in zip(gates, runners, strict=True)]
        rehearsed = rehearse(stages[0], f"{prefix}r")
        for stage in stages:
            free.put(stage)
        points = list(chosen(case, rehearsed, FAULTS, shift))
        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(lambda n: strike(n, *points[n]), range(len(points))))
    wrong += left_behind(walk.server, prefix, names)
    assert wrong == [], "\n".join(wrong)
