"""Fixtures for tests on real servers, and what the terminal says of those servers.

A test that takes `server` runs once for each wanted server (see harness/servers.py), unless
a marker chooses among them:

    @pytest.mark.postgresql            only there
    @pytest.mark.postgresql(">= 15")   and only from that version on
    @pytest.mark.mysql                 MySQL and MariaDB
    @pytest.mark.mysql("mariadb >= 11", "mysql")

A test that takes `secure` runs once for each flavor among those, on a server of its own that shows
whatever certificate the test asks for (see harness/tls.py). Such servers are always binaries.
"""

import operator
import os
import re
import secrets
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NoReturn

import pytest
from hypothesis import settings

from tests import harness
from tests.harness import ServerUnavailable, TestServer, WrongSetting
from tests.harness.own import OwnServer, start_own_server
from tests.harness.tls import VERSIONS, Certificates, TlsServer, start_tls

settings.register_profile("untimed", deadline=None)  # nothing is measured in a test
settings.load_profile("untimed")

Pair = tuple[str, str]

ENGINES = {"postgresql": ("postgresql",), "mysql": ("mysql", "mariadb")}
COMPARE = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}


class Servers:
    """Those of this run: all are started at the same time, when the tests are known."""

    def __init__(self) -> None:
        self.starting: dict[Pair, Future[TestServer]] = {}
        self.tests: Counter[Pair] = Counter()
        self.wanted: list[Pair] = []
        self._pool = ThreadPoolExecutor(max_workers=16)

    def start(self, items: list[pytest.Item]) -> None:
        self.tests.update(pair for pair in map(_server_of, items) if pair)
        for pair in self.tests:
            self.starting[pair] = self._pool.submit(harness.start, *pair)

    def states(self) -> Iterator[tuple[Pair, TestServer | BaseException]]:
        """Waits for them."""
        for pair, future in self.starting.items():
            yield pair, future.exception() or future.result()

    def stop(self) -> None:
        self._pool.shutdown(cancel_futures=True)
        harness.stop_all()


class Matrix:
    """The faults of this run: how often each struck a command, and how often it was survived."""

    def __init__(self) -> None:
        self.tried: Counter[tuple[str, str, str]] = Counter()
        self.survived: Counter[tuple[str, str, str]] = Counter()

    def record(self, server: TestServer, fault: str, command: str, *, survived: bool) -> None:
        key = (f"{server.flavor} {server.version}", fault, command)
        self.tried[key] += 1
        self.survived[key] += survived

    def rows(self) -> Iterator[tuple[str, str, str, int, int]]:
        for key, count in self.tried.items():
            yield (*key, count, self.survived[key])


SERVERS = pytest.StashKey[Servers]()
MATRIX = pytest.StashKey[Matrix]()


def pytest_addoption(parser: pytest.Parser) -> None:
    what = "write the golden files anew instead of comparing with them"
    parser.addoption("--update-golden", action="store_true", help=what)


def pytest_configure(config: pytest.Config) -> None:
    config.stash[SERVERS] = Servers()
    config.stash[MATRIX] = Matrix()
    for name, flavors in ENGINES.items():
        line = f"{name}(condition, ...): only for {' and '.join(flavors)}, e.g. '>= 15'"
        config.addinivalue_line("markers", line)


def pytest_sessionstart(session: pytest.Session) -> None:
    try:
        session.config.stash[SERVERS].wanted = harness.wanted()
    except WrongSetting as error:
        raise pytest.UsageError(str(error)) from None


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[SERVERS].stop()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "server" in metafunc.fixturenames:
        pairs = metafunc.config.stash[SERVERS].wanted
        ids = ["-".join(pair) for pair in pairs]
        metafunc.parametrize("server", pairs, ids=ids, indirect=True, scope="session")
    if "own" in metafunc.fixturenames:
        pairs = _of_their_own(metafunc.config.stash[SERVERS].wanted)
        ids = ["-".join(pair) for pair in pairs]
        metafunc.parametrize("own", pairs, ids=ids, indirect=True, scope="session")
    if "tls_server" in metafunc.fixturenames:
        pairs = list(_speaking_tls(metafunc.config.stash[SERVERS].wanted))
        ids = ["-".join(pair) for pair in pairs]
        metafunc.parametrize("tls_server", pairs, ids=ids, indirect=True, scope="session")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    others = [item for item in items if not _marked_for(item, _pair_of(item))]
    if others:
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]
    if not config.option.collectonly:
        config.stash[SERVERS].start(items)


def pytest_report_collectionfinish(config: pytest.Config) -> list[str]:
    lines = []
    for pair, state in config.stash[SERVERS].states():
        if isinstance(state, WrongSetting):
            raise pytest.UsageError(str(state))
        lines.append(f"server {state}" if isinstance(state, TestServer) else _missing(pair))
    return lines


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    servers = terminalreporter.config.stash[SERVERS]
    bad = [(p, state) for p, state in servers.states() if isinstance(state, ServerUnavailable)]
    if bad:
        terminalreporter.section("servers NOT CHECKED", red=True, bold=True)
    for pair, error in bad:
        terminalreporter.line(f"{_missing(pair)}: {servers.tests[pair]} tests", red=True)
        terminalreporter.line(f"    {error}")
    _show_faults(terminalreporter)


