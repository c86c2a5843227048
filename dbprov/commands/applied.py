"""A plan carried out: passwords kept first, statements run, looked at again, verified."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from dbprov.commands.planned import Planned, compare, refuse, step_json
from dbprov.commands.proofs import prove
from dbprov.deployments import Deployment
from dbprov.dialects import Check
from dbprov.errors import ApplyError, DbprovError, Interrupted, PlaceError
from dbprov.items import User
from dbprov.places.prompt import PromptPlace
from dbprov.plan import Step
from dbprov.server import Done, Server


@dataclass
class Applied:
    """How an apply of one Deployment ended."""

    deployment: Deployment
    planned: Planned
    done: list[Done] = field(default_factory=list)
    left: Planned | None = None
    checks: list[Check] = field(default_factory=list)
    error: DbprovError | None = None

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
            "done": [
                {
                    **step_json(d.step, d.statement),
                    "notices": [n.words for n in d.notices],
                    "ms": round(d.milliseconds, 1),
                }
                for d in self.done
            ],
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
) -> Applied:
    """Do what the plan says, look again, and verify.

    Raises RefusedError or PlaceError before anything is changed. A statement that fails, or Ctrl-C,
    ends up in ``error``.
    """
    planned = planned or compare(deployment, server)
    refuse(planned)
    fill_places(planned)
    applied = Applied(deployment, planned)
    try:
        if _carry_out(applied, server, report):
            applied.left = compare(deployment, server, prune=applied.planned.prune)
            applied.checks = list(prove(deployment, server, check))
    except DbprovError as error:  # of looking again, and of verifying
        applied.error = error
    except KeyboardInterrupt:
        applied.error = Interrupted(
            f"interrupted after {len(applied.done)} of {len(applied.planned.steps)} steps",
            "somebody ended the run; what was done stands, and was not verified",
            "run the same command again: it does what is missing, and verifies all of it",
        )
    return applied


def _carry_out(applied: Applied, server: Server, report: Callable[[Done], None]) -> bool:
    for attempt in range(5):
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
            if error.code not in server.dialect.EXISTS or attempt == 4:
                applied.error = error
                return False
        # Somebody else made the same thing a moment ago: what they made is taken as found.
        time.sleep(0.1 * 2**attempt)
        applied.planned = compare(applied.deployment, server, prune=applied.planned.prune)
    return False


def fill_places(planned: Planned) -> None:
    """Every password is in its place before the server is changed: no crash can lose one."""
    missing = {
        s.item.name for s in planned.steps if isinstance(s.item, User) and s.verb == "create"
    }
    for account in planned.deployment.accounts:
        if isinstance(account.place, PromptPlace) and account.name in missing:
            account.place.fill()
        elif account.place.read() is None:
            if account.name not in missing:
                raise PlaceError(
                    f'the password of user "{account.name}" is not known; nothing was changed',
                    f"the user exists already, and nothing is kept in {account.place}",
                    "keep its password there, or set a new one on the server yourself and keep"
                    " that; dbprov never resets the password of a user that it did not make",
                )
            account.place.fill()
