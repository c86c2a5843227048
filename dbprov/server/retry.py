"""Statements that are tried again: conflicts with concurrent statements, objects in use."""

from __future__ import annotations

import random
import re
import time

from msgspec import Struct, field

from dbprov.engines.engine import Engine
from dbprov.errors import DbprovError
from dbprov.server.lock import Delay, Delayed
from dbprov.system.masking import raw

TRIES = 30
PATIENCE = 60.0
"""Seconds for all attempts; one that took longer itself is the last."""
LONGEST = 2.0


def lost(engine: Engine, error: DbprovError) -> bool:
    """Did it fail by a conflict, so that the same statement can succeed a moment later (T32)?"""
    pattern = engine.errors.RETRY.get(error.code)
    return pattern is not None and re.search(pattern, raw(error.why)) is not None


class Attempts(Struct):
    """The attempts at one thing that is to be changed: of every command the same number."""

    engine: Engine
    delayed: Delayed
    made: int = 0
    end: float = field(default_factory=lambda: time.monotonic() + PATIENCE)

    def another(self) -> bool:
        """Count one that failed; is there one left?"""
        self.made += 1
        return self.made < TRIES and time.monotonic() <= self.end

    def wait(self, error: DbprovError, *, also: bool = False) -> bool:
        """Wait for the next one; False where there is none, or it would fail as this one did."""
        if not (also or lost(self.engine, error)) or not self.another():
            return False
        seconds = pause(self.made - 1)
        self.delayed(Delay(f"{error.what}: {error.why}", error.code, seconds))
        time.sleep(seconds)
        return True


def pause(attempt: int) -> float:
    """Seconds until the next attempt: longer each time, and random, so that two runs differ."""
    return min(LONGEST, 0.1 * 2.0**attempt) * random.uniform(0.5, 1.5)
