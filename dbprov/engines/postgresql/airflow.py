"""What Airflow needs of PostgreSQL beyond grants."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dbprov.engines.airflow import creates, limit, subject, version
from dbprov.engines.facts import Check, Facts
from dbprov.spec.model import Deployment

READINESS: tuple[str, ...] = ("airflow/server", "airflow/database", "airflow/users")
SUPPORTED = {2: ((12,), (16,)), 3: ((14,), (18,))}


def readiness(
    airflow: tuple[int, ...],
    deployment: Deployment,
    facts: Facts,
    answers: Mapping[str, list[dict[str, Any]]],
) -> Iterator[Check]:
    """Each with what would fail, and when. What is not there yet is not asked about."""
    name = subject(airflow)
    yield version(airflow, facts, *SUPPORTED[airflow[0]])
    yield from creates(airflow, deployment)
    [server] = answers["airflow/server"]
    yield _isolation(name, server, answers["airflow/users"])
    yield from limit(airflow, "the server", server["connections"])
    for row in answers["airflow/database"]:
        utf8 = row["encoding"] == "UTF8"
        yield Check(
            name, "stores any text", "holds", row["encoding"], utf8,
            todo="" if utf8 else "the first DAG, task or log line with a sign outside of it fails;"
            " an encoding cannot be changed: make another database, and restore the dump there",
        )  # fmt: skip
        yield from limit(airflow, f'database "{deployment.database}"', row["connections"])
    for row in answers["airflow/users"]:
        yield from limit(airflow, f'user "{row["name"]}"', row["connections"])
        yield from _search_path(name, deployment, row)
        yield from _timeouts(name, server, row)


TIMEOUTS = {
    "statement_timeout": "airflow db migrate, and large queries of the scheduler, fail with 57014"
    " when they take longer",
    "idle_in_transaction_session_timeout": "a scheduler or task that waits longer inside a"
    " transaction loses its session (25P03)",
}


def _timeouts(name: str, server: Mapping[str, Any], row: Mapping[str, Any]) -> Iterator[Check]:
    """What is in force for a user in its database: its own, else the server's."""
    for setting, todo in TIMEOUTS.items():
        value = row[setting] or server[setting] or "0"
        if not re.fullmatch(r"0+ *[a-z]*", value):
            yield Check(
                name, f'lets "{row["name"]}" take its time', "holds", f"{setting} = {value}", True,
                todo=f"{todo}: set {setting} = 0 for this user", warning=True,
            )  # fmt: skip


def _isolation(name: str, server: Mapping[str, Any], users: Sequence[Mapping[str, Any]]) -> Check:
    """Of each user, where it is there; else the server's own."""
    found = {row["name"]: row["isolation"] or server["isolation"] for row in users}
    other = {user: level for user, level in found.items() if level != "read committed"}
    if not found and server["isolation"] != "read committed":
        other = {"": server["isolation"]}
    observed = ", ".join(
        f'{level} for "{user}"' if user else level for user, level in other.items()
    )
    return Check(
        name, "runs at the isolation level READ COMMITTED", "holds", observed or "read committed",
        not other,
        todo="" if not other else "schedulers fail with serialization errors (40001) as soon"
        " as two of them work: default_transaction_isolation = 'read committed'",
    )  # fmt: skip


def _search_path(name: str, deployment: Deployment, row: Mapping[str, Any]) -> Iterator[Check]:
    account = next(a for a in deployment.accounts if a.name == row["name"])
    entries = [e.strip().strip('"') for e in (row["search_path"] or '"$user", public').split(",")]
    found = set(account.schemas) & {e if e != "$user" else account.name for e in entries}
    yield Check(
        name, f'has schema "{account.schemas[0]}" in the search_path of "{account.name}"', "holds",
        row["search_path"] or "the server's default", bool(found),
        todo="" if found else "airflow db migrate makes its tables in another schema, or fails with"
        " no schema has been selected to create in: dbprov apply sets it",
    )  # fmt: skip
