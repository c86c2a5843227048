"""What is tried as a user of a PostgreSQL Deployment.

All of it in transactions that are rolled back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from dbprov.engines.facts import Facts, Row, Trial
from dbprov.spec.model import Access, Account, Deployment

ENTERS = True
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


PLAN = "dbprov plan lists what is missing, and dbprov apply grants it; else dbprov check"
OWN = "the user may not use what it made itself: dbprov check names its own default privileges"
LATER = (
    "dbprov plan lists the default privileges that are missing, and dbprov apply grants them; what"
    " other roles create is theirs to grant"
)
SCHEMA = f"the user lacks CREATE or USAGE on the schema: {PLAN} names a role that it acts as"
EXTRA = (
    "dbprov plan lists it as extra where the user or its role was granted it, and apply --prune"
    " revokes that; a grant to PUBLIC stands in the ACL of the schema (\\dn+ in psql)"
)
HINTS: Mapping[str, str] = {
    "identity": "a pooler, pg_ident.conf or a setting makes it another role: look at the log of the"
    " server for the login, and dbprov check for ALTER ROLE ... SET role",
    "writable": "dbprov check names the setting and the statement that ends it",
    **dict.fromkeys(("create_table", "create_sequence", "create_function"), SCHEMA),
    **dict.fromkeys(
        ("create_index", "reference", "insert", "select", "next_value", "call_function"), OWN
    ),
    "drop_table": "the table belongs to another role: dbprov check names the role that it acts as",
    "landed": "search_path names another schema first: dbprov check names the setting",
    "owned": "the login acts as another role: dbprov check names the setting that says so",
    **dict.fromkeys(("future", "read_in", "write_in"), LATER),
    **dict.fromkeys(("create_in", "elsewhere"), EXTRA),
    **dict.fromkeys(
        ("powers", "create_role"),
        "the user, or a role that it is a member of, has them: dbprov plan lists them as extra, and"
        " apply --prune revokes them where this admin may",
    ),
    "public": "dbprov apply revokes CONNECT from PUBLIC; dbprov plan says who else can",
}
"""By the template that failed: what to do where the server gave no other reason."""


def trials(
    deployment: Deployment,
    account: Account,
    facts: Facts,
    probe: str,
    beside: Sequence[Deployment] = (),
    around: Sequence[Row] = (),
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
            [Trial("may write in its transactions", "writable", names, "holds")]
            if account.access is not Access.READ
            else []
        ),
        *(
            _creating(deployment, account, names)
            if account.access.creates
            else _not_creating(account, facts, names)
        ),
        Trial("is no superuser and cannot create roles or databases", "powers", names, "holds"),
        Trial("cannot create a role", "create_role", names, "refused"),
        *_elsewhere(deployment, account, names),
        *_from_outside(deployment, names),
        *_later(deployment, account, facts, names),
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


def _later(
    deployment: Deployment, account: Account, facts: Facts, names: Mapping[str, Any]
) -> Iterator[Trial]:
    for schema in account.schemas:
        later = {name: f"{names[name]}_later" for name in ("probe", "sequence", "function")}
        values = {**names, **later, **_rights(account), "schema": schema}
        claim = f'can {_use(account)} what the admin will create in schema "{schema}"'
        needs = ""
        for template in ("create_table_in", "create_sequence_in", "create_function_in"):
            yield Trial(claim, template, values, "setup", by_admin=True, needs=needs)
            needs = template
        yield Trial(claim, "future", values, "holds", by_admin=True, needs="create_function_in")
        yield from _rows(account, facts, values, "the admin", "future")
        for number, other in enumerate(deployment.accounts):
            if other is not account and other.access.creates and schema in other.schemas:
                made = {**values, "probe": f"{names['probe']}_of_{number}", "creator": other.name}
                yield from _by_another(facts, made, f'reads a row of "{other.name}"')
                yield from _rows(account, facts, made, f'"{other.name}"', "create_table_as")


def _by_another(facts: Facts, values: Mapping[str, Any], claim: str) -> Iterator[Trial]:
    """A table that the admin makes in the role of another user."""
    acts = {**values, "user": values["creator"]}
    yield from _acting(facts, acts, claim, "")
    yield Trial("", "create_table_as", values, "setup", by_admin=True, needs="act_as")


def _acting(facts: Facts, values: Mapping[str, Any], claim: str, needs: str) -> Iterator[Trial]:
    """In the role of a user, which the admin borrows; the transaction's end takes it back."""
    if "SUPERUSER" not in facts.rights:
        yield Trial(claim, "borrow", values, "setup", by_admin=True, always=True, needs=needs)
        needs = "borrow"
    yield Trial(claim, "act_as", values, "setup", by_admin=True, always=True, needs=needs)


def _rows(
    account: Account, facts: Facts, values: Mapping[str, Any], creator: str, needs: str
) -> Iterator[Trial]:
    """A privilege is no proof: row level security may hide every row (T85)."""
    what = f'what {creator} will create in schema "{values["schema"]}"'
    claim = f"reads a row of {what}"
    yield Trial(claim, "fill", values, "setup", by_admin=True, needs=needs)
    if "creator" in values:
        yield Trial("", "act_as_admin", values, "setup", by_admin=True)
    yield from _acting(facts, values, claim, "fill")
    yield Trial(claim, "read_in", values, "holds", by_admin=True, needs="act_as")
    if account.access is not Access.READ:
        claim = f"writes a row of {what}"
        yield Trial(claim, "write_in", values, by_admin=True, needs="act_as")
    yield Trial("", "act_as_admin", values, "setup", by_admin=True)


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
