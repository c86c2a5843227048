"""For people and for programs: text and JSON, which carry everything."""

from __future__ import annotations

from dbprov.connections import Handout
from dbprov.formats import Wish


def objections(name: str, one: Handout, wish: Wish) -> list[str]:
    return []
