"""Somebody else holds what a statement needs, or changes the same rows: it is tried again, and who is in the way is named."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psycopg
import psycopg.errors
import pytest

import dbprov
from dbprov.commands.adopt import adopt
from dbprov.commands.run import Run
from dbprov.plan.drop_survey import DropOptions
from dbprov.server import retry
from dbprov.server.lock import Delay, Delayed
from dbprov.spec.model import Spec, Timeouts
from tests.harness import execute
from tests.harness.accounts import postgresql
from tests.support.processes import blocked
from tests.support.specs import one, users
from tests.support.walk import Walk

# Who is in the way is asked of catalogues: the oldest, the newest, and as an admin that may not see all
# sessions.
pytestmark = pytest.mark.sampled

SHORT = Timeouts(busy=2, statement=3)
CODE = {"postgresql": "55P03", "mysql": "1205", "mariadb": "1969"}
NAMED = {
    "postgresql": "SELECT true",
    "mysql": "SELECT @@performance_schema = 1 AND VERSION() NOT LIKE '%MariaDB%'",
}


def damage(walk: Walk, prefix: str) -> None:
    if walk.server.engine == "postgresql":
        execute(walk.server, "superuser", f'DROP OWNED BY "{prefix}app" CASCADE', f"{prefix}db")
    else:
        execute(
            walk.server, "superuser", f"REVOKE ALL PRIVILEGES, GRANT OPTION FROM '{prefix}app'@'%'"
        )


def in_the_way(walk: Walk) -> str:
    """What is said of whoever is in the way, where this server can tell."""
    [(named,)] = execute(walk.server, "superuser", NAMED[walk.server.engine])
    return f'of user "{walk.server.user("superuser")}"' if named else ""


def test_tried_again_until_it_is_free(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    damage(walk, prefix)
    [deployment] = spec.deployments
    told: list[Delay] = []
    with ExitStack() as busy:
        busy.enter_context(blocked(walk.server, prefix))

        def delayed(delay: Delay) -> None:
            told.append(delay)
            busy.close()

        with dbprov.servers(spec, timeouts=SHORT) as servers:
            applied = dbprov.apply(deployment, servers[deployment], delayed=delayed)
    assert applied.ok, applied.error
    assert [delay.code for delay in told] == [CODE[walk.server.flavor]]
    assert in_the_way(walk) in told[0].why
    assert told[0].seconds > 0
    assert len({done.step for done in applied.done}) == len(applied.done), "each once"


def test_given_up_with_the_name_of_who_is_in_the_way(
    walk: Walk, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "TRIES", 2)
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    damage(walk, prefix)
    [deployment] = spec.deployments
    with (
        blocked(walk.server, prefix),
        dbprov.servers(spec, timeouts=SHORT) as servers,
    ):
        applied = dbprov.apply(deployment, servers[deployment])
        assert applied.error
        assert applied.error.code == CODE[walk.server.flavor]
        assert in_the_way(walk) in applied.error.why
        assert "end its session" in applied.error.todo
        assert len(applied.delays) == 1
    walk.provision(spec)


def changed(walk: Walk, spec: Spec, what: str, delayed: Delayed) -> Run:
    """What else changes a server than apply and adopt."""
    [deployment] = spec.deployments
    with dbprov.servers(spec, timeouts=SHORT) as servers:
        server = servers[deployment]
        if what == "drop":
            return dbprov.drop(
                spec, deployment, server, DropOptions(database=True), delayed=delayed
            )
        [planned] = dbprov.plan_rotation(deployment, server, finish=what == "finish")
        return dbprov.rotate(planned, server, delayed=delayed)


@pytest.mark.parametrize("what", ["rotate", "finish", "drop"])
def test_every_command_waits_alike(walk: Walk, prefix: str, what: str) -> None:
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    if what == "finish":
        if walk.server.flavor != "mysql":
            pytest.skip("no old password stays valid there")
        assert changed(walk, spec, "rotate", lambda delay: None).ok
    told: list[Delay] = []
    with ExitStack() as busy:
        busy.enter_context(blocked(walk.server, prefix, roles=True))

        def delayed(delay: Delay) -> None:
            told.append(delay)
            busy.close()

        ended = changed(walk, spec, what, delayed)
    assert ended.ok or (what == "drop" and ended.left and ended.left.complete), ended.error
    assert [delay.code for delay in told] == [CODE[walk.server.flavor]]
    assert in_the_way(walk) in told[0].why


@contextmanager
def hammering(walk: Walk, *statements: str) -> Iterator[None]:
    """Each again and again, by a session of its own, as long as it lasts."""
    over = threading.Event()

    def hammer(statement: str) -> None:
        server = walk.server
        with postgresql(server.host, server.port, server.superuser) as session:
            while not over.wait(0.03):
                try:
                    with session.transaction():
                        session.execute(statement)
                        over.wait(0.03)
                except (psycopg.errors.InternalError_, psycopg.errors.DeadlockDetected):
                    continue  # it loses races too

    threads = [threading.Thread(target=hammer, args=(one,)) for one in statements]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


@pytest.mark.postgresql
def test_races_with_others_in_the_same_rows_are_won_in_the_end(walk: Walk, prefix: str) -> None:
    """Other programs know nothing of our lock: "tuple concurrently updated" (T32)."""
    walk.provision(walk.spec(one(prefix)))
    delays: list[Delay] = []
    alter = f'ALTER DATABASE "{prefix}db" CONNECTION LIMIT -1'
    role = f'ALTER ROLE "{prefix}app" CONNECTION LIMIT -1'
    with hammering(walk, alter, role):
        for number in range(6):
            more = [*users(prefix), {"name": f"{prefix}{number}", "access": "write"}]
            spec = walk.spec(one(prefix, users=more))
            [applied] = walk.each(spec, dbprov.apply)
            assert applied.ok, applied.error
            delays += applied.delays
    assert {delay.code for delay in delays} <= {"XX000", "40P01", "23505"}
    assert delays, "they did meet"


@pytest.mark.postgresql
def test_a_table_in_use_is_given_when_it_is_free(walk: Walk, prefix: str) -> None:
    """ALTER TABLE waits for whoever reads, and whoever reads next waits for it: briefly, and again."""
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    [deployment] = spec.deployments
    server = walk.server
    told: list[Delay] = []
    execute(server, "superuser", "CREATE TABLE public.dag (id integer)", f"{prefix}db")
    creator = server.user("superuser" if walk.url == server.url("superuser") else "admin")
    execute(server, "superuser", f'ALTER TABLE public.dag OWNER TO "{creator}"', f"{prefix}db")
    with ExitStack() as busy:
        reader = busy.enter_context(
            postgresql(server.host, server.port, server.superuser, f"{prefix}db")
        )
        busy.enter_context(reader.transaction())
        reader.execute("SELECT count(*) FROM public.dag")
        number = reader.info.backend_pid

        def delayed(delay: Delay) -> None:
            told.append(delay)
            busy.close()

        with dbprov.servers(spec, timeouts=SHORT) as servers:
            adopted = adopt(deployment, servers[deployment], delayed=delayed)
    assert adopted.ok, adopted.error
    assert [delay.code for delay in told] == ["55P03"]
    assert f"in the way is session {number}" in told[0].why
