"""The rules of the house, as tests: what stands where, what may know of what, and what can never be forgotten."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from pglast import parse_sql
from pglast.visitors import Visitor

import dbprov
from dbprov.cli import COMMANDS
from dbprov.engines.engine import Engine, of
from dbprov.engines.facts import Facts
from dbprov.engines.mysql.expand import ALL
from dbprov.items import (
    Grant,
    Isolation,
    Item,
    Membership,
    ObjectGrant,
    ObjectOwner,
    PatternGrant,
    User,
)
from dbprov.items.databases import Emptiness
from dbprov.items.existing_grants import KINDS as HELD
from dbprov.items.existing_grants import AclEntry, ActingAs, Attribute, DefaultEntry, RoleEntry
from dbprov.items.rotation import OldPassword, Password
from dbprov.items.sessions import (
    Belongings,
    Contents,
    Lockout,
    Reassignment,
    RoutineAccess,
    UserSession,
)
from dbprov.passwords.env import EnvPlace
from dbprov.plan.steps import compare
from dbprov.spec import keys, reader
from dbprov.spec.schema import mappings, reference
from dbprov.sql.jinja_environment import built_in_templates
from tests.support.made import FOLDER, HOSTILE, command, deployment, expanded, facts, renderer
from tests.support.reserved import RESERVED_IN_MYSQL

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "dbprov"
TEMPLATES = built_in_templates()
MODULES = sorted(PACKAGE.rglob("*.py"))
ENGINES = {name: of(name) for name in ("postgresql", "mysql")}

# The flow of docs/design.md, downhill. A folder imports only from those below it: later in this list.
ORDER = [
    "cli", "commands", "server", "sql", "connections", "plan", "engines", "houston", "spec", "items", "passwords", "audit",
    "errors", "system", "_version",
]  # fmt: skip

DRIVERS = {"psycopg", "pymysql"}
STORES = {"boto3": "passwords.aws", "botocore": "passwords.aws", "hvac": "passwords.vault"}
HEAVY = {*DRIVERS, *STORES, "jinja2", "rich", "yaml"}

REVEALING = {  # the only places where a password stops being a Secret, and why
    ("connections.strings", "url"): 1,  # into the string that is handed out, where told to
    (
        "connections.strings",
        "login_url",
    ): 1,  # into the string that verify logs in with, a Secret again
    ("connections.strings", "parts"): 1,  # into the forms of the consumers, where told to
    ("passwords.file", "keep"): 1,  # into its file
    ("passwords.command", "_keep"): 1,  # into the program that the spec names, on standard input
    ("passwords.aws", "_text"): 1,  # into Secrets Manager, over HTTPS
    ("passwords.alternating", "_split"): 1,  # a Secret again, without the name before it
    ("passwords.vault", "_add"): 1,  # into Vault
    ("connections.pgbouncer", "_secret"): 1,  # the verifier, into the userlist, where told to
    ("houston.api", "__init__"): 1,  # the token, into the header of https
    ("engines.postgresql.connection", "connect"): 1,
    ("engines.postgresql.connection", "connect_as"): 1,
    ("engines.postgresql.session", "verifier"): 1,  # libpq hashes it
    ("engines.postgresql.password_hash", "verifier"): 1,  # hashed, for a file
    ("engines.mysql.password_hash", "verifier"): 1,
    ("engines.mysql.password_rules", "unfit"): 1,  # compared with the server's rules, and let go
    ("engines.mysql.connection", "connect"): 1,
    ("engines.mysql.connection", "connect_as"): 1,
    (
        "engines.mysql.session",
        "secret",
    ): 1,  # MySQL hashes on its side: TLS, a socket or loopback only
}

PRIVILEGES = {
    *ALL, "GRANT OPTION", "CREATE USER", "TRUNCATE", "USAGE", "CONNECT", "TEMPORARY", "TRIGGER", "REFERENCES", "MAINTAIN",
}  # fmt: skip
SQL = re.compile(
    r"\s*(SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|GRANT|REVOKE|SET|SHOW|DO|BEGIN|COMMIT|ROLLBACK|WITH|CALL|USE|TRUNCATE|EXECUTE)\b"
)


def module(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(path: Path) -> Iterator[str]:
    """Full names, wherever in the module the import stands."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


# -- modules ---------------------------------------------------------------------------------------------------------------


def test_every_module_has_its_place_in_the_order() -> None:
    assert {module(path).split(".")[0] for path in MODULES} - {"__init__", "__main__"} == set(ORDER)


@pytest.mark.parametrize(
    "path", [p for p in MODULES if module(p) not in ("__init__", "__main__")], ids=module
)
def test_a_folder_imports_only_from_those_below_it(path: Path) -> None:
    room = module(path).split(".")[0]
    for name in imported(path):
        top, _, rest = name.partition(".")
        if top == "dbprov" and rest != "__version__":
            other = rest.split(".")[0]
            assert ORDER.index(other) > ORDER.index(room) or (other == room), name


def test_a_test_imports_nothing_from_another() -> None:
    """What several of them need is in tests/support, and what brings servers and programs in tests/harness."""
    for path in (ROOT / "tests").rglob("*.py"):
        rooms = {"harness"} if path.parent.name == "harness" else {"harness", "support"}
        for name in imported(path):
            package, _, rest = name.partition(".")
            assert package != "tests" or rest.split(".")[0] in rooms, f"{path}: {name}"


@pytest.mark.parametrize("path", MODULES, ids=module)
def test_drivers_are_known_to_engines_only(path: Path) -> None:
    drivers = {name.split(".")[0] for name in imported(path)} & DRIVERS
    assert not drivers or path.parent.parent.name == "engines"


