"""Statements that are about to be sent to a server, and their results."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from msgspec import Struct, field


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Announced(Struct, frozen=True):
    """A statement that is about to be sent. ``sql`` holds no password."""

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
    """The digest of a plan: of its statements, their databases and their order."""
    made = sha256()
    for one in statements:
        for part in (one.database or "", one.sql):
            made.update(f"{len(part)}:{part}".encode())
    return made.hexdigest()


class Recording(Struct):
    """The results of the announced statements, in their order."""

    announced: Sequence[Announced]
    whole: bool  # in one transaction
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
        """One for each announced statement.

        ``kept`` False: the transaction is rolled back even where no statement fails. Where the
        COMMIT fails, only the server knows whether it took effect: the result is "unknown".
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
