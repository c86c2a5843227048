"""Whoever owns a database, or may create in it, plants look-alikes and presets settings: none of it runs as another."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
import pytest
import yaml

from dbprov.items.existing_grants import ActingAs
from dbprov.passwords.secret import Secret
from dbprov.server.server import Server
from dbprov.server.sessions import no_password
from dbprov.spec import reader as dbprov_spec
from dbprov.spec.names import variable
from tests.harness import TestServer, Who, accounts, client, execute
from tests.harness.planted import hits, plant
from tests.harness.report import skip_or_fail
from tests.support.command import Ended, dbprov
from tests.support.specs import one

SQUAT = "squat-Password_1"


class Scene:
    """A server with a role that may only create databases, and the CLI as an admin there."""

    def __init__(
        self, server: TestServer, admin: tuple[str, str], prefix: str, folder: Path
    ) -> None:
        self.server, self.url, self.folder = server, admin[0], folder
        self.prefix, self.database, self.squat = prefix, f"{prefix}db", f"{prefix}squat"
        self.who: Who = "superuser" if self.url == server.url("superuser") else "admin"
        self.password = {"DBPROV_ADMIN_PASSWORD": admin[1]}
        self.super(f"CREATE ROLE {self.squat} LOGIN CREATEDB PASSWORD '{SQUAT}'")

    def super(self, statement: str, database: str | None = None) -> list[Any]:
        return execute(self.server, "superuser", statement, database)

    def unset(self, target: str) -> None:
        """Whatever is preset for the superuser, who does this: a role, or transactions that only read."""
        self.super(f"BEGIN READ WRITE; SET ROLE NONE; ALTER {target} RESET ALL; COMMIT")

    def as_squat(self, database: str) -> psycopg.Connection[tuple[Any, ...]]:
        return accounts.postgresql(
            self.server.host, self.server.port, (self.squat, SQUAT), database
        )

    def plant(self, schema: str) -> None:
        with self.as_squat(self.database) as connection:
            if schema != "public":
                connection.execute(f"CREATE SCHEMA {schema}")
            assert plant(connection, self.squat, schema) > 300

    def hits(self, schema: str) -> int:
        with accounts.postgresql(
            self.server.host, self.server.port, self.server.superuser, self.database
        ) as connection:
            return hits(connection, schema)

    def write(self, **more: Any) -> None:
        text = yaml.safe_dump({"server": self.url, "deployments": [one(self.prefix, **more)]})
        (self.folder / "spec.yaml").write_text(text)

    def opened(self) -> Server:
        [deployment] = dbprov_spec.load(self.folder / "spec.yaml").deployments
        password = Secret(self.password["DBPROV_ADMIN_PASSWORD"])
        return Server(deployment.server, deployment.tls, password)

    def run(self, *arguments: str) -> Ended:
        return dbprov(*arguments, folder=self.folder, env=self.password)


@pytest.fixture
def scene(
    server: TestServer, admin: tuple[str, str], prefix: str, tmp_path: Path
) -> Iterator[Scene]:
    made = Scene(server, admin, prefix, tmp_path)
    yield made
    made.unset(f"DATABASE {made.database}")
    for who in ("admin", "superuser"):
        made.unset(f"ROLE {made.server.user(who)}")
        made.unset(f"ROLE {made.server.user(who)} IN DATABASE {made.database}")


def every_command(scene: Scene) -> Iterator[Ended]:
    """Each that enters the database of the spec, in an order in which each has something to do."""
    spec = ("spec.yaml",)
    yield scene.run("check", *spec, "--airflow=3")
    yield scene.run("plan", *spec, "--prune")
    yield scene.run("apply", *spec, "--yes", "--prune")
    yield scene.run("verify", *spec, "--airflow=3")
    yield scene.run("rotate", *spec, "--yes")
    yield scene.run("import", "--server", scene.url, "--database", scene.database, "--nearest")
    yield scene.run("adopt", *spec, "--yes")
    yield scene.run("drop", *spec, "--deployment", "analytics", "--database", "--plan")
    yield scene.run("drop", *spec, "--deployment", "analytics", "--quarantine", "--yes")
    yield scene.run("drop", *spec, "--deployment", "analytics", "--yes")


@pytest.mark.postgresql
@pytest.mark.sampled
@pytest.mark.attack("the owner of a database plants look-alikes first in its search_path")
def test_the_owner_of_a_database_gets_nothing_run_as_the_admin(scene: Scene) -> None:
    """CVE-2018-1058, and stronger: the path of the whole database begins with the planter's schema."""
    with scene.as_squat("postgres") as connection:
        connection.execute(f"CREATE DATABASE {scene.database}")
    scene.plant("e")
    with scene.as_squat("postgres") as connection:
        connection.execute(f"ALTER DATABASE {scene.database} SET search_path = e, pg_catalog")
    with accounts.postgresql(
        scene.server.host, scene.server.port, scene.server.superuser, scene.database
    ) as victim:
        victim.execute("SELECT set_config('lock_timeout', '1s', false)")
    assert scene.hits("e") > 0, "the trap works: whoever does not pin the path falls into it"
    before = scene.hits("e")
    scene.write(
        users=[{"name": f"{scene.prefix}app"}, {"name": f"{scene.prefix}reader", "access": "read"}]
    )
    for ended in every_command(scene):
        assert scene.hits("e") == before, ended.args
        assert "Traceback" not in ended.stderr


