"""For people and for programs: text and JSON, which carry everything."""

from __future__ import annotations

from dbprov.connections.airflow import async_notes
from dbprov.connections.forms import FormOptions
from dbprov.connections.strings import DeploymentConnections


def objections(name: str, one: DeploymentConnections, options: FormOptions) -> list[str]:
    return []


def notes(name: str, one: DeploymentConnections, options: FormOptions) -> list[str]:
    return async_notes(one)
