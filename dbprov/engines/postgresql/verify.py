"""What is tried as a user of a PostgreSQL Deployment.

All of it in transactions that are rolled back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from dbprov.engines.facts import Facts, Trial
from dbprov.spec.model import Access, Account, Deployment

ROWS = {
    Access.ALL: ("SELECT", "INSERT", "UPDATE", "DELETE"),
    Access.OWNER: ("SELECT", "INSERT", "UPDATE", "DELETE"),
    Access.WRITE: ("SELECT", "INSERT", "UPDATE", "DELETE"),
    Access.READ: ("SELECT",),
}
EVERYBODY = (
    "up to PostgreSQL 14 everybody may create in schema public;"
    " the superuser who owns it can change that:"
    ' "REVOKE CREATE ON SCHEMA public FROM PUBLIC", after granting it to the users who need it'
)


def trials(
    deployment: Deployment,
    account: Account,
    facts: Facts,
    probe: str,
    beside: Sequence[Deployment] = (),
) -> list[Trial]:
    names = {
        "probe": probe,
        "referring": f"{probe}_r",
        "sequence": f"{probe}_s",
        "function": f"{probe}_f",
        "user": account.name,
        "logins": tuple(filter(None, (account.name, account.second))),
        "schema": account.schemas[0],
        "schemas": account.schemas,
    }
    return [
        Trial("is who it should be", "identity", names, "holds"),
        *(
            _creating(deployment, account, names)
            if account.access.creates
            else _not_creating(account, facts, names)
        ),
        Trial("is no superuser and cannot create roles or databases", "powers", names, "holds"),
        Trial("cannot create a role", "create_role", names, "refused"),
        *_elsewhere(deployment, account, names),
        *_from_outside(deployment, names),
        *_later(deployment, account, names),
    ]


def _creating(
    deployment: Deployment, account: Account, names: Mapping[str, Any]
) -> Iterator[Trial]:
    schema, table = account.schemas[0], "create_table"
    yield Trial("creates a table", table, names)
    yield Trial(f'its table is in schema "{schema}"', "landed", names, "holds", needs=table)
    if account.second:
        yield Trial(f'its table belongs to "{account.name}"', "owned", names, "holds", needs=table)
    yield Trial("creates an index", "create_index", names, needs=table)
    yield Trial("references a table", "reference", names, needs=table)
    yield Trial("writes a row", "insert", names, needs=table)
    yield Trial("reads it back", "select", names, "holds", needs="insert")
    yield Trial("creates a sequence", "create_sequence", names)
    yield Trial("uses the sequence", "next_value", names, "holds", needs="create_sequence")
    yield Trial("creates a function", "create_function", names)
    yield Trial("calls the function", "call_function", names, "holds", needs="create_function")
    for other in deployment.accounts:
        if other is not account and schema in other.schemas:
            claim = f'what it creates, "{other.name}" can {_use(other)}'
            yield Trial(
                claim, "future", {**names, **_rights(other)}, "holds", needs="create_function"
            )
    yield Trial("drops its tables", "drop_table", names, needs="reference")


def _use(account: Account) -> str:
    return "use" if account.access.creates else account.access.value


def _not_creating(account: Account, facts: Facts, names: Mapping[str, Any]) -> Iterator[Trial]:
    for schema in account.schemas:
        known = {"works": EVERYBODY} if schema == "public" and facts.version < (15,) else {}
        values = {**names, "schema": schema}
        yield Trial(
            f'cannot create in schema "{schema}"', "create_in", values, "refused", warns=known
        )


def _elsewhere(
    deployment: Deployment, account: Account, names: Mapping[str, Any]
) -> Iterator[Trial]:
    for schema in deployment.schemas:
        if schema not in account.schemas:
            claim = f'is shut out of schema "{schema}"'
            yield Trial(claim, "create_in", {**names, "schema": schema}, "refused")
    if account.access is not Access.OWNER:  # the owner of a database may create in all of it
        yield Trial("can create in no other schema", "elsewhere", names, "holds")


def _from_outside(deployment: Deployment, names: Mapping[str, Any]) -> Iterator[Trial]:
    if deployment.isolate is not False:
        values = {**names, "asked": deployment.isolate is True}
        yield Trial("nobody else gets in through PUBLIC", "public", values, "holds")


def _later(deployment: Deployment, account: Account, names: Mapping[str, Any]) -> Iterator[Trial]:
    for schema in account.schemas:
        later = {name: f"{names[name]}_later" for name in ("probe", "sequence", "function")}
        values = {**names, **later, **_rights(account), "schema": schema}
        for template in ("create_table_in", "create_sequence_in", "create_function_in"):
            yield Trial("", template, values, "setup", by_admin=True)
        claim = f'can {_use(account)} what the admin will create in schema "{schema}"'
        yield Trial(claim, "future", values, "holds", by_admin=True, needs="create_function_in")


def _rights(account: Account) -> dict[str, Any]:
    return {
        "user": account.name,
        "tables": ROWS[account.access],
        "sequences": "SELECT" if account.access is Access.READ else "USAGE",
        "routines": account.access is not Access.READ,
    }


def lets_in(account: Account, seen: Iterable[str]) -> bool:
    """The server's pg_hba.conf says it, and not the user."""
    return True


def cleanup(deployment: Deployment, probe: str) -> list[Trial]:
    """Nothing: PostgreSQL takes back what is rolled back."""
    return []
