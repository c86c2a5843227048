"""A Deployment taken off its server, phase by phase, each decided from another look."""

from __future__ import annotations

import time
from collections.abc import Iterator

from dbprov.commands.drop_survey import survey
from dbprov.commands.run import Report, Run
from dbprov.errors import ApplyError, DbprovError, Interrupted, RefusedError
from dbprov.passwords.file import FilePlace
from dbprov.plan.change_owner import changed
from dbprov.plan.drop import decide
from dbprov.plan.drop_survey import DropOptions, login
from dbprov.plan.plan import Plan
from dbprov.plan.steps import Step
from dbprov.server.lock import Delayed
from dbprov.server.retry import Attempts
from dbprov.server.server import Server, masked
from dbprov.spec.model import Auth, Deployment, Spec

ROUNDS = 8  # without any progress; about ten seconds


def plan_drop(spec: Spec, deployment: Deployment, server: Server, options: DropOptions) -> Plan:
    """Look at everything that the Deployment has on its server, and decide. Reads only."""
    for why, todo in server.engine.limits.objections(deployment, server.facts):
        raise RefusedError(f"{deployment.name} cannot be dropped on {server.address}", why, todo)
    found = survey(spec, deployment, server, options)
    decision = decide(found, options)
    shown = server.renderer(masked)
    return Plan(
        deployment,
        decision.steps,
        tuple(shown.item(step.item, step.verb) for step in decision.steps),
        server.facts,
        "drop",
        tuple(server.obstacles(decision.steps)),
        decision.remarks,
        objects=found.inherited,
        options=options,
        phases=decision.phases,
        refusals=decision.refusals,
        staying=decision.staying,
    )


def drop(
    spec: Spec,
    deployment: Deployment,
    server: Server,
    options: DropOptions,
    planned: Plan | None = None,
    *,
    report: Report = lambda done: None,
    delayed: Delayed = lambda delay: None,
    agreed: bool = False,
) -> Run:
    """One phase after the other, each decided from another look, until nothing is left to do.

    Raises RefusedError before anything is changed; what fails later, Ctrl-C, or a lock that is not
    had, ends up in ``error``. ``agreed``: somebody read ``planned`` and said yes to it.
    """
    planned = planned or plan_drop(spec, deployment, server, options)
    planned.refuse()
    run = Run(planned, left=planned)
    wait = run.waits(delayed)
    try:
        if planned.steps:
            with server.lock(deployment, wait):
                now = plan_drop(spec, deployment, server, options)
                now.refuse()
                if agreed:
                    now.as_agreed(planned)
                _phases(spec, run, server, now, report, Attempts(server.engine, wait))
    except RefusedError as error:
        if not run.done:
            raise
        run.error = error
    except DbprovError as error:
        run.error = error
    except KeyboardInterrupt:
        run.error = Interrupted(
            f"interrupted after {len(run.done)} steps",
            "the run was ended by a signal; what was done stands",
            "run the same command again: it looks first, and goes on where it stopped",
        )
    return run


def _phases(
    spec: Spec, run: Run, server: Server, first: Plan, report: Report, attempts: Attempts
) -> None:
    last: list[str] = []
    rounds, left = 0, first
    while phase := left.possible():
        steps = [str(step) for step in phase]
        rounds = rounds + 1 if steps == last else 0
        if rounds > ROUNDS:
            run.error = run.error or _stays(phase[0])
            return
        if rounds:
            time.sleep(min(2.0, 0.05 * 2**rounds))
        last, run.error = steps, None
        try:
            run.carry_out(phase, server, report)
        except ApplyError as failed:
            run.error = failed
            if failed.code not in server.engine.errors.MOVED:
                if not attempts.wait(failed):
                    return
                last = []  # it did not succeed without effect
        left = run.left = plan_drop(spec, run.deployment, server, left.options)
        if error := left.refusal("what was done stands"):
            run.error = error
            return
        if new := changed(first.objects, left.objects):  # by a session that is ended by now
            run.error = RefusedError(
                f"{run.deployment.name}: what its users own has changed; what was done stands",
                f"it executes, and is new or was replaced: {', '.join(new)}",
                "read it, and run the same command again",
            )
            return
    run.error = None


def _stays(step: Step) -> ApplyError:
    return ApplyError(
        f"could not {step}",
        "the statement succeeded, and it is still there",
        "see what keeps it, and run the same command again: it goes on where it stopped",
    )


def forget_passwords(run: Run) -> Iterator[str]:
    """The passwords of the users that are gone, one sentence for each.

    Nothing while any of them is there, or may be.
    """
    left = run.left
    if run.error or not left or not left.complete:
        return
    for account in run.deployment.accounts:
        if account.auth is Auth.IAM:
            continue  # it has none
        whose, place = f"the password of user {login(account)}", account.place
        if login(account) in left.staying:
            yield f"kept: {whose}, who stays"
        elif isinstance(place, FilePlace):
            there = place.path.exists()
            place.beside.forget()
            place.forget()
            yield f"forgotten: {whose}" if there else f"not there any more: {whose} in the {place}"
        else:
            yield f"not forgotten: {whose} is in the {place}; remove it there yourself"
