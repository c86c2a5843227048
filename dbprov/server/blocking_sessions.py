"""Who is in the way of a statement that does not come to its end, asked while it waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from threading import Event, Thread

from dbprov.engines.engine import Session
from dbprov.server.lock import Holder

PATIENCE = 0.5
"""Seconds until somebody is asked about: most statements are over by then."""


@contextmanager
def watched(
    question: Callable[[], str], second: Callable[[], AbstractContextManager[Session]]
) -> Iterator[list[Holder]]:
    """Those whom the statement inside waited for when they were last seen.

    Only another session can see that, and only meanwhile. Where none can be had, or this admin may
    not know, nobody is named.
    """
    seen: list[Holder] = []
    over = Event()

    def watch() -> None:
        if over.wait(PATIENCE):
            return
        with suppress(Exception), second() as connection:
            while not over.is_set():
                [rows] = connection.ask([question()])
                if rows:
                    seen[:] = [Holder.of(row) for row in rows]
                over.wait(PATIENCE)

    thread = Thread(target=watch, name="dbprov-blockers", daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join(1.0)  # it may be on its way to a server that is gone
