"""How a Deployment goes: from what was found of it to Steps, in phases, or to refusals.

A phase is carried out whole before the next is decided anew, from another look: a user is locked
out before its sessions are ended, nothing of it is left when it is dropped, and what was killed in
between is finished by the same command.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import TypeVar

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
from dbprov.plan.change_owner import closed, command, executes, reasons
from dbprov.plan.steps import Pair, Step, borrowing
from dbprov.spec.model import Account, Deployment
from dbprov.system.frozen import dataclass

I = TypeVar("I", bound=Item)  # noqa: E741
SHOWN = 10  # of a list in a message


@dataclass(frozen=True)
class Wish:
    """How far a Deployment is to go."""

    quarantine: bool = False
    database: bool = False
    heir: str | None = None  # who gets what its users own
    objects: tuple[str, ...] = ()  # identities of what goes to it although it executes


@dataclass(frozen=True)
class Refusal:
    """Why it cannot go so, and what to do."""

    why: str
    todo: str


@dataclass(frozen=True)
class Survey:
    """What was found of a Deployment, and who else needs it."""

    deployment: Deployment
    owners: bool  # things belong to users on this engine
    admin: str
    pairs: tuple[Pair, ...]
    shared: Mapping[str, tuple[str, ...]]  # its users that other Deployments of the spec have too
    doubts: tuple[Refusal, ...] = ()  # Deployments of the spec that may be on the same server
    shut: Mapping[str, Refusal] | None = None  # databases that the admin could not enter
    legacy: tuple[ObjectOwner, ...] = ()  # what the heir gets, one by one

    def found(self, kind: type[I]) -> list[I]:
        return [found for _, found in self.pairs if isinstance(found, kind)]

    @property
    def there(self) -> list[Account]:
        known = {(item.user, item.host) for item in self.found(Lockout)}
        return [a for a in self.deployment.accounts if (a.name, a.host) in known]

    @property
    def leaving(self) -> list[Account]:
        return [account for account in self.there if login(account) not in self.shared]

    @property
    def database(self) -> Database | None:
        return next(iter(self.found(Database)), None)

    def goes(self, item: Belongings | Lockout | Session) -> bool:
        return any((a.name, a.host) == (item.user, item.host) for a in self.leaving)


@dataclass(frozen=True)
class Departure:
    phases: tuple[tuple[Step, ...], ...] = ()
    refusals: tuple[Refusal, ...] = ()
    remarks: tuple[str, ...] = ()
    staying: tuple[str, ...] = ()  # users that other Deployments have too

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(step for phase in self.phases for step in phase)


def login(account: Account) -> str:
    return f'"{account.name}"' + (f"@{account.host}" if account.host != "%" else "")


def decide(survey: Survey, wish: Wish) -> Departure:
    """The phases that are still to do; none: it is gone as far as was wished."""
    phases: list[Iterator[Step]]
    remarks: Iterator[str] = iter(())
    if wish.quarantine:
        phases = [chain(_locked(survey), _disconnected(survey)), _ended(survey, wish)]
        refusals = chain(survey.doubts, _serving(survey))
    else:
        phases = [
            chain(_locked(survey), _without_tokens(survey)),
            _ended(survey, wish),
            _inherited(survey, wish),
            _handed_over(survey, wish),
            _revoked(survey, wish),
            _database(survey, wish),
            _users(survey),
        ]
        refusals = chain(survey.doubts, _refused(survey, wish))
        remarks = _remarks(survey, wish)
    pairs = survey.pairs if wish.quarantine else _safe_to_borrow(survey)
    woven = (tuple(borrowing(phase, pairs)) for phase in phases)
    return Departure(
        tuple(phase for phase in woven if phase),
        tuple(refusals),
        tuple(remarks),
        tuple(survey.shared),
    )


# -- the phases ------------------------------------------------------------------------------------


def _locked(survey: Survey) -> Iterator[Step]:
    """No new session."""
    for found in survey.found(Lockout):
        if not found.locked and survey.goes(found):
            yield Step("create", replace(found, locked=False), found)


def _without_tokens(survey: Survey) -> Iterator[Step]:
    """A member of the IAM role is none whose rights the admin may borrow (T30)."""
    leaving = {account.name for account in survey.leaving}
    for found in survey.found(TokenGrant):
        if found.in_effect and found.user in leaving:
            yield Step("drop", found, found)


def _safe_to_borrow(survey: Survey) -> tuple[Pair, ...]:
    """The rights of a user whose tokens are taken first can be borrowed afterwards."""
    freed = {
        step.item.user for step in _without_tokens(survey) if isinstance(step.item, TokenGrant)
    }
    return tuple(
        (wanted, replace(found, external=False))
        if isinstance(found, Membership) and found.role in freed
        else (wanted, found)
        for wanted, found in survey.pairs
    )


def _disconnected(survey: Survey) -> Iterator[Step]:
    leaving = {account.name for account in survey.leaving}
    for found in survey.found(DatabaseGrant):
        if found.grantee in leaving and "CONNECT" in found.privileges:
            yield Step("drop", replace(found, privileges=("CONNECT",), every=False), found)


def _ended(survey: Survey, wish: Wish) -> Iterator[Step]:
    """Of the users that go; and of everybody in a database that is to be dropped."""
    ended: set[int] = set()
    for found in survey.found(Session):
        if survey.goes(found) or (found.user is None and wish.database):
            for session in found.each():
                if session.number not in ended:
                    ended.add(session.number)
                    yield Step("drop", session, session)


def _inherited(survey: Survey, wish: Wish) -> Iterator[Step]:
    """What users own in the database, or the database itself, goes to the heir."""
    if wish.database or not wish.heir or not survey.owners:
        return
    for account in survey.leaving:
        of_user = [b for b in survey.found(Belongings) if b.user == account.name and b.here]
        if of_user:
            inside = next((b for b in of_user if b.inside), of_user[0])
            lenders = tuple(dict.fromkeys((account.name, wish.heir)))
            for one in survey.legacy:
                if one.owner == account.name:
                    yield from closed(one, lenders)
            yield Step("alter", replace(inside, heir=wish.heir, lenders=lenders), inside)


def _handed_over(survey: Survey, wish: Wish) -> Iterator[Step]:
    """The database to the admin, which drops it; rows that would outlive it are revoked (T44)."""
    names = {account.name for account in survey.there}
    for owned in survey.found(Ownership):
        if wish.database and owned.owner in names:
            wanted = replace(owned, owner=survey.admin, lenders=(owned.owner,))
            yield Step("alter", wanted, owned)
    for found in survey.found(PatternGrant):
        stays = any((a.name, a.host) == (found.user, found.host) for a in survey.there) and not any(
            (a.name, a.host) == (found.user, found.host) for a in survey.leaving
        )
        if stays and found.privileges:
            yield Step("drop", replace(found, every=False), found)


def _revoked(survey: Survey, wish: Wish) -> Iterator[Step]:
    """Everywhere but in a database that is to be dropped.

    A GRANT is taken back in the name of its grantor: another user of the Deployment, or the heir.
    """
    if not survey.owners:
        return
    own = [*(account.name for account in survey.there), *([wish.heir] if wish.heir else [])]
    for found in survey.found(Belongings):
        elsewhere = not (wish.database and found.inside == survey.deployment.database)
        if found.given and elsewhere and survey.goes(found):
            lenders = tuple(dict.fromkeys([*own, *found.grantors]))
            yield Step("drop", replace(found, lenders=lenders), found)


def _database(survey: Survey, wish: Wish) -> Iterator[Step]:
    if wish.database and survey.database:
        yield Step("drop", replace(survey.database, lenders=()), survey.database)


def _users(survey: Survey) -> Iterator[Step]:
    leaving = [(account.name, account.host) for account in survey.leaving]
    for found in survey.found(User):
        if (found.name, found.host) in leaving:
            yield Step("drop", found, found)


# -- what stands against it ------------------------------------------------------------------------


def _serving(survey: Survey) -> Iterator[Refusal]:
    for user, names in survey.shared.items():
        yield Refusal(
            f"user {user} serves {', '.join(names)} too, which would lose its connections",
            "take those Deployments along, or give each a user of its own",
        )


def _refused(survey: Survey, wish: Wish) -> Iterator[Refusal]:
    d = survey.deployment
    if wish.database and survey.owners and d.database == (d.server.database or "postgres"):
        yield Refusal(
            f'database "{d.database}" is the one that the admin itself is connected to',
            "name another one in server: of the spec",
        )
    if not wish.database and survey.owners:
        for user, names in survey.shared.items():
            yield Refusal(
                f"user {user} serves {', '.join(names)} too; what it has in"
                f' "{d.database}" cannot be told apart from the rest',
                "with --database that goes, and the user stays; or give each a user of its own",
            )
    yield from _no_heir(survey, wish)
    for heir in survey.found(Reassignment):
        if heir.lacks:
            yield Refusal(
                f'role "{heir.heir}" of --reassign-to cannot own all that user "{heir.user}" owns'
                f' in database "{heir.inside}": it lacks {_listed(heir.lacks)}',
                f'as their owner, in database "{heir.inside}": {"; ".join(heir.grants)};',
            )
    yield from _executing(survey, wish)
    for found in survey.found(Belongings):
        if survey.goes(found):
            yield from _owning(survey, wish, found)
    for contents in survey.found(Contents):
        if wish.database and contents.blockers:
            yield Refusal(
                f'database "{d.database}" cannot be dropped: {_listed(contents.blockers)}',
                "see to these first; dbprov does not drop them",
            )


def _no_heir(survey: Survey, wish: Wish) -> Iterator[Refusal]:
    if not wish.heir:
        return
    known = [w.role for w, found in survey.pairs if isinstance(w, Membership) and found]
    if not survey.owners:
        yield Refusal(
            "--reassign-to has no meaning here: on MySQL nothing belongs to a user",
            "leave it out",
        )
    elif wish.heir not in known:
        yield Refusal(
            f'role "{wish.heir}" of --reassign-to does not exist', "name a role that does"
        )
    elif wish.heir in [account.name for account in survey.leaving]:
        yield Refusal(f'role "{wish.heir}" of --reassign-to goes itself', "name one that stays")


def _executing(survey: Survey, wish: Wish) -> Iterator[Refusal]:
    """REASSIGN OWNED gives all or nothing: nothing, while anything of it executes unnamed."""
    going = {one.key for one in survey.legacy}
    for one in survey.legacy:
        staying = [key for key in one.users if key not in going]
        why = list(reasons(one, staying, trusted=False))
        if why and one.identity not in wish.objects:
            yield Refusal(
                f'{one.what} of "{one.owner}" would go to "{wish.heir}": {"; ".join(why)}',
                f"drop it, or let it go in spite of that: {command(('--object', one.identity))}",
            )
    unknown = [name for name in wish.objects if name not in {one.identity for one in survey.legacy}]
    if unknown and survey.legacy:
        yield Refusal(
            f"its users own nothing of the name {', '.join(unknown)}",
            "name each exactly as the plan of dbprov drop does",
        )


def _owning(survey: Survey, wish: Wish, found: Belongings) -> Iterator[Refusal]:
    d = survey.deployment
    verb = "owns" if survey.owners else "is the definer of"
    where = f' in database "{found.inside}"' if found.inside else ""
    if found.owned:
        yield Refusal(
            f'user "{found.user}" {verb} things beside this Deployment{where}:'
            f" {_listed(found.owned)}",
            "give them to somebody else first, or drop them: dbprov does neither",
        )
    if found.here and not wish.database and not (wish.heir and survey.owners):
        yield Refusal(
            f'user "{found.user}" {verb} {_listed(found.here)}',
            "--reassign-to ROLE gives them to another role; --database drops the database and"
            " all that is in it"
            if survey.owners
            else "read them, and make them anew with another definer, with whose rights they run"
            " then; or --database drops the database and all that is in it",
        )
    for name, count in zip(found.databases, found.counts, strict=True):
        closed = (survey.shut or {}).get(name)
        if closed and not (wish.database and name == d.database):
            what = f"owns {count} objects" if count else "has privileges"
            yield Refusal(
                f'user "{found.user}" {what} in database "{name}", where this admin cannot look:'
                f" {closed.why}",
                closed.todo,
            )


# -- what should be known --------------------------------------------------------------------------


def _remarks(survey: Survey, wish: Wish) -> Iterator[str]:
    d = survey.deployment
    leaving = {account.name for account in survey.leaving}
    for user, names in survey.shared.items():
        yield f"user {user} stays: it serves {', '.join(names)} too"
    for found in survey.found(Belongings):
        if not survey.goes(found):
            continue
        where = f' in database "{found.inside}"' if found.inside else ""
        if found.given and not (wish.database and found.inside == d.database):
            yield f'user "{found.user}" has{where} privileges that go: {_listed(found.given)}'
        losing = tuple(name for name in found.members if name not in leaving)
        if losing:
            yield f'the rights of user "{found.user}" are lost to {_listed(losing)}'
    for one in survey.legacy:
        if one.sort != "ROUTINE" or one.definer or one.event or one.users:
            for words in executes(one):
                yield f'{one.what}, which goes to "{wish.heir}", executes: {words}'
    for contents in survey.found(Contents):
        if wish.database:
            yield f'with database "{d.database}" goes {_listed(contents.holds)}'
            yield from _surviving(survey, contents)
    if survey.database and not wish.database:
        yield f'database "{d.database}" stays; --database drops it'


def _surviving(survey: Survey, contents: Contents) -> Iterator[str]:
    own = tuple(f"'{a.name}'@'{a.host}': " for a in survey.there)
    others = [row for row in contents.survivors if not row.startswith(own)]
    if others:
        yield (
            f'grants of others on database "{contents.name}" are left, and come to life with the'
            f" next one of its name; revoke them: {_listed(others)}"
        )


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
