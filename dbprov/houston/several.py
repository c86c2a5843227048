"""Several Deployments in one run: their documents, and what is refused before any is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dbprov.errors import UsageError
from dbprov.houston.api import Houston
from dbprov.houston.cluster import allows, setting
from dbprov.houston.upsert import Prepared

OWN = ("label", "releaseName", "deploymentUuid", "namespace")
"""What only one Deployment can have."""


def for_each(base: Mapping[str, Any], names: list[str], source: str) -> dict[str, dict[str, Any]]:
    """The document of each, where one stands for all of them. Raises UsageError."""
    own = [f'"{key}"' for key in OWN if base.get(key)]
    if own and len(names) > 1:
        raise UsageError(
            f"{source} is for {len(names)} Deployments, and names one of them",
            ", ".join(own),
            "leave that out (the label is then the name in the spec), take one Deployment"
            " (--deployment NAME), or name a folder with a NAME.json for each",
        )
    return {name: labelled(base, name) for name in names}


def labelled(base: Mapping[str, Any], name: str) -> dict[str, Any]:
    """With the spec's name as the label, where the document says nothing of which one it is.

    Never beside an id or a release name: a label would rename the Deployment that has it.
    """
    said = any(base.get(key) for key in ("label", "releaseName", "deploymentUuid"))
    return dict(base) if said else {**base, "label": name}


def refuse_same(prepared: Mapping[str, Prepared]) -> None:
    """Raises UsageError where two of the spec are one Deployment on the platform."""
    found: dict[tuple[Any, ...], str] = {}
    for name, one in prepared.items():
        sent = one.request.variables
        keys: list[tuple[Any, ...]] = [("id", one.known["id"])] if one.known else []
        if not one.known:
            keys = [
                (key, sent.get("workspaceUuid"), sent[key])
                for key in ("label", "releaseName")
                if sent.get(key)
            ]
        for key in keys:
            if key in found:
                raise UsageError(
                    f"{found[key]} and {name} would be one Deployment on the platform",
                    f"the documents of both have {key[0]} {key[-1]}",
                    "give each its own, or leave one of them out: --deployment NAME",
                )
            found[key] = name


def refuse_where_not_allowed(houston: Houston, prepared: Mapping[str, Prepared]) -> list[str]:
    """Those of which the platform does not tell. Raises UsageError with all that it would refuse.

    A cluster is asked once for all new Deployments on it.
    """
    answers: dict[tuple[str | None, str | None], bool | None] = {}
    refused, unknown = {}, []
    for name, one in prepared.items():
        cluster = one.request.variables.get("clusterId")
        asked = cluster, str(one.known["id"]) if one.known else None
        if asked not in answers:
            answers[asked] = allows(houston, one.version, *asked)
        if answers[asked] is False:
            refused[name] = cluster
        elif answers[asked] is None and one.version >= (1,):
            unknown.append(name)
    if refused:
        version = next(iter(prepared.values())).version
        lines = [
            f"{name}: on cluster {cluster}" if cluster else name
            for name, cluster in refused.items()
        ]
        raise UsageError(
            f"the platform has {setting(version)} off, and would refuse connections",
            "\n".join(lines),
            "dbprov platform enable --houston URL --cluster ID; where that is on, the Workspace or"
            " the Deployment has it off",
        )
    return unknown
