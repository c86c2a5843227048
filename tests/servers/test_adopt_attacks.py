"""Giving objects away gives no power away: what ``adopt`` and ``drop --reassign-to`` give, and what they do not."""

from __future__ import annotations

import json
import shlex
from typing import Any

import psycopg
import pytest
import yaml

from dbprov.commands.adopt import adopt as adopt_plan
from dbprov.errors import RefusedError
from dbprov.items.sessions import RoutineAccess
from dbprov.plan.change_owner import NOTHING, Consent
from dbprov.plan.drop_survey import DropOptions
from dbprov.plan.plan import Plan
from dbprov.spec.model import Spec
from tests.harness import accounts, execute
from tests.support.admins import as_admin, ready, superuser
from tests.support.adopt import adopt, adoption
from tests.support.command import Ended, dbprov
from tests.support.drop import drop
from tests.support.specs import one
from tests.support.walk import Walk

pytestmark = pytest.mark.postgresql
PLANTER = "planter-Password_1"


class Scene:
    """A provisioned Deployment; a role that may create in its schema; and an application that was broken into."""

    def __init__(self, walk: Walk, prefix: str) -> None:
        self.walk, self.database = walk, f"{prefix}db"
        self.app, self.mallory, self.prefix = f"{prefix}app", f"{prefix}mallory", prefix
        self.boss = walk.server.user("superuser")
        self.spec: Spec = walk.spec(one(prefix))
        walk.provision(self.spec)
        as_admin(walk, f"CREATE ROLE {self.mallory} LOGIN PASSWORD '{PLANTER}'")
        self.super(
            f"GRANT CONNECT, CREATE ON DATABASE {self.database} TO {self.mallory};"
            f"GRANT USAGE, CREATE ON SCHEMA public TO {self.mallory}, {self.admin}"
        )

    @property
    def admin(self) -> str:
        return self.boss if superuser(self.walk) else self.walk.server.user("admin")

    def super(self, statements: str) -> list[Any]:
        return execute(self.walk.server, "superuser", statements, self.database)

    def restored(self, statements: str) -> None:
        as_admin(self.walk, statements, self.database)

    def planted(self, statements: str) -> list[Any]:
        """By a role that may create in the schema, and nothing more."""
        server = self.walk.server
        login = (self.mallory, PLANTER)
        with accounts.postgresql(server.host, server.port, login, self.database) as connection:
            answer = connection.execute(statements.encode())
            return answer.fetchall() if answer.description else []

    def as_app(self, *statements: str) -> None:
        self.walk.as_user(self.spec, self.app, *statements)

    def rises(self) -> bool:
        """Whether the application has become a superuser; it is none afterwards."""
        query = f"SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = '{self.app}'"
        [(risen,)] = execute(self.walk.server, "superuser", query)
        execute(self.walk.server, "superuser", f"ALTER ROLE {self.app} NOSUPERUSER")
        return bool(risen)

    def owner(self, name: str) -> str:
        """Of a routine, where there are parentheses, or else of a relation or a type."""
        what = (
            f"pg_get_userbyid(proowner) FROM pg_proc WHERE oid = '{name}'::regprocedure"
            if "(" in name
            else f"pg_get_userbyid(relowner) FROM pg_class WHERE oid = to_regclass('{name}')"
            if self.super(f"SELECT to_regclass('{name}')")[0][0]
            else f"pg_get_userbyid(typowner) FROM pg_type WHERE oid = '{name}'::regtype"
        )
        return str(self.super(f"SELECT {what}")[0][0])

    def adopt(self, consent: Consent = NOTHING) -> None:
        adopted = adopt(self.walk, self.spec, consent)
        assert adopted.ok, adopted.error

    def plan(self, consent: Consent = NOTHING) -> Plan:
        return adoption(self.walk, self.spec, consent)

    def why(self, name: str, consent: Consent = NOTHING) -> str:
        [one] = [one for one in self.plan(consent).withheld if one.item.identity == name]
        return "; ".join(one.why)


