"""Names and words of strangers on a real terminal: nothing arrives there that would steer it, but dbprov's own colors."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.harness import TestServer, execute
from tests.harness.queries import remove
from tests.harness.terminal import COLORS, ERASED, control_sequences, on_terminal
from tests.support.command import CLI, clean_environment, on_one_of_each
from tests.support.run import Run

ROOT = Path(__file__).parent.parent.parent
BAD = "\x1b]0;owned\x07\x1b[8m\x9b31m\r\x08\u202e\u2066\u2028\x7f"
"""A title, hidden text, C1, the line's begin, a backspace, text turned around, a line that nobody sees, delete."""
FILE = os.fsencode(BAD.replace("/", "")) + b"\xff\xfe"  # of which no UTF-8 can be made
SPEC = "server: postgresql://dba@db.example.com/postgres\ndeployments:\n- {name: a, database: d, user: u}\n"
DEFECT = (
    "import sys, dbprov.cli.render as one\n"
    "def burst(*_, **__): raise RuntimeError('defect ' + sys.argv.pop())\n"
    "import dbprov.commands.render; dbprov.commands.render.render = burst\n"
    "from dbprov.cli import main; main(sys.argv[1:3])"
)
THREAD = (
    "import threading, warnings, sys\n"
    "from dbprov.cli import console; console.guard(); bad = sys.argv[1]\n"
    "def burst(): raise RuntimeError(bad)\n"
    "one = threading.Thread(target=burst); one.start(); one.join()\n"
    "warnings.warn(bad); print(bad, file=sys.stderr); print(bad); sys.stdout.writelines([bad])\n"
    "class Late:\n"
    "    def __del__(self): raise RuntimeError(bad)\n"
    "Late(); raise SystemExit(bad)"
)


def said(
    folder: Path, *words: str | bytes, code: int, program: tuple[str, ...] = CLI, **more: Any
) -> str:
    answers: Mapping[str, str] = {"assword": "typed", "[y/N]": "n", "name of the database": "no"}
    ended, text = on_terminal(
        [*program, *words], folder, clean_environment(folder, **more), answers
    )
    assert ended == code, text
    assert text
    assert control_sequences(text) == [], text
    return text


OFFLINE: dict[str, tuple[tuple[str | bytes, ...], int]] = {
    "a spec that is not there": (("plan", FILE), 2),
    "a folder to write to": (("render", "spec.yaml", "-o", FILE), 0),
    "the same as JSON": (("render", "spec.yaml", "--json", "-o", FILE), 0),
    "a flag": (("plan", b"--" + FILE), 2),
    "a flag's value": (("render", "spec.yaml", "--flavor", FILE), 2),
    "a command": ((FILE,), 2),
    "one word too many": (("plan", "spec.yaml", FILE), 2),
    "a user's name": (("rotate", "spec.yaml", "--user", FILE), 2),
    "a version": (("render", "spec.yaml", "--server-version", FILE), 2),
    "the name of a Deployment": (("drop", "spec.yaml", "--deployment", FILE), 2),
    "a record": (("audit", FILE), 2),
    "a template of one's own": (("connections", "spec.yaml", "--template", FILE), 2),
    "templates of one's own": (("templates", "--templates", "own"), 2),
    "the same with --json": (("templates", "--templates", "own", "--json"), 2),
    "a host": (("--debug", "plan", "--server", "postgresql://dba@h%1B%5D0%3Bx%07%1B%5B8m/p", "--name", "a", "--database", "d", "--user", "u"), 2),
    "keys and values of a spec": (("plan", "keys.yaml"), 2),
    "a spec that is no YAML": (("plan", "broken.yaml"), 2),
    "a program that holds the password": (("connections", "program.yaml", "--reveal"), 2),
    "a password that is shown": (("connections", "shown.yaml", "--reveal"), 0),
    "the platform's address": (("deployment", "upsert", "spec.yaml", "--houston", b"http://" + FILE, "--base", "base.json"), 2),
    "a file of variables": (("deployment", "upsert", "spec.yaml", "--houston", "https://x", "--base", FILE), 2),
}  # fmt: skip


