"""The command line without a server: exit codes, stdout and stderr apart, JSON, help. What the commands answer is made up."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace

from dbprov import __version__
from dbprov.cli import COMMANDS, SAID, Group, main
from dbprov.cli.options import DEFAULT_TIMEOUTS
from dbprov.commands.render import render
from dbprov.commands.run import Run
from dbprov.engines.facts import Check, Notice
from dbprov.errors import ApplyError, ConnectError, Interrupted, PlaceError
from dbprov.items.item import Obstacle
from dbprov.passwords.secret import Secret
from dbprov.plan.plan import Plan
from dbprov.plan.steps import Step, compare
from dbprov.server.server import Done
from dbprov.spec.model import Deployment, Spec, Timeouts
from tests.support.made import command, deployment, expanded, facts

FLAGS = [
    "--server",
    "postgresql://dba@db.example.com/postgres",
    "--name",
    "analytics",
    "--database",
    "shop",
    "--user",
    "app",
]
WITH_SPEC = ("render", "plan", "apply", "verify", "check", "connections")
WITH_JSON = ("render", "plan", "apply", "verify", "check", "connections")
WITH_SERVER = ("plan", "apply", "verify", "check")


def run(*words: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, list(words), input=stdin)


class Nowhere:
    """In the place of a Server."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the commands answer: ``planned``, ``applied``, ``checks``, or an ``error``; ``called`` lists what was done."""
    answers: dict[str, Any] = {
        "planned": [],
        "applied": None,
        "checks": [],
        "error": None,
        "called": [],
    }

    @contextmanager
    def servers(
        spec: Any, ask: Any = None, templates: Any = None, timeouts: Any = None, **more: Any
    ) -> Iterator[dict[Deployment, Nowhere]]:
        if answers["error"]:
            raise answers["error"]
        yield {one: Nowhere() for one in spec.deployments}

    def plan(
        one: Deployment, server: Nowhere, prune: bool = False, earlier: Sequence[Plan] = ()
    ) -> Plan:
        return replace(empty(), deployment=one, **dict(answers["planned"]))

    def apply(
        one: Deployment,
        server: Nowhere,
        planned: Plan,
        *,
        report: Any,
        check: Any,
        delayed: Any,
        agreed: bool,
        reviewed: Any,
    ) -> Run:
        answers["called"].append("apply")
        made: Run = answers["applied"] or Run(replace(empty(), deployment=one), left=empty())
        for done in made.done:
            report(done)
        for tried in made.checks:
            check(tried)
        return made

    monkeypatch.setattr("dbprov.commands.servers.servers", servers)
    monkeypatch.setattr("dbprov.commands.plan.plan", plan)
    monkeypatch.setattr("dbprov.commands.apply.apply", apply)
    monkeypatch.setattr(
        "dbprov.commands.verify.verify", lambda one, server: iter(answers["checks"])
    )
    monkeypatch.setattr("dbprov.commands.check.check", lambda one, server: iter(answers["checks"]))
    return answers


def empty() -> Plan:
    return Plan(deployment(), (), (), facts())


def steps() -> dict[str, Any]:
    made: tuple[Step, ...] = tuple(compare((item, None) for item in expanded(deployment())))
    return {
        "steps": made,
        "statements": tuple(f"STATEMENT {number};\nSECOND LINE" for number, _ in enumerate(made)),
    }


HELD = Check("app", "logs in", "works", "with TLS", True)
FAILED = Check(
    "app", "creates a table", "works", "permission denied", False, "42501", "ask somebody"
)
NOT_PROVEN = Check(
    "app", "logs in", "works", "it logs in from 10.0.%", False, todo="there", proven=False
)
WARNING = Check(
    "server", "is supported", "holds", "it is MariaDB", True, todo="know this", warning=True
)


# -- help ------------------------------------------------------------------------------------------------------------------


def test_every_command_is_where_the_table_says() -> None:
    for name in COMMANDS:
        assert command(name).name == name


