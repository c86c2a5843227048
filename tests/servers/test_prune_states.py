"""States as others made them: prune takes no role away that something stands on, and says why it stays."""

from __future__ import annotations

from typing import Any

import pytest

import dbprov
from dbprov.plan.plan import Plan
from dbprov.plan.prune import ExtraPrivilege
from dbprov.spec.model import Spec
from tests.harness import execute
from tests.support.command import dbprov as run
from tests.support.walk import Walk

pytestmark = pytest.mark.sampled
as_superuser = pytest.mark.parametrize("admin", ["superuser"], indirect=True)
PASSWORD = "made-by-hand-9"
OWNED = (
    'CREATE ROLE "{o}"', "CREATE USER \"{u}\" PASSWORD '{w}' IN ROLE \"{o}\"", 'CREATE DATABASE "{d}" OWNER "{o}"',
)  # fmt: skip
OWNED_BY_ADMIN = (
    'CREATE ROLE "{o}"', "CREATE USER \"{u}\" PASSWORD '{w}' IN ROLE \"{o}\"", 'CREATE DATABASE "{d}"',
)  # fmt: skip
ACTS = 'ALTER ROLE "{u}" SET role = "{o}"'


def by_hand(walk: Walk, prefix: str, *statements: str) -> None:
    """As a superuser; ``db: `` in front: inside the database."""
    words = {"u": f"{prefix}u", "d": f"{prefix}db", "o": f"{prefix}o", "w": PASSWORD, "p": prefix}
    for statement in statements:
        inside = statement.startswith("db: ")
        made = statement.removeprefix("db: ").format(**words)
        execute(walk.server, "superuser", made, words["d"] if inside else None)


def spec_of(walk: Walk, prefix: str, access: str = "all", **more: Any) -> Spec:
    """Its user exists, and its password is where it is kept."""
    spec = walk.spec(
        {"name": "analytics", "database": f"{prefix}db", "users": [{"name": f"{prefix}u", "access": access}], **more}
    )  # fmt: skip
    for account in spec.deployments[0].accounts:
        place: Any = account.place
        place.path.parent.mkdir(parents=True, exist_ok=True)
        place.path.write_text(f"{PASSWORD}\n")
    return spec


def prune(walk: Walk, spec: Spec) -> tuple[Plan, dbprov.Run]:
    """Applied with --prune; what is left after it can be taken away by nobody but whoever decides that."""
    with dbprov.servers(spec) as servers:
        [deployment] = spec.deployments
        planned = dbprov.plan(deployment, servers[deployment], prune=True)
        applied = dbprov.apply(deployment, servers[deployment], planned)
    assert applied.error is None, applied.error
    assert applied.left
    assert not [one for one in applied.left.extra if one.obstacle is None]
    return planned, applied


def standing(planned: Plan) -> list[ExtraPrivilege]:
    return [one for one in planned.extra if one.item.kind == "role_entry" and one.obstacle]


def why_of(planned: Plan, prefix: str) -> str:
    """Why the one role stays, without the prefix."""
    [one] = standing(planned)
    assert one.obstacle
    return f"{one.obstacle.why}; {one.obstacle.todo}".replace(prefix, "")


def roles_of(walk: Walk, prefix: str) -> list[str]:
    rows = execute(
        walk.server, "superuser",
        f"SELECT DISTINCT roleid::regrole::text FROM pg_auth_members WHERE member = '\"{prefix}u\"'::regrole ORDER BY 1",
    )  # fmt: skip
    return [str(name).removeprefix(prefix) for (name,) in rows]