@pytest.mark.attack("names and paths steer the terminal, or hide text on it", on="a terminal")
@pytest.mark.parametrize("case", OFFLINE)
def test_words_of_the_command_line_and_of_files(case: str, tmp_path: Path) -> None:
    words, code = OFFLINE[case]
    (tmp_path / "spec.yaml").write_text(SPEC)
    (tmp_path / "keys.yaml").write_text(SPEC + yaml.safe_dump({f"ke{BAD}y": 1, "via": f"x{BAD}"}))
    (tmp_path / "broken.yaml").write_text(f"a: [{BAD}\n")
    (tmp_path / "base.json").write_text("{}")
    (tmp_path / "shown").write_bytes(b"pass\x1b[31mword\x07 of many signs\n")
    (tmp_path / "shown").chmod(0o600)
    place = yaml.safe_dump({"command": ["sh", "-c", 'printf "$1" >&2; exit 3', "x", BAD]})
    for name, written in (("program", place), ("shown", "{file: shown}")):
        spec = yaml.safe_load(SPEC)
        spec["deployments"][0]["password"] = yaml.safe_load(written)
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(spec))
    own = tmp_path / "own" / "postgresql"
    own.mkdir(parents=True)
    (own / os.fsdecode(FILE + b".sql")).write_text("x")
    said(tmp_path, *words, code=code)


SCREENS = (
    "from dbprov.cli import console, screens; console.guard()\n"
    "from tests.unit.test_screens import SCREENS, deployment\n"
    "with screens.status('planning') as begun:\n"
    "    begun(deployment())\n"
    "    for show in SCREENS.values(): show()\n"
    "    console.say('user [red]x[/] :smile: \\\\[', mark='  +', style='green')\n"
)


@pytest.mark.parametrize("env", [{}, {"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
def test_the_screens_in_the_width_of_a_terminal(env: dict[str, str], tmp_path: Path) -> None:
    """A dumb one has 80 columns, whatever it says."""
    given = {"COLUMNS": "", "TERM": "xterm", "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", **env}
    code, text = on_terminal(
        [sys.executable, "-c", SCREENS], tmp_path, clean_environment(tmp_path, **given), columns=60
    )
    assert code == 0, text
    assert control_sequences(text) == []
    assert ("\x1b[32m" in text) is (env == {})
    assert ("\x1b" in text) is (env != {"TERM": "dumb"})
    assert (ERASED in text) is (env != {"TERM": "dumb"})
    assert "user [red]x[/] :smile: \\[" in text
    lines = COLORS.sub("", text.replace(ERASED, "\n")).splitlines()
    assert max(len(line) for line in lines) <= (80 if "TERM" in env else 60)


@pytest.mark.attack("tracebacks, warnings and logs steer the terminal", on="a terminal")
def test_what_python_itself_prints(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(SPEC)
    python = (sys.executable, "-c")
    text = said(tmp_path, DEFECT, "render", "spec.yaml", BAD, code=2, program=python)
    assert "this is a defect of dbprov" in text
    assert "RuntimeError: defect ?]0;owned?" in text
    assert said(tmp_path, THREAD, BAD, code=1, program=python).count("?]0;owned?") >= 6


@pytest.mark.attack("a shell's completion steers the terminal", on="a terminal")
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str, tmp_path: Path) -> None:
    words = {"COMP_WORDS": f"dbprov plan --tls-mode {BAD}", "COMP_CWORD": "2"}
    asked: dict[str, Any] = {"_DBPROV_COMPLETE": f"{shell}_complete", **words}
    program = (
        sys.executable,
        "-c",
        "import sys; from dbprov.cli import main; main(prog_name='dbprov')",
    )
    said(tmp_path, code=0, program=program, **asked)


@on_one_of_each
@pytest.mark.attack("names on the server steer the terminal, or hide text on it")
def test_names_on_the_server(server: TestServer, prefix: str, tmp_path: Path) -> None:
    """Of another user, of a database, and of users in the spec that are asked for."""
    name = f"{prefix}{BAD[:16]}"
    run = Run(server, tmp_path, prefix)
    assert run("apply", "spec.yaml", "--yes").returncode == 0
    if server.engine == "postgresql":
        statements = [
            f'CREATE ROLE "{name}" LOGIN',
            f'GRANT CREATE ON DATABASE "{prefix}db" TO "{name}"',
        ]
    else:
        statements = [
            f"CREATE USER `{name}`@`%`",
            f"GRANT SELECT ON `{prefix}db`.* TO `{name}`@`%`",
        ]
    try:
        for statement in statements:
            execute(server, "superuser", statement)
        words = ("import", "--server", server.url("admin"), "--database", f"{prefix}db")
        env: dict[str, Any] = run.password
        assert "note: left out" in said(tmp_path, *words, code=0, **env)
        assert "owned" in said(tmp_path, *words, "--json", "-o", FILE, code=0, **env)
        run.write(user=f"{prefix}\u202eapp", password={"prompt": True})
        assert "?app" in said(tmp_path, "plan", "spec.yaml", code=1, **env)
        assert "?app" in said(tmp_path, "apply", "spec.yaml", code=2, **env)
        assert "nothing was changed" in said(
            tmp_path, "drop", "spec.yaml", "--deployment", "analytics", "--database", code=2, **env
        )
        assert "assword" in said(tmp_path, "plan", "spec.yaml", code=2)
    finally:
        remove(server, prefix)
