"""Passwords changed: kept beside the one in use, set, proven by a login, promoted.

Killed anywhere, one of the two that are kept logs in, and the same command goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from dbprov.commands.run import Report, Run
from dbprov.connections.strings import Connection
from dbprov.engines import Check
from dbprov.errors import DbprovError, Interrupted, LookError, RefusedError
from dbprov.items.rotation import OldPassword, Password, named
from dbprov.items.sessions import Lockout
from dbprov.passwords import Kept, Next
from dbprov.passwords.prompt import PromptPlace
from dbprov.passwords.secret import Secret
from dbprov.plan.plan import Plan
from dbprov.plan.steps import Step
from dbprov.server.lock import Delayed
from dbprov.server.server import Server, masked
from dbprov.spec.model import Account, Auth, Deployment, Spec


def plan_rotations(
    spec: Spec,
    servers: Mapping[Deployment, Server],
    user: str | None = None,
    *,
    finish: bool = False,
) -> list[Plan]:
    """A user of several Deployments on one server is one user, with one password."""
    plans: dict[Deployment, list[Plan]] = {}
    for deployment in spec.deployments:
        server = servers[deployment]
        before = {
            (one.user.name, one.user.host)
            for other in server.beside(deployment)
            for one in plans.get(other, ())
        }
        plans[deployment] = [
            one
            for one in plan_rotation(deployment, server, user, finish=finish)
            if (one.user.name, one.user.host) not in before
        ]
    return [one for plans_of in plans.values() for one in plans_of]


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


def plan_rotation(
    deployment: Deployment, server: Server, user: str | None = None, *, finish: bool = False
) -> list[Plan]:
    """A plan for each of these users. Reads only; refuses what cannot be done."""
    server.beside(deployment)  # refused where one of its users has two passwords there
    plan_user = _plan_finish if finish else _plan_user
    for why, todo in server.dialect.unfit(deployment, server.facts):
        raise RefusedError(f"no password can be rotated on {server.address}", why, todo)
    asked = [account for account in deployment.accounts if user in (None, account.name)]
    if user and any(account.auth is Auth.IAM for account in asked):
        why = "it logs in with an IAM token, and has no password anywhere"
        raise RefusedError(f'the password of user "{user}" cannot be rotated', why, "leave it out")
    return [
        plan_user(deployment, server, account) for account in asked if account.auth is not Auth.IAM
    ]


def _plan_user(deployment: Deployment, server: Server, account: Account) -> Plan:
    who = named(account.name, account.host)
    resumed = account.place.pending() is not None
    keeps = server.dialect.keeps_old(server.facts) or bool(account.second)
    user = account.name
    if account.second and account.place.read() is not None:
        user = account.next_login
    wanted = Password(
        user=user,
        host=account.host,
        retain=keeps and not account.second,
        turns=bool(account.second),
        place=account.place,
    )
    [(_, found)] = server.look([wanted])
    if found is None:
        raise RefusedError(
            f"the password of {who} cannot be rotated; nothing was changed",
            "there is no such user on the server"
            + (f': "{user}", which takes turns with it' if user != account.name else ""),
            "dbprov apply makes it",
        )
    _refuse_locked(server, account)
    step = Step("alter", wanted, found)
    for _, obstacle in server.obstacles([step]):
        why = f"the password of {who} cannot be rotated by this admin; nothing was changed"
        raise RefusedError(why, obstacle.why, obstacle.todo)
    old = _old(server, account, user) if keeps else None
    if old and old.valid and not resumed and (user != account.login or not account.second):
        raise RefusedError(
            f"the password of {who} cannot be rotated now; nothing was changed",
            "the one before the last rotation is still valid, and the server keeps one old one",
            "once nobody uses it any more: dbprov rotate --finish",
        )
    remarks = tuple(_remarks(deployment, server, account, resumed, old, keeps))
    statement = server.renderer(masked).item(wanted, "alter")
    return replace(
        _nothing(deployment, server, account),
        steps=(step,),
        statements=(statement,),
        remarks=remarks,
        resumed=resumed,
    )


def _nothing(deployment: Deployment, server: Server, account: Account) -> Plan:
    return Plan(deployment, (), (), server.facts, "rotate", account=account)


def _refuse_locked(server: Server, account: Account) -> None:
    """Nothing could be proven; and a turn of two users would let the one in turn in again."""
    [(_, found)] = server.look([Lockout(user=account.name, host=account.host)])
    if isinstance(found, Lockout) and found.locked:
        raise RefusedError(
            f"the password of {found} cannot be rotated; nothing was changed",
            "it is locked out, as by drop --quarantine: a new password could not be proven",
            "dbprov apply lets it in again",
        )


def _remarks(
    deployment: Deployment,
    server: Server,
    account: Account,
    resumed: bool,
    old: OldPassword | None,
    keeps: bool,
) -> Iterator[str]:
    if resumed:
        yield f"an interrupted rotation left the next password beside {account.place}; it goes on"
    elif not isinstance(account.place, PromptPlace):
        current = account.place.read()
        if current is None:
            yield f"nothing is kept in {account.place}: whatever password is in use is not known"
        else:
            which = "the password in use"
            check = _logs_in(server, deployment, account, current, which, account.login)
            if not check.held:
                yield _in_use(check, server, account)
    if keeps and old is None:
        yield "whether an older password is still valid cannot be seen by this admin"
    if account.second:
        yield f'the password of "{account.login}" stays valid beside it'
    if not keeps:
        yield "the old password is refused as soon as the new one is set; open sessions stay"


def _in_use(check: Check, server: Server, account: Account) -> str:
    """A wrong password is what a rotation heals; of anything else it would prove nothing."""
    if check.code not in server.dialect.LOGIN:
        raise RefusedError(
            f'user "{account.name}" cannot log in from here: a new password could not be proven',
            check.observed, check.todo, code=check.code,
        )  # fmt: skip
    return f"the password in {account.place} does not log in: {check.observed}"


def _old(server: Server, account: Account, user: str) -> OldPassword | None:
    """None where this admin may not see it."""
    try:
        [(_, found)] = server.look([OldPassword(user=user, host=account.host)])
    except LookError:
        return None
    return found if isinstance(found, OldPassword) else None


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
    if planned.finish and not planned.steps:
        return run
    try:
        with server.lock(planned.deployment, run.waits(delayed)):
            # Only who holds the lock knows what another run has done meanwhile.
            plan_user = _plan_finish if planned.finish else _plan_user
            run.plan = plan_user(planned.deployment, server, planned.user)
            (_discard if planned.finish else _replace)(run, server, report, check)
    except DbprovError as error:
        run.error = error
    except KeyboardInterrupt:
        who = named(planned.user.name, planned.user.host)
        run.error = Interrupted(
            f"interrupted while the password of {who} was rotated",
            "somebody ended the run; whatever the server has by now, it is kept",
            "run the same command again: it goes on where it stopped",
        )
    return run


def _replace(run: Run, server: Server, report: Report, check: Callable[[Check], None]) -> None:
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
        run.carry_out([replace(step, item=replace(item, place=kept))], server, report)
    run.checks.append(_new_logs_in(run.plan, server, kept, item.user))
    check(run.checks[-1])
    if run.ok:
        place.promote()
        run.promoted = True
        run.old_valid = item.retain or item.turns


def _discard(run: Run, server: Server, report: Report, check: Callable[[Check], None]) -> None:
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
        run.carry_out(run.plan.steps, server, report)
        run.old_valid = False
        tried = _new_logs_in(run.plan, server, account.place, account.login)
    run.checks.append(tried)
    check(tried)


def _new_logs_in(planned: Plan, server: Server, kept: Kept, user: str) -> Check:
    password = kept.read()
    assert password is not None, "kept before the server was changed"
    which = "the new password"
    return _logs_in(server, planned.deployment, planned.user, password, which, user)


def _logs_in(
    server: Server,
    deployment: Deployment,
    account: Account,
    password: Secret,
    which: str,
    user: str,
) -> Check:
    here = server.here(deployment)
    url = Connection(here, account, password, user).login_url()
    claim = f"logs in with {which}"
    try:
        server.dialect.connect_as(url, here, server.timeouts).close()
    except Exception as error:
        code, words = server.dialect.explain(error, secret=False)
        words, todo = server.told(words, server.dialect.remedy(code, words))
        return Check(user, claim, "works", words, False, code, todo)
    return Check(user, claim, "works", "it does", True)


def _plan_finish(deployment: Deployment, server: Server, account: Account) -> Plan:
    who = named(account.name, account.host)
    if account.place.pending() is not None:
        raise RefusedError(
            f"the rotation of {who} cannot be finished; nothing was changed",
            "it was interrupted: the next password is still beside the one in use",
            "dbprov rotate, which ends it, and --finish afterwards",
        )
    nothing = replace(_nothing(deployment, server, account), finish=True)
    if not server.dialect.keeps_old(server.facts) and not account.second:
        return nothing
    wanted = OldPassword(user=account.next_login, host=account.host)
    [(_, found)] = server.look([wanted])
    if not isinstance(found, OldPassword) or not found.valid:
        return nothing
    step = Step("drop", wanted, found)
    open_ = f'{found.sessions} sessions are still logged in as "{found.user}"; they stay'
    return replace(
        nothing,
        steps=(step,),
        statements=(server.renderer(masked).item(wanted, "drop"),),
        remarks=(open_,) if found.sessions else (),
    )
