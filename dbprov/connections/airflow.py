"""Airflow's own: variables of its environment, and lines of airflow.cfg."""

from __future__ import annotations

from dbprov.connections.forms import FormOptions
from dbprov.connections.strings import DeploymentConnections
from dbprov.connections.strings import as_env as env


def objections(name: str, one: DeploymentConnections, options: FormOptions) -> list[str]:
    """Airflow expands ``$NAME`` in every value (D.2); SQLAlchemy does not decode a database."""
    database = one.deployment.database
    found = []
    if "$" in database:
        found.append(f'Airflow reads the $ of database "{database}" as the name of a variable')
    return found + undecoded(database)


def undecoded(database: str) -> list[str]:
    if any(c in "%? #" or not c.isprintable() for c in database):
        return [
            f'SQLAlchemy before 2.1 does not decode the name of database "{database}" in a URL;'
            " letters, digits, _ and - work everywhere"
        ]
    return []


def as_env(one: DeploymentConnections, options: FormOptions) -> str:
    return env([one], options.shown)


def as_cfg(one: DeploymentConnections, options: FormOptions) -> str:
    """configparser takes a ``%`` for the beginning of a reference; doubled it is one ``%``."""
    metadata = one.metadata.url(options.shown).replace("%", "%%")
    result = ("db+" + one.result.url(options.shown)).replace("%", "%%")
    return f"[database]\nsql_alchemy_conn = {metadata}\n\n[celery]\nresult_backend = {result}\n"
