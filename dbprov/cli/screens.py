"""What a person sees of plans, steps, checks, rotations and the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dbprov.cli import console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dbprov.audit.hash_chain import Checked
    from dbprov.audit.log import Journal
    from dbprov.commands.run import Run
    from dbprov.engines.facts import Check
    from dbprov.plan.change_owner import Withheld
    from dbprov.plan.plan import Plan
    from dbprov.plan.prune import ExtraPrivilege
    from dbprov.plan.steps import Step
    from dbprov.server.lock import Delay
    from dbprov.server.server import Done
    from dbprov.spec.model import Deployment

MOST_WRONG = 10  # of the lines that are wrong in a record: another file has as many as it has lines


def show_plan(planned: Plan, err: bool) -> None:
    count = len(planned.steps)
    steps = "nothing to do" if planned.complete else f"{count} step{'s' * (count != 1)}"
    _say(
        click.style(console.clean(planned.deployment.name), bold=True),
        f"on {planned.deployment.server}: {steps}{_counted(planned)}",
        err,
    )
    for step, statement in zip(planned.steps, planned.statements, strict=True):
        _say(_mark(step), f"{step}{_where(step.item.inside)}", err)
        console.statement(statement, err)
    for step, obstacle in planned.obstacles:
        _say(click.style("  !", fg="red"), f"{step}: {obstacle.why}", err)
        console.advice(obstacle.todo, err)
    for account in planned.unknown:
        words = (
            f'the password of user "{account.name}" is not known:'
            f" nothing is kept in {account.place}"
        )
        _say(click.style("  !", fg="red"), words, err)
        console.advice("keep it there, or have dbprov rotate set a new one", err)
    for item, statement in planned.of_other_owners:
        objects = ", ".join(item.not_grantable)
        words = f"{item}: not by this admin on {objects}; their owners would run:"
        _say(click.style("  !", fg="red"), words, err)
        console.advice(f"{statement};", err)
    for one in planned.extra:
        _show_extra(one, err)
    for words in planned.remarks:
        _say(click.style("  note:", fg="yellow"), words, err)


def show_drop(planned: Plan, err: bool) -> None:
    count = len(planned.steps)
    word = "quarantine" if planned.options.quarantine else "drop"
    steps = f"{count} step{'s' * (count != 1)}" if count else "nothing is left to do"
    _say(
        click.style(console.clean(planned.deployment.name), bold=True),
        f"on {planned.deployment.server}: {word}: {steps}",
        err,
    )
    for step, statement in zip(planned.steps, planned.statements, strict=True):
        _say(click.style("  -", fg="red"), f"{step}{_where(step.item.inside)}", err)
        console.statement(statement, err)
    for step, obstacle in planned.obstacles:
        _say(click.style("  !", fg="red"), f"{step}: {obstacle.why}", err)
        console.advice(obstacle.todo, err)
    for refusal in planned.refusals:
        _say(click.style("  !", fg="red"), refusal.why, err)
        console.advice(refusal.todo, err)
    for words in planned.remarks:
        _say(click.style("  note:", fg="yellow"), words, err)


def _counted(planned: Plan) -> str:
    """Beside what is missing: what is held beyond the spec, and what needs another role."""
    extra = len(planned.extra)
    others = [one for one in planned.extra if one.obstacle]
    foreign = len(planned.obstacles) + len(planned.of_other_owners) + len(others)
    needs = f"{foreign} need{'s' * (foreign == 1)} another role"
    counts = [f"{extra} extra"] * bool(extra) + [needs] * bool(foreign)
    return "".join(f", {words}" for words in counts)


def _mark(step: Step) -> str:
    return click.style("  -", fg="red") if step.verb == "drop" else click.style("  +", fg="green")


def _show_extra(one: ExtraPrivilege, err: bool) -> None:
    """There and not wanted: what apply --prune would take away, or who could."""
    words = f"{one.item}{_where(one.item.inside)}"
    if one.obstacle is None:
        _say(click.style("  extra", fg="yellow"), f"{words}: kept (use --prune to revoke)", err)
        console.statement(one.statement, err)
    else:
        why = f"needs another role: {one.obstacle.why}"
        _say(click.style("  extra", fg="yellow"), f"{words}: {why}", err)
        console.advice(one.obstacle.todo, err)


def show_adoption(planned: Plan) -> None:
    from dbprov.plan.change_owner import marks

    count = len(planned.steps)
    steps = f"{count} step{'s' * (count != 1)}" if count else "nothing to adopt"
    _say(
        click.style(console.clean(planned.deployment.name), bold=True),
        f"on {planned.deployment.server}: {steps}",
        True,
    )
    for step, statement in zip(planned.steps, planned.statements, strict=True):
        _say(_mark(step), f"{step}{_where(step.item.inside)}", True)
        console.statement(statement, True)
        for words in marks(step):
            _say(click.style("      executes:", fg="yellow"), words, True)
    for step, obstacle in planned.obstacles:
        _say(click.style("  !", fg="red"), f"{step}: {obstacle.why}", True)
        console.advice(obstacle.todo, True)
    _show_withheld(planned.withheld)
    for words in planned.remarks:
        _say(click.style("  note:", fg="yellow"), words, True)


def _show_withheld(withheld: Sequence[Withheld]) -> None:
    """What is not given: in one line what another role owns, and one by one what executes."""
    from dbprov.plan.change_owner import command, listed

    foreign: dict[str, list[str]] = {}
    for one in withheld:
        if one.foreign:
            foreign.setdefault(one.item.owner, []).append(one.item.what)
    mark = click.style("  not given", fg="yellow")
    for owner, names in foreign.items():
        _say(mark, f'{listed(names)}: of "{owner}"', True)
        console.advice(f"to give what it owns too: {command(('--from', owner))}", True)
    for one in withheld:
        if not one.foreign:
            _say(mark, f"{one.item.what}: {one.why[0]}", True)
            for words in one.why[1:]:
                console.advice(words, True)
            console.advice(f"to give it in spite of that: {command(one.flags)}", True)


def show_rotation(planned: Plan) -> None:
    name = click.style(console.clean(planned.user.name), bold=True)
    _say(name, f"on {planned.deployment.server}", err=True)
    for step, statement in zip(planned.steps, planned.statements, strict=True):
        _say(click.style("  +", fg="green"), str(step), err=True)
        console.statement(statement, True)
    if not planned.steps:
        _say("      ", "nothing to do: no old password is valid", err=True)
    for words in planned.remarks:
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
        console.advice(check.todo, err)


def show_delay(delay: Delay) -> None:
    again = f"; again in {delay.seconds:.1f} s" if delay.seconds else ""
    code = f"{delay.code} " if delay.code else ""
    _say(click.style("  wait", fg="yellow"), f"{code}{delay.why}{again}", err=True)


def show_deployment(deployment: Deployment, err: bool) -> None:
    _say(click.style(console.clean(deployment.name), bold=True), f"on {deployment.server}", err)


def show_still_missing(run: Run) -> None:
    """What is still missing after an apply, and why."""
    if run.left and not run.left.complete:
        _say("", f"{run.deployment.name}: still missing after apply:", err=True)
        show_plan(run.left, err=True)


def show_not_done(run: Run) -> None:
    """What an error, or an interruption, kept from being done."""
    if run.not_done:
        _say("", f"{run.deployment.name}: not done:", err=True)
    for step, _ in run.not_done:
        _say(click.style("  -", fg="yellow"), f"{step}{_where(step.item.inside)}", err=True)


def show_audit_log(journal: Journal | None) -> None:
    """The hash of the last line, to be kept where nobody who can write the file can."""
    if journal and journal.lines:
        words = f"recorded in {journal.path}; its last line has the hash {journal.head}"
        _say("", words, err=True)


def show_audit_check(path: str, checked: Checked) -> None:
    for one in checked.wrong[:MOST_WRONG]:
        where = f"{path}:{one.where}" if one.where else path
        _say(click.style("  WRONG", fg="red"), f"{where}: {one.sort}: {one.what}", err=False)
    if len(checked.wrong) > MOST_WRONG:
        more = f"and {len(checked.wrong) - MOST_WRONG} more; --json has them all"
        _say(click.style("  WRONG", fg="red"), f"{path}: {more}", err=False)
    for words in checked.notes:
        _say(click.style("  note", fg="yellow"), words, err=False)
    if not checked.wrong:
        words = f"{path}: {checked.lines} lines, one following on the other"
        _say(click.style("  ok", fg="green"), words, err=False)
        _say("      ", f"the last one has the hash {checked.head}", err=False)


def _say(mark: str, text: str, err: bool) -> None:
    console.say(text, err, mark)


def _where(inside: str | None) -> str:
    return f"  (in database {inside})" if inside else ""
