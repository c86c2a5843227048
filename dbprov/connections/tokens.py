"""For users that log in with IAM tokens: the file with which Airflow fetches one itself."""

from __future__ import annotations

import re

from dbprov.connections.forms import FormOptions
from dbprov.connections.strings import Connection, DeploymentConnections
from dbprov.engines.engine import of
from dbprov.spec.model import Auth

ENDPOINT = re.compile(r".*\.([a-z]{2}-[a-z-]+-\d+)\.rds\.amazonaws\.com(\.cn)?", re.IGNORECASE)
"""Of RDS and Aurora: it names its region."""
FILE = '''\
"""Airflow fetches an IAM token for each new connection to its database. Made by dbprov."""

import boto3
from sqlalchemy import event
from sqlalchemy.engine import Engine

__all__ = ()

_HOST, _PORT, _DATABASE = {host!r}, {port!r}, {database!r}
_USERS = {users!r}
_REGION = {region!r}  # None: that of the Pod, AWS_REGION


@event.listens_for(Engine, "do_connect")
def _with_token(dialect, record, arguments, wanted):
    """Every engine passes here, of Airflow and of Celery, sync and async."""
    place = wanted.get("host"), int(wanted.get("port") or 5432)
    database = wanted.get("dbname") or wanted.get("database")
    if (*place, database) != (_HOST, _PORT, _DATABASE) or wanted.get("user") not in _USERS:
        return
    rds = boto3.client("rds", region_name=_REGION)
    wanted["password"] = rds.generate_db_auth_token(
        DBHostname=_HOST, Port=_PORT, DBUsername=wanted["user"]
    )
'''


def objections(name: str, one: DeploymentConnections, options: FormOptions) -> list[str]:
    deployment = one.deployment
    if not of(deployment.server.engine).connection.TRANSACTIONS:
        return ["MySQL's drivers send a token only in clear text: this file is for PostgreSQL"]
    if not _users(one):
        return ["no user of its strings says auth: iam, and a password stands in the string"]
    if not one.metadata.host or one.metadata.host.startswith("/"):
        return ["a socket is no host that a token is for: publish: {host: NAME}"]
    return []


def notes(name: str, one: DeploymentConnections, options: FormOptions) -> list[str]:
    found = [
        "airflow_local_settings.py goes into a folder of PYTHONPATH, as $AIRFLOW_HOME/config is, of"
        " every component, beside the strings of --format env, which hold no password; it needs"
        " boto3 and rds-db:connect for the Pods"
    ]
    if not ENDPOINT.fullmatch(one.metadata.host):
        found.append(
            f"{one.metadata.host} is no endpoint of RDS: AWS takes a token for the endpoint's own"
            " name only, and Airflow must connect by it (publish: {host: ENDPOINT})"
        )
    return found


def _users(one: DeploymentConnections) -> list[str]:
    every: list[Connection] = [one.metadata, one.result]
    return sorted({c.user for c in every if c.account.auth is Auth.IAM})


def as_airflow_local_settings(one: DeploymentConnections, options: FormOptions) -> str:
    """One listener for every engine of the process, whatever made it; it looks at no other login.

    Airflow takes what ``__all__`` names into its own settings: nothing.
    """
    region = ENDPOINT.fullmatch(one.metadata.host)
    return FILE.format(
        host=one.metadata.host,
        port=one.metadata.port,
        database=one.deployment.database,
        users=_users(one),
        region=region[1].lower() if region else None,
    )
