"""What things on a server say of themselves: whose they are, and never over what somebody else wrote."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

import dbprov
from tests.harness import execute
from tests.support.specs import one, users
from tests.support.walk import Walk

# Who may comment differs with the rights of the admin, not between the versions in the middle.
pytestmark = pytest.mark.sampled

postgresql = pytest.mark.postgresql
mysql = pytest.mark.mysql("mysql")


def comments(walk: Walk, prefix: str) -> dict[str, str | None]:
    """Of users and databases, on PostgreSQL by their names, on MySQL those of users."""
    queries = {
        "postgresql": (
            f"SELECT rolname, shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname LIKE '{prefix}%'"
            f" UNION ALL SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database WHERE datname LIKE '{prefix}%'"
        ),
        "mysql": f"SELECT User, User_attributes->>'$.metadata.dbprov' FROM mysql.user WHERE User LIKE '{prefix}%'",
    }
    return dict(execute(walk.server, "superuser", queries[walk.server.engine]))


@postgresql
def test_what_is_made_says_whose_it_is(walk: Walk, prefix: str) -> None:
    walk.provision(walk.spec(one(prefix, users=users(prefix))))
    text = "dbprov: deployment analytics of spec.yaml"
    assert comments(walk, prefix) == {f"{prefix}{n}": text for n in ("app", "writer", "reader", "db")}  # fmt: skip


@postgresql
def test_both_of_two_users_say_it(walk: Walk, prefix: str) -> None:
    walk.provision(walk.spec(one(prefix, rotation="two-users")))
    said = comments(walk, prefix)
    assert said[f"{prefix}app_b"] == said[f"{prefix}app"] == said[f"{prefix}db"]


@mysql
def test_what_is_made_says_whose_it_is_on_mysql(walk: Walk, prefix: str) -> None:
    walk.provision(walk.spec(one(prefix, users=users(prefix))))
    text = "deployment analytics of spec.yaml"
    assert comments(walk, prefix) == {f"{prefix}{n}": text for n in ("app", "writer", "reader")}


@pytest.mark.parametrize("label", [False, None])
def test_nothing_else_is_asked_for(walk: Walk, prefix: str, label: bool | None) -> None:
    """A plan that was empty before there were labels stays empty; and with label: false there is none."""
    walk.provision(walk.spec(one(prefix, label=False)))
    planned = walk.plan(walk.spec(one(prefix, label=label)))
    assert planned.complete
    assert planned.remarks == walk.plan(walk.spec(one(prefix, label=False))).remarks
    if walk.server.flavor != "mariadb":
        assert not any(comments(walk, prefix).values())


def test_what_was_there_is_labelled_where_the_spec_says_so(walk: Walk, prefix: str) -> None:
    walk.provision(walk.spec(one(prefix, label=False)))
    spec = walk.spec(one(prefix, label=True))
    kinds = [step.item.kind for step in walk.plan(spec).steps]
    assert set(kinds) <= {"label", "membership"}
    assert bool(kinds) == (walk.server.flavor != "mariadb")
    walk.provision(spec)
    if walk.server.flavor == "mariadb":
        assert any("nothing that could hold one" in words for words in walk.plan(spec).remarks)
    else:
        assert all(comments(walk, prefix).values())


@postgresql
@pytest.mark.parametrize("access", ["all", "owner"])
def test_labels_with_every_owner(walk: Walk, prefix: str, access: str) -> None:
    """COMMENT ON DATABASE is its owner's: the admin borrows the right."""
    walk.provision(walk.spec(one(prefix, access=access)))
    assert comments(walk, prefix)[f"{prefix}db"]
    execute(walk.server, "superuser", f'COMMENT ON DATABASE "{prefix}db" IS NULL')
    walk.provision(walk.spec(one(prefix, access=access, label=True)))
    assert comments(walk, prefix)[f"{prefix}db"]


@postgresql
def test_what_somebody_else_wrote_stays(walk: Walk, prefix: str) -> None:
    walk.provision(walk.spec(one(prefix, label=False)))
    execute(walk.server, "superuser", f"COMMENT ON ROLE \"{prefix}app\" IS 'ask Ann first'")
    execute(walk.server, "superuser", f'COMMENT ON DATABASE "{prefix}db" IS \'dbprov: deployment reports of other.yaml\'')  # fmt: skip
    planned = walk.plan(walk.spec(one(prefix, label=True)))
    assert planned.complete
    assert sum("says of itself" in words for words in planned.remarks) == 2
    # Without being asked only what another spec says of the same thing is told.
    assert [w for w in walk.plan(walk.spec(one(prefix))).remarks if "says of itself" in w] == [
        f'database "{prefix}db" says of itself: dbprov: deployment reports of other.yaml; that is left as it is'
    ]
    execute(walk.server, "superuser", f'COMMENT ON ROLE "{prefix}app" IS \'dbprov: deployment analytics of old.yaml\'')  # fmt: skip
    walk.provision(walk.spec(one(prefix, label=True)))
    assert comments(walk, prefix)[f"{prefix}app"] == "dbprov: deployment analytics of spec.yaml"


@mysql
def test_other_attributes_stay(walk: Walk, prefix: str) -> None:
    walk.provision(walk.spec(one(prefix, label=False)))
    execute(walk.server, "superuser", f"ALTER USER '{prefix}app'@'%' COMMENT 'ask Ann first'")
    walk.provision(walk.spec(one(prefix, label=True)))
    query = (
        f"SELECT User_attributes->>'$.metadata.comment' FROM mysql.user WHERE User = '{prefix}app'"
    )
    assert execute(walk.server, "superuser", query) == [("ask Ann first",)]
    assert comments(walk, prefix) == {f"{prefix}app": "deployment analytics of spec.yaml"}


@postgresql
def test_an_admin_that_may_not_label_goes_on(walk: Walk, prefix: str) -> None:
    execute(walk.server, "superuser", f"CREATE ROLE \"{prefix}app\" LOGIN PASSWORD 'p'")
    spec = walk.spec(one(prefix, label=True, password={"env": "APP_PASSWORD"}))
    walk.monkeypatch.setenv("APP_PASSWORD", "p")
    walk.provision(spec)
    labelled = comments(walk, prefix)
    assert labelled[f"{prefix}db"]
    version = int(walk.server.release.split(".")[0])
    may = walk.url == walk.server.url("superuser") or version < 16
    assert bool(labelled[f"{prefix}app"]) == may


def test_a_name_of_a_file_with_odd_signs(walk: Walk, prefix: str) -> None:
    walk.monkeypatch.setenv("DBPROV_ADMIN_PASSWORD", walk.password)
    made: dict[str, Any] = {"server": walk.url, "deployments": [one(prefix)]}
    spec = dbprov.parse(yaml.safe_dump(made), '/home/me/it\'s "my\\spec"\n;--.yaml', walk.folder)
    walk.provision(spec)
    if walk.server.flavor != "mariadb":
        [said] = set(comments(walk, prefix).values())
        assert said
        assert said.endswith('spec"?;--.yaml')
        assert "/home" not in said
