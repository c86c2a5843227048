"""The fewest statements that give an admin what it lacks on PostgreSQL, and who can run each.

A role lends its rights by one GRANT, and with them all that is its own. Less power, and as many
statements, are grants on single things: they are told where one of them does, and where a role is
lent to nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from dbprov.engines.facts import Facts, Row
from dbprov.items.item import Need, Statements, Told

SUPERUSER = "a superuser"
CREATES = "CREATEROLE"
SHOWN = 3  # roles that a message names


class Holder(Struct, frozen=True):
    """A role whose rights the admin lacks."""

    role: str
    superuser: bool = True
    lendable: bool = False
    inherits: bool = True  # the admin, of roles that it is a member of
    givers: tuple[str, ...] = ()  # who can grant it, beside superusers; the admin first


class Remedy:
    """``needs``: of all obstacles of a plan. Each answers with the statements that end it."""

    def __init__(
        self, facts: Facts, render: Statements, needs: Iterable[Need], holders: Sequence[Row]
    ) -> None:
        self.facts, self.render = facts, render
        self.needs = [one for one in dict.fromkeys(needs) if not one.beside]
        known = (Holder(**{**row, "givers": tuple(row["givers"])}) for row in holders)
        self.holders = {one.role: one for one in known}
        self.lent = {role for role in self._owners() if self._lent(role)}
        self.owned = {(one.role, one.database): one for one in self.needs if one.owning}
        self.altered = {one.role for one in self.needs if one.alter}

    def of(self, needs: Iterable[Need]) -> tuple[Told, ...]:
        return tuple(dict.fromkeys(one for need in needs for one in self._for(need)))

    def _owners(self) -> list[str]:
        return list(dict.fromkeys(one.role for one in self.needs if one.role and not one.alter))

    def _holder(self, role: str) -> Holder:
        return self.holders.get(role) or Holder(role)

    def _lent(self, role: str) -> bool:
        """Is the role itself the smallest remedy?"""
        needs = [one for one in self.needs if one.role == role and not one.alter]
        least = any(not one.on or one.unseen for one in needs)
        grants = {one.statement for need in needs if need.on for one in self._grants(need)}
        return self._holder(role).lendable and (least or len(grants) > 1)

    def _for(self, need: Need) -> Iterator[Told]:
        if not need.role:
            yield self._attributes()
        elif need.alter:
            yield from self._altering(need)
        elif need.role in self.lent:
            yield from self._lending(need.role)
        elif owned := self.owned.get((need.role, need.database)):
            yield self._told(owned, owned.instead)
        elif need.on:
            yield from self._grants(need)
        else:
            yield self._told(need, need.instead)

    def _attributes(self) -> Told:
        """All that it lacks, in one statement."""
        lacking = {word for one in self.needs if not one.role for word in one.privileges}
        lacking |= {CREATES} if self.altered and CREATES not in self.facts.rights else set()
        words = (" ".join(sorted(lacking)),)
        statement = self.render.text("remedy/attribute", admin=self.facts.admin, attribute=words)
        return Told(statement, SUPERUSER)

    def _altering(self, need: Need) -> Iterator[Told]:
        """CREATEROLE, and from 16 on ADMIN on the role (T28)."""
        if need.beside and need.role not in self.altered:
            return
        if self._holder(need.role).superuser:
            why = f'only a superuser may alter "{need.role}", which is one itself'
            yield Told("", f"{why}: name a superuser as the admin, or another user")
            return
        if CREATES not in self.facts.rights:
            yield self._attributes()
        if self.facts.version >= (16,):
            rights = need.role in self.lent
            yield self._granted_role("remedy/administer", need.role, rights=rights)

    def _lending(self, role: str) -> Iterator[Told]:
        """With ADMIN, where that is needed too, in one statement."""
        if role in self.altered and self.facts.version >= (16,):
            yield self._granted_role("remedy/administer", role, rights=True)
        else:
            yield self._granted_role("remedy/member", role)
        if self.facts.version < (16,) and not self._holder(role).inherits:
            for entry in [one for one in self.needs if one.role == role and one.unseen]:
                yield from self._grants(entry)

    def _granted_role(self, template: str, role: str, **more: bool) -> Told:
        statement = self.render.text(template, role=role, admin=self.facts.admin, **more)
        givers = self._holder(role).givers
        if givers[:1] == (self.facts.admin,):
            return Told(statement, f'"{self.facts.admin}" itself', givers[:1])
        named = ", ".join(f'"{one}"' for one in givers[:SHOWN])
        who = f"{SUPERUSER}, or who can grant that role ({named})," if named else SUPERUSER
        return Told(statement, who, givers[:SHOWN])

    def _grants(self, need: Need) -> Iterator[Told]:
        """With all that other needs want of the same thing."""
        for thing in need.things:
            same = self._of(need, thing)
            words = _privileges(same)
            alike = [t for t in self._things(need) if _privileges(self._of(need, t)) == words]
            yield self._told(
                need,
                self.render.text(
                    "remedy/grant",
                    sort=(need.on,),
                    things=tuple(alike),
                    privileges=words,
                    admin=self.facts.admin,
                    option=any(one.option for one in same),
                ),
            )

    def _of(self, need: Need, thing: tuple[str, ...]) -> list[Need]:
        return [one for one in self.needs if _kind(one) == _kind(need) and thing in one.things]

    def _things(self, need: Need) -> list[tuple[str, ...]]:
        alike = (one for one in self.needs if _kind(one) == _kind(need))
        return list(dict.fromkeys(thing for one in alike for thing in one.things))

    def _told(self, need: Need, statement: str) -> Told:
        """Of the owner, where that is no superuser anyway."""
        if self._holder(need.role).superuser:
            return Told(statement, SUPERUSER, database=need.inside)
        who = f'"{need.role}", or {SUPERUSER},'
        return Told(statement, who, (need.role,), need.inside)


def _kind(need: Need) -> tuple[str, str, str | None]:
    return need.role, need.on, need.inside


def _privileges(needs: Iterable[Need]) -> tuple[str, ...]:
    return tuple(sorted({word for one in needs for word in one.privileges}))


def asked(facts: Facts, needs: Iterable[Need], render: Statements) -> str:
    """The question who holds the roles that are needed; empty: none is."""
    roles = tuple(sorted({one.role for one in needs} - {""}))
    return render.text("existing/holders", roles=roles) if roles else ""
