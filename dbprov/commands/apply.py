"""Plans carried out: passwords kept first, statements run, looked at again, verified."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

from dbprov.commands.plan import plan
from dbprov.commands.run import Report, Run, nothing_changed
from dbprov.commands.verify import verify
from dbprov.engines.facts import Check
from dbprov.errors import ApplyError, DbprovError, Interrupted, PlaceError
from dbprov.items import User
from dbprov.passwords.prompt import PromptPlace
from dbprov.plan.plan import Plan
from dbprov.server.lock import Delayed
from dbprov.server.retry import Attempts
from dbprov.server.server import Server
from dbprov.spec.model import Account, Deployment
from dbprov.sql.review import objects_changed

CAME_MEANWHILE = 5  # times that what came between two looks is granted too
FRESH = 2.0
"""Seconds for which a plan is as good as one made now: nobody was asked, and nobody waited for."""

Reviewed = Callable[[Plan], None]
Around = Callable[[Plan], AbstractContextManager[Callable[[Run], None]]]


def apply_all(
    plans: Sequence[Plan],
    servers: Mapping[Deployment, Server],
    *,
    report: Report = lambda done: None,
    check: Callable[[Check], None] = lambda check: None,
    delayed: Delayed = lambda delay: None,
    agreed: bool = False,
    reviewed: Mapping[Deployment, Reviewed] | None = None,
    around: Around = lambda planned: nullcontext(lambda run: None),
    fail_fast: bool = False,
) -> Iterator[Run]:
    """Carry out one plan after the other, and yield how each ended.

    An error ends its Deployment and no other. After an interruption, and with ``fail_fast`` after
    any error, the plans that follow are not begun: their Runs have nothing in ``done``. Raises
    where a plan is refused, or a password is missing, before the first is begun. ``around`` is
    entered for each plan before it is carried out, and called with its Run.
    """
    for planned in plans:
        planned.refuse()
    for planned in plans:
        ask_places(planned)
    ended_early = False
    for planned in plans:
        if ended_early:
            yield Run(planned)
            continue
        try:
            with around(planned) as ended:
                run = apply(
                    planned.deployment,
                    servers[planned.deployment],
                    planned,
                    report=report,
                    check=check,
                    delayed=delayed,
                    agreed=agreed,
                    reviewed=(reviewed or {}).get(planned.deployment),
                )
                ended(run)
        except DbprovError as error:  # refused
            if len(plans) == 1:
                raise
            run = Run(planned, error=error)
        ended_early = isinstance(run.error, Interrupted) or (fail_fast and run.error is not None)
        yield run


def apply(
    deployment: Deployment,
    server: Server,
    planned: Plan | None = None,
    *,
    report: Report = lambda done: None,
    check: Callable[[Check], None] = lambda check: None,
    delayed: Delayed = lambda delay: None,
    agreed: bool = False,
    reviewed: Reviewed | None = None,
) -> Run:
    """Do what the plan says, look again, and verify, while no other run changes the same things.

    Raises RefusedError or PlaceError before anything is changed. A statement that fails, Ctrl-C, a
    lock that is not had, or what comes after a change, ends up in ``error``. ``agreed``: this plan
    was shown and confirmed, so nothing but what is in it is done. ``reviewed`` raises ReviewError
    for a plan that nobody reviewed: then this one is done as it is, or nothing.
    """
    planned = planned or plan(deployment, server)
    planned.refuse()
    run = Run(planned)
    wait = run.waits(delayed)
    try:
        with server.lock(deployment, wait) if planned.steps else nullcontext() as lock:
            if lock and (lock.waited or planned.age > FRESH):
                run.plan = plan(deployment, server, prune=planned.prune)
                run.plan.refuse()
                if reviewed:
                    reviewed(run.plan)
                elif agreed:
                    run.plan.as_agreed(planned)
            fill_places(run.plan)
            exactly = reviewed is not None
            if _carry_out(run, server, report, wait, exactly=exactly):
                run.left = plan(deployment, server, prune=run.plan.prune, before=run.plan)
                for _ in range(CAME_MEANWHILE):
                    if exactly or not run.left.only_grants_on_objects:
                        break
                    if agreed and run.left.beyond(planned):
                        break
                    # Somebody made tables while the others were granted.
                    run.plan = run.left
                    if not _carry_out(run, server, report, wait, exactly=False):
                        break
                    run.left = plan(deployment, server, prune=run.plan.prune, before=run.plan)
                for one in verify(deployment, server, check):
                    run.checks.append(one)
    except DbprovError as error:  # of the lock, of looking again, and of verifying
        if nothing_changed(error, run):
            raise
        run.error = error
    except KeyboardInterrupt:
        run.error = Interrupted(
            f"interrupted after {len(run.done)} of {len(run.plan.steps)} steps",
            "the run was ended by a signal; what was done stands, and was not verified",
            "run the same command again: it does what is missing, and verifies all of it",
        )
    return run


def _carry_out(run: Run, server: Server, report: Report, delayed: Delayed, exactly: bool) -> bool:
    """What is lost against others is planned again and done again, its whole transaction.

    ``exactly``: as long as that is a part of what was reviewed, and nothing else.
    """
    at_first = run.plan.statements
    attempts = Attempts(server.engine, delayed)
    while True:
        try:
            run.carry_out(run.plan.steps, server, report)
            return True
        except ApplyError as error:
            # What somebody else made a moment ago is taken as found; what is gone, or belongs to
            # another by now, is seen by another look.
            codes = server.engine.errors
            there = error.code in codes.EXISTS and not exactly
            moved = not there and error.code in codes.MOVED | codes.REFUSED
            failed = error
        if not (attempts.another() if moved else attempts.wait(failed, also=there)):
            run.error = failed
            return False
        if moved:
            now = plan(run.deployment, server, prune=run.plan.prune)
            if exactly or now.statements == run.plan.statements:
                run.error = _moved(failed, run.plan, now) if exactly else failed
                return False
            run.plan = now
            continue
        now = plan(run.deployment, server, prune=run.plan.prune)
        if exactly and not set(now.statements) <= set(at_first):
            run.error = failed
            return False
        run.plan = now


def _moved(error: ApplyError, reviewed: Plan, now: Plan) -> ApplyError:
    """What was reviewed is not planned again; objects that came or went are named."""
    left = {str(s): sql for s, sql in zip(now.steps, now.statements, strict=True)}
    changed = [
        words
        for step, sql in zip(reviewed.steps, reviewed.statements, strict=True)
        if str(step) in left
        for words in objects_changed(sql, left[str(step)])
    ]
    if changed:
        error.why = "\n".join([error.why, *dict.fromkeys(changed)])
        error.todo = "write the file anew (dbprov plan SPEC -o FILE) and have that one reviewed"
    return error


def ask_places(planned: Plan) -> None:
    """What can be known of passwords before anything is changed anywhere.

    Prompts ask; a place that should have a password and has none is a PlaceError. Nothing is
    written yet: only who holds the lock knows whose password a new user gets.
    """
    fill_places(planned, write=False)


def refuse_second_user(account: Account) -> None:
    """A user that is made is the first of two; what is kept must not be the other one's."""
    if account.second and account.login == account.second:
        raise PlaceError(
            f'the password in {account.place} is not that of user "{account.name}",'
            " which is to be made; nothing was changed",
            f'it is that of "{account.second}", the second user, in use elsewhere or before',
            f'take "{account.second}:" from before it: then it becomes that of "{account.name}"',
        )


def fill_places(planned: Plan, *, write: bool = True) -> None:
    """Every password is in its place before the server is changed: no crash can lose one."""
    missing = {
        s.item.name for s in planned.steps if isinstance(s.item, User) and s.verb == "create"
    }
    for account in planned.deployment.with_passwords:
        if account.name in missing:
            refuse_second_user(account)
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