@pytest.mark.postgresql
def test_the_tables_of_the_role(walk: Walk, prefix: str) -> None:
    """The application made its tables as the role: it can go on altering them."""
    by_hand(walk, prefix, *OWNED, ACTS)
    spec = spec_of(walk, prefix)
    walk.as_user(spec, f"{prefix}u", "CREATE SCHEMA own", "CREATE TABLE own.dag (id integer)")
    walk.apply(spec)
    shown = walk.plan(spec)
    for planned in (shown, prune(walk, spec)[0]):
        why = why_of(planned, prefix)
        assert why.startswith('through role "o" the user owns database ')
        assert "schema own" in why
        assert "table own.dag" in why
        assert "dbprov adopt --from o" in why
        assert "ALTER ROLE u RESET role" in why
        assert 'REVOKE "o" FROM "u"' in why
        assert not [s for s in planned.steps if s.item.kind == "role_entry"]
    assert roles_of(walk, prefix) == ["o"]
    walk.as_user(spec, f"{prefix}u", "ALTER TABLE own.dag ADD COLUMN more integer", "CREATE TABLE own.run (id integer)")  # fmt: skip
    [entry] = [e for e in shown.as_json()["surplus"] if e["kind"] == "role_entry"]
    assert entry["revocable"] is False
    assert entry["needs"] == "a decision"
    assert "table" in entry["why"]
    assert "adopt" in entry["who"]


@pytest.mark.postgresql
@as_superuser
def test_at_the_command_line(walk: Walk, prefix: str) -> None:
    by_hand(walk, prefix, *OWNED, ACTS)
    spec = spec_of(walk, prefix)
    walk.as_user(spec, f"{prefix}u", "CREATE SCHEMA own")
    words = ["--server", walk.url, "--name", "analytics", "--database", f"{prefix}db", "--user", f"{prefix}u"]  # fmt: skip
    env = {"DBPROV_ADMIN_PASSWORD": walk.password}
    for flags in ([], ["--prune"]):
        shown = run("plan", *words, *flags, folder=walk.folder, env=env).stdout
        assert "needs a decision: through role" in shown
        assert "1 needs a decision" in shown
        assert "needs another role" not in shown
        assert f"dbprov adopt --from {prefix}o" in shown


@pytest.mark.postgresql
@as_superuser
def test_acting_as_the_role_without_prune(walk: Walk, prefix: str) -> None:
    """verify accepts it, and says by which setting and how it ends; when it ended nothing is left to say."""
    by_hand(walk, prefix, *OWNED, ACTS)
    spec = spec_of(walk, prefix)
    applied = walk.provision(spec)
    [note] = [c for c in applied.checks if c.claim == "is who it should be"]
    assert note.warning
    assert f"in the role of {prefix}o by ALTER ROLE {prefix}u SET role" in note.observed
    assert f"ALTER ROLE {prefix}u RESET role;" in note.todo
    assert walk.provision(spec).ok
    execute(walk.server, "superuser", f'ALTER ROLE "{prefix}u" RESET role')
    [checks] = [c for c in walk.prove(spec) if c.claim == "is who it should be"]
    assert checks.held
    assert not checks.warning


@pytest.mark.postgresql
@as_superuser
@pytest.mark.parametrize("whose", ['ROLE "{u}" IN DATABASE "{d}"', 'DATABASE "{d}"'], ids=["role in database", "database"])  # fmt: skip
def test_the_setting_wherever_it_is_in_force(walk: Walk, prefix: str, whose: str) -> None:
    by_hand(walk, prefix, *OWNED, f'ALTER {whose} SET role = "{{o}}"')
    spec = spec_of(walk, prefix)
    [note] = [c for c in walk.provision(spec).checks if c.claim == "is who it should be"]
    assert note.warning
    ends = f"ALTER {whose} RESET role;".format(u=f"{prefix}u", d=f"{prefix}db").replace('"', "")
    assert ends in note.todo
    prune(walk, spec)
    assert roles_of(walk, prefix) == ["o"]


@pytest.mark.postgresql
@as_superuser
def test_a_role_whose_rights_it_does_not_have(walk: Walk, prefix: str) -> None:
    """What it creates would not be its own: that fails, with the statement that ends it."""
    by_hand(walk, prefix, *OWNED)
    if int(walk.server.version) >= 16:
        by_hand(walk, prefix, 'GRANT "{o}" TO "{u}" WITH INHERIT FALSE', ACTS)
    else:
        by_hand(walk, prefix, 'ALTER ROLE "{u}" NOINHERIT', ACTS)
    spec = spec_of(walk, prefix)
    walk.apply(spec)
    [failed] = [c for c in walk.prove(spec) if c.claim == "is who it should be"]
    assert not failed.held
    assert f"ALTER ROLE {prefix}u RESET role;" in failed.todo
    prune(walk, spec)
    assert roles_of(walk, prefix) == ["o"]
    walk.as_user(spec, f"{prefix}u", "CREATE SCHEMA own")


