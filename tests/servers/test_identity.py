"""A server is known by what it says of itself, not by the address under which it was reached."""

from __future__ import annotations

import re

import pytest

import dbprov
from tests.harness import execute
from tests.support.specs import one
from tests.support.walk import Walk

IDENTITY = {
    "postgresql": r"system \d{15,}",
    "mysql": r"server_uuid [0-9a-f-]{36}",
    "mariadb": r"(server_uid \S{20,} on )?host \S+:\d+",
}


def identity(walk: Walk, prefix: str) -> str:
    [facts] = walk.each(walk.spec(one(prefix)), lambda _, server: server.facts)
    return str(facts.identity)


def test_any_admin_reads_the_identity(walk: Walk, prefix: str) -> None:
    assert re.fullmatch(IDENTITY[walk.server.flavor], identity(walk, prefix))
    assert identity(walk, prefix) == identity(walk, prefix)
    walk.url = walk.url.replace("127.0.0.1", "localhost")
    assert re.fullmatch(IDENTITY[walk.server.flavor], identity(walk, prefix))


@pytest.mark.postgresql
def test_who_may_not_ask_for_the_identifier_gets_the_address(walk: Walk, prefix: str) -> None:
    superuser = walk.url == walk.server.url("superuser")
    execute(walk.server, "superuser", "REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC")
    try:
        found = identity(walk, prefix)
    finally:
        execute(walk.server, "superuser", "GRANT EXECUTE ON FUNCTION pg_control_system() TO PUBLIC")
    assert re.fullmatch(IDENTITY["postgresql"] if superuser else r"address 127\.0\.0\.1:\d+", found)


def test_check_says_it(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix))
    [checks] = walk.each(spec, lambda d, server: list(dbprov.check(d, server)))
    assert checks[0].observed.endswith(identity(walk, prefix))
