"""What a restored dump needs before the next upgrade of Airflow."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dbprov.cli import screens
from dbprov.cli.options import (
    audit_option,
    json_option,
    object_option,
    templates_option,
    timeouts_options,
)
from dbprov.cli.output import confirm, exit_code, show_end
from dbprov.cli.spec_options import SpecCommand, ask, never, with_spec

if TYPE_CHECKING:
    from dbprov.audit.log import AuditLog
    from dbprov.spec.model import Spec, Timeouts


@click.command(cls=SpecCommand)
@partial(with_spec, exact=True)
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
    journal: AuditLog | None,
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
    from dbprov.commands.adopt import adopt_all, plan_adoptions
    from dbprov.commands.servers import servers
    from dbprov.plan.change_owner import Consent

    with servers(spec, never if yes else ask, templates, timeouts, journal=journal) as opened:
        plans = plan_adoptions(spec, opened, Consent(owners, objects), screens.show_adoption)
        if any(planned.steps for planned in plans) and not yes:
            confirm()
        runs = list(adopt_all(plans, opened, report=screens.show_done, delayed=screens.show_delay))
    ok = all(run.ok for run in runs) and len(runs) == len(plans)
    document = {"ok": ok, "deployments": [run.as_json() for run in runs]}
    show_end(runs, journal, document if as_json else None)
    sys.exit(exit_code(runs))
