"""For people and for programs: text and JSON, which carry everything."""

from __future__ import annotations

from dbprov.connections.forms import Wish
from dbprov.connections.strings import Handout


def objections(name: str, one: Handout, wish: Wish) -> list[str]:
    return []
