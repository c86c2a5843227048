"""What Airflow needs beyond grants: each finding on a server, or a database, that has the fault."""

from __future__ import annotations

import pytest

from dbprov.engines.facts import Check
from tests.harness import execute
from tests.support.admins import ready
from tests.support.specs import one
from tests.support.walk import Walk


def failed(checks: list[Check]) -> list[str]:
    return [check.claim for check in checks if not check.held]


@pytest.mark.postgresql(">= 14")
def test_a_server_that_fits(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix))
    assert failed(ready(walk, spec)) == []  # before anything is there
    walk.provision(spec)
    assert failed(ready(walk, spec)) == []


@pytest.mark.postgresql("== 13")
def test_a_server_that_is_too_old(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix))
    assert failed(ready(walk, spec)) == ["supports this server"]
    assert failed(ready(walk, spec, 2, 11)) == []


@pytest.mark.mysql("mariadb")
def test_mariadb_is_not_supported(walk: Walk, prefix: str) -> None:
    assert "supports this server" in failed(ready(walk, walk.spec(one(prefix))))


@pytest.mark.mysql("mysql")
def test_a_newer_server_than_airflow_2_knows(walk: Walk, prefix: str) -> None:
    [check] = [
        c for c in ready(walk, walk.spec(one(prefix)), 2) if c.claim == "supports this server"
    ]
    assert check.held
    assert check.warning


def test_a_database_of_another_encoding(walk: Walk, prefix: str) -> None:
    postgresql = walk.server.engine == "postgresql"
    more = {"encoding": "LATIN1", "collation": "C"} if postgresql else {"encoding": "latin1"}
    spec = walk.spec(one(prefix, **more))
    walk.provision(spec)
    assert "stores any text" in failed(ready(walk, spec))


@pytest.mark.mysql
def test_a_table_of_three_bytes(walk: Walk, prefix: str) -> None:
    """Its collation is named utf8mb3_..., as that of any other begins with utf8mb."""
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    assert "stores any text" not in failed(ready(walk, spec))
    execute(
        walk.server,
        "superuser",
        f"CREATE TABLE `{prefix}db`.log (line varchar(9)) CHARACTER SET utf8mb3",
    )
    [check] = [c for c in ready(walk, spec) if c.claim == "stores any text"]
    assert not check.held
    assert "1 tables in another" in check.observed


def test_a_user_with_few_connections_that_may_only_read(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix, access="read", connection_limit=3))
    walk.provision(spec)
    checks = ready(walk, spec)
    assert sum("create its tables" in claim for claim in failed(checks)) == 2
    [limit] = [c for c in checks if f'user "{prefix}app"' in c.claim and "connections" in c.claim]
    assert limit.warning
    assert limit.observed == "at most 3"


@pytest.mark.postgresql
def test_what_belongs_to_another(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    execute(walk.server, "superuser", "CREATE TABLE public.dag (id integer)", f"{prefix}db")
    assert "can be upgraded" in failed(ready(walk, spec))


@pytest.mark.postgresql
def test_a_search_path_that_leads_elsewhere(walk: Walk, prefix: str) -> None:
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    user, database = f'"{prefix}app"', f'"{prefix}db"'
    for setting in (
        f"ALTER DATABASE {database}",
        f"ALTER ROLE {user}",
        f"ALTER ROLE {user} IN DATABASE {database}",
    ):
        execute(walk.server, "superuser", f"{setting} SET search_path = pg_catalog, elsewhere")
        assert any("search_path" in claim for claim in failed(ready(walk, spec))), setting
        execute(walk.server, "superuser", f"{setting} RESET search_path")
    assert failed(ready(walk, spec)) in ([], ["supports this server"])


@pytest.mark.postgresql(">= 18")
@pytest.mark.parametrize("of", ["ROLE {app}", "DATABASE {db}", "ROLE {app} IN DATABASE {db}"])
def test_another_isolation_level(walk: Walk, prefix: str, of: str) -> None:
    """What the users have in that database counts; what is preset for the admin does not."""
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    target = of.format(app=f"{prefix}app", db=f"{prefix}db")
    preset = f"ALTER {target} SET default_transaction_isolation = 'serializable'"
    execute(walk.server, "superuser", preset)
    assert failed(ready(walk, spec)) == ["runs at the isolation level READ COMMITTED"]
    execute(walk.server, "superuser", f"ALTER {target} RESET ALL")
    assert failed(ready(walk, spec)) == []


@pytest.mark.postgresql(">= 18")
@pytest.mark.parametrize("of", ["ROLE {app}", "DATABASE {db}", "ROLE {app} IN DATABASE {db}"])
@pytest.mark.parametrize("setting", ["statement_timeout", "idle_in_transaction_session_timeout"])
def test_a_timeout_of_the_user_in_its_database(
    walk: Walk, prefix: str, of: str, setting: str
) -> None:
    spec = walk.spec(one(prefix))
    walk.provision(spec)
    assert not [c for c in ready(walk, spec) if "take its time" in c.claim]
    target = of.format(app=f"{prefix}app", db=f"{prefix}db")
    execute(walk.server, "superuser", f"ALTER {target} SET {setting} = '30s'")
    [check] = [c for c in ready(walk, spec) if "take its time" in c.claim]
    assert check.observed == f"{setting} = 30s"
    assert check.warning
    execute(walk.server, "superuser", f"ALTER {target} SET {setting} = 0")
    assert not [c for c in ready(walk, spec) if "take its time" in c.claim]


GLOBALS = {
    "log_bin_trust_function_creators": ("0", "lets the user create functions"),
    "explicit_defaults_for_timestamp": ("0", "explicit_defaults_for_timestamp"),
    "sql_mode": ("'ANSI_QUOTES'", "reads quotes"),
}


@pytest.mark.mysql("mysql")
@pytest.mark.parametrize("name", GLOBALS)
def test_a_setting_that_airflow_stumbles_over(walk: Walk, prefix: str, name: str) -> None:
    value, claim = GLOBALS[name]
    [(before, binlog)] = execute(walk.server, "superuser", f"SELECT @@GLOBAL.{name}, @@log_bin")
    execute(walk.server, "superuser", f"SET GLOBAL {name} = {value}")
    try:
        claims = failed(ready(walk, walk.spec(one(prefix))))
    finally:
        back = f"'{before}'" if isinstance(before, str) else before
        execute(walk.server, "superuser", f"SET GLOBAL {name} = {back}")
    assert any(claim in one for one in claims) == (
        bool(binlog) or name != "log_bin_trust_function_creators"
    )