@pytest.mark.parametrize("path", MODULES, ids=module)
def test_a_store_is_known_to_its_place_only(path: Path) -> None:
    """And imported in a function, when it is asked: they are extras, and slow to load."""
    stores = {name.split(".")[0] for name in imported(path)} & set(STORES)
    assert all(module(path) in (STORES[store], "spec.rds") for store in stores)
    at_once = {n.name for s in tree(path).body if isinstance(s, ast.Import) for n in s.names}
    assert not at_once & set(STORES)


@pytest.mark.parametrize("path", MODULES, ids=module)
def test_no_sql_in_python(path: Path) -> None:
    """All of it is in sql_templates/. A privilege alone is no SQL."""
    for node in ast.walk(tree(path)):
        text = node.values[0] if isinstance(node, ast.JoinedStr) and node.values else node
        if isinstance(text, ast.Constant) and isinstance(text.value, str):
            assert not SQL.match(text.value) or text.value in PRIVILEGES, (
                f"{path}:{text.lineno}: {text.value!r}"
            )


@pytest.mark.parametrize("path", MODULES, ids=module)
def test_classes_of_values_are_structs(path: Path) -> None:
    """``msgspec.Struct``: the class costs 0.01 ms; one of dataclasses 0.4, and a command loads 110."""
    assert not any(name.startswith("dataclasses") for name in imported(path))


def test_secrets_are_revealed_exactly_where_it_must_be() -> None:
    found: dict[tuple[str, str], int] = {}
    for path in MODULES:
        functions = [n for n in ast.walk(tree(path)) if isinstance(n, ast.FunctionDef)]
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Attribute) and node.attr in ("reveal", "_value"):
                around = [f for f in functions if f.lineno <= node.lineno <= (f.end_lineno or 0)]
                where = (module(path), max(around, key=lambda f: f.lineno).name)
                found[where] = found.get(where, 0) + 1
    own = {("passwords.secret", name) for name in ("__init__", "reveal", "public", "__bool__")}
    assert {where: count for where, count in found.items() if where not in own} == REVEALING


SPEAKING = {
    "click": {"echo", "secho", "echo_via_pager", "prompt", "confirm", "pause", "edit", "progressbar"},
    "traceback": {"print_exc", "print_exception", "print_tb", "print_stack", "print_last"},
    "logging": {"basicConfig", "StreamHandler", "lastResort"},
    "stdout": {"write", "writelines", "buffer"},
    "stderr": {"write", "writelines", "buffer"},
    "sys": {"__stdout__", "__stderr__"},
    "getpass": {"getpass"},
}  # fmt: skip


def said_past_the_gate(code: ast.Module) -> Iterator[str]:
    """Whatever writes to stdout or stderr, or asks on the terminal."""
    for node in ast.walk(code):
        if isinstance(node, ast.Name) and node.id in ("print", "input"):
            yield f"{node.lineno}: {node.id}"
        if isinstance(node, ast.Attribute):
            on = node.value
            name = on.attr if isinstance(on, ast.Attribute) else getattr(on, "id", "")
            if node.attr in SPEAKING.get(name, ()):
                yield f"{node.lineno}: {name}.{node.attr}"
        if isinstance(node, ast.ImportFrom):
            names = {alias.name for alias in node.names}
            if names & SPEAKING.get(node.module or "", set()):
                yield f"{node.lineno}: from {node.module} import {', '.join(names)}"


@pytest.mark.parametrize("path", MODULES, ids=module)
def test_there_is_one_way_out_for_text(path: Path) -> None:
    """cli/console.py masks secrets and what would steer a terminal; nobody else prints or asks."""
    found = list(said_past_the_gate(tree(path)))
    assert bool(found) == (module(path) == "cli.console"), found


def test_whoever_would_print_past_it_is_found() -> None:
    for line in (
        "print(1)", "f = print", "click.echo('x')", "sys.stdout.write('x')", "sys.stderr.buffer.write(b'x')",
        "traceback.print_exc()", "logging.basicConfig()", "from click import echo", "input()", "sys.__stderr__",
    ):  # fmt: skip
        assert list(said_past_the_gate(ast.parse(line))), line
    assert not list(
        said_past_the_gate(ast.parse("sys.stdout.fileno(); click.style('x'); stream.write(1)"))
    )


def test_the_gate_itself_names_where_it_writes() -> None:
    """Without ``file=`` click would write to what is guarded already, and take the colors out."""
    for node in ast.walk(tree(PACKAGE / "cli/console.py")):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "click.echo":
            assert "file" in {keyword.arg for keyword in node.keywords}, node.lineno


@pytest.mark.parametrize("path", MODULES, ids=module)
def test_rich_lays_out_and_never_writes(path: Path) -> None:
    """Only cli/terminal.py has it, and a text for each Console: what is masked passes cli/console.py."""
    uses = "rich" in {name.partition(".")[0] for name in imported(path)}
    assert uses == (module(path) == "cli.terminal")
    for node in ast.walk(tree(path)) if uses else ():
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Console"):
            files = [ast.unparse(k.value) for k in node.keywords if k.arg == "file"]
            assert files == ["io.StringIO()"], node.lineno


