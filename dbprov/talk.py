"""What a person sees of plans, statements and checks.

On stderr, or on stdout where it is the product.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dbprov.audit import Journal
    from dbprov.chain import Checked
    from dbprov.commands import Adoption, Applied, Departing, Planned, Rotation
    from dbprov.deployments import Deployment
    from dbprov.dialects import Check
    from dbprov.errors import DbprovError
    from dbprov.handover import Withheld
    from dbprov.lock import Delay
    from dbprov.plan import Step
    from dbprov.server import Done
    from dbprov.surplus import Surplus

SHOWN = 10  # of the lines that are wrong in a record: another file has as many as it has lines


def show_plan(planned: Planned, err: bool) -> None:
    count = len(planned.steps)
    steps = "nothing to do" if planned.complete else f"{count} step{'s' * (count != 1)}"
    _say(
        click.style(_clean(planned.deployment.name), bold=True),
        f"on {planned.deployment.server}: {steps}{_counted(planned)}",
        err,
    )
    for step, statement in zip(planned.steps, planned.statements, strict=True):
        _say(_mark(step), f"{step}{_where(step.item.inside)}", err)
        click.echo(click.style(_indented(statement), dim=True), err=err)
    for step, obstacle in planned.obstacles:
        _say(click.style("  !", fg="red"), f"{step}: {obstacle.why}", err)
        click.echo(_indented(obstacle.todo), err=err)
    for account in planned.unknown:
        words = (
            f'the password of user "{account.name}" is not known:'
            f" nothing is kept in {account.place}"
        )
        _say(click.style("  !", fg="red"), words, err)
        click.echo(_indented("keep it there, or have dbprov rotate set a new one"), err=err)
    for item, statement in planned.beyond:
        words = f"{item}: not by this admin on {', '.join(item.beyond)}; their owners would run:"
        _say(click.style("  !", fg="red"), words, err)
        click.echo(_indented(f"{statement};"), err=err)
    for one in planned.surplus:
        _show_surplus(one, err)
    for words in planned.remarks:
        _say(click.style("  note:", fg="yellow"), words, err)


def show_departing(planned: Departing, err: bool) -> None:
    count = len(planned.steps)
    word = "quarantine" if planned.wish.quarantine else "drop"
    steps = f"{count} step{'s' * (count != 1)}" if count else "nothing is left to do"
    _say(
        click.style(_clean(planned.deployment.name), bold=True),
        f"on {planned.deployment.server}: {word}: {steps}",
        err,
    )
    for step, statement in zip(planned.steps, planned.statements, strict=True):
        _say(click.style("  -", fg="red"), f"{step}{_where(step.item.inside)}", err)
        click.echo(click.style(_indented(statement), dim=True), err=err)
    for step, obstacle in planned.obstacles:
        _say(click.style("  !", fg="red"), f"{step}: {obstacle.why}", err)
        click.echo(_indented(obstacle.todo), err=err)
    for refusal in planned.departure.refusals:
        _say(click.style("  !", fg="red"), refusal.why, err)
        click.echo(_indented(refusal.todo), err=err)
    for words in planned.departure.remarks:
        _say(click.style("  note:", fg="yellow"), words, err)


def _counted(planned: Planned) -> str:
    """Beside what is missing: what is surplus, and what of all is not ours to change."""
    surplus = len(planned.surplus)
    others = [one for one in planned.surplus if one.obstacle]
    foreign = len(planned.obstacles) + len(planned.beyond) + len(others)
    said = [f"{surplus} surplus"] * bool(surplus) + [f"{foreign} not ours"] * bool(foreign)
    return "".join(f", {words}" for words in said)


def _mark(step: Step) -> str:
    return click.style("  -", fg="red") if step.verb == "drop" else click.style("  +", fg="green")


def _show_surplus(one: Surplus, err: bool) -> None:
    """There and not wanted: what apply --prune would take away, or who could."""
    words = f"{one.item}{_where(one.item.inside)}"
    if one.obstacle is None:
        _say(click.style("  surplus", fg="yellow"), f"{words}: left alone without --prune", err)
        click.echo(click.style(_indented(one.statement), dim=True), err=err)
    else:
        _say(click.style("  surplus", fg="yellow"), f"{words}: not ours: {one.obstacle.why}", err)
        click.echo(_indented(one.obstacle.todo), err=err)


def show_adoption(planned: Adoption) -> None:
    from dbprov.handover import marks

    count = len(planned.steps)
    steps = f"{count} step{'s' * (count != 1)}" if count else "nothing to adopt"
    _say(
        click.style(_clean(planned.deployment.name), bold=True),
        f"on {planned.deployment.server}: {steps}",
        True,
    )
    for step, statement in zip(planned.steps, planned.statements, strict=True):
        _say(_mark(step), f"{step}{_where(step.item.inside)}", True)
        click.echo(click.style(_indented(statement), dim=True), err=True)
        for words in marks(step):
            _say(click.style("      executes:", fg="yellow"), words, True)
    for step, obstacle in planned.obstacles:
        _say(click.style("  !", fg="red"), f"{step}: {obstacle.why}", True)
        click.echo(_indented(obstacle.todo), err=True)
    _show_withheld(planned.withheld)
    for words in planned.remarks:
        _say(click.style("  note:", fg="yellow"), words, True)


def _show_withheld(withheld: Sequence[Withheld]) -> None:
    """What is not given: in one line what another role owns, and one by one what executes."""
    from dbprov.handover import command, listed

    foreign: dict[str, list[str]] = {}
    for one in withheld:
        if one.foreign:
            foreign.setdefault(one.item.owner, []).append(one.item.what)
    mark = click.style("  not given", fg="yellow")
    for owner, names in foreign.items():
        _say(mark, f'{listed(names)}: of "{owner}"', True)
        click.echo(_indented(f"to give what it owns too: {command(('--from', owner))}"), err=True)
    for one in withheld:
        if not one.foreign:
            _say(mark, f"{one.item.what}: {one.why[0]}", True)
            for words in one.why[1:]:
                click.echo(_indented(words), err=True)
            click.echo(_indented(f"to give it in spite of that: {command(one.flags)}"), err=True)


def show_rotation(rotation: Rotation) -> None:
    name = click.style(_clean(rotation.account.name), bold=True)
    _say(name, f"on {rotation.deployment.server}", err=True)
    if rotation.step:
        _say(click.style("  +", fg="green"), str(rotation.step), err=True)
        click.echo(click.style(_indented(rotation.statement), dim=True), err=True)
    else:
        _say("      ", "nothing to do: no old password is valid", err=True)
    for words in rotation.remarks:
        _say(click.style("  note:", fg="yellow"), words, err=True)


def show_done(done: Done) -> None:
    text = f"{done.step}{_where(done.step.item.inside)}  {done.milliseconds:.0f} ms"
    _say(click.style("  done", fg="green"), text, err=True)
    for notice in done.notices:
        _say("      ", f"{notice.code} {notice.words}", err=True)


def show_check(check: Check, err: bool = True) -> None:
    mark, color = (
        ("note", "yellow")
        if check.warning
        else ("ok", "green")
        if check.held
        else ("FAILED", "red")
    )
    code = f"{check.code} " if check.code and (check.warning or not check.held) else ""
    claim = f"{check.claim}: " if check.claim else ""
    _say(click.style(f"  {mark}", fg=color), f"{check.subject}: {claim}{code}{check.observed}", err)
    if check.todo:
        click.echo(_indented(check.todo), err=err)


def show_delay(delay: Delay) -> None:
    again = f"; again in {delay.seconds:.1f} s" if delay.seconds else ""
    code = f"{delay.code} " if delay.code else ""
    _say(click.style("  wait", fg="yellow"), f"{code}{delay.why}{again}", err=True)


def show_name(deployment: Deployment, err: bool) -> None:
    _say(click.style(_clean(deployment.name), bold=True), f"on {deployment.server}", err)


def show_left(applied: Applied) -> None:
    """What is still missing after an apply, and why."""
    if applied.left and not applied.left.complete:
        _say("", f"{applied.deployment.name}: still missing after apply:", err=True)
        show_plan(applied.left, err=True)


def show_not_done(applied: Applied) -> None:
    """What an error, or an interruption, kept from being done."""
    if applied.not_done:
        _say("", f"{applied.deployment.name}: not done:", err=True)
    for step, _ in applied.not_done:
        _say(click.style("  -", fg="yellow"), f"{step}{_where(step.item.inside)}", err=True)


def show_recorded(journal: Journal | None) -> None:
    """The hash of the last line, to be kept where nobody who can write the file can."""
    if journal and journal.lines:
        words = f"recorded in {journal.path}; its last line has the hash {journal.head}"
        _say("", words, err=True)


def show_checked(path: str, checked: Checked) -> None:
    for one in checked.wrong[:SHOWN]:
        where = f"{path}:{one.where}" if one.where else path
        _say(click.style("  WRONG", fg="red"), f"{where}: {one.sort}: {one.what}", err=False)
    if len(checked.wrong) > SHOWN:
        more = f"and {len(checked.wrong) - SHOWN} more; --json has them all"
        _say(click.style("  WRONG", fg="red"), f"{path}: {more}", err=False)
    for words in checked.notes:
        _say(click.style("  note", fg="yellow"), words, err=False)
    if not checked.wrong:
        words = f"{path}: {checked.lines} lines, one following on the other"
        _say(click.style("  ok", fg="green"), words, err=False)
        _say("      ", f"the last one has the hash {checked.head}", err=False)


def show_error(error: DbprovError) -> None:
    click.echo("\n".join(map(_clean, f"dbprov: {error}".split("\n"))), err=True)


def _say(mark: str, text: str, err: bool) -> None:
    click.echo(f"{mark} {_clean(text)}".rstrip() if mark else _clean(text), err=err)


def _where(inside: str | None) -> str:
    return f"  (in database {inside})" if inside else ""


def _indented(text: str) -> str:
    return "\n".join(f"      {_clean(line)}" for line in text.split("\n"))


def _clean(line: str) -> str:
    """Names and words of a server can hold anything: nothing of it may steer the terminal."""
    return "".join(c if c.isprintable() or c == "\t" else "?" for c in line)
