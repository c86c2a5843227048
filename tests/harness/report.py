"""What tests report besides passed and failed: their server, faults survived, searches for passwords, attacks.

It goes with the report of the test, so it arrives from wherever the test ran: with `pytest -n` that is
another process than the one that prints.
"""

import os
from collections import Counter
from collections.abc import Iterable
from typing import Any, NoReturn

import pytest

from tests.harness.model import TestServer

SERVER, MISSING, FAULT = "dbprov server", "dbprov missing server", "dbprov fault"
SEARCHED = "dbprov searched for passwords"
ATTACK = "dbprov attack"
FORM = "dbprov form"
CASES = ("plain", "hostile", "TLS with CA")
"""What each reader of a form is handed: columns of the table."""
Properties = list[tuple[str, Any]]  # user_properties: values that JSON has


def missing(pair: tuple[str, str]) -> str:
    return f"NO SERVER {' '.join(pair)}"


def record_server(properties: Properties, server: TestServer) -> None:
    properties.append((SERVER, [f"server {server}"]))


def record_missing(properties: Properties, pair: tuple[str, str], why: BaseException) -> None:
    properties.append((MISSING, [missing(pair), str(why)]))


def record_search(
    properties: Properties, server: TestServer, row: tuple[str, int, str, int]
) -> None:
    """A place, how much of what was searched there, and how often a password was found."""
    properties.append((SEARCHED, [f"{server.flavor} {server.version}", *row]))


def record_attack(properties: Properties, attack: str, tried_on: str) -> None:
    """An attack of this test, and the server, or the program, that it is tried on."""
    properties.append((ATTACK, [attack, tried_on]))


def record_form(properties: Properties, form: str, reader: str, case: str, outcome: str) -> None:
    """That a reader of a form read what was written, or how it ended otherwise."""
    properties.append((FORM, [form, reader, case, outcome]))


class Matrix:
    """The faults of a test: the command of each, and whether it was survived."""

    def __init__(self, properties: Properties) -> None:
        self._properties = properties

    def record(self, server: TestServer, fault: str, command: str, *, survived: bool) -> None:
        row = [f"{server.flavor} {server.version}", fault, command, survived]
        self._properties.append((FAULT, row))


class Summary:
    """All reports, in the process that prints: a plugin of pytest."""

    def __init__(self) -> None:
        self.servers: Counter[str] = Counter()
        self.missing: Counter[str] = Counter()
        self.why: dict[str, str] = {}
        self.tried: Counter[tuple[str, str, str]] = Counter()
        self.survived: Counter[tuple[str, str, str]] = Counter()
        self.searched: list[tuple[str, str, int, str, int]] = []
        self.attacks: dict[tuple[str, str], list[bool]] = {}
        self.forms: dict[tuple[str, str], dict[str, str]] = {}
        self.failed: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.add(report.nodeid)
        if report.when == "teardown":
            self.add(report.user_properties, report.nodeid not in self.failed)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if terminalreporter.config.pluginmanager.hasplugin("dsession"):  # or they stand at the top
            self.show_servers(terminalreporter)
        self.show_missing(terminalreporter)
        self.show_faults(terminalreporter)
        self.show_searched(terminalreporter)
        self.show_attacks(terminalreporter)
        self.show_forms(terminalreporter)

    def add(self, properties: Iterable[tuple[str, Any]], passed: bool) -> None:
        for name, row in properties:
            if name == SERVER:
                self.servers[row[0]] += 1
            elif name == MISSING:
                self.missing[row[0]] += 1
                self.why[row[0]] = row[1]
            elif name == SEARCHED:
                self.searched.append(tuple(row))
            elif name == ATTACK:
                self.attacks.setdefault((row[0], row[1]), []).append(passed)
            elif name == FORM:
                cells = self.forms.setdefault((row[0], row[1]), {})
                cells[row[2]] = row[3] if passed and cells.get(row[2]) != "FAILED" else "FAILED"
            elif name == FAULT:
                server, fault, command, survived = row
                self.tried[server, fault, command] += 1
                self.survived[server, fault, command] += survived

    def show_servers(self, terminal: pytest.TerminalReporter) -> None:
        if self.servers:
            terminal.section("servers")
        for server, tests in sorted(self.servers.items()):
            terminal.line(f"{server}: {tests} tests")

    def show_missing(self, terminal: pytest.TerminalReporter) -> None:
        if self.missing:
            terminal.section("servers NOT CHECKED", red=True, bold=True)
        for server, tests in self.missing.items():
            terminal.line(f"{server}: {tests} tests", red=True)
            terminal.line(f"    {self.why[server]}")

    def show_faults(self, terminal: pytest.TerminalReporter) -> None:
        if not self.tried:
            return
        terminal.section("faults survived")
        terminal.line(f"{'server':<17}{'fault':<27}{'command':<19}{'tried':>6}{'survived':>10}")
        for key, tried in sorted(self.tried.items()):
            server, fault, command = key
            line = f"{server:<17}{fault:<27}{command:<19}{tried:>6}{self.survived[key]:>10}"
            terminal.line(line, red=tried != self.survived[key])
        tried, survived = self.tried.total(), self.survived.total()
        terminal.line(f"{'all':<63}{tried:>6}{survived:>10}", bold=True)

    def show_searched(self, terminal: pytest.TerminalReporter) -> None:
        if not self.searched:
            return
        terminal.section("searched for passwords")
        terminal.line(f"{'server':<17}{'place':<52}{'searched':>14}{'found':>7}")
        for server, place, count, unit, found in self.searched:
            line = f"{server:<17}{place:<52}{count:>8} {unit:<5}{found:>7}"
            terminal.line(line, red=bool(found))
        terminal.line(f"{'all':<83}{sum(row[-1] for row in self.searched):>7}", bold=True)

    def show_attacks(self, terminal: pytest.TerminalReporter) -> None:
        if not self.attacks:
            return
        terminal.section("attacks")
        terminal.line(f"{'attack':<72}{'tried on':<18}{'tests':>6}{'passed':>7}")
        for (attack, tried_on), passed_tests in sorted(self.attacks.items()):
            line = f"{attack:<72}{tried_on:<18}{len(passed_tests):>6}{sum(passed_tests):>7}"
            terminal.line(line, red=not all(passed_tests))
        tests = [one for passed_tests in self.attacks.values() for one in passed_tests]
        terminal.line(f"{'all':<90}{len(tests):>6}{sum(tests):>7}", bold=True)

    def show_forms(self, terminal: pytest.TerminalReporter) -> None:
        if not self.forms:
            return
        terminal.section("forms, each read by its reader")
        terminal.line(f"{'form':<32}{'reader':<26}" + "".join(f"{case:<13}" for case in CASES))
        for (form, reader), cells in sorted(self.forms.items()):
            shown = "".join(f"{cells.get(case, '-'):<13}" for case in CASES)
            terminal.line(f"{form:<32}{reader:<26}{shown}", red="FAILED" in cells.values())


def skip_or_fail(text: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(text, pytrace=False)
    pytest.skip(text)