@pytest.fixture
def scene(walk: Walk, prefix: str) -> Scene:
    return Scene(walk, prefix)


def raising(scene: Scene) -> str:
    """The body of code that makes the application a superuser where a superuser runs it."""
    return (
        "BEGIN IF pg_catalog.current_setting('is_superuser') = 'on' THEN"
        f" EXECUTE 'ALTER ROLE {scene.app} SUPERUSER'; END IF;"
    )


# -- what of others runs the new owner's code ------------------------------------------------------------------------------


def on_ddl(scene: Scene, body: str) -> None:
    """A superuser's event trigger: its function is in the application's schema, and was restored with the dump."""
    scene.super(
        "CREATE TABLE public.dag (id integer);"
        f"CREATE FUNCTION public.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN {body} END$$;"
        "CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION public.on_ddl()"
    )


@pytest.mark.attack("the application is given a superuser's event-trigger function")
def test_an_event_trigger_function(scene: Scene) -> None:
    on_ddl(scene, "")
    taken = (
        "CREATE OR REPLACE FUNCTION public.on_ddl() RETURNS event_trigger LANGUAGE plpgsql"
        f" AS $${raising(scene)} END$$"
    )
    scene.adopt()
    scene.adopt(Consent(owners=(scene.boss,)) if superuser(scene.walk) else NOTHING)
    assert scene.owner("public.on_ddl()") == scene.boss
    assert "event_trigger" in scene.why("public.on_ddl()")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        scene.as_app(taken)
    scene.super("CREATE TABLE public.next (id integer)")
    assert not scene.rises()
    # What was kept from it: with that function of its own it is a superuser after the next DDL of one.
    scene.super(f"ALTER FUNCTION public.on_ddl() OWNER TO {scene.app}")
    scene.as_app(taken)
    scene.super("CREATE TABLE public.after (id integer)")
    assert scene.rises()


@pytest.mark.attack("the application is given what a superuser's routine calls or writes to")
@pytest.mark.sampled
def test_what_an_event_trigger_uses(scene: Scene) -> None:
    """PostgreSQL records nothing of a body in PL/pgSQL: the names in its text count."""
    scene.restored(
        'CREATE TABLE public.ddl_log (word text); CREATE TABLE public."odd log" (word text);'
        "CREATE FUNCTION public.noted() RETURNS void LANGUAGE sql AS 'SELECT'; CREATE TABLE public.ddl (id integer)"
    )
    scene.super("GRANT USAGE ON SCHEMA public TO PUBLIC; CREATE SCHEMA dba")
    scene.super(
        "CREATE FUNCTION dba.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN"
        " INSERT INTO Public.DDL_log VALUES (tg_tag); INSERT INTO public.\"odd log\" VALUES (''); PERFORM public.noted(); END$$;"
        "CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION dba.on_ddl()"
    )
    scene.adopt()
    for name in ("public.ddl_log", 'public."odd log"', "public.noted()"):
        assert scene.owner(name) == scene.admin, name
        assert "function dba.on_ddl() of" in scene.why(name)
    assert scene.owner("public.ddl") == scene.app
    # What was kept from it: a trigger on the table, and the superuser's own statement runs it.
    scene.super(f"ALTER TABLE public.ddl_log OWNER TO {scene.app}")
    scene.super("ALTER EVENT TRIGGER watch DISABLE")
    scene.as_app(
        f"CREATE FUNCTION public.evil() RETURNS trigger LANGUAGE plpgsql AS $${raising(scene)} RETURN NEW; END$$",
        "CREATE TRIGGER evil BEFORE INSERT ON public.ddl_log FOR EACH ROW EXECUTE FUNCTION public.evil()",
    )
    scene.super("ALTER EVENT TRIGGER watch ENABLE")
    scene.super("CREATE TABLE dba.after (id integer)")
    assert scene.rises()


