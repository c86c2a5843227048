"""A Deployment taken off its server, phase by phase, each decided from another look."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from dbprov.commands.planned import step_json
from dbprov.departure import Departure, Survey, Wish, decide, login
from dbprov.deployments import Deployment, Spec
from dbprov.dialects import Obstacle
from dbprov.errors import ApplyError, DbprovError, RefusedError
from dbprov.items import DatabaseGrant, Item, Membership
from dbprov.plan import Pair, Step
from dbprov.server import Done, Server, masked
from dbprov.traces import Lockout, Session

ROUNDS = 8  # without any progress; about ten seconds


@dataclass(frozen=True)
class Departing:
    """What is still to do until a Deployment is gone as far as was wished."""

    deployment: Deployment
    wish: Wish
    departure: Departure
    statements: tuple[str, ...]
    obstacles: tuple[tuple[Step, Obstacle], ...]

    @property
    def steps(self) -> tuple[Step, ...]:
        return self.departure.steps

    @property
    def complete(self) -> bool:
        return not self.steps and not self.departure.refusals

    def essential_obstacles(self) -> list[tuple[Step, Obstacle]]:
        """A session that cannot be ended does not hold up a quarantine: it is reported."""
        quarantine = self.wish.quarantine
        return [(s, o) for s, o in self.obstacles if s.item.essential or not quarantine]

    def possible(self) -> tuple[Step, ...]:
        """The first phase, without what is known to be impossible."""
        met = [step for step, _ in self.obstacles]
        phases = [tuple(s for s in phase if s not in met) for phase in self.departure.phases]
        return next((phase for phase in phases if phase), ())

    def as_json(self) -> dict[str, Any]:
        return {
            "complete": self.complete,
            "steps": [
                step_json(step, sql) for step, sql in zip(self.steps, self.statements, strict=True)
            ],
            "refusals": [{"why": r.why, "do": r.todo} for r in self.departure.refusals],
            "obstacles": [
                {"item": str(step.item), "why": o.why, "who": o.who, "statement": o.statement}
                for step, o in self.obstacles
            ],
            "remarks": list(self.departure.remarks),
        }


@dataclass
class Departed:
    """How far a Deployment went."""

    deployment: Deployment
    done: list[Done] = field(default_factory=list)
    left: Departing | None = None
    error: DbprovError | None = None

    @property
    def ok(self) -> bool:
        return bool(not self.error and self.left and self.left.complete)

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
            "left": self.left.as_json() if self.left else None,
            "error": self.error.as_json() if self.error else None,
        }


def departing(spec: Spec, deployment: Deployment, server: Server, wish: Wish) -> Departing:
    """Look at everything that the Deployment has on its server, and decide. Reads only."""
    for why, todo in server.dialect.unfit(deployment, server.facts):
        raise RefusedError(f"{deployment.name} cannot be dropped on {server.address}", why, todo)
    departure = decide(_survey(spec, deployment, server), wish)
    shown = server.renderer(masked)
    return Departing(
        deployment=deployment,
        wish=wish,
        departure=departure,
        statements=tuple(shown.item(step.item, step.verb) for step in departure.steps),
        obstacles=tuple(server.obstacles(departure.steps)),
    )


def _survey(spec: Spec, deployment: Deployment, server: Server) -> Survey:
    items: list[Item] = [
        item
        for item in server.dialect.expand(deployment, server.facts)
        if isinstance(item, DatabaseGrant)
    ]
    for a in deployment.accounts:
        items += [Lockout(user=a.name, host=a.host), Session(user=a.name, host=a.host)]
    pairs = server.look(items)
    return Survey(
        deployment=deployment,
        pairs=(*pairs, *_loans(pairs, deployment, server)),
        shared=_shared(spec, deployment),
    )


def _loans(pairs: list[Pair], deployment: Deployment, server: Server) -> list[Pair]:
    """Of the roles whose rights the Steps may have to borrow."""
    if not server.dialect.OWNERS:
        return []
    roles = [account.name for account in deployment.accounts]
    for _, found in pairs:
        if isinstance(found, Session):
            roles += found.users
    return server.look([Membership(role=role) for role in dict.fromkeys(roles)])


def _shared(spec: Spec, deployment: Deployment) -> dict[str, tuple[str, ...]]:
    """Its users that serve other Deployments of the spec on the same server, with their names."""
    found: dict[str, tuple[str, ...]] = {}
    for account in deployment.accounts:
        names = tuple(
            other.name
            for other in spec.deployments
            if other is not deployment
            and _same_server(other, deployment)
            and login(account) in map(login, other.accounts)
        )
        if names:
            found[login(account)] = names
    return found


def _same_server(one: Deployment, other: Deployment) -> bool:
    a, b = one.server, other.server
    return (a.engine, a.host, a.port, a.options) == (b.engine, b.host, b.port, b.options)


def refuse_departure(planned: Departing) -> None:
    """Stop before anything is changed where it cannot be done, or must not."""
    error = refused(planned)
    if error:
        raise error


def refused(planned: Departing, so_far: str = "nothing was changed") -> RefusedError | None:
    refusals, met = planned.departure.refusals, planned.essential_obstacles()
    if not refusals and not met:
        return None
    word = "quarantined" if planned.wish.quarantine else "dropped"
    return RefusedError(
        f"{planned.deployment.name} cannot be {word}; {so_far}",
        "\n".join([*(r.why for r in refusals), *(f"{step}: {o.why}" for step, o in met)]),
        "\n".join([*(r.todo for r in refusals), *(o.todo for _, o in met)]),
    )


def depart(
    spec: Spec,
    deployment: Deployment,
    server: Server,
    wish: Wish,
    *,
    report: Callable[[Done], None] = lambda done: None,
) -> Departed:
    """One phase after the other, each decided from another look, until nothing is left to do.

    Raises RefusedError before anything is changed; later failures end up in ``error``.
    """
    departed = Departed(deployment)
    last: list[str] = []
    waits = 0
    while True:
        left = departed.left = departing(spec, deployment, server, wish)
        if not departed.done:
            refuse_departure(left)
        elif error := refused(left, "what was done stands"):
            departed.error = error
            return departed
        phase = left.possible()
        said = [str(step) for step in phase]
        waits = waits + 1 if said == last else 0
        if not phase:
            departed.error = None
            return departed
        if waits > ROUNDS:
            departed.error = departed.error or _stays(phase[0])
            return departed
        if waits:
            time.sleep(min(2.0, 0.05 * 2**waits))
        last, departed.error = said, None
        try:
            _carry_out(phase, departed.done, server, report)
        except ApplyError as failed:
            departed.error = failed
            if failed.code not in server.dialect.MOVED:
                return departed


def _carry_out(
    phase: tuple[Step, ...], ran: list[Done], server: Server, report: Callable[[Done], None]
) -> None:
    running = server.apply(phase)
    try:
        try:
            for done in running:
                ran.append(done)
                report(done)
        except KeyboardInterrupt as interrupt:
            running.throw(interrupt)  # its transaction knows what goes with it
    except ApplyError as failed:
        del ran[len(ran) - failed.undone :]
        raise


def _stays(step: Step) -> ApplyError:
    return ApplyError(
        f"could not {step}",
        "the statement succeeded, and it is still there",
        "see what keeps it, and run the same command again: it goes on where it stopped",
    )
