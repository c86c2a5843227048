"""The record of what was changed: complete, true and unbroken, whatever happens to the run."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

import dbprov
from dbprov.audit import hash_chain
from dbprov.audit.log import AuditLog
from dbprov.commands.apply import fill_places
from dbprov.errors import AuditError
from dbprov.spec.model import Spec
from tests.support.command import CLI, clean_environment
from tests.support.specs import one, users
from tests.support.templates import own_block
from tests.support.walk import Walk

# The record is written by us, not by the server: one server of each engine shows all of it.
pytestmark = pytest.mark.sampled("newest")

BROKEN = {"postgresql": "schema_grant", "mysql": "grant"}


def applied(spec: Spec, file: Path, templates: Path | None = None) -> dbprov.Run:
    with dbprov.servers(spec, templates=templates, journal=AuditLog(file, "test")) as servers:
        [deployment] = spec.deployments
        return dbprov.apply(deployment, servers[deployment])


def read(file: Path, event: str = "statement") -> list[dict[str, Any]]:
    made = [json.loads(line) for line in file.read_text().splitlines()]
    return [line for line in made if line["event"] == event]


def checked(file: Path) -> hash_chain.Checked:
    with file.open("rb") as lines:
        return hash_chain.check(lines)


def test_every_statement_is_recorded(walk: Walk, prefix: str, tmp_path: Path) -> None:
    spec = walk.spec(one(prefix, users=users(prefix)))
    file = tmp_path / "audit.jsonl"
    planned = walk.plan(spec)
    made = applied(spec, file)
    assert made.ok
    assert file.stat().st_mode & 0o777 == 0o600
    assert checked(file).wrong == []
    steps = [line for line in read(file) if line["kind"] != "verify"]
    assert [(line["step"], line["sql"]) for line in steps] == [
        (str(done.step), done.statement) for done in made.done
    ]
    assert {line["result"] for line in steps} == {"done"}
    assert {line["plan"] for line in steps} == {planned.digest}
    assert {(line["server"], line["command"]) for line in steps} == {
        (str(spec.deployments[0].server), "test")
    }
    assert all(line["admin"] and line["os_user"] and line["ms"] > 0 for line in steps)
    for account in spec.deployments[0].accounts:
        kept = account.place.read()
        assert kept
        assert kept.reveal() not in file.read_text()

    # What verify makes as the admin is on record too, and that nothing of it is left.
    tried = [line for line in read(file) if line["kind"] == "verify"]
    assert tried
    ends = {"postgresql": {"undone"}, "mysql": {"done"}}
    assert {line["result"] for line in tried} == ends[walk.server.engine]
    assert read(file, "end")[0]["results"] == {
        result: sum(line["result"] == result for line in read(file))
        for result in {line["result"] for line in read(file)}
    }

    before = len(read(file))
    applied(spec, file)
    assert [line for line in read(file)[before:] if line["kind"] != "verify"] == []
    assert checked(file).wrong == []


def test_what_failed_and_what_was_taken_back(walk: Walk, prefix: str, tmp_path: Path) -> None:
    spec = walk.spec(one(prefix, schemas=["one", "two"]) if walk.server.engine == "postgresql" else one(prefix))  # fmt: skip
    kind = BROKEN[walk.server.engine]
    own_block(tmp_path / "own", walk.server.engine, kind, "create", "GRANT NOTHING ON NOTHING")
    file = tmp_path / "audit.jsonl"
    made = applied(spec, file, tmp_path / "own")
    assert made.error
    by_result: dict[str, list[str]] = {}
    for line in read(file):
        by_result.setdefault(line["result"], []).append(line["kind"])
    assert by_result["failed"] == [kind]
    [failed] = [line for line in read(file) if line["result"] == "failed"]
    assert failed["code"] == made.error.code
    assert len(by_result["done"]) == len(made.done)
    if walk.server.engine == "postgresql":
        assert by_result["undone"] == ["schema", "schema"]
        assert set(by_result["not sent"]) >= {"default_grant"}
    assert checked(file).wrong == []


def limited(spec: Spec, file: Path, room: int, hard: int) -> None:
    """Apply, with files of this size at most once the passwords are kept."""
    with dbprov.servers(spec, journal=AuditLog(file)) as servers:
        [deployment] = spec.deployments
        planned = dbprov.plan(deployment, servers[deployment])
        fill_places(planned)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
        list(servers[deployment].apply(planned.steps))


def test_nothing_runs_that_cannot_be_recorded(walk: Walk, prefix: str, tmp_path: Path) -> None:
    """The disk is full from the first line on: the server is as it was."""
    spec = walk.spec(one(prefix))
    steps = len(walk.plan(spec).steps)
    file = tmp_path / "audit.jsonl"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        with pytest.raises(AuditError, match="is not done"):
            limited(spec, file, 100, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert file.read_bytes() == b"", "no half line is left"
    assert len(walk.plan(spec).steps) == steps
    assert applied(spec, file).ok
    assert checked(file).wrong == []


@pytest.mark.parametrize("room", [1500, 2500, 4000])
def test_a_disk_that_fills_up_stops_before_the_next_statement(
    walk: Walk, prefix: str, tmp_path: Path, room: int
) -> None:
    """At whatever line: what ran was announced, no half line is left, and the same command goes on."""
    # With label: false, since what a run that was stopped had made is not labelled by the next one.
    spec, file = walk.spec(one(prefix, label=False)), tmp_path / "audit.jsonl"
    planned = walk.plan(spec)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        with pytest.raises(AuditError, match="is not done"):
            limited(spec, file, room, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    announced = {step["sql"] for line in read(file, "begin") for step in line["steps"]}
    assert set(planned.statements) - set(walk.plan(spec).statements) <= announced
    assert applied(spec, file).ok
    assert checked(file).wrong == []


def test_two_runs_at_once_make_one_chain(walk: Walk, prefix: str, tmp_path: Path) -> None:
    specs = []
    for number in range(4):
        text = yaml.safe_dump(
            {"server": walk.url, "deployments": [one(f"{prefix}{number}_", name=f"d{number}")]}
        )
        specs.append(f"spec{number}.yaml")
        (tmp_path / specs[-1]).write_text(text)

    def run(name: str) -> int:
        return subprocess.run(
            [*CLI, "apply", name, "--yes", "--audit", "audit.jsonl"],
            cwd=tmp_path,
            env=clean_environment(tmp_path, DBPROV_ADMIN_PASSWORD=walk.password),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
            check=False,
        ).returncode

    with ThreadPoolExecutor(4) as pool:
        ended = list(pool.map(run, specs))
    assert set(ended) <= {0, 2}  # two at once can get in each other's way on the server itself
    file = tmp_path / "audit.jsonl"
    assert checked(file).wrong == []
    assert len({line["run"] for line in read(file, "end")}) == 4
    assert sum(line["result"] == "done" and line["kind"] == "database" for line in read(file)) == 4


def test_a_run_that_is_killed_leaves_what_it_had_begun(
    walk: Walk, prefix: str, tmp_path: Path
) -> None:
    spec = walk.spec(one(prefix))
    file = tmp_path / "audit.jsonl"
    child = os.fork()
    if child == 0:
        with dbprov.servers(spec, journal=AuditLog(file)) as servers:
            [deployment] = spec.deployments
            planned = dbprov.plan(deployment, servers[deployment])
            fill_places(planned)
            for committed in servers[deployment].apply(planned.steps):
                if committed[0].step.item.kind == "database":
                    os.kill(os.getpid(), 9)
        os._exit(1)
    os.waitpid(child, 0)
    [wrong] = checked(file).wrong
    assert wrong.sort == "truncated"
    assert "was killed" in wrong.what
    assert "create database" in read(file, "begin")[-1]["steps"][0]["step"]
    assert applied(spec, file).ok
    after = checked(file)
    assert after.wrong == []
    assert len(after.notes) == 1


def test_the_command_says_what_is_wrong(walk: Walk, prefix: str, tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    applied(walk.spec(one(prefix)), file)

    def audit(*more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "dbprov", "audit", str(file), *more],
            env=clean_environment(tmp_path),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    ended = audit()
    assert ended.returncode == 0, ended.stdout
    head = json.loads(audit("--json").stdout)["head"]
    assert head in ended.stdout
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([*lines[:1], *lines[2:]]))
    ended = audit()
    assert ended.returncode == 1
    assert f"{file}:2: removed" in ended.stdout
    file.write_bytes(b"")
    assert audit().returncode == 0
    assert audit("--head", head).returncode == 1
    file.unlink()
    assert audit().returncode == 2


@pytest.mark.parametrize("way", ["writable by others", "folder", "device", "torn"])
def test_a_file_that_cannot_be_a_record_is_refused_at_once(
    walk: Walk, prefix: str, tmp_path: Path, way: str
) -> None:
    spec = walk.spec(one(prefix))
    file = tmp_path / "audit.jsonl"
    if way == "folder":
        file.mkdir()
    elif way == "device":
        file = Path("/dev/full")
    else:
        file.write_text("{" if way == "torn" else "")
        file.chmod(0o666 if way == "writable by others" else 0o600)
    with pytest.raises(AuditError), dbprov.servers(spec, journal=AuditLog(file)):
        raise AssertionError("the servers must not be opened")
