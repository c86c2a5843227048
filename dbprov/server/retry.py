"""What is lost against others, and won by trying again: races in the catalogue, things in use."""

from __future__ import annotations

import random
import re

from dbprov.engines.engine import Engine
from dbprov.errors import DbprovError
from dbprov.system.masking import raw

TRIES = 30
PATIENCE = 60.0
"""Seconds in which they are made; an attempt that itself took longer is the last one."""
LONGEST = 2.0


def lost(engine: Engine, error: DbprovError) -> bool:
    """Whether somebody else was faster, and the same thing can succeed in a moment (T32)."""
    pattern = engine.errors.RETRY.get(error.code)
    return pattern is not None and re.search(pattern, raw(error.why)) is not None


def pause(attempt: int) -> float:
    """Seconds until the next attempt: longer each time, and never the same for two runs.

    Who was kept waiting behind us gets through meanwhile.
    """
    return min(LONGEST, 0.1 * 2.0**attempt) * random.uniform(0.5, 1.5)