@pytest.mark.postgresql
@as_superuser
def test_a_role_by_way_of_another(walk: Walk, prefix: str) -> None:
    by_hand(
        walk, prefix, *OWNED_BY_ADMIN, 'CREATE ROLE "{p}deep"', 'GRANT "{p}deep" TO "{o}"',
        'db: CREATE TABLE public.dag (id integer)', 'db: ALTER TABLE public.dag OWNER TO "{p}deep"',
    )  # fmt: skip
    spec = spec_of(walk, prefix)
    planned, _ = prune(walk, spec)
    assert "the user owns table public.dag" in why_of(planned, prefix)
    assert "dbprov adopt --from deep" in why_of(planned, prefix)
    walk.as_user(spec, f"{prefix}u", "ALTER TABLE dag ADD COLUMN more integer")


@pytest.mark.postgresql
@as_superuser
@pytest.mark.parametrize(
    ("more", "words"),
    [
        ('db: GRANT SELECT ON elsewhere.t TO "{o}"', 'SELECT on table "elsewhere"."t"'),
        ('db: GRANT SELECT (id) ON elsewhere.t TO "{o}"', 'SELECT on column "elsewhere"."t"."id"'),
        ('db: GRANT CREATE ON SCHEMA elsewhere TO "{o}"', 'CREATE on schema "elsewhere"'),
        ('db: ALTER DEFAULT PRIVILEGES IN SCHEMA elsewhere GRANT SELECT ON TABLES TO "{o}"', "SELECT on future tables"),
        ('db: GRANT UPDATE ON dag TO "{o}"', 'UPDATE on table "public"."dag"'),
        ('GRANT CREATE ON DATABASE "{d}" TO "{o}"', 'CREATE on database "db"'),
        ('GRANT pg_read_all_data TO "{o}"', 'SELECT on table "elsewhere"."t"'),
        ('db: CREATE POLICY mine ON dag TO "{o}" USING (true)', 'rows by a policy on table "public"."dag"'),
        ("db: DO $$ BEGIN PERFORM lo_create(4711); EXECUTE 'GRANT SELECT ON LARGE OBJECT 4711 TO \"{o}\"'; END $$",
         'SELECT on large object "4711"'),
        ('db: CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS \'SELECT 1\'; REVOKE EXECUTE ON FUNCTION f() FROM PUBLIC;'
         ' GRANT EXECUTE ON FUNCTION f() TO "{o}"', 'EXECUTE on routine "public"."f"'),
    ],
    ids=["table", "column", "create in schema", "future", "more than its access", "create in database", "read all data", "policy",
         "large object", "routine"],
)  # fmt: skip
def test_a_role_that_gives_what_the_spec_does_not(
    walk: Walk, prefix: str, more: str, words: str
) -> None:
    """A reader by the spec: what it can do by the role beyond that, it still can."""
    if "pg_read_all_data" in more and int(walk.server.version) < 14:
        pytest.skip("came with PostgreSQL 14")
    by_hand(
        walk, prefix, *OWNED_BY_ADMIN, "db: CREATE TABLE public.dag (id integer)", "db: CREATE SCHEMA elsewhere",
        "db: CREATE TABLE elsewhere.t (id integer)", more,
    )  # fmt: skip
    spec = spec_of(walk, prefix, "read")
    planned, _ = prune(walk, spec)
    assert words in why_of(planned, prefix).replace('"_', '"')
    assert roles_of(walk, prefix) == ["o"]


@pytest.mark.postgresql
@as_superuser
def test_what_a_role_has_in_another_database(walk: Walk, prefix: str) -> None:
    by_hand(walk, prefix, *OWNED_BY_ADMIN, 'CREATE DATABASE "{p}more"')
    execute(walk.server, "superuser", "CREATE TABLE dag (id integer)", f"{prefix}more")
    execute(walk.server, "superuser", f'ALTER TABLE dag OWNER TO "{prefix}o"', f"{prefix}more")
    spec = spec_of(walk, prefix)
    planned, _ = prune(walk, spec)
    assert "in database more" in why_of(planned, prefix)
    assert roles_of(walk, prefix) == ["o"]


