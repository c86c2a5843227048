"""Passwords changed: kept beside the one in use, set, proven by a login, promoted.

Killed anywhere, one of the two that are kept logs in, and the same command goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from dbprov.commands.rotate_plan import plan_finish, plan_user, try_login
from dbprov.commands.run import Report, Run
from dbprov.engines.facts import Check
from dbprov.errors import ApplyError, DbprovError, Interrupted, RefusedError
from dbprov.items.rotation import Password, named
from dbprov.passwords import Kept, Next
from dbprov.plan.plan import Plan
from dbprov.plan.steps import Step
from dbprov.server.lock import Delayed
from dbprov.server.retry import Attempts
from dbprov.server.server import Server
from dbprov.spec.model import Deployment


def rotate_all(
    plans: Sequence[Plan],
    servers: Mapping[Deployment, Server],
    *,
    report: Report = lambda done: None,
    check: Callable[[Check], None] = lambda check: None,
    delayed: Delayed = lambda delay: None,
) -> Iterator[Run]:
    """Carry out one plan after the other, to the first that does not end well."""
    for planned in plans:
        server = servers[planned.deployment]
        run = rotate(planned, server, report=report, check=check, delayed=delayed)
        yield run
        if not run.ok:
            return


def rotate(
    planned: Plan,
    server: Server,
    *,
    report: Report = lambda done: None,
    check: Callable[[Check], None] = lambda check: None,
    delayed: Delayed = lambda delay: None,
) -> Run:
    """Keep the next password, set it, log in with it, promote it; or discard the old one.

    What fails ends up in ``error``; a run that is ended leaves what the next one goes on with.
    """
    run = Run(planned)
    wait = run.waits(delayed)
    if planned.finish and not planned.steps:
        return run
    try:
        with server.lock(planned.deployment, wait):
            # Only who holds the lock knows what another run has done meanwhile.
            plan_again = plan_finish if planned.finish else plan_user
            run.plan = plan_again(planned.deployment, server, planned.user)
            (_discard if planned.finish else _replace)(run, server, report, check, wait)
    except DbprovError as error:
        run.error = error
    except KeyboardInterrupt:
        who = named(planned.user.name, planned.user.host)
        run.error = Interrupted(
            f"interrupted while the password of {who} was rotated",
            "the run was ended by a signal; whatever the server has by now, it is kept",
            "run the same command again: it goes on where it stopped",
        )
    return run


def _replace(
    run: Run, server: Server, report: Report, check: Callable[[Check], None], delayed: Delayed
) -> None:
    place, [step] = run.plan.user.place, run.plan.steps
    item = step.item
    assert isinstance(item, Password)
    kept: Kept = Next(place)
    if place.writable and place.read() is None:
        place.fill()  # nothing is there that a crash could lose
        kept = place
    else:
        place.propose()
    if not (run.plan.resumed and _new_logs_in(run.plan, server, kept, item.user).held):
        _set(run, [replace(step, item=replace(item, place=kept))], server, report, delayed)
    run.checks.append(_new_logs_in(run.plan, server, kept, item.user))
    check(run.checks[-1])
    if run.ok:
        place.promote()
        run.promoted = True
        run.old_valid = item.retain or item.turns


def _set(run: Run, steps: Sequence[Step], server: Server, report: Report, delayed: Delayed) -> None:
    """What is lost against others is done again: the same statement with the same password."""
    attempts = Attempts(server.engine, delayed)
    while True:
        try:
            return run.carry_out(steps, server, report)
        except ApplyError as error:
            if not attempts.wait(error):
                raise


def _discard(
    run: Run, server: Server, report: Report, check: Callable[[Check], None], delayed: Delayed
) -> None:
    """The old password; the one that is kept is proven before and after."""
    if not run.plan.steps:
        return
    account = run.plan.user
    run.old_valid = True
    if account.place.read() is None:
        raise RefusedError(
            f'the rotation of user "{account.name}" cannot be finished',
            f"nothing is kept in {account.place}: no login could prove the new password",
            "keep it there first",
        )
    tried = _new_logs_in(run.plan, server, account.place, account.login)
    if tried.held:
        _set(run, run.plan.steps, server, report, delayed)
        run.old_valid = False
        tried = _new_logs_in(run.plan, server, account.place, account.login)
    run.checks.append(tried)
    check(tried)


def _new_logs_in(planned: Plan, server: Server, kept: Kept, user: str) -> Check:
    password = kept.read()
    assert password is not None, "kept before the server was changed"
    which = "the new password"
    return try_login(server, planned.deployment, planned.user, password, which, user)
