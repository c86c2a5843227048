"""Passwords that stand in every text by chance: nothing that dbprov writes is broken by masking them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.harness import TestServer, execute
from tests.harness.accounts import MYSQL_ADMIN
from tests.harness.queries import remove
from tests.support.command import dbprov
from tests.support.run import Run
from tests.support.templates import own_block

HARD = "Zk9-unguessable-word-24"
PASSWORDS = {
    "the database's name": "{prefix}db",
    "the user's name": "{prefix}app",
    "one letter": "s",
    "a JSON key": "server",
    "a short JSON key": "ok",
    "another JSON key": "name",
    "a long JSON key": "deployments",
    "a word of every statement": "DATABASE",
}


@pytest.fixture
def run(server: TestServer, prefix: str, tmp_path: Path) -> Run:
    made = Run(server, tmp_path, prefix)
    made.write(password={"env": "APP_PASSWORD"})
    return made


def shape(document: Any) -> Any:
    """Its keys, and what in it is no text: what depends on no password."""
    if isinstance(document, dict):
        return {key: shape(value) for key, value in document.items()}
    if isinstance(document, list):
        return [shape(one) for one in document]
    return document if isinstance(document, bool) or document is None else type(document).__name__


def texts(document: Any) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    for one in (
        document.values()
        if isinstance(document, dict)
        else document
        if isinstance(document, list)
        else ()
    ):
        yield from texts(one)


COMMANDS = (
    ("plan", 1),
    ("apply", 0),
    ("verify", 0),
    ("check", 0),
    ("connections", 0),
    ("render", 0),
)


def documents(run: Run, password: str) -> dict[str, Any]:
    made = {}
    for command, code in COMMANDS:
        words = (command, "spec.yaml", "--json", *(["--yes"] if command == "apply" else []))
        ended = run(*words, APP_PASSWORD=password)
        assert ended.returncode == code, (words, ended.stdout, ended.stderr)
        made[command] = json.loads(ended.stdout)
    return made


def without_warnings(document: dict[str, Any]) -> dict[str, Any]:
    [one] = document["deployments"]
    kept = [check for check in one["checks"] if "as good as public" not in check["observed"]]
    return {**document, "deployments": [{**one, "checks": kept}]}


@pytest.mark.sampled("newest")
@pytest.mark.attack("a password like a JSON key or a name breaks what dbprov writes")
@pytest.mark.parametrize("sort", PASSWORDS)
def test_documents_stay_whole(run: Run, prefix: str, sort: str) -> None:
    password = PASSWORDS[sort].format(prefix=prefix)
    ended = run("check", "spec.yaml", "--json", APP_PASSWORD=password)
    assert ended.returncode == 0
    [checked] = json.loads(ended.stdout)["deployments"]
    [warned] = [one for one in checked["checks"] if "as good as public" in one["observed"]]
    assert warned["subject"] == f"{prefix}app"
    assert (warned["warning"], warned["held"]) == (True, True)
    human = run("plan", "spec.yaml", APP_PASSWORD=password).stdout
    assert f"on {run.server.engine}://" in human
    assert f'create database "{prefix}db"' in human
    shown = run("connections", "spec.yaml", "--reveal", "--json", APP_PASSWORD=password)
    assert f":{password}@" in json.loads(shown.stdout)["deployments"][0]["metadataConnection"]


@pytest.mark.sampled("newest")
@pytest.mark.attack("a password of one letter breaks a document of some command")
def test_every_document_is_as_with_any_other(run: Run, prefix: str) -> None:
    made = documents(run, "s")
    for command in ("plan", "connections", "render"):
        assert f"{prefix}db" in json.dumps(made[command])
        for text in texts(made[command]):  # *** stands where a password is, and nowhere else
            rest = text
            for shown in (":***@", "'***'"):
                rest = rest.replace(shown, "")
            assert "***" not in rest or text == "***"
    remove(run.server, prefix)
    other = documents(run, HARD)
    made["check"], other["check"] = (without_warnings(one["check"]) for one in (made, other))
    assert shape(made) == shape(other)


@pytest.mark.sampled("newest")
@pytest.mark.parametrize("password", [HARD])
def test_a_hard_one_is_not_warned_of(run: Run, password: str) -> None:
    ended = run("check", "spec.yaml", "--json", APP_PASSWORD=password)
    assert "public" not in ended.stdout


@pytest.mark.sampled("newest")
@pytest.mark.attack("the server repeats the admin's password in a notice or an error")
def test_words_of_the_server_with_the_password_in_them(run: Run, prefix: str) -> None:
    """What it was never sent cannot be in its words; so a role of that name is asked for."""
    secret = f"{prefix}Zk9hunter2"
    quote = '"' if run.server.engine == "postgresql" else "`"
    for password in (secret, "s"):
        drop = f"DROP DATABASE {quote}{password}{quote}"
        own_block(run.folder / "own", run.server.engine, "database", "create", drop)
        ended = run(
            "--debug", "apply", "spec.yaml", "--yes", "--json", "--templates", "own",
            "--audit", "audit.jsonl", APP_PASSWORD=password,
        )  # fmt: skip
        assert ended.returncode == 2
        [failed] = json.loads(ended.stdout)["deployments"]
        why = failed["error"]["why"]
        assert failed["error"]["code"]
        assert "***" in why
        assert password not in why
        told = ended.stderr[ended.stderr.index("dbprov: could not") :]
        assert why in told
        if password == secret:
            assert secret not in told + ended.stdout + (run.folder / "audit.jsonl").read_text()
    assert run("audit", "audit.jsonl").returncode == 0


@pytest.mark.sampled("newest")
def test_the_admins_own_password_is_warned_of(
    server: TestServer, prefix: str, tmp_path: Path
) -> None:
    """Of a superuser nobody asks: the admin of this test is made for it."""
    name = f"{prefix}dba"
    if server.engine == "postgresql":
        execute(
            server, "superuser", f"CREATE ROLE \"{name}\" LOGIN CREATEDB CREATEROLE PASSWORD 's'"
        )
    else:
        execute(server, "superuser", f"CREATE USER '{name}'@'%' IDENTIFIED BY 's'")
        execute(
            server,
            "superuser",
            f"GRANT {MYSQL_ADMIN} ON *.* TO '{name}'@'%' WITH GRANT OPTION",
        )
    run = Run(server, tmp_path, prefix)
    run.password = {"DBPROV_ADMIN_PASSWORD": "s"}
    text = yaml.safe_load((tmp_path / "spec.yaml").read_text())
    text["server"] = text["server"].replace(f"//{server.user('admin')}@", f"//{name}@")
    (tmp_path / "spec.yaml").write_text(yaml.safe_dump(text))
    ended = dbprov("check", "spec.yaml", folder=tmp_path, env=run.password)
    assert "note admin: the password: easy to guess" in ended.stdout.replace("  ", " "), (
        ended.stdout + ended.stderr
    )
