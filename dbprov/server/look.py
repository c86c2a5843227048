"""What is there: each Item as wanted, beside the same Item as found."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from dbprov.engines.facts import Row
from dbprov.errors import LookError
from dbprov.items import Database, Item
from dbprov.plan.steps import Pair
from dbprov.server.same_server import KnownServer
from dbprov.server.sessions import no_password
from dbprov.sql.render import Renderer
from dbprov.system.masking import outside


class LookingServer(KnownServer):
    """Asks, and changes nothing."""

    def look(self, items: Sequence[Item], *, unseen: bool = False) -> list[Pair]:
        """Each Item as wanted with the same Item as found, or None.

        A constant number of round trips per database. ``unseen``: a database that this admin may
        not enter is no error; what is in it is taken as each Item says.
        """
        found: dict[int, Item | None] = {}
        render = self.renderer(no_password)
        outside = [item for item in items if item.inside is None]
        found |= self._look(None, outside, render)
        there = [one for one in found.values() if isinstance(one, Database) and not one.sealed]
        shut = {one.name: one for one in there if unseen and not one.enters}
        entered = {one.name for one in there if one.name not in shut}
        for name in dict.fromkeys(item.inside for item in items if item.inside in entered):
            found |= self._look(name, [item for item in items if item.inside == name], render)
        foreseen = [item for item in items if item.foreseen and id(item) not in found]
        found |= self._look(None, foreseen, render)
        for item in items:
            if item.inside in shut and id(item) not in found:
                found[id(item)] = item.unseen(shut[item.inside].owner, shut[item.inside].acts)
            if id(item) not in found:  # inside a database that is not there yet
                found[id(item)] = self.engine.expand.in_new_database(item, self.facts)
        return [(item, found[id(item)]) for item in items]

    def every(self, asked: Item) -> list[Item]:
        """All that an Item's block inspect answers with, each as an Item.

        For kinds whose question is not about one thing but about what there is.
        """
        rows = self.answers([self.renderer(no_password).item(asked, "inspect")], asked.inside)[0]
        return [found for row in rows if (found := _found(asked, [row]))]

    def _look(
        self, database: str | None, items: list[Item], render: Renderer
    ) -> dict[int, Item | None]:
        if not items:
            return {}
        queries = [render.item(item, "inspect") for item in items]
        answers = self.answers(queries, database)
        return {id(item): _found(item, rows) for item, rows in zip(items, answers, strict=True)}


def _found(wanted: Item, rows: list[Row]) -> Item | None:
    if not rows:
        return None
    try:
        return replace(
            wanted, **{key: _field(wanted, key, value) for key, value in rows[0].items()}
        )
    except TypeError as error:
        raise LookError(
            f"the answer of {wanted.kind}/inspect cannot be read", outside(str(error)),
            f"let its columns be named like fields of {type(wanted).__name__}",
        ) from None  # fmt: skip


def _field(wanted: Item, key: str, value: Any) -> Any:
    """A column as the field's type.

    An array of PostgreSQL, or of JSON where MySQL has no other, is a tuple.
    """
    kind = type(getattr(wanted, key, None))
    if kind is tuple:
        return _plain(value if isinstance(value, list) else json.loads(value or "[]"))
    return bool(value) if kind is bool else value


def _plain(value: Any) -> Any:
    return tuple(map(_plain, value)) if isinstance(value, list) else value
