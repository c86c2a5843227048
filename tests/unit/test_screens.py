"""What a person sees: in a pipe the bytes below, on a terminal the same words in its width."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from dbprov.audit.hash_chain import Checked, Wrong
from dbprov.cli import console, screens
from dbprov.commands.run import Run
from dbprov.engines.facts import Check, Notice
from dbprov.errors import ApplyError
from dbprov.items.existing_grants import RoleEntry
from dbprov.items.item import Obstacle
from dbprov.items.object_owner import ObjectOwner
from dbprov.plan.change_owner import Withheld
from dbprov.plan.drop_survey import DropOptions, Refusal
from dbprov.plan.plan import Plan
from dbprov.plan.prune import ExtraPrivilege
from dbprov.plan.steps import Step, compare
from dbprov.server.lock import Delay
from dbprov.server.server import Done
from dbprov.spec.model import Deployment
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