@pytest.mark.parametrize("path", MODULES, ids=module)
def test_a_module_is_read_in_one_sitting(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 500


# -- engines ---------------------------------------------------------------------------------------------------------------

PARTS = [name for name, made in vars(Engine).items() if isinstance(made, cached_property)]


def protocols() -> dict[str, dict[str, ast.stmt]]:
    """What each module of an engine holds, by the name of the module."""
    classes = {
        n.name: n for n in tree(PACKAGE / "engines/engine.py").body if isinstance(n, ast.ClassDef)
    }
    found: dict[str, dict[str, ast.stmt]] = {}
    for part in PARTS:
        name = "".join(word.title() for word in part.split("_"))
        made = [n for n in classes[name].body if isinstance(n, (ast.AnnAssign, ast.FunctionDef))]
        found[part] = {
            n.name if isinstance(n, ast.FunctionDef) else ast.unparse(n.target): n for n in made
        }
    return found


def test_what_is_known_of_an_engine_is_little() -> None:
    assert len(PARTS) == 12
    assert all(len(names) <= 25 for names in protocols().values())


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("part", PARTS)
def test_a_module_of_an_engine_has_every_name_with_the_same_arguments(name: str, part: str) -> None:
    there = getattr(ENGINES[name], part)
    for one, node in protocols()[part].items():
        if isinstance(node, ast.FunctionDef):
            wanted = [a.arg for a in (*node.args.args, *node.args.kwonlyargs) if a.arg != "self"]
            assert list(inspect.signature(getattr(there, one)).parameters) == wanted, one
        else:
            assert hasattr(there, one), one


def test_both_engines_have_the_same_modules() -> None:
    """But for those that only one of them needs."""
    folders = [{p.stem for p in (PACKAGE / "engines" / name).glob("*.py")} for name in ENGINES]
    assert {*PARTS, "__init__"} <= folders[0] & folders[1]
    assert folders[0] ^ folders[1] == {"auth_plugins", "option_files", "password_rules"}


# -- templates -------------------------------------------------------------------------------------------------------------

LOCKS = ("mysql.user", "mysql.global_priv")
KNOWN: dict[str, list[Facts]] = {
    "postgresql": [facts("postgresql", (number,)) for number in (13, 14, 15, 16, 17, 18)],
    "mysql": [facts("mysql"), facts("mariadb"), facts("mysql", partial_revokes="1")]
    + [facts("mysql", account_locks=table) for table in LOCKS],
}
USERS = [{"name": f"{HOSTILE}{access}"[-30:], "access": access, "connection_limit": limit}
         for access, limit in (("all", None), ("all", 5), ("owner", 5), ("write", None), ("read", 1))]  # fmt: skip
USERS.append({"access": "read", "auth": "iam", "connection_limit": 2})
for number, user in enumerate(USERS):
    user["name"] = f"{number}{HOSTILE}"[:32]
WORDS: dict[str, Any] = {
    "rows": [
        ("database", HOSTILE, HOSTILE, ("CONNECT",)),
        ("schema", HOSTILE, None, ("CREATE", "USAGE")),
    ],
    "grants": [
        (
            [HOSTILE],
            [{"objects": o, "schema": HOSTILE, "grantee": HOSTILE, "privileges": ["SELECT"]}],
        )
        for o in ("TABLES", "SEQUENCES", "ROUTINES")
    ],
    "objects": ("TABLES",),
    "accounts": ((HOSTILE, HOSTILE),),
    "grantee": HOSTILE,
    "schema": HOSTILE,
    **dict.fromkeys(
        (
            "admin",
            "host",
            "role",
            "user",
            "database",
            "what",
            "conninfo",
            "probe",
            "referring",
            "later",
            "extension",
            "preset",
            "role_host",
            "name",
            "mandatory",
        ),
        HOSTILE,
    ),
    **dict.fromkeys(("function", "procedure", "table", "schema"), HOSTILE),
    "lines": (HOSTILE, ""),
    "attribute": ("CREATEDB CREATEROLE",),
    "sort": ("ALL TABLES IN SCHEMA",),
    "option": True,
    "things": ((HOSTILE, HOSTILE),),
    "rights": True,
    "roles": (HOSTILE,),
    "variable": "some_password",
    "privileges": ("SELECT", "UPDATE"),
    "schemas": (HOSTILE,),
    "users": (HOSTILE,),
    "databases": (HOSTILE,),
    "names": (HOSTILE,),
    "busy": 3,
    "session": 7,
    "keys": (7, 8),
    "statement": HOSTILE,
    "source": "database user",
    "mariadb": True,
    "cached": True,
}
"""What is handed to the templates that are no Item's."""


AROUND = [
    {"name": HOSTILE, "pattern": HOSTILE, "through": HOSTILE, "statement": HOSTILE} for _ in "ab"
]
TURNS = [{**USERS[1], "rotation": "two-users"}]


def hostile(engine: str) -> list[Any]:
    more: list[dict[str, Any]] = [{"isolate": True}, {"isolate": False}, {}]
    if engine == "postgresql":
        more = [
            {
                **keys,
                "schemas": [HOSTILE, "public"],
                "extensions": [HOSTILE],
                "encoding": "UTF8",
                "collation": HOSTILE,
            }
            for keys in more
        ]
        more += [{"schemas": ["public"]}]
        more += [{"schemas": [HOSTILE], "users": TURNS}]
    else:
        more += [{"collation": "utf8mb4_bin"}]
    return [deployment(engine, database=HOSTILE, **{"users": USERS, **keys}) for keys in more] + [
        deployment(engine)
    ]


def varied(item: Item) -> Iterator[Item]:
    """As found, or as an undo has it."""
    if isinstance(item, Membership):
        yield Membership(role=HOSTILE, lent=("INHERIT", "SET"))
    if isinstance(item, Isolation):
        yield replace(item, before=("CONNECT",))
    if isinstance(item, ObjectGrant):
        yield replace(item, lacking=(HOSTILE, "b"), columns=(HOSTILE,))
    if isinstance(item, User):
        yield replace(item, can_login=False, connection_limit=-1)
    if isinstance(item, PatternGrant):
        yield replace(item, grant_option=True)


def items(engine: str, known: Facts) -> Iterator[Item]:
    for made in hostile(engine):
        for item in expanded(made, known):
            yield item
            if isinstance(item, (Grant, ObjectGrant)):
                yield replace(item, direct=True)
            yield from varied(item)
        if engine == "postgresql":
            for sort in ("TABLE", "ROUTINE"):
                types: dict[str, Any] = {
                    "argument_schemas": (HOSTILE, "b"),
                    "argument_types": ("a", HOSTILE),
                }
                names: dict[str, Any] = {"schema": HOSTILE, "owner": HOSTILE, "name": HOSTILE}
                yield ObjectOwner(
                    inside=HOSTILE, sort=sort, **names, **(types if sort == "ROUTINE" else {})
                )
                yield ObjectOwner(
                    **names, formers=(HOSTILE, "b"), own=(HOSTILE, "b"), named=(HOSTILE, "b")
                )


TRACES: list[Item] = [
    Lockout(user=HOSTILE, host=HOSTILE),
    UserSession(user=HOSTILE, host=HOSTILE, number=7),
    UserSession(user=HOSTILE, host=HOSTILE, number=7, means="procedure"),
    UserSession(user=None, database=HOSTILE, number=7),
    Belongings(user=HOSTILE, host=HOSTILE, database=HOSTILE, new_owner=HOSTILE),
    Belongings(user=HOSTILE, database=HOSTILE, new_owner=HOSTILE, inside=HOSTILE),
    Belongings(user=HOSTILE, database="shop", new_owner=HOSTILE, inside=HOSTILE),
    Reassignment(user=HOSTILE, new_owner=HOSTILE, inside=HOSTILE),
    Contents(name=HOSTILE),
    RoutineAccess(routine=(HOSTILE, HOSTILE), public=True),
    RoutineAccess(routine=(HOSTILE, HOSTILE, HOSTILE, "b"), public=True, grantees=(HOSTILE, "b")),
    Password(user=HOSTILE, host=HOSTILE, place=EnvPlace("P")),
    Password(user=HOSTILE, host=HOSTILE, place=EnvPlace("P"), retain=True, turns=True),
    OldPassword(user=HOSTILE, host=HOSTILE),
]
"""What a departure looks at and ends, and what a rotation sets; never wanted, so no spec expands to it."""
EMPTINESS = Emptiness(database=HOSTILE)
"""What an undo asks before it drops a database."""


def held(engine: str) -> list[Item]:
    """What users may hold beyond the spec, as the questions of surplus/ find it."""
    said: dict[str, Any] = {
        "grantee": HOSTILE,
        "grantor": HOSTILE,
        "privileges": ("SELECT", "UPDATE"),
    }
    if engine == "mysql":
        said |= {"host": HOSTILE}
    two = (HOSTILE, HOSTILE)
    sorts: dict[str, tuple[tuple[str, ...], ...]] = {
        "DATABASE": ((HOSTILE,),),
        "TABLE": (two,),
        "COLUMN": ((*two, HOSTILE),),
    }
    sorts |= (
        {"ROUTINE": ((*two, *two, *two),)}
        if engine == "postgresql"
        else {"FUNCTION": (two,), "GLOBAL": ()}
    )
    found: list[Item] = [
        AclEntry(**said, sort=sort, things=things, option=option, option_only=option)
        for sort, things in sorts.items()
        for option in (False, True)
    ]
    found += [
        RoleEntry(**said, role=HOSTILE, role_host=host, option=bool(host), option_only=bool(host))
        for host in ("", HOSTILE)
    ]
    if engine == "postgresql":
        found += [
            DefaultEntry(
                **said,
                objects="TABLES",
                schema=schema,
                option=schema is None,
                option_only=schema is None,
            )
            for schema in (None, HOSTILE)
        ]
        found += [Attribute(grantee=HOSTILE, privileges=("CREATEDB",)), ActingAs(role=HOSTILE)]
    return found


@cache
def rendered(engine: str) -> tuple[tuple[str, str], ...]:
    """Every template with hostile values, as often as it can differ: its name, and its text."""
    return tuple(_rendered(engine))


def _rendered(engine: str) -> Iterator[tuple[str, str]]:
    for known in KNOWN[engine]:
        render = renderer(known.flavor, known)
        for item in (*items(engine, known), *TRACES, EMPTINESS):
            for verb in sorted(VERBS & set(blocks(engine).get(item.kind, {}))):
                if isinstance(item, UserSession) and item.user is None and verb == "drop":
                    continue  # what is ended has a user
                if isinstance(item, Isolation) and not item.before and verb == "drop":
                    continue  # what PUBLIC had is given again
                yield f"{item.kind}/{verb}", render.item(item, verb)
        for thing in held(engine):
            for verb in ("create", "drop"):
                yield f"{thing.kind}/{verb}", render.item(thing, verb)
        for made in hostile(engine):
            for question in ENGINES[engine].extra_grants.questions(made.accounts, known):
                yield question.template, render.text(question.template, **question.values)
            for account in made.accounts:
                for trial in [
                    *ENGINES[engine].verify.trials(made, account, known, HOSTILE),
                    *ENGINES[engine].verify.trials(made, account, known, HOSTILE, (), AROUND),
                    *ENGINES[engine].verify.cleanup(made, HOSTILE),
                ]:
                    yield (
                        f"verify/{trial.template}",
                        render.text(f"verify/{trial.template}", **trial.values),
                    )
        for name in sorted(texts(engine)):
            yield name, render.text(name, **WORDS)


def texts(engine: str) -> set[str]:
    """Templates that the code asks for by their name, and that are no Item's."""
    asked: set[str] = {
        *ENGINES[engine].connection.SESSION,
        *ENGINES[engine].connection.FACTS,
    }
    for path in MODULES:
        if path.parent.name != "engines" or path.stem.startswith(engine):
            for node in ast.walk(tree(path)):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    asked.add(node.value)
    known = (*items(engine, KNOWN[engine][0]), *TRACES, EMPTINESS, *held(engine))
    kinds = {item.kind for item in known}
    there = {
        name
        for name in names(engine)
        if name.split("/")[0] != "extra_grants"
        and (name.split("/")[0] not in kinds or name.split("/")[1] not in VERBS)
    }
    return {name for name in there if name in asked}


VERBS = {"inspect", "create", "alter", "drop", "guard", "ensure", "restore"}
BLOCK = re.compile(r"^{% block (\w+) %}\n(.*?)\n{% endblock %}$", re.DOTALL | re.MULTILINE)


@cache
def blocks(engine: str) -> dict[str, dict[str, str]]:
    """The text of each block, by file."""
    return {
        file.stem: dict(BLOCK.findall(file.read_text(encoding="utf-8")))
        for file in (TEMPLATES / engine).glob("*.sql")
    }


def names(engine: str) -> set[str]:
    """file/block of each."""
    return {f"{file}/{block}" for file, found in blocks(engine).items() for block in found}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_template_holds_blocks_and_nothing_else(engine: str) -> None:
    """What stands outside of a block would never be run, and one that is named twice never seen."""
    for file in (TEMPLATES / engine).glob("*.sql"):
        text = file.read_text(encoding="utf-8")
        assert not BLOCK.sub("", text).strip(), file
        assert text.count("{% block ") == len(blocks(engine)[file.stem]), file
        assert "{% extends" not in text
    for file in (TEMPLATES / engine).rglob("*"):
        assert file.is_dir() or file.suffix != ".sql" or file.parent.name in (engine, "fragments")


@pytest.mark.parametrize("engine", ENGINES)
def test_every_kind_can_be_looked_at_and_made(engine: str) -> None:
    kinds = {item.kind for known in KNOWN[engine] for item in items(engine, known)}
    for kind in kinds:
        assert {f"{kind}/inspect", f"{kind}/create"} <= names(engine)
    kinds |= {item.kind for item in (*TRACES, EMPTINESS)}
    found = {item.kind for item in held(engine)}
    for kind in found:  # found by the questions of extra_grants, given and taken like any other
        assert {n for n in names(engine) if n.startswith(f"{kind}/")} == {
            f"{kind}/create",
            f"{kind}/drop",
        }
    assert found == {*HELD, "acting"} & {name.split("/")[0] for name in names(engine)}
    assert set(blocks(engine)) - kinds - found <= {
        "adopt",
        "airflow",
        "extra_grants",
        "existing",
        "foreseen",
        "verify",
        "check",
        "remedy",
        "script",
        "lock",
        "session",
    }, "no file is unused"
    for name in names(engine) - {"user/verifiers"}:
        kind, _, verb = name.partition("/")
        assert kind not in kinds or verb in VERBS, name


def test_every_step_of_a_plan_has_its_template() -> None:
    """Also of the alterations: whatever is found lacking can be altered."""
    for engine in ENGINES:
        there = names(engine)
        there |= {
            f"{name.removesuffix('create')}alter" for name in there if name.endswith("/create")
        }
        for known in KNOWN[engine]:
            for made in hostile(engine):
                for step in compare((item, None) for item in expanded(made, known)):
                    assert f"{step.item.kind}/{step.verb}" in there
        altered = {
            item.kind
            for item in items(engine, KNOWN[engine][0])
            if type(item).satisfied_by is not Item.satisfied_by
        }
        assert {f"{kind}/alter" for kind in altered} <= there


@pytest.mark.parametrize("engine", ENGINES)
def test_no_template_is_unused(engine: str) -> None:
    included = set()
    fragments = {f"fragments/{p.stem}" for p in (TEMPLATES / engine / "fragments").glob("*.sql")}
    for file in (TEMPLATES / engine).rglob("*.sql"):
        included |= set(
            re.findall(
                rf'{{% include "{engine}/([^"]+)\.sql" %}}', file.read_text(encoding="utf-8")
            )
        )
    assert names(engine) - {name for name, _ in rendered(engine)} == set()
    assert included == fragments


QUOTED = {
    "postgresql": re.compile(
        r"""E'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|:'\w+'""", re.DOTALL
    ),
    "mysql": re.compile(r"""'(?:[^'\\]|''|\\.)*'|`(?:[^`]|``)*`|\$\{\w+\}""", re.DOTALL),
}
BODY = re.compile(r"\ADO \$dbprov\$(.*?)\$dbprov\$", re.DOTALL)


@pytest.mark.parametrize("engine", ENGINES)
def test_hostile_values_stay_in_their_quotes_and_one_template_is_one_statement(engine: str) -> None:
    for name, text in set(rendered(engine)):
        assert text.strip() or name.endswith("/guard"), name
        if name.startswith("script/"):
            continue
        for body in BODY.findall(text):
            inner = QUOTED[engine].sub("", body)
            assert not re.search(r"""['"`$\\]|--|/\*|\{\{""", inner), f"{name}: {inner}"
        bare = QUOTED[engine].sub("", BODY.sub("", text))
        assert not re.search(r"""[;'"`$\\]|--|/\*|\{\{|ü""", bare), f"{name}: {bare}"


@pytest.mark.parametrize(
    "path", sorted((ROOT / "sql_templates" / "mysql").rglob("*.sql")), ids=lambda p: p.name
)
def test_no_alias_is_a_reserved_word_of_any_mysql(path: Path) -> None:
    """Or it is quoted: a reserved one makes the whole statement a syntax error (T54)."""
    text = re.sub(r"{#.*?#}", "", path.read_text(), flags=re.DOTALL)
    aliases = set(re.findall(r"(?i)\bAS\s+([a-z_][a-z0-9_]*)", text)) - {"BINARY", "SIGNED"}
    assert {alias for alias in aliases if alias.lower() in RESERVED_IN_MYSQL} == set()


@pytest.mark.parametrize("engine", ENGINES)
def test_hostile_values_end_no_line_of_a_script(engine: str) -> None:
    for name, text in set(rendered(engine)):
        if name.startswith("script/"):
            asked = r"`printenv \w+(?: >/dev/null && echo 1 \|\| echo 0)?`"  # of the shell, by psql
            for line in re.sub(rf"\$dbprov\$|{asked}", "", text).splitlines():
                bare = QUOTED[engine].sub("", line)
                assert line.startswith("--") or not re.search(r"""['"`$]|--|\{\{""", bare), (
                    f"{name}: {line}"
                )


class Unqualified(Visitor):
    """What PostgreSQL would look up in the search_path: that may be preset by whoever owns the database (CVE-2018-1058)."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def visit_FuncCall(self, _: Any, node: Any) -> None:
        self.unqualified("function", node.funcname)

    def visit_A_Expr(self, _: Any, node: Any) -> None:
        """Operators; IN, LIKE, BETWEEN, NULLIF and IS DISTINCT FROM are operators of the path too."""
        self.unqualified(f"operator of {node.kind.name}", node.name)

    def visit_TypeName(self, _: Any, node: Any) -> None:
        self.unqualified("type", node.names)  # integer, boolean and the like are pg_catalog's own

    def visit_SubLink(self, _: Any, node: Any) -> None:
        if node.testexpr is not None:
            self.unqualified("operator of a subquery", node.operName or ("IN",))

    def visit_RangeVar(self, _: Any, node: Any) -> None:
        self.unqualified("relation", (node.schemaname, node.relname)[node.schemaname is None :])

    def visit_CaseExpr(self, _: Any, node: Any) -> None:
        if node.arg is not None:
            self.names.append("operator = of CASE")

    def visit_JoinExpr(self, _: Any, node: Any) -> None:
        if node.usingClause or node.isNatural:
            self.names.append("operator = of JOIN USING")

    def unqualified(self, what: str, names: tuple[Any, ...] | None) -> None:
        """But for the probes: the user makes them, where its path begins, and under a name that nobody else knows."""
        name = getattr(names[-1], "sval", names[-1]) if names else ""
        if names and len(names) == 1 and HOSTILE not in name:
            self.names.append(f"{what} {name}")


@pytest.mark.attack("a template that looks up a name in a search_path which others chose")
def test_nothing_is_looked_up_before_the_search_path_is_set() -> None:
    """The first statement of the admin's sessions, and all that runs as a user, whose path stays as its application has it."""
    checked = set()
    for name, text in sorted(set(rendered("postgresql"))):
        if name.startswith("verify/") or name == ENGINES["postgresql"].connection.SESSION[0]:
            found = Unqualified()
            found(parse_sql(text.replace(repr(HOSTILE)[1:-1], "x")))
            # What the user made itself, in the schema that its path begins with: that is what is tried.
            own = {f"function {HOSTILE}"} if name == "verify/call_function" else set()
            assert set(found.names) <= own, name
            checked.add(name)
    assert {n for n in names("postgresql") if n.startswith("verify/")} | {"session/path"} == checked


TOLD = re.compile(r"remedy/|lock/end$|.*/(create|alter|drop)$")
"""What dbprov may tell somebody else to run, beside what it runs itself."""


@pytest.mark.attack("a statement told to a colleague, under a search_path of others")
def test_a_statement_for_a_colleague_looks_nothing_up() -> None:
    """GRANT, ALTER and the like call nothing; blocks are looked at below."""
    checked = set()
    for name, text in sorted(set(rendered("postgresql"))):
        if TOLD.match(name) and text.startswith(("SELECT", "WITH")):
            found = Unqualified()
            found(parse_sql(text))
            assert found.names == [], name
            checked.add(name)
    assert checked >= {"lock/end", "sessions/drop"}


@pytest.mark.attack("SQL told to a colleague is run with a search_path of others")
def test_a_block_sets_its_search_path_before_it_looks_anything_up() -> None:
    """What dbprov tells others to run is run in sessions of theirs; types of DECLARE are looked up before its first statement."""
    blocks = 0
    for name, text in sorted(set(rendered("postgresql"))):
        for body in BODY.findall(text):
            declared, began, rest = body.partition("BEGIN\n")
            assert began, name
            assert rest.startswith(
                "    PERFORM pg_catalog.set_config('search_path', '', true);\n"
            ), rest
            types = re.findall(r"^    \w+ (\S+);$", declared, re.MULTILINE)
            assert all(one.startswith("pg_catalog.") for one in types), name
            blocks += 1
    assert blocks > 10


@pytest.mark.parametrize(
    "text",
    ["SELECT format('a')", "SELECT 1 = 1", "SELECT '1'::text", "SELECT FROM pg_roles", "SELECT 1 IN (2)", "SELECT nullif(1, 2)",
     "SELECT CASE 1 WHEN 2 THEN 3 END", "SELECT 1 IN (SELECT 2)", "SELECT 'a' LIKE 'b'", "SELECT 1 BETWEEN 2 AND 3",
     "SELECT 1 IS DISTINCT FROM 2", "SELECT FROM x.a JOIN x.b USING (c)", "SELECT CAST(1 AS name)", "SELECT 1 = ANY (ARRAY[1])"],
)  # fmt: skip
def test_what_is_not_qualified_is_found(text: str) -> None:
    found = Unqualified()
    found(parse_sql(text))
    assert found.names


def test_only_a_user_is_made_with_a_password() -> None:
    for engine in ENGINES:
        with_password = {
            f"{file}/{block}"
            for file, found in blocks(engine).items()
            for block, text in found.items()
            if re.search(r"\|\s*password\b", text)
        }
        assert with_password == {"user/create", "password/create"}
    assert EnvPlace("P").name == "P"


# -- the command line, the README, the package -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_an_example_and_is_in_the_readme(name: str) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    example = re.search(
        r"^\s*Example: (dbprov .*)$",
        inspect.getdoc(command(name).callback) or "",
        re.MULTILINE,
    )
    assert example
    assert example[1].startswith(f"dbprov {name}")
    assert f"dbprov {name}" in readme


