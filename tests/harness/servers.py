"""Which servers the tests use, and where each comes from: a URL, Docker, binaries.

DBPROV_TEST_SERVERS="postgresql:16 mysql:9.7"    which ones, instead of the default list
DBPROV_TEST_MYSQL_9_7=mysql://root:...@host/     use this one for mysql:9.7
DBPROV_TEST_MYSQL=mysql://root:...@host/         use this one instead of every mysql
DBPROV_TEST_WAY=docker | binaries | any          of the ways without a URL, allow only this
"""

import atexit
import os
import re
import secrets
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.harness import accounts, binaries, clients, containers, supervisor
from tests.harness.model import (
    FLAVORS,
    Reached,
    ServerUnavailable,
    TestServer,
    WrongSetting,
    same_version,
)

DEFAULT = "postgresql:13 postgresql:16 postgresql:18 mysql:9.7 mariadb:10.11"
ADMIN = "dba"
WAYS: dict[str, Callable[[str, str], Reached]] = {
    "docker": containers.start,
    "binaries": binaries.start,
}

_started: dict[tuple[str, str], TestServer] = {}
_locks: dict[tuple[str, str], threading.Lock] = {}
_lock = threading.Lock()


def wanted() -> list[tuple[str, str]]:
    """Flavor and version of each; a URL without a version stands for all of its flavor."""
    pairs = [_pair(word) for word in os.environ.get("DBPROV_TEST_SERVERS", DEFAULT).split()]
    for flavor, version, name in _urls():
        if version is None:
            release = accounts.release(flavor, _by_url(flavor, name))
            pairs = [pair for pair in pairs if pair[0] != flavor] + [(flavor, release)]
        elif (flavor, version) not in pairs and f"DBPROV_TEST_{flavor.upper()}" not in os.environ:
            pairs.append((flavor, version))
    return list(dict.fromkeys(pairs))


def urls() -> list[str]:
    """The variables that hold one."""
    return [name for _, _, name in _urls()]


def start(flavor: str, version: str) -> TestServer:
    """The server, started if it does not run yet. Threads may call this at the same time."""
    key = (flavor, version)
    with _lock:
        lock = _locks.setdefault(key, threading.Lock())
    with lock:
        if key not in _started:
            _started[key] = with_admin(flavor, version, _reach(flavor, version))
        return _started[key]


def start_dedicated(
    flavor: str, version: str, options: str, files: Mapping[str, bytes] | None = None
) -> tuple[TestServer, Path]:
    """One more server, from binaries, with options and files of its own; and its folder."""
    reached = binaries.start(flavor, version, options, files)
    assert reached.folder
    return with_admin(flavor, version, reached), reached.folder


def stop_all() -> None:
    """End what was started here, and remove its data; servers reached by URL stay."""
    supervisor.stop_all()
    _started.clear()


atexit.register(stop_all)


def _pair(word: str) -> tuple[str, str]:
    flavor, _, version = word.partition(":")
    if flavor not in FLAVORS or not re.fullmatch(r"\d+(\.\d+)*", version):
        raise WrongSetting(f"DBPROV_TEST_SERVERS: {word!r} is not like postgresql:16 or mysql:9.7")
    return flavor, version


def _urls() -> list[tuple[str, str | None, str]]:
    """Flavor, version and variable of the URLs in the environment."""
    pattern = re.compile(r"DBPROV_TEST_(POSTGRESQL|MYSQL|MARIADB)(?:_(\d+(?:_\d+)*))?")
    found = [(pattern.fullmatch(name), name) for name in sorted(os.environ)]
    return [
        (match[1].lower(), match[2] and match[2].replace("_", "."), name)
        for match, name in found
        if match
    ]


def _reach(flavor: str, version: str) -> Reached:
    bare = f"DBPROV_TEST_{flavor.upper()}"
    exact = f"{bare}_{version.replace('.', '_')}"
    for name in (exact, bare):
        if name in os.environ:
            return _by_url(flavor, name)
    allowed = os.environ.get("DBPROV_TEST_WAY", "any")
    if allowed not in ("any", *WAYS):
        raise WrongSetting(f"DBPROV_TEST_WAY is {allowed!r}; it can be docker, binaries or any")
    tried = [f"{exact} is not set"]
    for name, reach in WAYS.items():
        if allowed not in (name, "any"):
            tried.append(f"{name} not allowed by DBPROV_TEST_WAY={allowed}")
            continue
        try:
            return reach(flavor, version)
        except ServerUnavailable as error:
            tried.append(f"{name}: {error}")
    raise ServerUnavailable(f"{flavor} {version} cannot be had: {'; '.join(tried)}.")


def _by_url(flavor: str, name: str) -> Reached:
    host, port, superuser = accounts.parse(flavor, name, os.environ[name])
    reached = Reached(name, host, port, superuser, clients.program(flavor), None)
    try:
        accounts.release(flavor, reached)
    except accounts.ERRORS as error:
        raise WrongSetting(f"{name} leads to no server that answers: {error}") from error
    return reached


def with_admin(flavor: str, version: str, reached: Reached) -> TestServer:
    release = accounts.release(flavor, reached)
    if not same_version(version, release):
        problem = f"{flavor} {version} wanted, but {reached.source} is {release}"
        raise (WrongSetting if reached.source in os.environ else ServerUnavailable)(problem)
    admin = (ADMIN, secrets.token_hex(12))
    accounts.make_admin(flavor, reached, admin)
    return TestServer(
        flavor=flavor,
        version=version,
        release=release,
        source=reached.source,
        host=reached.host,
        port=reached.port,
        superuser=reached.superuser,
        admin=admin,
        client=reached.client,
        log=reached.log,
    )
