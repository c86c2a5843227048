"""One thing that can exist on a server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from dbprov.system.frozen import dataclass

GRANTED: Mapping[str, str] = {"create": "grant", "alter": "grant", "drop": "revoke"}
SET: Mapping[str, str] = {"create": "set", "alter": "set", "restore": "set", "drop": "reset"}


@dataclass(frozen=True, kw_only=True)
class Item:
    """One thing that can exist. ``kind`` names the folder of its templates."""

    kind: ClassVar[str]
    alone: ClassVar[bool] = False  # cannot run inside a transaction
    essential: ClassVar[bool] = True  # nothing that comes after it works without it
    words: ClassVar[
        Mapping[str, str]
    ] = {}  # what a person calls a verb where it is not create, alter or drop
    reveals: ClassVar[tuple[str, ...]] = ()  # verbs whose statement holds a password
    inside: str | None = None  # the database in which its statements run; None: the admin's own
    lenders: tuple[
        str, ...
    ] = ()  # roles whose rights it may need, borrowed for as long as its transaction lasts

    def __str__(self) -> str:
        raise NotImplementedError

    def satisfied_by(self, found: Self) -> bool:
        """Does what was found give what is wanted? More than that is no difference."""
        return True

    def toward(self, found: Self | None) -> Self:
        """The Item that a Step carries: as wanted, with what has to be kept of what was found."""
        return self

    def remarks(self, found: Self) -> list[str]:
        """What a person should know about what was found although it is no difference."""
        return []
