"""The released Airflow makes its tables with the string that is handed out, and Celery keeps results with the other."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness.airflow import Airflow
from tests.support.command import on_one_of_each
from tests.support.deployed import HOSTILE, Made, Make
from tests.support.migrate import ENOUGH, migrate, tables

CELERY = """
import os
from celery import Celery

def backend():
    return Celery("proof", backend=os.environ["AIRFLOW__CELERY__RESULT_BACKEND"]).backend

backend().store_result("an id", {"answer": 42}, "SUCCESS")
read = backend()
print(type(read).__name__, read.get_state("an id"), read.get_result("an id"))
"""


def keep_a_result(made: Made, airflow: Airflow) -> None:
    ended = made.run(airflow, "-c", CELERY)
    assert ended.stdout.split("\n")[-2:] == ["DatabaseBackend SUCCESS {'answer': 42}", ""], ended


def well(made: Made) -> None:
    """After the application has made its tables nothing is missing, and PostgreSQL's can be upgraded."""
    planned = made.cli("plan", "spec.yaml")
    assert planned.returncode == 0, planned.stdout
    assert "nothing to do" in planned.stdout
    # This MySQL logs for replicas and trusts no functions, which --airflow rightly finds.
    more = ("--airflow=3",) if made.server.engine == "postgresql" else ()
    proven = made.cli("verify", "spec.yaml", *more)
    assert proven.returncode == 0, proven.stdout


@on_one_of_each
def test_one_user_for_everything(make: Make, airflow: Airflow, prefix: str) -> None:
    made = make(HOSTILE)
    migrate(made, airflow)
    keep_a_result(made, airflow)
    [(schema, (owner, count))] = tables(made).items()
    on_postgresql = made.server.engine == "postgresql"
    assert (schema, owner) == (("public", f"{prefix}app") if on_postgresql else (made.database, ""))
    assert count > ENOUGH
    well(made)


@on_one_of_each
def test_the_owner(make: Make, airflow: Airflow) -> None:
    made = make(access="owner")
    migrate(made, airflow)
    assert sum(count for _, count in tables(made).values()) > ENOUGH
    well(made)


@pytest.mark.postgresql(">= 18")
def test_a_user_and_a_schema_for_each(make: Make, airflow: Airflow, prefix: str) -> None:
    made = make(HOSTILE, names=("app", "cel"), layout="split")
    migrate(made, airflow)
    keep_a_result(made, airflow)
    found: dict[str, Any] = tables(made)
    assert found.keys() == {"airflow", "celery"}
    assert found["airflow"][0] == f"{prefix}app"
    assert found["airflow"][1] > ENOUGH
    assert found["celery"] == (f"{prefix}cel", 2)
    well(made)
