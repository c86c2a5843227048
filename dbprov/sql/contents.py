"""What a file of SQL does, in at most ten lines of words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbprov.engines.engine import Engine
from dbprov.items import Database, Isolation, Item, Schema, TokenGrant, User
from dbprov.items.existing_grants import ExistingGrant
from dbprov.items.rotation import SecondUser
from dbprov.plan.steps import Step
from dbprov.spec.model import Access, Account, Deployment

MOST = 10
MEANS = {
    Access.ALL: "everything in {where}, now and in future",
    Access.OWNER: "everything in {where}, now and in future",
    Access.WRITE: "reads and writes rows and calls routines in {where}, now and in future",
    Access.READ: "reads rows in {where}, now and in future",
}


def contents(engine: Engine, deployment: Deployment, steps: Sequence[Step]) -> list[str]:
    """Users, database, privileges by user, and what PUBLIC and others lose."""
    lines = list(_lines(engine, deployment, steps))
    if len(lines) > MOST:
        lines = [*lines[: MOST - 1], f"and {len(lines) - MOST + 1} more, below"]
    return lines


def _lines(engine: Engine, deployment: Deployment, steps: Sequence[Step]) -> Iterator[str]:
    made = [step.item for step in steps if step.verb == "create"]
    users = [str(item) for item in made if isinstance(item, (User, SecondUser))]
    if users:
        yield f"creates {', '.join(users)}"
    tokens = [step.item.user for step in steps if isinstance(step.item, TokenGrant)]
    if tokens:
        yield f"lets {', '.join(tokens)} log in by IAM tokens"
    isolated = any(isinstance(step.item, Isolation) for step in steps)
    shut_out = "without privileges for PUBLIC" if isolated else ""
    databases = [str(item) for item in made if isinstance(item, Database)]
    if databases:
        yield f"creates {', '.join(databases)} {shut_out}".rstrip()
    elif isolated:
        yield f'revokes what PUBLIC may do in database "{deployment.database}"'
    schemas = [str(item) for item in made if isinstance(item, Schema)]
    if schemas:
        yield f"creates {', '.join(schemas)}"
    for account in deployment.accounts:
        if any(_for(step.item, account) for step in steps if step.verb != "drop"):
            means = _means(engine, deployment, account)
            yield f"{account.name} (access: {account.access}): {means}"
    revoked = [s for s in steps if s.verb == "drop" and isinstance(s.item, ExistingGrant)]
    if revoked:
        yield f"revokes {len(revoked)} extra privilege{'s' * (len(revoked) > 1)}"


def _for(item: Item, account: Account) -> bool:
    """Is it a grant to this user?"""
    grantee = getattr(item, "grantee", None) or (
        getattr(item, "user", None) if hasattr(item, "privileges") else None
    )
    return grantee == account.name and getattr(item, "host", account.host) == account.host


def _means(engine: Engine, deployment: Deployment, account: Account) -> str:
    where = f"database {deployment.database}"
    if engine.expand.SCHEMAS:
        where = f"schema{'s' * (len(account.schemas) > 1)} {', '.join(account.schemas)}"
    means = MEANS[account.access].format(where=where)
    if account.access is not Access.OWNER:
        return means
    return f"owns the database; {means}" if engine.expand.OWNERS else f"{means}, with grant option"
