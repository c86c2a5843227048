"""A program in Go logs in with KEDA's string: with go-sql-driver, as KEDA's scaler for MySQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from tests.harness import ServerUnavailable, exporter
from tests.harness.report import record_form, skip_or_fail
from tests.support.charts import STAND_IN, rendered
from tests.support.deployed import HOSTILE, Make


@pytest.fixture
def cell(request: pytest.FixtureRequest) -> Callable[..., None]:
    def recorded(form: str, reader: str, case: str, outcome: str = "read") -> None:
        record_form(request.node.user_properties, form, reader, case, outcome)

    return recorded


def logs_in(dsn: str) -> bool:
    try:
        return exporter.logs_in(dsn)
    except ServerUnavailable as error:
        skip_or_fail(f"NO PROGRAM IN GO: {error}")


@pytest.mark.mysql
@pytest.mark.parametrize("case", ["plain", "hostile"])
def test_a_program_in_go_logs_in(case: str, make: Make, cell: Any) -> None:
    """What the chart writes itself it reads of a plain password only, and another is refused."""
    made = make(HOSTILE if case == "hostile" else "plain-Pw_1")
    words = ("connections", "spec.yaml", "--keda", "--release", "r", "--reveal")
    held = next(yaml.safe_load_all(made.cli(*words, "--format", "k8s").stdout))["stringData"]
    assert logs_in(held["kedaConnection"])
    assert not logs_in(held["kedaConnection"].replace("w", "x", 1)), "it reads the password"
    cell("k8s --keda, mysql", "go-sql-driver", case)
    ended = made.cli(*words, "--format", "chart")
    if case == "hostile":
        assert "does not decode it: --by-secret" in ended.stderr
        return
    chart = rendered(STAND_IN, ended.stdout, made.folder)["r-metadata"]["kedaConnection"]
    assert logs_in(chart), "as the chart writes it"
