"""An admin that is not let in, and files that cannot be written: one clear sentence, nothing changed, and no half file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from tests.harness import TestServer, execute
from tests.harness.accounts import MYSQL_ADMIN
from tests.harness.report import Matrix
from tests.harness.tls import Shown, TlsServer
from tests.support.command import CLI, dbprov, on_one_of_each
from tests.support.faults import PLAN, Case, FaultRun, Forker, Gate
from tests.support.specs import one
from tests.support.walk import Walk

APPLY = Case(("apply", "--yes", "--json", "spec.yaml"))
# What a full disk is to who may mount none: no file of this run, and of what it runs, can hold a byte.
NO_ROOM = ("sh", "-c", 'ulimit -f 0; trap "" XFSZ; exec "$0" "$@"', *CLI)


@pytest.fixture
def fault_run(
    server: TestServer, prefix: str, runners: list[Forker], tmp_path: Path
) -> Iterator[FaultRun]:
    """With an admin of its own."""
    admin = (f"{prefix}dba", "a_password_of_its_own")
    name, secret = admin
    if server.engine == "postgresql":
        created = [f"CREATE ROLE {name} LOGIN CREATEDB CREATEROLE PASSWORD '{secret}'"]
    else:
        created = [
            f"CREATE USER '{name}'@'%' IDENTIFIED BY '{secret}'",
            f"GRANT {MYSQL_ADMIN} ON *.* TO '{name}'@'%' WITH GRANT OPTION",
        ]
    for statement in created:
        execute(server, "superuser", statement)
    with Gate(server.host, server.port) as gate:
        yield FaultRun(replace(server, admin=admin), "admin", tmp_path, gate, runners[0], APPLY)


EXPIRY = {
    "postgresql": (
        "ALTER ROLE {name} VALID UNTIL '2001-01-01'", "ALTER ROLE {name} VALID UNTIL 'infinity'",
        ("28P01", "expired (VALID UNTIL)"),
    ),
    "mysql": (
        "ALTER USER '{name}'@'%' PASSWORD EXPIRE", "ALTER USER '{name}'@'%' IDENTIFIED BY '{secret}'",
        ("the password has expired", "ALTER USER USER()"),
    ),
}  # fmt: skip
LOCKED = {
    "postgresql": ("ALTER ROLE {name} NOLOGIN", "ALTER ROLE {name} LOGIN", ("28000", "NOLOGIN")),
    "mysql": (
        "ALTER USER '{name}'@'%' ACCOUNT LOCK", "ALTER USER '{name}'@'%' ACCOUNT UNLOCK",
        ("the account is locked",),
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("fault", "changes"), [("password expired", EXPIRY), ("account locked", LOCKED)]
)
def test_an_admin_that_is_not_let_in(
    fault_run: FaultRun, prefix: str, matrix: Matrix, fault: str,
    changes: dict[str, tuple[str, str, tuple[str, ...]]],
) -> None:  # fmt: skip
    shut, opened, words = changes[fault_run.server.engine]
    name, secret = fault_run.server.admin
    folder = fault_run.prepare(f"{prefix}x")
    execute(fault_run.server, "superuser", shut.format(name=name, secret=secret))
    wrong = fault_run.refused(folder, *words)
    wrong += [f"{path} was made" for path in folder.glob(".dbprov/**/*")]
    execute(fault_run.server, "superuser", opened.format(name=name, secret=secret))
    wrong += fault_run.again(folder)
    matrix.record(fault_run.server, f"admin's {fault}", "apply", survived=not wrong)
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize("shown", ["expired", "wrong CA", "wrong name"])
def test_a_certificate_that_does_not_fit(
    secure: TlsServer, runners: list[Forker], matrix: Matrix, tmp_path: Path, shown: Shown
) -> None:
    tls = {"mode": "verify-full", "ca": str(secure.certificates.ca)}
    case = replace(APPLY, more={"tls": tls})
    server = secure.server
    with Gate(server.host, server.port) as gate:
        fault_run = FaultRun(server, "admin", tmp_path, gate, runners[0], case)
        name = f"t_{shown.replace(' ', '_').lower()}_{os.urandom(2).hex()}"
        folder = fault_run.prepare(name)
        secure.show(shown)
        wrong = fault_run.refused(folder, "certificate")
        wrong += [f"{path} was made" for path in folder.glob(".dbprov/**/*")]
        secure.show("good")
        wrong += fault_run.again(folder)
    matrix.record(server, f"certificate: {shown}", "apply", survived=not wrong)
    assert wrong == [], "\n".join(wrong)


@on_one_of_each
@pytest.mark.parametrize("admin", ["restricted"], indirect=True)
def test_no_room_for_a_password(walk: Walk, prefix: str, matrix: Matrix) -> None:
    spec = walk.folder / "spec.yaml"
    spec.write_text(yaml.safe_dump({"server": walk.url, "deployments": [one(prefix)]}))
    env = {"DBPROV_ADMIN_PASSWORD": walk.password, "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    words = APPLY.words
    full = dbprov(*words, folder=walk.folder, env=env, program=NO_ROOM)
    wrong = (
        [] if full.returncode == 2 and "could not be kept in file" in full.stderr else [full.stderr]
    )
    wrong += [
        f"{path} is left" for path in walk.folder.rglob("*") if path.is_file() and path != spec
    ]
    planned = dbprov(*PLAN, folder=walk.folder, env=env)
    wrong += [] if '"kind": "user"' in planned.stdout else ["something was changed"]
    again = dbprov(*words, folder=walk.folder, env=env)
    wrong += [] if again.returncode == 0 else [again.stderr]
    matrix.record(walk.server, "disk full: password", "apply", survived=not wrong)
    assert wrong == [], "\n".join(wrong)


OUTPUTS = (
    ("render", "spec.yaml", "-o", "sql"),
    ("plan", "spec.yaml", "-o", "change.sql"),
    ("connections", "spec.yaml", "--reveal", "-o", "strings"),
)


@on_one_of_each
@pytest.mark.parametrize("admin", ["restricted"], indirect=True)
@pytest.mark.parametrize("words", OUTPUTS, ids=lambda words: words[0])
def test_no_room_for_the_output(
    walk: Walk, prefix: str, matrix: Matrix, words: tuple[str, ...]
) -> None:
    """What was there before is there afterwards, whole."""
    spec = walk.folder / "spec.yaml"
    spec.write_text(yaml.safe_dump({"server": walk.url, "deployments": [one(prefix)]}))
    env = {"DBPROV_ADMIN_PASSWORD": walk.password, "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    if words[0] == "connections":
        assert dbprov(*APPLY.words, folder=walk.folder, env=env).returncode == 0
    first = dbprov(*words, folder=walk.folder, env=env)
    before = files(walk.folder)
    full = dbprov(*words, folder=walk.folder, env=env, program=NO_ROOM)
    wrong = [] if full.returncode == 2 and "could not be written" in full.stderr else [full.stderr]
    wrong += [] if files(walk.folder) == before else [f"{before} became {files(walk.folder)}"]
    again = dbprov(*words, folder=walk.folder, env=env)
    wrong += [] if again.returncode == first.returncode else [again.stderr]
    matrix.record(walk.server, "disk full: output", words[0], survived=not wrong)
    assert wrong == [], "\n".join(wrong)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@on_one_of_each
@pytest.mark.parametrize("admin", ["restricted"], indirect=True)
def test_no_room_for_what_is_printed(walk: Walk, prefix: str, matrix: Matrix) -> None:
    """All was done when the document could not be written: that is said, and the same command says it again."""
    spec = walk.folder / "spec.yaml"
    spec.write_text(yaml.safe_dump({"server": walk.url, "deployments": [one(prefix)]}))
    env = {"DBPROV_ADMIN_PASSWORD": walk.password, "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    full = dbprov(
        *APPLY.words,
        folder=walk.folder,
        env=env,
        program=("sh", "-c", 'exec "$0" "$@" >/dev/full', *CLI),
    )
    wrong = [] if full.returncode == 2 and "could not be written" in full.stderr else [full.stderr]
    again = dbprov(*APPLY.words, folder=walk.folder, env=env)
    wrong += [] if again.returncode == 0 and "Traceback" not in full.stderr else [again.stderr]
    matrix.record(walk.server, "disk full: stdout", "apply", survived=not wrong)
    assert wrong == [], "\n".join(wrong)
