"""What access: all does not cover is said, with the statements that cover it."""

from __future__ import annotations

import re

import pytest

import dbprov
from tests.harness import execute
from tests.support.specs import one
from tests.support.walk import Walk

pytestmark = [pytest.mark.postgresql, pytest.mark.sampled]

MADE = (
    "CREATE TYPE public.mood AS ENUM ('sad')",
    "CREATE DOMAIN public.\"od d\" AS text",
    "CREATE TYPE public.pair AS (a int, b int)",
    "CREATE TABLE public.dag (id int)",
    "REVOKE USAGE ON TYPE public.mood, public.\"od d\", public.pair FROM PUBLIC",
    "SELECT lo_create(0) FROM generate_series(1, 7)",
)  # fmt: skip
CLAIMS = ("can use all types", "can use all large objects")


def test_types_and_large_objects_of_others(walk: Walk, prefix: str) -> None:
    users = [{"name": f"{prefix}app"}, {"name": f"{prefix}reader", "access": "read"}]
    spec = walk.spec(one(prefix, users=users))

    def left_out() -> list[dbprov.Check]:
        [checks] = walk.each(
            spec, lambda deployment, server: list(dbprov.check(deployment, server))
        )
        return [check for check in checks if check.claim in CLAIMS]

    assert left_out() == [], "it is not there yet"
    walk.provision(spec)
    assert left_out() == [], "PUBLIC may use types"
    for statement in MADE:
        execute(walk.server, "superuser", statement, f"{prefix}db")
    loid, kinds = left_out()
    assert (loid.subject, kinds.subject) == (f"{prefix}app", f"{prefix}app")
    assert loid.warning
    assert "and 2 more" in loid.observed
    assert 'not public."od d", public.mood, public.pair: access: all is' in kinds.observed
    statements = re.findall(r"^GRANT .*;$", f"{loid.todo}\n{kinds.todo}", re.MULTILINE)
    assert len(statements) == 5 + 3
    for statement in statements:
        execute(walk.server, "superuser", statement, f"{prefix}db")
    [loid] = left_out()
    assert loid.claim == "can use all large objects"
    assert "more" not in loid.observed


@pytest.mark.attack(
    "a type whose name looks like a statement of its own, where a grant on it is told"
)
def test_the_name_of_a_type_is_nothing_else(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    name = 'x\nGRANT "dba" TO "eve"; --'.replace('"', '""')
    for statement in (
        f'CREATE TYPE public."{name}" AS ENUM ()',
        f'REVOKE USAGE ON TYPE public."{name}" FROM PUBLIC',
    ):
        execute(walk.server, "superuser", statement, f"{prefix}db")
    [checks] = walk.each(spec, lambda deployment, server: list(dbprov.check(deployment, server)))
    [found] = [check for check in checks if check.claim in CLAIMS]
    [told] = [line for line in found.todo.splitlines() if line.startswith("GRANT")]
    execute(walk.server, "superuser", told, f"{prefix}db")
    [checks] = walk.each(spec, lambda deployment, server: list(dbprov.check(deployment, server)))
    assert not [check for check in checks if check.claim in CLAIMS]
