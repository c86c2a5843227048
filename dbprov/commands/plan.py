"""What one Deployment, or each of several, lacks on its server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from dbprov.commands.prune import extra_privileges
from dbprov.commands.surroundings import read_only
from dbprov.errors import RefusedError
from dbprov.items import Item, Membership, ObjectGrant, User
from dbprov.items.item import Obstacle
from dbprov.items.label import Label
from dbprov.passwords.prompt import PromptPlace
from dbprov.plan.plan import Plan
from dbprov.plan.steps import Pair, Step, compare
from dbprov.server.server import Server, masked
from dbprov.spec.model import Account, Deployment, Spec

Thing = tuple[type[Item], str | None, str]


def plan_all(
    spec: Spec,
    servers: Mapping[Deployment, Server],
    *,
    prune: bool = False,
    report: Callable[[Plan], None] = lambda planned: None,
    begun: Callable[[Deployment], None] = lambda deployment: None,
) -> list[Plan]:
    """Plan each Deployment, as it will be once those before it are done. Reads only."""
    plans: list[Plan] = []
    for deployment in spec.deployments:
        begun(deployment)
        plans.append(plan(deployment, servers[deployment], prune=prune, earlier=plans))
        report(plans[-1])
    return plans


def plan(
    deployment: Deployment,
    server: Server,
    *,
    prune: bool = False,
    before: Plan | None = None,
    earlier: Sequence[Plan] = (),
) -> Plan:
    """Compare one Deployment with its server. Reads only.

    ``prune``: steps revoke the extra privileges of its users, where this admin can.
    ``before``: the plan that was just carried out. The extra privileges that it found, and revokes
    none of, are still there: that is the dearest of all questions, and not asked twice.
    ``earlier``: plans that will be carried out first; what they make is there by then.
    Raises RefusedError for two Deployments that cannot both be on one server, and are.
    """
    _fit(deployment, server)
    beside = server.beside(deployment, sure=prune)
    items = server.engine.expand.expand(deployment, server.facts)
    pairs = server.look(items, unseen=True)
    made = _made([p for p in earlier if p.deployment in beside])
    steps = compare(_by_then(pairs, made))
    if before and not prune:
        extra, unread = before.extra, before.unread
    else:
        found_extra = extra_privileges(deployment, server, pairs, beside)
        extra, unread = found_extra.privileges, found_extra.remarks
        if prune and (revoking := found_extra.steps()):
            steps = [*compare(_by_then(found_extra.pairs, made)), *revoking]
            extra = tuple(one for one in extra if one.obstacle)
    obstacles, of_other_owners = _obstacles(server, steps, pairs)
    shown = server.renderer(masked)
    found = [(wanted, there) for wanted, there in pairs if there is not None]
    return Plan(
        deployment=deployment,
        steps=tuple(steps),
        statements=tuple(shown.item(step.item, step.verb) for step in steps),
        obstacles=obstacles,
        of_other_owners=of_other_owners,
        refusals=tuple(read_only(deployment, server)) if steps else (),
        unknown=tuple(_unknown(deployment, found)),
        remarks=(
            *server.engine.limits.warnings(server.facts),
            *(r for w, f in found for r in w.remarks(f)),
            *_without_label(deployment, items),
            *server.doubts(deployment),
            *unread,
        ),
        facts=server.facts,
        extra=extra,
        unread=unread,
        prune=prune,
        awaited=tuple(_awaited(deployment, pairs, made)),
    )


def _obstacles(
    server: Server, steps: Sequence[Step], pairs: Sequence[Pair]
) -> tuple[tuple[tuple[Step, Obstacle], ...], tuple[tuple[ObjectGrant, Obstacle], ...]]:
    """Of steps, and of objects that no step is for: one remedy for both."""
    met = server.met(steps)
    beyond = [
        (f, f.of_others()) for _, f in pairs if isinstance(f, ObjectGrant) and f.not_grantable
    ]
    together = [*((o, s.item.inside) for s, o in met), *((o, f.inside) for f, o in beyond)]
    solved = server.solved(together)
    steps_met = tuple((s, o) for (s, _), o in zip(met, solved, strict=False))
    return steps_met, tuple((f, o) for (f, _), o in zip(beyond, solved[len(met) :], strict=True))


def _made(earlier: Sequence[Plan]) -> dict[Thing, Item]:
    made = (step.item for planned in earlier for step in planned.steps if step.verb == "create")
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
    for why, todo in server.engine.limits.objections(deployment, server.facts):
        raise RefusedError(
            f"{deployment.name} cannot be provisioned on {server.address}", why, todo
        )
