"""States as others made them: import names what users have, never less, and nobody is given more in silence."""

from __future__ import annotations

import pytest

import dbprov
from dbprov.errors import RefusedError
from tests.harness import execute
from tests.support.imported import accesses, by_hand, described, kept
from tests.support.specs import one
from tests.support.walk import Walk

pytestmark = [
    pytest.mark.sampled,
    pytest.mark.parametrize("admin", ["superuser"], indirect=True),
]

OF_AIRFLOWS_DOCUMENTATION = (
    "CREATE USER \"{u}\" PASSWORD '{w}'", 'CREATE DATABASE "{d}"',
    'GRANT ALL PRIVILEGES ON DATABASE "{d}" TO "{u}"', 'db: GRANT ALL ON SCHEMA public TO "{u}"',
)  # fmt: skip
WITH_DEFAULTS = (
    'db: ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO "{u}"',
    'db: ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON SEQUENCES TO "{u}"',
)


@pytest.mark.postgresql
@pytest.mark.parametrize("more", [(), WITH_DEFAULTS], ids=["as it is", "with defaults"])
def test_airflows_documentation(walk: Walk, prefix: str, more: tuple[str, ...]) -> None:
    """A user that creates tables: all, lacking default privileges; a prune takes no CREATE from it."""
    by_hand(walk, prefix, *OF_AIRFLOWS_DOCUMENTATION, *more)
    by_hand(walk, prefix, 'db: CREATE TABLE public.dag (id integer)', 'db: ALTER TABLE public.dag OWNER TO "{u}"')  # fmt: skip
    found, read = described(walk, prefix)
    assert accesses(read, prefix) == {"u": "all"}
    assert found.lacking
    assert all(" on future " in words for words in found.lacking[f'"{prefix}u"'])
    kept(read)
    [applied] = walk.each(
        read, lambda one, server: dbprov.apply(one, server, dbprov.plan(one, server, prune=True))
    )
    assert applied.ok, applied.error
    walk.as_user(read, f"{prefix}u", "CREATE TABLE run (id integer)", "INSERT INTO dag VALUES (1)")


@pytest.mark.postgresql
def test_a_reader_with_insert_on_one_table(walk: Walk, prefix: str) -> None:
    """It writes: called a reader it would lose that, called a writer it would get more."""
    by_hand(
        walk, prefix, "CREATE USER \"{u}\" PASSWORD '{w}'", 'CREATE DATABASE "{d}"',
        "db: CREATE TABLE dag (id integer)", "db: CREATE TABLE log (id integer)",
        'db: GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{u}"', 'db: GRANT INSERT ON log TO "{u}"',
        'db: GRANT USAGE ON SCHEMA public TO "{u}"', 'GRANT CONNECT ON DATABASE "{d}" TO "{u}"',
    )  # fmt: skip
    with pytest.raises(RefusedError) as refused:
        described(walk, prefix)
    assert "write comes nearest" in refused.value.why
    assert "DELETE, INSERT, SELECT, UPDATE on existing tables" in refused.value.why
    found, read = described(walk, prefix, nearest=True)
    assert accesses(read, prefix) == {"u": "write"}
    assert found.lacking


@pytest.mark.postgresql
@pytest.mark.parametrize("where", ["role", "database"])
def test_a_search_path_wherever_it_is_in_force(walk: Walk, prefix: str, where: str) -> None:
    spec = walk.spec(one(prefix, schemas=["work"]))
    walk.provision(spec)
    by_hand(walk, prefix, 'ALTER ROLE "{p}app" IN DATABASE "{d}" RESET search_path')
    whose = '"{p}app"' if where == "role" else '"{d}"'
    by_hand(walk, prefix, f"ALTER {where.upper()} {whose} SET search_path = work")
    found, read = described(walk, prefix)
    assert read.deployments[0].schemas == ("work",)
    assert not found.lacking


@pytest.mark.postgresql
def test_a_split_layout_with_the_path_on_the_roles(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix, layout="split"))
    walk.provision(spec)
    for account, schema in zip(spec.deployments[0].accounts, ("airflow", "celery"), strict=True):
        database = spec.deployments[0].database
        execute(walk.server, "superuser", f'ALTER ROLE "{account.name}" IN DATABASE "{database}" RESET search_path')  # fmt: skip
        execute(walk.server, "superuser", f'ALTER ROLE "{account.name}" SET search_path = {schema}')  # fmt: skip
    found, read = described(walk, prefix)
    assert read.deployments[0].layout == "split"
    assert not found.lacking


@pytest.mark.mysql
def test_the_unescaped_row_of_airflows_documentation(walk: Walk, prefix: str) -> None:
    """It reaches further than the database, where _ stands for any sign: said, and no GRANT OPTION comes."""
    by_hand(
        walk, prefix, "CREATE DATABASE `{d}`", "CREATE USER '{u}'@'%' IDENTIFIED BY '{w}'",
        "GRANT ALL PRIVILEGES ON `{d}`.* TO '{u}'@'%'",
    )  # fmt: skip
    _, read = described(walk, prefix)
    assert accesses(read, prefix) == {"u": "all"}
    assert any("pattern" in words for words in walk.plan(read).remarks)
    kept(read)
    applied = walk.apply(read)
    assert applied.ok, applied.error
    assert not any("GRANT OPTION" in done.statement for done in applied.done)
    walk.as_user(read, f"{prefix}u", "CREATE TABLE dag (id integer PRIMARY KEY)")


@pytest.mark.mysql
def test_a_user_that_may_grant_is_an_owner(walk: Walk, prefix: str) -> None:
    by_hand(
        walk, prefix, "CREATE DATABASE `{d}`", "CREATE USER '{u}'@'%' IDENTIFIED BY '{w}'",
        "GRANT ALL PRIVILEGES ON `{e}`.* TO '{u}'@'%' WITH GRANT OPTION",
    )  # fmt: skip
    _, read = described(walk, prefix)
    assert accesses(read, prefix) == {"u": "owner"}
