"""On which of the wanted servers, and as which admin, a test runs.

DBPROV_TEST_MATRIX=quick     the newest PostgreSQL and MySQL, as the restricted admin; nothing slow
DBPROV_TEST_MATRIX=sample    all of it on those two, as both admins (slow ones as the
                             restricted one), and a sample on the other servers
DBPROV_TEST_MATRIX=whole     every test on every server that its marks allow; so it is without the variable

A sample loses no behaviour: a test that neither of the two newest servers takes keeps all of its servers.
Which of the others run on the other servers is decided by their names, so that every run and every worker
takes the same.
"""

import operator
import os
import re
import zlib
from collections.abc import Sequence
from typing import Any

import pytest

from tests.harness.model import WrongSetting

Pair = tuple[str, str]
"""Flavor and version."""

MATRICES = ("quick", "sample", "whole")
ENGINES = {"postgresql": ("postgresql",), "mysql": ("mysql", "mariadb")}
SHARE = 20  # of the tests on the other servers: more would take longer than ten minutes
"""One of so many tests runs on a server that is not the newest."""
SLOW = (
    "adopt_attacks", "audit", "bastion", "drift", "drop_killed", "faults", "mariadb_passwords", "no_secret", "one_server", "outages", "places", "planted",
    "public_passwords", "resume", "reviewed", "rotate", "shut_out", "storm", "surplus", "two_users", "undo",
)  # fmt: skip
"""Modules of tests/servers that are not for a quick run: kills at every statement, faults at every turn, attacks."""
FIXTURES = ("server", "tls_server", "own", "logging_server")
"""Those that stand for a server."""
COMPARE = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}


def chosen(items: Sequence[pytest.Item], wanted: list[Pair]) -> list[pytest.Item]:
    """Those that run, in their order."""
    matrix = os.environ.get("DBPROV_TEST_MATRIX", "whole")
    if matrix not in MATRICES:
        raise WrongSetting(
            f"DBPROV_TEST_MATRIX is {matrix!r}; it can be quick, sample or whole (which is the default)"
        )
    marked = [i for i in items if _marked_for(i, pair_of(i)) and _in_sample(i, wanted)]
    if matrix == "whole":
        return marked
    newest = {_newest(pairs) for pairs in _by_engine(wanted) if pairs}
    if matrix == "quick":
        return [item for item in marked if _is_quick(item, newest)]
    return _sample(marked, newest)


def pair_of(item: pytest.Item) -> Pair | None:
    """The server of a test, also one that it has for itself."""
    params = _params(item)
    return next((params[name] for name in FIXTURES if name in params), None)


def server_of(item: pytest.Item) -> Pair | None:
    """The server that a test shares with others."""
    pair: Pair | None = _params(item).get("server")
    return pair


def _sample(items: Sequence[pytest.Item], newest: set[Pair]) -> list[pytest.Item]:
    on_newest = {_test_on_engine(item) for item in items if pair_of(item) in newest}
    ids = {item.nodeid for item in items}
    return [
        item
        for item in items
        if not (_is_slow(item) and _as_restricted(item) in ids)
        if pair_of(item) in (None, *newest)
        or _test_on_engine(item) not in on_newest
        or zlib.crc32(item.nodeid.encode()) % SHARE == 0
    ]


def _test_on_engine(item: pytest.Item) -> tuple[str, str | None]:
    """The function, and whether it is on PostgreSQL or on MySQL."""
    pair = pair_of(item)
    return item.nodeid.partition("[")[0], pair and _engine(pair)


def _as_restricted(item: pytest.Item) -> str:
    """The same test, run as the restricted admin; nothing where it is that one."""
    found = item.nodeid.replace("superuser", "restricted")
    return "" if found == item.nodeid else found


def _is_slow(item: pytest.Item) -> bool:
    module = item.nodeid.partition("::")[0]
    return any(module.endswith(f"servers/test_{name}.py") for name in SLOW)


def _is_quick(item: pytest.Item, newest: set[Pair]) -> bool:
    params, pair = _params(item), pair_of(item)
    if _is_slow(item):
        return False
    return pair is None or (
        params.get("server") in newest and len(params.keys() & set(FIXTURES)) == 1
        and _admin_of(item) == "restricted"
    )  # fmt: skip


def _by_engine(wanted: list[Pair]) -> list[list[Pair]]:
    """Of each engine the servers of the flavor that is named first."""
    found = []
    for flavors in ENGINES.values():
        alike = [pair for pair in wanted if pair[0] in flavors]
        found.append([pair for pair in alike if pair[0] == alike[0][0]])
    return found


def _newest(pairs: list[Pair]) -> Pair:
    return max(pairs, key=lambda pair: _numbers(pair[1]))


def _engine(pair: Pair) -> str:
    return next(engine for engine, flavors in ENGINES.items() if pair[0] in flavors)


def _params(item: pytest.Item) -> dict[str, Any]:
    callspec = getattr(item, "callspec", None)
    return callspec.params if callspec else {}


def _admin_of(item: pytest.Item) -> str:
    """Who provisions in it. Tests that take no `admin` do so as the restricted one, or do not care."""
    return str(_params(item).get("admin", "restricted"))


def _marked_for(item: pytest.Item, pair: Pair | None) -> bool:
    marks = [mark for mark in item.iter_markers() if mark.name in ENGINES]
    if pair is None or not marks:
        return True
    return any(
        pair[0] in ENGINES[mark.name] and any(_fits(text, pair) for text in mark.args or [""])
        for mark in marks
    )


def _in_sample(item: pytest.Item, wanted: list[Pair]) -> bool:
    """What the mark `sampled` leaves of it, in every matrix."""
    mark, pair = item.get_closest_marker("sampled"), server_of(item)
    if mark is None or pair is None:
        return True
    versions = sorted((v for f, v in wanted if f == pair[0]), key=_numbers)
    newest = any(pairs and pair == _newest(pairs) for pairs in _by_engine(wanted))
    if _admin_of(item) == "superuser":
        return newest and not mark.args
    return newest if mark.args else pair[1] in (versions[0], versions[-1])


def _fits(condition: str, pair: Pair) -> bool:
    """Whether '>= 15', 'mariadb' or 'mariadb >= 11' is true of a server."""
    match = re.fullmatch(r"([a-z]+)?\s*(?:(>=|<=|==|>|<)\s*([\d.]+))?", condition.strip())
    if match is None:
        raise WrongSetting(f"{condition!r} is no condition for a server, as '>= 15' is")
    flavor, comparison, version = match.groups()
    if flavor not in (None, pair[0]):
        return False
    if comparison is None:
        return True
    bound = _numbers(version)
    return bool(COMPARE[comparison](_numbers(pair[1])[: len(bound)], bound))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split("."))