USED: dict[str, tuple[str, str]] = {
    "a trigger": (
        "CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE TRIGGER t BEFORE INSERT ON dba.t FOR EACH ROW EXECUTE FUNCTION public.f()",
    ),
    "a policy": (
        "CREATE FUNCTION public.f() RETURNS boolean LANGUAGE sql AS 'SELECT true'",
        "CREATE POLICY p ON dba.t USING (public.f())",
    ),
    "a default": (
        "CREATE FUNCTION public.f() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "ALTER TABLE dba.t ALTER COLUMN a SET DEFAULT public.f()",
    ),
    "a check": (
        "CREATE FUNCTION public.f() RETURNS boolean LANGUAGE sql AS 'SELECT true'",
        "ALTER TABLE dba.t ADD CHECK (public.f())",
    ),
    "a view": (
        "CREATE FUNCTION public.f() RETURNS boolean LANGUAGE sql AS 'SELECT true'",
        "CREATE VIEW dba.v AS SELECT public.f()",
    ),
    "a rule": (
        "CREATE FUNCTION public.f() RETURNS boolean LANGUAGE sql AS 'SELECT true'",
        "CREATE RULE r AS ON INSERT TO dba.t DO ALSO SELECT public.f()",
    ),
    "an index": (
        "CREATE FUNCTION public.f() RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT 1'",
        "CREATE INDEX i ON dba.t ((a + public.f()))",
    ),
    "an operator": (
        "CREATE FUNCTION public.f(integer, integer) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
        "CREATE OPERATOR dba.=== (LEFTARG = integer, RIGHTARG = integer, FUNCTION = public.f)",
    ),
    "a cast": (
        "CREATE FUNCTION public.f(integer) RETURNS point IMMUTABLE LANGUAGE sql AS 'SELECT point(1, 1)'",
        "CREATE CAST (integer AS point) WITH FUNCTION public.f(integer)",
    ),
    "an aggregate": (
        "CREATE FUNCTION public.f(integer, integer) RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "CREATE AGGREGATE dba.total(integer) (SFUNC = public.f, STYPE = integer)",
    ),
    "a range type": (
        "CREATE FUNCTION public.f(float8, float8) RETURNS float8 IMMUTABLE LANGUAGE sql AS 'SELECT 1.0::float8'",
        "CREATE TYPE dba.r AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = public.f)",
    ),
    "a column of a domain": (
        "CREATE DOMAIN public.f AS integer",
        "ALTER TABLE dba.t ADD COLUMN b public.f",
    ),
    "a view of a view": (
        "CREATE VIEW public.f AS SELECT 1 AS a",
        "CREATE VIEW dba.v AS SELECT * FROM public.f",
    ),
    "a table's rule": (
        "CREATE TABLE public.f (a integer)",
        "CREATE RULE r AS ON INSERT TO dba.t DO ALSO INSERT INTO public.f VALUES (1)",
    ),
    "a table's policy": (
        "CREATE TABLE public.f (a integer)",
        "CREATE POLICY p ON dba.t USING (a IN (SELECT a FROM public.f))",
    ),
    "a definer": (
        "CREATE TABLE public.f (a integer)",
        "CREATE FUNCTION dba.d() RETURNS void LANGUAGE sql SECURITY DEFINER AS 'INSERT INTO public.f VALUES (1)'",
    ),
    "a routine's text": (
        "CREATE FUNCTION public.f() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "CREATE FUNCTION dba.d() RETURNS void LANGUAGE plpgsql AS 'BEGIN PERFORM public.f(); END'",
    ),
}


