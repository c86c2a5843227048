"""The plan, carried out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
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
    prune_option,
    templates_option,
    timeouts_options,
    undo_option,
    with_spec,
)
from dbprov.cli.output import confirm, files, keep_ways_back, print_json, write

if TYPE_CHECKING:
    from dbprov.audit.log import Journal
    from dbprov.commands.apply import Applied
    from dbprov.commands.plan import Planned
    from dbprov.server.server import Server
    from dbprov.spec.model import Deployment, Spec, Timeouts


@click.command(cls=SpecCommand)
@with_spec
@prune_option
@click.option(
    "-y",
    "--yes",
    is_flag=True,
    help="Do not ask; anything that would have to be asked is an error.",
)
@click.option(
    "--reviewed",
    type=click.Path(exists=True),
    help="Run exactly this file (or the folder) of plan -o, without a question, or nothing.",
)
@undo_option
@audit_option
@json_option
@templates_option
@timeouts_options(lock=True)
def apply(
    spec: Spec,
    prune: bool,
    yes: bool,
    reviewed: str | None,
    undo: str | None,
    journal: Journal | None,
    as_json: bool,
    templates: Path | None,
    timeouts: Timeouts,
) -> None:
    """Show the plan, ask, carry it out, and verify it as each user. With --reviewed nothing is
    asked: what was reviewed is what runs.

    Example: dbprov apply deployment.yaml --reviewed change.sql
    """
    from dbprov.commands.apply import Applied, ask_places
    from dbprov.commands.apply import apply as apply_plan
    from dbprov.commands.connect import servers as connect
    from dbprov.commands.plan import compare, refuse
    from dbprov.commands.review import insisting
    from dbprov.errors import DbprovError

    ended: list[Applied] = []
    with connect(spec, never if yes else ask, templates, timeouts, journal=journal) as servers:
        plans: list[Planned] = []
        for one in spec.deployments:
            plans.append(compare(one, servers[one], prune=prune, ahead=plans))
        reviewed_as = insisting(files(spec, reviewed), servers) if reviewed else {}
        ways = files(spec, undo)
        for planned in plans:
            if planned.deployment in reviewed_as:
                reviewed_as[planned.deployment](planned)
        for planned in plans:
            console.show_plan(planned, err=True)
            refuse(planned)
        keep_ways_back(plans, ways)
        if reviewed:
            console.say(f"this is what was reviewed in {reviewed}: nobody is asked")
        elif any(planned.steps for planned in plans) and not yes:
            confirm()
        for planned in plans:
            ask_places(planned)
        for planned in plans:
            if any(one.error for one in ended):
                ended.append(Applied(planned.deployment, planned))
                console.show_not_done(ended[-1])
                continue
            if len(plans) > 1:
                console.show_name(planned.deployment, err=True)
            try:
                with _way_back(ways, planned, servers[planned.deployment]) as kept:
                    ended.append(
                        apply_plan(
                            planned.deployment,
                            servers[planned.deployment],
                            planned,
                            report=console.show_done,
                            check=console.show_check,
                            delayed=console.show_delay,
                            agreed=not yes,
                            insist=reviewed_as.get(planned.deployment),
                        )
                    )
                    kept(ended[-1])
            except DbprovError as error:  # refused, after others were carried out: that is told
                if not any(one.done for one in ended):
                    raise
                ended.append(Applied(planned.deployment, planned, error=error))
            console.show_left(ended[-1])
            console.show_not_done(ended[-1])
    console.show_recorded(journal)
    if as_json:
        print_json({"ok": all(a.ok for a in ended), "deployments": [a.as_json() for a in ended]})
    failed = next((a.error for a in ended if a.error), None)
    if failed:
        console.show_error(failed)
        words = "what was done before stands; the same command goes on from there"
        console.say(f"dbprov: {words}")
        sys.exit(2)
    if all(a.ok for a in ended):
        console.say(f"ready. The connection strings: dbprov connections {_again(spec)} --reveal")
    sys.exit(0 if all(a.ok for a in ended) else 1)


@contextmanager
def _way_back(
    ways: Mapping[Deployment, Path], planned: Planned, server: Server
) -> Iterator[Callable[[Applied], None]]:
    """Of the whole plan, written before anything is done: whatever ends the run, it is there.

    Where the run ended well it is written again, of what was done: others may have done a part.
    """
    from dbprov.commands.review import way_back
    from dbprov.errors import DbprovError

    way = ways.get(planned.deployment)
    if way is None or not planned.steps:
        yield lambda applied: None
        return

    def keep(applied: Applied) -> None:
        if not applied.error:
            steps = [done.step for done in applied.done]
            write(way, way_back(planned, server, steps), 0o644)

    write(way, way_back(planned, server), 0o644)
    try:
        yield keep
    except DbprovError:  # refused, with nothing changed
        way.unlink(missing_ok=True)
        raise
    console.say(f"wrote {way}")


def _again(spec: Spec) -> str:
    return spec.source if spec.source != "flags" else "(the same flags)"
