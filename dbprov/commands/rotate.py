"""Passwords changed: kept beside the one in use, set, proven by a login, promoted.

Killed anywhere, one of the two that are kept logs in, and the same command goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import field, replace
from typing import Any

from dbprov.commands.plan import done_json
from dbprov.connections.strings import Connection
from dbprov.engines import Check
from dbprov.errors import ApplyError, DbprovError, Interrupted, LookError, RefusedError
from dbprov.items.rotation import OldPassword, Password, named
from dbprov.items.sessions import Lockout
from dbprov.passwords import Kept, Next
from dbprov.passwords.prompt import PromptPlace
from dbprov.passwords.secret import Secret
from dbprov.plan.steps import Step
from dbprov.server.lock import Delayed
from dbprov.server.server import Done, Server, masked
from dbprov.spec.model import Account, Auth, Deployment
from dbprov.system.frozen import dataclass


@dataclass(frozen=True)
class Rotation:
    """What will be done for one user, and what should be known before."""

    deployment: Deployment
    account: Account
    step: Step | None  # None: nothing is left to do on the server
    statement: str = ""
    resumed: bool = False  # an interrupted run left the next password in its place
    remarks: tuple[str, ...] = ()


@dataclass
class Rotated:
    """How the rotation of one user ended."""

    rotation: Rotation
    done: list[Done] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    promoted: bool = False
    old_valid: bool = False
    error: DbprovError | None = None

    @property
    def ok(self) -> bool:
        return not self.error and all(check.held for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        return {
            "deployment": self.rotation.deployment.name,
            "server": str(self.rotation.deployment.server),
            "user": self.rotation.account.name,
            "ok": self.ok,
            "done": [done_json(done) for done in self.done],
            "checks": [check.as_json() for check in self.checks],
            "promoted": self.promoted,
            "old_password_valid": self.old_valid,
            "error": self.error.as_json() if self.error else None,
        }


def rotations(
    deployment: Deployment, server: Server, user: str | None = None, *, finish: bool = False
) -> list[Rotation]:
    """What rotating the passwords of these users takes. Reads only; refuses what cannot be done."""
    server.beside(deployment)  # refused where one of its users has two passwords there
    planned = _finish if finish else _rotate
    for why, todo in server.dialect.unfit(deployment, server.facts):
        raise RefusedError(f"no password can be rotated on {server.address}", why, todo)
    asked = [account for account in deployment.accounts if user in (None, account.name)]
    if user and any(account.auth is Auth.IAM for account in asked):
        why = "it logs in with an IAM token, and has no password anywhere"
        raise RefusedError(f'the password of user "{user}" cannot be rotated', why, "leave it out")
    return [
        planned(deployment, server, account) for account in asked if account.auth is not Auth.IAM
    ]


def _rotate(deployment: Deployment, server: Server, account: Account) -> Rotation:
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
    return Rotation(deployment, account, step, statement, resumed, remarks)


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
            said = "the password in use"
            check = _logs_in(server, deployment, account, current, said, account.login)
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
    rotation: Rotation,
    server: Server,
    *,
    report: Callable[[Done], None] = lambda done: None,
    check: Callable[[Check], None] = lambda check: None,
    delayed: Delayed = lambda delay: None,
) -> Rotated:
    """Keep the next password, set it, log in with it, promote it.

    What fails ends up in ``error``; a run that is ended leaves what the next one goes on with.
    """
    rotated = Rotated(rotation)
    try:
        with server.lock(rotation.deployment, delayed):
            # Only who holds the lock knows what another run has done meanwhile.
            rotated.rotation = _rotate(rotation.deployment, server, rotation.account)
            _turn(rotated, server, report, check)
    except DbprovError as error:
        rotated.error = error
    except KeyboardInterrupt:
        rotated.error = _interrupted(rotation)
    return rotated


def _interrupted(rotation: Rotation) -> Interrupted:
    who = named(rotation.account.name, rotation.account.host)
    return Interrupted(
        f"interrupted while the password of {who} was turned",
        "somebody ended the run; whatever the server has by now, it is kept",
        "run the same command again: it goes on where it stopped",
    )


def _turn(
    rotated: Rotated,
    server: Server,
    report: Callable[[Done], None],
    check: Callable[[Check], None],
) -> None:
    rotation, place = rotated.rotation, rotated.rotation.account.place
    assert rotation.step is not None
    item = rotation.step.item
    assert isinstance(item, Password)
    kept: Kept = Next(place)
    if place.writable and place.read() is None:
        place.fill()  # nothing is there that a crash could lose
        kept = place
    else:
        place.propose()
    if not (rotation.resumed and _proof(rotation, server, kept, item.user).held):
        step = replace(rotation.step, item=replace(item, place=kept))
        _carry_out(rotated, server, step, report)
    _prove(rotated, server, kept, check, item.user)
    if rotated.ok:
        place.promote()
        rotated.promoted = True
        rotated.old_valid = item.retain or item.turns


def _carry_out(
    rotated: Rotated, server: Server, step: Step, report: Callable[[Done], None]
) -> None:
    try:
        for done in server.apply([step]):
            rotated.done.append(done)
            report(done)
    except ApplyError as error:
        del rotated.done[len(rotated.done) - error.undone :]
        raise


def _prove(
    rotated: Rotated, server: Server, kept: Kept, report: Callable[[Check], None], user: str
) -> None:
    rotated.checks.append(_proof(rotated.rotation, server, kept, user))
    report(rotated.checks[-1])


def _proof(rotation: Rotation, server: Server, kept: Kept, user: str) -> Check:
    password = kept.read()
    assert password is not None, "kept before the server was changed"
    said = "the new password"
    return _logs_in(server, rotation.deployment, rotation.account, password, said, user)


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


def _finish(deployment: Deployment, server: Server, account: Account) -> Rotation:
    who = named(account.name, account.host)
    if account.place.pending() is not None:
        raise RefusedError(
            f"the rotation of {who} cannot be finished; nothing was changed",
            "it was interrupted: the next password is still beside the one in use",
            "dbprov rotate, which ends it, and --finish afterwards",
        )
    nothing = Rotation(deployment, account, None)
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
        step=step,
        statement=server.renderer(masked).item(wanted, "drop"),
        remarks=(open_,) if found.sessions else (),
    )


def finish(
    rotation: Rotation,
    server: Server,
    *,
    report: Callable[[Done], None] = lambda done: None,
    check: Callable[[Check], None] = lambda check: None,
    delayed: Delayed = lambda delay: None,
) -> Rotated:
    """Discard the old password; the one that is kept is proven before and after."""
    rotated = Rotated(rotation)
    try:
        if rotation.step:
            with server.lock(rotation.deployment, delayed):
                rotated.rotation = _finish(rotation.deployment, server, rotation.account)
                _end(rotated, server, report, check)
    except DbprovError as error:
        rotated.error = error
    except KeyboardInterrupt:
        rotated.error = _interrupted(rotation)
    return rotated


def _end(
    rotated: Rotated,
    server: Server,
    report: Callable[[Done], None],
    check: Callable[[Check], None],
) -> None:
    rotation, place = rotated.rotation, rotated.rotation.account.place
    if rotation.step is None:
        return
    rotated.old_valid = True
    if place.read() is None:
        raise RefusedError(
            f'the rotation of user "{rotation.account.name}" cannot be finished',
            f"nothing is kept in {place}: no login could prove the new password",
            "keep it there first",
        )
    user = rotation.account.login
    before = _proof(rotation, server, place, user)
    if before.held:
        _carry_out(rotated, server, rotation.step, report)
        rotated.old_valid = False
        _prove(rotated, server, place, check, user)
    else:
        rotated.checks.append(before)
        check(before)