def test_the_help_of_all_says_of_every_command_what_it_is_for() -> None:
    """In one line each, whole: none of the commands is loaded for it."""
    assert list(SAID) == list(COMMANDS)
    lines = run("--help").stdout.splitlines()
    for name, said in SAID.items():
        assert [line for line in lines if line.split() == [name, *said.split()]], name


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_an_example(name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0
    assert f"Example: dbprov {name} " in " ".join(result.stdout.split())
    assert result.stderr == ""


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_what_it_is(name: str) -> None:
    for option in command(name).params:
        assert not isinstance(option, click.Option) or option.help, option.name


def test_version() -> None:
    assert run("--version").stdout == f"dbprov, version {__version__}\n"


@pytest.mark.parametrize("name", WITH_JSON)
def test_json_is_on_every_command_that_finds_something_out(name: str) -> None:
    assert "--json" in run(name, "--help").stdout


# -- errors ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WITH_SPEC)
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "nothing says what is wanted"),
        (["spec.yaml", "--name", "x"], "a spec file and flags are both given"),
        (["/nowhere/spec.yaml"], "there is no such file"),
        (["--server", "oracle://h", "--name", "a b"], "the spec has 4 mistakes"),
        (["--server", "postgresql://a:hunter2@h", *FLAGS[2:]], "the server's URL holds a password"),
        (["--wrong"], "No such option"),
        ([*FLAGS, "--connection-limit", "0"], "--connection-limit: 0 is not a number"),
        ([*FLAGS, "--connection-limit", "x"], "is not a valid integer"),
    ],
)
def test_mistakes_are_errors(name: str, words: list[str], said: str) -> None:
    result = run(name, *words)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert "hunter2" not in result.output


@pytest.mark.parametrize("name", WITH_JSON)
def test_an_error_is_a_document_too(name: str) -> None:
    result = run(name, "--json", "--server", "oracle://h", *FLAGS[2:])
    assert result.exit_code == 2
    document = json.loads(result.stdout)
    assert set(document) == {"error"}
    assert set(document["error"]) == {"what", "why", "code", "do"}
    assert "--server" in document["error"]["why"]
    assert "dbprov: the spec has 1 mistake" in result.stderr


@pytest.mark.parametrize("name", WITH_SERVER)
def test_the_three_parts_of_an_error(name: str, world: dict[str, Any]) -> None:
    world["error"] = ConnectError(
        "the server cannot be reached", "connection refused", "see that it runs", code="2003"
    )
    result = run(name, *FLAGS)
    assert (result.exit_code, result.stdout) == (2, "")
    assert (
        result.stderr
        == "dbprov: the server cannot be reached\n  why: 2003: connection refused\n  do:  see that it runs\n"
    )
    result = run(name, *FLAGS, "--json")
    assert json.loads(result.stdout)["error"] == {
        "what": "the server cannot be reached", "why": "connection refused", "code": "2003", "do": "see that it runs",
    }  # fmt: skip


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_an_interruption_is_an_error_and_no_difference(error: BaseException) -> None:
    @click.group(cls=Group)
    @click.pass_context
    def group(ctx: click.Context) -> None:
        ctx.ensure_object(dict)

    @group.command()
    def stopped() -> None:
        raise error

    result = CliRunner().invoke(group, ["stopped"])
    assert result.exit_code == 2
    assert "run the same command again" in result.stderr


# -- plan ------------------------------------------------------------------------------------------------------------------


def test_a_plan_with_nothing_to_do(world: dict[str, Any]) -> None:
    result = run("plan", *FLAGS)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "analytics on postgresql://dba@db.example.com:5432: nothing to do\n"
    document = json.loads(run("plan", *FLAGS, "--json").stdout)
    assert document["complete"] is True
    assert document["deployments"][0]["steps"] == []


def test_a_plan_with_differences(world: dict[str, Any]) -> None:
    world["planned"] = steps()
    result = run("plan", *FLAGS)
    assert (result.exit_code, result.stderr) == (1, "")
    assert "14 steps" in result.stdout
    assert '+ create user "app"\n      STATEMENT 0;\n      SECOND LINE\n' in result.stdout
    assert "(in database shop)" in result.stdout
    result = run("plan", *FLAGS, "--json")
    document = json.loads(result.stdout)
    assert (result.exit_code, document["complete"]) == (1, False)
    (one,) = document["deployments"]
    assert set(one) == {
        "name",
        "server",
        "digest",
        "complete",
        "steps",
        "obstacles",
        "remedy",
        "refusals",
        "beyond",
        "surplus",
        "remarks",
        "passwords_not_known",
    }
    assert one["steps"][0] == {
        "verb": "create",
        "kind": "user",
        "item": 'user "app"',
        "database": None,
        "sql": "STATEMENT 0;\nSECOND LINE",
    }


