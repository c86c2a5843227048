"""The gate: a value enters SQL through a quoting filter, or the template is refused with its file and line."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jinja2 import DictLoader, FileSystemLoader

from dbprov.errors import PlaceError, RenderError
from dbprov.items import Database, User
from dbprov.passwords import Kept
from dbprov.passwords.env import EnvPlace
from dbprov.sql.jinja_environment import built_in_templates
from dbprov.sql.quoted import Sql, comment, keywords
from tests.support.made import HOSTILE, renderer

Render = Callable[..., str]


@pytest.fixture(autouse=True)
def nothing_compiled_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Templates of tests would be compiled into the folder of ours, at every run anew."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)


def of_text(template: str, flavor: str = "postgresql", **more: str) -> Render:
    """Renders a template that is in no file."""
    made = renderer(flavor)
    mine = {"mine": in_block("it", template)}
    texts = {f"{made.engine}/{name}.sql": text for name, text in {**mine, **more}.items()}
    made._environment = made._environment.overlay(loader=DictLoader(texts), bytecode_cache=None)
    return lambda **values: made.text("mine/it", **values)


def in_block(name: str, text: str) -> str:
    return f"{{% block {name} %}}{text}{{% endblock %}}"


@pytest.mark.parametrize("flavor", ["postgresql", "mysql"])
@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{{ name }}", "a value of type str that did not leave a quoting filter"),
        ("{{ 5 }}", "a value of type int"),
        ("{{ 'text' }}", "a value of type str"),
        ("{{ none }}", "a value of type NoneType"),
        ("{{ words }}", "a value of type tuple"),
        ("{{ nmae }}", "'nmae' is undefined"),
        ("{{ nmae | ident }}", "'nmae' is undefined"),
        ("{{ name.x | ident }}", "has no attribute 'x'"),
        ("{% if nmae %}x{% endif %}", "'nmae' is undefined"),
        ("{{ (name | ident).upper() }}", "a value of type str"),
        ("{{ name | ident ~ 'x' }}", "a value of type str"),
        ("{{ (name | ident) + '' }}", "a value of type str"),
        ("{% macro m() %}x{% endmacro %}{{ m() }}", "a value of type str"),
        ("{% macro m(n) %}{{ n }}{% endmacro %}{{ m(name) }}", "a value of type str"),
        ("{% set x = name %}{{ x }}", "a value of type str"),
        ("{% for x in words %}{{ x }}{% endfor %}", "a value of type str"),
        ("{{ name | keywords }}", "is not a keyword"),
        ("{{ words | keywords }}", "is not a keyword"),
        ("{{ () | keywords }}", "there is no keyword to print"),
        ("{{ 5 | ident }}", ""),
        ("{{ none | literal }}", "a NoneType cannot be a literal"),
        ("{{ version }}", "a value of type tuple"),
        ("{{ settings }}", "a value of type dict"),
    ],
)
def test_refused(flavor: str, template: str, words: str) -> None:
    with pytest.raises(RenderError) as caught:
        of_text(template, flavor)(name="app", words=("a'b",))
    assert words in caught.value.why
    assert caught.value.todo


@pytest.mark.parametrize(
    "filter_",
    ["safe", "upper", "join", "string", "e", "default('x')", "tojson", "indent", "format"],
)
def test_jinjas_own_filters_are_not_there(filter_: str) -> None:
    """Each of them gives text that no filter of ours has seen."""
    with pytest.raises(RenderError, match="cannot be read"):
        of_text("{{ name | " + filter_ + " }}")(name="app")


def test_every_line_is_told(tmp_path: Path) -> None:
    (tmp_path / "postgresql").mkdir()
    for name, text, line in (
        ("one", "{{ name }}", 1),
        ("four", "-- one\n-- two\nCREATE {{ name | ident }}\n{{ name }}", 4),
        ("syntax", "SELECT 1\n{% if x %}", 2),
        ("included", "\n\n{{ name }}", 3),
        ("including", 'SELECT 1\n{% include "postgresql/included.sql" %}', None),
    ):
        own = tmp_path / f"postgresql/{name}.sql"
        own.write_text(text if name == "included" else in_block("it", text))
        if name == "included":
            continue
        made = renderer()
        loader = FileSystemLoader(str(tmp_path))
        made._environment = made._environment.overlay(loader=loader, bytecode_cache=None)
        with pytest.raises(RenderError) as caught:
            made.text(f"{name}/it", name="app")
        place = f"{own}:{line}" if line else f"{tmp_path}/postgresql/included.sql:3"
        assert f"template {place} " in caught.value.what


def test_a_template_that_is_not_there() -> None:
    with pytest.raises(RenderError, match=r"postgresql/no\.sql"):
        renderer().text("no/such")


def test_quoted_values_pass() -> None:
    render = of_text(
        "{# why #}A {{ name | ident }}\n\n{% if on %}B {{ name | literal }}   \n{% endif %}\nC {{ words | keywords }}"
    )
    assert (
        render(name="o'p\"s", on=True, words=("USAGE", "CREATE"))
        == "A \"o'p\"\"s\"\nB 'o''p\"s'\nC CREATE, USAGE"
    )


def test_an_include_passes_and_is_held_to_the_same() -> None:
    assert (
        of_text('{% include "postgresql/other.sql" %}', other="{{ name | ident }}")(name="a")
        == '"a"'
    )
    with pytest.raises(RenderError):
        of_text('{% include "postgresql/other.sql" %}', other="{{ name }}")(name="a")


def test_a_value_is_not_a_template() -> None:
    assert of_text("{{ name | ident }}")(name="{{ 5 }}{% x %}{# y #}") == '"{{ 5 }}{% x %}{# y #}"'


def test_what_writes_a_password_is_handed_in() -> None:
    asked: list[tuple[Kept, str]] = []

    def write(place: Kept, user: str) -> str:
        asked.append((place, user))
        return "'written'"

    place = EnvPlace("P")
    assert "PASSWORD 'written'" in renderer(password=write).item(
        User(name="app", place=place), "create"
    )
    assert asked == [(place, "app")]
    assert "PASSWORD :'app_password'" in renderer().item(User(name="app", place=place), "create")


def test_an_error_of_a_place_is_not_a_mistake_in_a_template() -> None:
    def write(place: Kept, user: str) -> str:
        raise PlaceError("cannot be read")

    with pytest.raises(PlaceError):
        renderer(password=write).item(User(name="app", place=EnvPlace("P")), "create")


@pytest.mark.parametrize(
    "words",
    [["all privileges"], ["SELECT;"], ["SELECT\n"], ["1"], [""], ["GRANT)"], ["É"], ["_X"], [" X"]],
)
def test_keywords_refuses(words: list[str]) -> None:
    with pytest.raises(Exception, match="is not a keyword"):
        keywords(words)


def test_keywords_are_in_one_order() -> None:
    assert (
        keywords(("UPDATE", "ALTER ROUTINE", "SELECT"))
        == keywords({"SELECT", "UPDATE", "ALTER ROUTINE"})
        == "ALTER ROUTINE, SELECT, UPDATE"
    )


@pytest.mark.parametrize(
    "text", ["a\nb", "a\rb", "a\0b", "a\u2028b", "a\x1bb", "a\x85b", "a\u202eb"]
)
def test_a_comment_is_one_line(text: str) -> None:
    assert comment(text) == "a?b"
    assert comment(HOSTILE) == HOSTILE


def test_what_left_a_filter_is_of_its_own_type() -> None:
    assert isinstance(Sql("x"), str)
    assert type(Sql("x").upper()) is str
    assert type(Sql("x") + "y") is str


def test_items_hand_all_their_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}
    made = renderer()
    monkeypatch.setattr(
        made,
        "text",
        lambda name_of_file, /, **values: seen.update(values, name_of_file=name_of_file),
    )
    made.item(Database(name="d", encoding="UTF8"), "create")
    assert seen.pop("name_of_file") == "database/create"
    assert set(seen) == {
        "inside",
        "lenders",
        "name",
        "encoding",
        "collation",
        "sealed",
        "owner",
        "grantable",
        "enters",
        "acts",
        "as_role",
    }


def test_the_templates_are_found() -> None:
    assert (built_in_templates() / "postgresql/user.sql").is_file()


@pytest.mark.parametrize(
    "printed",
    ["place.read().reveal() | literal", "place._place | literal", "'x' | password('app')"],
)
def test_a_template_cannot_open_the_place_of_a_password(printed: str) -> None:
    made = renderer("postgresql")
    loader = DictLoader({"postgresql/user.sql": in_block("create", "{{ " + printed + " }}")})
    made._environment = made._environment.overlay(loader=loader, bytecode_cache=None)
    with pytest.raises(RenderError):
        made.item(User(name="app", place=EnvPlace("HOME")), "create")


def test_a_misspelt_variable_gets_its_own_advice() -> None:
    with pytest.raises(RenderError) as caught:
        of_text("{{ nmae | ident }}")(name="x")
    assert "the variables that the built-in template" in caught.value.todo


def test_call_blocks_are_refused() -> None:
    with pytest.raises(RenderError, match="call blocks"):
        of_text("{% call name.format() %}{% endcall %}")(name="x")


ESCAPES = (
    "{{ cycler.__init__.__globals__.os.system('id') | literal }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() | literal }}",
    "{{ version.__class__.__base__.__subclasses__()[0] | literal }}",
    "{{ (name | ident).__class__.__init__.__globals__ | literal }}",
    "{% macro m() %}{% endmacro %}{{ m.__globals__ | literal }}",
    "{{ self._TemplateReference__context | literal }}",
    "{% for x in [1] %}{{ loop.__init__.__globals__ | literal }}{% endfor %}",
    "{{ '{0.__class__.__init__.__globals__}'.format(name) | literal }}",
    "{{ '{x.__class__}'.format_map({'x': name}) | literal }}",
    "{{ settings.update({'x': 'y'}) | literal }}",
    "{{ settings.clear() | literal }}",
    "{{ [1].append(2) | literal }}",
    "{{ place._write('app') | literal }}",
    "{{ place.__init__ | literal }}",
    "{{ write_password('app') | literal }}",
)


@pytest.mark.attack("an SQL template of --templates runs Python, or opens a password", on="dbprov")
@pytest.mark.parametrize("flavor", ["postgresql", "mysql"])
@pytest.mark.parametrize("template", ESCAPES)
def test_a_template_is_in_a_sandbox(template: str, flavor: str) -> None:
    made = renderer(flavor)
    loader = DictLoader({f"{made.engine}/user.sql": in_block("create", template)})
    made._environment = made._environment.overlay(loader=loader, bytecode_cache=None)
    with pytest.raises(RenderError) as caught:
        made.item(User(name="app", place=EnvPlace("HOME")), "create")
    assert caught.value.why


PRINTED = (
    "{{ ({})[place | password(name)] | literal }}",
    "{{ 'x'.encode(place | password(name)) | literal }}",
    "{% include place | password(name) %}",
    "{{ ({})[(place | password(name))[::-1]] | literal }}",
    "{{ (place | password(name)) + 1 }}",
    "{{ ('%d' % (place | password(name))) | literal }}",
)


@pytest.mark.attack("an SQL template makes an error that repeats the password", on="dbprov")
@pytest.mark.parametrize("template", PRINTED)
def test_an_error_with_a_password_in_it_does_not_repeat_it(template: str) -> None:
    made = renderer("postgresql", password=lambda place, user: "'hunter2-LONGER'")
    loader = DictLoader({"postgresql/user.sql": in_block("create", template)})
    made._environment = made._environment.overlay(loader=loader, bytecode_cache=None)
    with pytest.raises(RenderError) as caught:
        made.item(User(name="app", place=EnvPlace("HOME")), "create")
    told = f"{caught.value} {caught.value!r} {caught.value.as_json()}"
    assert "hunter2" not in told
    assert "REGNOL" not in told
    assert "postgresql/user.sql" in told


def test_code_compiled_without_the_sandbox_is_never_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older dbprov left it beside the templates, under the names that Jinja gives."""
    from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader

    from dbprov.sql import render

    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    (tmp_path / "postgresql").mkdir()
    (tmp_path / "postgresql/mine.sql").write_text(in_block("it", "{{ ''.__class__ | literal }}"))
    kept = tmp_path / "__pycache__"
    kept.mkdir()
    plain = Environment(
        loader=FileSystemLoader([str(tmp_path)]), bytecode_cache=FileSystemBytecodeCache(str(kept))
    )
    plain.filters["literal"] = str
    plain.get_template("postgresql/mine.sql")
    assert list(kept.iterdir())
    monkeypatch.setattr(render, "built_in_templates", lambda: tmp_path)
    with pytest.raises(RenderError, match=r"unsafe|access"):
        renderer("postgresql").text("mine/it")
    assert len(list(kept.iterdir())) == 2