def test_the_specs_of_the_readme_load() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = [
        text
        for text in re.findall(r"^```yaml\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
        if "deployments:" in text
    ]
    assert blocks
    for text in blocks:
        without_files = re.sub(r"\b(ca|cert|key): [\w./-]+,?", "", text)  # none of them is here
        assert reader.parse(without_files, "README.md", FOLDER).deployments


@pytest.mark.parametrize(
    "program",
    ["import dbprov", "from dbprov.cli import main; main(['--help'], standalone_mode=False)",
     "from dbprov.cli import main; main(['apply', '--help'], standalone_mode=False)",
     "from dbprov.cli import main; main(['schema'], standalone_mode=False)"],
)  # fmt: skip
def test_small_commands_load_nothing_heavy(program: str) -> None:
    asked = f"{program}\nimport sys\nprint('loaded', *sorted({HEAVY!r} & set(sys.modules)))"
    ended = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, timeout=60, check=True
    )
    assert ended.stdout.splitlines()[-1] == "loaded"


def test_a_plan_in_a_pipe_loads_no_rich() -> None:
    program = (
        "import sys, contextlib, dbprov.commands.plan as one, dbprov.commands.servers as two\n"
        "from tests.support.made import deployment, expanded, facts\n"
        "from dbprov.plan.plan import Plan; from dbprov.plan.steps import compare\n"
        "steps = tuple(compare((item, None) for item in expanded(deployment())))\n"
        "plan = Plan(deployment(), steps, ('SOME',) * len(steps), facts())\n"
        "one.plan = lambda *_, **__: plan\n"
        "two.servers = lambda spec, *_, **__: contextlib.nullcontext({d: None for d in spec.deployments})\n"
        "from dbprov.cli import main\n"
        "flags = '--server postgresql://dba@h/p --name a --database d --user u'\n"
        "main(['plan', *flags.split()], standalone_mode=False)\n"
    )
    shown = "try: exec(sys.argv[1])\nexcept SystemExit: print('loaded', 'rich' in sys.modules)"
    ended = subprocess.run(
        [sys.executable, "-c", f"import sys\n{shown}", program],
        capture_output=True, text=True, timeout=60, check=True, cwd=ROOT,
    )  # fmt: skip
    assert "+ create user" in ended.stdout
    assert ended.stdout.splitlines()[-1] == "loaded False"


