"""What exists becomes a spec whose plan is empty: what dbprov made, and what was made by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec.structs import replace

import dbprov
from dbprov.commands.import_ import describe
from dbprov.errors import RefusedError
from dbprov.spec.model import Deployment, Spec
from dbprov.spec.writer import ImportedSpec
from tests.harness import execute
from tests.support.admins import as_admin
from tests.support.command import dbprov as run
from tests.support.specs import one, users
from tests.support.walk import Walk

# What is found depends on the catalogues, which differ between the oldest and the newest; the superuser finds
# the same in each.
pytestmark = pytest.mark.sampled


def described(walk: Walk, prefix: str, nearest: bool = False) -> tuple[ImportedSpec, Spec]:
    """The imported of the test's database, and its text read again."""
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
    return found, walk.parse(found.text)


def bare(made: Deployment) -> Deployment:
    """What import can know: what is said of passwords and publishing is not on the server."""
    return replace(made, isolate=None, encoding=None, collation=None)


LAYOUTS: dict[str, tuple[dict[str, Any], str]] = {
    "one user": ({}, ""),
    "an owner": ({"access": "owner"}, ""),
    "a reader": ({"access": "read"}, ""),
    "three users": ({"users": ["app", "writer:write", "reader:read"]}, ""),
    "an owner and others": ({"users": ["app:owner", "other", "reader:read"]}, ""),
    "limits": ({"users": ["app", "reader:read"], "connection_limit": 7}, ""),
    "schemas": ({"users": ["app", "reader:read"], "schemas": ["work", "My, \"odd\" one"]}, "postgresql"),
    "split": ({"layout": "split"}, "postgresql"),
    "split of an owner": ({"layout": "split", "users": ["app:owner", "celery"]}, "postgresql"),
    "two users": ({"rotation": "two-users", "schemas": ["work"]}, "postgresql"),
    "isolated not": ({"isolate": False}, "postgresql"),
    "hosts": ({"users": ["app", "app@10.0.%:read"]}, "mysql"),
    "another collation": ({"collation": "utf8mb4_bin"}, "mysql"),
}  # fmt: skip


def made_of(prefix: str, keys: dict[str, Any]) -> dict[str, Any]:
    keys = dict(keys)
    if "users" in keys:
        limit = keys.pop("connection_limit", None)
        made = []
        for words in keys["users"]:
            who, _, access = words.partition(":")
            name, _, host = who.partition("@")
            user = {
                "name": f"{prefix}{name}",
                "access": access or "all",
                "host": host,
                "connection_limit": limit,
            }
            made.append({key: value for key, value in user.items() if value})
        keys["users"] = made
    return one(prefix, **keys)


@pytest.mark.parametrize("case", LAYOUTS)
def test_what_dbprov_made(walk: Walk, prefix: str, case: str) -> None:
    keys, engine = LAYOUTS[case]
    if engine not in ("", walk.server.engine):
        return
    spec = walk.spec(made_of(prefix, keys))
    walk.apply(spec)
    found, read = described(walk, prefix)
    assert not found.left_out
    assert not found.lacking
    [wanted], [there] = spec.deployments, read.deployments
    assert {replace(a, schemas=()) for a in bare(there).accounts} == {
        replace(a, schemas=()) for a in bare(wanted).accounts
    }
    assert (there.layout, there.schemas) == (wanted.layout, wanted.schemas)
    assert replace(bare(there), accounts=()) == replace(bare(wanted), accounts=())
    planned = walk.plan(read)
    assert planned.complete
    assert planned.extra == ()
    assert planned.unknown == ()  # the passwords are where they were
    if walk.server.engine == "postgresql":
        assert there.isolate is (wanted.isolate is not False)
    assert (there.encoding or "").lower() in ("utf8", "utf8mb4")
    assert wanted.collation in (None, there.collation)
    assert not walk.apply(read).done


