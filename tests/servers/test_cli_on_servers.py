"""The contract of the command line, as a process of its own: exit codes, what is on stdout, what on stderr."""

from __future__ import annotations

import json
import os
import pty
import select
import socket
import stat
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import yaml

from tests.harness import execute
from tests.support.command import CLI, Ended, clean_environment, dbprov, on_one_of_each
from tests.support.run import Run
from tests.support.specs import one


def test_from_nothing_to_strings(run: Run) -> None:
    """plan 1, apply 0, plan 0, verify 0, check 0, connections 0; the product on stdout, the talk on stderr."""
    planned = run("plan", "spec.yaml")
    assert planned.returncode == 1
    assert f'create database "{run.prefix}db"' in planned.stdout
    assert "CREATE DATABASE" in planned.stdout
    assert planned.stderr == ""

    asked = run("apply", "spec.yaml")
    assert (asked.returncode, asked.stdout) == (2, "")
    assert "nobody can be asked" in asked.stderr
    assert run.databases() == []

    applied = run("apply", "spec.yaml", "--yes")
    assert (applied.returncode, applied.stdout) == (0, "")
    assert "done create user" in applied.stderr
    assert "ready." in applied.stderr

    again = run("plan", "spec.yaml")
    assert again.returncode == 0
    assert "nothing to do" in again.stdout

    for command in ("verify", "check"):
        ended = run(command, "spec.yaml")
        assert (ended.returncode, ended.stderr) == (0, "")
        assert "FAILED" not in ended.stdout

    strings = run("connections", "spec.yaml")
    assert strings.returncode == 0
    assert ":***@" in strings.stdout


def documents(run: Run, *commands: str, code: int) -> dict[str, Any]:
    ended = run(*commands, "--json")
    assert ended.returncode == code, ended.stderr
    made = json.loads(ended.stdout)  # one document, and nothing beside it
    assert isinstance(made, dict)
    return made


@on_one_of_each
def test_json_is_one_document(run: Run) -> None:
    planned = documents(run, "plan", "spec.yaml", code=1)
    assert planned["complete"] is False
    assert {"verb", "kind", "item", "database", "sql"} <= set(planned["deployments"][0]["steps"][0])
    assert documents(run, "check", "spec.yaml", code=0)["ok"] is True
    applied = documents(run, "apply", "spec.yaml", "--yes", code=0)
    assert applied["ok"] is True
    assert applied["deployments"][0]["changed"] is True
    assert (
        documents(run, "apply", "spec.yaml", "--yes", code=0)["deployments"][0]["changed"] is False
    )
    verified = documents(run, "verify", "spec.yaml", code=0)
    keys = {
        "subject",
        "claim",
        "expected",
        "observed",
        "held",
        "code",
        "do",
        "warning",
        "statements",
        "state",
    }
    assert keys == set(verified["deployments"][0]["checks"][0])
    strings = documents(run, "connections", "spec.yaml", code=0)["deployments"][0]
    assert ":***@" in strings["metadataConnection"]


@on_one_of_each
def test_failures_as_json(run: Run) -> None:
    run("apply", "spec.yaml", "--yes")
    if run.server.engine == "postgresql":
        execute(run.server, "superuser", f'ALTER ROLE "{run.prefix}app" CREATEDB')
    else:
        execute(run.server, "superuser", f"GRANT PROCESS ON *.* TO '{run.prefix}app'@'%'")
    assert documents(run, "verify", "spec.yaml", code=1)["ok"] is False
    assert documents(run, "apply", "spec.yaml", "--yes", code=1)["ok"] is False
    assert run("verify", "spec.yaml").returncode == 1
    run.password = {"DBPROV_ADMIN_PASSWORD": "wrong"}
    for command in ("plan", "verify", "check"):
        error = documents(run, command, "spec.yaml", code=2)["error"]
        assert set(error) >= {"what", "why", "code", "do"}
        assert error["code"] in ("28P01", "1045")
        assert error["do"]
    (run.folder / "spec.yaml").write_text("server: nonsense\ndeployments: 3\n")
    assert "spec.yaml:1" in documents(run, "plan", "spec.yaml", code=2)["error"]["why"]
    assert documents(run, "plan", "missing.yaml", code=2)["error"]["what"]