def test_a_plan_with_an_obstacle(world: dict[str, Any]) -> None:
    made = steps()
    obstacle = Obstacle("the admin lacks CREATEROLE", "a superuser", "ALTER ROLE dba CREATEROLE")
    world["planned"] = {
        **made,
        "obstacles": ((made["steps"][0], obstacle),),
        "remarks": ("know this",),
    }
    result = run("plan", *FLAGS)
    assert (
        "the admin lacks CREATEROLE\n      a superuser would run:\n      ALTER ROLE dba CREATEROLE;"
        in result.stdout
    )
    assert "note: know this" in result.stdout
    result = run("apply", *FLAGS, "--yes")
    assert result.exit_code == 2
    assert "nothing was changed" in result.stderr
    assert world["called"] == []


# -- apply -----------------------------------------------------------------------------------------------------------------


def applied(**more: Any) -> Run:
    step = steps()["steps"][0]
    done = Done(step, "CREATE ROLE x PASSWORD '***'", (Notice("00000", "be aware"),), 1.26)
    return replace(Run(empty(), [done], empty(), [HELD]), **more)


def test_apply(world: dict[str, Any]) -> None:
    world |= {"planned": steps(), "applied": applied()}
    result = run("apply", *FLAGS, "--yes")
    assert result.exit_code == 0
    assert result.stdout == "", "what is said to people goes to stderr"
    for words in (
        "14 steps",
        'done create user "app"  1 ms',
        "00000 be aware",
        "ok app: logs in: with TLS",
        "dbprov connections",
    ):
        assert words in result.stderr
    result = run("apply", *FLAGS, "--yes", "--json")
    document = json.loads(result.stdout)
    assert (result.exit_code, document["ok"]) == (0, True)
    (one,) = document["deployments"]
    assert set(one) == {
        "name",
        "server",
        "ok",
        "changed",
        "delays",
        "done",
        "not_done",
        "left",
        "checks",
        "error",
        "proven",
    }
    assert (one["changed"], one["done"][0]["sql"], one["done"][0]["notices"], one["done"][0]["ms"]) == (
        True, "CREATE ROLE x PASSWORD '***'", ["be aware"], 1.3,
    )  # fmt: skip


def test_apply_asks_and_without_a_terminal_it_cannot(world: dict[str, Any]) -> None:
    world["planned"] = steps()
    result = run("apply", *FLAGS, stdin="y\n")
    assert result.exit_code == 2
    assert "nobody can be asked" in result.stderr
    assert "14 steps" in result.stderr, "the plan is shown"
    assert world["called"] == []


def test_apply_with_nothing_to_do_does_not_ask(
    world: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEPT", "since the user is there")
    assert run("apply", *FLAGS, "--password-env", "KEPT").exit_code == 0
    assert world["called"] == ["apply"], "it still verifies"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"checks": [HELD, FAILED]}, 1),
        ({"checks": [WARNING]}, 0),
        ({"left": replace(empty(), **steps())}, 1),
        ({"error": ApplyError("could not create it", "no", "ask", code="42501"), "left": None}, 2),
    ],
)
def test_exit_codes_of_apply(world: dict[str, Any], more: dict[str, Any], code: int) -> None:
    world |= {"planned": steps(), "applied": applied(**more)}
    result = run("apply", *FLAGS, "--yes", "--json")
    assert result.exit_code == code
    assert json.loads(result.stdout)["ok"] is (code == 0)
    if code == 2:
        assert "why: 42501: no" in result.stderr
        assert "what was done before stands" in result.stderr
        assert json.loads(result.stdout)["deployments"][0]["error"]["code"] == "42501"
    if "left" in more and code == 1:
        assert "still missing after apply" in result.stderr


