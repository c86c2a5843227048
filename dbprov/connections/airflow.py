"""Airflow's own: variables of its environment, and lines of airflow.cfg."""

from __future__ import annotations

from dbprov.connections.forms import FormOptions
from dbprov.connections.strings import DeploymentConnections
from dbprov.connections.strings import as_env as env
from dbprov.engines.engine import of


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


def notes(name: str, one: DeploymentConnections, options: FormOptions) -> list[str]:
    if name == "cfg":
        return driver_notes(one)
    quoted = env([one], options.shown).count("'")
    return driver_notes(one) + ([QUOTED] if quoted else [])


QUOTED = (
    "some values are in single quotes, as a shell and dotenv read them: docker --env-file and"
    " kubectl --from-env-file take the quotes for a part of the value"
)


def driver_notes(one: DeploymentConnections) -> list[str]:
    """What the string of the async engine needs, and what it loses."""
    tls = one.deployment.published_tls
    if one.metadata.async_url(False) is None:
        return []
    driver = of(one.deployment.server.engine).urls.async_driver(tls)
    needed = f", and needs {driver} beside Airflow (pip install '{driver}')" if driver else ""
    return [
        "SQL_ALCHEMY_CONN_ASYNC is for Airflow 3.1 and newer, whose async engine does not take the"
        f" TLS of the other string{needed}; Airflow 3.0 has no such setting"
    ]


def async_notes(one: DeploymentConnections) -> list[str]:
    """Where the one string is handed out alone."""
    if one.metadata.async_url(False) is None:
        return []
    return [
        "the async engine of Airflow 3.0 to 3.3 does not take the TLS of this string: set"
        " AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC too (3.1 and newer), as --format env prints it"
    ]


def as_env(one: DeploymentConnections, options: FormOptions) -> str:
    return env([one], options.shown)


def as_cfg(one: DeploymentConnections, options: FormOptions) -> str:
    """configparser takes a ``%`` for the beginning of a reference; doubled it is one ``%``."""
    strings = {"sql_alchemy_conn": one.metadata.url(options.shown)}
    if url := one.metadata.async_url(options.shown):
        strings["sql_alchemy_conn_async"] = url
    lines = [f"{key} = {url.replace('%', '%%')}\n" for key, url in strings.items()]
    result = ("db+" + one.result.url(options.shown)).replace("%", "%%")
    return f"[database]\n{''.join(lines)}\n[celery]\nresult_backend = {result}\n"
