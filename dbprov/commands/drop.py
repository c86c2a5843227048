"""A Deployment taken off its server, phase by phase, each decided from another look."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import field, replace
from typing import Any

from dbprov.commands.plan import done_json, step_json
from dbprov.engines import Obstacle
from dbprov.errors import ApplyError, ConnectError, DbprovError, Interrupted, RefusedError
from dbprov.items import (
    Database,
    DatabaseGrant,
    Item,
    Membership,
    ObjectOwner,
    Ownership,
    PatternGrant,
    TokenGrant,
    User,
)
from dbprov.items.sessions import Belongings, Contents, Lockout, Reassignment, Session
from dbprov.passwords.file import FilePlace
from dbprov.plan.change_owner import changed, executes
from dbprov.plan.drop import Departure, Refusal, Survey, Wish, decide, login
from dbprov.plan.steps import Pair, Step
from dbprov.server.lock import Delay, Delayed
from dbprov.server.same_server import TWO_SERVERS
from dbprov.server.server import Done, Server, masked
from dbprov.spec.model import Auth, Deployment, Spec
from dbprov.spec.server_identity import Same
from dbprov.system.frozen import dataclass

ROUNDS = 8  # without any progress; about ten seconds


@dataclass(frozen=True)
class Departing:
    """What is still to do until a Deployment is gone as far as was wished."""

    deployment: Deployment
    wish: Wish
    departure: Departure
    statements: tuple[str, ...]
    obstacles: tuple[tuple[Step, Obstacle], ...]
    legacy: tuple[ObjectOwner, ...] = ()  # what the heir gets, one by one

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
            "executes": [
                {"object": one.identity, "item": one.what, "executes": list(executes(one))}
                for one in self.legacy
                if executes(one)
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


def departing(spec: Spec, deployment: Deployment, server: Server, wish: Wish) -> Departing:
    """Look at everything that the Deployment has on its server, and decide. Reads only."""
    for why, todo in server.dialect.unfit(deployment, server.facts):
        raise RefusedError(f"{deployment.name} cannot be dropped on {server.address}", why, todo)
    survey = _survey(spec, deployment, server, wish)
    departure = decide(survey, wish)
    shown = server.renderer(masked)
    return Departing(
        deployment=deployment,
        wish=wish,
        departure=departure,
        statements=tuple(shown.item(step.item, step.verb) for step in departure.steps),
        obstacles=tuple(server.obstacles(departure.steps)),
        legacy=survey.legacy,
    )


def _with_seconds(deployment: Deployment) -> Deployment:
    """Who takes turns with a user goes with it, as a user like others."""
    accounts = [
        replace(account, name=name, second="")
        for account in deployment.accounts
        for name in filter(None, (account.name, account.second))
    ]
    return replace(deployment, accounts=tuple(accounts))


def _survey(spec: Spec, deployment: Deployment, server: Server, wish: Wish) -> Survey:
    whole = _with_seconds(deployment)
    shared, doubts = _others(spec, deployment, server)
    pairs = server.look(_outside(whole, server, wish))
    inside, shut = _inside(pairs, whole, server, wish, shared)
    return Survey(
        deployment=whole,
        owners=server.dialect.OWNERS,
        admin=server.facts.admin,
        pairs=(*pairs, *inside, *_loans([*pairs, *inside], whole, server, wish)),
        shared=shared,
        doubts=tuple(doubts),
        shut=shut,
        legacy=tuple(_legacy([*pairs, *inside], whole, server, wish, shared)),
    )


def _outside(deployment: Deployment, server: Server, wish: Wish) -> list[Item]:
    """What can be seen from the admin's own database."""
    d = deployment
    names = tuple(account.name for account in d.accounts)
    wanted = server.dialect.expand(d, server.facts)
    kinds = (DatabaseGrant,) if wish.quarantine else (User, PatternGrant, TokenGrant)
    items: list[Item] = [item for item in wanted if isinstance(item, kinds)]
    for a in d.accounts:
        items += [Lockout(user=a.name, host=a.host), Session(user=a.name, host=a.host)]
    if wish.quarantine:
        return items
    items += [Belongings(user=a.name, host=a.host, database=d.database) for a in d.accounts]
    # As its owner, whose rights can be borrowed, the admin may drop it.
    items += [replace(item, lenders=names) for item in wanted if isinstance(item, Database)]
    items.append(Contents(name=d.database))
    if wish.database:
        items.append(Session(user=None, database=d.database))
    if wish.database and server.dialect.OWNERS:
        items.append(Ownership(database=d.database, owner=server.facts.admin, lenders=names))
    return items


