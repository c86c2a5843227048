"""What a person sees: in a pipe the bytes below, on a terminal the same words in its width."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dbprov.audit.hash_chain import Checked, Wrong
from dbprov.cli import console, main, screens, terminal
from dbprov.commands.run import Run
from dbprov.engines.facts import Check, Notice
from dbprov.errors import ApplyError
from dbprov.items.existing_grants import RoleEntry
from dbprov.items.item import Obstacle
from dbprov.items.object_owner import ObjectOwner
from dbprov.passwords.secret import Secret
from dbprov.plan.change_owner import Withheld
from dbprov.plan.drop_survey import DropOptions, Refusal
from dbprov.plan.plan import Plan
from dbprov.plan.prune import ExtraPrivilege
from dbprov.plan.steps import Step, compare
from dbprov.server.lock import Delay
from dbprov.server.server import Done
from dbprov.spec.model import Deployment
from tests.harness.terminal import COLORS, ERASED, control_sequences
from tests.support.made import deployment, expanded, facts

EXPECTED = Path(__file__).parent.parent / "golden" / "screens"
LONG = "a sentence of many words " * 6


def plan(one: Deployment | None = None) -> Plan:
    one = one or deployment()
    steps = tuple(compare((item, None) for item in expanded(one)))[:6]
    first = "CREATE ROLE app LOGIN\n    CONNECTION LIMIT 20\n    PASSWORD '***';"
    statements = (first, *(f"GRANT statement {n} {LONG}".rstrip() for n in range(1, 6)))
    return Plan(one, steps, statements, facts())


def whole() -> Plan:
    """With everything that a plan may say."""
    extra = RoleEntry(grantee="app", role="reporting")
    obstacle = Obstacle("permission denied", "a superuser", "GRANT x TO y;\nGRANT z TO y;")
    made = plan()
    return replace(
        made,
        obstacles=((made.steps[1], obstacle),),
        unknown=(deployment().accounts[0],),
        extra=(
            ExtraPrivilege(extra, 'REVOKE "reporting" FROM "app";'),
            ExtraPrivilege(extra, "", obstacle),
        ),
        remarks=("know this", LONG.strip()),
    )


def dropped() -> Plan:
    made = plan()
    steps = tuple(Step("drop", step.item) for step in made.steps[:2])
    return replace(
        made,
        command="drop",
        steps=steps,
        statements=made.statements[:2],
        options=DropOptions(quarantine=True),
        refusals=(Refusal("it owns a table", "give the table away\nand run it again"),),
        remarks=("its sessions end",),
    )


def adopted() -> Plan:
    one = ObjectOwner(schema="public", owner="old", name="f", identity="public.f()", definer=True)
    step = Step("alter", replace(one, owner="app"), one)
    held = (
        Withheld(one, "app", ('it belongs to "old"',), ("--from", "old")),
        Withheld(one, "app", ("acts with its owner's rights", "PUBLIC may use it"), ("--object", "public.f()")),
    )  # fmt: skip
    return replace(plan(), command="adopt", steps=(step,), statements=("ALTER x;",), withheld=held)


def rotated() -> Plan:
    account = deployment().accounts[0]
    return replace(plan(), command="rotate", account=account, steps=(), statements=())


def run() -> None:
    made = plan()
    done = Done(made.steps[0], made.statements[0], (Notice("00000", "a notice"),), 12.4)
    screens.show_deployment(made.deployment, err=True)
    screens.show_delay(Delay("another run has the lock", "55P03", 0.5))
    screens.show_done(done)
    screens.show_check(Check("app", "logs in", "works", "with TLS", True))
    screens.show_check(
        Check("app", "creates a table", "works", LONG.strip(), False, "42501", "GRANT a;\nGRANT b;")
    )
    screens.show_check(
        Check("server", "is supported", "holds", "it is old", True, "1", "know this", True)
    )
    screens.show_check(
        Check("app", "logs in", "works", "from 10.0.%", False, todo="there", proven=False)
    )
    error = ApplyError("create user failed", f"permission denied\n{LONG}".strip(), "ask", code="42")
    ended = Run(made, [done], error=error)
    screens.show_not_done(ended)
    screens.show_still_missing(replace(ended, left=made))
    console.show_error(error)


def audit() -> None:
    wrong = [Wrong(n, "altered", "its hash is another one") for n in range(1, 13)]
    screens.show_audit_check("changes.jsonl", Checked(12, "0" * 64, wrong, ["know this"]))
    screens.show_audit_check("changes.jsonl", Checked(3, "a1" * 32))


SCREENS: dict[str, Callable[[], None]] = {
    "plan": lambda: screens.show_plan(whole(), err=False),
    "drop": lambda: screens.show_drop(dropped(), err=False),
    "adoption": lambda: screens.show_adoption(adopted()),
    "rotation": lambda: screens.show_rotation(rotated()),
    "run": run,
    "audit": audit,
}


class Stream(io.StringIO):
    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


def connected(monkeypatch: pytest.MonkeyPatch, terminal: bool) -> Stream:
    """Called in the test itself: between a fixture and its test pytest sets the streams anew."""
    stream = Stream(terminal)
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "stderr", stream)
    return stream


@pytest.mark.parametrize("name", SCREENS)
def test_in_a_pipe(
    name: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    pipe, file = connected(monkeypatch, terminal=False), EXPECTED / f"{name}.txt"
    SCREENS[name]()
    if request.config.getoption("--update-golden"):
        file.write_text(pipe.getvalue(), encoding="utf-8")
    assert pipe.getvalue() == file.read_text(encoding="utf-8") != ""


# -- on a terminal ---------------------------------------------------------------------------------------------------------

WIDTH = 60
HOSTILE = (
    "[red]x[/]",
    "[/]",
    ":smile:",
    "\\[",
    "[link=http://x]y[/link]",
    "[bold",
    "\x1b[31mred",
    "a\x08b",
)


def on_terminal(monkeypatch: pytest.MonkeyPatch, **env: str) -> Stream:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "LINES", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"COLUMNS": str(WIDTH), "TERM": "xterm", **env}.items():
        monkeypatch.setenv(name, value)
    return connected(monkeypatch, terminal=True)


def words(text: str) -> list[str]:
    return COLORS.sub("", text).split()


@pytest.mark.parametrize("name", SCREENS)
def test_on_a_terminal_the_same_words_in_its_width(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = on_terminal(monkeypatch)
    SCREENS[name]()
    text = COLORS.sub("", shown.getvalue())
    piped = (EXPECTED / f"{name}.txt").read_text(encoding="utf-8")
    assert "".join(text.split()) == "".join(piped.split())
    assert max(map(len, text.splitlines())) <= WIDTH
    assert control_sequences(shown.getvalue()) == []


def test_a_line_goes_on_below_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = on_terminal(monkeypatch)
    console.say(LONG, True, "  +", "green")
    console.statement(f"FIRST\n    {LONG}", True)
    console.say(f"wrote {LONG}")
    console.show_error(ApplyError("it failed", LONG, "ask"))
    lines = COLORS.sub("", shown.getvalue()).splitlines()
    indents = [len(line) - len(line.lstrip()) for line in lines]
    # The line with the mark, the statement, the one without a mark, the error.
    assert indents == [2, 4, 4, 6, 10, 10, 10, 0, 2, 2, 0, 2, 7, 7, 2]


def test_the_colors(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = on_terminal(monkeypatch)
    screens.show_plan(whole(), err=False)
    text = shown.getvalue()
    for styled in ("\x1b[1manalytics\x1b[0m on", "\x1b[32m  +\x1b[0m create", "\x1b[31m  !\x1b[0m set",
                   "\x1b[33m  note:\x1b[0m know", "\x1b[2mCREATE ROLE app LOGIN\x1b[0m"):  # fmt: skip
        assert styled in text


def test_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = on_terminal(monkeypatch, NO_COLOR="1")
    screens.show_plan(whole(), err=False)
    assert set(re.findall(r"\x1b\[[^m]*m", shown.getvalue())) == {"\x1b[0m", "\x1b[1m", "\x1b[2m"}


def test_a_dumb_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = on_terminal(monkeypatch, TERM="dumb")
    with screens.status("planning") as begun:
        begun(deployment())
        screens.show_plan(whole(), err=False)
    assert "\x1b" not in shown.getvalue()
    assert "planning" not in shown.getvalue()


def test_a_pipe_is_plain_whatever_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "30")
    shown = connected(monkeypatch, terminal=False)
    with screens.status("planning") as begun:
        begun(deployment())
        screens.show_plan(whole(), err=False)
    assert shown.getvalue() == (EXPECTED / "plan.txt").read_text(encoding="utf-8")


@pytest.mark.attack("names are taken for markup, and hide or color text", on="a terminal")
@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_no_markup(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = on_terminal(monkeypatch, COLUMNS="200")
    seen = name.replace("\x1b", "?").replace("\x08", "?")
    console.say(f"user {name}", True, "  +", "green")
    console.say(f"on {name}", True, name, "bold")
    console.statement(f"DROP {name}", True)
    console.advice(f"ask {name}", True)
    console.show_error(ApplyError(name, name, name))
    console.print_table([(name, "b"), ("c", name)], ("first", "second"))
    with console.status() as doing:
        doing(f"now {name}")
    assert shown.getvalue().count(seen) == 11
    assert control_sequences(shown.getvalue()) == []


@pytest.mark.attack("a line break parts a password, so that it is not masked", on="a terminal")
@pytest.mark.parametrize("width", range(24, 60, 5))
def test_a_password_is_masked_before_a_line_is_broken(
    width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = on_terminal(monkeypatch, COLUMNS=str(width))
    parts = ("wide-correct", "horse-pocket", "staple-battery")
    secret = Secret(" ".join(parts)).reveal()
    text = f"some words before it, then {secret} and some after it"
    console.say(text, True, "  +", "green")
    console.say(text, True, secret, "bold")
    console.statement(text, True)
    console.advice(text, True)
    console.show_error(ApplyError(text, text, text))
    console.print_table([(text, text)], ("a", "b"))
    with console.status() as doing:
        doing(text)
    assert shown.getvalue().count("***") >= 8
    assert not [part for part in parts if part in "".join(shown.getvalue().split())]


def test_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        ("postgresql://a", "PostgreSQL 16", "available"),
        ("  x",),
        ("mysql://b", "MySQL 8.4", "-"),
    ]
    shown = on_terminal(monkeypatch)
    console.print_table(rows, ("server", "engine", "status"))
    assert COLORS.sub("", shown.getvalue()) == (
        "server          engine         status   \n"
        "postgresql://a  PostgreSQL 16  available\n"
        "  x\n"
        "mysql://b       MySQL 8.4      -\n"
    )
    pipe = connected(monkeypatch, terminal=False)
    console.print_table(rows, ("server", "engine", "status"))
    assert (
        pipe.getvalue()
        == "postgresql://a\tPostgreSQL 16\tavailable\n  x\nmysql://b\tMySQL 8.4\t-\n"
    )


def test_the_list_of_templates(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = on_terminal(monkeypatch, COLUMNS="200")
    main(["templates", "--engine", "mysql"], standalone_mode=False)
    assert re.search(
        r"^mysql/user\.sql {2,}/\S+/mysql/user\.sql\n  inspect\n", shown.getvalue(), re.M
    )
    pipe = connected(monkeypatch, terminal=False)
    main(["templates", "--engine", "mysql"], standalone_mode=False)
    assert re.search(r"^mysql/user\.sql\t/\S+/mysql/user\.sql\n  inspect\n", pipe.getvalue(), re.M)


def test_what_is_being_done_is_the_last_line_and_gone_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown = on_terminal(monkeypatch)
    console.guard()
    monkeypatch.setattr(
        "click.confirm", lambda question, err: shown.write(f"{question} [y/N]: y\n")
    )
    with screens.status("planning") as begun:
        begun(deployment())
        console.say("a line")
        print("of a library", file=sys.stderr)
        console.say("another line")
        console.confirm("Carry this out?")
    console.say("the end")
    doing = "\x1b[2manalytics on postgresql://dba@db.example.com:5432: planning\x1b[0m"
    assert shown.getvalue() == (
        f"{doing}{ERASED}a line\n{doing}{ERASED}of a library\nanother line\n{doing}{ERASED}"
        "Carry this out? [y/N]: y\nthe end\n"
    )


def test_what_is_being_done_is_never_longer_than_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = on_terminal(monkeypatch)
    with console.status() as doing:
        doing("日本\tx " * 60)
    [line] = COLORS.sub("", shown.getvalue()).removesuffix(ERASED).splitlines()
    assert sum(2 if ord(c) > 0x2000 else 1 for c in line) < WIDTH
    assert shown.getvalue().endswith(ERASED)


@given(
    st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" []\\:日")),
    st.sampled_from(["", "  +", "  note:", "analytics"]),
)
def test_no_character_is_lost(text: str, mark: str) -> None:
    for made in (terminal.line(text, mark, "bold"), terminal.block(f"      {text}", "dim")):
        kept = "".join(re.sub(r"\x1b\[\d+m", "", made).split())
        assert kept in ("".join((mark + text).split()), "".join(text.split()))
