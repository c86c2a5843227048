"""Users that log in with IAM tokens, on servers that are no RDS: the statements, and what is said of them."""

from __future__ import annotations

from typing import Any

import pytest

import dbprov
from dbprov.errors import RefusedError
from dbprov.spec import names
from tests.harness import client, execute
from tests.support.specs import one
from tests.support.walk import Walk

# Grants of a role: before PostgreSQL 16, and since.
pytestmark = pytest.mark.sampled

postgresql = pytest.mark.postgresql


def members(walk: Walk) -> list[Any]:
    query = (
        "SELECT m.rolname FROM pg_auth_members JOIN pg_roles r ON r.oid = roleid"
        " JOIN pg_roles m ON m.oid = member WHERE r.rolname = 'rds_iam' AND m.rolname LIKE 't\\_%'"
    )
    return execute(walk.server, "superuser", query)


@postgresql
def test_a_user_of_iam(walk: Walk, prefix: str, rds_iam: None) -> None:
    spec = walk.spec(one(prefix, auth="iam"))
    applied = walk.provision(spec)
    assert members(walk) == [(f"{prefix}app",)]
    query = f"SELECT rolcanlogin, rolpassword FROM pg_authid WHERE rolname = '{prefix}app'"
    assert execute(walk.server, "superuser", query) == [(True, None)]
    [check] = applied.checks
    assert (check.state, check.held) == ("not proven", False)
    assert "cannot be proven from here, it logs in with an IAM token" in check.observed
    assert (applied.ok, applied.proven) == (True, False)
    assert not (walk.folder / ".dbprov").exists(), "no password is made"
    [made] = dbprov.connections(spec)
    assert f"//{prefix}app@" in made.metadata.url(True)
    assert "15 minutes" in made.warnings()[0]
    assert not walk.apply(spec).done


@postgresql
def test_the_file_does_the_same(walk: Walk, prefix: str, rds_iam: None) -> None:
    spec = walk.spec(one(prefix, auth="iam"))
    version = (int(walk.server.release.split(".")[0]),)
    for hashed in (False, True):
        [text] = dbprov.render(spec, version=version, hashed=hashed).values()
        assert "printenv" not in text
        for _ in range(2):
            who: Any = "superuser" if walk.url == walk.server.url("superuser") else "admin"
            ended = client(walk.server, who, text)
            assert ended.returncode == 0, ended.stderr
    assert walk.plan(spec).complete
    assert members(walk) == [(f"{prefix}app",)]


@postgresql
def test_beside_a_user_with_a_password(walk: Walk, prefix: str, rds_iam: None) -> None:
    """The admin borrows the rights of the one that has a password, and is never a member of the other."""
    spec = walk.spec(one(prefix, users=[
        {"name": f"{prefix}app", "access": "all"}, {"name": f"{prefix}reader", "access": "read", "auth": "iam"},
    ]))  # fmt: skip
    applied = walk.provision(spec)
    assert members(walk) == [(f"{prefix}reader",)]
    lent = {d.step.item.role for d in applied.done if d.step.item.kind == "membership"}  # type: ignore[attr-defined]
    assert lent <= {f"{prefix}app"}
    [text] = dbprov.render(spec, version=(int(walk.server.release.split(".")[0]),)).values()
    assert text.count(names.variable(f"{prefix}reader")) == 0
    assert names.variable(f"{prefix}app") in text


@postgresql
def test_a_server_without_the_role(walk: Walk, prefix: str) -> None:
    with pytest.raises(RefusedError, match="no role rds_iam"):
        walk.apply(walk.spec(one(prefix, auth="iam")))
    query = f"SELECT rolname FROM pg_roles WHERE rolname LIKE '{prefix}%'"
    assert execute(walk.server, "superuser", query) == []


@postgresql
def test_an_admin_that_is_a_member_of_the_user_is_kept_from_it(
    walk: Walk, prefix: str, rds_iam: None
) -> None:
    """It could not log in with its password any more (T30)."""
    if walk.url == walk.server.url("superuser"):
        walk.provision(walk.spec(one(prefix, auth="iam")))  # a superuser is a member of nothing
        return
    [(name,)] = execute(walk.server, "admin", "SELECT current_user")
    execute(walk.server, "admin", f'CREATE ROLE "{prefix}app"')
    execute(walk.server, "admin", f'GRANT "{prefix}app" TO "{name}"')
    with pytest.raises(RefusedError, match="could not log in with its password"):
        walk.apply(walk.spec(one(prefix, auth="iam")))
    assert members(walk) == []


@pytest.mark.postgresql(">= 16")
def test_that_the_maker_has_admin_is_said(walk: Walk, prefix: str, rds_iam: None) -> None:
    spec = walk.spec(one(prefix, auth="iam"))
    said = [words for words in walk.plan(spec).remarks if "rds_iam" in words]
    assert len(said) == (0 if walk.url == walk.server.url("superuser") else 1)
    walk.provision(spec)
    assert [words for words in walk.plan(spec).remarks if "rds_iam" in words] == []


@pytest.mark.mysql
def test_a_server_without_the_plugin(walk: Walk, prefix: str) -> None:
    applied = walk.apply(walk.spec(one(prefix, auth="iam")))
    assert applied.error
    assert applied.error.code == "1524"
    assert "RDS and Aurora" in applied.error.todo
    assert not (walk.folder / ".dbprov").exists()


@pytest.mark.mysql
def test_an_existing_user_with_a_password_is_left(walk: Walk, prefix: str) -> None:
    walk.provision(walk.spec(one(prefix)))
    planned = walk.plan(walk.spec(one(prefix, auth="iam")))
    assert planned.complete
    assert any("not by IAM; it is taken as found" in words for words in planned.remarks)
