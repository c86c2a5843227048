"""The passwords of users that exist, changed."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dbprov.cli import console
from dbprov.cli.connections import FORMS, hand_out, is_folder
from dbprov.cli.options import (
    SpecCommand,
    ask,
    audit_option,
    json_option,
    never,
    templates_option,
    timeouts_options,
    with_spec,
)
from dbprov.cli.output import confirm, print_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dbprov.audit.log import Journal
    from dbprov.commands.rotate import Rotated, Rotation
    from dbprov.server.server import Server
    from dbprov.spec.model import Deployment, Spec, Timeouts


@click.command(cls=SpecCommand)
@partial(with_spec, users=True)
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
    "-o", "--output", type=click.Path(), help="Write the strings again, as connections -o does."
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
    journal: Journal | None,
    as_json: bool,
    templates: Path | None,
    timeouts: Timeouts,
) -> None:
    """Give users new passwords, each proven by a login. The new one is kept beside the old one,
    set, tried, and only then put in its place.

    Example: dbprov rotate deployment.yaml --user analytics_airflow -o strings.txt --format env
    """
    from dbprov.commands.connect import servers as connect
    from dbprov.commands.rotate import finish
    from dbprov.commands.rotate import rotate as rotate_user

    _refuse(spec, user, form, output, finishing)
    ended: list[Rotated] = []
    with connect(spec, never if yes else ask, templates, timeouts, journal=journal) as servers:
        planned = _planned(spec, servers, user, finishing)
        for rotation in planned:
            console.show_rotation(rotation)
        if any(rotation.step for rotation in planned) and not yes:
            confirm()
        do = finish if finishing else rotate_user
        for rotation in planned:
            server = servers[rotation.deployment]
            ended.append(
                do(
                    rotation,
                    server,
                    report=console.show_done,
                    check=console.show_check,
                    delayed=console.show_delay,
                )
            )
            if not ended[-1].ok:
                break
    console.show_recorded(journal)
    ok = all(one.ok for one in ended)
    if output and ok:
        _write(spec, form or "text", output)
    if as_json:
        print_json({"ok": ok, "rotations": [one.as_json() for one in ended]})
    failed = next((one.error for one in ended if one.error), None)
    if failed:
        console.show_error(failed)
    for rotation in planned[len(ended) :]:
        console.say(f"not begun: user {rotation.account.name}")
    if not ok:
        words = "nothing is lost: both passwords are kept, and the same command goes on from there"
        console.say(f"dbprov: {words}")
    elif not finishing:
        _say_what_follows(spec, ended, output)
    sys.exit(2 if failed else 0 if ok else 1)


def _refuse(
    spec: Spec, user: str | None, form: str | None, output: str | None, finishing: bool
) -> None:
    """What can be known to be wrong before any server is asked."""
    from dbprov.commands.connect import handouts as handouts_of
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
        handouts = handouts_of(spec, passwords=False)
        forms.refuse(form or "text", handouts, forms.Wish(shown=True))
        if not is_folder(output):
            forms.fits(form or "text", handouts)


def _planned(
    spec: Spec, servers: Mapping[Deployment, Server], user: str | None, finishing: bool
) -> list[Rotation]:
    """A user of several Deployments on one server is one user, with one password."""
    from dbprov.commands.rotate import rotations as plan_rotations

    planned: dict[Deployment, list[Rotation]] = {}
    for deployment in spec.deployments:
        server = servers[deployment]
        before = {
            (one.account.name, one.account.host)
            for other in server.beside(deployment)
            for one in planned.get(other, ())
        }
        planned[deployment] = [
            one
            for one in plan_rotations(deployment, server, user, finish=finishing)
            if (one.account.name, one.account.host) not in before
        ]
    return [one for rotations in planned.values() for one in rotations]


def _write(spec: Spec, form: str, output: str) -> None:
    from dbprov.commands.connect import handouts as handouts_of
    from dbprov.connections import forms

    wish = forms.Wish(shown=True)
    hand_out(form, None, handouts_of(spec, passwords=True), wish, output)


def _say_what_follows(spec: Spec, ended: list[Rotated], output: str | None) -> None:
    again = spec.source if spec.source != "flags" else "(the same flags)"
    if not output:
        console.say(f"The new strings: dbprov connections {again} --reveal")
    for one in ended:
        place = one.rotation.account.place
        if not place.writable:
            words = f"the new password has to be put into the {place} now"
            console.say(f"{one.rotation.account.name}: {words}")
    if any(one.old_valid for one in ended):
        words = "The old passwords are valid until nobody uses them any more, and you say:"
        console.say(f"{words} dbprov rotate {again} --finish")