@pytest.mark.postgresql
@pytest.mark.parametrize(
    "more",
    [
        (),
        ("db: CREATE TABLE public.dag (id integer)", 'db: GRANT SELECT ON public.dag TO "{o}"', 'db: GRANT USAGE ON SCHEMA public TO "{o}"',
         'GRANT CONNECT ON DATABASE "{d}" TO "{o}"'),
        ('db: CREATE SCHEMA elsewhere', 'db: GRANT USAGE ON SCHEMA elsewhere TO PUBLIC', 'db: GRANT USAGE ON SCHEMA elsewhere TO "{o}"'),
    ],
    ids=["nothing", "what the plan gives", "what everybody has"],
)  # fmt: skip
@as_superuser
def test_a_role_that_gives_nothing_more_goes(
    walk: Walk, prefix: str, more: tuple[str, ...]
) -> None:
    by_hand(walk, prefix, *OWNED_BY_ADMIN, *more)
    spec = spec_of(walk, prefix, "read")
    _, applied = prune(walk, spec)
    assert roles_of(walk, prefix) == []
    assert [s for s in applied.done if s.step.item.kind == "role_entry"]
    if any("public.dag" in one for one in more):
        walk.as_user(spec, f"{prefix}u", "SELECT * FROM public.dag")


@pytest.mark.postgresql(">= 16")
@as_superuser
@pytest.mark.parametrize(
    ("options", "stays"),
    [("INHERIT FALSE, SET FALSE", False), ("INHERIT FALSE", True), ("SET FALSE", True)],
)
def test_by_the_options_of_the_membership(
    walk: Walk, prefix: str, options: str, stays: bool
) -> None:
    """Neither inherited nor to be set: it gives nothing."""
    by_hand(walk, prefix, *OWNED, f'GRANT "{{o}}" TO "{{u}}" WITH {options}')
    spec = spec_of(walk, prefix)
    prune(walk, spec)
    assert roles_of(walk, prefix) == (["o"] if stays else [])


@pytest.mark.postgresql(">= 16")
@as_superuser
def test_further_on_neither_inherited_nor_set(walk: Walk, prefix: str) -> None:
    """The user inherits from a role that may only SET ROLE on: that is as far as it gets."""
    by_hand(
        walk, prefix, *OWNED_BY_ADMIN, 'GRANT "{o}" TO "{u}" WITH SET FALSE', 'CREATE ROLE "{p}deep"',
        'GRANT "{p}deep" TO "{o}" WITH INHERIT FALSE', 'db: CREATE SCHEMA own AUTHORIZATION "{p}deep"',
    )  # fmt: skip
    spec = spec_of(walk, prefix)
    prune(walk, spec)
    assert roles_of(walk, prefix) == []


@pytest.mark.postgresql
@as_superuser
def test_the_admin_option_goes_and_the_role_stays(walk: Walk, prefix: str) -> None:
    by_hand(walk, prefix, *OWNED, 'GRANT "{o}" TO "{u}" WITH ADMIN OPTION')
    spec = spec_of(walk, prefix)
    prune(walk, spec)
    assert roles_of(walk, prefix) == ["o"]
    rows = execute(walk.server, "superuser", f"SELECT FROM pg_auth_members WHERE member = '\"{prefix}u\"'::regrole AND admin_option")  # fmt: skip
    assert not rows
    [one] = walk.plan(spec).extra
    assert one.obstacle


@pytest.mark.postgresql
@as_superuser
def test_of_two_roles_that_give_the_same_neither_goes(walk: Walk, prefix: str) -> None:
    by_hand(
        walk, prefix, *OWNED_BY_ADMIN, 'CREATE ROLE "{p}two"', 'GRANT "{p}two" TO "{u}"', "db: CREATE SCHEMA elsewhere",
        'db: GRANT USAGE ON SCHEMA elsewhere TO "{o}", "{p}two"',
    )  # fmt: skip
    spec = spec_of(walk, prefix)
    prune(walk, spec)
    assert roles_of(walk, prefix) == ["o", "two"]


