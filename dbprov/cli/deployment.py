"""The Deployment on the platform, with the connections of the spec."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from dbprov.cli import console
from dbprov.cli.connections import document_of
from dbprov.cli.houston_options import houston_options, token
from dbprov.cli.options import json_option
from dbprov.cli.output import confirm
from dbprov.cli.spec_options import SpecCommand, with_spec

if TYPE_CHECKING:
    from dbprov.houston.upsert import Prepared
    from dbprov.spec.model import Spec


@click.group()
def deployment() -> None:
    """Create or update the Deployment on the platform.

    Example: dbprov deployment upsert deployment.yaml --houston URL --base deployment.json
    """


@deployment.command(cls=SpecCommand)
@partial(with_spec, exact=True)
@houston_options
@click.option(
    "--base",
    required=True,
    type=click.Path(dir_okay=False),
    help="JSON: the variables of the mutation, without the connections.",
)
@click.option("--pgbouncer", is_flag=True, help="The Deployment has PgBouncer before PostgreSQL.")
@click.option("--print", "only_print", is_flag=True, help="Show the request; send no mutation.")
@click.option("--reveal", is_flag=True, help="With --print: the secrets too.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@json_option
def upsert(
    spec: Spec,
    url: str,
    base: str,
    pgbouncer: bool,
    houston_ca: str | None,
    timeout: float,
    only_print: bool,
    reveal: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Create the Deployment, or update it, with the connections of the spec's one Deployment.

    The token comes from DBPROV_HOUSTON_TOKEN. What the platform has of the Deployment's environment
    variables is sent again, since an upsert overwrites them.

    Example: dbprov deployment upsert deployment.yaml --houston URL --base deployment.json
    """
    from dbprov.houston.api import Houston
    from dbprov.houston.upsert import prepare, send

    secret = not only_print or reveal
    variables = document_of(spec, base, pgbouncer=pgbouncer, shown=secret)
    with Houston(url, token(), houston_ca, timeout) as houston:
        prepared = prepare(houston, variables)
        if only_print:
            _print(url, prepared, reveal)
            return
        _say(prepared)
        if not yes:
            confirm()
        answer = send(houston, prepared)
    created = prepared.known is None
    if as_json:
        console.print_json({"created": created, "deployment": answer})
        return
    console.say(
        f"{'created' if created else 'updated'} {answer['releaseName']} ({answer['id']})", err=False
    )
    for one in answer.get("urls") or []:
        console.say(f"  {one.get('type')}: {one.get('url')}", err=False)


def _print(url: str, prepared: Prepared, reveal: bool) -> None:
    from dbprov.houston.mutations import shown

    made = prepared.request
    variables = dict(made.variables) if reveal else shown(made.variables)
    console.print_json({"url": url, "query": made.document, "variables": variables}, reveal=reveal)


def _say(prepared: Prepared) -> None:
    version = ".".join(map(str, prepared.version))
    known = prepared.known
    what = f'update "{known["label"]}" ({known["releaseName"]})' if known else "create it"
    console.say(f"the platform is {version}: {prepared.request.mutation} will {what}")