@pytest.mark.attack("the application is given code that something of a superuser runs")
@pytest.mark.sampled
def test_what_something_of_a_superuser_uses(scene: Scene) -> None:
    """Whatever uses it: nothing of it goes, and all else does."""
    scene.super("CREATE SCHEMA dba; CREATE TABLE dba.t (a integer)")
    scene.restored("CREATE TABLE public.dag (id integer)")
    names = {}
    for number, (what, (restored, statement)) in enumerate(USED.items()):
        name = f"f{number}"
        scene.restored(restored.replace("public.f", f"public.{name}"))
        using = statement.replace("public.f", f"public.{name}").replace("dba.d", f"dba.d{number}")
        for old in ("dba.v", "RULE r", "POLICY p"):
            using = using.replace(old, f"{old}{number}")
        scene.super(using)
        names[what] = name
    withheld = {one.item.name: one for one in scene.plan().withheld}
    assert set(withheld) == set(names.values())
    for what, name in names.items():
        assert f"of {scene.boss}" in withheld[name].why[-1], what
        assert withheld[name].flags[-2] == "--object", what
    given = [step.item for step in scene.plan().steps if step.verb == "alter"]
    assert [item.what for item in given] == ['table "public"."dag"']  # type: ignore[attr-defined]
    scene.adopt()
    for what in ("a column of a domain", "a view of a view", "a table's rule"):
        assert scene.owner(f"public.{names[what]}") == scene.admin
    assert scene.owner("public.dag") == scene.app


@pytest.mark.attack("the application is given the trigger function of a table that stays")
@pytest.mark.sampled
def test_a_trigger_function_of_a_table_that_is_not_adopted(scene: Scene) -> None:
    """With its table it goes; where the table stays, so does the function, unless it is named."""
    scene.restored(
        "CREATE TABLE public.dag (id integer); CREATE TABLE public.kept (id integer);"
        "CREATE FUNCTION public.goes() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
        "CREATE FUNCTION public.stays() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
        "CREATE TRIGGER one BEFORE INSERT ON public.dag FOR EACH ROW EXECUTE FUNCTION public.goes();"
        "CREATE TRIGGER two BEFORE INSERT ON public.kept FOR EACH ROW EXECUTE FUNCTION public.stays()"
    )
    scene.super(f"ALTER TABLE public.kept OWNER TO {scene.mallory}")
    marks = {s["item"]: s["executes"] for s in scene.plan().as_json()["steps"]}
    [mark] = marks[f'table "public"."dag" to "{scene.app}"']
    assert "runs function public.goes() of" in mark
    scene.adopt()
    assert scene.owner("public.goes()") == scene.owner("public.dag") == scene.app
    assert scene.owner("public.stays()") == scene.admin
    assert "table public.kept" in scene.why("public.stays()")
    scene.adopt(Consent(objects=("public.stays()",)))
    assert scene.owner("public.stays()") == scene.app


# -- what acts for the new owner, and was planted --------------------------------------------------------------------------

STOLEN = "SELECT word FROM public.read_it()"


def plant_a_definer(scene: Scene) -> None:
    scene.as_app(
        "CREATE TABLE public.secret (word text)", "INSERT INTO public.secret VALUES ('fernet')"
    )
    scene.planted(
        "CREATE FUNCTION public.read_it() RETURNS TABLE (word text) LANGUAGE plpgsql SECURITY DEFINER"
        " AS $$BEGIN RETURN QUERY SELECT s.word FROM public.secret AS s; END$$"
    )


@pytest.mark.attack("a planted SECURITY DEFINER routine becomes the application's")
def test_a_planted_security_definer_routine(scene: Scene) -> None:
    plant_a_definer(scene)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        scene.planted(STOLEN)
    for consent in (NOTHING, Consent(owners=(scene.mallory,))):
        scene.adopt(consent)
        assert scene.owner("public.read_it()") == scene.mallory
        assert "SECURITY DEFINER" in scene.why("public.read_it()", consent)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        scene.planted(STOLEN)
    # What was kept from it: PUBLIC has EXECUTE, and the planter reads as the application.
    scene.super(f"ALTER FUNCTION public.read_it() OWNER TO {scene.app}")
    assert scene.planted(STOLEN) == [("fernet",)]