@on_one_of_each
def test_check_says_what_this_admin_lacks(run: Run) -> None:
    """The first superior can read off what to run; check exits 1, apply 2, and nothing is changed."""
    name = f"{run.prefix}nobody"
    if run.server.engine == "postgresql":
        execute(run.server, "superuser", f"CREATE ROLE \"{name}\" LOGIN PASSWORD 'nobody'")
        statement = f'ALTER ROLE "{name}" CREATEDB CREATEROLE'
    else:
        execute(run.server, "superuser", f"CREATE USER '{name}'@'%' IDENTIFIED BY 'nobody'")
        # It sees which users there are: without that it is told so, and nothing else is looked at.
        execute(run.server, "superuser", f"GRANT SELECT ON *.* TO '{name}'@'%'")
        statement = "GRANT "
    run.password = {"DBPROV_ADMIN_PASSWORD": "nobody"}
    url = run.server.url("admin").replace(f"//{run.server.user('admin')}@", f"//{name}@")
    (run.folder / "spec.yaml").write_text(
        yaml.safe_dump({"server": url, "deployments": [one(run.prefix)]})
    )
    checked = run("check", "spec.yaml")
    assert checked.returncode == 1
    assert statement in checked.stdout
    applied = run("apply", "spec.yaml", "--yes")
    assert applied.returncode == 2
    assert statement in applied.stderr
    assert "nothing was changed" in applied.stderr
    assert run.databases() == []
    assert not (run.folder / ".dbprov").exists()


@on_one_of_each
def test_flags_instead_of_a_file(run: Run) -> None:
    flags = [
        "--server",
        run.server.url("admin"),
        "--name",
        "analytics",
        "--database",
        f"{run.prefix}db",
        "--user",
        f"{run.prefix}app",
    ]
    assert run("plan", *flags).returncode == 1
    assert run("apply", *flags, "--yes").returncode == 0
    assert run("plan", *flags).returncode == 0
    assert run("plan", "spec.yaml").returncode == 0  # the same wanted, said otherwise
    assert run("plan", "spec.yaml", *flags).returncode == 2


@on_one_of_each
def test_where_strings_go(run: Run) -> None:
    before = run("connections", "spec.yaml", "--reveal")
    assert before.returncode == 2
    assert "run dbprov apply first" in before.stderr
    assert run("connections", "spec.yaml").returncode == 0
    run("apply", "spec.yaml", "--yes")
    [kept] = list((run.folder / ".dbprov").rglob(f"{run.prefix}app"))
    password = kept.read_text().strip()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert (run.folder / ".dbprov" / ".gitignore").read_text().strip() == "*"

    for form in ("text", "json", "env"):
        hidden = run("connections", "spec.yaml", "--format", form)
        assert "***" in hidden.stdout
        assert password not in hidden.stdout + hidden.stderr
        assert password in run("connections", "spec.yaml", "--format", form, "--reveal").stdout
        written = run("connections", "spec.yaml", "--format", form, "-o", f"strings.{form}")
        assert (written.returncode, written.stdout) == (0, "")
        assert password not in written.stderr
        file = run.folder / f"strings.{form}"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert password in file.read_text()

    [made] = json.loads((run.folder / "strings.json").read_text())["deployments"]
    assert list(made)[:5] == [
        "name",
        "metadataConnection",
        "resultBackendConnection",
        "metadataConnectionJson",
        "resultBackendConnectionJson",
    ]
    assert made["resultBackendConnection"] == "db+" + made["metadataConnection"]
    parts = urlsplit(made["metadataConnection"])
    assert (unquote(parts.username or ""), parts.password, parts.path) == (
        f"{run.prefix}app",
        password,
        f"/{run.prefix}db",
    )
    if run.server.engine == "postgresql":
        assert made["metadataConnectionJson"] == {
            "user": f"{run.prefix}app", "pass": password, "protocol": "postgresql",
            "host": run.server.host, "port": run.server.port, "db": f"{run.prefix}db",
        }  # fmt: skip
    else:
        assert made["metadataConnectionJson"] is None
    env = (run.folder / "strings.env").read_text()
    assert "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=" in env
    assert "AIRFLOW__CELERY__RESULT_BACKEND=" in env


# -- the admin's password ------------------------------------------------------------------------------------------------------


@on_one_of_each
def test_nobody_knows_the_password(run: Run) -> None:
    run.password = {}
    began = time.monotonic()
    for command in (("plan",), ("apply", "--yes"), ("check",)):
        ended = run(command[0], "spec.yaml", *command[1:])
        assert (ended.returncode, ended.stdout) == (2, "")
        assert "Password of the admin" in ended.stderr
        assert "do:" in ended.stderr
    assert time.monotonic() - began < 30


