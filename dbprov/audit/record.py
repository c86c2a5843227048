"""What is about to be sent to a server, and how each statement of it ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from msgspec import Struct, field


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Announced(Struct, frozen=True):
    """A statement that is about to be sent. ``sql`` shows no password."""

    step: str
    item: str
    kind: str
    verb: str
    database: str | None
    sql: str

    def as_json(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "item": self.item,
            "kind": self.kind,
            "verb": self.verb,
            "database": self.database,
            "sql": self.sql,
        }


def digest(statements: Sequence[Announced]) -> str:
    """Of a plan: the same for the same statements in the same databases and order."""
    made = sha256()
    for one in statements:
        for part in (one.database or "", one.sql):
            made.update(f"{len(part)}:{part}".encode())
    return made.hexdigest()


class Recording(Struct):
    """How the announced statements end, one after the other."""

    announced: Sequence[Announced]
    whole: bool  # they share a transaction
    sent: int = 0
    ended: list[dict[str, Any]] = field(default_factory=list)

    def begins(self) -> None:
        self.sent += 1

    def done(self, notices: Sequence[str], milliseconds: float) -> None:
        self._end("done", notices=list(notices), ms=round(milliseconds, 3))

    def failed(self, code: str, words: str, milliseconds: float) -> None:
        self._end("failed", code=code, words=words, ms=round(milliseconds, 3))

    def _end(self, result: str, **more: Any) -> None:
        self.ended.append({"time": now(), "result": result, **more})

    def results(self, error: BaseException | None, kept: bool = True) -> list[dict[str, Any]]:
        """One for each that was announced.

        ``kept`` False: what was done is taken back even where nothing fails. Where the end of the
        transaction itself failed, nobody but the server knows what became of it.
        """
        made = [dict(one) for one in self.ended]
        if self.whole and (error is not None or not kept):
            all_done = len(made) == len(self.announced) and made[-1]["result"] == "done"
            at_end = all_done and error is not None and not isinstance(error, GeneratorExit)
            for one in made:
                if one["result"] == "done":
                    one["result"] = "unknown" if at_end and kept else "undone"
        if len(made) < self.sent:  # interrupted in the middle of one
            made.append({"time": now(), "result": "undone" if self.whole else "unknown"})
        left = len(self.announced) - len(made)
        return made + [{"time": now(), "result": "not sent"}] * left
