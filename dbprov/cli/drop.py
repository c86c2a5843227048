"""A Deployment taken off its server."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dbprov.cli import console, screens
from dbprov.cli.options import (
    audit_option,
    json_option,
    object_option,
    templates_option,
    timeouts_options,
)
from dbprov.cli.output import confirm, exit_code, show_end
from dbprov.cli.spec_options import ask, never, only, spec_of

if TYPE_CHECKING:
    from dbprov.audit.log import AuditLog
    from dbprov.plan.plan import Plan
    from dbprov.spec.model import Deployment, Timeouts


@click.command()
@click.argument("spec", type=click.Path())
@click.option("--deployment", "name", required=True, help="Which of the spec's Deployments.")
@click.option(
    "--quarantine", is_flag=True, help="Only shut its users out; dbprov apply lets them in again."
)
@click.option("--database", is_flag=True, help="The database too, with all that is in it.")
@click.option("--yes-drop", metavar="NAME", help="Instead of typing the name of the database.")
@click.option("--reassign-to", metavar="ROLE", help="PostgreSQL: who gets what its users own.")
@object_option
@click.option("--forget", is_flag=True, help="Its passwords too, once the users are gone.")
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
    database: bool,
    yes_drop: str | None,
    reassign_to: str | None,
    objects: tuple[str, ...],
    forget: bool,
    only_plan: bool,
    yes: bool,
    journal: AuditLog | None,
    as_json: bool,
    templates: str | None,
    timeouts: Timeouts,
) -> None:
    """Shut a Deployment's users out, or take it off its server. Shown first, then asked for.

    Example: dbprov drop deployment.yaml --deployment analytics --quarantine
    """
    from dbprov.commands.drop import drop, forget_passwords, plan_drop
    from dbprov.commands.servers import servers
    from dbprov.plan.drop_survey import DropOptions

    ctx.obj["json"] = as_json
    made = spec_of(spec, {}, asks=not yes)
    made = only(made, [name], exact=True)
    [deployment] = made.deployments
    _fits(quarantine, database, yes_drop, reassign_to, objects, forget, deployment)
    options = DropOptions(quarantine, database, reassign_to, objects)
    folder = Path(templates) if templates else None
    with servers(made, never if yes else ask, folder, timeouts, journal=journal) as opened:
        server = opened[deployment]
        planned = plan_drop(made, deployment, server, options)
        screens.show_drop(planned, err=not only_plan or as_json)
        if only_plan:
            _end_plan(planned, as_json)
        planned.refuse()
        if planned.steps:
            _confirm(planned, yes, yes_drop)
        run = drop(
            made,
            deployment,
            server,
            options,
            planned,
            report=screens.show_done,
            delayed=screens.show_delay,
            agreed=not yes,
        )
    passwords = list(forget_passwords(run)) if forget else []
    for words in passwords:
        console.say(f"  {words}")
    document = {**run.as_json(), "passwords": passwords}
    show_end([run], journal, document if as_json else None)
    if run.error:
        console.say("dbprov: what was done before stands; the same command goes on from there")
    elif run.left and run.left.steps:
        screens.show_drop(run.left, err=True)
    sys.exit(exit_code([run]))


def _fits(
    quarantine: bool,
    database: bool,
    yes_drop: str | None,
    reassign_to: str | None,
    objects: tuple[str, ...],
    forget: bool,
    deployment: Deployment,
) -> None:
    from dbprov.errors import UsageError

    if objects and not reassign_to:
        raise UsageError(
            "--object says what goes to another role although it executes",
            "no role is named that gets it",
            "--reassign-to ROLE",
        )
    if quarantine and (database or reassign_to or forget):
        raise UsageError(
            "--quarantine takes nothing away",
            "--database, --reassign-to and --forget do",
            "quarantine first; when nobody has missed anything, drop",
        )
    if database and reassign_to:
        raise UsageError(
            "--reassign-to and --database contradict each other",
            "what is in the database goes with it",
            "say one of them",
        )
    if yes_drop is not None and (not database or yes_drop != deployment.database):
        raise UsageError(
            f"--yes-drop {yes_drop} is not --database of {deployment.name}",
            f"that is {deployment.database}" if database else "--database is not given",
            "nothing was changed: see that it is the right Deployment",
        )


def _confirm(planned: Plan, yes: bool, yes_drop: str | None) -> None:
    """A database goes only where its name was typed."""
    from dbprov.errors import UsageError

    name = planned.deployment.database
    drops = any(s.verb == "drop" and s.item.kind == "database" for s in planned.steps)
    if drops and yes_drop is None:
        if yes or not sys.stdin.isatty():
            raise UsageError(
                f'database "{name}" is not dropped; nothing was changed',
                "nobody can be asked to type its name",
                f"read the plan, then run it with --yes --yes-drop {name}",
            )
        if console.prompt("Type the name of the database that is dropped") != name:
            raise UsageError("nothing was changed", f'that is not "{name}"')
    elif not yes:
        confirm()


def _end_plan(planned: Plan, as_json: bool) -> None:
    if as_json:
        console.print_json(planned.as_json())
        sys.exit(2 if planned.refusal() else 0 if planned.complete else 1)
    planned.refuse()
    sys.exit(0 if planned.complete else 1)
