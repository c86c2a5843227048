"""For Kubernetes: Secrets, and the values of the Airflow chart."""

from __future__ import annotations

import re
from typing import Any

import yaml

from dbprov.connections.airflow import undecoded
from dbprov.connections.forms import FormOptions, labelled
from dbprov.connections.houston import bounced
from dbprov.connections.strings import Connection, DeploymentConnections
from dbprov.spec.model import bracketed

NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")


def objections(name: str, one: DeploymentConnections, options: FormOptions) -> list[str]:
    found = [
        f'"{secret}" cannot be the name of a Secret: lower case letters, digits, - and .'
        for secret in names(one, options)
        if not NAME.fullmatch(secret)
    ]
    if name == "k8s":
        return found + undecoded(one.deployment.database)
    return found if options.by_secret else charted(one, options)


def charted(one: DeploymentConnections, options: FormOptions) -> list[str]:
    """The chart encodes a blank as ``+``, which SQLAlchemy does not decode (B.3)."""
    lines = [
        f"the chart encodes a blank in {what} as +, which SQLAlchemy does not read back"
        for what, text in labelled((one.metadata, one.result))
        if " " in text
    ]
    if not one.metadata.host or one.metadata.host.startswith("/"):
        lines.append("a socket is no host that another machine reaches: publish: {host: NAME}")
    lines += undecoded(one.deployment.database)
    return lines + (bounced(one) if options.pgbouncer else [])


def names(one: DeploymentConnections, options: FormOptions) -> tuple[str, str]:
    """As the chart calls them (B.2)."""
    release = options.release or one.deployment.name
    return (
        options.metadata_secret or f"{release}-airflow-metadata",
        options.result_secret or f"{release}-airflow-result-backend",
    )


def as_k8s(one: DeploymentConnections, options: FormOptions) -> str:
    metadata, result = names(one, options)
    urls = {
        metadata: one.metadata.url(options.shown),
        result: "db+" + one.result.url(options.shown),
    }
    return "---\n".join(
        str(yaml.safe_dump(_secret(name, url, options), sort_keys=False, allow_unicode=True))
        for name, url in urls.items()
    )


def _secret(name: str, url: str, options: FormOptions) -> dict[str, Any]:
    where = {"namespace": options.namespace} if options.namespace else {}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, **where},
        "type": "Opaque",
        "stringData": {"connection": url},
    }


def as_chart(one: DeploymentConnections, options: FormOptions) -> str:
    """``data`` of the Airflow chart: the parts, or the names of the Secrets that ``k8s`` makes."""
    if options.by_secret:
        metadata, result = names(one, options)
        made: dict[str, Any] = {"metadataSecretName": metadata, "resultBackendSecretName": result}
    else:
        made = {
            "metadataConnection": _parts(one.metadata, options),
            "resultBackendConnection": _parts(one.result, options),
        }
    return str(yaml.safe_dump({"data": made}, sort_keys=False, allow_unicode=True))


def _parts(connection: Connection, options: FormOptions) -> dict[str, Any]:
    parts = connection.parts(options.shown)
    made = {
        "user": parts["user"],
        "pass": parts["password"],
        "protocol": connection.deployment.server.engine,
        # The chart joins host and port; of a server behind PgBouncer it writes each alone.
        "host": parts["host"] if options.pgbouncer else bracketed(parts["host"]),
        "port": int(parts["port"]),
        "db": parts["database"],
    }
    tls = connection.deployment.published_tls
    postgresql = connection.as_json(reveal=False) is not None
    return {**made, "sslmode": tls.mode if tls.given else "prefer"} if postgresql else made
