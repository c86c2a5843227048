"""A Deployment taken off its server."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dbprov.cli.output import confirm, print_json
from dbprov.flags import (
    ask,
    audit_option,
    json_option,
    never,
    spec_of,
    templates_option,
    timeouts_options,
)

if TYPE_CHECKING:
    from dbprov.audit import Journal
    from dbprov.commands import Departing
    from dbprov.deployments import Deployment, Spec, Timeouts


@click.command()
@click.argument("spec", type=click.Path())
@click.option("--deployment", "name", required=True, help="Which of the spec's Deployments.")
@click.option(
    "--quarantine", is_flag=True, help="Only shut its users out; dbprov apply lets them in again."
)
@click.option("--plan", "only_plan", is_flag=True, help="Only show what would be done.")
@click.option(
    "-y",
    "--yes",
    is_flag=True,
    help="Do not ask; anything that would have to be asked is an error.",
)
@audit_option
@json_option
@templates_option
@timeouts_options(lock=True)
@click.pass_context
def drop(
    ctx: click.Context,
    spec: str,
    name: str,
    quarantine: bool,
    only_plan: bool,
    yes: bool,
    journal: Journal | None,
    as_json: bool,
    templates: str | None,
    timeouts: Timeouts,
) -> None:
    """Shut a Deployment's users out, or take it off its server: shown first, then asked for.

    Example: dbprov drop deployment.yaml --deployment analytics --quarantine
    """
    from dbprov import commands, talk
    from dbprov.departure import Wish

    ctx.obj["json"] = as_json
    made = spec_of(spec, {}, asks=not yes)
    deployment = _named(made, name)
    wish = Wish(quarantine=quarantine)
    folder = Path(templates) if templates else None
    with commands.servers(
        made, never if yes else ask, folder, timeouts, journal=journal
    ) as servers:
        server = servers[deployment]
        planned = commands.departing(made, deployment, server, wish)
        talk.show_departing(planned, err=not only_plan or as_json)
        if only_plan:
            _end_plan(planned, as_json)
        commands.refuse_departure(planned)
        if planned.steps and not yes:
            confirm()
        departed = commands.depart(made, deployment, server, wish, report=talk.show_done)
    talk.show_recorded(journal)
    if as_json:
        print_json(departed.as_json())
    if departed.error:
        talk.show_error(departed.error)
        click.echo(
            "dbprov: what was done before stands; the same command goes on from there", err=True
        )
        sys.exit(2)
    if departed.left and departed.left.steps:
        talk.show_departing(departed.left, err=True)
    sys.exit(0 if departed.ok else 1)


def _end_plan(planned: Departing, as_json: bool) -> None:
    from dbprov import commands

    if as_json:
        print_json({"name": planned.deployment.name, **planned.as_json()})
        sys.exit(2 if commands.refused(planned) else 0 if planned.complete else 1)
    commands.refuse_departure(planned)
    sys.exit(0 if planned.complete else 1)


def _named(spec: Spec, name: str) -> Deployment:
    from dbprov.errors import UsageError

    for deployment in spec.deployments:
        if deployment.name == name:
            return deployment
    names = ", ".join(d.name for d in spec.deployments)
    raise UsageError(f"{spec.source} has no Deployment {name!r}", f"it has {names}", "name one")
