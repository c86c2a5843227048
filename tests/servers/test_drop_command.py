"""``dbprov drop`` as a command: what it asks, what it refuses without an answer, its exit codes and its JSON."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.harness import TestServer
from tests.support.command import CLI, clean_environment, on_one_of_each
from tests.support.run import Run

WHOLE = ("drop", "spec.yaml", "--deployment", "analytics", "--database")
QUARANTINE = ("drop", "spec.yaml", "--deployment", "analytics", "--quarantine")


@pytest.fixture
def run(server: TestServer, prefix: str, tmp_path: Path) -> Run:
    run = Run(server, tmp_path, prefix)
    assert run("apply", "spec.yaml", "--yes").returncode == 0
    return run


@on_one_of_each
def test_the_database_goes_only_by_its_name(run: Run) -> None:
    shown = run(*WHOLE, "--plan")
    assert shown.returncode == 1
    assert "DROP DATABASE" in shown.stdout
    for words in ((), ("--yes",), ("--yes-drop", "another"), ("--yes", "--yes-drop", "another")):
        ended = run(*WHOLE, *words)
        assert (ended.returncode, ended.stdout) == (2, ""), ended.stderr
        assert "nothing was changed" in ended.stderr
    assert run("plan", "spec.yaml").returncode == 0

    ended = run(*WHOLE, "--yes", "--yes-drop", f"{run.prefix}db")
    assert (ended.returncode, ended.stdout) == (0, ""), ended.stderr
    assert f'done drop database "{run.prefix}db"' in ended.stderr
    assert run.databases() == []

    again = run(*WHOLE, "--yes")
    assert again.returncode == 0
    assert "nothing is left to do" in again.stderr
    assert run(*WHOLE, "--plan").returncode == 0


@on_one_of_each
def test_json(run: Run) -> None:
    def document(*words: str, code: int) -> dict[str, Any]:
        ended = run(*words, "--json")
        assert ended.returncode == code, ended.stderr
        made = json.loads(ended.stdout)
        assert isinstance(made, dict)
        return made

    shown = document(*QUARANTINE, "--plan", code=1)
    assert shown["complete"] is False
    assert shown["steps"][0]["kind"] == "lockout"
    made = document(*QUARANTINE, "--yes", code=0)
    assert (made["ok"], made["changed"], made["error"]) == (True, True, None)
    assert document(*QUARANTINE, "--yes", code=0)["changed"] is False
    assert document("plan", "spec.yaml", code=1)["complete"] is False
    assert document("apply", "spec.yaml", "--yes", code=0)["ok"] is True
    assert "error" in document(*WHOLE, "--yes", code=2)
    whole = (*WHOLE, "--yes", "--yes-drop", f"{run.prefix}db")
    assert document(*whole, code=0)["left"]["complete"] is True
    assert document(*whole, code=0)["changed"] is False


@on_one_of_each
def test_passwords_are_kept_or_forgotten(run: Run) -> None:
    def kept() -> list[str]:
        return [p.name for p in (run.folder / ".dbprov").rglob("*") if run.prefix in p.name]

    assert run("drop", "spec.yaml", "--deployment", "analytics", "--yes").returncode == 0
    assert kept() != []
    ended = run("drop", "spec.yaml", "--deployment", "analytics", "--yes", "--forget")
    assert ended.returncode == 0
    assert f'forgotten: the password of user "{run.prefix}app"' in ended.stderr
    assert kept() == []

    run.write(password={"env": "APP_PASSWORD"})
    env = {"APP_PASSWORD": "of-this-test"}
    assert run("apply", "spec.yaml", "--yes", **env).returncode == 0
    whole = (*WHOLE, "--yes", "--yes-drop", f"{run.prefix}db", "--forget")
    ended = run(*whole, **env)
    assert ended.returncode == 0, ended.stderr
    assert "is in the environment variable APP_PASSWORD; remove it there yourself" in ended.stderr


@on_one_of_each
def test_contradictions(run: Run) -> None:
    for words in (
        (*QUARANTINE, "--database"),
        (*QUARANTINE, "--forget"),
        (*WHOLE, "--reassign-to", "joe"),
        ("drop", "spec.yaml", "--deployment", "nothing"),
        ("drop", "spec.yaml", "--deployment", "analytics", "--yes-drop", f"{run.prefix}db"),
    ):
        ended = run(*words, "--yes")
        assert ended.returncode == 2, words
        assert "do:" in ended.stderr
    assert run("plan", "spec.yaml").returncode == 0


@on_one_of_each
def test_the_name_is_typed(run: Run) -> None:
    code, said = typed(run, WHOLE, "another\n")
    assert code == 2
    assert "nothing was changed" in said
    code, said = typed(run, WHOLE, f"{run.prefix}db\n")
    assert code == 0, said
    assert run.databases() == []


def typed(run: Run, words: tuple[str, ...], answer: str) -> tuple[int, str]:
    """On a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        (*CLI, *words), cwd=run.folder, env=clean_environment(run.folder, **run.password),
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    said, until, answered = "", time.monotonic() + 60, False
    while time.monotonic() < until:
        if not select.select([ours], [], [], 0.2)[0]:
            if process.poll() is not None:
                break
            continue
        try:
            chunk = os.read(ours, 65536).decode(errors="replace")
        except OSError:
            break
        if not chunk:
            break
        said += chunk
        if not answered and "Type the name" in said:
            os.write(ours, answer.encode())
            answered = True
    os.close(ours)
    return process.wait(timeout=20), said
