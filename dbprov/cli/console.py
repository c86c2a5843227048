"""The one way out for text, and what a person sees of plans, statements and checks.

On stderr, or on stdout where it is the product. Nothing else in dbprov writes to either. What
libraries print (tracebacks, warnings, logs, click's own errors) passes ``guard``.
"""

from __future__ import annotations

import codecs
import json
import re
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from dbprov.system.masking import masked, outside, printable, printable_lines, values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dbprov.audit.hash_chain import Checked
    from dbprov.audit.log import Journal
    from dbprov.commands.run import Run
    from dbprov.engines.engine import Check
    from dbprov.errors import DbprovError
    from dbprov.plan.change_owner import Withheld
    from dbprov.plan.plan import Plan
    from dbprov.plan.prune import ExtraPrivilege
    from dbprov.plan.steps import Step
    from dbprov.server.lock import Delay
    from dbprov.server.server import Done
    from dbprov.spec.model import Deployment


class _Guarded:
    """A stream as everybody but this module has it: no secret and no control character passes."""

    def __init__(self, stream: Any) -> None:
        self.unguarded = stream
        self.buffer = _GuardedBytes(self)

    def write(self, text: str) -> int:
        self.unguarded.write(printable_lines(masked(text)))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        if name == "detach":  # no way around ``write``
            raise AttributeError(name)
        return getattr(self.unguarded, name)


class _GuardedBytes:
    """What click writes for a shell's completion."""

    def __init__(self, guarded: _Guarded) -> None:
        self._guarded = guarded

    def write(self, data: bytes) -> int:
        self._guarded.write(data.decode(errors="replace"))
        return len(data)

    def flush(self) -> None:
        self._guarded.flush()