@pytest.mark.postgresql
@as_superuser
def test_after_adopt_it_goes(walk: Walk, prefix: str) -> None:
    """As the plan says: adopt, the setting reset, and prune takes the role; the application goes on."""
    by_hand(walk, prefix, *OWNED_BY_ADMIN, 'db: GRANT CREATE ON SCHEMA public TO "{o}"', ACTS)
    spec = spec_of(walk, prefix)
    walk.as_user(spec, f"{prefix}u", "CREATE TABLE public.dag (id integer)")
    walk.apply(spec)
    words = ["--server", walk.url, "--name", "analytics", "--database", f"{prefix}db", "--user", f"{prefix}u"]  # fmt: skip
    env = {"DBPROV_ADMIN_PASSWORD": walk.password}
    adopted = run("adopt", *words, "--from", f"{prefix}o", "--yes", folder=walk.folder, env=env)
    assert adopted.returncode == 0, adopted.stderr
    execute(walk.server, "superuser", f'ALTER ROLE "{prefix}u" RESET role')
    prune(walk, spec)
    assert roles_of(walk, prefix) == []
    walk.as_user(spec, f"{prefix}u", "ALTER TABLE dag ADD COLUMN more integer", "CREATE TABLE run (id integer)")  # fmt: skip


@pytest.mark.postgresql
@as_superuser
def test_names_as_they_can_be(walk: Walk, prefix: str) -> None:
    """Of roles, users and databases: a setting holds the name as it is."""
    odd = prefix + 'O\'x "y" ü%s'
    quoted = odd.replace('"', '""')
    for statement in (
        f'CREATE ROLE "{quoted}"', f"CREATE USER \"{prefix}u\" PASSWORD '{PASSWORD}' IN ROLE \"{quoted}\"",
        f'CREATE DATABASE "{prefix}db" OWNER "{quoted}"', f'ALTER ROLE "{prefix}u" SET role = "{quoted}"',
    ):  # fmt: skip
        execute(walk.server, "superuser", statement)
    spec = spec_of(walk, prefix)
    [note] = [c for c in walk.provision(spec).checks if c.claim == "is who it should be"]
    assert note.warning
    assert odd in note.observed
    planned, _ = prune(walk, spec)
    assert "--from" in why_of(planned, prefix)
    walk.as_user(spec, f"{prefix}u", "CREATE SCHEMA own")


@pytest.mark.postgresql
@as_superuser
def test_a_user_of_another_role_that_is_a_user_too(walk: Walk, prefix: str) -> None:
    """A writer that is a member of the user whose tables it alters stays one; what the other has less of goes."""
    by_hand(
        walk, prefix, "CREATE USER \"{u}\" PASSWORD '{w}'", "CREATE USER \"{p}reader\" PASSWORD '{w}'", 'CREATE DATABASE "{d}"',
        'GRANT "{p}reader" TO "{u}"',
    )  # fmt: skip
    spec = walk.spec(
        {"name": "analytics", "database": f"{prefix}db",
         "users": [{"name": f"{prefix}u", "access": "all"}, {"name": f"{prefix}reader", "access": "read"}]}
    )  # fmt: skip
    for account in spec.deployments[0].accounts:
        place: Any = account.place
        place.path.parent.mkdir(parents=True, exist_ok=True)
        place.path.write_text(f"{PASSWORD}\n")
    walk.provision(spec)
    prune(walk, spec)
    assert roles_of(walk, prefix) == []
    walk.as_user(spec, f"{prefix}u", "CREATE TABLE dag (id integer)")
    by_hand(walk, prefix, 'GRANT "{u}" TO "{p}reader"')
    planned, _ = prune(walk, spec)
    assert "owns table public.dag" in why_of(planned, prefix)
    walk.as_user(spec, f"{prefix}reader", "ALTER TABLE dag ADD COLUMN more integer")