@pytest.mark.attack("PUBLIC executes a SECURITY DEFINER routine that was named and given")
@pytest.mark.sampled
def test_a_definer_that_is_named_is_nobody_elses_to_execute(scene: Scene) -> None:
    """Nor a second role's of the planter, nor whose whom that one gave it on to."""
    plant_a_definer(scene)
    second, third = f"{scene.prefix}second", f"{scene.prefix}third"
    as_admin(scene.walk, f"CREATE ROLE {second}; CREATE ROLE {third}")
    scene.planted(f"GRANT EXECUTE ON FUNCTION public.read_it() TO {second} WITH GRANT OPTION")
    scene.super(f"SET ROLE {second}; GRANT EXECUTE ON FUNCTION public.read_it() TO {third}")
    consent = Consent(owners=(scene.mallory,), objects=("public.read_it()",))
    planned = scene.plan(consent)
    [revoke] = [s for s in planned.steps if isinstance(s.item, RoutineAccess)]
    assert str(revoke) == (
        f'revoke privileges on routine "public"."read_it"() for PUBLIC, "{second}", "{third}"'
    )
    marks = [mark for step in planned.as_json()["steps"] for mark in step["executes"]]
    assert marks == ["SECURITY DEFINER: acts with the rights of its owner"]
    scene.adopt(consent)
    assert scene.owner("public.read_it()") == scene.app
    for role in (scene.mallory, second, third):
        query = f"SELECT has_function_privilege('{role}', 'public.read_it()', 'EXECUTE')"
        assert scene.super(query) == [(False,)], role
    scene.as_app("SELECT * FROM public.read_it()")
    scene.adopt(consent)  # again: nothing is to be done, and nothing is amiss


@pytest.mark.attack("a planted view, or rule, that others may use becomes the application's")
@pytest.mark.sampled
def test_a_planted_view(scene: Scene) -> None:
    """It reads with the rights of its owner, for whom the planter granted it to."""
    scene.restored("CREATE TABLE public.secret (word text)")
    friend = f"{scene.prefix}friend"
    as_admin(scene.walk, f"CREATE ROLE {friend}")
    scene.super(f"GRANT SELECT ON public.secret TO {scene.mallory}")
    scene.planted(
        "CREATE VIEW public.open AS SELECT * FROM public.secret; GRANT SELECT ON public.open TO PUBLIC;"
        "CREATE VIEW public.shut AS SELECT * FROM public.secret;"
        f"CREATE VIEW public.half AS SELECT * FROM public.secret; GRANT SELECT (word) ON public.half TO {friend};"
        f"CREATE TABLE public.bait (a integer); GRANT INSERT ON public.bait TO {friend};"
        "CREATE RULE r AS ON INSERT TO public.bait DO ALSO DELETE FROM public.secret"
    )
    scene.super(f"REVOKE ALL ON public.secret FROM {scene.mallory}")
    scene.adopt(Consent(owners=(scene.mallory,)))
    assert scene.owner("public.shut") == scene.app
    for name, who in (("open", "PUBLIC"), ("half", f'"{friend}"'), ("bait", f'"{friend}"')):
        assert scene.owner(f"public.{name}") == scene.mallory
        assert f"for {who}" in scene.why(f"public.{name}", Consent(owners=(scene.mallory,)))


