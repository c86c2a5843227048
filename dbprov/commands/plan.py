"""What one Deployment lacks on its server, and what is known to be impossible there."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any

from dbprov.audit.record import digest
from dbprov.commands.prune import surpluses
from dbprov.engines import Facts, Obstacle
from dbprov.errors import RefusedError
from dbprov.items import Item, Membership, ObjectGrant, User
from dbprov.items.label import Label
from dbprov.passwords.prompt import PromptPlace
from dbprov.plan.prune import Surplus
from dbprov.plan.steps import Pair, Step, plan
from dbprov.server.server import Done, Server, announced, masked
from dbprov.spec.model import Account, Deployment
from dbprov.system.frozen import dataclass

Thing = tuple[type[Item], str | None, str]


@dataclass(frozen=True)
class Planned:
    """What one Deployment lacks on its server, and what should be known about what is there."""

    deployment: Deployment
    steps: tuple[Step, ...]
    statements: tuple[str, ...]
    obstacles: tuple[tuple[Step, Obstacle], ...]
    beyond: tuple[
        tuple[ObjectGrant, str], ...
    ]  # with the statement that the objects' owners would run
    unknown: tuple[Account, ...]  # users that exist, and whose passwords are not kept
    remarks: tuple[str, ...]
    facts: Facts
    surplus: tuple[Surplus, ...] = ()  # there, not wanted, and in no step
    unread: tuple[str, ...] = ()  # what of its users this admin may not ask; among the remarks
    prune: bool = False  # what can be taken away of it is among the steps
    awaited: tuple[Account, ...] = ()  # users that a Deployment before this one makes
    at: float = field(default_factory=time.monotonic, compare=False)

    @property
    def age(self) -> float:
        return time.monotonic() - self.at

    @property
    def complete(self) -> bool:
        return not self.steps and not self.beyond

    @property
    def digest(self) -> str:
        """As the record has it."""
        return digest([announced(s, q) for s, q in zip(self.steps, self.statements, strict=True)])

    def essential_obstacles(self) -> list[tuple[Step, Obstacle]]:
        return [(step, obstacle) for step, obstacle in self.obstacles if step.item.essential]

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.deployment.name,
            "server": str(self.deployment.server),
            "complete": self.complete,
            "digest": self.digest,
            "steps": [
                step_json(step, sql) for step, sql in zip(self.steps, self.statements, strict=True)
            ],
            "obstacles": [
                {"item": str(step.item), "why": o.why, "who": o.who, "statement": o.statement}
                for step, o in self.obstacles
            ],
            "beyond": [
                {"item": str(item), "objects": list(item.beyond), "statement": statement}
                for item, statement in self.beyond
            ],
            "surplus": [one.as_json() for one in self.surplus],
            "passwords_not_known": [account.name for account in self.unknown],
            "remarks": list(self.remarks),
        }


def step_json(step: Step, statement: str) -> dict[str, Any]:
    return {
        "verb": step.verb,
        "kind": step.item.kind,
        "item": str(step.item),
        "database": step.item.inside,
        "sql": statement,
    }


def done_json(done: Done) -> dict[str, Any]:
    return {
        **step_json(done.step, done.statement),
        "notices": [notice.words for notice in done.notices],
        "ms": round(done.milliseconds, 1),
    }


def compare(
    deployment: Deployment,
    server: Server,
    *,
    prune: bool = False,
    before: Planned | None = None,
    ahead: Sequence[Planned] = (),
) -> Planned:
    """Compare one Deployment with its server. Reads only.

    ``prune``: what its users hold beyond the spec is taken away by steps, where this admin can.
    ``before``: what this run found is surplus, where none of its steps takes it away: that is the
    dearest of all questions, and not asked twice.
    ``ahead``: plans that will be carried out first; what they make is there by then.
    Raises RefusedError for two Deployments that cannot both be on one server, and are.
    """
    _fit(deployment, server)
    beside = server.beside(deployment, sure=prune)
    items = server.dialect.expand(deployment, server.facts)
    pairs = server.look(items)
    made = _made([p for p in ahead if p.deployment in beside])
    steps = plan(_by_then(pairs, made))
    if before and not prune:
        surplus, unread = before.surplus, before.unread
    else:
        over = surpluses(deployment, server, pairs, beside)
        surplus, unread = over.surplus, over.remarks
        if prune and (taken := over.steps()):
            steps = [*plan(_by_then(over.pairs, made)), *taken]
            surplus = tuple(one for one in surplus if one.obstacle)
    shown = server.renderer(masked)
    found = [(wanted, there) for wanted, there in pairs if there is not None]
    return Planned(
        deployment=deployment,
        steps=tuple(steps),
        statements=tuple(shown.item(step.item, step.verb) for step in steps),
        obstacles=tuple(server.obstacles(steps)),
        beyond=tuple(
            (f, shown.item(f, "create"))
            for _, f in found
            if isinstance(f, ObjectGrant) and f.beyond
        ),
        unknown=tuple(_unknown(deployment, found)),
        remarks=(
            *server.dialect.misgivings(server.facts),
            *(r for w, f in found for r in w.remarks(f)),
            *_without_label(deployment, items),
            *server.doubts(deployment),
            *unread,
        ),
        facts=server.facts,
        surplus=surplus,
        unread=unread,
        prune=prune,
        awaited=tuple(_awaited(deployment, pairs, made)),
    )


def _made(ahead: Sequence[Planned]) -> dict[Thing, Item]:
    made = (step.item for planned in ahead for step in planned.steps if step.verb == "create")
    return {_thing(item): item for item in made if not isinstance(item, Membership)}


def _thing(item: Item) -> Thing:
    return type(item), item.inside, str(item)


def _by_then(pairs: Sequence[Pair], made: Mapping[Thing, Item]) -> list[Pair]:
    return [(wanted, found or made.get(_thing(wanted))) for wanted, found in pairs]


def _awaited(
    deployment: Deployment, pairs: Sequence[Pair], made: Mapping[Thing, Item]
) -> Iterator[Account]:
    """With the same place of the password: another one is refused before."""
    accounts = {(account.name, account.host): account for account in deployment.accounts}
    for wanted, found in pairs:
        first = made.get(_thing(wanted))
        if found is None and isinstance(wanted, User) and isinstance(first, User):
            yield accounts[wanted.name, wanted.host]


def _without_label(deployment: Deployment, items: list[Item]) -> Iterator[str]:
    if deployment.label and not any(isinstance(item, Label) for item in items):
        yield "label: true: this server has nothing that could hold one; none is set"


def _unknown(deployment: Deployment, found: list[tuple[Item, Item]]) -> Iterator[Account]:
    """Users that exist and whose password is in none of its places.

    A prompt is not asked for it.
    """
    there = {(wanted.name, wanted.host) for wanted, _ in found if isinstance(wanted, User)}
    for account in deployment.with_passwords:
        if isinstance(account.place, PromptPlace) or (account.name, account.host) not in there:
            continue
        if account.place.read() is None:
            yield account


def _fit(deployment: Deployment, server: Server) -> None:
    """What only the server's own settings can tell.

    A name that it would fold, a server that takes no writes.
    """
    for why, todo in server.dialect.unfit(deployment, server.facts):
        raise RefusedError(
            f"{deployment.name} cannot be provisioned on {server.address}", why, todo
        )


def refuse(planned: Planned) -> None:
    """Stop before anything is changed where it is known that the admin cannot do it."""
    met = planned.essential_obstacles()
    if met:
        raise RefusedError(
            f"{planned.deployment.name} cannot be provisioned by this admin; nothing was changed",
            "\n".join(f"{step}: {obstacle.why}" for step, obstacle in met),
            "\n".join(obstacle.todo for _, obstacle in met),
        )
