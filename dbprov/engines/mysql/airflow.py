"""What Airflow needs of MySQL beyond grants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dbprov.engines.airflow import creates, limit, subject, version
from dbprov.engines.facts import Check, Facts
from dbprov.spec.model import Deployment

READINESS: tuple[str, ...] = ("airflow/server", "airflow/database")
SUPPORTED = {2: ((8, 0), (8, 0)), 3: ((8, 0), (9, 7))}


def readiness(
    airflow: tuple[int, ...],
    deployment: Deployment,
    facts: Facts,
    answers: Mapping[str, list[dict[str, Any]]],
) -> Iterator[Check]:
    """Each with what would fail, and when. What is not there yet is not asked about."""
    name = subject(airflow)
    if facts.flavor == "mariadb":
        yield Check(
            name, "supports this server", "holds", f"MariaDB {facts.version_text}", False,
            todo="Airflow is not tested with MariaDB: a migration fails at any upgrade;"
            " take MySQL or PostgreSQL",
        )  # fmt: skip
    else:
        yield version(airflow, facts, *SUPPORTED[airflow[0]])
    yield from creates(airflow, deployment)
    settings = {row["Variable_name"]: row["Value"] for row in answers["airflow/server"]}
    for setting, wrong, claim, todo in SETTINGS:
        value = settings.get(setting)
        if value is not None:
            bad = wrong(settings)
            yield Check(name, claim, "holds", f"{setting} = {value}", not bad, todo=todo * bad)
    yield from limit(airflow, "the server", int(settings["max_connections"]))
    yield from limit(airflow, "each user", int(settings["max_user_connections"]) or None)
    for account in deployment.accounts:
        yield from limit(airflow, f'user "{account.name}"', account.connection_limit)
    for row in answers["airflow/database"]:
        utf8 = row["encoding"] == "utf8mb4" and not row["other_tables"]
        tables = f", {row['other_tables']} tables in another" if row["other_tables"] else ""
        yield Check(
            name, "stores any text", "holds", f"{row['encoding']}{tables}", utf8,
            todo="" if utf8 else "the first DAG, task or log line with a sign outside of it fails:"
            " ALTER DATABASE ... CHARACTER SET utf8mb4, and the same for each table",
        )  # fmt: skip


def _trap(settings: Mapping[str, str]) -> bool:
    """The upgrade from 2 to 3 makes a function, half way, and cannot be run again (D.3)."""
    return (
        settings.get("log_bin") == "ON" and settings.get("log_bin_trust_function_creators") == "OFF"
    )


MODES = {"ANSI_QUOTES", "NO_BACKSLASH_ESCAPES"}
SETTINGS = (
    (
        "explicit_defaults_for_timestamp",
        lambda settings: settings["explicit_defaults_for_timestamp"] != "ON",
        "has explicit_defaults_for_timestamp on",
        "airflow db migrate fails, or gives timestamps defaults that nobody asked for: set it to 1",
    ),
    (
        "log_bin_trust_function_creators",
        _trap,
        "lets the user create functions",
        "the upgrade from 2 to 3 fails half way with FUNCTION uuid_generate_v7 does not exist, and"
        " cannot be repeated: set log_bin_trust_function_creators = 1 before it (on a managed"
        " service in the parameter group)",
    ),
    (
        "binlog_format",
        lambda found: (found.get("log_bin"), found["binlog_format"]) == ("ON", "STATEMENT"),
        "can replicate at the isolation level READ COMMITTED",
        "Airflow works at READ COMMITTED: with the binary log at STATEMENT its first write fails"
        " (1665); binlog_format = ROW",
    ),
    (
        "sql_mode",
        lambda settings: bool(MODES & set(settings["sql_mode"].split(","))),
        "reads quotes and backslashes as drivers write them",
        "migrations fail with syntax errors, and texts with a backslash are stored wrong: take"
        " ANSI_QUOTES and NO_BACKSLASH_ESCAPES out of sql_mode",
    ),
)  # fmt: skip
