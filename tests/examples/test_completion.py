"""Completion, in a real bash with a terminal; of zsh and fish the scripts, and what those would be told."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which

import pytest

from dbprov.cli import COMMANDS
from tests.support.command import clean_environment
from tests.support.runbook import ROOT

SCRIPTS = {
    "bash": "complete -o nosort -F",
    "zsh": "#compdef dbprov",
    "fish": "complete --no-files --command dbprov",
}
PATIENCE = 60  # seconds, for a busy machine


def script(shell: str, folder: Path) -> str:
    """click names the program by its file, so that is asked as a shell would."""
    made = program(folder)
    ended = subprocess.run(
        [made], env=clean_environment(folder, _DBPROV_COMPLETE=f"{shell}_source"), capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return ended.stdout


def program(folder: Path) -> Path:
    file = folder / "bin" / "dbprov"
    file.parent.mkdir(exist_ok=True)
    run = "import sys; sys.argv[0] = 'dbprov'; from dbprov.cli import main; main()"
    file.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -c "{run}" "$@"\n')
    file.chmod(0o755)
    return file


def told(folder: Path, words: str, shell: str = "bash") -> list[str]:
    """The answer to a shell that completes the last of the words."""
    count = len(words.split(" ")) - 1
    # fish gives the word itself where the others give its number
    at = words.split(" ")[-1] if shell == "fish" else str(count)
    env = {"COMP_WORDS": words, "COMP_CWORD": at, "_DBPROV_COMPLETE": f"{shell}_complete"}
    ended = subprocess.run(
        [program(folder)], env=clean_environment(folder, **env), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.stderr == ""
    return ended.stdout.splitlines()


@pytest.mark.parametrize("shell", SCRIPTS)
def test_the_script_of_a_shell(shell: str, tmp_path: Path) -> None:
    made = script(shell, tmp_path)
    assert SCRIPTS[shell] in made
    assert f"_DBPROV_COMPLETE={shell}_complete" in made
    assert f"_DBPROV_COMPLETE={shell}_source dbprov >" in (ROOT / "README.md").read_text()
    if found := which(shell):
        (tmp_path / "completion").write_text(made)
        subprocess.run([found, "-n", "completion"], cwd=tmp_path, timeout=60, check=True)


def test_every_command_is_known_though_none_is_loaded(tmp_path: Path) -> None:
    assert told(tmp_path, "dbprov ") == [f"plain,{name}" for name in COMMANDS]
    zsh = told(tmp_path, "dbprov ", "zsh")
    assert zsh[::3] == ["plain"] * len(COMMANDS)
    assert zsh[1::3] == list(COMMANDS)
    assert all(text not in ("_", "") for text in zsh[2::3])  # what each is for
    fish = told(tmp_path, "dbprov ", "fish")
    assert [line.split("\t")[0] for line in fish] == [f"plain,{name}" for name in COMMANDS]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("dbprov con", ["plain,connections"]),
        ("dbprov deployment ", ["plain,upsert"]),
        ("dbprov plan depl", ["file,depl"]),
        ("dbprov plan --tls-m", ["plain,--tls-mode"]),
        ("dbprov plan --tls-mode verify-", ["plain,verify-ca", "plain,verify-full"]),
        ("dbprov plan --tls-ca compa", ["file,compa"]),
        ("dbprov plan --password-file p", ["file,p"]),
        ("dbprov connections x --platform ", ["plain,0.37", "plain,1.x", "plain,2.x"]),
        ("dbprov render x --templates t", ["dir,t"]),
    ],
)
def test_what_is_completed(words: str, wanted: list[str], tmp_path: Path) -> None:
    assert told(tmp_path, words) == wanted


@contextmanager
def bash(folder: Path) -> Iterator[int]:
    """A terminal with an interactive bash in it, which has read the script."""
    (folder / "completion").write_text(script("bash", folder))
    env = clean_environment(
        folder, PATH=f"{folder}/bin:{os.environ['PATH']}", PS1="ready> ", TERM="dumb"
    )
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"], env)
    try:
        expect(terminal, r"ready> ")
        os.write(terminal, b"source ./completion\n")
        expect(terminal, r"completion\s+.*ready> ")
        yield terminal
    finally:
        os.close(terminal)  # which hangs up
        os.waitpid(child, 0)


def expect(terminal: int, pattern: str) -> str:
    seen, end = "", time.monotonic() + PATIENCE
    while not re.search(pattern, seen, re.DOTALL):
        ready, _, _ = select.select([terminal], [], [], max(0.0, end - time.monotonic()))
        assert ready, f"{pattern} did not come: {seen!r}"
        seen += os.read(terminal, 4096).decode("utf-8", "replace")
    return seen


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("dbprov conn\t", r"dbprov connections "),
        ("dbprov plan deploy\t", r"dbprov plan deployment\.yaml "),
        ("dbprov plan deployment.yaml --und\t", r"--undo "),
        ("dbprov connections x --format pgb\t", r"--format pgbouncer "),
    ],
)
def test_a_person_presses_tab(typed: str, wanted: str, tmp_path: Path) -> None:
    (tmp_path / "deployment.yaml").touch()
    with bash(tmp_path) as terminal:
        os.write(terminal, typed.encode())
        expect(terminal, wanted)


def test_fish_completes_where_there_is_one(tmp_path: Path) -> None:
    """What it would be told is tested above; here it is asked, where it is installed."""
    (tmp_path / "completion").write_text(script("fish", tmp_path))
    if found := which("fish"):
        asked = "source completion; complete -C 'dbprov plan --tls-mode verify-'"
        env = clean_environment(tmp_path, PATH=f"{tmp_path}/bin:{os.environ['PATH']}")
        ended = subprocess.run(
            [found, "--no-config", "-c", asked], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
        assert ended.stdout.split() == ["verify-ca", "verify-full"]
