"""The mutations of each platform version: their fields and types.

Pure. The guide has the types of createDeployment; those of upsertDeployment are from the page
"Upsert a Deployment with the Houston API" and from what the platform's own CLI sends.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from dbprov.errors import UsageError

CONNECTIONS = {
    "metadataConnection": "String",
    "resultBackendConnection": "String",
    "metadataConnectionJson": "JSON",
    "resultBackendConnectionJson": "JSON",
}
SHARED = {
    "releaseName": "String",
    "description": "String",
    "version": "String",
    "airflowVersion": "String",
    "runtimeVersion": "String",
    "executor": "ExecutorType",
    "workers": "Workers",
    "webserver": "Webserver",
    "scheduler": "Scheduler",
    "triggerer": "Triggerer",
    "dagDeployment": "DagDeployment",
    "properties": "JSON",
    **CONNECTIONS,
}
CREATE = {
    "workspaceUuid": "Uuid!",
    "namespace": "String!",
    "type": "String!",
    "label": "String!",
    "config": "JSON",
    "astroUnitsEnabled": "Boolean",
    "rollbackEnabled": "Boolean",
    **SHARED,
}
UPSERT = {
    "workspaceUuid": "Uuid",
    "deploymentUuid": "Uuid",
    "label": "String",
    "namespace": "String",
    "environmentVariables": "[InputEnvironmentVariable]",
    "image": "String",
    "dockerconfigjson": "JSON",
    "desiredRuntimeVersion": "String",
    "dagProcessor": "DagProcessor",
    "cloudRole": "String",
    **SHARED,
}
UPSERT_1 = {
    **UPSERT,
    "clusterId": "Uuid",
    "skipAirflowDatabaseProvisioning": "Boolean",
    "kerberosEnabled": "Boolean",
    "pgbouncerConfig": "JSON",
}
UPSERT_2 = {**UPSERT_1, "mode": "AllowedDeploymentModeValues"}
FIELDS = (
    "id", "type", "label", "releaseName", "version", "runtimeVersion", "urls", "createdAt",
    "updatedAt",
)  # fmt: skip
ANSWER = " ".join(FIELDS).replace("urls", "urls { type url }")
"""Fields that every version returns."""

MASK = "***"


class Request(Struct, frozen=True):
    """One mutation, ready to be sent."""

    mutation: str
    document: str
    variables: Mapping[str, Any]


def request(version: tuple[int, ...], base: Mapping[str, Any], known: str | None) -> Request:
    """The mutation for this version. ``known``: the id of an existing Deployment.

    0.37 creates by createDeployment; everything later, and every update, goes by upsertDeployment.
    Raises UsageError with every missing field, and every field that this version does not have.
    """
    mutation, fields = _choice(version, known)
    variables = {**base, "deploymentUuid": known} if known else dict(base)
    variables.pop("deploymentUuid", None) if mutation == "createDeployment" else None
    if mutation == "createDeployment":
        variables = {"type": "airflow", "namespace": "", **variables}
    elif version >= (1,):
        variables = {"skipAirflowDatabaseProvisioning": True, **variables}
    refuse(mutation, version, fields, variables, known)
    names = [name for name in fields if name in variables]
    declared = ", ".join(f"${name}: {fields[name]}" for name in names)
    arguments = ", ".join(f"{name}: ${name}" for name in names)
    document = f"mutation {mutation}({declared}) {{\n  {mutation}({arguments}) {{ {ANSWER} }}\n}}"
    return Request(mutation, document, {name: variables[name] for name in names})


def _choice(version: tuple[int, ...], known: str | None) -> tuple[str, Mapping[str, str]]:
    if version < (1,) and known is None:
        return "createDeployment", CREATE
    fields = UPSERT if version < (1,) else UPSERT_1 if version < (2, 1) else UPSERT_2
    return "upsertDeployment", fields


def refuse(
    mutation: str,
    version: tuple[int, ...],
    fields: Mapping[str, str],
    variables: Mapping[str, Any],
    known: str | None,
) -> None:
    needed = ["workspaceUuid", "label"] + (["clusterId"] if version >= (1,) else [])
    lacking = [] if known else [name for name in needed if not variables.get(name)]
    unknown = sorted(set(variables) - set(fields))
    missing = [f"{name} is missing" for name in lacking]
    missing += [f"{mutation} has no field {name}" for name in unknown]
    if missing:
        raise UsageError(
            f"the platform's version {'.'.join(map(str, version))} would not take this Deployment",
            "\n".join(missing),
            "correct the document that --base names",
        )


HIDDEN = {"dockerconfigjson", "sshKey", "pass"}


def shown(variables: Mapping[str, Any]) -> dict[str, Any]:
    """The variables for display: values of environment variables and keys are masked."""
    return {name: _shown(name, value) for name, value in variables.items()}


def _shown(name: str, value: Any) -> Any:
    if name in HIDDEN and value:
        return MASK
    if name == "environmentVariables":
        return [{**one, "value": MASK} for one in value or []]
    if isinstance(value, Mapping):
        return shown(value)
    return [_shown("", one) for one in value] if isinstance(value, list) else value


def hidden(variables: Any, name: str = "") -> Iterator[str]:
    """Every text that ``shown`` masks."""
    if name == "environmentVariables":
        yield from (str(one["value"]) for one in variables or [] if one.get("value"))
    elif isinstance(variables, Mapping):
        for key, value in variables.items():
            yield from hidden(value, name if name in HIDDEN else key)
    elif isinstance(variables, list):
        for one in variables:
            yield from hidden(one, name)
    elif name in HIDDEN and isinstance(variables, str):
        yield variables
