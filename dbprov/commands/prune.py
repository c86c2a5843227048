"""The extra privileges of a Deployment's users, and the steps that revoke them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from dbprov.errors import LookError
from dbprov.items import Database, Grant, Item, Membership, ObjectGrant, User
from dbprov.items.existing_grants import ExistingGrant, read
from dbprov.items.item import Obstacle
from dbprov.plan.prune import ExtraPrivilege, borrowed, dependents_first, gives_more, pruning
from dbprov.plan.steps import Pair, Step, compare
from dbprov.server.server import Server, masked
from dbprov.server.sessions import no_password
from dbprov.spec.model import Account, Deployment


class Extra(Struct, frozen=True):
    """``pairs``: as found without what a role gives that a user is to lose."""

    server: Server
    privileges: tuple[ExtraPrivilege, ...]
    pairs: tuple[Pair, ...]
    remarks: tuple[str, ...] = ()

    def steps(self) -> list[Step]:
        wanted = borrowed(self.privileges)
        found = self.server.look(wanted) if wanted else []
        loans = {
            loan.role: Step("create", loan.toward(there), there)
            for loan, there in found
            if isinstance(loan, Membership)
            and isinstance(there, Membership)
            and not there.sufficient
        }
        return pruning(self.privileges, loans)


def extra_privileges(
    deployment: Deployment,
    server: Server,
    pairs: Sequence[Pair],
    beside: Sequence[Deployment] = (),
) -> Extra:
    """``beside``: the Deployments on the same server that share a user with it.

    A constant number of questions; more only where users were given roles."""
    made = {(f.name, f.host) for _, f in pairs if isinstance(f, User)}
    accounts = [a for a in deployment.accounts if (a.name, a.host) in made]
    there = any(isinstance(f, Database) and not f.sealed and f.enters for _, f in pairs)
    held, unknown = _held(server, deployment, accounts, there)
    render, engine = server.renderer(masked), server.engine
    admin = engine.limits.Admin(server.facts, render)
    found = engine.extra_grants.extra(deployment, beside, held, server.facts)
    extra = dependents_first(
        (
            ExtraPrivilege(
                item,
                render.item(item, "drop"),
                item.obstacle("drop", item, admin),
            )
            for item in found
        ),
        render,
    )
    extra, pairs = _in_their_own_right(server, extra, pairs)
    remarks = tuple(
        f"{what} of its users cannot be read by this admin, and are not looked at"
        for what in unknown
    )
    return Extra(server, tuple(extra), tuple(pairs), remarks)


def _held(
    server: Server, deployment: Deployment, accounts: Sequence[Account], there: bool
) -> tuple[list[ExistingGrant], list[str]]:
    """What these users hold, and what of it this admin may not ask.

    ``there``: the Deployment's database can be entered; all is asked in it then, at once.
    """
    if not accounts:
        return [], []
    asked = [
        q
        for q in server.engine.extra_grants.questions(accounts, server.facts)
        if there or not q.inside
    ]
    inside = deployment.database if any(q.inside for q in asked) else None
    render, held, unknown = server.renderer(no_password), list[ExistingGrant](), list[str]()
    for group in ([q for q in asked if not q.unsure], *([q] for q in asked if q.unsure)):
        try:
            answers = server.answers([render.text(q.template, **q.values) for q in group], inside)
        except LookError as error:
            if error.code not in server.engine.errors.REFUSED or not group[0].unsure:
                raise
            unknown.append(group[0].unsure)
            continue
        held += [read(row, inside) for rows in answers for row in rows]
    return held, unknown


def _in_their_own_right(
    server: Server, extra: list[ExtraPrivilege], pairs: Sequence[Pair]
) -> tuple[list[ExtraPrivilege], Sequence[Pair]]:
    """What is wanted of a user who has it by a role is granted to the user before the role goes.

    Where this admin cannot grant it, the role stays.
    """
    while users := gives_more(extra):
        looked = server.look([_direct(wanted, users) for wanted, _ in pairs], unseen=True)
        lost = dict(_lost(server, looked, users))
        if not lost:
            return extra, looked
        extra = [_kept(one, lost) for one in extra]
    return extra, pairs


def _direct(wanted: Item, users: set[str]) -> Item:
    if isinstance(wanted, (Grant, ObjectGrant)) and wanted.grantee in users:
        return replace(wanted, direct=True)
    return wanted


def _lost(
    server: Server, looked: Sequence[Pair], users: set[str]
) -> Iterator[tuple[str, Obstacle]]:
    """What users would lose with a role, and nobody but others can grant to them themselves."""
    for wanted, found in looked:
        if isinstance(found, ObjectGrant) and found.not_grantable and found.grantee in users:
            why = f"it is what gives {wanted} on {', '.join(found.not_grantable)}"
            [solved] = server.solved([(found.of_others(), found.inside)])
            first = "to have that without it, "
            told = tuple(replace(one, who=first + one.who) for one in solved.told or ())
            yield found.grantee, replace(solved, why=why, told=told)
    for step, obstacle in server.obstacles(compare(looked)):
        item = step.item
        if isinstance(item, Grant) and item.direct and item.grantee in users:
            why = f"it is what gives {item}, which this admin cannot grant"
            yield item.grantee, replace(obstacle, why=why)


def _kept(one: ExtraPrivilege, lost: dict[str, Obstacle]) -> ExtraPrivilege:
    gives = one.item.grantee in lost and one.item.grantee in gives_more([one])
    return replace(one, obstacle=lost[one.item.grantee]) if gives else one