@pytest.mark.postgresql
@pytest.mark.sampled
@pytest.mark.parametrize("schema", ["e", "public"])
@pytest.mark.attack("who may create in a database plants look-alikes; search_path is preset")
def test_who_may_create_gets_nothing_run_as_anybody_else(scene: Scene, schema: str) -> None:
    """In a database that dbprov made: the path is preset for the admin and for the users, by the superuser's hand."""
    scene.write(
        users=[{"name": f"{scene.prefix}app"}, {"name": f"{scene.prefix}reader", "access": "read"}]
    )
    applied = scene.run("apply", "spec.yaml", "--yes")
    assert applied.returncode == 0, applied.stderr
    scene.super(f"GRANT CREATE, CONNECT ON DATABASE {scene.database} TO {scene.squat}")
    scene.super(f"GRANT CREATE ON SCHEMA public TO {scene.squat}", scene.database)
    scene.plant(schema)
    admins = [scene.server.user(who) for who in ("admin", "superuser")]
    users = [f"{scene.prefix}app", f"{scene.prefix}reader"]
    for role, path in (
        *((admin, f"{schema}, pg_catalog") for admin in admins),
        *((user, "public, pg_catalog, e") for user in users),
    ):
        scene.super(f"ALTER ROLE {role} IN DATABASE {scene.database} SET search_path = {path}")
    for ended in every_command(scene):
        assert scene.hits(schema) == 0, (ended.args, ended.stderr)
        assert "Traceback" not in ended.stderr
        assert "is not known" not in ended.stderr


OWNERS = "SELECT DISTINCT pg_get_userbyid(defaclrole) FROM pg_default_acl"
FINITE = "SELECT name, vartype, setting, min_val, max_val, enumvals FROM pg_settings WHERE context = 'user'"
# These end or delay a session before it can be set right, or say how it is spoken with.
LEFT_OUT = {"statement_timeout", "transaction_timeout", "exit_on_error", "client_encoding"}


def another(kind: str, setting: str, low: str, high: str, words: list[str] | None) -> str | None:
    """A value that is not the one in force; none of settings whose values are free text."""
    if kind == "bool":
        return "off" if setting == "on" else "on"
    if kind == "enum":
        return next((word for word in words or [] if word != setting), None)
    if kind in ("integer", "real"):
        return high if setting != high else low
    return None


