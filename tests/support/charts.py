"""A chart for Airflow's databases, rendered by the real Helm; and the real charts, where DBPROV_TEST_CHARTS names a folder of them."""

from __future__ import annotations

import base64
import os
import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.harness import ServerUnavailable, readers
from tests.harness.report import skip_or_fail

STAND_IN = Path(__file__).parent.parent / "consumers/chart"
NAMESPACE = "astronomer-r"
Secrets = dict[str, dict[str, str]]


def charts() -> list[Path]:
    """Ours, and each folder with a Chart.yaml that DBPROV_TEST_CHARTS has."""
    named = os.environ.get("DBPROV_TEST_CHARTS")
    return [
        STAND_IN,
        *(sorted(f.parent for f in Path(named).glob("*/Chart.yaml")) if named else ()),
    ]


def rendered(chart: Path, values: str, folder: Path, *more: str) -> Secrets:
    """Every Secret of the release ``r``, decoded, by its name. Raises AssertionError with Helm's words."""
    try:
        helm = readers.helm()
    except ServerUnavailable as error:
        skip_or_fail(f"NO HELM: {error}")
    (folder / "values.yaml").write_text(values)
    ended = subprocess.run(
        [helm, "template", "r", chart, "-n", NAMESPACE, "-f", "values.yaml", "--set", "executor=CeleryExecutor", *more],
        cwd=folder, capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "HOME": str(folder)},
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return secrets(ended.stdout)


def secrets(documents: str) -> Secrets:
    found: Secrets = {}
    for one in filter(None, yaml.safe_load_all(documents)):
        if one["kind"] == "Secret":
            held: dict[str, Any] = one.get("data") or {}
            decoded = {k: base64.b64decode(v).decode() for k, v in held.items()}
            found[one["metadata"]["name"]] = {**decoded, **(one.get("stringData") or {})}
    return found


def mounted(chart: Path, values: str, folder: Path, *more: str) -> dict[str, str]:
    """What the stand-in's Pods look for: the name of each Secret."""
    (folder / "values.yaml").write_text(values)
    ended = subprocess.run(
        [readers.helm(), "template", "r", chart, "-n", NAMESPACE, "-f", "values.yaml", *more],
        cwd=folder, capture_output=True, text=True, timeout=120, check=True,
        env={**os.environ, "HOME": str(folder)},
    )  # fmt: skip
    [found] = [
        one["data"]
        for one in yaml.safe_load_all(ended.stdout)
        if one and one["kind"] == "ConfigMap"
    ]
    names: dict[str, str] = found
    return names


def completed(template: str, values: dict[str, str], folder: Path) -> str:
    """A template of Go as the External Secrets Operator completes it: text/template with sprig, which Helm has too."""
    chart = folder / "operator"
    (chart / "templates").mkdir(parents=True, exist_ok=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: operator\nversion: 1.0.0\n")
    secret = 'apiVersion: v1\nkind: Secret\nmetadata: {name: made}\ndata: {text: {{ include "it" .Values | b64enc }}}\n'
    (chart / "templates/secret.yaml").write_text(
        f'{{{{ define "it" }}}}{template}{{{{ end }}}}{secret}'
    )
    return rendered(chart, yaml.safe_dump(values), folder)["made"]["text"]
