"""A restored dump made the application's own: its objects given to the user that upgrades them."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import field, replace
from typing import Any

from dbprov import races
from dbprov.commands.planned import compare, done_json, step_json
from dbprov.deployments import Deployment
from dbprov.dialects import Obstacle
from dbprov.errors import ApplyError, DbprovError, Interrupted, RefusedError
from dbprov.frozen import dataclass
from dbprov.items import Database, Item, Membership, ObjectOwner, User
from dbprov.lock import Delay, Delayed
from dbprov.plan import Pair, Step, plan
from dbprov.server import Done, Server, masked


@dataclass(frozen=True)
class Adoption:
    """What belongs to others than the users that work with it."""

    deployment: Deployment
    steps: tuple[Step, ...]
    statements: tuple[str, ...]
    obstacles: tuple[tuple[Step, Obstacle], ...]
    remarks: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        return not self.steps

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.deployment.name,
            "server": str(self.deployment.server),
            "complete": self.complete,
            "steps": [
                step_json(step, sql) for step, sql in zip(self.steps, self.statements, strict=True)
            ],
            "obstacles": [
                {"item": str(step.item), "why": o.why, "who": o.who, "statement": o.statement}
                for step, o in self.obstacles
            ],
            "remarks": list(self.remarks),
        }


@dataclass
class Adopted:
    """How an adoption ended."""

    deployment: Deployment
    done: list[Done] = field(default_factory=list)
    left: Adoption | None = None
    error: DbprovError | None = None
    delays: list[Delay] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return bool(not self.error and self.left and self.left.complete)

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.deployment.name,
            "server": str(self.deployment.server),
            "ok": self.ok,
            "changed": bool(self.done),
            "done": [done_json(done) for done in self.done],
            "delays": [delay.as_json() for delay in self.delays],
            "left": self.left.as_json() if self.left else None,
            "error": self.error.as_json() if self.error else None,
        }


def adoption(deployment: Deployment, server: Server) -> Adoption:
    """Compare who owns what with who works with it. Reads only.

    Raises RefusedError where the Deployment is not provisioned yet: the users must be there, and
    may create in their schemas.
    """
    missing = [step for step in compare(deployment, server).steps if step.item.essential]
    if missing:
        raise RefusedError(
            f"{deployment.name} is not provisioned yet; nothing was changed",
            "\n".join(str(step) for step in missing if isinstance(step.item, (User, Database)))
            or str(missing[0]),
            "dbprov apply first: who is given objects must be there, and may create in the schema",
        )
    if not server.dialect.OWNERS:
        return Adoption(deployment, (), (), (), tuple(_definers(deployment, server)))
    pairs: list[Pair] = []
    for schema in deployment.schemas:
        owner = _worker(deployment, schema)
        if owner:
            asked = ObjectOwner(inside=deployment.database, schema=schema, owner=owner)
            pairs += [(_given(found, owner), found) for found in server.every(asked)]
    roles = {
        role: None
        for wanted, found in pairs
        for role in wanted.lenders
        if isinstance(found, ObjectOwner) and found.grantable
    }
    loans = server.look([Membership(role=role) for role in roles])
    steps = plan([*loans, *pairs])
    shown = server.renderer(masked)
    return Adoption(
        deployment,
        tuple(steps),
        tuple(shown.item(step.item, step.verb) for step in steps),
        tuple(server.obstacles(steps)),
    )


def _worker(deployment: Deployment, schema: str) -> str | None:
    """The first user that may create in the schema: who upgrades what is in it."""
    return next(
        (a.name for a in deployment.accounts if a.access.creates and schema in a.schemas), None
    )


def _given(found: Item, owner: str) -> ObjectOwner:
    assert isinstance(found, ObjectOwner)
    return replace(found, owner=owner, lenders=(owner, found.owner))


def _definers(deployment: Deployment, server: Server) -> list[str]:
    account = deployment.metadata_account()
    rows = server.rows(
        "adopt/definers", database=deployment.database, user=account.name, host=account.host
    )
    return [
        f'{row["sort"]} "{row["name"]}" runs with the rights of {row["definer"]}, its DEFINER:'
        " it fails where that account is not there; make it again as the application's user"
        for row in rows
    ]


def refuse_adoption(planned: Adoption) -> None:
    """Stop before anything is changed where it is known that the admin cannot do it."""
    if planned.obstacles:
        raise RefusedError(
            f"{planned.deployment.name} cannot be adopted by this admin; nothing was changed",
            "\n".join(f"{step}: {o.why}" for step, o in planned.obstacles),
            "\n".join(dict.fromkeys(o.todo for _, o in planned.obstacles)),
        )


def adopt(
    deployment: Deployment,
    server: Server,
    planned: Adoption | None = None,
    *,
    report: Callable[[Done], None] = lambda done: None,
    delayed: Delayed = lambda delay: None,
) -> Adopted:
    """Give each object to its user, in one transaction with the loans that it takes; look again.

    Raises RefusedError before anything is changed. A statement that fails, or a lock that is not
    had, ends up in ``error``.
    """
    planned = planned or adoption(deployment, server)
    refuse_adoption(planned)
    adopted = Adopted(deployment)

    def wait(delay: Delay) -> None:
        adopted.delays.append(delay)
        delayed(delay)

    try:
        with server.lock(deployment, wait) if planned.steps else nullcontext() as lock:
            if lock and lock.waited:
                planned = adoption(deployment, server)
                refuse_adoption(planned)
            _give(adopted, planned, server, report, wait)
            adopted.left = adoption(deployment, server)
    except RefusedError:
        raise
    except DbprovError as error:
        adopted.error = error
        del adopted.done[len(adopted.done) - getattr(error, "undone", 0) :]
    except KeyboardInterrupt:
        adopted.error = Interrupted("interrupted while looking again", "", "run it again")
    return adopted


def _give(
    adopted: Adopted,
    planned: Adoption,
    server: Server,
    report: Callable[[Done], None],
    delayed: Delayed,
) -> None:
    """A table in use is tried again: whoever wants it meanwhile waits behind us only briefly."""
    end = time.monotonic() + races.PATIENCE
    for attempt in range(races.TRIES):
        running = server.apply(planned.steps)
        try:
            try:
                for done in running:
                    adopted.done.append(done)
                    report(done)
            except KeyboardInterrupt as interrupt:
                running.throw(interrupt)
            return
        except ApplyError as error:
            last = attempt == races.TRIES - 1 or time.monotonic() > end
            if last or not races.lost(server.dialect, error):
                raise
            del adopted.done[len(adopted.done) - error.undone :]
            delay = Delay(f"{error.what}: {error.why}", error.code, races.pause(attempt))
        delayed(delay)
        time.sleep(delay.seconds)
        planned = adoption(adopted.deployment, server)