@pytest.mark.postgresql(">= 18")
def test_postgresqls_own_places(run: Run) -> None:
    password, server = run.server.password("admin"), run.server
    run.password = {}
    assert run("plan", "spec.yaml", PGPASSWORD=password).returncode == 1
    assert run("plan", "spec.yaml", PGPASSWORD="wrong").returncode == 2
    assert (
        run("plan", "spec.yaml", PGPASSWORD="wrong", DBPROV_ADMIN_PASSWORD=password).returncode == 1
    )

    line = f"{server.host}:{server.port}:*:{server.user('admin')}:{password}\n"
    kept = run.folder / "passwords"
    kept.write_text(line)
    kept.chmod(0o600)
    assert run("plan", "spec.yaml", PGPASSFILE=str(kept)).returncode == 1
    usual = run.folder / ".pgpass"
    usual.write_text(line)
    usual.chmod(0o600)
    assert run("plan", "spec.yaml", PGPASSFILE=str(usual)).returncode == 1
    usual.unlink()

    (run.folder / "services").write_text(
        f"[theirs]\nhost={server.host}\nport={server.port}\nuser={server.user('admin')}\ndbname=postgres\npassword={password}\n"
    )
    (run.folder / "spec.yaml").write_text(
        yaml.safe_dump({"server": "postgresql://?service=theirs", "deployments": [one(run.prefix)]})
    )
    by_service = run("plan", "spec.yaml", PGSERVICEFILE=str(run.folder / "services"))
    assert by_service.returncode == 1, by_service.stderr
    assert run("plan", "spec.yaml").returncode == 2


@pytest.mark.mysql
def test_mysqls_own_places(run: Run) -> None:
    password = run.server.password("admin")
    run.password = {}
    assert run("plan", "spec.yaml", MYSQL_PWD=password).returncode == 1
    assert run("plan", "spec.yaml", MYSQL_PWD="wrong").returncode == 2
    assert (
        run("plan", "spec.yaml", MYSQL_PWD="wrong", DBPROV_ADMIN_PASSWORD=password).returncode == 1
    )
    options = run.folder / ".my.cnf"
    options.write_text(
        f'!includedir /nowhere\n[mysqld]\npassword = no\n[client]\nuser = somebody\npassword = "{password}"\n'
    )
    assert run("plan", "spec.yaml").returncode == 1
    options.write_text("[client]\npassword = wrong\n")
    assert run("plan", "spec.yaml").returncode == 2
    options.write_text("[client]\npassword\n")  # the client would ask; there is no terminal
    ended = run("plan", "spec.yaml")
    assert ended.returncode == 2
    assert "unexpected" not in ended.stderr


def test_a_plan_on_standard_output_is_the_file_alone(run: Run) -> None:
    written = run("plan", "spec.yaml", "-o", "change.sql")
    ended = run("plan", "spec.yaml", "-o", "-")
    assert (ended.returncode, written.returncode) == (1, 1)
    assert ended.stdout == (run.folder / "change.sql").read_text()
    assert "analytics" in ended.stderr
    assert not (run.folder / "-").exists()
    taken = run("plan", "spec.yaml", "--undo", "-")
    assert taken.returncode == 2
    assert not (run.folder / "-").exists()


# -- a terminal ----------------------------------------------------------------------------------------------------------------


