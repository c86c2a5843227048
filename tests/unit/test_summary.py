"""The page beside an SQL file: what a reviewer reads, and that no name on it is more than text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from markdown_it import MarkdownIt
from markdown_it.token import Token
from msgspec.structs import replace

from dbprov.cli import main
from dbprov.cli.output import page
from dbprov.commands.render import Rendered, render, rendered_page
from dbprov.items import ObjectGrant, PatternGrant, TokenGrant, User
from dbprov.items.existing_grants import AclEntry
from dbprov.items.item import Obstacle
from dbprov.plan.plan import Plan
from dbprov.plan.prune import ExtraPrivilege
from dbprov.plan.steps import Step, compare
from dbprov.spec.model import Deployment, Spec
from dbprov.sql import summary as pages
from dbprov.sql.markdown import fence, span, words
from dbprov.sql.summary import summary
from tests.support.made import FLAVORS, deployment, expanded, facts
from tests.support.review import KNOWN, USERS, found_in_part

GOLDEN = Path(__file__).parent.parent / "golden" / "summary"
HOSTILE: dict[str, Any] = {
    "database": 'we"i`rd_%|<img>@team',
    "users": [
        {"name": "](http://x)|`", "access": "owner"},
        {"name": "``@team\\|", "access": "write"},
        {"name": "a</details>", "access": "read"},
    ],
}
NAMES = [
    'we"i`rd_%|<img>@team', "](", "|", "\\|", "a\\", "`", "```", " `a` ", "a|b|", "<!--", "&lt;", "@team", "#1", "www.x.org",
    "https://x.org", "**a**", "~~~", "a\nb", "a\r\n| c |", "a\u2028b", "\u202ea", "- [ ] x", "</details>", "$a$", ":+1:",
]  # fmt: skip


def of_plan(made: Deployment, steps: Sequence[Step], sql: str = "SELECT 1;\n", **more: Any) -> str:
    known = more.pop("facts", KNOWN[made.server.engine])
    planned = Plan(made, tuple(steps), ("",) * len(steps), known, **more)
    return summary(made, known, steps, sql, "0" * 64, planned)


def of_render(made: Deployment) -> str:
    found: list[Rendered] = []
    render(Spec((made,)), report=found.append)
    [one] = found
    return rendered_page(one)


def in_part(flavor: str, keys: dict[str, Any]) -> str:
    made = deployment(FLAVORS[flavor], **keys)
    steps = compare(found_in_part(flavor, made))
    extra = AclEntry(
        grantee=made.accounts[-1].name, sort="TABLE", things=((made.schemas[0], "t|@x`"),),
        privileges=("DELETE",), grantor="dba" if made.server.engine == "postgresql" else "",
        host="" if made.server.engine == "postgresql" else "%",
    )  # fmt: skip
    met = Obstacle('"@boss" may not, see http://x', 'an "<admin>"', 'GRANT "`|`"\n    TO x')
    return of_plan(
        made,
        steps,
        facts=KNOWN[flavor],
        obstacles=((steps[-1], met),),
        extra=(ExtraPrivilege(extra, ""), ExtraPrivilege(extra, "", met)),
    )


ENGINES = ("postgresql", "mysql")
PAGES: dict[str, Callable[[], str]] = {
    "render_split": lambda: of_render(deployment(layout="split")),
    "nothing_to_do": lambda: of_plan(deployment(), ()),
}
for each in ENGINES:
    PAGES[f"render_{each}"] = partial(lambda e: of_render(deployment(e, users=USERS)), each)
    PAGES[f"render_{each}_hostile"] = partial(lambda e: of_render(deployment(e, **HOSTILE)), each)
    PAGES[f"plan_{each}_hostile"] = partial(in_part, each, HOSTILE)
for each in KNOWN:
    PAGES[f"plan_{each}"] = partial(in_part, each, {"users": USERS})


@pytest.mark.parametrize("name", PAGES)
def test_golden(name: str, request: pytest.FixtureRequest) -> None:
    text = re.sub("[0-9a-f]{64}", "0" * 64, PAGES[name]())
    file = GOLDEN / f"{name}.md"
    if request.config.getoption("--update-golden"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")
    assert PAGES[name]() == PAGES[name]()


def test_no_golden_file_is_left_over() -> None:
    assert {file.stem for file in GOLDEN.glob("*")} == set(PAGES)


# -- as a reader of Markdown sees it ---------------------------------------------------------------


def read(text: str) -> list[Token]:
    made = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text)
    return [token for one in made for token in (one, *(one.children or ()))]


def cells(text: str) -> list[list[list[str]]]:
    """Tables of rows of cells, each as its plain text."""
    tables: list[list[list[str]]] = []
    inside = ""
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.type == "table_open":
            tables.append([])
        elif token.type == "tr_open":
            tables[-1].append([])
        elif token.type in ("td_open", "th_open"):
            inside = token.type
        elif token.type == "inline" and inside:
            tables[-1][-1].append("".join(part.content for part in token.children or ()))
            inside = ""
        elif token.type in ("td_close", "th_close"):
            inside = ""
    return tables


@pytest.mark.attack("a name breaks a page of Markdown: HTML, links, mentions, tables")
@pytest.mark.parametrize("name", [name for name in PAGES if name != "nothing_to_do"])
def test_tables_are_tables_and_html_is_only_what_folds(name: str) -> None:
    text = PAGES[name]()
    tokens = read(text)
    html = [t.content.strip() for t in tokens if t.type in ("html_block", "html_inline")]
    assert html == ["<details><summary>SQL</summary>", "</details>"]
    assert not {t.type for t in tokens} & {"link_open", "image", "em_open", "s_open", "hr"}
    [fenced] = [t for t in tokens if t.type == "fence"]
    assert fenced.info == "sql"
    steps, matrix = cells(text)
    assert steps[0] == ["action", "object", "to whom", "risk"]
    assert matrix[0][:2] == ["user", "database"]
    for table in (steps, matrix):
        assert {len(row) for row in table} == {len(table[0])}
    plain = "".join(t.content for t in tokens if t.type == "text")
    assert not re.search(r"[@<>`]|://|www\.|#\d", plain.replace("|", ""))


@pytest.mark.parametrize("engine", ["postgresql", "mysql"])
def test_names_are_read_back_as_they_are(engine: str) -> None:
    steps, matrix = cells(of_render(deployment(engine, **HOSTILE)))
    named = [user["name"] for user in HOSTILE["users"]]
    assert [row[0] for row in matrix[1:]] == named
    assert [row[1] for row in steps if row[0] == "create"][:3] == [f"user {n}" for n in named]
    assert f"database {HOSTILE['database']}" in [row[1] for row in steps]


@pytest.mark.attack("a name breaks a page of Markdown: HTML, links, mentions, tables")
@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_text_and_stays_in_its_cell(name: str) -> None:
    text = f"| a | b |\n| --- | --- |\n| {span(name)} | {words(f'of {name} and')} |"
    [[_, [first, second]]] = cells(text)
    shown = re.sub(r"\s*[\r\n]+\s*", " ", name)
    shown = "".join(c if c.isprintable() else "?" for c in shown)
    assert first == shown
    assert second.split() == f"of {shown} and".split()
    types = {t.type for t in read(text)}
    assert types <= {
        "table_open", "thead_open", "tr_open", "th_open", "inline", "text", "th_close", "tr_close", "thead_close",
        "tbody_open", "td_open", "code_inline", "text_special", "td_close", "tbody_close", "table_close",
    }, types  # fmt: skip
    for token in read(text):
        if token.type == "text":
            assert not re.search("[@<>#:]", token.content)


@pytest.mark.attack("a name breaks a page of Markdown: HTML, links, mentions, tables")
@pytest.mark.parametrize("sql", ["```\n</details>\n@team", "~~~\n````\n", "`````", "a\r```\rb", ""])
def test_nothing_ends_the_fence(sql: str) -> None:
    [one] = [t for t in read(f"<details>\n\n{fence(sql, 'sql')}\n\n</details>") if t.type == "fence"]  # fmt: skip
    assert one.content.strip("\n") == sql.replace("\r", "\n").strip("\n")


# -- what it says ----------------------------------------------------------------------------------


def row(text: str, user: str) -> list[str]:
    [found] = [row for row in cells(text)[-1] if row[0] == user]
    return found[1:]


def test_before_and_after() -> None:
    """``found_in_part``: the first user has CONNECT and nothing else."""
    text = in_part("postgresql", {"users": USERS})
    assert row(text, "app") == ["CONNECT → all", "— → CREATE, USAGE", *["— → all"] * 3]
    assert row(in_part("mysql", {"users": USERS}), "app") == ["SELECT → all"]


def test_what_is_there_already_does_not_change() -> None:
    made = deployment(users=USERS)
    pairs = [(i, None if i.kind == "schema_grant" else i) for i in expanded(made)]
    assert row(of_plan(made, compare(pairs)), "reader") == [
        "CONNECT", "— → USAGE", "SELECT", "SELECT", "—",
    ]  # fmt: skip


def test_nobody_has_anything_of_a_new_database() -> None:
    """Also where no statement is needed, since nothing is in it."""
    made = deployment()
    items = expanded(made, KNOWN["postgresql"])
    pairs = [(i, i if isinstance(i, ObjectGrant) else None) for i in items]
    assert row(of_plan(made, compare(pairs)), "app")[2] == "— → all"


def test_objects_that_lack_different_privileges() -> None:
    made = deployment(access="read")
    pairs: list[Any] = []
    for item in expanded(made):
        there: Any = item
        if isinstance(item, ObjectGrant) and item.objects == "TABLES":
            both = (("public", "a"), ("public", "b"))
            there = replace(item, lacking=("a", "b"), things=both, before=("SELECT,UPDATE", ""))
        pairs.append((item, there))
    assert row(of_plan(made, compare(pairs)), "app")[2] == "mixed → SELECT / SELECT"


def test_extra_privileges_that_stay_and_that_go() -> None:
    made = deployment("mysql", access="read")
    extra = AclEntry(
        grantee="app", host="%", sort="DATABASE", things=(("shop",),), privileges=("DROP",)
    )
    kept = replace(extra, privileges=("INDEX",))
    pairs = [(i, None if i.kind == "label" else i) for i in expanded(made, KNOWN["mysql"])]
    steps = [*compare(pairs), Step("drop", extra, extra)]
    text = of_plan(made, steps, extra=(ExtraPrivilege(kept, "", Obstacle("why", "who", "")),))
    assert row(text, "app") == ["DROP, INDEX, SELECT, SHOW VIEW → INDEX, SELECT, SHOW VIEW"]
    assert "revokes 1; needs another role: 1" in text
    assert '- extra: `INDEX on database "shop" for "app"@%`: needs another role: why; who' in text


def test_risks() -> None:
    made = deployment(access="owner", extensions=["pg_trgm"], schemas=["one"])
    known = facts("postgresql")
    text = of_plan(made, [*compare((i, None) for i in expanded(made)), Step("create", TokenGrant(role="rds_iam", user="other"))], facts=known)  # fmt: skip
    said = {(action.split()[0], thing.split()[0]): risk for action, thing, _, risk in cells(text)[0]}  # fmt: skip
    expected = {
        ("create", "user"): "new login", ("create", "database"): "", ("set", "owner"): "owner", ("revoke", "database"): "",
        ("create", "extension"): "installs code", ("borrow", "membership"): "only for this run", ("create", "schema"): "",
        ("set", "search_path"): "", ("grant", "login"): "password login ends", ("grant", "tables,"): "", ("set", "label"): "",
    }  # fmt: skip
    assert {key: said[key] for key in expected} == expected
    again = Step("alter", User(name="app"), User(name="app", can_login=False))
    [_, one] = cells(of_plan(made, [again]))[0]
    assert one[3] == "new login"
    mine = PatternGrant(database="d", user="u", host="h", privileges=("SELECT",), grant_option=True)
    [_, one] = cells(of_plan(made, [Step("create", mine)]))[0]
    assert one == ["grant SELECT", "database d", "u@h", "can grant it on"]


def test_public_is_shut_out_of_a_database_that_is_there() -> None:
    cases: list[tuple[dict[str, Any], str]] = [({}, ""), ({"isolate": True}, "can lock out")]
    for keys, risk in cases:
        made = deployment(**keys)
        [one] = [row for row in cells(of_render(made))[0] if row[2] == "PUBLIC"]
        assert one == ["revoke CONNECT, TEMPORARY", "database shop", "PUBLIC", risk]
        assert cells(in_part("postgresql", {"users": USERS, **keys}))[0][5][3] == "can lock out"


def test_every_kind_of_step_has_its_words() -> None:
    """None falls back to its own words, in which names stand in quotes."""
    many = [{"name": "a", "access": "owner"}, {"name": "b", "rotation": "two-users", "password": {"file": "b"}}]  # fmt: skip
    made = [deployment(users=many, extensions=["x"], schemas=["s"]), deployment("mysql")]
    for one in made:
        steps = compare((i, None) for i in expanded(one))
        table = cells(of_plan(one, steps))[0]
        assert not any('"' in cell for row in table for cell in row), table


def test_a_long_plan_is_cut() -> None:
    made = deployment(users=[{"name": f"u{n}", "access": "read"} for n in range(50)])
    text = of_render(made)
    steps, matrix = cells(text)
    assert (len(steps), len(matrix)) == (41, 41)
    assert re.search(r"^and \d+ more, see the SQL$", text, re.MULTILINE)
    assert "and 10 more users, see the SQL" in text
    assert len(text) < 65_536, "more than a comment on GitHub can hold"
    assert re.search(r"^The SQL has \d+ lines, too many for a comment", text, re.MULTILINE)


def test_a_page_is_never_larger_than_a_comment() -> None:
    schemas = [f"schema_{'x' * 50}_{n}" for n in range(30)]
    users = [{"name": f"{'u' * 55}{n}", "access": "all"} for n in range(12)]
    made = deployment(users=users, schemas=schemas)
    text = of_plan(made, compare((i, None) for i in expanded(made, KNOWN["postgresql"])))
    assert len(text) < 65_536
    assert text.startswith("### `analytics`")
    assert "too many for a comment" in text
    assert not cells(text)


def test_it_says_where_and_nothing_of_who() -> None:
    made = deployment(server="postgresql://jane.doe@[2001:db8::1]:5444/postgres")
    text = of_plan(made, compare((i, None) for i in expanded(made)))
    assert text.startswith("### `analytics`: database `shop` on PostgreSQL 16.14 at `[2001:db8::1]:5444`\n")  # fmt: skip
    assert "jane" not in text
    assert "\n\n1 user, 1 database, 8 privileges; revokes 1; needs another role: 0\n\n" in text
    local = deployment(server="postgresql://jane.doe@/postgres?host=/home/jane/socket")
    assert "jane" not in of_plan(local, compare((i, None) for i in expanded(local)))


def test_nothing_to_do_is_one_line() -> None:
    assert of_plan(deployment(), ()) == "`analytics`: nothing to do.\n"


# -- the command line ------------------------------------------------------------------------------

FLAGS = ("--server", "postgresql://dba@db.example.com/postgres", "--name", "analytics", "--database", "shop", "--user", "app")  # fmt: skip


def run(*said: str) -> Any:
    return CliRunner().invoke(main, said)


def test_render_writes_it_beside_the_sql(tmp_path: Path) -> None:
    ended = run("render", *FLAGS, "-o", str(tmp_path), "--summary", "--json")
    assert ended.exit_code == 0, ended.output
    [one] = json.loads(ended.stdout)["deployments"]
    assert one["summary"] == str(tmp_path / "analytics.md")
    text, sql = (tmp_path / "analytics.md").read_text(), (tmp_path / "analytics.sql").read_bytes()
    assert text.endswith(f"\n\nsha256 `{sha256(sql).hexdigest()}`\n")
    assert sql.decode() in text
    before = text
    run("render", *FLAGS, "-o", str(tmp_path), "--summary")
    assert (tmp_path / "analytics.md").read_text() == before


def test_hashes_of_passwords_are_on_no_page(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("P", "a long password")
    words = ("--password-env", "P", "--password", "hash", "-o", str(tmp_path), "--summary")
    assert run("render", *FLAGS, *words).exit_code == 0
    assert "SCRAM-SHA-256$" in (tmp_path / "analytics.sql").read_text()
    text = (tmp_path / "analytics.md").read_text()
    assert "SCRAM" not in text
    assert "holds hashes of passwords" in text


@pytest.mark.parametrize("output", [(), ("-o", "/dev/stdout")])
@pytest.mark.parametrize("command", ["render", "plan"])
def test_there_is_no_page_without_a_file(command: str, output: tuple[str, ...]) -> None:
    ended = run(command, *FLAGS, "--summary", *output)
    assert ended.exit_code == 2
    assert "--summary writes a page beside the SQL file" in ended.stderr
    assert "-o " in ended.stderr


def test_its_name() -> None:
    names = {"change.sql": "change.md", "a.b.sql": "a.b.md", "change": "change.md", "x.md": "x.md.md"}  # fmt: skip
    assert {name: page(Path(name)).name for name in names} == names
    assert pages.MOST == 40
