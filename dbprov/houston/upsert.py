"""A Deployment, created or updated: find it, keep what an upsert would overwrite, send."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dbprov.errors import UsageError
from dbprov.frozen import dataclass
from dbprov.houston.api import Houston, HoustonError, Unanswered
from dbprov.houston.mutations import Request, request

VERSION = "query AppConfig { appConfig { version } }"
DEPLOYMENTS = """query Deployments($workspaceUuid: Uuid!) {
  workspaceDeployments(workspaceUuid: $workspaceUuid) { id label releaseName }
}"""
VARIABLES = """query Variables($deploymentUuid: Uuid!, $releaseName: String!) {
  deploymentVariables(deploymentUuid: $deploymentUuid, releaseName: $releaseName) {
    key value isSecret
  }
}"""


@dataclass(frozen=True)
class Prepared:
    """A request, what it does, and to whom it would go."""

    request: Request
    version: tuple[int, ...]
    known: Mapping[str, Any] | None


def prepare(houston: Houston, base: Mapping[str, Any]) -> Prepared:
    """Asks the platform; changes nothing."""
    version = version_of(houston)
    known = find(houston, base)
    if known:
        base = kept(houston, base, known)
    made = request(version, base, str(known["id"]) if known else None)
    return Prepared(made, version, known)


def send(houston: Houston, prepared: Prepared) -> dict[str, Any]:
    """The Deployment as the platform answers.

    An answer that got lost is looked for: what was created is found by its label.
    """
    made = prepared.request
    try:
        found: dict[str, Any] = houston.ask(made.document, made.variables, again=False)
    except Unanswered as error:
        if prepared.known or not (there := find(houston, made.variables)):
            raise
        raise Unanswered(
            error.what,
            f'{error.why}; a Deployment "{there["label"]}" is there now: {there["releaseName"]}',
            error.todo,
        ) from None
    answer: dict[str, Any] = found[made.mutation]
    return answer


def version_of(houston: Houston) -> tuple[int, ...]:
    said = str((houston.ask(VERSION, {}, again=True).get("appConfig") or {}).get("version") or "")
    numbers = re.match(r"v?(\d+)\.(\d+)(?:\.(\d+))?", said)
    if not numbers:
        raise HoustonError(
            f"{houston.url} does not say its version", said, "name it: --platform 0.37, 1.0 or 2.0"
        )
    return tuple(int(number) for number in numbers.groups() if number)


def find(houston: Houston, base: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The Deployment that the document means: by its id, its release name, or its label."""
    workspace = base.get("workspaceUuid")
    if not workspace:
        raise UsageError(
            "the document names no Workspace",
            "workspaceUuid is missing",
            'put "workspaceUuid" into the document that --base names',
        )
    asked = houston.ask(DEPLOYMENTS, {"workspaceUuid": workspace}, again=True)
    there: list[Mapping[str, Any]] = [o for o in asked.get("workspaceDeployments") or [] if o]
    for key, name in (("id", "deploymentUuid"), ("releaseName", "releaseName"), ("label", "label")):
        if base.get(name):
            same = [one for one in there if one.get(key) == base[name]]
            if len(same) > 1:
                raise UsageError(
                    f'{len(same)} Deployments of this Workspace have the label "{base[name]}"',
                    ", ".join(str(one["releaseName"]) for one in same),
                    'name one of them: "releaseName" in the document that --base names',
                )
            if same:
                return same[0]
            if key == "id":
                raise UsageError(
                    f"no Deployment {base[name]} is in this Workspace", "", "correct deploymentUuid"
                )
    return None


def kept(houston: Houston, base: Mapping[str, Any], known: Mapping[str, Any]) -> Mapping[str, Any]:
    """With the environment variables that an upsert would otherwise overwrite.

    What the document says of one wins. A secret's value is not given out by the platform, so the
    document must have it: sent without, it would be lost.
    """
    where = {"deploymentUuid": known["id"], "releaseName": known["releaseName"]}
    said = {one["key"]: one for one in base.get("environmentVariables") or []}
    try:
        answer = houston.ask(VARIABLES, where, again=True)
    except HoustonError as error:
        if "environmentVariables" in base:
            return base  # the document says all of them
        raise HoustonError(
            "the environment variables of the Deployment cannot be read",
            error.why,
            'an upsert overwrites them: put all of them into "environmentVariables" of --base'
            " ([] for none)",
        ) from None
    there = {one["key"]: one for one in answer.get("deploymentVariables") or []}
    lost = sorted(k for k, one in there.items() if one.get("isSecret") and k not in said)
    if lost:
        raise UsageError(
            "an upsert would overwrite secret environment variables",
            "the platform does not give out their values: " + ", ".join(lost),
            'put them with their values into "environmentVariables" of the document',
        )
    if not there and "environmentVariables" not in base:
        return base
    return {**base, "environmentVariables": list({**there, **said}.values())}
