"""The page beside the SQL file: its cells say what was found, and what the plan makes of it."""

from __future__ import annotations

import json
import re

import pytest

from dbprov.sql import review
from tests.support.admins import as_admin
from tests.support.command import on_one_of_each
from tests.support.reviewed import Reviewed
from tests.support.specs import TABLES
from tests.support.walk import Walk

pytestmark = pytest.mark.sampled

READ = {
    "postgresql": ["CONNECT", "USAGE", "SELECT", "SELECT", "—"],
    "mysql": ["SELECT, SHOW VIEW"],
}
# The function that is there the reader may run already, as PUBLIC may.
WRITE = {
    "postgresql": [
        "CONNECT", "USAGE", "SELECT → DELETE, INSERT, SELECT, UPDATE", "SELECT → SELECT, USAGE", "EXECUTE / — → EXECUTE",
    ],
    "mysql": ["SELECT, SHOW VIEW → DELETE, EXECUTE, INSERT, SELECT, SHOW VIEW, UPDATE"],
}  # fmt: skip


@pytest.fixture
def reviewed(walk: Walk, prefix: str) -> Reviewed:
    return Reviewed(walk, prefix)


def planned(reviewed: Reviewed, *more: str) -> str:
    ended = reviewed("plan", "-o", "change.sql", "--summary", "--json", *more)
    assert ended.returncode in (0, 1), ended.stderr
    [one] = json.loads(ended.stdout)["deployments"]
    assert one["summary"] == "change.md"
    return (reviewed.walk.folder / "change.md").read_text()


def cells(text: str, user: str) -> list[str]:
    """Of the table of privileges: the first row that begins with the user."""
    [row] = re.findall(rf"^\| `{user}` \| (.*) \|$", text, re.MULTILINE)
    return str(row).split(" | ")


@on_one_of_each
def test_a_reader_who_gets_write(reviewed: Reviewed, prefix: str) -> None:
    engine = reviewed.walk.server.engine
    app, reader = f"{prefix}app", f"{prefix}reader"
    users = [{"name": app, "access": "all"}, {"name": reader, "access": "read"}]
    reviewed.write(users=users)
    first = planned(reviewed)
    assert cells(first, reader) == [one if one == "—" else f"— → {one}" for one in READ[engine]]
    assert cells(first, app)[0] == "— → all"
    assert "2 users, 1 database, " in first
    assert reviewed("apply", "--reviewed", "change.sql").returncode == 0
    assert planned(reviewed) == "`analytics`: nothing to do.\n"

    spec = reviewed.walk.spec({"name": "analytics", "database": f"{prefix}db", "users": users})
    for statement in TABLES[engine]:
        reviewed.walk.as_user(spec, app, statement)
    reviewed.write(users=[users[0], {**users[1], "access": "write"}])
    text = planned(reviewed)
    assert cells(text, reader) == WRITE[engine]
    digest = review.digest(reviewed.file.read_text())
    assert text.endswith(f"\n\nsha256 `{digest}`, as in the first line of the SQL file\n")
    assert reviewed.file.read_text() in text
    assert planned(reviewed) == text

    assert reviewed("apply", "--reviewed", "change.sql").returncode == 0
    assert planned(reviewed) == "`analytics`: nothing to do.\n"


@on_one_of_each
def test_what_is_extra_is_listed_and_with_prune_revoked(reviewed: Reviewed, prefix: str) -> None:
    engine = reviewed.walk.server.engine
    app, reader = f"{prefix}app", f"{prefix}reader"
    users = [{"name": app, "access": "all"}, {"name": reader, "access": "read"}]
    reviewed.write(users=users)
    assert reviewed("apply", "--yes").returncode == 0
    database = f"{prefix}db"
    if engine == "postgresql":
        grant = f'GRANT TEMPORARY ON DATABASE "{database}" TO "{reader}"'
        held = ("CONNECT, TEMPORARY", "CONNECT")
    else:
        pattern = database.replace("_", "\\_")
        grant = f"GRANT DELETE ON `{pattern}`.* TO '{reader}'@'%'"
        held = ("DELETE, SELECT, SHOW VIEW", "SELECT, SHOW VIEW")
    as_admin(reviewed.walk, grant)
    reviewed.write(users=[{**users[0], "connection_limit": 4}, users[1]])
    text = planned(reviewed)
    assert "**Stays extra, or needs another role**" in text
    assert cells(text, reader)[0] == held[0]
    text = planned(reviewed, "--prune")
    assert "; revokes 1; " in text
    assert "can lock out" in text
    assert cells(text, reader)[0] == f"{held[0]} → {held[1]}"
