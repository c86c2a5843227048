"""The Deployment on the platform, with the connections of the spec."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct, field

from dbprov.cli import console
from dbprov.cli.connections import documents_of
from dbprov.cli.houston_options import houston_options, token
from dbprov.cli.options import json_option
from dbprov.cli.output import confirm
from dbprov.cli.spec_options import SpecCommand, with_spec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dbprov.errors import DbprovError
    from dbprov.houston.api import Houston
    from dbprov.houston.health import Health
    from dbprov.houston.upsert import Prepared
    from dbprov.spec.model import Spec


class Sent(Struct):
    """What became of one Deployment."""

    name: str
    created: bool | None = None
    answer: dict[str, Any] = field(default_factory=dict)
    health: Health | None = None
    error: DbprovError | None = None

    def as_json(self) -> dict[str, Any]:
        made: dict[str, Any] = {"name": self.name}
        if self.created is not None:
            made |= {"created": self.created, "deployment": self.answer}
        if self.health:
            made |= {"ready": self.health.ready, "running": self.health.words}
        return made | ({"error": self.error.as_json()} if self.error else {})


@click.group()
def deployment() -> None:
    """Create or update Deployments on the platform.

    Example: dbprov deployment upsert deployment.yaml --houston URL --base deployment.json
    """


@deployment.command(cls=SpecCommand)
@partial(with_spec, exact=True)
@houston_options
@click.option(
    "--base",
    required=True,
    type=click.Path(),
    help="JSON: the variables of the mutation, without the connections. A folder: NAME.json for"
    " each Deployment.",
)
@click.option("--pgbouncer", is_flag=True, help="The Deployment has PgBouncer before PostgreSQL.")
@click.option(
    "--wait",
    "seconds",
    type=click.IntRange(1, 86400),
    metavar="SECONDS",
    help="Wait so long until Airflow answers that its database and scheduler are healthy.",
)
@click.option("--print", "only_print", is_flag=True, help="Show the request; send no mutation.")
@click.option("--reveal", is_flag=True, help="With --print: the secrets too.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_context
def upsert(
    ctx: click.Context,
    spec: Spec,
    url: str,
    houston_ca: str | None,
    timeout: float,
    base: str,
    pgbouncer: bool,
    seconds: int | None,
    only_print: bool,
    reveal: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Create the Deployments of the spec, or update them, with their connections.

    The token comes from DBPROV_HOUSTON_TOKEN. What the platform has of a Deployment's environment
    variables is sent again, since an upsert overwrites them. Nothing is sent where one of them
    would be refused; later an error ends its Deployment and no other.

    Example: dbprov deployment upsert deployment.yaml --houston URL --base deployment.json
    """
    from dbprov.houston.api import Houston
    from dbprov.houston.several import refuse_same, refuse_where_not_allowed

    secret = not only_print or reveal
    documents = documents_of(spec, base, pgbouncer=pgbouncer, shown=secret)
    with Houston(url, token(), houston_ca, timeout) as houston:
        prepared = _prepared(houston, documents)
        refuse_same(prepared)
        if only_print:
            _print(url, prepared, reveal)
            return
        for name in refuse_where_not_allowed(houston, prepared):
            console.say(f"note: {name}: the platform does not tell whether it takes connections")
        for name, one in prepared.items():
            _say(name, one)
        if not yes:
            confirm()
        sent = _sent(houston, prepared, as_json)
        if seconds:
            _wait(houston, [one for one in sent if not one.error], seconds)
    ctx.exit(_end(sent, as_json))


def _prepared(houston: Houston, documents: Mapping[str, Mapping[str, Any]]) -> dict[str, Prepared]:
    """All of them, before the first is sent. An error names its Deployment."""
    from dbprov.errors import DbprovError
    from dbprov.houston.upsert import prepare, version_of

    version = version_of(houston)
    made = {}
    for name, document in documents.items():
        try:
            made[name] = prepare(houston, document, version)
        except DbprovError as error:
            if len(documents) > 1:
                error.what = f"{name}: {error.what}"
            raise
    return made


def _sent(houston: Houston, prepared: Mapping[str, Prepared], as_json: bool) -> list[Sent]:
    """An error ends its Deployment; one that is not the platform's own answer ends the run."""
    from dbprov.errors import DbprovError
    from dbprov.houston.api import HoustonError, Refused
    from dbprov.houston.upsert import send

    made: list[Sent] = []
    down = False
    for name, one in prepared.items():
        result = Sent(name)
        made.append(result)
        if down:
            what = f"{name} was not sent"
            result.error = HoustonError(what, "the platform did not answer before", "send it again")
            continue
        try:
            result.answer = send(houston, one)
            result.created = one.known is None
        except DbprovError as error:
            result.error, down = error, not isinstance(error, Refused)
        if result.answer and not as_json:
            _say_done(result)
    return made


def _say_done(one: Sent) -> None:
    words = "created" if one.created else "updated"
    console.say(f"{words} {one.answer['releaseName']} ({one.answer['id']})", err=False)
    for url in one.answer.get("urls") or []:
        console.say(f"  {url.get('type')}: {url.get('url')}", err=False)


def _wait(houston: Houston, sent: Iterable[Sent], seconds: int) -> None:
    from dbprov.houston.api import HoustonError
    from dbprov.houston.health import address, wait

    def report(name: str, found: Health, after: float) -> None:
        state = "ready" if found.ready else "not ready"
        console.say(f"{name} is {state} after {after:.0f} s: {found.words}")

    waiting = {one.name: one for one in sent}
    if any(one.created is False for one in waiting.values()):
        console.say("note: after an update the former release may answer until it is replaced")
    found = wait(houston, {n: address(one.answer) for n, one in waiting.items()}, seconds, report)
    for name, one in waiting.items():
        one.health = found[name]
        if not one.health.ready:
            one.error = HoustonError(
                f"{name} was sent, and is not known to be ready ({seconds} s at most)",
                one.health.words,
                "look at its pods: kubectl get pods -A -l release=RELEASE; the platform goes on",
            )


def _end(sent: list[Sent], as_json: bool) -> int:
    """The exit code, after what there is to say."""
    failed = [one for one in sent if one.error]
    if as_json:
        document: dict[str, Any] = {"deployments": [one.as_json() for one in sent]}
        if len(sent) == 1:
            document |= {k: v for k, v in sent[0].as_json().items() if k != "name"}
        console.print_json(document)
    for one in failed:
        if one.error:
            if len(sent) > 1:
                console.say(f"{one.name} failed:")
            console.show_error(one.error)
    if failed and len(sent) > 1:
        again = " ".join(f"--deployment {one.name}" for one in failed)
        console.say(f"{len(sent) - len(failed)} of {len(sent)} are done; for the others: {again}")
    return 2 if failed else 0


def _print(url: str, prepared: Mapping[str, Prepared], reveal: bool) -> None:
    from dbprov.houston.mutations import shown

    requests = [
        {
            "name": name,
            "query": one.request.document,
            "variables": dict(one.request.variables) if reveal else shown(one.request.variables),
        }
        for name, one in prepared.items()
    ]
    if len(requests) > 1:
        console.print_json({"url": url, "requests": requests}, reveal=reveal)
        return
    [only] = requests
    document = {"url": url, "query": only["query"], "variables": only["variables"]}
    console.print_json(document, reveal=reveal)


def _say(name: str, prepared: Prepared) -> None:
    version = ".".join(map(str, prepared.version))
    known = prepared.known
    what = f'update "{known["label"]}" ({known["releaseName"]})' if known else "create it"
    console.say(f"{name}: the platform is {version}: {prepared.request.mutation} will {what}")