def guard() -> None:
    """From now on stdout and stderr are guarded, also for what is printed as the process ends."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None or isinstance(stream, _Guarded):
            continue
        with suppress(AttributeError, ValueError, LookupError):
            if codecs.lookup(stream.encoding).name == "ascii":  # of a locale that was never set
                stream.reconfigure(encoding="utf-8")
        setattr(sys, name, _Guarded(stream))


def _stream(err: bool) -> Any:
    stream = sys.stderr if err else sys.stdout
    return stream.unguarded if isinstance(stream, _Guarded) else stream


def say(text: str, err: bool = True, mark: str = "") -> None:
    """One line for a person. ``mark`` may have colors; whatever is in ``text``, it has none."""
    click.echo(f"{mark} {_clean(text)}".rstrip() if mark else _clean(text), file=_stream(err))


def product(text: str) -> None:
    """What was asked for, whole, on stdout: as it is, but on a terminal without control characters.

    It is finished, so it is not masked: who made it was told whether to reveal.
    """
    stream = _stream(err=False)
    shown = printable_lines(text) if stream.isatty() else text
    click.echo(shown, nl=False, file=stream, color=True)
    if shown != text:
        say("note: characters that a terminal would obey are shown as ?; in a pipe they are as is")


def print_json(document: Any, *, reveal: bool = False) -> None:
    """Each text in it is masked, and none can steer a terminal: JSON has escapes for that."""
    text = json.dumps(document if reveal else values(document), indent=2, ensure_ascii=False)
    product(re.sub(r"[^\n -~]", _escaped, text) + "\n")


def _escaped(found: re.Match[str]) -> str:
    return found[0] if found[0].isprintable() else json.dumps(found[0])[1:-1]


def confirm(question: str) -> bool:
    return click.confirm(_clean(question), err=True)


def prompt(question: str, *, hidden: bool = False, twice: bool = False) -> str:
    typed: str = click.prompt(
        _clean(question), hide_input=hidden, err=True, confirmation_prompt=twice
    )
    return typed


SHOWN = 10  # of the lines that are wrong in a record: another file has as many as it has lines


def show_plan(planned: Plan, err: bool) -> None:
    count = len(planned.steps)
    steps = "nothing to do" if planned.complete else f"{count} step{'s' * (count != 1)}"
    _say(
        click.style(_clean(planned.deployment.name), bold=True),
        f"on {planned.deployment.server}: {steps}{_counted(planned)}",
        err,
    )
    for step, statement in zip(planned.steps, planned.statements, strict=True):
        _say(_mark(step), f"{step}{_where(step.item.inside)}", err)
        _statement(statement, err)
    for step, obstacle in planned.obstacles:
        _say(click.style("  !", fg="red"), f"{step}: {obstacle.why}", err)
        _advice(obstacle.todo, err)
    for account in planned.unknown:
        words = (
            f'the password of user "{account.name}" is not known:'
            f" nothing is kept in {account.place}"
        )
        _say(click.style("  !", fg="red"), words, err)
        _advice("keep it there, or have dbprov rotate set a new one", err)
    for item, statement in planned.beyond:
        words = f"{item}: not by this admin on {', '.join(item.beyond)}; their owners would run:"
        _say(click.style("  !", fg="red"), words, err)
        _advice(f"{statement};", err)
    for one in planned.extra:
        _show_extra(one, err)
    for words in planned.remarks:
        _say(click.style("  note:", fg="yellow"), words, err)


def show_departing(planned: Plan, err: bool) -> None:
    count = len(planned.steps)
    word = "quarantine" if planned.options.quarantine else "drop"
    steps = f"{count} step{'s' * (count != 1)}" if count else "nothing is left to do"
    _say(
        click.style(_clean(planned.deployment.name), bold=True),
        f"on {planned.deployment.server}: {word}: {steps}",
        err,
    )
    for step, statement in zip(planned.steps, planned.statements, strict=True):
        _say(click.style("  -", fg="red"), f"{step}{_where(step.item.inside)}", err)
        _statement(statement, err)
    for step, obstacle in planned.obstacles:
        _say(click.style("  !", fg="red"), f"{step}: {obstacle.why}", err)
        _advice(obstacle.todo, err)
    for refusal in planned.refusals:
        _say(click.style("  !", fg="red"), refusal.why, err)
        _advice(refusal.todo, err)
    for words in planned.remarks:
        _say(click.style("  note:", fg="yellow"), words, err)


def _counted(planned: Plan) -> str:
    """Beside what is missing: what is held beyond the spec, and what needs another role."""
    extra = len(planned.extra)
    others = [one for one in planned.extra if one.obstacle]
    foreign = len(planned.obstacles) + len(planned.beyond) + len(others)
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
        _statement(one.statement, err)
    else:
        why = f"needs another role: {one.obstacle.why}"
        _say(click.style("  extra", fg="yellow"), f"{words}: {why}", err)
        _advice(one.obstacle.todo, err)


def show_adoption(planned: Plan) -> None:
    from dbprov.plan.change_owner import marks

    count = len(planned.steps)
    steps = f"{count} step{'s' * (count != 1)}" if count else "nothing to adopt"
    _say(
        click.style(_clean(planned.deployment.name), bold=True),
        f"on {planned.deployment.server}: {steps}",
        True,
    )
    for step, statement in zip(planned.steps, planned.statements, strict=True):
        _say(_mark(step), f"{step}{_where(step.item.inside)}", True)
        _statement(statement, True)
        for words in marks(step):
            _say(click.style("      executes:", fg="yellow"), words, True)
    for step, obstacle in planned.obstacles:
        _say(click.style("  !", fg="red"), f"{step}: {obstacle.why}", True)
        _advice(obstacle.todo, True)
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
        _advice(f"to give what it owns too: {command(('--from', owner))}", True)
    for one in withheld:
        if not one.foreign:
            _say(mark, f"{one.item.what}: {one.why[0]}", True)
            for words in one.why[1:]:
                _advice(words, True)
            _advice(f"to give it in spite of that: {command(one.flags)}", True)


def show_rotation(planned: Plan) -> None:
    name = click.style(_clean(planned.user.name), bold=True)
    _say(name, f"on {planned.deployment.server}", err=True)
    for step, statement in zip(planned.steps, planned.statements, strict=True):
        _say(click.style("  +", fg="green"), str(step), err=True)
        _statement(statement, True)
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
        _advice(check.todo, err)


def show_delay(delay: Delay) -> None:
    again = f"; again in {delay.seconds:.1f} s" if delay.seconds else ""
    code = f"{delay.code} " if delay.code else ""
    _say(click.style("  wait", fg="yellow"), f"{code}{delay.why}{again}", err=True)


def show_name(deployment: Deployment, err: bool) -> None:
    _say(click.style(_clean(deployment.name), bold=True), f"on {deployment.server}", err)


def show_left(run: Run) -> None:
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
    _paragraph(f"dbprov: {error}")


def show_traceback(error: BaseException) -> None:
    """Never what it came from: a server repeats what was sent."""
    import traceback

    frames = "".join(traceback.format_tb(error.__traceback__))
    text = outside("".join(traceback.format_exception_only(error)))
    _paragraph(f"Traceback (most recent call last):\n{frames}{text}".rstrip("\n"))


def _say(mark: str, text: str, err: bool) -> None:
    say(text, err, mark)


def show_logs() -> None:
    """What the libraries log, on stderr; their words come from outside."""
    import logging

    class Masking(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return outside(super().format(record))

    handler = logging.StreamHandler()
    handler.setFormatter(Masking("%(name)s: %(message)s"))
    logging.basicConfig(level=logging.DEBUG, handlers=[handler])


def _paragraph(text: str, err: bool = True) -> None:
    click.echo(printable_lines(masked(text)), file=_stream(err))


def _statement(text: str, err: bool) -> None:
    click.echo(click.style(_indented(text), dim=True), file=_stream(err))


def _advice(text: str, err: bool) -> None:
    click.echo(_indented(text), file=_stream(err))


def _where(inside: str | None) -> str:
    return f"  (in database {inside})" if inside else ""


def _indented(text: str) -> str:
    return "\n".join(f"      {printable(line)}" for line in masked(text).split("\n"))


def _clean(line: str) -> str:
    return printable(masked(line))
