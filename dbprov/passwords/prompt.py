"""A password that is typed on the terminal."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from dbprov.passwords.secret import Secret


class PromptPlace(Struct, frozen=True):
    label: str
    ask: Callable[..., Secret]
    """Asks on the terminal, twice with ``confirm=True``.

    Raises PlaceError where there is none, or with ``--yes``.
    """
    kept: dict[str, Secret]
    """Answers of this run, so that each password is asked for once."""
    writable = False
    remote = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PromptPlace) and self.label == other.label

    def __hash__(self) -> int:
        return hash(self.label)

    def __str__(self) -> str:
        return "prompt"

    def read(self) -> Secret | None:
        if self.label not in self.kept:
            self.kept[self.label] = self.ask(f"Password of {self.label}")
        return self.kept[self.label]

    def fill(self) -> Secret:
        """Asked for twice: verify would not notice a typing error."""
        return self._new(self.label)

    def pending(self) -> Secret | None:
        return self.kept.get(f"{self.label} (new)")

    def propose(self, login: str = "") -> Secret:
        return self._new(f"{self.label} (new)")

    def promote(self) -> None:
        proposed = self.kept.pop(f"{self.label} (new)", None)
        if proposed is not None:
            self.kept[self.label] = proposed

    def _new(self, slot: str) -> Secret:
        if slot not in self.kept:
            self.kept[slot] = self.ask(f"New password of {self.label}", confirm=True)
        return self.kept[slot]
