"""A cluster's Configuration Override: what it has, one setting more, and whether that took effect.

The documents of GraphQL are those of the platform's public clients and tests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

from msgspec import Struct

from dbprov.errors import UsageError
from dbprov.houston.api import Houston, HoustonError, Refused, Unanswered
from dbprov.houston.switch import differing, leaves, path, platform_of, said, turned_on
from dbprov.system.masking import LEAST, MASKS

CLUSTERS = "query Clusters { paginatedClusters { clusters { id name } } }"
CLUSTER = "query Cluster($id: Uuid!) { cluster(id: $id) { id name configOverride } }"
UPDATE = """mutation updateCluster($id: Uuid!, $deploymentsConfigOverride: JSON) {
  updateCluster(id: $id, deploymentsConfigOverride: $deploymentsConfigOverride) { id }
}"""
WORKSPACES = "query Workspaces { sysWorkspaces { id } }"
DEPLOYMENTS = """query Deployments($workspaceUuid: Uuid!) {
  workspaceDeployments(workspaceUuid: $workspaceUuid) { id label clusterId }
}"""
EFFECTIVE = "query Effective($id: String!) { deployment(where: {id: $id}) { id effectiveConfig } }"
MOST_WORKSPACES = 100  # that are asked for a Deployment of the cluster
BY_ID = "name it: --cluster ID (System Admin, Clusters, your cluster: the id is in its address)"


class Cluster(Struct, frozen=True):
    """A cluster, and what its Configuration Override holds below ``deployments``."""

    id: str
    name: str
    settings: Mapping[str, Any]


class Seen(Struct, frozen=True):
    """What a Deployment of the cluster has in its effectiveConfig; ``on`` None: not known."""

    deployment: str | None
    on: bool | None
    why: str = ""


def only_cluster(houston: Houston) -> str:
    """The id of the one cluster. Raises UsageError where there are several, or none."""
    try:
        answer = houston.ask(CLUSTERS, {}, again=True)
    except Refused as error:
        raise HoustonError("the clusters cannot be listed", error.why, BY_ID) from None
    page = houston.typed(answer.get("paginatedClusters"), dict, "paginatedClusters")
    found = [_named(houston, one) for one in houston.typed(page.get("clusters"), list, "clusters")]
    if len(found) != 1:
        raise UsageError(
            f"the platform has {len(found)} clusters",
            "\n".join(f"{one}: {name}" for one, name in found[:50]),
            BY_ID,
        )
    return found[0][0]


def _named(houston: Houston, found: Any) -> tuple[str, str]:
    one = houston.typed(found, dict, "a cluster")
    name = one.get("name")
    known = "" if name is None else houston.typed(name, str, "the name of a cluster")
    return houston.typed(one.get("id"), str, "the id of a cluster"), known


def cluster_of(houston: Houston, wanted: str) -> Cluster:
    """As it is now. Its values may be secrets: none is shown, and none is told by an error."""
    found = find_cluster(houston, wanted)
    if found is None:
        raise UsageError(f"the platform has no cluster {wanted}", "", BY_ID)
    return found


def find_cluster(houston: Houston, wanted: str) -> Cluster | None:
    answer = houston.ask(CLUSTER, {"id": wanted}, again=True)
    if answer.get("cluster") is None:
        return None
    found = houston.typed(answer["cluster"], dict, "cluster")
    known, name = _named(houston, found)
    if known != wanted:
        what = f"cluster {wanted} was asked for, and it told of {known}"
        raise houston.unexpected(what, "", True)
    override = found.get("configOverride")
    override = {} if override is None else houston.typed(override, dict, "configOverride")
    settings = override.get("deployments")
    settings = {} if settings is None else houston.typed(settings, dict, "its deployments")
    for value in _values(houston, settings):
        if isinstance(value, str) and len(value) >= LEAST:
            MASKS.know(value, anywhere=False)  # the platform's errors repeat what was sent
    return Cluster(known, name, settings)


def _values(houston: Houston, settings: Mapping[str, Any]) -> Iterator[Any]:
    """Raises HoustonError for what could not be sent again as it is."""
    try:
        for at, value in leaves(settings):
            if isinstance(value, float) and not isfinite(value):
                raise houston.unexpected(f"{at} of configOverride is no number of JSON", "", True)
            yield value
    except RecursionError:
        raise houston.unexpected("configOverride has too many levels", "", True) from None


def enable(houston: Houston, version: tuple[int, ...], shown: Cluster) -> None:
    """Sends the whole Override with the setting in it, and reads it again.

    The platform replaces what it has by what it is given (A.3). ``shown`` is what was agreed to:
    where the cluster has something else by now, nothing is sent. Raises HoustonError.
    """
    what = f"the Configuration Override of cluster {shown.id}"
    if list(differing(cluster_of(houston, shown.id).settings, shown.settings)):
        raise HoustonError(
            f"{what} was changed meanwhile; nothing was sent",
            "it is not what was shown any more",
            "run the same command again, and read what it shows",
        )
    wanted = turned_on(shown.settings, platform_of(version))
    lost = ""
    try:
        sent = {"id": shown.id, "deploymentsConfigOverride": wanted}
        houston.ask(UPDATE, sent, again=False)
    except Unanswered as error:  # it may have been carried out: what is read now says so
        lost = f"{error.what}: {error.why}"
    different = list(differing(cluster_of(houston, shown.id).settings, wanted))
    if different:
        raise HoustonError(
            f"{what} is not what was sent",
            "\n".join([*([lost] if lost else []), "it differs in", *different[:20]]),
            "compare it with what it should be (Clusters, your cluster, Edit), and run the same"
            " command again",
        )


def seen(houston: Houston, version: tuple[int, ...], cluster: Cluster) -> Seen:
    """Whether the setting is in force for a Deployment of this cluster."""
    try:
        known = _deployment_of(houston, cluster.id)
        if known is None:
            return Seen(None, None, "no Deployment that could be asked is on this cluster")
        label = houston.typed(known.get("label"), str, "label of a Deployment")
        wanted = houston.typed(known.get("id"), str, "id of a Deployment")
        on = effective(houston, version, wanted)
        return Seen(label, on, "" if on is not None else f"that of {label} does not say it")
    except Refused as error:
        return Seen(None, None, error.why)


def _deployment_of(houston: Houston, cluster: str) -> Mapping[str, Any] | None:
    spaces = objects(houston, houston.ask(WORKSPACES, {}, again=True), "sysWorkspaces")
    for space in spaces[:MOST_WORKSPACES]:
        one = houston.typed(space.get("id"), str, "id of a Workspace")
        answer = houston.ask(DEPLOYMENTS, {"workspaceUuid": one}, again=True)
        for known in objects(houston, answer, "workspaceDeployments"):
            if known.get("clusterId") == cluster:
                return known
    return None


def effective(houston: Houston, version: tuple[int, ...], deployment: str) -> bool | None:
    """What the Deployment has, of all that say it; None where the platform does not tell."""
    answer = houston.ask(EFFECTIVE, {"id": deployment}, again=True)
    found = answer.get("deployment")
    config = (
        None if found is None else houston.typed(found, dict, "deployment").get("effectiveConfig")
    )
    if config is None:
        return None
    config = houston.typed(config, dict, "effectiveConfig")
    inner = config.get("deployments")
    platform = platform_of(version)
    on = said(inner if isinstance(inner, dict) else config, platform)
    return None if on is None else on is True


def allows(
    houston: Houston, version: tuple[int, ...], cluster: str | None, deployment: str | None
) -> bool | None:
    """Does the platform take connection strings for this Deployment? None where it does not tell.

    A Deployment that exists says what is in force; else the cluster's Override says it, or nothing:
    a cluster can have it from its first installation. Whoever may not ask is not told either.
    """
    if version < (1,):
        return None
    try:
        on = effective(houston, version, deployment) if deployment else None
        if on is not None:
            return on
    except Refused:
        pass  # 1.x has no effectiveConfig
    try:
        found = find_cluster(houston, cluster) if cluster else None
    except Refused:
        return None
    on = said(found.settings, platform_of(version)) if found else None
    return None if on is None else on is True


def setting(version: tuple[int, ...]) -> str:
    return ".".join(path(platform_of(version)))


def objects(houston: Houston, answer: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """A list of objects, without nulls; empty for null."""
    found = answer.get(name)
    listed = [] if found is None else houston.typed(found, list, name)
    return [houston.typed(one, dict, f"one of {name}") for one in listed if one is not None]