def _show_faults(terminalreporter: pytest.TerminalReporter) -> None:
    rows = sorted(terminalreporter.config.stash[MATRIX].rows())
    if not rows:
        return
    terminalreporter.section("faults survived")
    terminalreporter.line(f"{'server':<17}{'fault':<27}{'command':<19}{'tried':>6}{'survived':>10}")
    for server, fault, command, tried, survived in rows:
        line = f"{server:<17}{fault:<27}{command:<19}{tried:>6}{survived:>10}"
        terminalreporter.line(line, red=tried != survived)
    tried, survived = sum(row[3] for row in rows), sum(row[4] for row in rows)
    terminalreporter.line(f"{'all':<63}{tried:>6}{survived:>10}", bold=True)


@pytest.fixture(scope="session")
def matrix(request: pytest.FixtureRequest) -> Matrix:
    return request.config.stash[MATRIX]


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> TestServer:
    """Each wanted server in turn; a missing one is an error in CI, and a loud skip elsewhere."""
    future = request.config.stash[SERVERS].starting[request.param]
    if isinstance(future.exception(), ServerUnavailable):
        _do_without(f"{_missing(request.param)}, see the summary")
    return future.result()


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def tls_server(request: pytest.FixtureRequest, certificates: Certificates) -> TlsServer:
    """One of each wanted flavor, started when it is first needed."""
    try:
        flavor, version = request.param
        return start_tls(flavor, version, certificates)
    except ServerUnavailable as error:
        _do_without(f"{_missing(request.param)} with TLS: {error}")


@pytest.fixture(scope="session")
def own(request: pytest.FixtureRequest) -> OwnServer:
    """One of each wanted flavor that a test may stop and start again: the newest of it."""
    try:
        return start_own_server(*request.param)
    except ServerUnavailable as error:
        _do_without(f"{_missing(request.param)} of its own: {error}")


@pytest.fixture
def secure(tls_server: TlsServer) -> Iterator[TlsServer]:
    """With a good certificate, and asking for none, whatever the test before did."""
    yield tls_server
    tls_server.show("good")
    tls_server.demand(False)


@pytest.fixture(params=["superuser", "restricted"])
def admin(server: TestServer, request: pytest.FixtureRequest) -> tuple[str, str]:
    """URL and password of an account that may provision."""
    who: harness.Who = "superuser" if request.param == "superuser" else "admin"
    return server.url(who), server.password(who)


@pytest.fixture
def prefix(server: TestServer) -> Iterator[str]:
    """Begins the names of this test; databases and users with it in their name go afterwards."""
    name = f"t_{secrets.token_hex(2)}_"
    yield name
    harness.remove(server, name)


def _missing(pair: Pair) -> str:
    return f"NO SERVER {' '.join(pair)}"


def _do_without(text: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(text, pytrace=False)
    pytest.skip(text)


def _of_their_own(wanted: list[Pair]) -> list[Pair]:
    """Of each flavor the last that is named: the newest."""
    return list({pair[0]: pair for pair in wanted}.values())


def _speaking_tls(wanted: list[Pair]) -> Iterator[Pair]:
    """Of each wanted flavor one version: a wanted one, where its binaries speak TLS."""
    for flavor in dict.fromkeys(flavor for flavor, _ in wanted):
        versions = [version for one, version in wanted if one == flavor]
        able = [version for version in versions if version in VERSIONS[flavor]]
        yield flavor, (able or VERSIONS[flavor][-1:])[0]


def _pair_of(item: pytest.Item) -> Pair | None:
    callspec = getattr(item, "callspec", None)
    params = callspec.params if callspec else {}
    return params.get("server") or params.get("tls_server") or params.get("own")


def _server_of(item: pytest.Item) -> Pair | None:
    callspec = getattr(item, "callspec", None)
    return callspec.params.get("server") if callspec else None


def _marked_for(item: pytest.Item, pair: Pair | None) -> bool:
    marks = [mark for mark in item.iter_markers() if mark.name in ENGINES]
    if pair is None or not marks:
        return True
    return any(
        pair[0] in ENGINES[mark.name] and any(_fits(text, pair) for text in mark.args or [""])
        for mark in marks
    )


def _fits(condition: str, pair: Pair) -> bool:
    """Whether '>= 15', 'mariadb' or 'mariadb >= 11' is true of a server."""
    match = re.fullmatch(r"([a-z]+)?\s*(?:(>=|<=|==|>|<)\s*([\d.]+))?", condition.strip())
    if match is None:
        raise pytest.UsageError(f"{condition!r} is no condition for a server, as '>= 15' is")
    flavor, comparison, version = match.groups()
    if flavor not in (None, pair[0]):
        return False
    if comparison is None:
        return True
    bound = _numbers(version)
    return bool(COMPARE[comparison](_numbers(pair[1])[: len(bound)], bound))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split("."))
