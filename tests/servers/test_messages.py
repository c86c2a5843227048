"""What a DBA reads at 3 a.m.: each says what failed, why, and what to do."""

from __future__ import annotations

import pytest

import dbprov
from dbprov import DbprovError
from tests.harness import execute
from tests.support.specs import one
from tests.support.walk import Walk

# The words differ between engines, and with what the admin may not do before PostgreSQL 16 and since.
pytestmark = pytest.mark.sampled


def test_check_says_that_a_password_is_not_known(walk: Walk, prefix: str) -> None:
    """What apply would refuse, check and plan say before."""
    quoted = (
        f'ROLE "{prefix}app" LOGIN'
        if walk.server.engine == "postgresql"
        else f"USER '{prefix}app'@'%'"
    )
    execute(walk.server, "admin", f"CREATE {quoted}")
    spec = walk.spec(one(prefix))
    [checks] = walk.each(spec, lambda deployment, server: list(dbprov.check(deployment, server)))
    [failed] = [check for check in checks if not check.held]
    assert failed.claim == f'knows the password of user "{prefix}app"'
    assert [account.name for account in walk.plan(spec).unknown] == [f"{prefix}app"]
    with pytest.raises(DbprovError, match="nothing was changed"):
        walk.apply(spec)


def test_a_published_address_is_not_called_proven(walk: Walk, prefix: str) -> None:
    applied = walk.provision(
        walk.spec(one(prefix, publish={"host": "pgbouncer.invalid", "port": 6543}))
    )
    login = applied.checks[0]
    assert login.warning
    assert "pgbouncer.invalid:6543, which is published, was not tried" in login.observed


def test_the_admin_itself_is_no_user_of_a_deployment(walk: Walk, prefix: str) -> None:
    walk.url, walk.password = walk.server.url("admin"), walk.server.password("admin")
    with pytest.raises(DbprovError, match="is the admin itself"):
        walk.plan(walk.spec(one(prefix, user=walk.server.user("admin"))))


@pytest.mark.parametrize(
    ("change", "what", "todo"),
    [
        (
            ("127.0.0.1", "nowhere.invalid"),
            "cannot be reached",
            "see that the host and port are right",
        ),
        (
            ("dba@", "nobody_of_this_name@"),
            "does not let the admin in",
            "the password is not the one",
        ),
        (
            ("root@", "nobody_of_this_name@"),
            "does not let the admin in",
            "the password is not the one",
        ),
    ],
)
def test_a_server_that_is_not_reached(
    walk: Walk, prefix: str, change: tuple[str, str], what: str, todo: str
) -> None:
    if change[0] not in walk.url:
        walk.url = f"{walk.server.engine}://dba@127.0.0.1:{walk.server.port}/"
    walk.url = (
        walk.url.replace(*change) if change[0] in walk.url else walk.url.replace("dba@", change[1])
    )
    with pytest.raises(DbprovError) as caught:
        walk.plan(walk.spec(one(prefix)))
    assert what in caught.value.what
    assert todo in caught.value.todo


@pytest.mark.postgresql
def test_tls_where_there_is_none(walk: Walk, prefix: str) -> None:
    with pytest.raises(DbprovError, match="speaks no TLS"):
        walk.plan(walk.spec(one(prefix), tls={"mode": "require"}))


@pytest.mark.postgresql
def test_a_database_that_the_admin_may_not_enter(walk: Walk, prefix: str) -> None:
    walk.url, walk.password = walk.server.url("admin"), walk.server.password("admin")
    execute(walk.server, "superuser", f'CREATE DATABASE "{prefix}db"')
    execute(walk.server, "superuser", f'REVOKE CONNECT ON DATABASE "{prefix}db" FROM PUBLIC')
    [first, *_] = walk.plan(walk.spec(one(prefix))).remedy
    assert first.statement.startswith("GRANT CONNECT")
    assert f'ON DATABASE "{prefix}db" TO "dba"' in first.statement
    assert (first.database, first.who) == (None, "a superuser")
