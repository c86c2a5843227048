"""Apply, then the plan is empty: each layout, each access, as a superuser and as the restricted admin."""

from __future__ import annotations

import pytest

from tests.harness import execute
from tests.support.specs import TABLES, one, users
from tests.support.walk import Walk


@pytest.mark.parametrize("access", ["all", "owner", "write", "read"])
def test_one_user(walk: Walk, prefix: str, access: str) -> None:
    spec = walk.spec(one(prefix, access=access))
    applied = walk.provision(spec)
    assert {step.kind for step in (d.step.item for d in applied.done)} >= {"user", "database"}
    assert not walk.apply(spec).done


@pytest.mark.parametrize("access", ["all", "owner"])
def test_again_after_the_application_made_its_tables(walk: Walk, prefix: str, access: str) -> None:
    """Trap T81: the guide's own GRANT ON ALL TABLES then fails for a restricted admin."""
    spec = walk.spec(one(prefix, access=access))
    walk.provision(spec)
    walk.as_user(spec, f"{prefix}app", *TABLES[walk.server.engine])
    assert walk.plan(spec).complete
    assert not walk.provision(spec).done


def test_several_users(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix, users=users(prefix)))
    walk.provision(spec)
    walk.as_user(spec, f"{prefix}app", *TABLES[walk.server.engine])
    walk.as_user(spec, f"{prefix}writer", "INSERT INTO dag (name) VALUES ('a')")
    walk.as_user(spec, f"{prefix}reader", "SELECT * FROM dag")
    with pytest.raises(Exception, match="denied"):
        walk.as_user(spec, f"{prefix}reader", "INSERT INTO dag (name) VALUES ('a')")
    with pytest.raises(Exception, match=r"denied|must be owner"):
        walk.as_user(spec, f"{prefix}writer", "DROP TABLE dag")
    assert walk.plan(spec).complete


def test_a_user_who_comes_later(walk: Walk, prefix: str) -> None:
    """The application's tables are there already, and they are its own: the grants need its rights."""
    walk_with_one = walk.spec(one(prefix, users=users(prefix)[:1]))
    walk.provision(walk_with_one)
    walk.as_user(walk_with_one, f"{prefix}app", *TABLES[walk.server.engine])
    spec = walk.spec(one(prefix, users=users(prefix)))
    walk.provision(spec)
    walk.as_user(spec, f"{prefix}writer", "INSERT INTO dag (name) VALUES ('a')")
    walk.as_user(spec, f"{prefix}reader", "SELECT * FROM dag")


@pytest.mark.postgresql
def test_split(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix, user=f"{prefix}airflow", layout="split"))
    applied = walk.provision(spec)
    claims = {(c.subject, c.claim) for c in applied.checks}
    assert (f"{prefix}airflow", 'is shut out of schema "celery"') in claims
    assert (f"{prefix}celery", 'is shut out of schema "airflow"') in claims
    walk.as_user(spec, f"{prefix}celery", *TABLES["postgresql"])
    rows = execute(
        walk.server,
        "superuser",
        "SELECT schemaname FROM pg_tables WHERE tablename = 'dag'",
        f"{prefix}db",
    )
    assert rows == [("celery",)]
    assert not walk.provision(spec).done


@pytest.mark.postgresql
def test_own_schemas(walk: Walk, prefix: str) -> None:
    for access in ("all", "owner"):
        spec = walk.spec(one(f"{prefix}{access}", schemas=['Odd "Schema"', "other"], access=access))
        walk.provision(spec)
        walk.as_user(spec, f"{prefix}{access}app", *TABLES["postgresql"])
        assert not walk.provision(spec).done


@pytest.mark.postgresql
def test_borrowed_memberships_are_given_back(walk: Walk, prefix: str) -> None:
    walk.provision(
        walk.spec(one(prefix, users=[{"name": f"{prefix}o", "access": "owner"}, *users(prefix)]))
    )
    who = walk.server.user("admin")
    left = execute(
        walk.server, "superuser",
        "SELECT roleid::regrole::text FROM pg_auth_members JOIN pg_roles m ON m.oid = member JOIN pg_roles g ON g.oid = grantor"
        f" WHERE m.rolname = '{who}' AND g.rolname = '{who}' AND roleid::regrole::text LIKE '%{prefix}%'",
    )  # fmt: skip
    assert left == []


@pytest.mark.parametrize(
    "name",
    [
        'we"i`rd_%db',
        "o'w\"ner",
        "a b--c",
        "dollar$dbprov$x",
        "back\\slash",
        "ünïcødé",
        "Mixed_Case",
        "semi;colon",
        "eq=ual",
        "%s{{x}}",
    ],
)
def test_hostile_names(walk: Walk, prefix: str, name: str) -> None:
    spec = walk.spec(one(prefix, database=f"{prefix}{name}", users=[
        {"name": f"{prefix}{name}", "access": "owner"}, {"name": f"{prefix}r{name}", "access": "read"},
    ]))  # fmt: skip
    walk.provision(spec)
    walk.as_user(spec, f"{prefix}{name}", *TABLES[walk.server.engine])
    walk.as_user(spec, f"{prefix}r{name}", "SELECT * FROM dag")
    assert walk.plan(spec).complete


@pytest.mark.parametrize(
    "password",
    [
        "it's",
        'say "hi"',
        "100%s",
        "$HOME",
        "back\\slash",
        "ünï cødé",
        "a@b:c/d?e#f",
        " lead",
        "x" * 100,
    ],
)
def test_hostile_passwords(walk: Walk, prefix: str, password: str) -> None:
    walk.monkeypatch.setenv("APP_PASSWORD", password)
    spec = walk.spec(one(prefix, password={"env": "APP_PASSWORD"}))
    walk.provision(spec)