@pytest.mark.postgresql
@pytest.mark.sampled
@pytest.mark.parametrize("of", ["database", "user", "database user"])
@pytest.mark.attack("every setting that the owner of a database, or a role, may preset")
def test_what_is_preset_is_set_back(scene: Scene, of: str) -> None:
    """As a kind: all that this version knows, with another value than its own. None of it is in force in our sessions."""
    admin = unquote(urlsplit(scene.url).username or "")
    scene.super(f"CREATE DATABASE {scene.database}")
    target = {
        "database": f"DATABASE {scene.database}",
        "user": f"ROLE {admin}",
        "database user": f"ROLE {admin} IN DATABASE {scene.database}",
    }[of]
    preset = {}
    with accounts.postgresql(
        scene.server.host, scene.server.port, scene.server.superuser
    ) as superuser:
        for name, kind, setting, low, high, words in superuser.execute(FINITE).fetchall():
            value = another(kind, setting, low, high, words) if name not in LEFT_OUT else None
            if value is not None:
                try:
                    superuser.execute(f"ALTER {target} SET {name} = '{value}'".encode())
                except psycopg.Error:
                    continue  # not in this combination, or not compiled in
                preset[name] = value
        superuser.execute(f"ALTER {target} SET search_path = pg_catalog, public".encode())
    assert len(preset) > 80
    assert {"default_transaction_read_only", "default_transaction_isolation", "row_security"} <= {
        *preset
    }
    scene.write()
    with scene.opened() as server:
        query = "SELECT name, setting, source FROM pg_settings WHERE source IN ('database', 'user', 'database user')"
        opened = server.connection(scene.database)
        assert opened.ask([query]) == [[]]
        names = ", ".join(f"'{name}'" for name in preset)
        rows = opened.ask(
            [f"SELECT name, setting, boot_val FROM pg_settings WHERE name IN ({names})"]
        )[0]
    ours = {"standard_conforming_strings", "lock_timeout", "idle_in_transaction_session_timeout"}
    wrong = [
        r
        for r in rows
        if r["setting"] != r["boot_val"]
        and r["name"] not in ours
        and not r["name"].startswith("tcp_")  # the default of these is the kernel's
    ]
    assert wrong == []


@pytest.mark.postgresql
@pytest.mark.sampled
@pytest.mark.parametrize("of", ["database", "user", "database user"])
@pytest.mark.attack("a preset that no session can change for itself")
def test_what_cannot_be_set_back_is_refused_by_name(scene: Scene, of: str) -> None:
    admin = unquote(urlsplit(scene.url).username or "")
    scene.write()
    assert scene.run("apply", "spec.yaml", "--yes").returncode == 0
    target = {
        "database": f'DATABASE "{scene.database}"',
        "user": f'ROLE "{admin}"',
        "database user": f'ROLE "{admin}" IN DATABASE "{scene.database}"',
    }[of]
    [(folder,)] = scene.super("SELECT setting FROM pg_config WHERE name = 'PKGLIBDIR'")
    if not Path(folder).is_dir():
        skip_or_fail("the server's libraries are out of reach: none can be put among its plugins")
    (Path(folder) / "plugins").mkdir(exist_ok=True)
    plugin = Path(folder) / "plugins" / "planted.so"
    if not plugin.exists():
        plugin.symlink_to("../dict_snowball.so")
    scene.super(f"ALTER {target} SET local_preload_libraries = planted")
    refused = scene.run("plan", "spec.yaml")
    assert refused.returncode == 2
    assert "local_preload_libraries is preset" in refused.stderr
    statement = f'ALTER {target} RESET "local_preload_libraries";'
    assert statement in refused.stderr
    scene.super(statement)
    assert scene.run("plan", "spec.yaml").returncode == 0


