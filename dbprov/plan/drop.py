"""How a Deployment goes: from what was found of it to Steps, in phases, or to refusals.

A phase is carried out whole before the next is decided anew, from another look: a user is locked
out before its sessions are ended, nothing of it is left when it is dropped, and what was killed in
between is finished by the same command.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from msgspec import Struct
from msgspec.structs import replace

from dbprov.items import (
    DatabaseGrant,
    Membership,
    Ownership,
    PatternGrant,
    TokenGrant,
    User,
)
from dbprov.items.sessions import Belongings, Lockout, UserSession
from dbprov.plan.change_owner import closed
from dbprov.plan.drop_refusals import in_use, refusals, remarks
from dbprov.plan.drop_survey import DropOptions, Refusal, Survey
from dbprov.plan.steps import Pair, Step, borrowing


class Decision(Struct, frozen=True):
    phases: tuple[tuple[Step, ...], ...] = ()
    refusals: tuple[Refusal, ...] = ()
    remarks: tuple[str, ...] = ()
    staying: tuple[str, ...] = ()  # users that other Deployments have too

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(step for phase in self.phases for step in phase)


def decide(survey: Survey, options: DropOptions) -> Decision:
    """The phases that are still to do; none: it is gone as far as the options say."""
    phases: list[Iterator[Step]]
    if options.quarantine:
        phases = [chain(_locked(survey), _disconnected(survey)), _ended(survey, options)]
        against = chain(survey.doubts, in_use(survey))
        known: Iterator[str] = iter(())
    else:
        phases = [
            chain(_locked(survey), _without_tokens(survey)),
            _ended(survey, options),
            _inherited(survey, options),
            _handed_over(survey, options),
            _revoked(survey, options),
            _database(survey, options),
            _users(survey),
        ]
        against = chain(survey.doubts, refusals(survey, options))
        known = remarks(survey, options)
    pairs = survey.pairs if options.quarantine else _safe_to_borrow(survey)
    woven = (tuple(borrowing(phase, pairs)) for phase in phases)
    return Decision(
        tuple(phase for phase in woven if phase),
        tuple(against),
        tuple(known),
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


def _ended(survey: Survey, options: DropOptions) -> Iterator[Step]:
    """Of the users that go; and of everybody in a database that is to be dropped."""
    ended: set[int] = set()
    for found in survey.found(UserSession):
        if survey.goes(found) or (found.user is None and options.database):
            for session in found.each():
                if session.number not in ended:
                    ended.add(session.number)
                    yield Step("drop", session, session)


def _inherited(survey: Survey, options: DropOptions) -> Iterator[Step]:
    """What users own in the database, or the database itself, goes to the role of --reassign-to."""
    if options.database or not options.reassign_to or not survey.owners:
        return
    for account in survey.leaving:
        of_user = [b for b in survey.found(Belongings) if b.user == account.name and b.here]
        if of_user:
            inside = next((b for b in of_user if b.inside), of_user[0])
            lenders = tuple(dict.fromkeys((account.name, options.reassign_to)))
            for one in survey.inherited:
                if one.owner == account.name:
                    yield from closed(one, lenders)
            yield Step(
                "alter", replace(inside, new_owner=options.reassign_to, lenders=lenders), inside
            )


def _handed_over(survey: Survey, options: DropOptions) -> Iterator[Step]:
    """The database to the admin, which drops it; rows that would outlive it are revoked (T44)."""
    names = {account.name for account in survey.there}
    for owned in survey.found(Ownership):
        if options.database and owned.owner in names:
            wanted = replace(owned, owner=survey.admin, lenders=(owned.owner,))
            yield Step("alter", wanted, owned)
    for found in survey.found(PatternGrant):
        stays = any((a.name, a.host) == (found.user, found.host) for a in survey.there) and not any(
            (a.name, a.host) == (found.user, found.host) for a in survey.leaving
        )
        if stays and found.privileges:
            yield Step("drop", replace(found, every=False), found)


def _revoked(survey: Survey, options: DropOptions) -> Iterator[Step]:
    """Everywhere but in a database that is to be dropped.

    A GRANT is taken back as its grantor: a user of the Deployment, or --reassign-to's role.
    """
    if not survey.owners:
        return
    own = [
        *(account.name for account in survey.there),
        *([options.reassign_to] if options.reassign_to else []),
    ]
    for found in survey.found(Belongings):
        elsewhere = not (options.database and found.inside == survey.deployment.database)
        if found.given and elsewhere and survey.goes(found):
            lenders = tuple(dict.fromkeys([*own, *found.grantors]))
            yield Step("drop", replace(found, lenders=lenders), found)


def _database(survey: Survey, options: DropOptions) -> Iterator[Step]:
    if options.database and survey.database:
        yield Step("drop", replace(survey.database, lenders=()), survey.database)


def _users(survey: Survey) -> Iterator[Step]:
    leaving = [(account.name, account.host) for account in survey.leaving]
    for found in survey.found(User):
        if (found.name, found.host) in leaving:
            yield Step("drop", found, found)
