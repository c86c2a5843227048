"""For the platform: the variables of Houston's mutation, and what allows them (guide, 1 and 6)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import yaml

from dbprov.connections.airflow import async_notes, undecoded
from dbprov.connections.forms import FormOptions, labelled
from dbprov.connections.strings import DeploymentConnections
from dbprov.houston.switch import switch

CONNECTIONS = (
    "metadataConnection",
    "resultBackendConnection",
    "metadataConnectionJson",
    "resultBackendConnectionJson",
)


def objections(name: str, one: DeploymentConnections, options: FormOptions) -> list[str]:
    if name == "values":
        return []
    if options.pgbouncer:
        return bounced(one)
    return undecoded(one.deployment.database)


def bounced(one: DeploymentConnections) -> list[str]:
    """The platform's chart writes PgBouncer's files, and escapes as Go does (B.3)."""
    if one.metadata.as_json(reveal=False) is None:
        return ["PgBouncer stands before PostgreSQL only, and this Deployment is on MySQL"]
    entries = [
        f"the chart writes {what} into PgBouncer's files"
        ' with escapes that PgBouncer does not read: no ", \\, blank or $ in it'
        for what, text in labelled((one.metadata, one.result))
        if any(sign in text for sign in '"\\ $')
    ]
    if any(sign in one.deployment.database for sign in "\"'\\ $=;"):
        entries.append(
            f'the chart writes database "{one.deployment.database}" into PgBouncer\'s'
            " file without quotes"
        )
    return entries


def notes(name: str, one: DeploymentConnections, options: FormOptions) -> list[str]:
    tls = one.deployment.published_tls
    if name == "values":
        return []
    if not options.pgbouncer:
        return async_notes(one)
    if not tls.given or (tls.mode == "prefer" and not tls.cert):
        return []
    return [
        "the JSON objects have no place for TLS: the Deployment's PgBouncer goes to the server with"
        " the platform's own sslmode (prefer, if global.ssl.mode says nothing else) and not with"
        f" {tls.mode}, and without {'a CA' if not tls.cert else 'a CA or a client certificate'}; on"
        " PostgreSQL, hostssl in pg_hba.conf (rds.force_ssl) makes the server insist on TLS"
    ]


def variables(one: DeploymentConnections, options: FormOptions) -> dict[str, Any]:
    """With PgBouncer the two JSON objects, else the two strings; never both (guide, step 5)."""
    if options.pgbouncer:
        return {
            "metadataConnectionJson": one.metadata.as_json(options.shown),
            "resultBackendConnectionJson": one.result.as_json(options.shown),
        }
    return {
        "metadataConnection": one.metadata.url(options.shown),
        "resultBackendConnection": "db+" + one.result.url(options.shown),
    }


def as_houston(one: DeploymentConnections, options: FormOptions) -> str:
    """Merged into the user's own document, in which nothing else is touched."""
    kept: Mapping[str, Any] = {k: v for k, v in options.base.items() if k not in CONNECTIONS}
    return json.dumps({**kept, **variables(one, options)}, indent=2, ensure_ascii=False) + "\n"


def as_values(one: DeploymentConnections, options: FormOptions) -> str:
    """The cluster's Configuration Override, and what values.yaml needs for a first install.

    Never ``database.connection``: it would replace the platform's own root connection (A.2). The
    override is a comment, so that Helm reads the values of the file and nothing else.
    """
    text = helm_values(options.platform)
    if options.platform == "0.37":
        return text
    return (
        "# The Configuration Override of the cluster (Clusters, your cluster, Edit). Add it to what"
        f" is there:\n# {json.dumps(switch(options.platform))}\n"
        "# values.yaml, for a first install only: a cluster that exists does not read it.\n" + text
    )


def helm_values(platform: str) -> str:
    values = {"astronomer": {"houston": {"config": {"deployments": switch(platform)}}}}
    return str(yaml.safe_dump(values, sort_keys=False))
