"""How a plan ended, of whatever command."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct, field

from dbprov.engines.facts import Check
from dbprov.errors import DbprovError, PlaceError, RefusedError, ReviewError
from dbprov.plan.plan import Plan
from dbprov.plan.steps import Step
from dbprov.server.lock import Delay, Delayed
from dbprov.server.server import Done, Server
from dbprov.spec.model import Deployment

Report = Callable[[Done], None]


class Run(Struct):
    """What was done of a plan, what is left of it, and what its checks found."""

    plan: Plan
    done: list[Done] = field(default_factory=list)  # all of it is committed
    left: Plan | None = None
    checks: list[Check] = field(default_factory=list)
    error: DbprovError | None = None
    delays: list[Delay] = field(default_factory=list)
    promoted: bool = False  # rotate: the next password is the one that is handed out
    old_valid: bool = False  # rotate: the old password still logs in

    @property
    def deployment(self) -> Deployment:
        return self.plan.deployment

    @property
    def ok(self) -> bool:
        nothing_left = self.plan.command == "rotate" or (self.left and self.left.complete)
        return bool(
            not self.error and nothing_left and not any(check.failed for check in self.checks)
        )

    @property
    def proven(self) -> bool:
        """Were there checks, and was each of them tried?"""
        return bool(self.checks) and all(check.proven for check in self.checks)

    @property
    def not_done(self) -> list[tuple[Step, str]]:
        """Steps of the plan that an error or an interruption kept from being done."""
        if self.left:
            return []
        ran = [done.step for done in self.done]
        every = zip(self.plan.steps, self.plan.statements, strict=True)
        return [(step, statement) for step, statement in every if step not in ran]

    def waits(self, delayed: Delayed) -> Delayed:
        """Keeps each delay, and passes it on."""

        def wait(delay: Delay) -> None:
            self.delays.append(delay)
            delayed(delay)

        return wait

    def carry_out(self, steps: Sequence[Step], server: Server, report: Report) -> None:
        for committed in server.apply(steps):
            self.done += committed
            for done in committed:
                report(done)

    def as_json(self) -> dict[str, Any]:
        document: dict[str, Any] = {
            "name": self.deployment.name,
            "server": str(self.deployment.server),
            "ok": self.ok,
            "changed": bool(self.done),
            "done": [_done_json(done) for done in self.done],
            "delays": [delay.as_json() for delay in self.delays],
            "not_done": [step.as_json(statement) for step, statement in self.not_done],
            "left": self.left.as_json() if self.left else None,
            "checks": [check.as_json() for check in self.checks],
            "error": self.error.as_json() if self.error else None,
        }
        if self.plan.command == "apply":
            document["proven"] = self.proven
        if self.plan.command == "rotate":
            document |= {
                "deployment": self.deployment.name,
                "user": self.plan.user.name,
                "promoted": self.promoted,
                "old_password_valid": self.old_valid,
            }
        return document


def _done_json(done: Done) -> dict[str, Any]:
    return {
        **done.step.as_json(done.statement),
        "notices": [notice.words for notice in done.notices],
        "ms": round(done.milliseconds, 1),
    }


def nothing_changed(error: DbprovError, run: Run) -> bool:
    """It was refused before anything was done: there is no run to report."""
    return isinstance(error, (RefusedError, PlaceError, ReviewError)) and not run.done
