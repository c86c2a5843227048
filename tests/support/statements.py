"""What a test does between two statements of a run, inside their transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dbprov.server.server import Done, Server


def after_each(server: Server, do: Callable[[Done], None]) -> None:
    """From now on this is done after each statement that the server runs, before it is committed."""

    class Watched(Server):
        def _run(self, *more: Any) -> Done:
            done = super()._run(*more)
            do(done)
            return done

    server.__class__ = Watched
