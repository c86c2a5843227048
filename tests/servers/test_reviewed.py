"""What was reviewed is what runs: to the byte, on that server, or not at all."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import dbprov
from dbprov.commands.review import as_reviewed, change
from dbprov.engines.mysql.quoting import literal
from dbprov.errors import ReviewError
from dbprov.spec import names
from dbprov.sql import review
from tests.harness import client
from tests.harness.servers import start_dedicated
from tests.support.admins import as_admin, make_user
from tests.support.command import on_one_of_each
from tests.support.reviewed import Reviewed
from tests.support.specs import one, users
from tests.support.templates import own_block
from tests.support.walk import Walk

# The file holds what apply runs: before PostgreSQL 16 and since; the checks of the file are the same
# everywhere.
pytestmark = pytest.mark.sampled


@pytest.fixture
def reviewed(walk: Walk, prefix: str) -> Reviewed:
    return Reviewed(walk, prefix)


def edit(file: Path, old: str, new: str, *, sign: bool) -> None:
    text = file.read_text()
    assert old in text
    text = text.replace(old, new)
    file.write_text(review.with_digest(text.partition("\n")[2]) if sign else text)


def test_from_plan_to_apply_without_a_question(reviewed: Reviewed) -> None:
    planned = reviewed("plan", "-o", "change.sql")
    assert planned.returncode == 1
    assert planned.stderr == "wrote change.sql\n"
    text = reviewed.file.read_text()
    assert review.digest_matches(text)
    steps = re.findall(r"^  \+ (.*)$", planned.stdout, re.MULTILINE)
    assert steps
    body = text.partition("\n\n")[2]
    comments = re.findall(r"^-- (.*(?:\n--     .*)*)$", body, re.MULTILINE)
    assert [one.replace("\n--     ", " ") for one in comments] == [
        one.partition("  (in ")[0] for one in steps
    ]

    applied = reviewed("apply", "--reviewed", "change.sql")
    assert applied.returncode == 0, applied.stderr
    assert "nobody is asked" in applied.stderr
    [count] = re.findall(r": (\d+) steps?", planned.stdout.partition("\n")[0])
    assert applied.stderr.count("  done ") == int(count)
    assert reviewed("plan").returncode == 0

    again = reviewed.refused()
    assert "the plan is empty: all of it is done already" in again
    assert "nothing is left to do" in again


def test_the_file_runs_in_the_engines_own_client(walk: Walk, prefix: str) -> None:
    """On what is there in part, too: what is altered is altered, what is made is made."""
    first = walk.spec(one(prefix, users=users(prefix)[:2]))
    walk.provision(first)
    walk.as_user(first, f"{prefix}app", "CREATE TABLE dag (id integer)")
    everything = [{**user, "connection_limit": 3} for user in users(prefix)]
    spec = walk.spec(one(prefix, users=everything))
    [text] = walk.each(spec, lambda d, server: change(dbprov.plan(d, server), server))
    assert f"{prefix}reader_password" in text
    assert f"{prefix}app_password" not in text
    account = spec.deployments[0].accounts[2]
    password = account.place.fill().reveal()
    who: Any = "superuser" if walk.url == walk.server.url("superuser") else "admin"
    variable = names.variable(account.name)
    if walk.server.engine == "postgresql":
        ended = client(walk.server, who, text, variables={variable: password})
    else:
        ended = client(walk.server, who, text.replace("${" + variable + "}", literal(password)))
    assert ended.returncode == 0, ended.stderr
    assert walk.plan(spec).complete
    assert [check for check in walk.prove(spec) if not check.held] == []


@on_one_of_each
@pytest.mark.parametrize("sign", [False, True])
def test_a_tampered_file(reviewed: Reviewed, sign: bool) -> None:
    """Also with a digest that fits: what counts is what the plan renders to now."""
    reviewed("plan", "-o", "change.sql")
    user = f"{reviewed.prefix}app"
    edit(reviewed.file, f"{user}_password", "another_password", sign=sign)
    said = reviewed.refused()
    assert ("the file itself was changed after it was written" in said) is not sign
    assert "+++ what would run now" in said
    assert re.search(r"^-.*another_password", said, re.MULTILINE)
    assert re.search(rf"^\+.*{user}_password", said, re.MULTILINE)


@on_one_of_each
def test_a_digest_that_does_not_fit(reviewed: Reviewed) -> None:
    reviewed("plan", "-o", "change.sql")
    claimed = review.digest(reviewed.file.read_text())
    edit(reviewed.file, claimed, "0" * 64, sign=False)
    assert "its digest is another one" in reviewed.refused()


@on_one_of_each
def test_files_that_are_none(reviewed: Reviewed) -> None:
    reviewed.file.write_text("GRANT ALL ON *.* TO me;\n")
    assert "its first line is not that of a file" in reviewed.refused()
    reviewed.file.write_bytes(b"\xff\xfe")
    assert "it is not UTF-8 text" in reviewed.refused()
    reviewed.file.unlink()
    assert reviewed("apply", "--reviewed", "change.sql").returncode == 2


@on_one_of_each
def test_another_server(reviewed: Reviewed) -> None:
    """Two real ones of one version, of which the spec means the one and then the other."""
    reviewed("plan", "-o", "change.sql")
    walk = reviewed.walk
    other, _ = start_dedicated(walk.server.flavor, walk.server.version, "")
    walk.server = other
    walk.url = other.url("superuser")
    walk.password = other.password("superuser")
    reviewed.write()
    said = reviewed.refused()
    assert "it was written for another server: " in said
    assert "the spec says something else now" in said  # which names the server, too


def test_another_server_at_the_same_address(reviewed: Reviewed) -> None:
    """A name that leads elsewhere by now: the server tells who it is."""
    reviewed("plan", "-o", "change.sql")
    text = reviewed.file.read_text()
    [identity] = re.findall(r"^--   server:   (.*), for ", text, re.MULTILINE)
    edit(reviewed.file, identity, "system 7000000000000000000", sign=True)
    said = reviewed.refused()
    assert "it was written for another server: system 7000000000000000000, " in said
    assert f"this is {identity}, " in said
    assert "changed after it was written" not in said


@on_one_of_each
def test_another_version(reviewed: Reviewed) -> None:
    reviewed("plan", "-o", "change.sql")
    edit(reviewed.file, reviewed.walk.server.release, "12.34", sign=True)
    said = reviewed.refused()
    assert re.search(r"it was written for another version: \w+ 12\.34; this is ", said)


def test_another_admin(reviewed: Reviewed) -> None:
    """What CURRENT_USER means, and what has to be borrowed, depends on who runs it."""
    reviewed("plan", "-o", "change.sql")
    walk = reviewed.walk
    who: Any = "admin" if walk.url == walk.server.url("superuser") else "superuser"
    walk.url, walk.password = walk.server.url(who), walk.server.password(who)
    reviewed.write()
    assert "it was written for another admin: " in reviewed.refused()


@on_one_of_each
@pytest.mark.parametrize(
    ("more", "seen"),
    [
        ({"connection_limit": 7}, r"^\+.*(CONNECTION LIMIT|MAX_USER_CONNECTIONS) 7"),
        ({"publish": {"host": "pgbouncer.example.com"}}, r"^\+--   spec: "),
    ],
)
def test_a_spec_that_changed(reviewed: Reviewed, more: dict[str, Any], seen: str) -> None:
    """Also in what changes no SQL: it decides what is handed out."""
    reviewed("plan", "-o", "change.sql")
    reviewed.write(**more)
    said = reviewed.refused()
    assert "the spec says something else now" in said
    assert re.search(seen, said, re.MULTILINE)


def test_a_change_by_hand_in_between(reviewed: Reviewed) -> None:
    reviewed("plan", "-o", "change.sql")
    make_user(reviewed.walk, f"{reviewed.prefix}app", "made-by-hand")
    said = reviewed.refused()
    assert "steps are done already" in said
    assert re.search(rf'^-.*create user "{reviewed.prefix}app"', said, re.MULTILINE)


def test_a_privilege_taken_by_hand_in_between(reviewed: Reviewed) -> None:
    spec = reviewed.walk.spec(one(reviewed.prefix, users=users(reviewed.prefix)[:2]))
    reviewed.walk.provision(spec)
    reviewed.write(users=users(reviewed.prefix))
    reviewed("plan", "-o", "change.sql")
    prefix = reviewed.prefix
    statements = {
        "postgresql": f'REVOKE CONNECT ON DATABASE "{prefix}db" FROM "{prefix}writer"',
        "mysql": f"REVOKE INSERT ON `{prefix}db`.* FROM '{prefix}writer'@'%'".replace(
            "_", r"\_", 2
        ),
    }
    as_admin(reviewed.walk, statements[reviewed.walk.server.engine])
    assert "what is missing on the server is not what was missing then" in reviewed.refused()


@pytest.mark.postgresql
def test_a_table_that_came_in_between(reviewed: Reviewed) -> None:
    """The reviewer sees each table by its name, and they have to be the same ones."""
    prefix = reviewed.prefix
    spec = reviewed.walk.spec(one(prefix, users=users(prefix)[:1]))
    reviewed.walk.provision(spec)
    reviewed.walk.as_user(spec, f"{prefix}app", "CREATE TABLE dag (id integer)")
    reviewed.write(users=users(prefix))
    reviewed("plan", "-o", "change.sql")
    assert re.search(
        r'^GRANT SELECT ON TABLE "public"\."dag" TO', reviewed.file.read_text(), re.MULTILINE
    )
    reviewed.walk.as_user(spec, f"{prefix}app", "CREATE TABLE run (id integer)")
    said = reviewed.refused()
    assert 'came since then: "public"."run"' in said
    assert re.search(
        r'^\+GRANT SELECT ON TABLE "public"\."dag", "public"\."run"', said, re.MULTILINE
    )


@on_one_of_each
def test_own_templates_are_part_of_it(reviewed: Reviewed) -> None:
    engine = reviewed.walk.server.engine
    own_block(
        reviewed.walk.folder / "own", engine, "database", "create", "{{ super() }}\n/* ours */"
    )
    reviewed("plan", "-o", "change.sql", "--templates", "own")
    assert "/* ours */" in reviewed.file.read_text()
    said = reviewed.refused()
    assert "the same steps have another text: another dbprov, or other templates" in said
    ended = reviewed("apply", "--reviewed", "change.sql", "--templates", "own")
    assert ended.returncode == 0, ended.stderr


def several(prefix: str) -> tuple[dict[str, Any], ...]:
    return tuple(
        {"name": name, "database": f"{prefix}{name}", "user": f"{prefix}{name}"}
        for name in ("first", "second", "third")
    )


def test_several_deployments_or_none(reviewed: Reviewed) -> None:
    """A file for each; where one of them is refused nothing of any is done."""
    reviewed.write(*several(reviewed.prefix))
    planned = reviewed("plan", "-o", "changes")
    assert planned.stderr.count("wrote changes/") == 3
    third = reviewed.walk.folder / "changes/third.sql"
    kept = third.read_text()
    edit(third, "create user", "create User", sign=True)
    assert "changes/third.sql is not what would run now" in reviewed.refused("changes")
    third.unlink()
    assert "third.sql of third cannot be read" in reviewed.refused("changes")
    third.write_text(kept)
    ended = reviewed("apply", "--reviewed", "changes")
    assert ended.returncode == 0, ended.stderr
    assert "changes/first.sql is not what would run now" in reviewed.refused("changes")

    # What is done has a file too: it says that nothing is to be done, and so nothing is.
    reviewed("plan", "-o", "changes")
    assert "-- It changes nothing." in third.read_text()
    assert reviewed("apply", "--reviewed", "changes").returncode == 0


@on_one_of_each
def test_a_reviewed_file_of_no_deployment(reviewed: Reviewed) -> None:
    reviewed.write(*several(reviewed.prefix))
    reviewed("plan", "-o", "changes")
    reviewed.write(*several(reviewed.prefix)[:2])
    assert "third.sql is of no Deployment of this spec" in reviewed.refused("changes")


@on_one_of_each
def test_json_has_the_difference_apart(reviewed: Reviewed) -> None:
    reviewed("plan", "-o", "change.sql")
    reviewed.write(connection_limit=3)
    ended = reviewed("apply", "--reviewed", "change.sql", "--json")
    assert ended.returncode == 2
    error = json.loads(ended.stdout)["error"]
    assert "the spec says something else now" in error["why"]
    assert error["difference"].startswith("--- change.sql (reviewed)\n+++ what would run now\n@@")


def test_somebody_faster_is_not_planned_around(walk: Walk, prefix: str) -> None:
    """Between the comparison and its step somebody makes the user: the rest was never reviewed."""
    spec = walk.spec(one(prefix))
    [deployment] = spec.deployments
    file = walk.folder / "change.sql"
    with dbprov.servers(spec) as servers:
        server = servers[deployment]
        planned = dbprov.plan(deployment, server)
        file.write_text(change(planned, server))
        refuse_others = as_reviewed({deployment: file}, servers)[deployment]
        refuse_others(planned)
        make_user(walk, f"{prefix}app", "made-by-hand")
        for account in deployment.accounts:
            account.place.fill()
        applied = dbprov.apply(deployment, server, planned, reviewed=refuse_others)
        assert applied.error is not None
        assert applied.error.code in server.engine.errors.EXISTS
        assert applied.done == []
        assert applied.plan is planned
        with pytest.raises(ReviewError, match="nothing was changed"):
            refuse_others(dbprov.plan(deployment, server))


def shared(prefix: str, **more: Any) -> list[dict[str, Any]]:
    """Two Deployments with one user: which the first one makes."""
    account = {"name": f"{prefix}app", **more}
    return [
        one(prefix, users=[account]),
        {"name": "reports", "database": f"{prefix}db2", "users": [{**account, "access": "all"}]},
    ]


@pytest.mark.parametrize("turns", [False, pytest.param(True, marks=pytest.mark.postgresql)])
def test_two_deployments_with_one_user(reviewed: Reviewed, turns: bool) -> None:
    more = {"rotation": "two-users", "access": "owner"} if turns else {}
    reviewed.write(*shared(reviewed.prefix, **more))
    assert reviewed("plan", "-o", "change/", "--undo", "undo/").returncode == 1
    made = "CREATE ROLE" if reviewed.walk.server.engine == "postgresql" else "CREATE USER"
    files = [reviewed.walk.folder / f"change/{name}.sql" for name in ("analytics", "reports")]
    assert [file.read_text().count(f"\n{made}") for file in files] == [2 if turns else 1, 0]
    assert "drop user" not in (reviewed.walk.folder / "undo/reports.sql").read_text()
    ended = reviewed("apply", "--reviewed", "change/")
    assert ended.returncode == 0, ended.stderr
    assert reviewed("plan").returncode == 0


def test_two_places_for_one_user(reviewed: Reviewed) -> None:
    first, second = shared(reviewed.prefix)
    second["users"][0]["password"] = {"file": "another"}
    reviewed.write(first, second)
    ended = reviewed("apply", "--yes")
    assert ended.returncode == 2
    assert "nothing was changed" in ended.stderr
    assert "name one place in both" in ended.stderr


def test_what_was_done_before_a_refusal_is_told(reviewed: Reviewed) -> None:
    """The second one's password cannot be kept: the first one's steps are in the document all the same."""
    first, second = shared(reviewed.prefix)
    second["users"] = [{"name": f"{reviewed.prefix}b", "password": {"file": "/proc/no-such"}}]
    reviewed.write(first, second)
    ended = reviewed("apply", "--yes", "--json")
    assert ended.returncode == 2, ended.stderr
    told = json.loads(ended.stdout)["deployments"]
    assert [one["ok"] for one in told] == [True, False]
    assert told[0]["done"]
    assert told[1]["error"]


@pytest.mark.parametrize("way", ["CRLF", "a byte order mark"])
def test_a_file_that_an_editor_saved_anew(reviewed: Reviewed, way: str) -> None:
    reviewed("plan", "-o", "change.sql")
    text = reviewed.file.read_bytes()
    odd = text.replace(b"\n", b"\r\n") if way == "CRLF" else b"\xef\xbb\xbf" + text
    reviewed.file.write_bytes(odd)
    said = reviewed.refused()
    assert "git or an editor did it" in said
    assert "another" not in said.partition("do:")[0]
