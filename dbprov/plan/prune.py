"""Extra privileges: which can be revoked, in which order, and as whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from dbprov.items import Membership
from dbprov.items.existing_grants import AclEntry, Attribute, ExistingGrant, RoleEntry, named
from dbprov.items.item import Obstacle
from dbprov.plan.steps import Step, with_loans

Right = tuple[str, str, str, str]  # on what, which privilege, of whom, by whom


class ExtraPrivilege(Struct, frozen=True):
    """A privilege that a user holds, and that is not in the spec."""

    item: ExistingGrant
    statement: str
    obstacle: Obstacle | None = None  # why no plan of this admin revokes it

    @property
    def needs(self) -> str | None:
        """What it takes to revoke it, other than --prune."""
        if self.obstacle is None:
            return None
        return "a decision" if self.item.stands else "another role"

    def as_json(self) -> dict[str, Any]:
        met = self.obstacle
        return {
            "item": str(self.item),
            "kind": self.item.kind,
            "grantee": self.item.to,
            "privileges": list(self.item.privileges),
            "grantor": self.item.grantor or None,
            "grant_option_only": self.item.option_only,
            "database": self.item.inside,
            "statement": self.statement,
            "revocable": met is None,
            "needs": self.needs,
            "why": met.why if met else None,
            "who": met.who if met else None,
            "their_statement": met.statement if met else None,
        }


def dependents_first(items: Iterable[ExtraPrivilege], render: Any) -> list[ExtraPrivilege]:
    """What was given on is taken back before what it was given on from.

    Never by CASCADE, which would take it from others too (T12): where somebody else got it, the
    user keeps it, and the plan reports it.
    """
    waiting, ordered = list(items), list[ExtraPrivilege]()
    taken: set[Right] = set()
    while waiting:
        ready = [s for s in waiting if s.obstacle or _granted_on(s.item) <= taken]
        if not ready:
            break
        waiting = [s for s in waiting if s not in ready]
        ordered += ready
        taken |= {right for s in ready if not s.obstacle for right in _rights(s.item)}
    return ordered + [replace(s, obstacle=_given(s.item, taken, render)) for s in waiting]


def _things(item: ExistingGrant) -> list[str]:
    if isinstance(item, AclEntry):
        return [f"{item.sort} {named(thing)}" for thing in item.things]
    return [item.role] if isinstance(item, RoleEntry) else []


def _rights(item: ExistingGrant) -> Iterator[Right]:
    for thing in _things(item):
        for word in item.privileges:
            yield thing, word, item.grantee, item.grantor


def _granted_on(item: ExistingGrant) -> set[Right]:
    return {
        (thing, word, role, item.grantee)
        for thing in _things(item)
        for word, role in item.granted_on()
    }


def _given(item: ExistingGrant, taken: set[Right], render: Any) -> Obstacle:
    """To whom it was given on, and the statements that take it from them."""
    roles = dict.fromkeys(role for _, _, role, _ in sorted(_granted_on(item) - taken))
    statements = [
        render.item(
            replace(
                item, grantee=role, grantor=item.grantee, option_only=False,
                privileges=tuple(dict.fromkeys(w for w, r in item.granted_on() if r == role)),
            ),
            "drop",
        )
        for role in roles
    ]  # fmt: skip
    names = ", ".join(f'"{role}"' for role in roles)
    return Obstacle(
        f'"{item.grantee}" has granted it on to {names}, who would lose it',
        f'"{item.grantee}", if that is meant,',
        ";\n".join(statements),
    )


def gives_more(extra: Iterable[ExtraPrivilege]) -> set[str]:
    """Users who get rights by way of what can be taken from them.

    What is wanted of them is granted to them themselves before it is.
    """
    return {
        s.item.grantee
        for s in extra
        if s.obstacle is None
        and (
            (isinstance(s.item, RoleEntry) and not s.item.option_only)
            or (isinstance(s.item, Attribute) and "SUPERUSER" in s.item.privileges)
        )
    }


def pruning(extra: Sequence[ExtraPrivilege], loans: Mapping[str, Step]) -> list[Step]:
    """The Steps that take away what can be, each as who granted it (T13)."""
    steps: list[Step] = []
    for one in extra:
        if one.obstacle is None:
            steps += [
                Step(verb, item, item if verb == "drop" else None)
                for verb, item in one.item.as_grantor("drop")
            ]
    return with_loans(steps, dict(loans))


def borrowed(extra: Iterable[ExtraPrivilege]) -> list[Membership]:
    """The memberships that pruning takes."""
    roles = (role for s in extra if s.obstacle is None for role in s.item.lenders)
    return [Membership(role=role) for role in dict.fromkeys(roles)]
