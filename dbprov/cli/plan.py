"""What a server lacks."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dbprov.cli.output import print_json
from dbprov.flags import (
    ask,
    json_option,
    prune_option,
    templates_option,
    timeouts_options,
    with_spec,
)

if TYPE_CHECKING:
    from dbprov.deployments import Spec, Timeouts


@click.command()
@with_spec
@prune_option
@json_option
@templates_option
@timeouts_options()
def plan(
    spec: Spec, prune: bool, as_json: bool, templates: Path | None, timeouts: Timeouts
) -> None:
    """Show what the server lacks. Exit code 1 if anything.

    Example: dbprov plan deployment.yaml
    """
    from dbprov import commands, talk

    planned = []
    with commands.servers(spec, ask, templates, timeouts) as servers:
        for deployment in spec.deployments:
            planned.append(commands.compare(deployment, servers[deployment], prune=prune))
            if not as_json:
                talk.show_plan(planned[-1], err=False)
    if as_json:
        print_json(
            {
                "complete": all(p.complete for p in planned),
                "deployments": [p.as_json() for p in planned],
            }
        )
    sys.exit(0 if all(p.complete for p in planned) else 1)
