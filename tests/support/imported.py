"""Databases that others made: what import says of them, read again, planned and pruned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dbprov
from dbprov.commands.import_ import describe
from dbprov.spec.model import Spec
from dbprov.spec.writer import ImportedSpec
from tests.harness import execute
from tests.harness.accounts import mysql, postgresql
from tests.support.walk import Walk

PASSWORD = "made-by-hand-9"


def words_of(prefix: str) -> dict[str, str]:
    """What statements name: users u, v, roles o, r, database d (as a pattern of MySQL: e), the password w."""
    made = {name: f"{prefix}{name}" for name in "uvor"}
    return {**made, "d": f"{prefix}db", "e": prefix.replace("_", "\\_") + "db", "w": PASSWORD, "p": prefix}  # fmt: skip


def by_hand(walk: Walk, prefix: str, *statements: str) -> None:
    """As a superuser; ``db: `` in front: inside the database; ``admin: ``: as the restricted admin."""
    words = words_of(prefix)
    for statement in statements:
        inside, who = statement.startswith("db: "), statement.startswith("admin: ")
        made = statement.removeprefix("db: ").removeprefix("admin: ").format(**words)
        execute(walk.server, "admin" if who else "superuser", made, words["d"] if inside else None)


def as_application(walk: Walk, user: str, database: str, *statements: str) -> None:
    """In one session of the user's, as its application would."""
    login = (user, PASSWORD)
    if walk.server.engine == "postgresql":
        with postgresql(walk.server.host, walk.server.port, login, database) as connection:
            for statement in statements:
                connection.execute(statement.encode())
        return
    with (
        mysql(walk.server.host, walk.server.port, login, database) as connection_,
        connection_.cursor() as cursor,
    ):
        for statement in statements:
            cursor.execute(statement)


def described(walk: Walk, prefix: str, nearest: bool = False) -> tuple[ImportedSpec, Spec]:
    """What apply would add is exactly what the comments say."""
    asked = walk.spec({"name": "analytics", "database": f"{prefix}db", "user": "somebody"})
    with dbprov.servers(asked) as servers:
        [deployment] = asked.deployments
        found = describe(
            deployment,
            servers[deployment],
            server_url=walk.url,
            folder=walk.folder,
            nearest=nearest,
        )
    read = walk.parse(found.text)
    planned = [str(s.item) for s in walk.plan(read).steps if s.item.kind != "membership"]
    said = [words for users in found.lacking.values() for words in users]
    assert sorted(planned) == sorted(said)
    for words in said:
        assert f"# lacking: {words}" in found.text
    return found, read


def kept(spec: Spec) -> Spec:
    """With the passwords that were made by hand in their places."""
    for account in spec.deployments[0].accounts:
        place: Any = account.place
        path: Path = place.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{PASSWORD}\n")
    return spec


def accesses(spec: Spec, prefix: str) -> dict[str, str]:
    accounts = spec.deployments[0].accounts
    return {a.name.removeprefix(prefix): a.access.value for a in accounts}
