"""``rotate`` on real servers: killed anywhere one of the two passwords that are kept logs in, and a second run ends it."""

from __future__ import annotations

import json
import signal
import stat
import sys
from typing import Any

import pytest

import dbprov
from dbprov.connections.strings import Connection
from dbprov.errors import RefusedError
from dbprov.passwords.secret import Secret
from dbprov.spec.model import Spec
from tests.harness import execute, stores
from tests.harness.stores import ROOT
from tests.support.command import dbprov as cli
from tests.support.command import on_one_of_each
from tests.support.leaks import MARK, Watch
from tests.support.processes import start, write
from tests.support.rotate import finished, rotated
from tests.support.rotator import PHASES
from tests.support.specs import one
from tests.support.walk import Walk

# Whether an admin may set a password differs before and since PostgreSQL 16, and for a superuser never.
pytestmark = pytest.mark.sampled


def logs_in(walk: Walk, spec: Spec, password: Secret | str | None) -> bool:
    assert password is not None
    [deployment] = spec.deployments
    [account] = deployment.accounts
    kept = Secret(password) if isinstance(password, str) else password
    with dbprov.servers(spec) as servers:
        server = servers[deployment]
        try:
            url = Connection(deployment, account, kept).login_url()
            server.engine.connection.connect_as(url, deployment, server.timeouts).close()
        except Exception as error:
            code, words = server.engine.errors.explain(error, secret=False)
            assert code in server.engine.errors.LOGIN, (code, words)
            return False
    return True


def keeps_old(walk: Walk) -> bool:
    return walk.server.flavor == "mysql"


def kept(spec: Spec) -> Secret:
    password = spec.deployments[0].accounts[0].place.read()
    assert password is not None
    return password


def test_a_rotation(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    first = kept(spec)
    ended = rotated(walk, spec)
    assert ended.ok, (ended.error, ended.checks)
    assert ended.promoted
    second = kept(spec)
    assert second.reveal() != first.reveal()
    assert logs_in(walk, spec, second)
    assert logs_in(walk, spec, first) == ended.old_valid == keeps_old(walk)
    assert "'***'" in ended.done[0].statement
    assert [c for c in walk.prove(spec) if not c.held] == []
    assert walk.plan(spec).complete
    if keeps_old(walk):
        with pytest.raises(RefusedError, match="still valid"):
            rotated(walk, spec)
        assert kept(spec).reveal() == second.reveal()
    last = finished(walk, spec)
    assert last.ok
    assert bool(last.done) == keeps_old(walk)
    assert not logs_in(walk, spec, first)
    assert logs_in(walk, spec, second)
    assert not finished(walk, spec).done
    assert rotated(walk, spec).ok, "and again"


@pytest.mark.parametrize("phase", PHASES)
def test_killed_at_every_phase(walk: Walk, prefix: str, phase: str) -> None:
    write(walk, one(prefix))
    spec = dbprov.load(walk.folder / "spec.yaml")
    walk.provision(spec)
    place = spec.deployments[0].accounts[0].place
    first = kept(spec)

    killed = start(walk, sys.executable, "-m", "tests.support.rotator", "spec.yaml", phase)
    _, said = killed.communicate(timeout=60)
    assert killed.returncode == -signal.SIGKILL, said

    current, proposed = place.read(), place.pending()
    works = [p for p in (current, proposed) if p and logs_in(walk, spec, p)]
    assert works, "one of the two that are kept logs in"
    assert (proposed is None) == (phase == "promoted")
    checks = walk.prove(spec)
    if current not in works:
        assert not checks[0].held
        assert "dbprov rotate ends it" in checks[0].todo
    else:
        assert [c for c in checks if not c.held] == []

    if phase != "promoted":
        ended = rotated(walk, spec)
        assert ended.ok, (ended.error, ended.checks)
        assert proposed is not None
        assert kept(spec).reveal() == proposed.reveal(), "it went on with the one that was kept"
        assert bool(ended.done) == (proposed not in works), "and what was set is not set again"
    assert logs_in(walk, spec, first) == keeps_old(walk)
    assert place.pending() is None
    assert [c for c in walk.prove(spec) if not c.held] == []
    assert finished(walk, spec).ok
    assert not logs_in(walk, spec, first)
    left = [p.name for p in (walk.folder / ".dbprov").rglob("*") if p.is_file()]
    assert sorted(left) == [".gitignore", f"{prefix}app"]


def test_a_password_that_nobody_knows_any_more(walk: Walk, prefix: str) -> None:
    """Lost, or changed behind our back: what a rotation heals."""
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    [path] = list((walk.folder / ".dbprov").rglob(f"{prefix}app"))
    path.unlink()
    assert walk.plan(spec).unknown
    ended = rotated(walk, spec)
    assert ended.ok
    assert [c for c in walk.prove(spec) if not c.held] == []
    assert finished(walk, spec).ok
    path.write_text("another\n")
    ended = rotated(walk, spec)
    assert ended.ok
    assert "does not log in" in " ".join(ended.plan.remarks)
    assert [c for c in walk.prove(spec) if not c.held] == []


def test_who_is_not_there(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix))
    with pytest.raises(RefusedError, match="cannot be rotated") as caught:
        rotated(walk, spec)
    assert "no such user" in caught.value.why
    assert not (walk.folder / ".dbprov").exists()


