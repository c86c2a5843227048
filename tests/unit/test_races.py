"""What is tried again, and what never is."""

from __future__ import annotations

import pytest

from dbprov.engines.engine import of
from dbprov.errors import ApplyError
from dbprov.server import retry


@pytest.mark.parametrize(
    ("engine", "code", "why", "again"),
    [
        ("postgresql", "XX000", "tuple concurrently updated", True),
        ("postgresql", "XX000", "tuple concurrently deleted", True),
        ("postgresql", "XX000", "could not read block 7", False),
        ("postgresql", "40P01", "deadlock detected", True),
        ("postgresql", "40001", "could not serialize access", True),
        ("postgresql", "55006", "source database is being accessed by other users", True),
        ("postgresql", "55P03", "canceling statement due to lock timeout", True),
        ("postgresql", "57014", "canceling statement due to statement timeout", False),
        ("postgresql", "42501", "permission denied", False),
        ("postgresql", "", "the connection is closed", False),
        ("mysql", "1205", "Lock wait timeout exceeded", True),
        ("mysql", "1213", "Deadlock found", True),
        ("mysql", "2013", "Lost connection", False),
        ("mysql", "1045", "Access denied", False),
    ],
)
def test_only_lost_races_are_tried_again(engine: str, code: str, why: str, again: bool) -> None:
    assert retry.lost(of(engine), ApplyError("could not do it", why, code=code)) is again


def test_pauses_grow_and_differ() -> None:
    assert len({retry.pause(3) for _ in range(20)}) > 1
    for attempt in range(retry.TRIES):
        longest = min(retry.LONGEST, 0.1 * 2.0**attempt)
        assert longest / 2 <= retry.pause(attempt) <= longest * 1.5