BY_HAND = {
    "postgresql": (
        "CREATE ROLE \"{p}app\" LOGIN PASSWORD 'made-by-hand' CONNECTION LIMIT 9",
        'CREATE DATABASE "{p}db"',
        'GRANT ALL PRIVILEGES ON DATABASE "{p}db" TO "{p}app"',
        '{p}db: CREATE SCHEMA airflow',
        '{p}db: GRANT ALL ON SCHEMA airflow TO "{p}app"',
        '{p}db: ALTER DEFAULT PRIVILEGES IN SCHEMA airflow GRANT ALL ON TABLES TO "{p}app"',
        '{p}db: ALTER DEFAULT PRIVILEGES IN SCHEMA airflow GRANT ALL ON SEQUENCES TO "{p}app"',
        '{p}db: ALTER DEFAULT PRIVILEGES IN SCHEMA airflow GRANT ALL ON FUNCTIONS TO "{p}app"',
        'ALTER ROLE "{p}app" IN DATABASE "{p}db" SET search_path = airflow',
        '{p}db: CREATE TABLE airflow.dag (id integer)',
        '{p}db: CREATE SCHEMA more',
        '{p}db: GRANT USAGE ON SCHEMA more TO "{p}app"',
    ),
    "mysql": (
        "CREATE USER '{p}app'@'%' IDENTIFIED BY 'made-by-hand' WITH MAX_USER_CONNECTIONS 9",
        "CREATE DATABASE `{p}db` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        r"GRANT ALTER, ALTER ROUTINE, CREATE, CREATE ROUTINE, CREATE TEMPORARY TABLES, CREATE VIEW, DELETE, DROP, EVENT, EXECUTE,"
        r" INDEX, INSERT, LOCK TABLES, REFERENCES, SELECT, SHOW VIEW, TRIGGER, UPDATE ON `{e}db`.* TO '{p}app'@'%'",
        "CREATE DATABASE `{p}more`",
        r"GRANT SELECT ON `{e}more`.* TO '{p}app'@'%'",
    ),
}  # fmt: skip


def by_hand(walk: Walk, prefix: str, statements: tuple[str, ...]) -> None:
    names = {"p": prefix, "e": prefix.replace("_", "\\_")}
    for statement in statements:
        words = statement.format(**names)
        where, _, what = words.partition(": ")
        inside = where if what and where == f"{prefix}db" else None
        as_admin(walk, what if inside else words, inside)


def test_what_was_made_by_hand(walk: Walk, prefix: str) -> None:
    by_hand(walk, prefix, BY_HAND[walk.server.engine])
    found, read = described(walk, prefix)
    [account] = read.deployments[0].accounts
    assert (account.name, account.access.value, account.connection_limit) == (
        f"{prefix}app",
        "all",
        9,
    )
    planned = walk.plan(read)
    assert planned.complete
    assert [a.name for a in planned.unknown] == [f"{prefix}app"]
    [more] = found.surplus[f'"{prefix}app"']
    assert "more" in more
    assert f"# extra: {more}" in found.text
    if walk.server.engine == "postgresql":
        assert read.deployments[0].schemas == ("airflow",)
        assert read.deployments[0].isolate is False
    else:
        assert read.deployments[0].collation == "utf8mb4_bin"
    account.place.path.parent.mkdir(parents=True)  # type: ignore[attr-defined]
    account.place.path.write_text("made-by-hand\n")  # type: ignore[attr-defined]
    if walk.server.engine == "mysql":  # verify tells of the other database
        execute(
            walk.server,
            "superuser",
            f"REVOKE ALL PRIVILEGES ON `{prefix}more`.* FROM '{prefix}app'@'%'".replace(
                prefix + "more", prefix.replace("_", "\\_") + "more"
            ),
        )
    assert not walk.provision(read).done


LESS = {
    "postgresql": (
        "CREATE ROLE \"{p}app\" LOGIN PASSWORD 'made-by-hand'", 'CREATE DATABASE "{p}db"',
        'GRANT CONNECT, TEMPORARY, CREATE ON DATABASE "{p}db" TO "{p}app"', '{p}db: CREATE TABLE public.dag (id integer)',
    ),
    "mysql": (
        "CREATE USER '{p}app'@'%' IDENTIFIED BY 'made-by-hand'", "CREATE DATABASE `{p}db`",
        r"GRANT SELECT, INSERT, UPDATE, DELETE ON `{e}db`.* TO '{p}app'@'%'",
    ),
}  # fmt: skip


def test_what_fits_no_access(walk: Walk, prefix: str) -> None:
    """Refused, with what is lacking; the nearest says it, its plan is exactly that, and after apply it describes what exists."""
    by_hand(walk, prefix, LESS[walk.server.engine])
    with pytest.raises(RefusedError, match="nothing in database") as refused:
        described(walk, prefix)
    assert f'"{prefix}app": it fits no access;' in refused.value.why
    assert "--nearest" in refused.value.todo
    found, read = described(walk, prefix, nearest=True)
    steps = [str(s.item) for s in walk.plan(read).steps if s.item.kind != "membership"]
    assert found.lacking == {f'"{prefix}app"': steps}
    [account] = read.deployments[0].accounts
    account.place.path.parent.mkdir(parents=True)  # type: ignore[attr-defined]
    account.place.path.write_text("made-by-hand\n")  # type: ignore[attr-defined]
    walk.provision(read)
    again, _ = described(walk, prefix)
    assert not again.lacking
    assert again.deployment == found.deployment