@pytest.mark.postgresql
def test_who_cannot_log_in_at_all(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix, connection_limit=1))
    walk.provision(spec)
    execute(walk.server, "superuser", f'ALTER ROLE "{prefix}app" CONNECTION LIMIT 0')
    before = kept(spec).reveal()
    with pytest.raises(RefusedError, match="could not be proven"):
        rotated(walk, spec)
    assert kept(spec).reveal() == before


@pytest.mark.postgresql(">= 16")
@pytest.mark.parametrize("admin", ["restricted"], indirect=True)
def test_somebody_elses_role(walk: Walk, prefix: str) -> None:
    execute(walk.server, "superuser", f"CREATE ROLE \"{prefix}app\" LOGIN PASSWORD 'x'")
    spec = walk.spec(one(prefix))
    with pytest.raises(RefusedError, match="by this admin"):
        rotated(walk, spec)


@pytest.mark.mysql("mysql")
def test_an_interrupted_rotation_is_not_finished(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    spec.deployments[0].accounts[0].place.propose()
    with pytest.raises(RefusedError, match="interrupted"):
        finished(walk, spec)


# -- the command -----------------------------------------------------------------------------------------------------------


@on_one_of_each
def test_the_command_writes_the_strings_again(walk: Walk, prefix: str) -> None:
    users = [{"name": f"{prefix}app"}, {"name": f"{prefix}reader", "access": "read"}]
    write(walk, one(prefix, users=users))
    env = {"DBPROV_ADMIN_PASSWORD": walk.password}

    def run(*words: str, expect: int = 0) -> Any:
        ended = cli(*words, folder=walk.folder, env=env)
        assert ended.returncode == expect, (ended.stdout, ended.stderr)
        return ended

    run("apply", "spec.yaml", "--yes")
    run("connections", "spec.yaml", "--format", "env", "-o", "airflow.env")
    before = (walk.folder / "airflow.env").read_text()
    words = ("rotate", "spec.yaml", "--user", f"{prefix}app", "--yes", "--json")
    ended = run(*words, "-o", "airflow.env", "--format", "env")
    told = json.loads(ended.stdout)
    assert [r["user"] for r in told["rotations"]] == [f"{prefix}app"]
    assert told["rotations"][0]["promoted"]
    after = (walk.folder / "airflow.env").read_text()
    assert after != before
    assert stat.S_IMODE((walk.folder / "airflow.env").stat().st_mode) == 0o600
    assert (
        "nobody can be asked"
        in run("rotate", "spec.yaml", "--user", f"{prefix}reader", expect=2).stderr
    )
    assert (
        "no user 'x' is in the spec" in run("rotate", "spec.yaml", "--user", "x", expect=2).stderr
    )
    run("verify", "spec.yaml")
    run("rotate", "spec.yaml", "--finish", "--yes", "--json")
    run("rotate", "spec.yaml", "--yes")
    run("verify", "spec.yaml")
    run("rotate", "spec.yaml", "--finish", "--yes")
    run("verify", "spec.yaml")


@on_one_of_each
def test_an_interrupted_rotation_is_said(walk: Walk, prefix: str) -> None:
    write(walk, one(prefix))
    spec = dbprov.load(walk.folder / "spec.yaml")
    walk.provision(spec)
    spec.deployments[0].accounts[0].place.propose()
    env = {"DBPROV_ADMIN_PASSWORD": walk.password}
    said = cli("connections", "spec.yaml", "--reveal", folder=walk.folder, env=env).stderr
    assert "was interrupted" in said
    said = cli("rotate", "spec.yaml", "--yes", folder=walk.folder, env=env).stderr
    assert "it goes on" in said


def test_new_passwords_stand_in_no_log(watch: Watch) -> None:
    """Given by the environment, with a mark in it; the server refuses once, and takes it once."""
    watch("apply", "spec.yaml", "--yes", expect=0)
    said = watch("rotate", "spec.yaml", "--yes", expect=2).stderr
    assert "APP_PASSWORD_NEW" in said
    new = f"{MARK}-the-next'\"\\%"
    ended = watch(
        "rotate", "spec.yaml", "--yes", "--json", "--audit", "audit", APP_PASSWORD_NEW=new
    )
    assert ended.returncode == 0, ended.stderr
    assert "has to be put into the environment variable APP_PASSWORD" in ended.stderr
    watch("verify", "spec.yaml", APP_PASSWORD=new, expect=0)
    watch("rotate", "spec.yaml", "--yes", "--finish", APP_PASSWORD=new, expect=0)
    watch(
        "rotate",
        "spec.yaml",
        "--yes",
        APP_PASSWORD=new,
        APP_PASSWORD_NEW=f"{MARK}\nlines",
        expect=2,
    )
    folder = watch.folder / "own" / watch.server.engine / "password"
    folder.mkdir(parents=True)
    broken = "ALTER NOTHING {{ place | password(user) }} NOR THERE"
    (folder / "alter.sql").write_text(broken)
    words = ("rotate", "spec.yaml", "--yes", "--json", "--templates", "own")
    watch(*words, APP_PASSWORD=new, APP_PASSWORD_NEW=f"{MARK}-third", expect=2)


# -- through stores --------------------------------------------------------------------------------------------------------


@on_one_of_each
@pytest.mark.parametrize("admin", ["restricted"], indirect=True)
def test_all_of_it_through_vault(walk: Walk, prefix: str) -> None:
    """The admin's password too; every command, as a person runs it."""
    with stores.vault() as bao:
        bao.put("secret/data/dba", password=walk.password)
        bao.put("secret/data/app", user="app")
        env = {"VAULT_ADDR": bao.address, "VAULT_TOKEN": ROOT}
        place = {"vault": "secret/app"}
        text = {
            "server": walk.url,
            "admin": {"password": {"vault": "secret/dba"}},
            "deployments": [one(prefix, password=place)],
        }
        (walk.folder / "spec.yaml").write_text(json.dumps(text))

        def run(*words: str) -> Any:
            ended = cli(*words, folder=walk.folder, env=env)
            assert ended.returncode == 0, (ended.stdout, ended.stderr)
            return bao.ask("GET", "/v1/secret/data/app")["data"]["data"]

        first = run("apply", "spec.yaml", "--yes")
        assert set(first) == {"user", "password"}
        second = run("rotate", "spec.yaml", "--yes")
        assert set(second) == {"user", "password"}
        assert second["password"] != first["password"]
        run("rotate", "spec.yaml", "--yes", "--finish")
        run("verify", "spec.yaml")


@on_one_of_each
@pytest.mark.parametrize("admin", ["restricted"], indirect=True)
def test_all_of_it_through_aws(walk: Walk, prefix: str) -> None:
    with stores.aws() as moto:
        place = {"aws": "airflow/app", "region": "eu-west-1", "key": "password"}
        write(walk, one(prefix, password=place))
        env = {
            "AWS_ENDPOINT_URL": moto.address, "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s",
            "DBPROV_ADMIN_PASSWORD": walk.password,
        }  # fmt: skip
        for words in (("apply", "--yes"), ("verify",), ("rotate", "--yes"), ("verify",),
                      ("rotate", "--yes", "--finish"), ("verify",), ("connections", "--reveal")):  # fmt: skip
            command, *flags = words
            ended = cli(command, "spec.yaml", *flags, folder=walk.folder, env=env)
            assert ended.returncode == 0, (words, ended.stdout, ended.stderr)
