"""A restored dump made the application's own: its objects given to the user that upgrades them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext

from msgspec.structs import replace

from dbprov.commands.plan import plan
from dbprov.commands.run import Report, Run
from dbprov.errors import ApplyError, DbprovError, Interrupted, RefusedError
from dbprov.items import Database, Item, Membership, ObjectOwner, User
from dbprov.plan.change_owner import NOTHING, Consent, closed, divide
from dbprov.plan.plan import Plan
from dbprov.plan.steps import Step, borrowing
from dbprov.server.lock import Delayed
from dbprov.server.retry import Attempts
from dbprov.server.server import Server, masked
from dbprov.spec.model import Deployment, Spec


def plan_adoptions(
    spec: Spec,
    servers: Mapping[Deployment, Server],
    consent: Consent = NOTHING,
    report: Callable[[Plan], None] = lambda planned: None,
) -> list[Plan]:
    """Plan each Deployment. Raises RefusedError where one of them cannot be carried out."""
    plans = [plan_adoption(one, servers[one], consent) for one in spec.deployments]
    _refuse_not_found(plans)
    for planned in plans:
        report(planned)
        planned.refuse()
    return plans


def adopt_all(
    plans: Sequence[Plan],
    servers: Mapping[Deployment, Server],
    *,
    report: Report = lambda done: None,
    delayed: Delayed = lambda delay: None,
) -> Iterator[Run]:
    """Carry out one plan after the other, to the first error."""
    for planned in plans:
        server = servers[planned.deployment]
        run = adopt(planned.deployment, server, planned, report=report, delayed=delayed)
        yield run
        if run.error:
            return


def plan_adoption(deployment: Deployment, server: Server, consent: Consent = NOTHING) -> Plan:
    """Compare who owns what with who works with it. Reads only.

    What the admin itself owns is given, and what the ``consent`` names. Raises RefusedError where
    the Deployment is not provisioned yet: the users must be there, and may create in their schemas.
    """
    missing = [step for step in plan(deployment, server).steps if step.item.essential]
    if missing:
        raise RefusedError(
            f"{deployment.name} is not provisioned yet; nothing was changed",
            "\n".join(str(step) for step in missing if isinstance(step.item, (User, Database)))
            or str(missing[0]),
            "dbprov apply first: who is given objects must be there, and may create in the schema",
        )
    if not server.engine.expand.OWNERS:
        if consent.anything:
            raise RefusedError(
                f"{deployment.name} cannot be adopted so; nothing was changed",
                "--from and --object have no meaning here: on MySQL nothing belongs to a user",
                "leave them out",
            )
        remarks = tuple(_definers(deployment, server))
        return Plan(deployment, (), (), server.facts, "adopt", remarks=remarks)
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
    return Plan(
        deployment,
        tuple(steps),
        tuple(shown.item(step.item, step.verb) for step in steps),
        server.facts,
        "adopt",
        tuple(server.obstacles(steps)),
        objects=tuple(given),
        withheld=tuple(withheld),
        consent=consent,
        not_found=tuple(_not_found(deployment, server, consent, [one for one, _ in there])),
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


def _not_found(
    deployment: Deployment, server: Server, consent: Consent, found: Sequence[ObjectOwner]
) -> list[str]:
    """A name that is mistyped would otherwise be ignored."""
    known = {one.identity for one in found}
    unknown = [f"--object {name}" for name in consent.objects if name not in known]
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


def _refuse_not_found(plans: Sequence[Plan]) -> None:
    """What is named for several Deployments has to be there in one of them."""
    unknown = [name for name in plans[0].not_found if all(name in one.not_found for one in plans)]
    if unknown:
        raise RefusedError(
            f"{', '.join(one.deployment.name for one in plans)} cannot be adopted so;"
            " nothing was changed",
            f"not found on the server: {', '.join(unknown)}",
            "name a role that exists, and an object exactly as the plan of dbprov adopt does",
        )


def adopt(
    deployment: Deployment,
    server: Server,
    planned: Plan | None = None,
    *,
    consent: Consent = NOTHING,
    report: Report = lambda done: None,
    delayed: Delayed = lambda delay: None,
) -> Run:
    """Give each object to its user, in one transaction with the loans that it takes; look again.

    ``planned``: what somebody read and agreed to, with its own consent; nothing else is done.
    Raises RefusedError before anything is changed. A statement that fails, or a lock that is not
    had, ends up in ``error``.
    """
    agreed = planned
    planned = planned or plan_adoption(deployment, server, consent)
    if not agreed:
        _refuse_not_found([planned])
    planned.refuse()
    run = Run(planned)
    wait = run.waits(delayed)
    try:
        with server.lock(deployment, wait) if planned.steps else nullcontext() as lock:
            if lock and (lock.waited or agreed):
                # Who owns a routine may have changed what it is while somebody read the plan.
                run.plan = plan_adoption(deployment, server, planned.consent)
                run.plan.refuse()
                if agreed:
                    run.plan.as_agreed(agreed)
            _give(run, server, report, wait)
            run.left = plan_adoption(deployment, server, planned.consent)
    except RefusedError:
        raise
    except DbprovError as error:
        run.error = error
    except KeyboardInterrupt:
        run.error = Interrupted("interrupted while looking again", "", "run it again")
    return run


def _give(run: Run, server: Server, report: Report, delayed: Delayed) -> None:
    """A table in use is tried again: whoever wants it meanwhile waits behind us only briefly."""
    attempts = Attempts(server.engine, delayed)
    while True:
        try:
            run.carry_out(run.plan.steps, server, report)
            return
        except ApplyError as error:
            if not attempts.wait(error):
                raise
        again = plan_adoption(run.deployment, server, run.plan.consent)
        again.as_agreed(run.plan)
        run.plan = again