def typed(
    run: Run, *arguments: str, answers: tuple[tuple[str, str], ...], **env: str
) -> tuple[int, str]:
    """Run the CLI on a terminal of its own; answer each question as it comes. Its exit code, and all that it printed."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(run.folder)
        os.execve(
            CLI[0], [*CLI, *arguments], clean_environment(run.folder, **{**run.password, **env})
        )
    seen, left, until = "", list(answers), time.monotonic() + 30
    try:
        while time.monotonic() < until:
            ready, _, _ = select.select([terminal], [], [], 1)
            if not ready:
                continue
            try:
                some = os.read(terminal, 65536)
            except OSError:  # its end closed
                break
            if not some:
                break
            seen += some.decode(errors="replace")
            if left and left[0][0] in seen.rpartition("\r\n")[2]:
                os.write(terminal, left.pop(0)[1].encode() + b"\n")
        else:
            os.kill(pid, 9)
            raise AssertionError(f"it waits for something: {seen}")
    finally:
        os.close(terminal)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), seen


@on_one_of_each
def test_asked_on_a_terminal(run: Run) -> None:
    code, seen = typed(run, "apply", "spec.yaml", answers=(("Carry this out?", "n"),))
    assert code == 2
    assert "nothing was changed" in seen
    assert run.databases() == []
    code, seen = typed(run, "apply", "spec.yaml", answers=(("Carry this out?", "y"),))
    assert code == 0, seen
    assert run.databases() != []
    code, seen = typed(run, "apply", "spec.yaml", answers=())
    assert code == 0, seen  # nothing to do, nothing to ask


@on_one_of_each
def test_the_password_is_typed(run: Run) -> None:
    password = run.password.pop("DBPROV_ADMIN_PASSWORD")
    code, seen = typed(run, "plan", "spec.yaml", answers=(("Password of the admin", password),))
    assert code == 1, seen
    assert password not in seen
    code, seen = typed(run, "plan", "spec.yaml", answers=(("Password of the admin", "not-this"),))
    assert code == 2, seen
    run.write(password={"prompt": True})
    code, seen = typed(
        run, "apply", "spec.yaml",
        answers=(("Password of the admin", password), ("Carry this out?", "y"),
                 ("New password of user", "typed-by-hand"), ("Repeat", "typed-by-hand")),
    )  # fmt: skip
    assert code == 0, seen
    assert "typed-by-hand" not in seen
    assert password not in seen


# -- servers that are not there ------------------------------------------------------------------------------------------------


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(8)
        yield listener.getsockname()[1]


@pytest.fixture
def refusing() -> Iterator[int]:
    """A port that is taken, and where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def test_servers_that_are_not_there(tmp_path: Path, silent: int, refusing: int) -> None:
    """Nobody listens, no such host, nobody speaks: an error with words, and soon (all at once, since some take ten seconds)."""
    hosts = {
        f"127.0.0.1:{refusing}": "refused",
        "no-such-host.invalid": "no-such-host",
        f"127.0.0.1:{silent}": "",
    }

    def plan(url: str) -> Ended:
        flags = ("--server", url, "--name", "a", "--database", "d", "--user", "u")
        return dbprov("plan", *flags, folder=tmp_path, env={"DBPROV_ADMIN_PASSWORD": "secret"})

    urls = {
        f"{engine}://dba@{host}": words
        for engine in ("postgresql", "mysql")
        for host, words in hosts.items()
    }
    began = time.monotonic()
    with ThreadPoolExecutor() as pool:
        for words, ended in zip(urls.values(), pool.map(plan, urls), strict=True):
            assert (ended.returncode, ended.stdout) == (2, ""), ended
            assert "cannot be reached" in ended.stderr
            assert words in ended.stderr
            assert "do:" in ended.stderr
            assert "Traceback" not in ended.stderr
    assert time.monotonic() - began < 40


# -- templates -----------------------------------------------------------------------------------------------------------------


@on_one_of_each
def test_own_templates(run: Run) -> None:
    engine = run.server.engine
    own = run.folder / "own" / engine / "database.sql"
    own.parent.mkdir(parents=True)
    mine = (
        f'{{% extends "builtin/{engine}/database.sql" %}}\n'
        "{% block create %}-- as our house wants it\n{{ super() }}{% endblock %}\n"
    )
    own.write_text(mine)
    planned = run("plan", "spec.yaml", "--templates", "own")
    assert "-- as our house wants it" in planned.stdout
    assert run("apply", "spec.yaml", "--yes", "--templates", "own").returncode == 0
    assert run("plan", "spec.yaml").returncode == 0
    own.write_text(mine + "{% block inspect %}SELECT {{ name }} AS name{% endblock %}\n")
    refused = run("plan", "spec.yaml", "--templates", "own")
    assert refused.returncode == 2
    assert "database.sql:4" in refused.stderr


@on_one_of_each
def test_an_own_template_that_nothing_asks_for_ends_every_command(run: Run) -> None:
    old = run.folder / "own" / run.server.engine / "user" / "create.sql"
    old.parent.mkdir(parents=True)
    old.write_text("CREATE ROLE mine")
    found = ("--server", run.server.url("admin"), "--database", "shop")
    for words in (
        ("check", "spec.yaml"), ("render", "spec.yaml"), ("plan", "spec.yaml"), ("verify", "spec.yaml"),
        ("apply", "spec.yaml", "--yes"), ("rotate", "spec.yaml", "--yes"), ("adopt", "spec.yaml", "--yes"),
        ("drop", "spec.yaml", "--plan"), ("import", *found), ("templates",),
    ):  # fmt: skip
        ended = run(*words, "--templates", "own")
        assert ended.returncode == 2, words
        assert f"it is block create of {run.server.engine}/user.sql now" in ended.stderr, words
