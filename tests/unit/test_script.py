"""The files of SQL as a reviewer sees them. ``pytest --update-golden`` writes tests/golden anew; read the difference."""

from __future__ import annotations

import re
from difflib import unified_diff
from pathlib import Path

import pytest
from msgspec.structs import replace

from dbprov.commands.render import render
from dbprov.engines.engine import of
from dbprov.errors import UsageError
from dbprov.items import DefaultGrant
from dbprov.plan.steps import Step, compare, folded
from dbprov.spec import names, reader
from dbprov.spec.model import Spec
from dbprov.sql.quoted import comment_lines
from dbprov.sql.render import Renderer
from dbprov.sql.script import _terminated, script
from tests.support.made import FOLDER, deployment, expanded, facts, parsed, renderer

TESTS = Path(__file__).parent.parent
SPECS = sorted((TESTS / "specs").glob("*.yaml"))


def loaded(path: Path) -> Spec:
    """As if it lay in a folder of its own: nothing of this machine is in a script."""
    return reader.parse(path.read_text(encoding="utf-8"), path.name, FOLDER)


def written(path: Path) -> str:
    made = loaded(path)
    flavor = "mariadb" if path.stem == "mariadb" else None
    (text,) = render(made, flavor=flavor).values()
    return text


def golden(path: Path) -> Path:
    return TESTS / "golden" / loaded(path).deployments[0].server.engine / f"{path.stem}.sql"


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_golden(path: Path, request: pytest.FixtureRequest) -> None:
    text, file = written(path), golden(path)
    if request.config.getoption("--update-golden"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert file.is_file(), "pytest --update-golden writes it"
    assert text == file.read_text(encoding="utf-8")


def test_no_golden_file_is_left_over() -> None:
    engines = [TESTS / "golden" / engine for engine in ("postgresql", "mysql")]
    assert {p for e in engines for p in e.rglob("*.sql")} == {golden(path) for path in SPECS}


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_the_same_spec_makes_the_same_bytes(path: Path) -> None:
    assert written(path) == written(path)
    assert written(path).endswith("\n")
    assert not re.search(r"[ \t]$", written(path), re.MULTILINE)


QUERIES = [
    renderer().text("script/object_grants", grants=[]),
    renderer().text("script/check", rows=[]),
]


def as_written(render: Renderer, step: Step) -> str:
    """Of what exists the server is asked; all else is the statement that apply sends."""
    item = step.item
    if item.kind == "object_grant":
        query = render.text("script/object_grants", grants=[([], [item])])
        return query.partition("(VALUES\n")[2].partition("\n) AS w")[0]
    return render.item(item, step.verb) + ";"


def above(words: str) -> str:
    return "".join(f"-- {line}\n" for line in comment_lines(words))


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_a_comment_stands_over_each_statement(path: Path) -> None:
    """It names the step; between the comment and the statement there is only the question whether it is needed."""
    made = loaded(path).deployments[0]
    flavor = "mariadb" if path.stem == "mariadb" else made.server.engine
    items = expanded(made, facts(flavor))
    steps = compare((item, None) for item in items)
    statements = written(path).partition("\n\n")[2]
    comments = re.findall(r"^-- \S.*\n(?:--     .*\n)*", statements, re.MULTILINE)
    ours = [f"{line}\n" for text in QUERIES for line in text.splitlines()]
    assert [one for one in comments if one not in ours] == [
        above(words) for words, _ in folded(steps)
    ]
    render = renderer(flavor)
    text = written(path)
    for words, together in folded(steps):
        at = text.index(above(words))
        between, found, _ = text[at:].partition(as_written(render, together[0]))
        assert found, words
        between = between.removeprefix(above(words))
        assert all(line.startswith("\\") or "\\gset" in between for line in between.splitlines())
        assert not between.startswith("-- ")
        assert "\n-- " not in between, "no other comment comes between"
        text = text[at + 3 :]
        text = text.removeprefix(above(words)[3:])
        for step in together:
            assert as_written(render, step) in text.partition("\n-- ")[0] + ";", step


def test_one_comment_stands_over_statements_that_differ_in_the_kind_of_object_alone() -> None:
    tables = DefaultGrant(
        schema="s", objects="TABLES", creator=None, grantee="u", privileges=("SELECT",)
    )
    sequences = replace(tables, objects="SEQUENCES")
    writes = replace(tables, privileges=("INSERT",))
    steps = [
        Step("create", one) for one in (tables, sequences, writes, replace(writes, inside="d"))
    ]
    steps += [Step("drop", replace(writes, inside="d"))]
    assert [(words, len(group)) for words, group in folded(steps)] == [
        ('grant SELECT on future tables, sequences of this admin in schema "s" for "u"', 2),
        ('grant INSERT on future tables of this admin in schema "s" for "u"', 1),
        ('grant INSERT on future tables of this admin in schema "s" for "u"', 1),
        ('revoke INSERT on future tables of this admin in schema "s" for "u"', 1),
    ]


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_the_head_says_what_it_is_for_whom_and_what_it_asks_for(path: Path) -> None:
    made, text = loaded(path).deployments[0], written(path)
    head = text.partition("\n\n")[0]
    assert head.splitlines()[0].startswith(f"-- {made.name}: database ")
    assert "no" in head
    for account in made.accounts:
        assert names.variable(account.name) in head
        assert str(account.place) in head
    assert re.search(
        {"postgresql": "psql ", "mysql": r"\|\n--     (mysql|mariadb) "}[made.server.engine], head
    )
    assert str(Path.home()) not in text
    assert "a superuser or the restricted" in head
    assert len(head.partition("\n--\n")[0].splitlines()) <= 11, "what it does, in ten lines"


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_ifs_and_transactions_are_closed(path: Path) -> None:
    lines = written(path).split("\n")
    for opened, closed in (("\\if ", "\\endif"), ("BEGIN;", "COMMIT;")):
        depth = 0
        for line in lines:
            depth += line.startswith(opened) - line.endswith(closed)
            assert depth in (0, 1)
        assert depth == 0


def test_postgresql_goes_into_the_database_once() -> None:
    text = written(TESTS / "specs/postgresql.yaml")
    assert re.findall(r"^\\connect (.*)$", text, re.MULTILINE) == ['"analytics_airflow"']
    assert text.index("CREATE DATABASE") < text.index("\\connect") < text.index("ON SCHEMA")


def test_a_name_that_psql_would_take_for_a_connection_string() -> None:
    for name in ("dbname=x", "postgresql://evil/x"):
        (text,) = render(
            parsed(
                f"server: postgresql://h\ndeployments: [{{name: a, database: '{name}', user: u}}]"
            )
        ).values()
        (line,) = re.findall(r"^\\connect (.*)$", text, re.MULTILINE)
        assert line.startswith('-reuse-previous=on "dbname=')


def test_what_was_borrowed_is_given_back_and_nothing_else() -> None:
    text = written(TESTS / "specs/owner.yaml")
    taken = re.findall(r"^\\set (borrowed_\d+) :missing$", text, re.MULTILINE)
    asked = re.findall(r"^\\if :(borrowed_\d+)$", text, re.MULTILINE)
    assert asked == [name for name in taken for _ in ("taken", "given back")]
    assert (
        text.count('GRANT "analytics_airflow" TO CURRENT_USER')
        == text.count('REVOKE "analytics_airflow" FROM CURRENT_USER')
        == len(taken)
    )


@pytest.mark.parametrize("engine", ["postgresql", "mysql"])
def test_another_version_of_a_spec_differs_in_the_same_few_lines(engine: str) -> None:
    """One more user: only lines of it come, but for the head and the rows of the check."""
    users = [{"name": "app"}, {"name": "reader", "access": "read"}]
    before, after = (
        render(Spec((deployment(engine, users=some),)))["analytics"].splitlines()
        for some in (users[:1], users)
    )
    changes = [line for line in unified_diff(before, after, n=0) if line[0] in "+-"][2:]
    gone = [line for line in changes if line.startswith("-") and not line.startswith("---")]
    assert all(re.match(r"--- |-        \(E'|-  \('", line) for line in gone), gone
    came = [line for line in changes if line.startswith("+")]
    head = len(after) - len(after[after.index("") :])
    body = [line[1:] for line in came if line[1:] in after[head:]]
    statements = [line for line in body if line.startswith("-- ")]
    assert statements
    assert all("reader" in line or "app" in line for line in statements), statements
    assert len(gone) <= 4


def test_no_password_is_in_it_even_where_one_is_known() -> None:
    for path in SPECS:
        for one in re.findall(r"(?:PASSWORD|IDENTIFIED BY) (.*)", written(path)):
            assert re.fullmatch(r":'\w+_password';?|\$\{\w+_password\}( WITH .*)?;?", one), one


def test_users_that_one_variable_would_serve_are_refused() -> None:
    made = deployment(users=["a b", "a_b"])
    with pytest.raises(UsageError, match="cannot be written as a file"):
        render(Spec((made,)))


def test_the_plan_of_a_server_is_written_the_same_way() -> None:
    """Only what is missing: the steps say it, not the spec."""
    made = deployment()
    known = facts()
    items = expanded(made, known)
    steps: list[Step] = compare(
        (item, item if item.kind != "schema_grant" else None) for item in items
    )
    text = script(of("postgresql"), made, steps, renderer(), known, known=True)
    assert re.findall(r"^-- .+$", text.partition("\n\n")[2], re.MULTILINE) == [
        '-- grant CREATE, USAGE on schema "public" for "app"'
    ]
    assert 'GRANT CREATE, USAGE ON SCHEMA "public" TO "app";' in text


@pytest.mark.parametrize(
    ("engine", "options", "there", "not_there"),
    [
        ("postgresql", {"version": (15,)}, "on PostgreSQL 15,", "WITH INHERIT TRUE"),
        ("postgresql", {"version": (16,)}, "WITH INHERIT TRUE, SET TRUE", "on PostgreSQL 18"),
        ("mysql", {"flavor": "mariadb"}, "on MariaDB 11.8,", "MySQL"),
        ("mysql", {"version": (8, 0)}, "on MySQL 8.0,", "MariaDB"),
        ("mysql", {}, "ON `my\\_shop`.*", "ON `my_shop`.*"),
        ("mysql", {"settings": {"partial_revokes": "1"}}, "ON `my_shop`.*", "ON `my\\_shop`.*"),
    ],
)
def test_versions_flavors_and_settings(
    engine: str, options: dict[str, object], there: str, not_there: str
) -> None:
    made = Spec((deployment(engine, access="owner", database="my_shop"),))
    text = render(made, **options)["analytics"]  # type: ignore[arg-type]
    assert there in text
    assert not_there not in text


def test_a_flavor_of_another_engine() -> None:
    with pytest.raises(UsageError, match="is on mysql"):
        render(Spec((deployment("mysql"),)), flavor="postgresql")


@pytest.mark.parametrize(
    ("statement", "ended"),
    [
        ("SELECT 1", "SELECT 1;"),
        ("SELECT 1 -- mine", "SELECT 1 -- mine\n;"),
        ("SELECT '--'", "SELECT '--';"),
        ('DROP "a--b"', 'DROP "a--b";'),
    ],
)
def test_a_comment_swallows_no_semicolon(statement: str, ended: str) -> None:
    assert _terminated(statement) == ended