INDEXED = {
    "index": "CREATE INDEX i ON public.bait ((a + public.f()))",
    "statistics": "CREATE STATISTICS public.s ON (a + public.f()), a FROM public.bait",
    "operator": "CREATE OPERATOR public.@@@ (LEFTARG = integer, RIGHTARG = integer, FUNCTION = public.g);"
    "CREATE INDEX i ON public.bait ((a OPERATOR(public.@@@) 1))",
    "matview": "CREATE MATERIALIZED VIEW public.m AS SELECT public.f() AS a",
    "range": "CREATE FUNCTION public.d(float8, float8) RETURNS float8 IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN public.f(); END';"
    "CREATE TYPE public.r AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = public.d);"
    "CREATE DOMAIN public.rr AS public.r; ALTER TABLE public.bait ADD COLUMN r public.rr DEFAULT '[1,2)'",
    "foreign key": "CREATE TYPE public.t AS (a integer); ALTER TABLE public.bait ADD PRIMARY KEY (a);"
    "CREATE FUNCTION public.c(public.t) RETURNS integer LANGUAGE plpgsql AS 'BEGIN RETURN public.f(); END';"
    "CREATE CAST (public.t AS integer) WITH FUNCTION public.c(public.t) AS IMPLICIT;"
    "CREATE SCHEMA mallory; CREATE TABLE mallory.t (t public.t REFERENCES public.bait (a))",
    "view in matview": "CREATE VIEW public.v AS SELECT public.f() AS a; CREATE MATERIALIZED VIEW public.m AS SELECT * FROM public.v",
}


@pytest.mark.parametrize("by", INDEXED)
@pytest.mark.attack("planted code that ANALYZE, REFRESH, a foreign key runs as the owner")
@pytest.mark.sampled
def test_planted_code_that_the_server_runs_as_the_owner(scene: Scene, by: str) -> None:
    if by == "statistics" and scene.walk.server.version == "13":
        return  # which has none of expressions
    scene.as_app("CREATE TABLE public.secret (word text)")
    scene.planted(
        "CREATE TABLE public.bait (a integer); INSERT INTO public.bait SELECT generate_series(1, 99);"
        "CREATE FUNCTION public.f() RETURNS integer IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';"
        "CREATE FUNCTION public.g(integer, integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN public.f(); END';"
        + INDEXED[by]
    )
    scene.planted(
        "CREATE OR REPLACE FUNCTION public.f() RETURNS integer LANGUAGE plpgsql AS $$BEGIN IF current_user ="
        f" '{scene.app}' THEN EXECUTE 'GRANT SELECT ON public.secret TO {scene.mallory}'; END IF; RETURN 1; END$$"
    )
    what = "public.m" if "matview" in by else "public.bait"
    consent = Consent(owners=(scene.mallory,))
    scene.adopt(consent)
    assert scene.owner(what) == scene.mallory
    assert "as its new owner" in scene.why(what, consent)
    analyze = "REFRESH MATERIALIZED VIEW public.m" if "matview" in by else "ANALYZE public.bait"
    if by == "foreign key":
        analyze = f"SET ROLE {scene.mallory}; INSERT INTO mallory.t VALUES (ROW(1)::public.t)"
    read = f"SELECT has_table_privilege('{scene.mallory}', 'public.secret', 'SELECT')"
    scene.super(analyze)
    assert scene.super(read) == [(False,)]
    if by != "view in matview":  # what was kept from it; that view the application may not read
        scene.super(f"ALTER TABLE {what} OWNER TO {scene.app}")
        scene.super(analyze)
        assert scene.super(read) == [(True,)]


