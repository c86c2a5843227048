"""One run at a time on what a Deployment has on a server, and whoever waits is told for whom."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from msgspec.structs import replace

import dbprov
from dbprov.errors import LockError
from dbprov.server.lock import Delay
from dbprov.server.lock import names as lock_names
from dbprov.server.server import Server
from dbprov.spec.model import Deployment, Spec, Timeouts
from tests.harness import execute
from tests.support.admins import superuser
from tests.support.command import dbprov as run
from tests.support.drop import logged_in
from tests.support.processes import end_sessions, write
from tests.support.specs import one
from tests.support.walk import Walk

# The lock is one of each engine's, and the same in all of its versions.
pytestmark = pytest.mark.sampled


@contextmanager
def opened(spec: Spec, **timeouts: int) -> Iterator[tuple[Deployment, Server]]:
    [deployment] = spec.deployments
    with dbprov.servers(spec, timeouts=Timeouts(**timeouts)) as servers:
        yield deployment, servers[deployment]


def locked_out(spec: Spec) -> LockError:
    with opened(spec, lock=0) as (deployment, server):
        with pytest.raises(LockError) as caught, server.lock(deployment):
            pass
        return caught.value


def test_the_same_database_or_user_excludes_whatever_the_specs_are_called(
    walk: Walk, prefix: str
) -> None:
    held = walk.spec(one(prefix, name="first"))
    with opened(held) as (deployment, server), server.lock(deployment):
        same_database = walk.spec(one(prefix, name="second", user=f"{prefix}else"))
        same_user = walk.spec(one(prefix, name="third", database=f"{prefix}else"))
        other = walk.spec(one(prefix, name="first", database=f"{prefix}d2", user=f"{prefix}u2"))
        for spec in (held, same_database, same_user):
            error = locked_out(spec)
            assert f'of user "{server.facts.admin.split("@")[0]}"' in error.why, error
            assert "--lock-timeout" in error.todo
        with opened(other, lock=0) as (another, near), near.lock(another):
            pass
    with opened(held, lock=0) as (deployment, server), server.lock(deployment) as lock:
        assert not lock.waited, "it was given back"


def test_the_lock_goes_with_its_session(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix))
    with opened(spec) as (deployment, server), server.lock(deployment) as lock:
        lock.check()
        end_sessions(walk.server, walk.url)
        with opened(spec, lock=5) as (_, other), other.lock(deployment):
            pass
        with pytest.raises(LockError, match="is lost"):
            lock.check()


def test_who_waits_is_told_for_whom_and_plans_again(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix))
    told: list[Delay] = []
    go = threading.Event()

    def first() -> None:
        with opened(spec) as (deployment, server), server.lock(deployment):
            go.set()
            met.wait(30)
            assert dbprov.apply(deployment, server).ok

    met = threading.Event()
    with opened(spec) as (deployment, server):
        planned = dbprov.plan(deployment, server)
        assert planned.steps
        thread = threading.Thread(target=first)
        thread.start()
        assert go.wait(30)

        def delayed(delay: Delay) -> None:
            told.append(delay)
            met.set()

        applied = dbprov.apply(deployment, server, planned, delayed=delayed, agreed=True)
        thread.join()
    assert "waiting for another run on analytics" in told[0].why
    assert "session " in told[0].why
    assert applied.ok, applied.error
    assert not applied.done, "the other run had done it all"
    assert applied.as_json()["delays"][0]["why"] == told[0].why


def test_what_changed_since_it_was_agreed_to_is_not_done(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    with opened(spec) as (_, server):
        drift = {
            "postgresql": f'REVOKE CREATE ON DATABASE "{prefix}db" FROM "{prefix}app"',
            "mysql": "REVOKE SELECT ON `"
            + prefix.replace("_", "\\_")
            + f"db`.* FROM `{prefix}app`@`%`",
        }
        more = walk.spec(one(prefix, users=[{"name": f"{prefix}app"}, {"name": f"{prefix}more"}]))
        [wider] = more.deployments
        shown = replace(dbprov.plan(wider, server), at=0.0)
        assert shown.steps
        execute(walk.server, "superuser", drift[walk.server.engine])
        with pytest.raises(dbprov.DbprovError, match="changed since the plan was shown"):
            dbprov.apply(wider, server, shown, agreed=True)
        assert dbprov.apply(wider, server, shown).ok


def test_the_command_says_who_holds_it_and_gives_up(walk: Walk, prefix: str) -> None:
    write(walk, one(prefix))
    spec = dbprov.load(walk.folder / "spec.yaml")
    with opened(spec) as (deployment, server), server.lock(deployment):
        ended = run(
            "apply", "--yes", "spec.yaml", "--lock-timeout", "1",
            folder=walk.folder, env={"DBPROV_ADMIN_PASSWORD": walk.password},
        )  # fmt: skip
    assert ended.returncode == 2, ended.stderr
    assert "waiting for another run on analytics" in ended.stderr
    assert "still after 1 seconds" in ended.stderr
    assert "nothing was changed" in ended.stderr
    assert not list((walk.folder / ".dbprov").glob("*")), "no password is made for nothing"


HELD: dict[str, Callable[[int | str], str]] = {
    "postgresql": lambda key: f"SELECT pg_advisory_lock{{}}(1684172914, {key})",
    "mysql": lambda key: f"SELECT GET_LOCK('{key}', 0)",
}


@pytest.mark.attack("keep every run out: another role holds the lock of a Deployment")
@pytest.mark.parametrize("which", ["database", "user"])
def test_a_lock_that_a_stranger_holds(walk: Walk, prefix: str, which: str) -> None:
    """Any role can take it. Each command ends after its --lock-timeout, having changed nothing, and says who and how."""
    theirs = one(prefix, name="eves", database=f"{prefix}eve", user=f"{prefix}eve")
    walk.provision(walk.spec(theirs))
    write(walk, one(prefix))
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    before = (walk.folder / ".dbprov").stat().st_mtime_ns
    [deployment] = spec.deployments
    postgresql = walk.server.engine == "postgresql"
    with opened(spec) as (_, server):
        names = [name for name in lock_names(deployment) if name.startswith(which)]
        [key] = map(server.engine.connection.lock_key, names)
    [there] = walk.spec(theirs).deployments
    near = Spec((replace(there, database="postgres" if postgresql else there.database),))
    with logged_in(walk, near, f"{prefix}eve") as [eve]:
        statement = HELD[walk.server.engine](key).format("_shared" if which == "user" else "")
        eve.ask([statement])
        number = eve.number
        env = {"DBPROV_ADMIN_PASSWORD": walk.password}
        for command in (
            ("drop", "spec.yaml", "--deployment", "analytics", "--yes"),
            ("rotate", "spec.yaml", "--yes"),
        ):
            ended = run(*command, "--lock-timeout", "1", folder=walk.folder, env=env)
            assert ended.returncode == 2, ended.stdout + ended.stderr
            assert f"session {number}" in ended.stderr
            assert "still after 1 seconds" in ended.stderr
            assert "nothing was changed" in ended.stderr
            by_hand = f"pg_terminate_backend({number})" if postgresql else f"KILL {number}"
            assert by_hand in ended.stderr
            if postgresql or superuser(walk):
                assert f'of user "{prefix}eve"' in ended.stderr
        assert (walk.folder / ".dbprov").stat().st_mtime_ns == before
        execute(walk.server, "superuser", by_hand if not postgresql else f"SELECT {by_hand}")
    with opened(spec, lock=5) as (deployment, server), server.lock(deployment):
        pass
    assert walk.plan(spec).complete


@pytest.mark.postgresql
def test_one_database_whatever_the_url_names(walk: Walk, prefix: str) -> None:
    """Advisory locks are a database's (T33)."""
    spec = walk.spec(one(prefix))
    [deployment] = spec.deployments
    other = Spec((replace(deployment, server=replace(deployment.server, database="template1")),))
    with opened(spec) as (deployment, server), server.lock(deployment):
        locked_out(other)


def test_both_passwords_are_kept_only_where_there_are_two(walk: Walk, prefix: str) -> None:
    """A rotation that waited in vain has made none; one that was interrupted before has."""
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    write(walk, one(prefix))
    env = {"DBPROV_ADMIN_PASSWORD": walk.password}
    command = ("rotate", "spec.yaml", "--yes", "--lock-timeout", "0")
    [place] = [account.place for account in spec.deployments[0].accounts]
    with opened(spec) as (deployment, server), server.lock(deployment):
        ended = run(*command, folder=walk.folder, env=env)
        assert ended.returncode == 2
        assert "nothing is lost: the same command goes on from there" in ended.stderr
        place.propose()
        ended = run(*command, folder=walk.folder, env=env)
        assert ended.returncode == 2
        assert "nothing is lost: both passwords are kept, and the same command" in ended.stderr
