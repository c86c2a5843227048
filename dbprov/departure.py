"""How a Deployment goes: from what was found of it to Steps, in phases, or to refusals.

A phase is carried out whole before the next is decided anew, from another look: a user is locked
out before its sessions are ended, and what was killed in between is finished by the same command.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from dbprov.deployments import Account, Deployment
from dbprov.items import DatabaseGrant, Membership
from dbprov.plan import Pair, Step, borrowing
from dbprov.traces import Lockout, Session


@dataclass(frozen=True)
class Wish:
    """How far a Deployment is to go."""

    quarantine: bool = False


@dataclass(frozen=True)
class Refusal:
    """Why it cannot go so, and what to do."""

    why: str
    todo: str


@dataclass(frozen=True)
class Survey:
    """What was found of a Deployment, and who else needs it."""

    deployment: Deployment
    pairs: tuple[Pair, ...]
    shared: Mapping[str, tuple[str, ...]]  # users that other Deployments of the spec have too

    def users(self) -> list[Account]:
        """Who is there, and goes."""
        there = {(w.user, w.host) for w, f in self.pairs if isinstance(w, Lockout) and f}
        return [
            a for a in self.deployment.accounts
            if (a.name, a.host) in there and login(a) not in self.shared
        ]  # fmt: skip


@dataclass(frozen=True)
class Departure:
    phases: tuple[tuple[Step, ...], ...] = ()
    refusals: tuple[Refusal, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(step for phase in self.phases for step in phase)


def login(account: Account) -> str:
    return f'"{account.name}"' + (f"@{account.host}" if account.host != "%" else "")


def decide(survey: Survey, wish: Wish) -> Departure:
    """The phases that are still to do; none: it is gone as far as was wished."""
    phases = [list(_locked(survey)), list(_ended(survey))]
    return Departure(
        phases=tuple(tuple(borrowing(phase, survey.pairs)) for phase in phases if phase),
        refusals=tuple(_refused(survey)),
    )


def _refused(survey: Survey) -> Iterator[Refusal]:
    for user, names in survey.shared.items():
        yield Refusal(
            f"user {user} serves {', '.join(names)} too, which would lose its connections",
            "take those Deployments along, or give each a user of its own",
        )


def _locked(survey: Survey) -> Iterator[Step]:
    """No new session: LOGIN goes, and CONNECT where the engine has it."""
    for wanted, found in survey.pairs:
        if isinstance(wanted, Lockout) and isinstance(found, Lockout) and not found.locked:
            yield Step("create", wanted, found)
    leaving = {account.name for account in survey.users()}
    for wanted, found in survey.pairs:
        if not isinstance(wanted, DatabaseGrant) or not isinstance(found, DatabaseGrant):
            continue
        if wanted.grantee in leaving and "CONNECT" in found.privileges:
            yield Step("drop", replace(wanted, privileges=("CONNECT",), every=False), found)


def _ended(survey: Survey) -> Iterator[Step]:
    for _, found in survey.pairs:
        if isinstance(found, Session):
            yield from (Step("drop", session, session) for session in found.each())


def lenders(steps: list[Step]) -> list[Membership]:
    """What has to be known of the roles whose rights the Steps may borrow."""
    roles = dict.fromkeys(role for step in steps for role in step.item.lenders)
    return [Membership(role=role) for role in roles]