def test_every_exported_name_is_there() -> None:
    for name in dbprov.__all__:
        assert getattr(dbprov, name).__module__.startswith("dbprov.")
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        dbprov.nothing  # noqa: B018
    source = (PACKAGE / "__init__.py").read_text(encoding="utf-8")
    assert set(
        re.findall(r"^    from dbprov\.[\w.]+ import (\w+) as \1$", source, re.MULTILINE)
    ) == set(dbprov.__all__)


def test_the_commands_are_functions_of_the_package() -> None:
    """The folders plan/ and connections/ hide neither, whoever imported them."""
    program = (
        "import dbprov, dbprov.plan.steps, dbprov.connections.strings\n"
        "for verb in 'plan apply verify render connections check drop rotate adopt import_'.split():\n"
        "    assert verb in dir(dbprov)\n"
        "    assert getattr(dbprov, verb).__name__ == verb, verb\n"
    )
    subprocess.run([sys.executable, "-c", program], timeout=60, check=True)


def test_the_version_stands_once() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["dynamic"] == ["version"]
    assert "version" not in project["project"]
    assert project["tool"]["hatch"]["version"]["path"] == "dbprov/_version.py"
    assert re.fullmatch(r"\d+\.\d+\.\d+", dbprov.__version__)


def test_the_oldest_python_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["requires-python"] == ">=3.11"
    assert project["tool"]["ruff"]["target-version"] == "py311"
    assert project["tool"]["mypy"]["python_version"] == "3.11"
    assert project["tool"]["mypy"]["strict"] is True


