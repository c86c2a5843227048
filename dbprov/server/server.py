"""One server, ready to be changed: its lock, and the steps that are applied."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager

from msgspec import Struct

from dbprov.audit.record import Announced, Recording, digest
from dbprov.engines.engine import Session
from dbprov.engines.facts import Notice
from dbprov.errors import ApplyError, ConnectError, DbprovError, Interrupted
from dbprov.items import Database
from dbprov.items.item import Obstacle
from dbprov.passwords import Kept
from dbprov.plan.steps import Step, announced, transactions
from dbprov.plan.told import Met, told
from dbprov.server.blocking_sessions import watched
from dbprov.server.event_triggers import blamed
from dbprov.server.lock import Delay, Delayed, Holder, Lock, names
from dbprov.server.look import LookingServer
from dbprov.server.sessions import no_password
from dbprov.spec.model import Deployment
from dbprov.sql.render import Renderer


def masked(place: Kept, user: str) -> str:
    """The password of a statement that is shown to people."""
    return "'***'"


class Done(Struct, frozen=True):
    """One statement that ran.

    Its text without the password, what the server said, and how long it took.
    """

    step: Step
    statement: str
    notices: tuple[Notice, ...]
    milliseconds: float


class Server(LookingServer):
    """What is wanted there, looked at and applied."""

    # -- one at a time -----------------------------------------------------------------------------

    @contextmanager
    def lock(self, deployment: Deployment, delayed: Delayed = lambda delay: None) -> Iterator[Lock]:
        """While it lasts no other run of dbprov changes the same database or users on this server.

        Raises LockError when it is not had within ``timeouts.lock`` seconds. ``waited`` of what it
        gives: somebody else may have changed things meanwhile, so plan again.
        """
        home, connection = self._lock_home(delayed)
        lock = Lock(
            self.engine,
            connection,
            self.renderer(no_password),
            [self.engine.connection.lock_key(name) for name in names(deployment)],
            lambda: closing(self._connect(home)),
            f"{deployment.name} on {self.address}",
        )
        outer, self._lock = self._lock, lock
        try:
            lock.take(self.timeouts.lock, delayed)
            yield lock
        finally:
            self._lock = outer
            lock.release()

    def _lock_home(self, delayed: Delayed) -> tuple[str | None, Session]:
        """The admin's own session where it is in the right database already."""
        home = self.engine.connection.LOCK_DATABASE
        if not home or home == (self.address.database or home):
            return None, self.connection()
        try:
            return home, self.connection(home)
        except ConnectError as error:
            known = f'locked in database "{self.address.database}": "{home}" cannot be entered'
            why = f"{known}, so runs whose server names another database are not kept out"
            delayed(Delay(why, error.code))
            return None, self.connection()

    def _still_locked(self, connection: Session) -> None:
        """The lock is its session's: no need to ask where that is the one that works."""
        lock = self._lock
        if lock and (lock.pooled or lock.connection is not connection):
            lock.check()

    # -- apply -------------------------------------------------------------------------------------

    def apply(self, steps: Sequence[Step]) -> Iterator[tuple[Done, ...]]:
        """What is committed, each transaction as it ends: one statement where there are none.

        Raises ApplyError at the first that fails or has no effect. What shares a transaction stands
        or falls together; what was done before it stands.
        """
        shown = self.renderer(masked)
        announcements = {
            id(step): announced(step, shown.item(step.item, step.verb)) for step in steps
        }
        plan = digest(list(announcements.values()))
        for group in transactions(steps):
            connection = self.connection(group[0].item.inside)
            self._still_locked(connection)
            literal = connection.password_literal(self.address, self.tls, self.facts)
            sent = self.renderer(literal)
            if not group[0].item.alone and self.engine.connection.TRANSACTIONS:
                with self.recorded([announcements[id(s)] for s in group], plan, True) as recording:
                    done = self._together(connection, group, sent, recording)
                yield done
                continue
            for step in group:
                if step.verb == "drop" and isinstance(step.item, Database):
                    self._leave(step.item.name)
                with self.recorded([announcements[id(step)]], plan) as recording:
                    alone = self._run(connection, step, sent, recording)
                yield (alone,)

    def _blame(self, error: ApplyError, database: str | None) -> None:
        """Name the event trigger that it failed in."""
        why, todo = blamed(self, database, self.facts.admin, error.code, error.inside)
        if why:
            error.why, error.todo = f"{error.why}, {why}", todo

    def _together(
        self, connection: Session, group: Sequence[Step], sent: Renderer, recording: Recording
    ) -> tuple[Done, ...]:
        """All of them in one transaction, committed when this returns."""
        done: list[Done] = []
        try:
            with connection.transaction():
                for step in group:
                    done.append(self._run(connection, step, sent, recording))
        except ApplyError as error:
            self._blame(error, group[0].item.inside)
            raise _undone(error, len(done)) from None
        except DbprovError:
            raise
        except KeyboardInterrupt:
            raise _undone(_interrupted(group[-1]), len(done), len(group)) from None
        except Exception as error:
            # Of BEGIN or COMMIT: the connection is gone, and so is all in between.
            failed = self._failed(group[-1], *self.engine.errors.explain(error, secret=True))
            raise _undone(failed, len(done), len(group)) from None
        return tuple(done)

    def _run(self, connection: Session, step: Step, sent: Renderer, recording: Recording) -> Done:
        statement = sent.item(step.item, step.verb)
        secret = step.verb in step.item.reveals
        recording.begins()
        began = time.perf_counter()
        seen: list[Holder] = []
        try:
            with self._watched(connection) as seen:
                notices = connection.run(statement)
        except KeyboardInterrupt:
            raise _interrupted(step) from None
        except Exception as error:
            code, words = self.engine.errors.explain(error, secret=secret)
            if code in self.engine.errors.BUSY:
                words += "".join(f"\nin the way is {one}" for one in seen)
            recording.failed(code, words, _since(began))
            failed = self._failed(step, code, words)
            failed.inside = self.engine.errors.inside(error)
            raise failed from None
        there = next(
            (notice for notice in notices if notice.code in self.engine.errors.EXISTS), None
        )
        empty = next((notice for notice in notices if notice.empty), None)
        wrong = there or empty
        if wrong:
            words = wrong.words
            if not there:
                words += " (the statement succeeded without effect)"
            recording.failed(wrong.code, words, _since(began))
            raise self._failed(step, wrong.code, words)
        recording.done([f"{n.code} {n.words}" for n in notices], _since(began))
        shown = recording.announced[len(recording.ended) - 1].sql
        return Done(step, shown, tuple(notices), _since(began))

    @contextmanager
    def recorded(
        self,
        announced: Sequence[Announced],
        plan: str = "",
        whole: bool = False,
        kept: bool = True,
    ) -> Iterator[Recording]:
        """Around every statement with which the admin changes something.

        Announced in the record before, its end written after. ``whole``: they share a transaction,
        and it ends inside. ``kept`` False: it always ends by being rolled back.
        """
        recording = Recording(announced, whole)
        if self._journal is None:
            yield recording
            return
        where = {
            "server": str(self.address),
            "identity": self.facts.identity,
            "admin": self.facts.admin,
        }
        with self._journal.recording(recording, plan or digest(announced), where, kept):
            yield recording

    def _watched(self, connection: Session) -> AbstractContextManager[list[Holder]]:
        number = connection.number
        render = self.renderer(no_password)
        return watched(
            lambda: render.text("lock/blockers", session=number),
            lambda: closing(self._connect(None)),
        )

    def _failed(self, step: Step, code: str, words: str) -> ApplyError:
        words, todo = self.explained(words, self.engine.errors.remedy(code, words))
        return ApplyError(f"could not {step}", words, todo, code=code)

    def obstacles(self, steps: Sequence[Step]) -> list[tuple[Step, Obstacle]]:
        """The steps that this admin is known to be unable to do, before any of them is tried.

        What somebody else would run is told once for all of them.
        """
        met = self.met(steps)
        solved = self.solved([(o, step.item.inside) for step, o in met])
        return [(step, o) for (step, _), o in zip(met, solved, strict=True)]

    def met(self, steps: Sequence[Step]) -> list[tuple[Step, Obstacle]]:
        """The same, without what somebody else would run."""
        admin = self.engine.limits.Admin(self.facts, self.renderer(masked))
        tried = [(s, s.item.obstacle(s.verb, s.found, admin)) for s in steps]
        return [(step, obstacle) for step, obstacle in tried if obstacle]

    def solved(self, met: Sequence[Met]) -> list[Obstacle]:
        """Obstacles with what somebody else would run; who that is the server is asked, once."""
        if not met:
            return []
        render, remedies = self.renderer(masked), self.engine.remedies
        needs = [need for obstacle, _ in met for need in obstacle.needs]
        query = remedies.asked(self.facts, needs, render)
        holders = self.answers([query])[0] if query else []
        return told(met, remedies.Remedy(self.facts, render, needs, holders))


def _since(began: float) -> float:
    return (time.perf_counter() - began) * 1000


def _interrupted(step: Step) -> Interrupted:
    return Interrupted(
        f"interrupted at: {step}",
        "the run was ended by a signal; the server may still have done this one statement",
        "run the same command again: it looks first, and goes on where it stopped",
    )


def _undone(error: ApplyError, finished: int, committing: int = 0) -> ApplyError:
    """With how many statements before it went with their transaction.

    Where all of them had run it is COMMIT that failed, and only the next look knows.
    """
    if finished:
        error.what += (
            f"; whether the server kept the {finished} of its transaction is not known"
            if finished == committing
            else f"; with its transaction {finished} done before were taken back"
        )
    return error
