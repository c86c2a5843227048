"""What was found of a Deployment that is to go, and how far it is to go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from msgspec import Struct

from dbprov.items import Database, Item, ObjectOwner
from dbprov.items.sessions import Belongings, Lockout, UserSession
from dbprov.plan.steps import Pair
from dbprov.spec.model import Account, Deployment

I = TypeVar("I", bound=Item)  # noqa: E741


class DropOptions(Struct, frozen=True):
    """How far a Deployment is to go."""

    quarantine: bool = False
    database: bool = False
    reassign_to: str | None = None  # the role that gets what its users own
    objects: tuple[str, ...] = ()  # identities of what goes to it although it executes


class Refusal(Struct, frozen=True):
    """Why it cannot go so, and what to do."""

    why: str
    todo: str


class Survey(Struct, frozen=True):
    """What was found of a Deployment, and who else needs it."""

    deployment: Deployment
    owners: bool  # things belong to users on this engine
    admin: str
    pairs: tuple[Pair, ...]
    shared: Mapping[str, tuple[str, ...]]  # its users that other Deployments of the spec have too
    doubts: tuple[Refusal, ...] = ()  # Deployments of the spec that may be on the same server
    shut: Mapping[str, Refusal] | None = None  # databases that the admin could not enter
    inherited: tuple[ObjectOwner, ...] = ()  # what --reassign-to gets, one by one

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

    def goes(self, item: Belongings | Lockout | UserSession) -> bool:
        return any((a.name, a.host) == (item.user, item.host) for a in self.leaving)


def login(account: Account) -> str:
    return f'"{account.name}"' + (f"@{account.host}" if account.host != "%" else "")
