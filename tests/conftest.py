"""Fixtures for tests on real servers, and what the terminal says of those servers.

A test that takes `server` runs once for each wanted server (see harness/servers.py), unless
a marker chooses among them:

    @pytest.mark.postgresql            only there
    @pytest.mark.postgresql(">= 15")   and only from that version on
    @pytest.mark.mysql                 MySQL and MariaDB
    @pytest.mark.mysql("mariadb >= 11", "mysql")

Each also runs for both admins. How much of that a run takes is said by DBPROV_TEST_MATRIX (see
harness/matrix.py). Where all of it would be many times the same, a mark takes a sample in every matrix:

    @pytest.mark.sampled             restricted: oldest and newest of each flavor; superuser: newest of each engine
    @pytest.mark.sampled("newest")   restricted, on the newest of each engine: what no right has a part in

    @pytest.mark.attack("WHAT IS TRIED")   a row of the table of attacks in the summary; on="OpenSSH" where
                                           it is tried on another program than a server

A test that takes `secure` runs once for each flavor among those, on a server of its own that shows
whatever certificate the test asks for (see harness/tls.py). Such servers are always binaries.
"""

import secrets
import signal
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from hypothesis import settings

from dbprov.system import masking
from tests import harness
from tests.harness import ServerUnavailable, TestServer, WrongSetting
from tests.harness.dedicated_server import DedicatedServer, start_dedicated_server
from tests.harness.logging_server import LoggingServer, start_logging_server
from tests.harness.matrix import ENGINES, Pair, chosen, pair_of, server_of
from tests.harness.report import (
    Matrix,
    Properties,
    Summary,
    missing,
    record_attack,
    record_missing,
    record_server,
    skip_or_fail,
)
from tests.harness.tls import VERSIONS, Certificates, TlsServer, start_tls

settings.register_profile("untimed", deadline=None)  # nothing is measured in a test
settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def _nothing_is_known() -> None:
    """What one test made a Secret of is no secret of the next one."""
    vars(masking.MASKS).update(vars(masking.Masks()))


class Servers:
    """Those of this process, each started once: all at the same time, or when a test needs it."""

    def __init__(self) -> None:
        self.starting: dict[Pair, Future[TestServer]] = {}
        self.wanted: list[Pair] = []
        self._pool = ThreadPoolExecutor(max_workers=16)

    def start(self, pair: Pair) -> Future[TestServer]:
        if pair not in self.starting:
            self.starting[pair] = self._pool.submit(harness.start, *pair)
        return self.starting[pair]

    def stop(self) -> None:
        self._pool.shutdown(cancel_futures=True)
        harness.stop_all()


SERVERS = pytest.StashKey[Servers]()


def pytest_addoption(parser: pytest.Parser) -> None:
    what = "write the golden files anew instead of comparing with them"
    parser.addoption("--update-golden", action="store_true", help=what)


def pytest_configure(config: pytest.Config) -> None:
    # A shell starts what goes to the background with SIGINT ignored, which every child would inherit.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    config.stash[SERVERS] = Servers()
    config.pluginmanager.register(Summary())
    for name, flavors in ENGINES.items():
        line = f"{name}(condition, ...): only for {' and '.join(flavors)}, e.g. '>= 15'"
        config.addinivalue_line("markers", line)


def pytest_sessionstart(session: pytest.Session) -> None:
    try:
        session.config.stash[SERVERS].wanted = harness.wanted()
    except WrongSetting as error:
        raise pytest.UsageError(str(error)) from None
    workers = getattr(session.config.option, "tx", None) or ()
    if len(workers) > 1 and harness.urls():
        names = ", ".join(harness.urls())
        raise pytest.UsageError(f"{names}: a server that tests share allows one worker, -n 0")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """Tests may change a whole server: each worker has servers of its own, but for those with a URL."""
    return 0 if harness.urls() else None


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
    for name in {"tls_server", "logging_server"} & set(metafunc.fixturenames):
        pairs = list(_speaking_tls(metafunc.config.stash[SERVERS].wanted))
        ids = ["-".join(pair) for pair in pairs]
        metafunc.parametrize(name, pairs, ids=ids, indirect=True, scope="session")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    try:
        run = chosen(items, config.stash[SERVERS].wanted)
    except WrongSetting as error:
        raise pytest.UsageError(str(error)) from None
    if len(run) < len(items):
        ids = {item.nodeid for item in run}
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in ids])
        items[:] = run
    if not config.option.collectonly and not hasattr(config, "workerinput"):
        for pair in dict.fromkeys(filter(None, map(server_of, items))):
            config.stash[SERVERS].start(pair)


def pytest_report_collectionfinish(config: pytest.Config) -> list[str]:
    lines = []
    for pair, future in config.stash[SERVERS].starting.items():
        state = future.exception() or future.result()
        if isinstance(state, WrongSetting):
            raise pytest.UsageError(str(state))
        lines.append(f"server {state}" if isinstance(state, TestServer) else missing(pair))
    return lines


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    pair = server_of(item)
    if mark := item.get_closest_marker("attack"):
        tried_on = " ".join(pair_of(item) or ()) or mark.kwargs.get("on", "this machine")
        record_attack(item.user_properties, mark.args[0], tried_on)
    if pair is None:
        return
    future = item.config.stash[SERVERS].start(pair)
    error = future.exception()
    if error is None:
        record_server(item.user_properties, future.result())
    else:
        record_missing(item.user_properties, pair, error)


@pytest.fixture
def matrix(request: pytest.FixtureRequest) -> Matrix:
    properties: Properties = request.node.user_properties
    return Matrix(properties)


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> TestServer:
    """Each wanted server in turn; a missing one is an error in CI, and a loud skip elsewhere."""
    future = request.config.stash[SERVERS].start(request.param)
    if isinstance(future.exception(), ServerUnavailable):
        skip_or_fail(f"{missing(request.param)}, see the summary")
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
        skip_or_fail(f"{missing(request.param)} with TLS: {error}")


@pytest.fixture(scope="session")
def own(request: pytest.FixtureRequest) -> DedicatedServer:
    """One of each wanted flavor that a test may stop and start again: the newest of it."""
    try:
        return start_dedicated_server(*request.param)
    except ServerUnavailable as error:
        skip_or_fail(f"{missing(request.param)} of its own: {error}")


@pytest.fixture
def secure(tls_server: TlsServer) -> Iterator[TlsServer]:
    """With a good certificate, and asking for none, whatever the test before did."""
    yield tls_server
    tls_server.show("good")
    tls_server.demand(False)


@pytest.fixture(scope="session")
def logging_server(request: pytest.FixtureRequest) -> LoggingServer:
    """One of each wanted flavor that logs every statement; the wheel lacks the extension."""
    try:
        return start_logging_server(*request.param)
    except ServerUnavailable as error:
        skip_or_fail(f"{missing(request.param)} that logs every statement: {error}")


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


def _of_their_own(wanted: list[Pair]) -> list[Pair]:
    """Of each flavor the last that is named: the newest."""
    return list({pair[0]: pair for pair in wanted}.values())


def _speaking_tls(wanted: list[Pair]) -> Iterator[Pair]:
    """Of each wanted flavor one version: a wanted one, where its binaries speak TLS."""
    for flavor in dict.fromkeys(flavor for flavor, _ in wanted):
        versions = [version for one, version in wanted if one == flavor]
        able = [version for version in versions if version in VERSIONS[flavor]]
        yield flavor, (able or VERSIONS[flavor][-1:])[0]