def test_what_was_not_done_is_told_of_every_deployment(
    world: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that was interrupted, and the one after it that was not begun."""
    monkeypatch.setattr("dbprov.commands.apply.ask_places", lambda planned: None)
    path = tmp_path / "spec.yaml"
    path.write_text(
        "server: postgresql://dba@db.example.com/postgres\ndeployments:\n"
        "  - {name: one, database: a, user: a}\n  - {name: two, database: b, user: b}\n"
    )
    planned = replace(empty(), **steps())
    error = Interrupted("interrupted", "the run was ended by a signal", "run it again")
    world |= {"planned": steps(), "applied": applied(plan=planned, left=None, error=error)}
    result = run("apply", str(path), "--yes", "--json")
    assert result.exit_code == 2
    first, second = json.loads(result.stdout)["deployments"]
    assert (len(first["done"]), len(first["not_done"])) == (1, 13)
    assert (len(second["done"]), len(second["not_done"])) == (0, 14)
    assert "not done:\n  - set label of user" in result.stderr.replace('"', "")
    assert world["called"] == ["apply"]


def test_json_is_one_document_where_the_run_is_interrupted_after_it(
    world: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("dbprov.cli.apply._show_result", interrupted)
    world |= {"planned": steps(), "applied": applied()}
    result = run("apply", *FLAGS, "--yes", "--json")
    assert result.exit_code == 2
    assert json.loads(result.stdout)["ok"] is True
    assert "interrupted" in result.stderr


# -- verify and check ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["verify", "check"])
@pytest.mark.parametrize(
    ("checks", "code"),
    [([HELD], 0), ([HELD, FAILED], 1), ([WARNING], 0), ([HELD, NOT_PROVEN], 0), ([], 0)],
)
def test_checks(world: dict[str, Any], name: str, checks: list[Check], code: int) -> None:
    world["checks"] = checks
    result = run(name, *FLAGS)
    said = "1 of 2 checks is not proven: --require-proof makes this exit code 1\n"
    said *= NOT_PROVEN in checks and name == "verify"
    assert (result.exit_code, result.stderr) == (code, said)
    assert ("not proven app: logs in: it logs in from 10.0.%\n      there\n" in result.stdout) is (
        NOT_PROVEN in checks
    )
    assert (
        "FAILED app: creates a table: 42501 permission denied\n      ask somebody\n"
        in result.stdout
    ) is (FAILED in checks)
    assert ("ok app: logs in: with TLS\n" in result.stdout) is (HELD in checks)
    assert ("note server: is supported: it is MariaDB\n      know this\n" in result.stdout) is (
        WARNING in checks
    )
    result = run(name, *FLAGS, "--json")
    document = json.loads(result.stdout)
    assert (result.exit_code, document["ok"]) == (code, code == 0)
    assert [set(one) for one in document["deployments"][0]["checks"]] == [
        {
            "subject",
            "claim",
            "expected",
            "observed",
            "held",
            "code",
            "do",
            "warning",
            "state",
            "statements",
        }
        for _ in checks
    ]
    assert document["proven"] is (NOT_PROVEN not in checks)


def test_proof_can_be_required(world: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    world["checks"] = [HELD, NOT_PROVEN]
    monkeypatch.setenv("KEPT", "since the user is there")
    kept = ("--password-env", "KEPT")
    result = run("verify", *FLAGS, "--require-proof", "--json")
    document = json.loads(result.stdout)
    assert (result.exit_code, document["ok"], document["proven"]) == (1, False, False)
    assert [c["held"] for c in document["deployments"][0]["checks"]] == [True, False]
    assert run("check", *FLAGS, "--require-proof").exit_code == 2, "it proves nothing"
    world |= {"applied": Run(empty(), left=empty(), checks=[HELD, NOT_PROVEN])}
    for words, code in (((), 0), (("--require-proof",), 1)):
        result = run("apply", *FLAGS, *kept, "--yes", "--json", *words)
        document = json.loads(result.stdout)
        assert (result.exit_code, document["ok"]) == (code, code == 0)
        assert document["deployments"][0]["proven"] is False


# -- connections -----------------------------------------------------------------------------------------------------------


def test_connections_hide_passwords_and_do_not_need_them() -> None:
    result = run("connections", *FLAGS)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "metadataConnection: postgresql://app:***@db.example.com:5432/shop" in result.stdout


def test_connections_with_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_PASSWORD", "hunter2")
    words = ["connections", *FLAGS, "--password-env", "APP_PASSWORD"]
    assert "hunter2" not in run(*words).output
    assert "app:hunter2@" in run(*words, "--reveal").stdout
    document = json.loads(run(*words, "--reveal", "--json").stdout)
    assert document["deployments"][0]["metadataConnectionJson"]["pass"] == "hunter2"
    assert "hunter2" not in run(*words, "--json").output
    assert run(*words, "--reveal", "--format", "env").stdout.startswith(
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=postgresql://app:hunter2@"
    )


def test_a_password_that_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("APP_PASSWORD", raising=False)
    result = run("connections", *FLAGS, "--password-env", "APP_PASSWORD", "--reveal", "--json")
    assert result.exit_code == 2
    assert "environment variable APP_PASSWORD" in json.loads(result.stdout)["error"]["why"]


def test_a_name_that_a_consumer_cannot_carry_is_told_on_stderr() -> None:
    result = run("connections", *FLAGS[:4], "--database", "a b", "--user", "app", "--json")
    assert "note: " in result.stderr
    assert json.loads(result.stdout)


def test_a_prompt_without_a_terminal() -> None:
    result = run("connections", *FLAGS, "--password-prompt", "--reveal", stdin="hunter2\n")
    assert result.exit_code == 2
    assert "there is no terminal to ask on" in result.stderr


def test_yes_never_asks(world: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    @contextmanager
    def servers(
        spec: Any, ask: Any, templates: Any, timeouts: Any, **more: Any
    ) -> Iterator[dict[Any, Any]]:
        asked.append(ask)
        spec.deployments[0].accounts[0].place.read()
        yield {}

    monkeypatch.setattr("dbprov.commands.servers.servers", servers)
    monkeypatch.setattr("dbprov.cli.spec_options.ask", lambda label: pytest.fail("it asks"))
    result = run("apply", *FLAGS, "--password-prompt", "--yes")
    assert result.exit_code == 2
    assert "--yes forbids asking" in result.stderr
    with pytest.raises(PlaceError):
        asked[0]("Password of the admin")


def test_how_long_to_wait(world: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[Timeouts] = []

    @contextmanager
    def servers(
        spec: Any, ask: Any, templates: Any, timeouts: Any, **more: Any
    ) -> Iterator[dict[Any, Any]]:
        waited.append(timeouts)
        yield {one: Nowhere() for one in spec.deployments}

    monkeypatch.setattr("dbprov.commands.servers.servers", servers)
    assert run("plan", *FLAGS).exit_code == 0
    monkeypatch.setenv("KEPT", "since the user is there")
    kept = ("--password-env", "KEPT", "--connect-timeout", "3", "--lock-timeout", "0")
    assert run("apply", *FLAGS, *kept).exit_code == 0
    assert waited == [Timeouts(), Timeouts(connect=3, lock=0)]
    assert {n: getattr(Timeouts(), n) for n in DEFAULT_TIMEOUTS} == DEFAULT_TIMEOUTS
    assert run("plan", *FLAGS, "--statement-timeout", "0").exit_code == 2
    assert run("plan", *FLAGS, "--lock-timeout", "1").exit_code == 2, "a plan changes nothing"


# -- render, schema, templates ---------------------------------------------------------------------------------------------


def test_render_to_stdout_is_the_script_alone() -> None:
    result = run("render", *FLAGS, "--server-version", "16")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("-- analytics: database shop on PostgreSQL")
    assert "on PostgreSQL 16," in result.stdout
    made = render(Spec((replace(deployment(), source="flags"),)), version=(16,))
    assert result.stdout == made["analytics"]


def test_render_and_templates_as_json(tmp_path: Path) -> None:
    text = run("render", *FLAGS).stdout
    folder = tmp_path / "sql"
    made = run("render", *FLAGS, "--json", "-o", str(folder))
    [one] = json.loads(made.stdout)["deployments"]
    assert one == {"name": "analytics", "sql": text, "file": str(folder / "analytics.sql")}
    assert (folder / "analytics.sql").read_text(encoding="utf-8") == text
    [one] = json.loads(run("render", *FLAGS, "--json").stdout)["deployments"]
    assert one == {"name": "analytics", "sql": text, "file": None}
    told = run("templates", "--engine", "mysql")
    listed = json.loads(run("templates", "--engine", "mysql", "--json").stdout)["templates"]
    lines = told.stdout.splitlines()
    assert [f"{one['name']}\t{one['file']}" for one in listed] == [n for n in lines if n[0] != " "]
    assert sum(len(one["blocks"]) for one in listed) == len([n for n in lines if n[0] == " "])


@pytest.mark.parametrize("name", WITH_SPEC)
def test_help_has_the_flags_that_stand_for_a_file_last(name: str) -> None:
    own, _, rest = run(name, "--help").stdout.partition("One Deployment, instead of SPEC:")
    assert "--server" in rest
    assert "--password-env" in rest
    assert "--help" in own
    assert "--database" not in own


def test_the_list_of_commands_cuts_no_sentence() -> None:
    assert "..." not in run("--help").stdout.partition("Commands:")[2]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--server-version", "new"], "'new' is not a version"),
        (["--server-version", ""], ""),
        (["--server-version", "99"], "no file can be written for PostgreSQL 99"),
        (["--server-version", "99"], "--server-version 18"),
        (["--server-version", "19.1"], "the newest that dbprov knows is 18"),
        (["--server-version", "18.4"], ""),
        (["--flavor", "mysql"], "analytics is on postgresql"),
        (["--flavor", "oracle"], "Invalid value"),
        (["--templates", "/nowhere"], "does not exist"),
    ],
)
def test_what_render_refuses(words: list[str], said: str) -> None:
    result = run("render", *FLAGS, *words)
    assert result.exit_code == (2 if said else 0)
    assert said in result.stderr


def test_render_for_mysql() -> None:
    flags = [
        "--server",
        "mysql://dba@h",
        *FLAGS[2:4],
        "--database",
        "my_shop",
        "--user",
        "app",
        "--host",
        "10.%",
    ]
    assert "ON `my\\_shop`.*" in run("render", *flags).stdout
    assert "ON `my_shop`.*" in run("render", *flags, "--partial-revokes").stdout
    assert "on MariaDB" in run("render", *flags, "--flavor", "mariadb").stdout


@pytest.mark.parametrize(
    ("flavor", "version", "refused"),
    [("mysql", "9.7.4", False), ("mysql", "9.8", True), ("mysql", "26.7", False), ("mysql", "27.1", True), ("mariadb", "26.7", True), ("mariadb", "11.8", False), ("mariadb", "99", True)],
)  # fmt: skip
def test_a_version_that_is_not_known(flavor: str, version: str, refused: bool) -> None:
    words = ("--server", "mysql://dba@h", *FLAGS[2:], "--flavor", flavor)
    result = run("render", *words, "--server-version", version)
    assert (result.exit_code == 2) is refused, result.stderr


def test_every_flag_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def scripts(made: Spec, **_: Any) -> dict[str, Any]:
        seen.append(made)
        return {}

    monkeypatch.setattr("dbprov.commands.render.render", scripts)
    result = run(
        "render", *FLAGS, "--access", "write", "--schemas", "one", "--schemas", "two", "--extensions", "pg_trgm", "--layout", "shared", "--encoding", "UTF8",
        "--collation", "C", "--connection-limit", "7", "--no-isolate", "--password-env", "P", "--tls-mode", "require",
        "--publish-host", "bouncer", "--publish-port", "6432",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    expected = deployment(
        access="write", schemas=["one", "two"], extensions=["pg_trgm"], encoding="UTF8", collation="C", connection_limit=7, isolate=False,
        password={"env": "P"}, tls={"mode": "require"}, publish={"host": "bouncer", "port": 6432},
    )  # fmt: skip
    assert seen[0].deployments == (replace(expected, source="flags"),)
    seen.clear()
    run("render", *FLAGS, "--isolate", "--layout", "split")
    assert seen[0].deployments[0].isolate is True
    assert seen[0].deployments[0].layout == "split"
    seen.clear()
    run("render", *FLAGS, "--password-file", "p")
    assert str(seen[0].deployments[0].accounts[0].place) == "file p"


def test_schema() -> None:
    result = run("schema")
    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout)["title"] == "A spec of dbprov"


def test_templates() -> None:
    result = run("templates", "--engine", "mysql")
    whole = [line for line in result.stdout.splitlines() if line[0] != " "]
    lines = [line.split("\t") for line in whole]
    assert result.exit_code == 0
    assert [name for name, _ in lines if name.startswith("mysql/u")] == ["mysql/user.sql"]
    assert "\n  create\n" in result.stdout.partition("mysql/user.sql")[2]
    assert all(name.startswith("mysql/") and Path(file).is_file() for name, file in lines)
    everything = [line for line in run("templates").stdout.splitlines() if line[0] != " "]
    assert {line.split("/")[0] for line in everything} == {"mysql", "postgresql"}


def test_nothing_secret_in_any_output(
    monkeypatch: pytest.MonkeyPatch, world: dict[str, Any]
) -> None:
    for name in ("APP_PASSWORD", "DBPROV_ADMIN_PASSWORD", "PGPASSWORD", "MYSQL_PWD"):
        monkeypatch.setenv(name, "hunter2")
    world |= {"planned": steps(), "applied": applied(checks=[HELD, FAILED]), "checks": [FAILED]}
    for name in WITH_SPEC:
        for more in ([], ["--json"], ["--yes"], ["--yes", "--json"]):
            words = [
                word
                for word in more
                if word in {option for p in command(name).params for option in p.opts}
            ]
            result = run(name, *FLAGS, "--password-env", "APP_PASSWORD", *words)
            assert result.output, name
            assert "hunter2" not in result.output
    assert "hunter2" not in repr(Secret("hunter2"))


def test_a_reader_who_has_read_enough_is_no_failure() -> None:
    """dbprov schema | head -1"""
    words = f"{sys.executable} -m dbprov schema | head -1"
    ended = subprocess.run(["sh", "-c", words], capture_output=True, text=True, check=True)
    assert ended.stdout == "{\n"
    assert ended.stderr == ""


def test_the_variables_of_two_deployments_do_not_mix(tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    entry = "{name: NAME, database: NAME, user: NAME}"
    both = ", ".join(entry.replace("NAME", name) for name in ("one", "two"))
    spec.write_text(f"server: postgresql://h\ndeployments: [{both}]\n")
    ended = CliRunner().invoke(main, ["connections", str(spec), "--format", "env"])
    assert ended.exit_code == 2
    assert "env is the form of one Deployment" in ended.stderr
    out = ["--format", "env", "-o", str(spec.with_name("strings.env"))]
    ended = CliRunner().invoke(main, ["rotate", str(spec), "--yes", *out])
    assert ended.exit_code == 2
    assert "env is the form of one Deployment" in ended.stderr, "before anything is rotated"


@pytest.mark.parametrize("said", [["--airflow", "spec.yaml"], ["spec.yaml", "--airflow=1.10"]])
def test_a_version_of_airflow_that_is_none(said: list[str], tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(
        "server: postgresql://h\ndeployments: [{name: a, database: a, user: a}]\n"
    )
    arguments = [str(tmp_path / word) if word == "spec.yaml" else word for word in said]
    ended = CliRunner().invoke(
        main, ["check", *arguments, *(["--name=x"] if said[0] == "--airflow" else [])]
    )
    assert ended.exit_code == 2


@pytest.mark.attack("a password in a flag's place is repeated by click's message", on="dbprov")
@pytest.mark.parametrize("words", [
    ("render", "--password", "hunter2"), ("plan", "--password-timeout", "hunter2"), ("plan", "--password=hunter2"),
    ("plan", "--passwrd", "hunter2"), ("plan", "--password-command", "'hunter2"), ("apply", "--password-env", "hunter-2"),
    ("connections", "--password-vault", "hunter2"),
])  # fmt: skip
def test_no_flag_repeats_what_may_be_a_password(words: tuple[str, ...]) -> None:
    ended = run(words[0], *FLAGS, *words[1:])
    assert ended.exit_code == 2
    assert "hunter" not in ended.output


def test_the_program_that_keeps_a_password_has_a_flag_and_a_former_one() -> None:
    read = ["--password-command", "cat kept"]
    for flag in ("--password-store-command", "--password-store"):
        made = run("connections", *FLAGS, *read, flag, "tee kept")
        assert made.exit_code == 0, made.stderr
        assert run("connections", *FLAGS, flag, "tee kept").exit_code == 2  # nothing reads it
    shown = run("plan", "--help").stdout
    assert "--password-store-command" in shown
    assert "--password-store " not in shown
