"""Statements that are tried again: conflicts with concurrent statements, objects in use."""

from __future__ import annotations

import random
import re

from dbprov.engines.engine import Engine
from dbprov.errors import DbprovError
from dbprov.system.masking import raw

TRIES = 30
PATIENCE = 60.0
"""Seconds for all attempts; one that took longer itself is the last."""
LONGEST = 2.0


def lost(engine: Engine, error: DbprovError) -> bool:
    """Did it fail by a conflict, so that the same statement can succeed a moment later (T32)?"""
    pattern = engine.errors.RETRY.get(error.code)
    return pattern is not None and re.search(pattern, raw(error.why)) is not None


def pause(attempt: int) -> float:
    """Seconds until the next attempt: longer each time, and random, so that two runs differ."""
    return min(LONGEST, 0.1 * 2.0**attempt) * random.uniform(0.5, 1.5)
