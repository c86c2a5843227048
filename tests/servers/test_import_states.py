"""States as others made them: import names what users have, never less, and nobody is given more in silence."""

from __future__ import annotations

import shlex

import pytest

import dbprov
from dbprov.errors import RefusedError
from tests.harness import execute
from tests.support.admins import as_admin
from tests.support.command import dbprov as run
from tests.support.imported import accesses, as_application, by_hand, described, kept
from tests.support.specs import one
from tests.support.walk import Walk

pytestmark = pytest.mark.sampled
as_superuser = pytest.mark.parametrize("admin", ["superuser"], indirect=True)

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
@as_superuser
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
@as_superuser
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
@as_superuser
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
@as_superuser
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
@as_superuser
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
@as_superuser
def test_a_user_that_may_grant_is_an_owner(walk: Walk, prefix: str) -> None:
    by_hand(
        walk, prefix, "CREATE DATABASE `{d}`", "CREATE USER '{u}'@'%' IDENTIFIED BY '{w}'",
        "GRANT ALL PRIVILEGES ON `{e}`.* TO '{u}'@'%' WITH GRANT OPTION",
    )  # fmt: skip
    _, read = described(walk, prefix)
    assert accesses(read, prefix) == {"u": "owner"}


ROLES = (
    "CREATE DATABASE `{d}`", "CREATE ROLE '{r}', '{o}'", "GRANT ALL ON `{e}`.* TO '{r}'", "GRANT '{r}' TO '{o}'",
    "CREATE USER '{u}'@'%' IDENTIFIED BY '{w}'", "GRANT '{o}' TO '{u}'@'%'",
)  # fmt: skip


@pytest.mark.mysql("mysql", "mariadb")
def test_a_user_that_has_all_by_a_role_of_mysql(walk: Walk, prefix: str) -> None:
    """It is left out, with what it has from where; a role is no user, and none is unlocked or made one."""
    on_all = (
        "SET DEFAULT ROLE ALL TO" if walk.server.flavor == "mysql" else "SET DEFAULT ROLE '{o}' FOR"
    )
    by_hand(walk, prefix, *ROLES, f"{on_all} '{{u}}'@'%'")
    as_application(walk, f"{prefix}u", f"{prefix}db", "CREATE TABLE dag (id integer PRIMARY KEY)")
    with pytest.raises(RefusedError) as refused:
        described(walk, prefix)
    why = refused.value.why.replace(prefix, "")
    assert '"o": it cannot log in: it is a role of others' in why
    assert '"r": it cannot log in: it is a role of others' in why
    assert "all comes nearest, but lacks all privileges" in why
    assert 'what it has comes from "o", "r"' in why
    found, read = described(walk, prefix, nearest=True)
    assert accesses(read, prefix) == {"u": "all"}
    assert {f'"{prefix}o"', f'"{prefix}r"'} <= set(found.left_out)
    kept(read)
    [applied] = walk.each(read, lambda one, server: dbprov.apply(one, server, dbprov.plan(one, server, prune=True)))  # fmt: skip
    assert applied.ok, applied.error
    as_application(walk, f"{prefix}u", f"{prefix}db", "CREATE TABLE run (id integer PRIMARY KEY)", "INSERT INTO dag VALUES (1)")  # fmt: skip
    again, _ = described(walk, prefix)
    assert not again.lacking


@pytest.mark.mysql
@as_superuser
def test_how_far_an_unescaped_row_reaches(walk: Walk, prefix: str) -> None:
    by_hand(
        walk, prefix, "CREATE DATABASE `{d}`", "CREATE USER '{u}'@'%' IDENTIFIED BY '{w}'",
        "GRANT ALL PRIVILEGES ON `{d}`.* TO '{u}'@'%'",
    )  # fmt: skip
    found, _ = described(walk, prefix)
    [said] = [words for words in found.remarks if "pattern" in words]
    assert "it reaches every database whose name fits" in said
    assert f"# {said}" in found.text


@pytest.mark.mysql
@pytest.mark.postgresql
def test_nobody_but_the_admin(walk: Walk, prefix: str) -> None:
    """Says so; the commands that it names make the application's user, and give it what the admin made."""
    quoted = f'"{prefix}db"' if walk.server.engine == "postgresql" else f"`{prefix}db`"
    as_admin(walk, f"CREATE DATABASE {quoted}")
    as_admin(walk, "CREATE TABLE dag (id integer PRIMARY KEY)", f"{prefix}db")
    with pytest.raises(RefusedError) as refused:
        described(walk, prefix)
    owns = walk.server.engine == "postgresql"
    assert "nobody else holds anything" in refused.value.why if owns else "nobody holds anything" in refused.value.why  # fmt: skip
    told = refused.value.todo
    words = shlex.split(told[told.index("dbprov apply") :].split("NAME")[0])[2:]
    env = {"DBPROV_ADMIN_PASSWORD": walk.password}
    ended = run("apply", *words, f"{prefix}u", "--yes", folder=walk.folder, env=env)
    assert ended.returncode == 0, ended.stderr
    if owns:
        assert "dbprov adopt" in told
        ended = run("adopt", *words, f"{prefix}u", "--yes", folder=walk.folder, env=env)
        assert ended.returncode == 0, ended.stderr
    found, read = described(walk, prefix)
    assert accesses(read, prefix) == {"u": "all"}
    assert not found.lacking


@pytest.mark.mysql("mysql", "mariadb")
def test_a_user_without_a_password_of_the_server(walk: Walk, prefix: str) -> None:
    """``import`` names the plugin, and ``check`` why nobody can be proven by it."""
    plugin = "unix_socket" if walk.server.flavor == "mariadb" else "mysql_no_login"
    word = "VIA" if walk.server.flavor == "mariadb" else "WITH"
    if plugin == "mysql_no_login":
        execute(
            walk.server, "superuser", "INSTALL PLUGIN mysql_no_login SONAME 'mysql_no_login.so'"
        )
    try:
        by_hand(
            walk, prefix, "CREATE DATABASE `{d}`", f"CREATE USER '{{u}}'@'%' IDENTIFIED {word} {plugin}",
            "GRANT ALL PRIVILEGES ON `{e}`.* TO '{u}'@'%'",
        )  # fmt: skip
        found, read = described(walk, prefix)
        assert f'"{prefix}u" logs in by the plugin {plugin}' in found.text
        [checks] = walk.each(read, lambda one, server: list(dbprov.check(one, server)))
        [failed] = [check for check in checks if "can prove" in check.claim]
        assert not failed.held
        assert plugin in failed.observed
    finally:
        if plugin == "mysql_no_login":
            execute(walk.server, "superuser", f"DROP USER '{prefix}u'@'%'")
            execute(walk.server, "superuser", "UNINSTALL PLUGIN mysql_no_login")
