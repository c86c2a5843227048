"""What a rotation of passwords takes, for each user."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from dbprov.connections.strings import Connection
from dbprov.engines.facts import Check
from dbprov.errors import LookError, RefusedError
from dbprov.items.rotation import OldPassword, Password, named
from dbprov.items.sessions import Lockout
from dbprov.passwords.prompt import PromptPlace
from dbprov.passwords.secret import Secret
from dbprov.plan.plan import Plan
from dbprov.plan.steps import Step
from dbprov.server.login import elsewhere
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


def plan_rotation(
    deployment: Deployment, server: Server, user: str | None = None, *, finish: bool = False
) -> list[Plan]:
    """A plan for each of these users. Reads only; refuses what cannot be done."""
    server.beside(deployment)  # refused where one of its users has two passwords there
    plan_one = plan_finish if finish else plan_user
    for why, todo in server.engine.limits.objections(deployment, server.facts):
        raise RefusedError(f"no password can be rotated on {server.address}", why, todo)
    asked = [account for account in deployment.accounts if user in (None, account.name)]
    if user and any(account.auth is Auth.IAM for account in asked):
        why = "it logs in with an IAM token, and has no password anywhere"
        raise RefusedError(f'the password of user "{user}" cannot be rotated', why, "leave it out")
    return [
        plan_one(deployment, server, account) for account in asked if account.auth is not Auth.IAM
    ]


def plan_user(deployment: Deployment, server: Server, account: Account) -> Plan:
    who = named(account.name, account.host)
    resumed = account.place.pending() is not None
    keeps = server.engine.limits.keeps_old(server.facts) or bool(account.second)
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
            + (f': "{user}", the second user of its rotation' if user != account.name else ""),
            "dbprov apply makes it",
        )
    _refuse_locked(server, account)
    _refuse_from_elsewhere(server, account, who)
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
    attempts = int(found.attempts) if isinstance(found, Password) else 0
    remarks = tuple(_remarks(deployment, server, account, resumed, old, keeps, attempts))
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
    """No login could prove the password; and setting that of a second user would unlock it."""
    [(_, found)] = server.look([Lockout(user=account.name, host=account.host)])
    if isinstance(found, Lockout) and found.locked:
        raise RefusedError(
            f"the password of {found} cannot be rotated; nothing was changed",
            "it is locked out, as by drop --quarantine: a new password could not be proven",
            "dbprov apply lets it in again",
        )


def _refuse_from_elsewhere(server: Server, account: Account, who: str) -> None:
    """Set, it could not be proven, and what is handed out would be the old one."""
    if seen := elsewhere(server, account):
        raise RefusedError(
            f"the password of {who} cannot be rotated from here; nothing was changed",
            f"it logs in from {account.host}, and the server sees this machine as {seen}:"
            " a new password could not be proven",
            "run dbprov rotate on a machine that it logs in from",
        )


def _remarks(
    deployment: Deployment,
    server: Server,
    account: Account,
    resumed: bool,
    old: OldPassword | None,
    keeps: bool,
    attempts: int,
) -> Iterator[str]:
    if resumed:
        yield f"an interrupted rotation left the next password beside {account.place}; it goes on"
    elif not isinstance(account.place, PromptPlace):
        current = account.place.read()
        if current is None:
            yield f"nothing is kept in {account.place}: whatever password is in use is not known"
        elif attempts:
            yield (
                f"whether the password in {account.place} is the one in use is not tried:"
                f" {attempts} wrong ones lock the account (FAILED_LOGIN_ATTEMPTS)"
            )
        else:
            which = "the password in use"
            check = try_login(server, deployment, account, current, which, account.login)
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
    if check.code not in server.engine.errors.LOGIN:
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


def plan_finish(deployment: Deployment, server: Server, account: Account) -> Plan:
    who = named(account.name, account.host)
    if account.place.pending() is not None:
        raise RefusedError(
            f"the rotation of {who} cannot be finished; nothing was changed",
            "it was interrupted: the next password is still beside the one in use",
            "dbprov rotate, which ends it, and --finish afterwards",
        )
    nothing = replace(_nothing(deployment, server, account), finish=True)
    if not server.engine.limits.keeps_old(server.facts) and not account.second:
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


def try_login(
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
        server.engine.connection.connect_as(url, here, server.timeouts).close()
    except Exception as error:
        code, words = server.engine.errors.explain(error, secret=False)
        words, todo = server.explained(words, server.engine.errors.remedy(code, words))
        return Check(user, claim, "works", words, False, code, todo)
    return Check(user, claim, "works", "it does", True)