CHANGES = {
    "definer": "ALTER FUNCTION public.tame() SECURITY DEFINER; CREATE TABLE public.new (id integer)",
    "body": "CREATE OR REPLACE FUNCTION public.tame() RETURNS integer LANGUAGE sql AS 'SELECT 2'",
    "view": "CREATE OR REPLACE VIEW public.v AS SELECT 2 AS a",
    "trigger": "CREATE TRIGGER t BEFORE INSERT ON public.dag EXECUTE FUNCTION public.fires()",
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.attack("the planter changes a routine after the plan of adopt was read")
@pytest.mark.sampled
def test_what_was_changed_after_the_plan(scene: Scene, change: str) -> None:
    scene.planted(
        "CREATE FUNCTION public.tame() RETURNS integer LANGUAGE sql AS 'SELECT 1'; CREATE VIEW public.v AS SELECT 1 AS a;"
        "CREATE FUNCTION public.fires() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TABLE public.dag (id integer)"
    )
    planned = scene.plan(Consent(owners=(scene.mallory,)))
    assert planned.steps
    scene.planted(CHANGES[change])
    with pytest.raises(RefusedError, match="the server has changed since the plan was shown"):
        scene.walk.each(scene.spec, lambda d, server: adopt_plan(d, server, planned))
    assert scene.owner("public.tame()") == scene.mallory


@pytest.mark.sampled
def test_the_command_says_what_executes(scene: Scene) -> None:
    plant_a_definer(scene)
    scene.restored("CREATE TABLE public.dag (id integer)")
    text = yaml.safe_dump({"server": scene.walk.url, "deployments": [one(scene.prefix)]})
    (scene.walk.folder / "spec.yaml").write_text(text)

    def run(*words: str) -> Ended:
        env = {"DBPROV_ADMIN_PASSWORD": scene.walk.password}
        return dbprov(*words, "--yes", folder=scene.walk.folder, env=env)

    ended = run("adopt", "spec.yaml", "--from", "nobody-of-this-name")
    assert ended.returncode == 2
    assert "not found on the server: --from nobody-of-this-name" in ended.stderr
    ended = run("adopt", "spec.yaml", "--json")
    assert ended.returncode == 0, ended.stderr
    flags = ["--from", scene.mallory, "--object", "public.read_it()"]
    assert 'not given routine "public"."read_it"(): it belongs to' in ended.stderr
    assert f"to give it in spite of that: {shlex.join(flags)}" in ended.stderr
    [made] = json.loads(ended.stdout)["deployments"]
    assert [one["item"] for one in made["done"] if one["verb"] == "alter"] == [
        f'table "public"."dag" to "{scene.app}"'
    ]
    [withheld] = made["left"]["withheld"]
    assert withheld["flags"] == flags
    ended = run("adopt", "spec.yaml", *flags)
    assert ended.returncode == 0, ended.stderr
    assert "executes: SECURITY DEFINER: acts with the rights of its owner" in ended.stderr
    assert "- revoke privileges on routine" in ended.stderr
    assert run("adopt", "spec.yaml", *flags).returncode == 0
    ended = run("drop", "spec.yaml", "--deployment", "analytics", "--object", "public.f()")
    assert ended.returncode == 2
    assert "--reassign-to ROLE" in ended.stderr
    words = ("drop", "spec.yaml", "--deployment", "analytics", "--reassign-to", scene.admin)
    ended = run(*words, "--plan", "--json", "--object", "public.read_it()")
    assert ended.returncode == 1, ended.stderr
    [acts] = json.loads(ended.stdout)["executes"]
    assert acts["object"] == "public.read_it()"


# -- what is advised -------------------------------------------------------------------------------------------------------


def advice(scene: Scene) -> str:
    [check] = [c for c in ready(scene.walk, scene.spec, 2, 11) if c.claim == "can be upgraded"]
    assert check.held == (not check.todo)
    return check.todo


@pytest.mark.attack("check advises to adopt what would give power away")
@pytest.mark.sampled
def test_check_advises_what_adopt_would_take(scene: Scene) -> None:
    on_ddl(scene, "")
    if not superuser(scene.walk):
        assert "dbprov adopt" not in advice(scene)
        assert f'OWNER TO "{scene.app}"' in advice(scene)
    scene.super("DROP TABLE public.dag")
    plant_a_definer(scene)
    assert advice(scene) == ""
    scene.planted("CREATE TABLE public.theirs (id integer)")
    why = "the next upgrade fails with must be owner of table\n"
    owns = f'if what "{scene.mallory}" owns is the application\'s'
    assert advice(scene) == f"{why}{owns}: dbprov adopt --from {scene.mallory}"
    scene.planted("DROP TABLE public.theirs")
    scene.restored("CREATE TABLE public.mine (id integer)")
    assert advice(scene) == f"{why}what this admin restored: dbprov adopt"
    scene.adopt()
    assert advice(scene) == ""


# -- what a user that goes leaves to its new_owner ------------------------------------------------------------------------------


@pytest.mark.parametrize("new_owner", ["admin", "another"])
@pytest.mark.attack("what a user planted becomes its new_owner's by drop --reassign-to")
@pytest.mark.sampled
def test_what_an_heir_gets(scene: Scene, new_owner: str) -> None:
    """All is refused while anything executes that was not named; then PUBLIC executes nothing of it."""
    name = scene.admin if new_owner == "admin" else f"{scene.prefix}new_owner"
    if new_owner != "admin":
        as_admin(scene.walk, f"CREATE ROLE {name}")
        scene.super(f"GRANT CREATE ON SCHEMA public TO {name}")
    scene.as_app(
        "CREATE TABLE public.dag (id integer)",
        "CREATE FUNCTION public.acts() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT current_user::text'",
        "CREATE FUNCTION public.event() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'",
        "CREATE FUNCTION public.f() RETURNS integer IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN 1; END'",
        "CREATE TABLE public.bait (a integer)",
        "CREATE INDEX i ON public.bait ((a + public.f()))",
        "CREATE VIEW public.v AS SELECT 1 AS a",
        "GRANT SELECT ON public.v TO PUBLIC",
        "CREATE FUNCTION public.trigger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE TRIGGER t BEFORE INSERT ON public.dag FOR EACH ROW EXECUTE FUNCTION public.trigger()",
        "CREATE FUNCTION public.other() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    )
    scene.planted("CREATE TABLE public.theirs (a integer)")
    scene.planted(
        "CREATE TRIGGER t BEFORE INSERT ON public.theirs FOR EACH ROW EXECUTE FUNCTION public.other()"
    )
    named = ("public.acts()", "public.event()", "public.bait", "public.v", "public.other()")
    for missing in (named, named[:1], named[1:2], named[2:3], named[3:4], named[4:]):
        objects = tuple(one for one in named if one not in missing)
        with pytest.raises(RefusedError, match="nothing was changed") as met:
            drop(scene.walk, scene.spec, DropOptions(reassign_to=name, objects=objects))
        refused = [line.split("--object ")[1].strip("'") for line in met.value.todo.splitlines()]
        assert sorted(refused) == sorted(missing)
    with pytest.raises(RefusedError, match="nothing was changed") as met:
        drop(
            scene.walk,
            scene.spec,
            DropOptions(reassign_to=name, objects=(*named, "public.nothing()")),
        )
    assert "public.nothing()" in met.value.why
    assert scene.owner("public.acts()") == scene.app

    departed = drop(scene.walk, scene.spec, DropOptions(reassign_to=name, objects=named))
    assert departed.ok, (departed.error, departed.left)
    for given in (*named, "public.dag", "public.trigger()"):
        assert scene.owner(given) == name, given
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        scene.planted("SELECT public.acts()")


@pytest.mark.attack("--reassign-to misses a SECURITY DEFINER routine in an extension")
@pytest.mark.sampled
def test_an_heir_gets_no_routine_of_an_extension_unnamed(scene: Scene) -> None:
    """REASSIGN OWNED gives those too; adopt gives none."""
    scene.as_app(
        "CREATE FUNCTION public.acts() RETURNS integer LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'"
    )
    scene.super("ALTER EXTENSION plpgsql ADD FUNCTION public.acts()")
    try:
        with pytest.raises(RefusedError, match="nothing was changed") as met:
            drop(scene.walk, scene.spec, DropOptions(reassign_to=scene.admin))
    finally:
        scene.super("ALTER EXTENSION plpgsql DROP FUNCTION public.acts()")
    assert "SECURITY DEFINER" in met.value.why
