"""What MySQL keeps of accounts and makes of them: locks after wrong passwords, definers, formats of hashes."""

from __future__ import annotations

from typing import Any

import pymysql
import pytest

import dbprov
from dbprov.commands.rotate import rotate
from dbprov.commands.rotate_plan import plan_rotation
from dbprov.engines.mysql import password_hash
from dbprov.spec.model import Spec
from tests.harness import client, execute
from tests.harness.accounts import mysql
from tests.support.specs import one
from tests.support.walk import Walk

# No right but those of the restricted admin has a part in it, and no other server has any of it.
pytestmark = [pytest.mark.sampled("newest"), pytest.mark.mysql("mysql")]


def store(spec: Spec) -> Any:
    place: Any = spec.deployments[0].accounts[0].place
    return place.path


def rotated(walk: Walk, spec: Spec) -> dbprov.Run:
    with dbprov.servers(spec) as servers:
        [deployment] = spec.deployments
        [planned] = plan_rotation(deployment, servers[deployment])
        run = rotate(planned, servers[deployment])
        assert isinstance(run, dbprov.Run)
        return run


def wrong(walk: Walk, name: str) -> None:
    with pytest.raises(pymysql.Error):
        mysql(walk.server.host, walk.server.port, (name, "wrong"))


def test_a_rotation_locks_nobody_out(walk: Walk, prefix: str) -> None:
    """One wrong password locks the account: the one in its store, which is not the right one, is not tried."""
    spec, user = walk.spec(one(prefix)), f"'{prefix}app'@'%'"
    walk.provision(spec)
    execute(walk.server, "superuser", f"ALTER USER {user} FAILED_LOGIN_ATTEMPTS 1 PASSWORD_LOCK_TIME 1")  # fmt: skip
    store(spec).write_text("another one, of long ago\n")
    run = rotated(walk, spec)
    assert run.ok, run.error
    assert any("FAILED_LOGIN_ATTEMPTS" in words for words in run.plan.remarks)
    walk.as_user(spec, f"{prefix}app", "SELECT 1")
    wrong(walk, f"{prefix}app")
    [failed] = [check for check in walk.prove(spec) if not check.held]
    assert failed.code == "3955"
    assert "ACCOUNT UNLOCK" in failed.todo
    execute(walk.server, "admin", f"ALTER USER {user} ACCOUNT UNLOCK")
    assert [check for check in walk.prove(spec) if not check.held] == []


def test_a_name_that_something_runs_as(walk: Walk, prefix: str) -> None:
    """``check`` names what has it as its definer, and the right that it takes; with it, ``apply`` goes through."""
    execute(walk.server, "superuser", f"CREATE DATABASE `{prefix}old`")
    execute(walk.server, "superuser", f"CREATE DEFINER='{prefix}app'@'%' VIEW `{prefix}old`.v AS SELECT 1")  # fmt: skip
    spec = walk.spec(one(prefix))
    [checks] = walk.each(spec, lambda one, server: list(dbprov.check(one, server)))
    [failed] = [check for check in checks if not check.held]
    assert f'can create user "{prefix}app"' in failed.claim
    assert f"view {prefix}old.v" in failed.observed
    told = failed.todo.splitlines()[-1].rstrip(";")
    assert "ALLOW_NONEXISTENT_DEFINER" in told
    applied = walk.apply(spec)
    assert applied.error is not None
    assert applied.error.code == "4006"
    assert "definer" in applied.error.todo
    execute(walk.server, "superuser", told)
    try:
        walk.provision(spec)
    finally:
        admin = walk.server.user("admin")
        execute(walk.server, "superuser", f"REVOKE ALLOW_NONEXISTENT_DEFINER ON *.* FROM '{admin}'@'%'")  # fmt: skip


def test_a_right_of_the_whole_server_with_an_underscore(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    execute(walk.server, "superuser", f"GRANT BACKUP_ADMIN ON *.* TO '{prefix}app'@'%'")
    [extra] = walk.plan(spec).extra
    assert "BACKUP_ADMIN" in extra.statement


@pytest.mark.parametrize("form", ["PBKDF2_SHA512", "CRYPT5"])
def test_a_server_that_enforces_a_format(walk: Walk, prefix: str, form: str) -> None:
    """A hash of the other one lets the user in once it has set a new password, which no driver can."""
    spec = walk.spec(one(prefix))
    version = tuple(map(int, walk.server.release.split(".")))
    settings = {"caching_sha2_password_storage_format": form}
    [text] = dbprov.render(spec, version=version, hashed=True, settings=settings).values()
    assert client(walk.server, "admin", text).returncode == 0
    server, login = walk.server, (f"{prefix}app", store(spec).read_text().strip())
    with mysql(server.host, server.port, server.superuser) as held, held.cursor() as cursor:
        for name, value in (
            ("storage_format", "'PBKDF2_SHA512'"),
            ("enforce_storage_format", "ON"),
        ):
            cursor.execute(f"SET GLOBAL caching_sha2_password_{name} = {value}")
        try:
            if form == "CRYPT5":
                with pytest.raises(pymysql.Error) as refused:
                    mysql(server.host, server.port, login)
                assert refused.value.args[0] == 1820
            else:
                mysql(server.host, server.port, login).close()
        finally:
            cursor.execute("SET GLOBAL caching_sha2_password_enforce_storage_format = OFF")
            cursor.execute("SET GLOBAL caching_sha2_password_storage_format = 'CRYPT5'")


def test_the_hash_is_the_one_that_the_server_makes(walk: Walk, prefix: str) -> None:
    server, password = walk.server, "pässwörd of a server"
    with mysql(server.host, server.port, server.superuser) as held, held.cursor() as cursor:
        cursor.execute("SET GLOBAL caching_sha2_password_storage_format = 'PBKDF2_SHA512'")
        try:
            cursor.execute(f"CREATE USER '{prefix}app'@'%' IDENTIFIED BY '{password}'")
        finally:
            cursor.execute("SET GLOBAL caching_sha2_password_storage_format = 'CRYPT5'")
    query = f"SELECT HEX(authentication_string) FROM mysql.user WHERE User = '{prefix}app'"
    [(kept,)] = execute(server, "superuser", query)
    made = bytes.fromhex(kept)
    assert password_hash.pbkdf2(password.encode(), made[7:27], int(made[3:6], 16) * 1000) == made
