"""What a restored dump needs before the next upgrade of Airflow."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dbprov.cli import console
from dbprov.cli.options import (
    SpecCommand,
    ask,
    audit_option,
    json_option,
    never,
    object_option,
    templates_option,
    timeouts_options,
    with_spec,
)
from dbprov.cli.output import confirm, print_json

if TYPE_CHECKING:
    from dbprov.audit.log import Journal
    from dbprov.spec.model import Spec, Timeouts


@click.command(cls=SpecCommand)
@with_spec
@click.option(
    "--from",
    "owners",
    metavar="ROLE",
    multiple=True,
    help="What this role owns too, not only what the admin does; repeatable.",
)
@object_option
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@audit_option
@json_option
@templates_option
@timeouts_options(lock=True)
def adopt(
    spec: Spec,
    owners: tuple[str, ...],
    objects: tuple[str, ...],
    yes: bool,
    journal: Journal | None,
    as_json: bool,
    templates: Path | None,
    timeouts: Timeouts,
) -> None:
    """Give the tables of a restored dump to the users. And what else the admin owns in the
    Deployment's schemas; what other roles own only with --from.

    An upgrade of Airflow alters tables, and only their owner may. Shows the statements, and asks.
    What would run code with somebody else's rights is given only with --object.

    Example: dbprov adopt deployment.yaml
    """
    from dbprov.commands.adopt import adopt as adopt_plan
    from dbprov.commands.adopt import adoption, refuse_adoption, refuse_unknown
    from dbprov.commands.connect import servers as connect
    from dbprov.plan.change_owner import Consent

    consent = Consent(owners, objects)
    asked = never if yes else ask
    with connect(spec, asked, templates, timeouts, journal=journal) as servers:
        plans = [adoption(one, servers[one], consent) for one in spec.deployments]
        refuse_unknown(plans)
        for planned in plans:
            console.show_adoption(planned)
            refuse_adoption(planned)
        if any(planned.steps for planned in plans) and not yes:
            confirm()
        ended = []
        for planned in plans:
            one = planned.deployment
            ended.append(
                adopt_plan(
                    one,
                    servers[one],
                    planned,
                    report=console.show_done,
                    delayed=console.show_delay,
                )
            )
            if ended[-1].error:
                break
    console.show_recorded(journal)
    ok = all(one.ok for one in ended) and len(ended) == len(plans)
    if as_json:
        print_json({"ok": ok, "deployments": [one.as_json() for one in ended]})
    failed = next((one.error for one in ended if one.error), None)
    if failed:
        console.show_error(failed)
    sys.exit(2 if failed else 0 if ok else 1)
