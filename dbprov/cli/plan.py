"""What a server lacks."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dbprov.cli import console, screens
from dbprov.cli.options import (
    OUTPUT,
    json_option,
    prune_option,
    summary_option,
    templates_option,
    timeouts_options,
    undo_option,
)
from dbprov.cli.output import (
    files,
    page,
    refuse_existing,
    refuse_summary_without_file,
    write,
)
from dbprov.cli.spec_options import SpecCommand, ask, with_spec

if TYPE_CHECKING:
    from dbprov.plan.plan import Plan
    from dbprov.spec.model import Spec, Timeouts


@click.command(cls=SpecCommand)
@with_spec
@prune_option
@click.option(
    "-o",
    "--output",
    type=OUTPUT,
    help="Write the SQL for review: a file; a folder where there are several Deployments.",
)
@summary_option
@undo_option
@json_option
@templates_option
@timeouts_options()
def plan(
    spec: Spec,
    output: str | None,
    summary: bool,
    undo: str | None,
    prune: bool,
    as_json: bool,
    templates: Path | None,
    timeouts: Timeouts,
) -> None:
    """Show what the server lacks. Exit code 1 if anything. With -o the SQL goes into a file for
    review, and apply --reviewed runs exactly that file. --summary: change.md beside change.sql.

    Example: dbprov plan deployment.yaml -o change.sql --undo undo.sql
    """
    from dbprov.commands.plan import plan_all
    from dbprov.commands.review import change, change_page, undo_text
    from dbprov.commands.servers import servers

    refuse_summary_without_file(summary, output, "a file or a folder: -o change.sql")
    changes, undo_files = files(spec, output), files(spec, undo)

    def show(planned: Plan) -> None:
        if not as_json:
            screens.show_plan(planned, err=output == "/dev/stdout")
        if planned.deployment in changes:
            path, sql = changes[planned.deployment], change(planned, opened[planned.deployment])
            _write(path, sql)
            if summary:
                _write(page(path), change_page(planned, sql))

    with servers(spec, ask, templates, timeouts) as opened:
        with screens.status("planning") as begun:
            plans = plan_all(spec, opened, prune=prune, report=show, begun=begun)
        refuse_existing(plans, undo_files)
        for one in plans:
            if one.deployment in undo_files and one.steps:
                _write(undo_files[one.deployment], undo_text(one, opened[one.deployment]))
    complete = all(one.complete for one in plans)
    if as_json:
        pages = {one: {"summary": str(page(changes[one]))} for one in changes if summary}
        documents = [one.as_json() | pages.get(one.deployment, {}) for one in plans]
        console.print_json({"complete": complete, "deployments": documents})
    sys.exit(0 if complete else 1)


def _write(path: Path, text: str) -> None:
    write(path, text, 0o644)
    console.say(f"wrote {path}")
