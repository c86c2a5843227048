"""What a thing on a server says of itself: whose it is."""

from __future__ import annotations

from typing import Self

from msgspec.structs import replace

from dbprov.items.item import SET, Back, Item, Made


class Label(Item, frozen=True, kw_only=True):
    """Which Deployment a user or a database belongs to, written where a DBA looks.

    Always on what dbprov makes, on what was there only where the spec says so. What somebody else
    wrote is never written over.
    """

    kind = "label"
    words = SET
    essential = False
    thing: str  # user, database
    name: str
    host: str = "%"
    text: str
    mine: str  # how a label of this Deployment begins, whatever file it was in
    asked: bool  # the spec says so in words: what was there is labelled too
    with_opening: bool = False  # a database that is made closed: labelled before it is opened
    # found
    administered: bool = True
    sealed: bool = False  # a database that dbprov has not opened yet

    def __str__(self) -> str:
        host = f"@{self.host}" if self.host != "%" else ""
        return f'label of {self.thing} "{self.name}"{host}'

    def satisfied_by(self, found: Self) -> bool:
        if found.text == self.text or not (self.asked or found.sealed) or not found.administered:
            return True
        return bool(found.text) and not self._mine(found)

    def undo(self, verb: str, found: Item | None, made: Made) -> Back | None:
        text = found.text if isinstance(found, Label) else ""
        return [("alter", replace(self, text=text)) if text else ("drop", self)]

    def gone_with(self, made: Made) -> bool:
        if self.thing == "database":
            return self.name in made.databases
        return (self.name, self.host) in made.users

    def _mine(self, found: Self) -> bool:
        return found.text == self.mine or found.text.startswith(f"{self.mine} of ")

    def remarks(self, found: Self) -> list[str]:
        if found.text == self.text or not self.satisfied_by(found):
            return []
        if found.text and (self.asked or found.text.startswith(self.mine.split()[0])):
            return [
                f'{self.thing} "{self.name}" says of itself: {found.text}; that is left as it is'
            ]
        if self.asked and not found.administered:
            return [f"{self}: this admin may not set it"]
        return []