@pytest.mark.postgresql
@as_superuser
def test_extensions_objects_and_what_the_user_owns(walk: Walk, prefix: str) -> None:
    """No plan grants on what an extension made; and on its own tables the user needs nobody."""
    by_hand(walk, prefix, *OWNED_BY_ADMIN, 'db: GRANT CREATE ON SCHEMA public TO "{u}"')
    spec = spec_of(walk, prefix)
    walk.provision(spec)
    walk.as_user(spec, f"{prefix}u", "CREATE SCHEMA own", "CREATE TABLE own.dag (id integer)",
                 f'GRANT USAGE ON SCHEMA own TO "{prefix}o"', f'GRANT ALL ON own.dag TO "{prefix}o"')  # fmt: skip
    prune(walk, spec)
    assert roles_of(walk, prefix) == []
    by_hand(
        walk, prefix, "db: CREATE TABLE config (id integer)", "db: ALTER EXTENSION plpgsql ADD TABLE config",
        'db: GRANT SELECT ON config TO "{o}"', 'GRANT "{o}" TO "{u}"',
    )  # fmt: skip
    planned, _ = prune(walk, spec)
    assert 'SELECT on table "public"."config"' in why_of(planned, prefix)


ROLES = (
    "CREATE DATABASE `{d}`", "CREATE ROLE {o}", "CREATE USER '{u}'@'%' IDENTIFIED BY '{w}'", "GRANT {o} TO '{u}'@'%'",
)  # fmt: skip


def roles_of_mysql(walk: Walk, prefix: str) -> list[str]:
    table = (
        "roles_mapping WHERE User"
        if walk.server.flavor == "mariadb"
        else "role_edges WHERE TO_USER"
    )
    column = "Role" if walk.server.flavor == "mariadb" else "FROM_USER"
    rows = execute(walk.server, "superuser", f"SELECT {column} FROM mysql.{table} = '{prefix}u'")
    return [str(name).removeprefix(prefix) for (name,) in rows]


@pytest.mark.mysql
@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("CREATE DATABASE `{p}more`", "GRANT SELECT, INSERT ON `{p}more`.* TO {o}"), 'INSERT, SELECT on database "more"'),
        (("GRANT INSERT ON `{d}`.* TO {o}",), 'INSERT on database "db"'),
        (("CREATE DATABASE `{p}more`", "CREATE TABLE `{p}more`.t (id integer)", "GRANT SELECT ON `{p}more`.t TO {o}"),
         'SELECT on table "more"."t"'),
        (("CREATE DATABASE `{p}more`", "CREATE ROLE {p}inner", "GRANT SELECT ON `{p}more`.* TO {p}inner", "GRANT {p}inner TO {o}"),
         'SELECT on database "more"'),
        (("GRANT PROCESS ON *.* TO {o}",), "PROCESS on the server"),
    ],
    ids=["another database", "more than its access", "table", "nested", "server"],
)  # fmt: skip
@as_superuser
def test_a_role_of_mysql_that_gives_what_the_spec_does_not(
    walk: Walk, prefix: str, more: tuple[str, ...], words: str
) -> None:
    try:
        by_hand(walk, prefix, *ROLES, *more)
        planned, _ = prune(walk, spec_of(walk, prefix, "read"))
        if walk.server.flavor == "mariadb":
            words = words.replace("PROCESS", "global privileges")
        assert words in why_of(planned, prefix).replace("\\_", "_")
        assert roles_of_mysql(walk, prefix) == ["o"]
    finally:
        for role in ("o", "inner"):
            execute(walk.server, "superuser", f"DROP ROLE IF EXISTS {prefix}{role}")


@pytest.mark.mysql
@as_superuser
def test_a_role_of_mysql_that_gives_nothing_more_goes(walk: Walk, prefix: str) -> None:
    try:
        by_hand(walk, prefix, *ROLES, "GRANT SELECT ON `{d}`.* TO {o}")
        prune(walk, spec_of(walk, prefix))
        assert walk.server.flavor == "mariadb" or roles_of_mysql(walk, prefix) == []
    finally:
        execute(walk.server, "superuser", f"DROP ROLE IF EXISTS {prefix}o")
