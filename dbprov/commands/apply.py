"""A plan carried out: passwords kept first, statements run, looked at again, verified."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import field
from typing import Any

from dbprov.commands.plan import Planned, compare, done_json, refuse, step_json
from dbprov.commands.verify import prove
from dbprov.engines import Check
from dbprov.errors import (
    ApplyError,
    DbprovError,
    Interrupted,
    PlaceError,
    RefusedError,
    ReviewError,
)
from dbprov.items import User
from dbprov.passwords.prompt import PromptPlace
from dbprov.plan.steps import Step
from dbprov.server import retry
from dbprov.server.lock import Delay, Delayed
from dbprov.server.server import Done, Server
from dbprov.spec.model import Account, Deployment
from dbprov.system.frozen import dataclass

FRESH = 2.0
"""Seconds for which a plan is as good as one made now: nobody was asked, and nobody waited for."""


@dataclass
class Applied:
    """How an apply of one Deployment ended."""

    deployment: Deployment
    planned: Planned
    done: list[Done] = field(default_factory=list)
    left: Planned | None = None
    checks: list[Check] = field(default_factory=list)
    error: DbprovError | None = None
    delays: list[Delay] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return bool(
            not self.error and self.left and self.left.complete and all(c.held for c in self.checks)
        )

    @property
    def not_done(self) -> list[tuple[Step, str]]:
        """Steps of the plan that an error or an interruption kept from being done."""
        if self.left:
            return []
        ran = [done.step for done in self.done]
        every = zip(self.planned.steps, self.planned.statements, strict=True)
        return [(step, statement) for step, statement in every if step not in ran]

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.deployment.name,
            "server": str(self.deployment.server),
            "ok": self.ok,
            "changed": bool(self.done),
            "done": [done_json(done) for done in self.done],
            "delays": [delay.as_json() for delay in self.delays],
            "not_done": [step_json(*pair) for pair in self.not_done],
            "left": self.left.as_json() if self.left else None,
            "checks": [check.as_json() for check in self.checks],
            "error": self.error.as_json() if self.error else None,
        }


def apply(
    deployment: Deployment,
    server: Server,
    planned: Planned | None = None,
    *,
    report: Callable[[Done], None] = lambda done: None,
    check: Callable[[Check], None] = lambda check: None,
    delayed: Delayed = lambda delay: None,
    agreed: bool = False,
    insist: Callable[[Planned], None] | None = None,
) -> Applied:
    """Do what the plan says, look again, and verify, while no other run changes the same things.

    Raises RefusedError or PlaceError before anything is changed. A statement that fails, Ctrl-C, a
    lock that is not had, or what comes after a change, ends up in ``error``. ``agreed``: somebody
    read this plan and said yes, so nothing but what is in it is done. ``insist`` raises ReviewError
    for a plan that nobody reviewed: then this one is done as it is, or nothing.
    """
    planned = planned or compare(deployment, server)
    refuse(planned)
    applied = Applied(deployment, planned)

    def wait(delay: Delay) -> None:
        applied.delays.append(delay)
        delayed(delay)

    try:
        with server.lock(deployment, wait) if planned.steps else nullcontext() as lock:
            if lock and (lock.waited or planned.age > FRESH):
                applied.planned = _planned_again(planned, server, agreed and not insist)
                if insist:
                    insist(applied.planned)
            fill_places(applied.planned)
            if _carry_out(applied, server, report, wait, exactly=insist is not None):
                applied.left = compare(
                    deployment, server, prune=applied.planned.prune, before=applied.planned
                )
                for one in prove(deployment, server, check):
                    applied.checks.append(one)
    except DbprovError as error:  # of the lock, of looking again, and of verifying
        if isinstance(error, (RefusedError, PlaceError, ReviewError)) and not applied.done:
            raise  # nothing was changed
        applied.error = error
    except KeyboardInterrupt:
        applied.error = Interrupted(
            f"interrupted after {len(applied.done)} of {len(applied.planned.steps)} steps",
            "somebody ended the run; what was done stands, and was not verified",
            "run the same command again: it does what is missing, and verifies all of it",
        )
    return applied


def _planned_again(planned: Planned, server: Server, agreed: bool) -> Planned:
    """Others may have done a part of it, or something else, since it was made."""
    now = compare(planned.deployment, server, prune=planned.prune)
    refuse(now)
    new = [sql for sql in now.statements if sql not in planned.statements]
    if agreed and new:
        raise RefusedError(
            f"{planned.deployment.name}: the server has changed since the plan was shown;"
            " nothing was changed",
            "not in that plan:\n" + "\n".join(new),
            "run the same command again, and read the new plan",
        )
    return now


def _carry_out(
    applied: Applied,
    server: Server,
    report: Callable[[Done], None],
    delayed: Delayed,
    exactly: bool,
) -> bool:
    """What is lost against others is planned again and done again, its whole transaction.

    ``exactly``: as long as that is a part of what was reviewed, and nothing else.
    """
    reviewed = applied.planned.statements
    end = time.monotonic() + retry.PATIENCE
    for attempt in range(retry.TRIES):
        running = server.apply(applied.planned.steps)
        try:
            try:
                for done in running:
                    applied.done.append(done)
                    report(done)
            except KeyboardInterrupt as interrupt:
                running.throw(interrupt)  # its transaction knows what goes with it
            return True
        except ApplyError as error:
            del applied.done[len(applied.done) - error.undone :]
            # What somebody else made a moment ago is taken as found.
            there = error.code in server.dialect.EXISTS and not exactly
            again = there or retry.lost(server.dialect, error)
            if not again or attempt == retry.TRIES - 1 or time.monotonic() > end:
                applied.error = error
                return False
            failed = error
            delay = Delay(f"{error.what}: {error.why}", error.code, retry.pause(attempt))
        delayed(delay)
        time.sleep(delay.seconds)
        now = compare(applied.deployment, server, prune=applied.planned.prune)
        if exactly and not set(now.statements) <= set(reviewed):
            applied.error = failed
            return False
        applied.planned = now
    return False


def ask_places(planned: Planned) -> None:
    """What can be known of passwords before anything is changed anywhere.

    Prompts ask; a place that should have a password and has none is a PlaceError. Nothing is
    written yet: only who holds the lock knows whose password a new user gets.
    """
    fill_places(planned, write=False)


def refuse_turn(account: Account) -> None:
    """A user that is made is the first of two; what is kept must not be the other one's."""
    if account.second and account.login == account.second:
        raise PlaceError(
            f'the password in {account.place} is not that of user "{account.name}",'
            " which is to be made; nothing was changed",
            f'it is that of "{account.second}", whose turn it was on another server, or before',
            f'take "{account.second}:" from before it: then it becomes that of "{account.name}"',
        )


def fill_places(planned: Planned, *, write: bool = True) -> None:
    """Every password is in its place before the server is changed: no crash can lose one."""
    missing = {
        s.item.name for s in planned.steps if isinstance(s.item, User) and s.verb == "create"
    }
    for account in planned.deployment.with_passwords:
        if account.name in missing:
            refuse_turn(account)
        if isinstance(account.place, PromptPlace) and account.name in missing:
            account.place.fill()
        elif account.place.read() is None:
            if account in planned.awaited and not write:
                continue  # kept by then
            if account.name not in missing:
                raise PlaceError(
                    f'the password of user "{account.name}" is not known; nothing was changed',
                    f"the user exists already, and nothing is kept in {account.place}",
                    "keep its password there, or have dbprov rotate set a new one; nothing else"
                    " changes the password of a user that exists",
                )
            if write or not account.place.writable:
                account.place.fill()