@pytest.mark.postgresql
@pytest.mark.sampled
@pytest.mark.parametrize("of", ["database", "user", "database user"])
@pytest.mark.attack("a preset role, for which the default privileges would be set")
def test_a_preset_role_is_left(scene: Scene, of: str) -> None:
    """ALTER ... SET role: what the admin makes belongs to the admin, and so do its default privileges."""
    admin = unquote(urlsplit(scene.url).username or "")
    other = f"{scene.prefix}other"
    scene.super(f"CREATE ROLE {other}")
    scene.super(f"GRANT {other} TO {admin}")
    execute(scene.server, scene.who, f"CREATE DATABASE {scene.database}")
    target = {
        "database": f"DATABASE {scene.database}",
        "user": f"ROLE {admin}",
        "database user": f"ROLE {admin} IN DATABASE {scene.database}",
    }[of]
    scene.super(f"ALTER {target} SET role = {other}")
    try:
        scene.write()
        applied = scene.run("apply", "spec.yaml", "--yes")
        assert applied.returncode == 0, applied.stderr
        owners = scene.super(OWNERS, scene.database)
        assert (admin,) in owners
        assert (other,) not in owners
    finally:
        scene.unset(target)
        scene.super(f"REVOKE {other} FROM {admin}")


@pytest.mark.postgresql
@pytest.mark.sampled
@pytest.mark.attack("a preset role, after the admin acted as another one")
def test_who_acted_as_another_is_itself_again(scene: Scene) -> None:
    """RESET ROLE returns to the preset role, in the middle of a transaction that revokes."""
    admin = unquote(urlsplit(scene.url).username or "")
    preset, other = f"{scene.prefix}preset", f"{scene.prefix}other"
    for role in (preset, other):
        scene.super(f"CREATE ROLE {role}")
        scene.super(f"GRANT {role} TO {admin}")
    execute(scene.server, scene.who, f"CREATE DATABASE {scene.database}")
    scene.super(f"ALTER DATABASE {scene.database} SET role = {preset}")
    scene.write()
    try:
        with scene.opened() as server:
            session = server.connection(scene.database)
            render = server.renderer(no_password)
            with session.transaction():
                seen = []
                for verb in ("create", "drop"):
                    session.run(render.item(ActingAs(role=other), verb))
                    seen += session.ask(["SELECT current_user::text AS me"])[0]
        assert [row["me"] for row in seen] == [other, admin]
    finally:
        scene.unset(f"DATABASE {scene.database}")
        scene.super(f"REVOKE {preset}, {other} FROM {admin}")


@pytest.mark.postgresql
@pytest.mark.sampled
@pytest.mark.attack("a preset session_authorization")
def test_a_preset_session_authorization_is_not_in_force(scene: Scene) -> None:
    """PostgreSQL itself keeps who logged in: this holds it to that."""
    execute(scene.server, scene.who, f"CREATE DATABASE {scene.database}")
    scene.super(f"ALTER DATABASE {scene.database} SET session_authorization = {scene.squat}")
    scene.write()
    applied = scene.run("apply", "spec.yaml", "--yes")
    assert applied.returncode == 0, applied.stderr
    owners = scene.super(OWNERS, scene.database)
    assert (scene.squat,) not in owners


def script(scene: Scene, **environment: str) -> None:
    """The rendered file, run by psql as its head says."""
    version = scene.server.release.split(".")[0]
    ended = scene.run("render", "spec.yaml", "-o", "sql", "--server-version", version)
    assert ended.returncode == 0, ended.stderr
    text = (scene.folder / "sql" / "analytics.sql").read_text(encoding="utf-8")
    ended = client(scene.server, scene.who, text, variables=environment)
    assert ended.returncode == 0, ended.stderr


def privileges(scene: Scene, role: str) -> list[Any]:
    return scene.super(
        f"SELECT has_database_privilege('{role}', '{scene.database}', 'CREATE'),"
        f" has_schema_privilege('{role}', 's', 'CREATE')",
        scene.database,
    )


