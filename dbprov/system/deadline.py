"""An answer within its time, however it is dripped.

Libraries count the seconds of one read: who sends a byte now and then is never late. Here all of
it counts, from the first question to the last byte.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Any, TypeVar

T = TypeVar("T")


class Late(Exception):
    """It took longer than it may. Whatever was asked goes on by itself, and nobody hears it."""


def within(seconds: float, ask: Callable[[], T]) -> T:
    """What it answers or raises; Late where it has not ended in time."""
    ended: list[tuple[Any, BaseException | None]] = []

    def run() -> None:
        try:
            ended.append((ask(), None))
        except BaseException as error:
            ended.append((None, error))

    # It ends with this process: nothing waits for a thread of this kind.
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
