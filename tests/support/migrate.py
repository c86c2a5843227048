"""Airflow's own tables."""

from __future__ import annotations

from tests.harness import execute
from tests.harness.airflow import Airflow
from tests.support.deployed import Made

TABLES = {
    "postgresql": "SELECT schemaname, tableowner, count(*) FROM pg_tables"
    " WHERE schemaname NOT LIKE 'pg\\_%%' AND schemaname <> 'information_schema' GROUP BY 1, 2 ORDER BY 1",
    "mysql": "SELECT table_schema, '', COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() GROUP BY 1",
}


ENOUGH = 40
"""Airflow 3 has 58 tables. How many there are is its own affair; that they are many shows that it came to its end."""


def tables(made: Made) -> dict[str, tuple[str, int]]:
    """By the schema: whose they are, and how many."""
    query = TABLES[made.server.engine].replace("%%", "%")
    rows = execute(made.server, "superuser", query, made.database)
    return {schema: (owner, count) for schema, owner, count in rows}


def migrate(made: Made, airflow: Airflow) -> None:
    ended = made.run(airflow, "-m", "airflow", "db", "migrate")
    assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr[-2000:]
