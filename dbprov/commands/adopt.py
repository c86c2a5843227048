"""A restored dump made the application's own: its objects given to the user that upgrades them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import field, replace
from typing import Any

from dbprov.commands.plan import compare, done_json, step_json
from dbprov.engines import Obstacle
from dbprov.errors import ApplyError, DbprovError, Interrupted, RefusedError
from dbprov.items import Database, Item, Membership, ObjectOwner, User
from dbprov.plan.change_owner import NOTHING, Consent, Withheld, changed, closed, divide, marks
from dbprov.plan.steps import Step, borrowing
from dbprov.server import retry
from dbprov.server.lock import Delay, Delayed
from dbprov.server.server import Done, Server, masked
from dbprov.spec.model import Deployment
from dbprov.system.frozen import dataclass


@dataclass(frozen=True)
class Adoption:
    """What belongs to others than the users that work with it: what is given, and what is not."""

    deployment: Deployment
    steps: tuple[Step, ...]
    statements: tuple[str, ...]
    obstacles: tuple[tuple[Step, Obstacle], ...]
    remarks: tuple[str, ...] = ()
    withheld: tuple[Withheld, ...] = ()
    consent: Consent = NOTHING
    unknown: tuple[str, ...] = ()  # what the consent names, and is not there

    @property
    def complete(self) -> bool:
        return not self.steps

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.deployment.name,
            "server": str(self.deployment.server),
            "complete": self.complete,
            "steps": [
                {**step_json(step, sql), "executes": list(marks(step))}
                for step, sql in zip(self.steps, self.statements, strict=True)
            ],
            "obstacles": [
                {"item": str(step.item), "why": o.why, "who": o.who, "statement": o.statement}
                for step, o in self.obstacles
            ],
            "withheld": [one.as_json() for one in self.withheld],
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


def adoption(deployment: Deployment, server: Server, consent: Consent = NOTHING) -> Adoption:
    """Compare who owns what with who works with it. Reads only.

    What the admin itself owns is given, and what the ``consent`` names. Raises RefusedError where
    the Deployment is not provisioned yet: the users must be there, and may create in their schemas.
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
        if consent.anything:
            raise RefusedError(
                f"{deployment.name} cannot be adopted so; nothing was changed",
                "--from and --object have no meaning here: on MySQL nothing belongs to a user",
                "leave them out",
            )
        return Adoption(deployment, (), (), (), tuple(_definers(deployment, server)))
    there = _found(deployment, server, consent)
    found = [(one, owner) for one, owner in there if one.owner != owner]
    given, withheld = divide(
        [one for one, _ in found], [to for _, to in found], server.facts.admin, consent
    )
    owners = {one.key: owner for one, owner in found}
    steps: list[Step] = []
    for one in given:
        lenders = (owners[one.key], one.owner)
        steps += closed(one, lenders)
        steps.append(Step("alter", replace(one, owner=owners[one.key], lenders=lenders), one))
    roles = {role: None for one in given if one.grantable for role in (owners[one.key], one.owner)}
    loans = server.look([Membership(role=role) for role in roles])
    steps = borrowing(steps, loans)
    shown = server.renderer(masked)
    return Adoption(
        deployment,
        tuple(steps),
        tuple(shown.item(step.item, step.verb) for step in steps),
        tuple(server.obstacles(steps)),
        withheld=tuple(withheld),
        consent=consent,
        unknown=tuple(_unknown(deployment, server, consent, [one for one, _ in there])),
    )


def _found(
    deployment: Deployment, server: Server, consent: Consent
) -> list[tuple[ObjectOwner, str]]:
    """What others own in the Deployment's schemas, and who works there."""
    own = tuple(account.name for account in deployment.accounts)
    made: list[tuple[ObjectOwner, str]] = []
    for schema in deployment.schemas:
        owner = _worker(deployment, schema)
        if owner:
            asked = ObjectOwner(
                inside=deployment.database, schema=schema, owner=owner, own=own,
                named=consent.objects,
            )  # fmt: skip
            made += [(_owned(found), owner) for found in server.every(asked)]
    return made


def _owned(found: Item) -> ObjectOwner:
    assert isinstance(found, ObjectOwner)
    return found


def _unknown(
    deployment: Deployment, server: Server, consent: Consent, found: Sequence[ObjectOwner]
) -> list[str]:
    """A name that is mistyped would otherwise be as if it were not said."""
    unknown = [f"--object {name}" for name in consent.objects]
    unknown = [said for said in unknown if said[9:] not in {one.identity for one in found}]
    if consent.owners:
        rows = server.rows("adopt/unknown", database=deployment.database, users=consent.owners)
        unknown += [f"--from {row['name']}" for row in rows]
    return unknown


