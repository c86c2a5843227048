"""What somebody else would run for a plan, told once: the statements of all its obstacles."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from dbprov.items.item import Obstacle, Remedy, Told

Met = tuple[Obstacle, str | None]
"""An obstacle, and the database in which its step runs."""


def told(met: Sequence[Met], remedy: Remedy) -> list[Obstacle]:
    """Each with its statements, but for those that an obstacle before it tells already."""
    known: set[Told] = set()
    found = []
    for obstacle, inside in met:
        every = remedy.of(obstacle.needs) or (_own(obstacle, inside),)
        fresh = tuple(one for one in every if one not in known)
        known |= {one for one in every if one.statement}
        statement = ";\n".join(one.statement for one in every if one.statement)
        found.append(replace(obstacle, who=every[0].who, statement=statement, told=fresh))
    return found


def _own(obstacle: Obstacle, inside: str | None) -> Told:
    database = inside if obstacle.statement else None
    return Told(obstacle.statement, obstacle.who, database=database)
