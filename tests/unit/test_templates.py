"""Templates of the user's own: they extend ours block by block, and none of them stops being used in silence."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from dbprov.cli import main
from dbprov.errors import RenderError
from dbprov.items import Item, User
from dbprov.passwords.env import EnvPlace
from dbprov.sql.jinja_environment import built_in_templates
from dbprov.sql.render import Renderer
from dbprov.sql.templates import listed
from tests.support.made import HOSTILE, renderer

USER = User(name="app", place=EnvPlace("P"))
EXTENDS = '{% extends "builtin/postgresql/user.sql" %}\n'
OLD = Path(__file__).parents[1] / "specs/templates_of_0.1.txt"


@pytest.fixture(autouse=True)
def nothing_compiled_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)


def own(folder: Path, text: str, name: str = "postgresql/user.sql", **more: str) -> Renderer:
    for path, content in {
        name: text,
        **{f"postgresql/{k}.sql": v for k, v in more.items()},
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)
    return renderer(templates=folder)


def block(text: str, name: str = "create") -> str:
    return f"{EXTENDS}{{% block {name} %}}{text}{{% endblock %}}"


# -- extending -------------------------------------------------------------------------------------------------------------


def test_a_block_is_replaced_and_the_others_stay(tmp_path: Path) -> None:
    made = own(tmp_path, block("CREATE USER {{ name | ident }}"))
    assert made.item(USER, "create") == 'CREATE USER "app"'
    for verb in ("inspect", "alter", "drop", "guard"):
        assert made.item(USER, verb) == renderer().item(USER, verb)
    assert made.has("user/guard")
    assert not made.has("user/nothing")
    assert not made.has("nothing/create")


def test_super_is_the_block_that_is_replaced(tmp_path: Path) -> None:
    made = own(tmp_path, block("-- ours\n{{ super() }}\n    VALID UNTIL 'infinity'"))
    built_in = renderer().item(USER, "create")
    assert made.item(USER, "create") == f"-- ours\n{built_in}\n    VALID UNTIL 'infinity'"


def test_super_of_super(tmp_path: Path) -> None:
    between = block("-- between\n{{ super() }}")
    made = own(
        tmp_path, '{% extends "postgresql/base.sql" %}{% block create %}{{ super() }}\n{{ super.super() }}{% endblock %}',
        base=between,
    )  # fmt: skip
    built_in = renderer().item(USER, "create")
    assert made.item(USER, "create") == f"-- between\n{built_in}\n{built_in}"


def test_alter_is_create_where_a_kind_has_no_other(tmp_path: Path) -> None:
    made = renderer()
    item = next(i for i in _items() if i.kind == "label")
    assert not made.has("label/alter")
    assert made.item(item, "alter") == made.item(item, "create")
    text = '{% extends "builtin/postgresql/label.sql" %}{% block alter %}SELECT 1{% endblock %}'
    assert own(tmp_path, text, "postgresql/label.sql").item(item, "alter") == "SELECT 1"


def _items() -> list[Item]:
    from tests.support.made import deployment, expanded

    return list(expanded(deployment()))


def test_a_verb_runs_no_other_block_and_nothing_outside_of_blocks(tmp_path: Path) -> None:
    text = "{{ no.such }}" + block("CREATE") + "{% block drop %}{{ no.such }}{% endblock %}{{ no }}"
    made = own(tmp_path, text)
    assert made.item(USER, "create") == "CREATE"
    with pytest.raises(RenderError, match="'no' is undefined"):
        made.item(USER, "drop")


def test_a_hostile_name_goes_through_super(tmp_path: Path) -> None:
    made = own(tmp_path, block("{{ super() }}"))
    user = User(name=HOSTILE, place=EnvPlace("P"))
    assert made.item(user, "create") == renderer().item(user, "create")


@pytest.mark.attack("a template of one's own prints a value that no filter quoted", on="dbprov")
@pytest.mark.parametrize(
    "text",
    [
        "{% set x = name %}{{ x }}",
        "{% set x %}{{ name | ident }}{% endset %}{{ x }}",
        "{% set x %}{{ super() }}{% endset %}{{ x }}",
        "{% macro m() %}{{ name | ident }}{% endmacro %}{{ m() }}",
        "{% macro m(n) %}{{ n }}{% endmacro %}{{ m(name) }}",
        "{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}{{ name }}{% endcall %}",
        "{% filter ident %}{{ name }}{% endfilter %}",
        "{% filter literal %}a{% endfilter %}",
        "{% filter keywords %}{{ super() }}{% endfilter %}",
        "{{ super() ~ name }}",
        "{{ super() + name }}",
        "{{ super().upper() }}",
        "{{ super()[1:] }}",
        "{{ (super() ~ '') }}",
        "{{ '%s' % super() }}",
        "{{ super().replace('app', name) }}",
        "{{ super }}",
        "{{ super.super }}",
        "{{ super.super() }}",
        "{{ self.drop() }}",
        "{{ self.drop }}",
        "{% autoescape true %}{{ name }}{% endautoescape %}",
        "{% autoescape true %}{{ super() }}{% endautoescape %}",
        "{% include name %}",
        "{% import 'postgresql/part.sql' as p %}{{ p.m(name) }}",
        "{% from 'postgresql/part.sql' import m %}{{ m(name) }}",
        "{% import 'postgresql/part.sql' as p %}{{ p }}",
        "{% include 'postgresql/bare.sql' %}",
        "{% for x in [name] %}{{ x }}{% endfor %}",
        "{% with x = name %}{{ x }}{% endwith %}",
        "{% block inner %}{{ name }}{% endblock %}",
    ],
)
def test_no_unquoted_value_passes(tmp_path: Path, text: str) -> None:
    with pytest.raises(RenderError) as caught:
        own(
            tmp_path, block(text),
            part="{% macro m(n) %}{{ n | ident }}{% endmacro %}", bare="{{ name }}",
        ).item(USER, "create")  # fmt: skip
    assert caught.value.todo


# -- nothing stops being used in silence -----------------------------------------------------------------------------------


def refused(folder: Path) -> str:
    with pytest.raises(RenderError) as caught:
        renderer(templates=folder)
    assert str(folder) in caught.value.what
    assert "dbprov templates" in caught.value.todo
    return caught.value.why


@pytest.mark.parametrize("path", OLD.read_text().split())
def test_every_path_of_0_1_is_refused_and_its_new_place_named(tmp_path: Path, path: str) -> None:
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text("SELECT 1")
    line = refused(tmp_path)
    assert line.startswith(f"{path}: it is ")
    words = line.split()
    file, name = words[-2], words[words.index("block") + 1] if "block" in words else ""
    text = (built_in_templates() / file).read_text()
    alter = name == "alter" and "{% block create %}" in text
    assert not name or f"{{% block {name} %}}" in text or alter


@pytest.mark.parametrize(
    ("path", "text", "words"),
    [
        ("postgresql/usr.sql", "", "did you mean postgresql/user.sql?"),
        ("user.sql", "", "did you mean"),
        ("postgres/user.sql", "", "did you mean postgresql/user.sql?"),
        ("postgresql/user.sql", block("x", "craete"), "no block craete: did you mean create?"),
        ("postgresql/user.sql", block("x", "zzz"), "no block zzz: it has alter, create, drop"),
        ("postgresql/user.sql", EXTENDS, "it replaces no block"),
        ("postgresql/user.sql", "CREATE ROLE x", "it replaces no block"),
        (
            "postgresql/user.sql",
            "{% block create %}x{% endblock %}",
            'lacks drop, guard, inspect, restore, verifiers: begin it with {% extends "builtin/postgresql/user.sql" %}',
        ),
        (
            "postgresql/user.sql",
            '{% extends "builtin/postgresql/nobody.sql" %}{% block create %}x{% endblock %}',
            "it extends builtin/postgresql/nobody.sql, which is not there",
        ),
    ],
)
def test_what_nothing_asks_for_is_refused(tmp_path: Path, path: str, text: str, words: str) -> None:
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text(text)
    assert words in refused(tmp_path)


def test_every_mistake_is_told_at_once_for_both_engines(tmp_path: Path) -> None:
    for path in ("postgresql/a.sql", "mysql/user/create.sql"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("")
    why = refused(tmp_path)
    assert "postgresql/a.sql: there is no built-in" in why
    assert "mysql/user/create.sql: it is block create of mysql/user.sql now" in why


def test_a_part_of_ones_own_may_be_included(tmp_path: Path) -> None:
    text = block('{{ super() }} {% include "postgresql/our_part.sql" %}')
    made = own(tmp_path, text, our_part="VALID UNTIL 'infinity'")
    assert made.item(USER, "create").endswith("VALID UNTIL 'infinity'")


def test_what_extends_itself_is_refused(tmp_path: Path) -> None:
    made = own(tmp_path, '{% extends "postgresql/user.sql" %}{% block create %}x{% endblock %}')
    with pytest.raises(RenderError, match=r"cannot be read"):
        made.item(USER, "create")


def test_what_cannot_be_read_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match=r"user\.sql:2 cannot be read"):
        own(tmp_path, EXTENDS + "{% block create %}")


# -- the command -----------------------------------------------------------------------------------------------------------


def test_a_copy_is_the_same_and_is_not_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = CliRunner().invoke(main, ["templates", "--copy", "user", "--to", "mine"])
    assert made.exit_code == 0, made.stderr
    assert sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*.sql")) == [
        "mine/mysql/user.sql",
        "mine/postgresql/user.sql",
    ]
    assert "--templates mine" in made.stderr
    copied, built_in = renderer(templates=tmp_path / "mine"), renderer()
    for verb in ("inspect", "create", "alter", "drop", "guard"):
        assert copied.item(USER, verb) == built_in.item(USER, verb)
    again = CliRunner().invoke(main, ["templates", "--copy", "user", "--to", "mine"])
    assert again.exit_code == 2
    assert "is there already" in again.stderr
    one = ["templates", "--copy", "default_grant", "--to", "mine"]
    assert CliRunner().invoke(main, one).exit_code == 0
    assert not (tmp_path / "mine/mysql/default_grant.sql").exists()
    for kind in ("usr", "../postgresql/user", "fragments/lent"):
        unknown = CliRunner().invoke(main, ["templates", "--copy", kind])
        assert unknown.exit_code == 2
        assert "dbprov templates lists them" in unknown.stderr


def test_the_list_says_which_file_serves_a_block(tmp_path: Path) -> None:
    own(tmp_path, block("CREATE"))
    [file] = [one for one in listed(tmp_path) if one.name == "postgresql/user.sql"]
    built_in = built_in_templates() / "postgresql/user.sql"
    assert file.blocks["create"] == file.path == tmp_path / "postgresql/user.sql"
    assert file.blocks["drop"] == file.built_in == built_in
    command = ["templates", "--templates", str(tmp_path), "--json"]
    made = json.loads(CliRunner().invoke(main, command).stdout)["templates"]
    [one] = [one for one in made if one["name"] == "postgresql/user.sql"]
    assert one["blocks"]["create"] == one["file"] == str(file.path)
    shown = CliRunner().invoke(main, command[:-1]).stdout
    assert f"  create\t{file.path}\n" in shown


def test_the_list_refuses_what_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "postgresql/user").mkdir(parents=True)
    (tmp_path / "postgresql/user/create.sql").write_text("CREATE")
    made = CliRunner().invoke(main, ["templates", "--templates", str(tmp_path)])
    assert made.exit_code == 2
    assert "block create of postgresql/user.sql now" in made.stderr
