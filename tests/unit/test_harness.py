"""What the harness of the tests promises: which tests a run takes, ports, and Ctrl-C."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.harness import WrongSetting, matrix, ports

WANTED = [("postgresql", "13"), ("postgresql", "18"), ("mysql", "9.7"), ("mariadb", "10.11")]
NEWEST = [("postgresql", "18"), ("mysql", "9.7")]


def item(name: str, admin: str, pair: matrix.Pair | None, *marks: Any) -> Any:
    params = {"admin": admin, "server": pair} if pair else {}
    return SimpleNamespace(
        nodeid=f"tests/test_x.py::{name}[{pair}-{admin}]",
        callspec=SimpleNamespace(params=params),
        iter_markers=lambda: iter(marks),
        get_closest_marker=lambda name: next((m for m in marks if m.name == name), None),
    )


def many(*marks: Any) -> list[Any]:
    who = ("superuser", "restricted")
    return [item(f"test_{n}", w, p, *marks) for n in range(40) for w in who for p in WANTED]


def run(monkeypatch: pytest.MonkeyPatch, name: str, items: list[Any]) -> list[Any]:
    monkeypatch.setenv("DBPROV_TEST_MATRIX", name)
    return matrix.chosen(items, WANTED)


def test_the_whole_matrix_is_all(monkeypatch: pytest.MonkeyPatch) -> None:
    everything = [*many(), item("unit", "", None)]
    assert run(monkeypatch, "whole", everything) == everything
    monkeypatch.delenv("DBPROV_TEST_MATRIX")
    assert matrix.chosen(everything, WANTED) == everything


def test_a_sample_has_all_of_it_on_the_newest_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    everything = [*many(), item("unit", "", None)]
    kept = run(monkeypatch, "sample", everything)
    on_newest = [one for one in everything if matrix.pair_of(one) in (None, *NEWEST)]
    assert [one for one in kept if one in on_newest] == on_newest
    others = [one for one in kept if one not in on_newest]
    assert {matrix.pair_of(one) for one in others} == {*WANTED} - {*NEWEST}
    assert 0.02 < len(others) / (len(everything) - len(on_newest)) < 0.1
    assert run(monkeypatch, "sample", everything[::-1]) == kept[::-1]


def test_a_sample_runs_slow_tests_as_one_admin(monkeypatch: pytest.MonkeyPatch) -> None:
    everything = [item("test_killed", who, NEWEST[0]) for who in ("superuser", "restricted")]
    everything += [item("test_of_a_superuser", "superuser", NEWEST[0])]
    for one in everything:
        one.nodeid = one.nodeid.replace("tests/test_x.py", "tests/servers/test_resume.py")
    assert run(monkeypatch, "sample", everything) == everything[1:]
    assert run(monkeypatch, "whole", everything) == everything


@pytest.mark.parametrize("condition", ["<= 14", "mariadb"])
def test_a_sample_keeps_what_is_for_older_servers_only(
    monkeypatch: pytest.MonkeyPatch, condition: str
) -> None:
    engine = "mysql" if condition == "mariadb" else "postgresql"
    everything = many(getattr(pytest.mark, engine)(condition).mark)
    kept = run(monkeypatch, "sample", everything)
    assert kept == run(monkeypatch, "whole", everything)
    assert len(kept) == 80


def test_a_quick_run_has_one_admin_and_nothing_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = run(monkeypatch, "quick", [*many(), item("unit", "", None)])
    assert len(kept) == 40 * 2 + 1
    assert {matrix.pair_of(one) for one in kept} == {*NEWEST, None}
    slow = item("test_killed", "restricted", NEWEST[0])
    slow.nodeid = slow.nodeid.replace("tests/test_x.py", "tests/servers/test_resume.py")
    assert run(monkeypatch, "quick", [slow]) == []


def test_the_slow_modules_are_there() -> None:
    folder = Path(__file__).parents[1] / "servers"
    assert all((folder / f"test_{name}.py").is_file() for name in matrix.SLOW)


def test_another_matrix_is_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WrongSetting, match="'all'; it can be quick, sample or whole"):
        run(monkeypatch, "all", [])


def test_a_reserved_port_is_nobody_elses() -> None:
    port = ports.reserve()
    assert port < int(ports.RANGE.read_text().split()[0])
    with socket.create_server(("127.0.0.1", port)):  # whoever asked for it can listen
        pass
    program = f"""
import random
from tests.harness import ports
tried = iter([{port}, {port - 1}, {port - 2}])
random.randint = lambda *_: next(tried)
print(ports.reserve())
"""
    ended = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True, text=True, check=True, timeout=60, cwd=__file__.rpartition("/tests/")[0],
    )  # fmt: skip
    assert int(ended.stdout) in (port - 1, port - 2)


def test_ctrl_c_reaches_programs_that_tests_start() -> None:
    """Also where a shell started the tests in the background, and told them to ignore it."""
    assert signal.getsignal(signal.SIGINT) is not signal.SIG_IGN
