"""The sessions that block a statement, queried while it waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from threading import Event, Thread

from dbprov.engines.engine import Session
from dbprov.server.lock import Holder

PATIENCE = 0.5
"""Seconds until the first query: most statements have ended by then."""


@contextmanager
def watched(
    question: Callable[[], str], second: Callable[[], AbstractContextManager[Session]]
) -> Iterator[list[Holder]]:
    """The blocking sessions of the statement in the body, as last seen.

    Only another session can see them, and only while the statement waits. Empty where there is no
    second session, or the admin may not see them.
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
        thread.join(1.0)  # it may be connecting to a server that does not answer