def _inside(
    pairs: list[Pair],
    deployment: Deployment,
    server: Server,
    wish: Wish,
    shared: dict[str, tuple[str, ...]],
) -> tuple[list[Pair], dict[str, Refusal]]:
    """What the users that go have in each database; and the databases that cannot be entered."""
    going = {account.name for account in deployment.accounts if login(account) not in shared}
    holders: dict[str, list[str]] = {}
    for _, found in pairs:
        if isinstance(found, Belongings) and found.user in going:
            for name in found.databases:
                if not (wish.database and name == deployment.database):
                    holders.setdefault(name, []).append(found.user)
    seen: list[Pair] = []
    shut: dict[str, Refusal] = {}
    for name, users in holders.items():
        # Only a database that has been looked at is entered.
        items: list[Item] = [Database(name=name, encoding="")]
        items += [Belongings(inside=name, user=u, database=deployment.database) for u in users]
        if wish.heir and name == deployment.database:
            items += [Reassignment(inside=name, user=u, heir=wish.heir) for u in users]
        try:
            seen += server.look(items)[1:]
        except ConnectError as error:
            shut[name] = Refusal(error.why, error.todo)
    return seen, shut


def _legacy(
    pairs: list[Pair],
    deployment: Deployment,
    server: Server,
    wish: Wish,
    shared: dict[str, tuple[str, ...]],
) -> list[ObjectOwner]:
    """Of what goes to the heir each table, view, routine and type, with what of it executes."""
    owning = {b.user for _, b in pairs if isinstance(b, Belongings) and b.inside and b.here}
    formers = [a.name for a in deployment.accounts if a.name in owning and login(a) not in shared]
    if not wish.heir or wish.database or not server.dialect.OWNERS or not formers:
        return []
    asked = ObjectOwner(
        inside=deployment.database, schema="", owner=wish.heir, formers=tuple(formers)
    )
    return [one for one in server.every(asked) if isinstance(one, ObjectOwner)]


def _loans(pairs: list[Pair], deployment: Deployment, server: Server, wish: Wish) -> list[Pair]:
    """Of the roles whose rights the Steps may have to borrow."""
    if not server.dialect.OWNERS:
        return []
    roles = [account.name for account in deployment.accounts]
    roles += [wish.heir] if wish.heir else []
    for _, found in pairs:
        if isinstance(found, Session):
            roles += found.users
        if isinstance(found, Belongings):
            roles += found.grantors
    return server.look([Membership(role=role) for role in dict.fromkeys(roles)])


