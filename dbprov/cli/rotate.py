"""The passwords of users that exist, changed."""

from __future__ import annotations

import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dbprov.cli import console, screens
from dbprov.cli.connections import FORMS, is_folder, say_notes, write_connections
from dbprov.cli.options import OUTPUT, audit_option, json_option, templates_option, timeouts_options
from dbprov.cli.output import confirm, exit_code, show_end
from dbprov.cli.spec_options import SpecCommand, ask, never, with_spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dbprov.audit.log import AuditLog
    from dbprov.commands.run import Run
    from dbprov.server.server import Server
    from dbprov.spec.model import Deployment, Spec, Timeouts


@click.command(cls=SpecCommand)
@partial(with_spec, users=True, exact=True)
@click.option(
    "--finish",
    "finishing",
    is_flag=True,
    help="Discard the old passwords, where they are still valid (MySQL, two-users).",
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--format", "form", type=click.Choice(FORMS), help="Form of the strings for -o; default: text."
)
@click.option(
    "-o", "--output", type=OUTPUT, help="Write the strings again, as connections -o does."
)
@audit_option
@json_option
@templates_option
@timeouts_options(lock=True)
def rotate(
    spec: Spec,
    user: str | None,
    finishing: bool,
    yes: bool,
    form: str | None,
    output: str | None,
    journal: AuditLog | None,
    as_json: bool,
    templates: Path | None,
    timeouts: Timeouts,
) -> None:
    """Give users new passwords, each proven by a login. The new one is kept beside the old one,
    set, tried, and only then put in its place.

    Example: dbprov rotate deployment.yaml --user analytics_airflow -o strings.txt --format env
    """
    from dbprov.commands.rotate import rotate_all
    from dbprov.commands.rotate_plan import plan_rotations
    from dbprov.commands.servers import servers

    with servers(spec, never if yes else ask, templates, timeouts, journal=journal) as opened:
        _refuse(spec, user, form, output, finishing, opened)
        plans = plan_rotations(spec, opened, user, finish=finishing)
        for planned in plans:
            screens.show_rotation(planned)
        if any(planned.steps for planned in plans) and not yes:
            confirm()
        runs = list(
            rotate_all(
                plans,
                opened,
                report=screens.show_done,
                check=screens.show_check,
                delayed=screens.show_delay,
            )
        )
        ok = all(run.ok for run in runs)
        if output and ok:
            _write(spec, form or "text", output, opened)
    document = {"ok": ok, "rotations": [run.as_json() for run in runs]}
    show_end(runs, journal, document if as_json else None)
    for planned in plans[len(runs) :]:
        console.say(f"not begun: user {planned.user.name}")
    if not ok:
        kept = " both passwords are kept, and" if any(_has_two(run) for run in runs) else ""
        console.say(f"dbprov: nothing is lost:{kept} the same command goes on from there")
    elif not finishing:
        _show_what_follows(spec, runs, output)
    sys.exit(exit_code(runs))


def _refuse(
    spec: Spec,
    user: str | None,
    form: str | None,
    output: str | None,
    finishing: bool,
    opened: Mapping[Deployment, Server],
) -> None:
    """What can be known to be wrong before anything is looked at."""
    from dbprov.commands.connections import connections
    from dbprov.connections import forms
    from dbprov.errors import UsageError

    names = [account.name for d in spec.deployments for account in d.accounts]
    if user is not None and user not in names:
        raise UsageError(
            f"no user {user!r} is in the spec", f"--user {user}", "one of " + ", ".join(names)
        )
    if form and not output:
        raise UsageError("a form is asked for, and no file", f"--format {form}", "-o FILE")
    if output and finishing:
        raise UsageError(
            "--finish changes no string", f"-o {output}", "give -o to the rotate before it"
        )
    if output:
        handouts = connections(spec, passwords=False, opened=opened)
        forms.refuse(form or "text", handouts, forms.FormOptions(shown=True))
        if not is_folder(output):
            forms.whole(form or "text")
            forms.fits(form or "text", handouts)


def _write(spec: Spec, form: str, output: str, opened: Mapping[Deployment, Server]) -> None:
    from dbprov.commands.connections import connections
    from dbprov.connections import forms

    wanted = forms.FormOptions(shown=True)
    handouts = connections(spec, opened=opened, unpublished=form == "pgbouncer")
    say_notes(form, handouts, wanted)
    write_connections(form, None, handouts, wanted, output)


def _has_two(run: Run) -> bool:
    """Is a next password kept beside the one in use?"""
    from dbprov.errors import PlaceError

    with suppress(PlaceError):
        place = run.plan.user.place
        return not run.promoted and place.pending() is not None and place.read() is not None
    return False


def _show_what_follows(spec: Spec, runs: list[Run], output: str | None) -> None:
    again = spec.source if spec.source != "flags" else "(the same flags)"
    if not output:
        console.say(f"The new strings: dbprov connections {again} --reveal")
    for run in runs:
        place = run.plan.user.place
        if not place.writable:
            words = f"the new password has to be put into the {place} now"
            console.say(f"{run.plan.user.name}: {words}")
    if any(run.old_valid for run in runs):
        words = "The old passwords are valid until nobody uses them any more, and you say:"
        console.say(f"{words} dbprov rotate {again} --finish")
