"""The plan, carried out."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dbprov.cli import console, screens
from dbprov.cli.options import (
    audit_option,
    json_option,
    proof_option,
    prune_option,
    templates_option,
    timeouts_options,
    undo_option,
)
from dbprov.cli.output import confirm, exit_code, files, refuse_existing, show_end, write
from dbprov.cli.spec_options import SpecCommand, ask, never, with_spec

if TYPE_CHECKING:
    from dbprov.audit.log import AuditLog
    from dbprov.commands.run import Run
    from dbprov.plan.plan import Plan
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
@click.option("--fail-fast", is_flag=True, help="Begin no other Deployment after one that failed.")
@undo_option
@audit_option
@proof_option
@json_option
@templates_option
@timeouts_options(lock=True)
def apply(
    spec: Spec,
    prune: bool,
    yes: bool,
    reviewed: str | None,
    fail_fast: bool,
    undo: str | None,
    journal: AuditLog | None,
    require_proof: bool,
    as_json: bool,
    templates: Path | None,
    timeouts: Timeouts,
) -> None:
    """Show the plan, ask, carry it out, and verify it as each user. With --reviewed nothing is
    asked: what was reviewed is what runs.

    Example: dbprov apply deployment.yaml --reviewed change.sql
    """
    from dbprov.commands.apply import apply_all
    from dbprov.commands.plan import plan_all
    from dbprov.commands.review import as_reviewed
    from dbprov.commands.servers import servers

    runs: list[Run] = []
    with servers(spec, never if yes else ask, templates, timeouts, journal=journal) as opened:
        with screens.status("planning") as begun:
            plans = plan_all(spec, opened, prune=prune, begun=begun)
        must_be = as_reviewed(files(spec, reviewed), opened) if reviewed else {}
        undo_files = files(spec, undo)
        for planned in plans:
            if planned.deployment in must_be:
                must_be[planned.deployment](planned)
        for planned in plans:
            screens.show_plan(planned, err=True)
            planned.refuse()
        refuse_existing(plans, undo_files)
        if reviewed:
            console.say(f"this is what was reviewed in {reviewed}: nobody is asked")
        elif any(planned.steps for planned in plans) and not yes:
            confirm()
        with screens.status("applying") as begun:
            for run in apply_all(
                plans,
                opened,
                report=screens.show_done,
                check=screens.show_check,
                delayed=screens.show_delay,
                agreed=not yes,
                reviewed=must_be,
                around=partial(_around, undo_files, opened, begun),
                fail_fast=fail_fast,
            ):
                runs.append(run)
                screens.show_still_missing(run)
                screens.show_not_done(run)
    code = exit_code(runs, require_proof)
    ok = code == 0
    document = {"ok": ok, "deployments": [run.as_json() for run in runs]}
    show_end(runs, journal, document if as_json else None)
    if not require_proof:
        screens.show_not_proven([check for run in runs for check in run.checks])
    _show_result(spec, runs, require_proof)
    sys.exit(code)


@contextmanager
def _around(
    undo_files: Mapping[Deployment, Path],
    servers: Mapping[Deployment, Server],
    begun: Callable[[Deployment], None],
    planned: Plan,
) -> Iterator[Callable[[Run], None]]:
    """The undo file of the whole plan, written before anything is done, whatever ends the run.

    Where the run ended well it is written again, of what was done: others may have done a part.
    """
    from dbprov.commands.review import undo_text
    from dbprov.errors import DbprovError

    if len(servers) > 1:
        screens.show_deployment(planned.deployment, err=True)
    begun(planned.deployment)
    file = undo_files.get(planned.deployment)
    if file is None or not planned.steps:
        yield lambda run: None
        return
    server = servers[planned.deployment]

    def keep(run: Run) -> None:
        if not run.error:
            steps = [done.step for done in run.done]
            write(file, undo_text(planned, server, steps), 0o644)

    write(file, undo_text(planned, server), 0o644)
    try:
        yield keep
    except DbprovError:  # refused, with nothing changed
        file.unlink(missing_ok=True)
        raise
    console.say(f"wrote {file}")


def _show_result(spec: Spec, runs: Sequence[Run], require_proof: bool) -> None:
    """In one line; and the command for what did not end well."""
    ready = [exit_code([run], require_proof) == 0 for run in runs]
    if all(ready):
        console.say(f"ready. The connection strings: dbprov connections {_again(spec)} --reveal")
        return
    if any(run.error for run in runs):
        console.say("dbprov: what was done before stands; the same command goes on from there")
    if len(runs) == 1:
        return
    results = [_result(run, one) for run, one in zip(runs, ready, strict=True)]
    counts = ", ".join(f"{results.count(word)} {word}" for word in dict.fromkeys(sorted(results)))
    names = " ".join(
        f"--deployment {shlex.quote(run.deployment.name)}"
        for run, one in zip(runs, ready, strict=True)
        if not one
    )
    console.say(f"{counts}. Only those that are not ready: dbprov apply {spec.source} {names}")


def _result(run: Run, ready: bool) -> str:
    if run.error:
        return "failed"
    if ready:
        return "ready"
    return "not complete" if run.left else "not begun"


def _again(spec: Spec) -> str:
    if spec.source == "flags":
        return "(the same flags)"
    named = [f" --deployment {shlex.quote(one.name)}" for one in spec.deployments if spec.others]
    return spec.source + "".join(named)