def _worker(deployment: Deployment, schema: str) -> str | None:
    """The first user that may create in the schema: who upgrades what is in it."""
    return next(
        (a.name for a in deployment.accounts if a.access.creates and schema in a.schemas), None
    )


def _definers(deployment: Deployment, server: Server) -> list[str]:
    account = deployment.metadata_account()
    rows = server.rows(
        "adopt/definers", database=deployment.database, user=account.name, host=account.host
    )
    return [
        f'{row["sort"]} "{row["name"]}" runs with the rights of {row["definer"]}, its DEFINER,'
        " and fails where that account does not exist. Made again as the application's user it"
        " runs with that user's rights, for everybody who may use it: read its text first"
        for row in rows
    ]


def refuse_unknown(plans: Sequence[Adoption]) -> None:
    """What is named for several Deployments has to be there in one of them."""
    unknown = [name for name in plans[0].unknown if all(name in one.unknown for one in plans)]
    if unknown:
        raise RefusedError(
            f"{', '.join(one.deployment.name for one in plans)} cannot be adopted so;"
            " nothing was changed",
            f"not found on the server: {', '.join(unknown)}",
            "name a role that exists, and an object exactly as the plan of dbprov adopt does",
        )


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
    consent: Consent = NOTHING,
    report: Callable[[Done], None] = lambda done: None,
    delayed: Delayed = lambda delay: None,
) -> Adopted:
    """Give each object to its user, in one transaction with the loans that it takes; look again.

    ``planned``: what somebody read and agreed to, with its own consent; nothing else is done.
    Raises RefusedError before anything is changed. A statement that fails, or a lock that is not
    had, ends up in ``error``.
    """
    agreed = planned
    planned = planned or adoption(deployment, server, consent)
    if not agreed:
        refuse_unknown([planned])
    refuse_adoption(planned)
    consent = planned.consent
    adopted = Adopted(deployment)

    def wait(delay: Delay) -> None:
        adopted.delays.append(delay)
        delayed(delay)

    try:
        with server.lock(deployment, wait) if planned.steps else nullcontext() as lock:
            if lock and (lock.waited or agreed):
                # Who owns a routine may have changed what it is while somebody read the plan.
                planned = adoption(deployment, server, consent)
                refuse_adoption(planned)
                _as_agreed(agreed, planned)
            _give(adopted, planned, server, report, wait)
            adopted.left = adoption(deployment, server, consent)
    except RefusedError:
        raise
    except DbprovError as error:
        adopted.error = error
        del adopted.done[len(adopted.done) - getattr(error, "undone", 0) :]
    except KeyboardInterrupt:
        adopted.error = Interrupted("interrupted while looking again", "", "run it again")
    return adopted


def _as_agreed(agreed: Adoption | None, now: Adoption) -> None:
    """What is given now that was not in the plan, or executes otherwise than it said."""
    if agreed is None:
        return
    given = [
        [step.found for step in one.steps if isinstance(step.found, ObjectOwner)]
        for one in (agreed, now)
    ]
    new = changed(*given) + [
        sql
        for step, sql in zip(now.steps, now.statements, strict=True)
        if sql not in agreed.statements and not isinstance(step.item, Membership)
    ]
    if new:
        raise RefusedError(
            f"{now.deployment.name}: the server has changed since the plan was shown;"
            " nothing was changed",
            "not in that plan, or changed since:\n" + "\n".join(new),
            "run the same command again, and read the new plan",
        )


def _give(
    adopted: Adopted,
    planned: Adoption,
    server: Server,
    report: Callable[[Done], None],
    delayed: Delayed,
) -> None:
    """A table in use is tried again: whoever wants it meanwhile waits behind us only briefly."""
    end = time.monotonic() + retry.PATIENCE
    for attempt in range(retry.TRIES):
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
            last = attempt == retry.TRIES - 1 or time.monotonic() > end
            if last or not retry.lost(server.dialect, error):
                raise
            del adopted.done[len(adopted.done) - error.undone :]
            delay = Delay(f"{error.what}: {error.why}", error.code, retry.pause(attempt))
        delayed(delay)
        time.sleep(delay.seconds)
        again = adoption(adopted.deployment, server, planned.consent)
        _as_agreed(planned, again)
        planned = again
