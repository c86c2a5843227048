"""What a server lacks."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dbprov.cli import console
from dbprov.cli.options import (
    SpecCommand,
    ask,
    json_option,
    prune_option,
    templates_option,
    timeouts_options,
    undo_option,
    with_spec,
)
from dbprov.cli.output import files, keep_ways_back, print_json, write

if TYPE_CHECKING:
    from dbprov.commands.plan import Planned
    from dbprov.spec.model import Spec, Timeouts


@click.command(cls=SpecCommand)
@with_spec
@prune_option
@click.option(
    "-o",
    "--output",
    type=click.Path(),
    help="Write the SQL for review: a file; a folder where there are several Deployments.",
)
@undo_option
@json_option
@templates_option
@timeouts_options()
def plan(
    spec: Spec,
    output: str | None,
    undo: str | None,
    prune: bool,
    as_json: bool,
    templates: Path | None,
    timeouts: Timeouts,
) -> None:
    """Show what the server lacks. Exit code 1 if anything. With -o the SQL goes into a file for
    review, and apply --reviewed runs exactly that file.

    Example: dbprov plan deployment.yaml -o change.sql --undo undo.sql
    """
    from dbprov.commands.connect import servers as connect
    from dbprov.commands.plan import compare
    from dbprov.commands.review import change, way_back

    planned: list[Planned] = []
    changes, ways = files(spec, output), files(spec, undo)
    with connect(spec, ask, templates, timeouts) as servers:
        for deployment in spec.deployments:
            planned.append(compare(deployment, servers[deployment], prune=prune, ahead=planned))
            if not as_json:
                console.show_plan(planned[-1], err=False)
            if deployment in changes:
                text = change(planned[-1], servers[deployment])
                write(changes[deployment], text, 0o644)
                console.say(f"wrote {changes[deployment]}")
        keep_ways_back(planned, ways)
        for one in planned:
            if one.deployment in ways and one.steps:
                text = way_back(one, servers[one.deployment])
                write(ways[one.deployment], text, 0o644)
                console.say(f"wrote {ways[one.deployment]}")
    if as_json:
        print_json(
            {
                "complete": all(p.complete for p in planned),
                "deployments": [p.as_json() for p in planned],
            }
        )
    sys.exit(0 if all(p.complete for p in planned) else 1)
