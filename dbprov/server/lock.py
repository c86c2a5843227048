"""An advisory lock on the database and the users of a Deployment: one run at a time.

Runs with the same database or user exclude each other, whatever their specs. The lock belongs to a
session of the server, so the server releases it when the run ends, even by kill -9.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from typing import Any

from msgspec import Struct

from dbprov.engines.engine import Engine, Session
from dbprov.engines.facts import Row
from dbprov.errors import LockError
from dbprov.spec.model import Deployment
from dbprov.sql.render import Renderer

ASK_AGAIN = 2.0
"""Seconds after which a waiting run queries again which session holds the lock."""


class Holder(Struct, frozen=True):
    """The session that holds a lock, as far as the admin may see it. Never its statements."""

    number: int
    user: str | None = None
    application: str | None = None
    client: str | None = None
    since: str | None = None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Holder:
        more = {key: value for key, value in row.items() if key != "session"}
        return cls(number=row["session"], **more)

    def __str__(self) -> str:
        known = [
            f'of user "{self.user}"' if self.user else "",
            f"({self.application})" if self.application else "",
            f"from {self.client}" if self.client else "",
            f"since {self.since}" if self.since else "",
        ]
        return " ".join([f"session {self.number}", *filter(None, known)])


class Delay(Struct, frozen=True):
    """Why a run waits: for another run, or to try a statement again."""

    why: str
    code: str = ""
    seconds: float = 0.0  # until it is tried again; 0: as soon as it can be

    def as_json(self) -> dict[str, Any]:
        return {"why": self.why, "code": self.code, "seconds": round(self.seconds, 2)}


Delayed = Callable[[Delay], None]


def names(deployment: Deployment) -> list[str]:
    """What is locked for a Deployment."""
    users = {f"user {account.name}@{account.host}" for account in deployment.accounts}
    return sorted({f"database {deployment.database}", *users})


class Lock(Struct):
    """Takes all of the keys or none: a waiting run holds no lock, so no deadlock is possible."""

    engine: Engine
    connection: Session
    render: Renderer
    keys: Sequence[int | str]
    second: Callable[[], AbstractContextManager[Session]]  # another session of the same kind
    what: str
    session: int = 0  # the number of it
    pooled: bool = False
    waited: bool = False

    def take(self, patience: float, delayed: Delayed) -> None:
        try:
            self._take(patience, delayed)
        except LockError:
            raise
        except Exception as error:  # of the driver: the connection is gone
            code, words = self.engine.errors.explain(error, secret=False)
            raise LockError(
                f"the lock on {self.what} could not be taken; nothing was changed",
                words,
                self.engine.errors.remedy(code, words),
                code=code,
            ) from None

    def _take(self, patience: float, delayed: Delayed) -> None:
        self.session = self.connection.number
        end = time.monotonic() + patience
        asked, reported = 0.0, 0
        while not self._try():
            now = time.monotonic()
            last = now >= end
            if last or not reported or now - asked > ASK_AGAIN:
                asked, holder = now, self._holder()
                if last:
                    raise self._locked(patience, holder)
                if holder and holder.number != reported:
                    reported = holder.number
                    delayed(Delay(f"waiting for another run on {self.what}: {holder}"))
            self.waited = True
            time.sleep(min(random.uniform(0.1, 0.4), max(end - now, 0.01)))

    def _try(self) -> bool:
        rows = self._ask("lock/take", session=self.session)
        if rows[0]["session"] != self.session:
            self._refuse_transaction_pooling(rows[0]["session"])
            rows = self._ask("lock/take", session=self.session)
        if all(row["held"] for row in rows):
            return True
        taken = [key for key, row in zip(self.keys, rows, strict=True) if row["held"]]
        if taken:
            self._ask("lock/release", keys=taken)
        return False

    def _refuse_transaction_pooling(self, session: int) -> None:
        """Raises LockError where a pooler gives each transaction another session.

        Then a second client gets the session that was this one's (T33).
        """
        with self.second() as other, other.roll_back():
            [[row]] = other.ask([self.render.text("lock/held", keys=self.keys[:1])])
            again = self._ask("lock/held")[0]["session"]
            if row["session"] == session or again != session:
                raise LockError(
                    f"{self.what} is not changed through this pooler; nothing was changed",
                    "it gives each transaction another session of the server:"
                    " no lock would hold, and no setting of ours",
                    "let server in the spec be the server itself, or a pool in session mode;"
                    " publish: {host, port} may name the pooler",
                )
        self.session, self.pooled = session, True

    def check(self) -> None:
        """Raises LockError where this session does not hold the lock any more."""
        code, why = "", "a pooler gave us another session"
        try:
            rows = self._ask("lock/held")
        except Exception as error:
            code, why = self.engine.errors.explain(error, secret=False)
        else:
            if all(row["held"] and row["session"] == self.session for row in rows):
                return
        raise LockError(
            f"the lock on {self.what} is lost; nothing more was changed",
            why,
            "run the same command again: it goes on where it stopped",
            code=code,
        )

    def release(self) -> None:
        """Release the lock; the server has done so where the session has ended."""
        with suppress(Exception):
            self._ask("lock/release")

    def _holder(self) -> Holder | None:
        rows = self._ask("lock/holder")
        if not rows:
            return None
        return Holder.of(rows[0])

    def _ask(self, name: str, **values: Any) -> list[Row]:
        values = {"keys": self.keys, **values}
        return self.connection.ask([self.render.text(name, **values)])[0]

    def _locked(self, patience: float, holder: Holder | None) -> LockError:
        return LockError(
            f"{self.what} is being changed by another run; nothing was changed",
            f"the lock is held by {holder or 'a session that cannot be seen'}"
            + (f", still after {patience:.0f} seconds" if patience else ""),
            "run it again when that one has ended, or wait longer: --lock-timeout SECONDS"
            + self._how_to_end(holder),
        )

    def _how_to_end(self, holder: Holder | None) -> str:
        """How to end the holder: any user who can log in can take the lock, and keep it."""
        if not holder:
            return ""
        if not holder.number:
            return "\nwhere that is no run of dbprov: ROLLBACK PREPARED it (pg_prepared_xacts)"
        statement = self.render.text("lock/end", session=holder.number)
        return (
            "\nany user of the server can take this lock: where that session is no run of dbprov,"
            f" whoever may end it ends it: {statement};"
        )