@pytest.mark.postgresql
@pytest.mark.sampled
@pytest.mark.attack("a preset client_encoding makes a rendered file grant to another role")
def test_a_rendered_file_is_read_in_its_own_encoding(scene: Scene) -> None:
    """The two bytes of é in UTF-8 are Ã© in LATIN1: a name that the owner of the database has a role of."""
    app, planted = f"{scene.prefix}é", f"{scene.prefix}Ã©"
    execute(
        scene.server,
        scene.who,
        f"CREATE DATABASE {scene.database} TEMPLATE template0 ENCODING 'UTF8'",
    )
    scene.super(f'CREATE ROLE "{planted}"')
    scene.super(f"ALTER DATABASE {scene.database} SET client_encoding = 'LATIN1'")
    scene.write(user=app, schemas=["s"])
    script(scene, **{variable(app): "some-Password_1"})
    scene.unset(f"DATABASE {scene.database}")
    assert privileges(scene, app) == [(True, True)]
    assert privileges(scene, planted) == [(False, False)]
    defaults = scene.super(
        "SELECT count(*) FROM pg_default_acl WHERE defaclacl::text LIKE '%Ã©%'", scene.database
    )
    assert defaults == [(0,)]


@pytest.mark.postgresql
@pytest.mark.sampled
@pytest.mark.attack("a preset role makes a rendered file set default privileges of another")
def test_a_rendered_file_runs_as_who_logged_in(scene: Scene) -> None:
    admin, other = unquote(urlsplit(scene.url).username or ""), f"{scene.prefix}other"
    scene.super(f"CREATE ROLE {other}")
    scene.super(f"GRANT {other} TO {admin}")
    execute(scene.server, scene.who, f"CREATE DATABASE {scene.database}")
    scene.super(f"ALTER DATABASE {scene.database} SET role = {other}")
    try:
        scene.write()
        script(scene, **{f"{scene.prefix}app_password": "some-Password_1"})
        owners = scene.super(OWNERS, scene.database)
        assert (admin,) in owners
        assert (other,) not in owners
    finally:
        scene.unset(f"DATABASE {scene.database}")
        scene.super(f"REVOKE {other} FROM {admin}")


@pytest.mark.postgresql
@pytest.mark.sampled
@pytest.mark.attack("look-alikes where a colleague runs the statements that dbprov told")
def test_what_a_colleague_is_told_to_run_is_safe_there(scene: Scene) -> None:
    """The superuser runs it in psql, with the search_path that the planter made."""
    scene.write(
        users=[{"name": f"{scene.prefix}app"}, {"name": f"{scene.prefix}reader", "access": "read"}]
    )
    assert scene.run("apply", "spec.yaml", "--yes").returncode == 0
    scene.super(f"GRANT CREATE, CONNECT ON DATABASE {scene.database} TO {scene.squat}")
    scene.super(f"GRANT CREATE ON SCHEMA public TO {scene.squat}", scene.database)
    scene.plant("e")
    with scene.as_squat(scene.database) as connection:
        connection.execute("CREATE TABLE public.theirs (id integer)")
    planned = scene.run("plan", "spec.yaml", "--json")
    [one_] = json.loads(planned.stdout)["deployments"]
    told = [beyond["statement"] for beyond in one_["beyond"]]
    assert bool(told) == (scene.who != "superuser")  # who asks nobody
    superuser = scene.server.user("superuser")
    scene.super(
        f"ALTER ROLE {superuser} IN DATABASE {scene.database} SET search_path = e, pg_catalog"
    )
    for statement in told:
        ended = client(scene.server, "superuser", f"{statement};", scene.database)
        assert (ended.returncode, ended.stderr) == (0, "")
    assert scene.hits("e") == 0
    scene.unset(f"ROLE {superuser} IN DATABASE {scene.database}")
    assert scene.run("apply", "spec.yaml", "--yes").returncode == 0