def test_the_package_carries_its_templates() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"] == {
        "sql_templates": "dbprov/sql_templates"
    }
    assert project["project"]["scripts"] == {"dbprov": "dbprov.cli:main"}


# -- an Item knows its own ways --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["engines/postgresql/limits.py", "engines/mysql/limits.py"])
def test_what_stands_in_the_way_of_an_item_it_says_itself(path: str) -> None:
    assert "isinstance(" not in (PACKAGE / path).read_text(encoding="utf-8")


def test_how_an_item_is_taken_back_it_says_itself() -> None:
    """``undo`` reads what a plan makes as a whole, and asks nothing else of what kind a step is."""
    tree = ast.parse((PACKAGE / "plan/undo.py").read_text(encoding="utf-8"))
    asking = {
        function.name
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef) and "isinstance(" in ast.unparse(function)
    }
    assert asking == {"made_by", "undo"}
    [loans] = [f for f in ast.walk(tree) if isinstance(f, ast.FunctionDef) and f.name == "undo"]
    assert ast.unparse(loans).count("isinstance(") == 1  # which loans the plan has


# -- a key of the spec is declared once ------------------------------------------------------------------------------------

KEYS_OF_A_SPEC = sorted({str(key) for one in mappings(keys.SPEC) for key in one.keys})
SPELLED_IN_YAML = re.compile(r"[\s-]*(?:" + "|".join(KEYS_OF_A_SPEC) + r"): .*", re.DOTALL)
READERS = [
    *(PACKAGE / f"spec/{name}.py" for name in ("reader", "accounts", "password", "tls", "schema", "values", "writer")),
    PACKAGE / "cli/spec_options.py", PACKAGE / "cli/import_.py", PACKAGE / "cli/schema.py",
]  # fmt: skip