def _others(
    spec: Spec, deployment: Deployment, server: Server
) -> tuple[dict[str, tuple[str, ...]], list[Refusal]]:
    """Its users that serve other Deployments of the spec on the same server, with their names.

    And what cannot be told: nothing is taken from what may be another Deployment's. Raises
    RefusedError where another one has the same database, or keeps a user's password elsewhere.
    """
    shared: dict[str, tuple[str, ...]] = {}
    doubts: list[Refusal] = []
    for other, answer in server.answers_of(deployment, spec.deployments):
        users = {login(account) for account in _with_seconds(other).accounts}
        both = [who for who in map(login, _with_seconds(deployment).accounts) if who in users]
        if answer.same is Same.SAME:
            for who in both:
                shared[who] = (*shared.get(who, ()), other.name)
        elif answer.same is Same.UNKNOWN:
            things = [f"user {who}" for who in both]
            if other.database == deployment.database:
                things.append(f'database "{other.database}"')
            why = (
                f"{other.name} on {other.server} has {', '.join(things)} too, and whether that is"
                f" the same server as {deployment.server} cannot be told: {answer.why}"
            )
            todo = f"if they are two servers: {TWO_SERVERS}"
            doubts.append(Refusal(why, f"{answer.error.todo}; {todo}" if answer.error else todo))
    return shared, doubts


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
    planned: Departing | None = None,
    *,
    report: Callable[[Done], None] = lambda done: None,
    delayed: Delayed = lambda delay: None,
    agreed: bool = False,
) -> Departed:
    """One phase after the other, each decided from another look, until nothing is left to do.

    Raises RefusedError before anything is changed; what fails later, Ctrl-C, or a lock that is not
    had, ends up in ``error``. ``agreed``: somebody read ``planned`` and said yes to it.
    """
    departed = Departed(deployment)

    def wait(delay: Delay) -> None:
        departed.delays.append(delay)
        delayed(delay)

    planned = planned or departing(spec, deployment, server, wish)
    refuse_departure(planned)
    departed.left = planned
    try:
        if planned.steps:
            with server.lock(deployment, wait):
                now = departing(spec, deployment, server, wish)
                refuse_departure(now)
                if agreed:
                    _as_agreed(planned, now)
                _phases(spec, departed, server, now, report)
    except RefusedError as error:
        if not departed.done:
            raise
        departed.error = error
    except DbprovError as error:
        departed.error = error
    except KeyboardInterrupt:
        departed.error = Interrupted(
            f"interrupted after {len(departed.done)} steps",
            "somebody ended the run; what was done stands",
            "run the same command again: it looks first, and goes on where it stopped",
        )
    return departed


def _as_agreed(planned: Departing, now: Departing) -> None:
    """Sessions come and go; anything else that is new was not agreed to."""
    shown = {(s.item.inside, sql) for s, sql in zip(planned.steps, planned.statements, strict=True)}
    new = changed(planned.legacy, now.legacy) + [
        f"{sql}{f' (in database {step.item.inside})' if step.item.inside else ''}"
        for step, sql in zip(now.steps, now.statements, strict=True)
        if (step.item.inside, sql) not in shown and not isinstance(step.item, (Session, Membership))
    ]
    if new:
        raise RefusedError(
            f"{planned.deployment.name}: the server has changed since the plan was shown;"
            " nothing was changed",
            "not in that plan:\n" + "\n".join(new),
            "run the same command again, and read the new plan",
        )


def _phases(
    spec: Spec,
    departed: Departed,
    server: Server,
    left: Departing,
    report: Callable[[Done], None],
) -> None:
    last: list[str] = []
    waits, first = 0, left
    while phase := left.possible():
        said = [str(step) for step in phase]
        waits = waits + 1 if said == last else 0
        if waits > ROUNDS:
            departed.error = departed.error or _stays(phase[0])
            return
        if waits:
            time.sleep(min(2.0, 0.05 * 2**waits))
        last, departed.error = said, None
        try:
            _carry_out(phase, departed.done, server, report)
        except ApplyError as failed:
            departed.error = failed
            if failed.code not in server.dialect.MOVED:
                return
        left = departed.left = departing(spec, departed.deployment, server, left.wish)
        if error := refused(left, "what was done stands"):
            departed.error = error
            return
        if new := changed(first.legacy, left.legacy):  # by a session that is ended by now
            departed.error = RefusedError(
                f"{departed.deployment.name}: what its users own has changed; what was done stands",
                f"it executes, and is new or was replaced: {', '.join(new)}",
                "read it, and run the same command again",
            )
            return
    departed.error = None


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


def forget(departed: Departed) -> Iterator[str]:
    """The passwords of the users that are gone, one sentence for each.

    Nothing while any of them is there, or may be.
    """
    left = departed.left
    if departed.error or not left or not left.complete:
        return
    for account in departed.deployment.accounts:
        if account.auth is Auth.IAM:
            continue  # it has none
        whose, place = f"the password of user {login(account)}", account.place
        if login(account) in left.departure.staying:
            yield f"kept: {whose}, who stays"
        elif isinstance(place, FilePlace):
            there = place.path.exists()
            place.beside.forget()
            place.forget()
            yield f"forgotten: {whose}" if there else f"not there any more: {whose} in the {place}"
        else:
            yield f"not forgotten: {whose} is in the {place}; remove it there yourself"