def test_who_is_left_out(walk: Walk, prefix: str) -> None:
    """A user of no access, a role, a superuser: each with why. Those who fit are described."""
    spec = walk.spec(one(prefix, users=users(prefix)))
    walk.provision(spec)
    if walk.server.engine == "postgresql":
        for statement in (
            f'CREATE ROLE "{prefix}group"', f'GRANT CONNECT ON DATABASE "{prefix}db" TO "{prefix}group"',
            f'CREATE ROLE "{prefix}member" LOGIN IN ROLE "{prefix}group"',
            f'CREATE ROLE "{prefix}super" SUPERUSER LOGIN', f'GRANT CONNECT ON DATABASE "{prefix}db" TO "{prefix}super"',
        ):  # fmt: skip
            execute(walk.server, "superuser", statement)
        expected = {
            "group": "cannot log in",
            "member": f'what it has comes from "{prefix}group"',
            "super": "superuser",
        }
    else:
        as_admin(walk, f"CREATE USER '{prefix}odd'@'localhost' IDENTIFIED BY 'made-by-hand'")
        escaped = prefix.replace("_", "\\_")
        as_admin(walk, f"GRANT INSERT ON `{escaped}db`.* TO '{prefix}odd'@'localhost'")
        expected = {"odd": "fits no access"}
    found, read = described(walk, prefix)
    assert {a.name for a in read.deployments[0].accounts} == {
        f"{prefix}{n}" for n in ("app", "writer", "reader")
    }
    for name, why in expected.items():
        [said] = [words for who, words in found.left_out.items() if f"{prefix}{name}" in who]
        assert why in said
        assert f"{prefix}{name}" in found.text
    assert walk.plan(read).complete


def test_names_with_everything_in_them(walk: Walk, prefix: str) -> None:
    odd = f"{prefix}o'w\"n: #{{%_\\é- "[:30].rstrip() + "."
    spec = walk.spec(
        {
            "name": "analytics",
            "database": f"{prefix}db",
            "users": [{"name": odd}, {"name": f"{prefix}yes", "access": "read"}],
        }
    )
    walk.apply(spec)
    _, read = described(walk, prefix)
    assert {a.name for a in read.deployments[0].accounts} == {odd, f"{prefix}yes"}
    assert walk.plan(read).complete


def test_nothing_there(walk: Walk, prefix: str) -> None:
    with pytest.raises(RefusedError, match="there is no database"):
        described(walk, prefix)
    quoted = f'"{prefix}db"' if walk.server.engine == "postgresql" else f"`{prefix}db`"
    as_admin(walk, f"CREATE DATABASE {quoted}")
    with pytest.raises(RefusedError, match="nothing in database") as refused:
        described(walk, prefix)
    assert refused.value.why


@pytest.mark.mysql
@pytest.mark.postgresql
def test_at_the_command_line(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    words = ["import", "--server", walk.url, "--database", f"{prefix}db", "--tls-mode", "prefer"]
    env = {"DBPROV_ADMIN_PASSWORD": walk.password}
    ended = run(*words, folder=walk.folder, env=env)
    assert ended.returncode == 0, ended.stderr
    document = yaml.safe_load(ended.stdout)
    assert document["deployments"][0]["users"] == [{"name": f"{prefix}app", "access": "all"}]
    assert document["tls"] == {"mode": "prefer"}
    as_json = json.loads(run(*words, "--json", folder=walk.folder, env=env).stdout)
    assert as_json["spec"] == ended.stdout
    assert as_json["complete"] is True
    written = run(*words, "-o", "imported.yaml", folder=walk.folder, env=env)
    assert (written.returncode, written.stdout) == (0, ""), written.stderr
    assert (Path(walk.folder) / "imported.yaml").read_text() == ended.stdout
    planned = run("plan", "imported.yaml", folder=walk.folder, env=env)
    assert planned.returncode == 0, planned.stdout
    missing = run(
        "import", "--server", walk.url, "--database", f"{prefix}none", folder=walk.folder, env=env
    )
    assert missing.returncode == 2
    assert "there is no database" in missing.stderr
    password = spec.deployments[0].accounts[0].place.read()
    assert password
    assert password.reveal() not in ended.stdout + ended.stderr
