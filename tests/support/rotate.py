"""Rotations, and whether they ended."""

from __future__ import annotations

from typing import Any

from dbprov.commands.rotate import Rotated, finish, rotate, rotations
from dbprov.spec.model import Spec
from tests.support.walk import Walk


def turned(walk: Walk, spec: Spec, user: str | None = None) -> Rotated:
    def turn(deployment: Any, server: Any) -> Rotated:
        [planned] = rotations(deployment, server, user)
        return rotate(planned, server)

    [ended] = walk.each(spec, turn)
    assert isinstance(ended, Rotated)
    return ended


def finished(walk: Walk, spec: Spec) -> Rotated:
    def end(deployment: Any, server: Any) -> Rotated:
        [planned] = rotations(deployment, server, finish=True)
        return finish(planned, server)

    [ended] = walk.each(spec, end)
    assert isinstance(ended, Rotated)
    return ended