def _looked_up(tree: ast.AST) -> Iterator[ast.expr]:
    """What a mapping is asked for: m[x], m.get(x), m.pop(x), x in m."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript):
            yield node.slice
        elif isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.In, ast.NotIn)):
            yield node.left
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ("get", "pop")
        ):
            yield from node.args[:1]


def test_nothing_else_spells_a_key_of_the_spec() -> None:
    """Who reads or writes a spec takes its keys from the declarations."""
    found = []
    for path in READERS:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        asked = [
            one
            for one in _looked_up(tree)
            if isinstance(one, ast.Constant) and one.value in KEYS_OF_A_SPEC
        ]
        written = [
            one
            for one in ast.walk(tree)
            if isinstance(one, ast.Constant)
            and isinstance(one.value, str)
            and SPELLED_IN_YAML.fullmatch(one.value)
        ]
        found += [f"{path.name}:{one.lineno}: {one.value!r}" for one in (*asked, *written)]
    assert found == []


def test_the_reference_page_is_the_declarations() -> None:
    page = (ROOT / "docs/spec.md").read_text(encoding="utf-8")
    assert page == reference(), "dbprov schema --markdown > docs/spec.md"


# -- the rules that comments cite ------------------------------------------------------------------------------------------

RULE = re.compile(r"\b(T[0-9]{1,2}|[A-G]\.[0-9])\b")


def cited() -> Iterator[tuple[str, str]]:
    """Each rule that a comment, a docstring or a template names, and where."""
    paths = [*MODULES, *TEMPLATES.rglob("*.sql"), *(ROOT / "tests").rglob("*.py")]
    for path in paths:
        for found in RULE.findall(path.read_text(encoding="utf-8")):
            yield found, str(path.relative_to(ROOT))


def test_every_rule_that_is_cited_is_in_the_list_and_the_other_way_round() -> None:
    text = (ROOT / "docs/traps.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\*\*(\S+)\*\* ", text, re.MULTILINE)
    assert len(listed) == len(set(listed))
    there = dict(cited())
    assert {rule: path for rule, path in there.items() if rule not in listed} == {}
    assert set(listed) - set(there) == set()


@pytest.mark.parametrize("path", MODULES, ids=module)
def test_no_text_that_a_user_sees_names_a_rule(path: Path) -> None:
    code = tree(path)
    apart = {
        id(node.body[0].value)
        for node in ast.walk(code)
        if isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    apart |= {id(n.value) for n in ast.walk(code) if isinstance(n, ast.Expr)}  # of an attribute
    for node in ast.walk(code):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in apart:
            assert not RULE.search(node.value), f"{path}:{node.lineno}: {node.value!r}"


def test_the_package_holds_folders_and_little_else() -> None:
    there = {path.name for path in PACKAGE.iterdir() if path.is_file()}
    assert there == {"__init__.py", "__main__.py", "_version.py", "errors.py", "py.typed"}


def test_no_modules_import_each_other_in_a_circle() -> None:
    """At their top: what is imported in a function, or for types only, is no circle when Python runs it."""
    known = {module(path): path for path in MODULES}

    def found(path: Path) -> set[str]:
        here = set()
        for node in tree(path).body:
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("dbprov"):
                base = (node.module or "").removeprefix("dbprov").lstrip(".")
                for alias in node.names:
                    full = f"{base}.{alias.name}".lstrip(".")
                    here.add(full if full in known else base)
        return here & set(known)

    graph = {name: found(path) - {name} for name, path in known.items()}
    while graph:
        ends = {name for name, uses in graph.items() if not uses & set(graph)}
        assert ends, f"in a circle: {sorted(graph)}"
        graph = {name: uses for name, uses in graph.items() if name not in ends}
