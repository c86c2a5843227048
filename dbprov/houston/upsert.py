"""A Deployment, created or updated: find it, keep what an upsert would overwrite, send."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from msgspec import Struct

from dbprov.errors import DbprovError, UsageError
from dbprov.houston.api import Houston, HoustonError, Unanswered
from dbprov.houston.cluster import objects
from dbprov.houston.mutations import FIELDS, Request, hidden, request
from dbprov.system.masking import MASKS, outside

VERSION = "query AppConfig { appConfig { version } }"
DEPLOYMENTS = """query Deployments($workspaceUuid: Uuid!) {
  workspaceDeployments(workspaceUuid: $workspaceUuid) { id label releaseName }
}"""
VARIABLES = """query Variables($deploymentUuid: Uuid!, $releaseName: String!) {
  deploymentVariables(deploymentUuid: $deploymentUuid, releaseName: $releaseName) {
    key value isSecret
  }
}"""


class Prepared(Struct, frozen=True):
    """A request, and the platform and Deployment that it is for."""

    request: Request
    version: tuple[int, ...]
    known: Mapping[str, Any] | None


def prepare(
    houston: Houston, base: Mapping[str, Any], version: tuple[int, ...] | None = None
) -> Prepared:
    """Queries the platform; changes nothing."""
    _refuse_odd_variables(base)
    version = version or version_of(houston)
    known = find(houston, base)
    if known:
        base = with_variables(houston, base, known)
    for value in hidden(base):  # the platform's messages may repeat what was sent
        MASKS.know(value, anywhere=False)
    made = request(version, base, str(known["id"]) if known else None)
    return Prepared(made, version, known)


def send(houston: Houston, prepared: Prepared) -> dict[str, Any]:
    """The Deployment as the platform returns it.

    Where the answer is lost, the created Deployment is looked for by its label.
    """
    made = prepared.request
    try:
        found: dict[str, Any] = houston.ask(made.document, made.variables, again=False)
    except Unanswered as error:
        existing = None
        with suppress(DbprovError):  # the error to report is the lost answer
            existing = None if prepared.known else find(houston, made.variables)
        if not existing:
            raise
        label, release = existing["label"], existing["releaseName"]
        why = f'{error.why}; a Deployment "{label}" is there now: {release}'
        raise Unanswered(error.what, why, error.todo) from None
    answer = houston.typed(found.get(made.mutation), dict, made.mutation, False)
    for name in ("id", "releaseName"):
        houston.typed(answer.get(name), str, f"{name} of {made.mutation}", False)
    urls = answer.get("urls")
    for one in [] if urls is None else houston.typed(urls, list, "urls", False):
        houston.typed(one, dict, "one of urls", False)
    return {name: answer[name] for name in FIELDS if name in answer}


def version_of(houston: Houston) -> tuple[int, ...]:
    config = houston.ask(VERSION, {}, again=True).get("appConfig")
    version = "" if config is None else str(houston.typed(config, dict, "appConfig").get("version"))
    numbers = re.match(r"v?(\d{1,6})\.(\d{1,6})(?:\.(\d{1,6}))?", version)
    if not numbers:
        raise HoustonError(
            f"{houston.url} does not say its version",
            outside(version[:200]),
            "name it: --platform 0.37, 1.0 or 2.0",
        )
    return tuple(int(number) for number in numbers.groups() if number)


def find(houston: Houston, base: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The existing Deployment: by the document's id, release name, or label."""
    workspace = base.get("workspaceUuid")
    if not workspace:
        raise UsageError(
            "the document names no Workspace",
            "workspaceUuid is missing",
            'put "workspaceUuid" into the document that --base names',
        )
    answer = houston.ask(DEPLOYMENTS, {"workspaceUuid": workspace}, again=True)
    existing = objects(houston, answer, "workspaceDeployments")
    for key, name in (("id", "deploymentUuid"), ("releaseName", "releaseName"), ("label", "label")):
        if base.get(name):
            same = [one for one in existing if one.get(key) == base[name]]
            if len(same) > 1:
                raise UsageError(
                    f'{len(same)} Deployments of this Workspace have the label "{base[name]}"',
                    ", ".join(str(one.get("releaseName")) for one in same),
                    'name one of them: "releaseName" in the document that --base names',
                )
            for one in same:
                for field in ("id", "label", "releaseName"):
                    houston.typed(one.get(field), str, f"{field} of a Deployment")
                return one
            if key == "id":
                raise UsageError(
                    f"no Deployment {base[name]} is in this Workspace", "", "correct deploymentUuid"
                )
    return None


def _refuse_odd_variables(base: Mapping[str, Any]) -> None:
    variables = base.get("environmentVariables")
    if variables is not None and not (
        isinstance(variables, list)
        and all(isinstance(one, dict) and isinstance(one.get("key"), str) for one in variables)
    ):
        raise UsageError(
            "the document's environmentVariables cannot be sent",
            "they are no list of objects with a key each",
            '"environmentVariables": [{"key": "NAME", "value": "VALUE", "isSecret": false}]',
        )


def with_variables(
    houston: Houston, base: Mapping[str, Any], known: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The document with the existing environment variables, which an upsert would overwrite.

    Variables of the document take precedence. The platform does not return secret values, so the
    document must have them.
    """
    where = {"deploymentUuid": known["id"], "releaseName": known["releaseName"]}
    variables = {one["key"]: one for one in base.get("environmentVariables") or []}
    try:
        answer = houston.ask(VARIABLES, where, again=True)
    except HoustonError as error:
        if "environmentVariables" in base:
            return base  # the document has all of them
        raise HoustonError(
            "the environment variables of the Deployment cannot be read",
            error.why,
            'an upsert overwrites them: put all of them into "environmentVariables" of --base'
            " ([] for none)",
        ) from None
    found = objects(houston, answer, "deploymentVariables")
    existing = {houston.typed(one.get("key"), str, "the key of a variable"): one for one in found}
    lost = sorted(k for k, one in existing.items() if one.get("isSecret") and k not in variables)
    if lost:
        raise UsageError(
            "an upsert would overwrite secret environment variables",
            "the platform does not give out their values: " + ", ".join(lost),
            'put them with their values into "environmentVariables" of the document',
        )
    if not existing and "environmentVariables" not in base:
        return base
    return {**base, "environmentVariables": list({**existing, **variables}.values())}
