"""Rotations, and whether they ended."""

from __future__ import annotations

from typing import Any

from dbprov.commands.rotate import rotate
from dbprov.commands.rotate_plan import plan_rotation
from dbprov.commands.run import Run
from dbprov.spec.model import Spec
from tests.support.walk import Walk


def rotated(walk: Walk, spec: Spec, user: str | None = None) -> Run:
    def rotate_one(deployment: Any, server: Any) -> Run:
        [planned] = plan_rotation(deployment, server, user)
        return rotate(planned, server)

    [ended] = walk.each(spec, rotate_one)
    assert isinstance(ended, Run)
    return ended


def finished(walk: Walk, spec: Spec) -> Run:
    def end(deployment: Any, server: Any) -> Run:
        [planned] = plan_rotation(deployment, server, finish=True)
        return rotate(planned, server)

    [ended] = walk.each(spec, end)
    assert isinstance(ended, Run)
    return ended
