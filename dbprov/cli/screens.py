"""What a person sees of plans, steps, checks, rotations and the audit log."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from dbprov.cli import console

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from dbprov.audit.hash_chain import Checked
    from dbprov.audit.log import AuditLog
    from dbprov.commands.run import Run
    from dbprov.engines.facts import Check
    from dbprov.plan.change_owner import Withheld
    from dbprov.plan.plan import Plan
    from dbprov.plan.prune import ExtraPrivilege
    from dbprov.plan.steps import Step
    from dbprov.server.lock import Delay
    from dbprov.server.server import Done
    from dbprov.spec.model import Deployment

STATES = {  # of a check: its mark and colour
    "ok": ("ok", "green"),
    "note": ("note", "yellow"),
    "not proven": ("not proven", "yellow"),
    "failed": ("FAILED", "red"),
}
MOST_WRONG = 10  # of the lines that are wrong in a record: another file has as many as it has lines


def show_plan(planned: Plan, err: bool) -> None:
    count = len(planned.steps)
    steps = "nothing to do" if planned.complete else f"{count} step{'s' * (count != 1)}"
    words = f"on {planned.deployment.server}: {steps}{_counted(planned)}"
    _show_name(planned.deployment.name, words, err)
    _show_steps(planned, err)
    for step, obstacle in planned.obstacles:
        console.say(f"{step}: {obstacle.why}", err, "  !", "red")
        _advise(obstacle.todo, err)
    for refusal in planned.refusals:
        console.say(refusal.why, err, "  !", "red")
        console.advice(refusal.todo, err)
    for account in planned.unknown:
        words = (
            f'the password of user "{account.name}" is not known:'
            f" nothing is kept in {account.place}"
        )
        console.say(words, err, "  !", "red")
        console.advice("keep it there, or have dbprov rotate set a new one", err)
    for item, obstacle in planned.of_other_owners:
        console.say(f"{item}: {obstacle.why}", err, "  !", "red")
        _advise(obstacle.todo, err)
    for one in planned.extra:
        _show_extra(one, err)
    for words in planned.remarks:
        console.say(words, err, "  note:", "yellow")


def show_drop(planned: Plan, err: bool) -> None:
    count = len(planned.steps)
    word = "quarantine" if planned.options.quarantine else "drop"
    steps = f"{count} step{'s' * (count != 1)}" if count else "nothing is left to do"
    _show_name(planned.deployment.name, f"on {planned.deployment.server}: {word}: {steps}", err)
    for step, statement in zip(planned.steps, planned.statements, strict=True):
        console.say(f"{step}{_where(step.item.inside)}", err, "  -", "red")
        console.statement(statement, err)
    for step, obstacle in planned.obstacles:
        console.say(f"{step}: {obstacle.why}", err, "  !", "red")
        _advise(obstacle.todo, err)
    for refusal in planned.refusals:
        console.say(refusal.why, err, "  !", "red")
        console.advice(refusal.todo, err)
    for words in planned.remarks:
        console.say(words, err, "  note:", "yellow")


def _advise(todo: str, err: bool) -> None:
    """Nothing where what is to be run stands above already."""
    if todo:
        console.advice(todo, err)


def _counted(planned: Plan) -> str:
    """Beside what is missing: what is held beyond the spec, and what needs another role."""
    extra = len(planned.extra)
    others = [one for one in planned.extra if one.needs == "another role"]
    open_ = sum(1 for one in planned.extra if one.needs == "a decision")
    foreign = len(planned.obstacles) + len(planned.of_other_owners) + len(others)
    needs = f"{foreign} need{'s' * (foreign == 1)} another role"
    decide = f"{open_} need{'s' * (open_ == 1)} a decision"
    counts = [f"{extra} extra"] * bool(extra) + [needs] * bool(foreign) + [decide] * bool(open_)
    return "".join(f", {words}" for words in counts)


def _show_name(name: str, words: str, err: bool) -> None:
    console.say(words, err, name, "bold")


def _show_steps(planned: Plan, err: bool) -> None:
    """Each line of words, and the statements that it stands for."""
    from dbprov.plan.steps import folded

    statements = iter(planned.statements)
    for words, [step, *others] in folded(planned.steps):
        _show_step(step, words, err)
        for _ in (step, *others):
            console.statement(next(statements), err)


def _show_step(step: Step, words: str, err: bool) -> None:
    mark, color = ("  -", "red") if step.verb == "drop" else ("  +", "green")
    console.say(f"{words}{_where(step.item.inside)}", err, mark, color)


def _show_extra(one: ExtraPrivilege, err: bool) -> None:
    """There and not wanted: what apply --prune would take away, or who could."""
    words = f"{one.item}{_where(one.item.inside)}"
    if one.obstacle is None:
        console.say(f"{words}: kept (use --prune to revoke)", err, "  extra", "yellow")
        console.statement(one.statement, err)
    else:
        why = f"needs {one.needs}: {one.obstacle.why}"
        console.say(f"{words}: {why}", err, "  extra", "yellow")
        console.advice(one.obstacle.todo, err)


def show_adoption(planned: Plan) -> None:
    from dbprov.plan.change_owner import marks

    count = len(planned.steps)
    steps = f"{count} step{'s' * (count != 1)}" if count else "nothing to adopt"
    _show_name(planned.deployment.name, f"on {planned.deployment.server}: {steps}", True)
    for step, statement in zip(planned.steps, planned.statements, strict=True):
        _show_step(step, str(step), True)
        console.statement(statement, True)
        for words in marks(step):
            console.say(words, True, "      executes:", "yellow")
    for step, obstacle in planned.obstacles:
        console.say(f"{step}: {obstacle.why}", True, "  !", "red")
        _advise(obstacle.todo, True)
    _show_withheld(planned.withheld)
    for words in planned.remarks:
        console.say(words, True, "  note:", "yellow")


def _show_withheld(withheld: Sequence[Withheld]) -> None:
    """What is not given: in one line what another role owns, and one by one what executes."""
    from dbprov.plan.change_owner import command, listed

    foreign: dict[str, list[str]] = {}
    for one in withheld:
        if one.foreign:
            foreign.setdefault(one.item.owner, []).append(one.item.what)
    mark, color = "  not given", "yellow"
    for owner, names in foreign.items():
        console.say(f'{listed(names)}: of "{owner}"', True, mark, color)
        console.advice(f"to give what it owns too: {command(('--from', owner))}", True)
    for one in withheld:
        if not one.foreign:
            console.say(f"{one.item.what}: {one.why[0]}", True, mark, color)
            for words in one.why[1:]:
                console.advice(words, True)
            console.advice(f"to give it in spite of that: {command(one.flags)}", True)


def show_rotation(planned: Plan) -> None:
    _show_name(planned.user.name, f"on {planned.deployment.server}", True)
    for step, statement in zip(planned.steps, planned.statements, strict=True):
        console.say(str(step), True, "  +", "green")
        console.statement(statement, True)
    if not planned.steps:
        console.say("nothing to do: no old password is valid", True, "      ")
    for words in planned.remarks:
        console.say(words, True, "  note:", "yellow")


def show_done(done: Done) -> None:
    text = f"{done.step}{_where(done.step.item.inside)}  {done.milliseconds:.0f} ms"
    console.say(text, True, "  done", "green")
    for notice in done.notices:
        console.say(f"{notice.code} {notice.words}", True, "      ")


def show_check(check: Check, err: bool = True) -> None:
    mark, color = STATES[check.state]
    code = f"{check.code} " if check.code and check.state != "ok" else ""
    claim = f"{check.claim}: " if check.claim else ""
    console.say(f"{check.subject}: {claim}{code}{check.observed}", err, f"  {mark}", color)
    if check.todo:
        console.advice(check.todo, err)


def show_counts(checks: Mapping[str, Sequence[Check]]) -> None:
    """How many checks of each of several Deployments ended in which state, in a line for each."""
    if len(checks) > 1:
        for name, made in checks.items():
            counts = {state: sum(one.state == state for one in made) for state in STATES}
            words = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
            _show_name(name, words or "no checks", err=False)


def show_not_proven(checks: Sequence[Check]) -> None:
    """That what was not tried is not among what held."""
    count = sum(not check.proven for check in checks)
    if count:
        words = f"{count} of {len(checks)} checks {'is' if count == 1 else 'are'} not proven"
        console.say(f"{words}: --require-proof makes this exit code 1")


def show_delay(delay: Delay) -> None:
    again = f"; again in {delay.seconds:.1f} s" if delay.seconds else ""
    code = f"{delay.code} " if delay.code else ""
    console.say(f"{code}{delay.why}{again}", True, "  wait", "yellow")


def show_deployment(deployment: Deployment, err: bool) -> None:
    _show_name(deployment.name, f"on {deployment.server}", err)


@contextmanager
def status(doing: str) -> Iterator[Callable[[Deployment], None]]:
    """Gives the function that names the Deployment for which it is done now."""
    with console.status() as say:
        yield lambda deployment: say(f"{deployment.name} on {deployment.server}: {doing}")


def show_still_missing(run: Run) -> None:
    """What is still missing after an apply, and why."""
    if run.left and not run.left.complete:
        console.say(f"{run.deployment.name}: still missing after apply:")
        show_plan(run.left, err=True)


def show_not_done(run: Run) -> None:
    """What an error, or an interruption, kept from being done."""
    if run.not_done:
        console.say(f"{run.deployment.name}: not done:")
    for step, _ in run.not_done:
        console.say(f"{step}{_where(step.item.inside)}", True, "  -", "yellow")


def show_audit_log(journal: AuditLog | None) -> None:
    """The hash of the last line, to be kept where nobody who can write the file can."""
    if journal and journal.lines:
        words = f"recorded in {journal.path}; its last line has the hash {journal.head}"
        console.say(words)


def show_audit_check(path: str, checked: Checked) -> None:
    for one in checked.wrong[:MOST_WRONG]:
        where = f"{path}:{one.where}" if one.where else path
        console.say(f"{where}: {one.sort}: {one.what}", False, "  WRONG", "red")
    if len(checked.wrong) > MOST_WRONG:
        more = f"and {len(checked.wrong) - MOST_WRONG} more; --json has them all"
        console.say(f"{path}: {more}", False, "  WRONG", "red")
    for words in checked.notes:
        console.say(words, False, "  note", "yellow")
    if not checked.wrong:
        words = f"{path}: {checked.lines} lines, one following on the other"
        console.say(words, False, "  ok", "green")
        console.say(f"the last one has the hash {checked.head}", False, "      ")


def _where(inside: str | None) -> str:
    return f"  (in database {inside})" if inside else ""
