"""Databases as the documentation of their makers makes them: imported, planned, pruned, and used by their applications as before."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from msgspec.structs import replace

import dbprov
from dbprov.errors import RefusedError
from tests.support.command import dbprov as run
from tests.support.imported import accesses, as_application, by_hand, described, kept
from tests.support.walk import Walk

# What they make is the same on every version; each runs as the superuser, and one as the admin who made it.
pytestmark = pytest.mark.sampled
as_superuser = pytest.mark.parametrize("admin", ["superuser"], indirect=True)

USER = "CREATE USER \"{u}\" PASSWORD '{w}'"
OTHER = "CREATE USER \"{v}\" PASSWORD '{w}'"
IN_MYSQL = "CREATE USER '{u}'@'%' IDENTIFIED BY '{w}'"
FUTURE = "future "
AGAIN = ("INSERT INTO dag (name) VALUES ('x')", "SELECT * FROM dag", "DELETE FROM dag WHERE id = 0")
OWNS = (*AGAIN, "ALTER TABLE dag ADD COLUMN c{n} integer", "CREATE TABLE run{n} (id integer)")
DAG = "CREATE TABLE dag (id serial PRIMARY KEY, name text)"


@dataclass
class Maker:
    """``first`` and ``uses`` are what the applications do, by user: once, and before and after dbprov."""

    made: tuple[str, ...]
    access: dict[str, str]
    first: dict[str, tuple[str, ...]] = field(default_factory=dict)
    uses: dict[str, tuple[str, ...]] = field(default_factory=dict)
    last: tuple[str, ...] = ()  # made when the application was there already
    new: tuple[str, ...] = ()  # what apply gives that the users have not: only with --nearest
    left_out: tuple[str, ...] = ()  # without --nearest; nobody is named where this is empty too
    complete: bool = False
    extra: tuple[str, ...] = ()  # what prune takes
    verified: bool = True


ON_POSTGRESQL = {
    # airflow.apache.org, "Setting up a PostgreSQL Database"
    "Airflow": Maker(
        ('CREATE DATABASE "{d}"', USER, 'GRANT ALL PRIVILEGES ON DATABASE "{d}" TO "{u}"',
         'db: GRANT ALL ON SCHEMA public TO "{u}"', 'ALTER USER "{u}" SET search_path = public'),
        {"u": "all"}, {"u": (DAG,)}, {"u": OWNS},
    ),
    # The guide that dbprov carries out, steps 2 and 3
    "the guide": Maker(
        ('CREATE DATABASE "{d}"', USER, 'GRANT ALL PRIVILEGES ON DATABASE "{d}" TO "{u}"', 'db: GRANT USAGE, CREATE ON SCHEMA public TO "{u}"',
         *(f'db: GRANT ALL PRIVILEGES ON ALL {what} IN SCHEMA public TO "{{u}}"' for what in ("TABLES", "SEQUENCES", "FUNCTIONS")),
         *(f'db: ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL PRIVILEGES ON {what} TO "{{u}}"' for what in ("TABLES", "SEQUENCES", "FUNCTIONS"))),
        {"u": "all"}, {"u": (DAG,)}, {"u": OWNS}, complete=True,
    ),
    # The platform's own Deployments: a schema for each user
    "the platform": Maker(
        ('CREATE DATABASE "{d}"', USER, OTHER, 'db: CREATE SCHEMA airflow AUTHORIZATION "{u}"', 'db: CREATE SCHEMA celery AUTHORIZATION "{v}"',
         'ALTER ROLE "{u}" IN DATABASE "{d}" SET search_path = airflow', 'ALTER ROLE "{v}" IN DATABASE "{d}" SET search_path = celery',
         'REVOKE ALL ON DATABASE "{d}" FROM PUBLIC', 'GRANT CONNECT ON DATABASE "{d}" TO "{u}", "{v}"'),
        {"u": "all", "v": "all"}, {"u": (DAG,)}, {"u": OWNS, "v": ("CREATE TABLE celery_taskmeta{n} (id integer)",)},
        new=('all privileges on database "{d}" for "{u}"', 'all privileges on database "{d}" for "{v}"'),
    ),
    # superset/docker/docker-entrypoint-initdb.d, twice in one database
    "Superset beside Airflow": Maker(
        ('CREATE DATABASE "{d}"', *(statement.replace("{u}", who) for who in ("{u}", "{v}") for statement in (
            USER, 'GRANT ALL PRIVILEGES ON DATABASE "{d}" TO "{u}"', 'db: GRANT ALL ON SCHEMA public TO "{u}"'))),
        {"u": "all", "v": "all"}, {"u": (DAG,), "v": ("CREATE TABLE slices (id integer)",)},
        {"u": OWNS, "v": ("ALTER TABLE slices ADD COLUMN c{n} integer", "CREATE TABLE dashboards{n} (id integer)")},
        new=tuple(f'all privileges on existing {what} in schema "public" for "{who}"' for what, who in (
            ("tables", "{u}"), ("tables", "{v}"), ("sequences", "{v}"))),
    ),
    # pg_restore --no-owner, as the superuser, and the GRANT ON ALL that every answer names
    "a restored dump": Maker(
        ('CREATE DATABASE "{d}"', USER, 'GRANT ALL PRIVILEGES ON DATABASE "{d}" TO "{u}"', 'db: GRANT ALL ON SCHEMA public TO "{u}"',
         f"db: {DAG}", 'db: GRANT ALL ON ALL TABLES IN SCHEMA public TO "{u}"', 'db: GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO "{u}"'),
        {"u": "all"}, {}, {"u": (*AGAIN, "CREATE TABLE run{n} (id integer)")},
    ),
    # bitnami/postgresql: POSTGRESQL_USERNAME and POSTGRESQL_DATABASE, as the charts of Airflow and Superset set them
    "Bitnami's chart": Maker(
        ("CREATE ROLE \"{u}\" WITH LOGIN CREATEDB PASSWORD '{w}'", 'CREATE DATABASE "{d}"', 'GRANT ALL PRIVILEGES ON DATABASE "{d}" TO "{u}"',
         'ALTER DATABASE "{d}" OWNER TO "{u}"'),
        {"u": "owner"}, {"u": (DAG,)}, {"u": OWNS}, extra=("the attribute CREATEDB",),
    ),
    # The provider cyrilgdn/postgresql: postgresql_database, _grant and _default_privileges of a reader
    "Terraform": Maker(
        (USER, OTHER, 'CREATE DATABASE "{d}" OWNER "{u}"', 'REVOKE ALL ON DATABASE "{d}" FROM PUBLIC', 'GRANT CONNECT ON DATABASE "{d}" TO "{v}"',
         'db: GRANT USAGE ON SCHEMA public TO "{v}"', 'db: ALTER DEFAULT PRIVILEGES FOR ROLE "{u}" IN SCHEMA public GRANT SELECT ON TABLES TO "{v}"'),
        {"u": "owner", "v": "read"}, {"u": (DAG,)}, {"u": OWNS, "v": ("SELECT * FROM dag",)},
        new=('SELECT on existing sequences in schema "public" for "{v}"',), left_out=("v",),
    ),
    # zalando/postgres-operator: preparedDatabases with default users
    "Zalando's operator": Maker(
        ('CREATE ROLE "{o}"', 'CREATE ROLE "{r}"', f'{USER} IN ROLE "{{o}}"', f'{OTHER} IN ROLE "{{r}}"', 'CREATE DATABASE "{d}" OWNER "{o}"',
         'ALTER ROLE "{u}" SET role = "{o}"', 'ALTER ROLE "{u}" SET search_path = data', 'ALTER ROLE "{v}" SET search_path = data',
         'db: CREATE SCHEMA data AUTHORIZATION "{o}"', 'db: GRANT USAGE ON SCHEMA data TO "{r}"',
         'db: ALTER DEFAULT PRIVILEGES FOR ROLE "{o}" IN SCHEMA data GRANT SELECT ON TABLES TO "{r}"'),
        {"u": "all", "v": "read"}, {"u": (DAG,)}, {"u": OWNS, "v": ("SELECT * FROM dag",)},
        new=('all privileges on database "{d}" for "{u}"', 'CREATE, USAGE on schema "data" for "{u}"', 'CONNECT on database "{d}" for "{v}"',
             'USAGE on schema "data" for "{v}"', 'SELECT on existing sequences in schema "data" for "{v}"'),
        verified=False,  # it owns the database, and creates in schema public too
    ),
}  # fmt: skip
TABLE = "CREATE TABLE dag (id INTEGER AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20))"
ON_MYSQL = {
    # airflow.apache.org, "Setting up a MySQL Database"
    "Airflow": Maker(
        ("CREATE DATABASE `{d}` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci", IN_MYSQL, "GRANT ALL PRIVILEGES ON `{d}`.* TO '{u}'@'%'"),
        {"u": "all"}, {"u": (TABLE,)}, {"u": OWNS}, extra=("CREATE",),
    ),
    # The official image: MYSQL_USER and MYSQL_DATABASE, which it escapes
    "the official image": Maker(
        ("CREATE DATABASE `{d}`", IN_MYSQL, "GRANT ALL ON `{e}`.* TO '{u}'@'%'"), {"u": "all"}, {"u": (TABLE,)}, {"u": OWNS}, complete=True,
    ),
    # Least privileges, as security guides list them; and a reader of petoju/mysql's mysql_grant
    "least privileges": Maker(
        ("CREATE DATABASE `{d}`", IN_MYSQL, IN_MYSQL.replace("{u}", "{v}"), "GRANT SELECT ON `{e}`.* TO '{v}'@'%'",
         "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, INDEX, ALTER, REFERENCES ON `{e}`.* TO '{u}'@'%'"),
        {"u": "all", "v": "read"}, {"u": (TABLE,)}, {"u": OWNS, "v": ("SELECT * FROM dag",)},
        new=('all privileges on database "{d}" for "{u}"@%', 'SELECT, SHOW VIEW on database "{d}" for "{v}"@%'),
    ),
}  # fmt: skip


def use(walk: Walk, prefix: str, maker: Maker, number: int) -> None:
    for who, statements in maker.uses.items():
        done = [statement.format(n=number) for statement in statements]
        as_application(walk, f"{prefix}{who}", f"{prefix}db", *done)


def imported(walk: Walk, prefix: str, maker: Maker) -> None:
    words = {name: f"{prefix}{name}" for name in "uvor"} | {"d": f"{prefix}db"}
    by_hand(walk, prefix, *maker.made)
    for who, statements in maker.first.items():
        as_application(walk, f"{prefix}{who}", f"{prefix}db", *statements)
    use(walk, prefix, maker, 1)
    if maker.left_out:
        found, _ = described(walk, prefix)
        assert [who.strip('"').removeprefix(prefix) for who in found.left_out] == [*maker.left_out]
    elif maker.new:
        with pytest.raises(RefusedError, match="such that nothing is missing"):
            described(walk, prefix)
    found, read = described(walk, prefix, nearest=bool(maker.new))
    assert accesses(read, prefix) == maker.access
    lacking = [said for all_of_one in found.lacking.values() for said in all_of_one]
    row = f'on database "{prefix}db"'  # MySQL's unescaped row has it, in another spelling
    powers = [said for said in lacking if FUTURE not in said and not (maker.extra and row in said)]
    assert sorted(powers) == sorted(one.format(**words) for one in maker.new)
    assert bool(lacking) is not maker.complete
    planned = walk.plan(read)
    assert planned.complete is maker.complete
    revocable = [str(one.item) for one in planned.extra if not one.obstacle]
    assert len(revocable) == len(maker.extra)
    assert all(of in said for said, of in zip(revocable, maker.extra, strict=True))
    kept(read)
    [applied] = walk.each(
        read, lambda one, server: dbprov.apply(one, server, dbprov.plan(one, server, prune=True))
    )
    assert applied.error is None, applied.error
    assert applied.ok is maker.verified
    use(walk, prefix, maker, 2)
    again, _ = described(walk, prefix)
    assert not again.lacking
    assert replace(again.deployment, accounts=()) == replace(found.deployment, accounts=())


@pytest.mark.postgresql
@as_superuser
@pytest.mark.parametrize("maker", ON_POSTGRESQL)
def test_on_postgresql(walk: Walk, prefix: str, maker: str) -> None:
    imported(walk, prefix, ON_POSTGRESQL[maker])


@pytest.mark.mysql
@as_superuser
@pytest.mark.parametrize("maker", ON_MYSQL)
def test_on_mysql(walk: Walk, prefix: str, maker: str) -> None:
    imported(walk, prefix, ON_MYSQL[maker])


@pytest.mark.postgresql(">= 16")
@pytest.mark.parametrize("admin", ["restricted"], indirect=True)
def test_by_the_master_of_rds(walk: Walk, prefix: str) -> None:
    """As its documentation says: a user, the master in its role, a database that the user owns."""
    master = walk.server.user("admin")
    made = (f"admin: {USER}", f'admin: GRANT "{{u}}" TO "{master}"', 'admin: CREATE DATABASE "{d}" OWNER "{u}"')  # fmt: skip
    imported(walk, prefix, Maker(made, {"u": "owner"}, {"u": (DAG,)}, {"u": OWNS}))


@pytest.mark.postgresql(">= 18")
@as_superuser
def test_its_exit_code(walk: Walk, prefix: str) -> None:
    env, words = {"DBPROV_ADMIN_PASSWORD": walk.password}, ["--server", walk.url, "--database", f"{prefix}db"]  # fmt: skip
    by_hand(walk, prefix, *ON_POSTGRESQL["Airflow"].made)
    assert run("import", *words, folder=walk.folder, env=env).returncode == 1
    by_hand(walk, prefix, *ON_POSTGRESQL["the guide"].made[2:])
    assert run("import", *words, folder=walk.folder, env=env).returncode == 0
