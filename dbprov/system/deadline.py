"""A time limit for a whole answer.

Libraries limit the time of a single read, so a peer that sends a byte now and then never times
out. This limit counts from the request to the last byte.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Any, TypeVar

T = TypeVar("T")


class Late(Exception):
    """The time limit has passed. The call goes on in its thread, and its result is discarded."""


def within(seconds: float, ask: Callable[[], T]) -> T:
    """Returns or raises as ``ask`` does. Raises Late where it has not ended in time."""
    ended: list[tuple[Any, BaseException | None]] = []

    def run() -> None:
        try:
            ended.append((ask(), None))
        except BaseException as error:
            ended.append((None, error))

    # A daemon thread: the process does not wait for it at its end.
    thread = Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if not ended:
        raise Late(f"no whole answer within {seconds:g} seconds")
    answer, error = ended[0]
    if error is not None:
        raise error
    made: T = answer
    return made
