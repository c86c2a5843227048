"""What is tried as a user of a MySQL Deployment.

MySQL takes no DDL back: what was made is dropped, by the admin at the end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from ipaddress import ip_address, ip_network
from typing import Any

from dbprov.engines.facts import Facts, Row, Trial
from dbprov.spec.model import Access, Account, Deployment

ENTERS = False  # what a session can reach, information_schema tells it
BINARY_LOG = {
    "1419": "with the binary log on, only SUPER may create functions"
    " unless log_bin_trust_function_creators = 1 (on managed services a parameter of the server);"
    " Airflow's upgrade from 2 to 3 creates one"
}


GRANT = (
    "the user lacks the privilege on the database: dbprov plan lists what is missing, and dbprov"
    " apply grants it"
)
ROUTINE = (
    "the user lacks CREATE ROUTINE or EXECUTE on the database: dbprov plan lists what is missing"
)
EXTRA = (
    "dbprov plan lists it as extra where the user was granted it, and apply --prune revokes that;"
    " dbprov check names roles that every account has (mandatory_roles)"
)
HINTS: Mapping[str, str] = {
    "identity": "another account is nearer to this address: dbprov check names it",
    **dict.fromkeys(
        (
            "create_table", "create_index", "reference", "insert", "select", "drop_table", "update",
            "delete", "count",
        ),
        GRANT,
    ),
    **dict.fromkeys(
        ("create_procedure", "call_procedure", "create_function", "call_function"), ROUTINE
    ),
    **dict.fromkeys(("powers", "create_user", "create_database", "elsewhere"), EXTRA),
}  # fmt: skip
"""By the template that failed: what to do where the server gave no other reason."""


def trials(
    deployment: Deployment,
    account: Account,
    facts: Facts,
    probe: str,
    beside: Sequence[Deployment] = (),
    around: Sequence[Row] = (),
) -> list[Trial]:
    """``beside``: all that the spec wants on this server; one user may serve several of it.

    ``around``: the rows that give every account a database.
    """
    names = _names(deployment, probe) | {"user": account.name, "host": account.host}
    names["databases"] = deployment.databases(account, beside)
    names["everybody"] = tuple((row["pattern"], row["through"], row["statement"]) for row in around)
    return [
        Trial("is the account that it should be", "identity", names, "holds"),
        *(_creating(names) if account.access.creates else _not_creating(names)),
        *_on_tables_of_others(account, names),
        Trial("has no privilege on the whole server", "powers", names, "holds"),
        Trial("cannot create a user", "create_user", names, "refused"),
        Trial("cannot create a database", "create_database", names, "refused"),
        Trial("sees no other database", "elsewhere", names, "holds"),
    ]


def _names(deployment: Deployment, probe: str) -> dict[str, Any]:
    return {
        "database": deployment.database,
        "probe": probe,
        "referring": f"{probe}_r",
        "later": f"{probe}_l",
        "function": f"{probe}_f",
        "procedure": f"{probe}_p",
    }


def _creating(names: dict[str, Any]) -> Iterator[Trial]:
    table, values = "create_table", {**names, "table": names["probe"]}
    yield Trial("creates a table", table, values)
    yield Trial("creates an index", "create_index", values, needs=table)
    yield Trial("references a table", "reference", values, needs=table)
    yield Trial("writes a row", "insert", values, needs=table)
    yield Trial("reads it back", "select", values, "holds", needs="insert")
    yield Trial("drops its tables", "drop_table", values, needs="reference")
    yield Trial("creates a procedure", "create_procedure", values)
    yield Trial("calls the procedure", "call_procedure", values, needs="create_procedure")
    yield Trial("creates a function", "create_function", values, warns=BINARY_LOG)
    yield Trial("calls the function", "call_function", values, "holds", needs="create_function")


def _not_creating(names: dict[str, Any]) -> Iterator[Trial]:
    yield Trial("cannot create a table", "create_table", names, "refused")


def _on_tables_of_others(account: Account, names: dict[str, Any]) -> Iterator[Trial]:
    """The admin makes a table, as it will later: what may the user do there?"""
    made, values = "create_table_in", {**names, "table": names["later"]}
    writes = "refused" if account.access is Access.READ else "works"
    word = "cannot" if account.access is Access.READ else "can"
    yield Trial("", made, values, "setup", by_admin=True)
    yield Trial("can read it", "fill", values, "setup", by_admin=True, always=True, needs=made)
    yield Trial(
        f"{word} write to a table that the admin makes", "insert", values, writes, needs=made
    )
    yield Trial(f"{word} change its rows", "update", values, writes, needs=made)
    yield Trial("can read it", "count", values, "holds", needs="fill")
    yield Trial(f"{word} delete its rows", "delete", values, writes, needs=made)


def lets_in(account: Account, seen: Iterable[str]) -> bool:
    return any(matches(account.host, one) for one in seen)


def matches(pattern: str, host: str) -> bool:
    """The host of an account: a pattern with % and _, or a network with its mask."""
    if "/" in pattern:
        with suppress(ValueError):
            return ip_address(host) in ip_network(pattern, strict=False)
        return False
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    wild = {"%": ".*", "_": "."}
    words = "".join(wild.get(part) or re.escape(part[-1]) for part in parts)
    return bool(re.fullmatch(words, host, re.IGNORECASE | re.DOTALL))


CLEARED_BY = {
    "create_table": "clear_tables",
    "create_table_in": "clear_tables",
    "create_function": "clear_function",
    "create_procedure": "clear_procedure",
    "create_user": "clear_user",
    "create_database": "clear_database",
}


def cleanup(deployment: Deployment, probe: str) -> list[Trial]:
    """What the admin drops at the end, of that which was made.

    Whether the user should have been able to or not.
    """
    names = _names(deployment, probe)
    return [
        Trial("", clear, names, "setup", by_admin=True, needs=made)
        for made, clear in CLEARED_BY.items()
    ]
