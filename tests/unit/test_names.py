"""What an engine would cut, fold or misread silently is refused; everything else is taken."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbprov.spec import names
from dbprov.spec.key_types import Text
from dbprov.spec.keys import NAME
from dbprov.spec.names import objections, unprintable
from tests.support.made import HOSTILE, parsed

assert isinstance(NAME.type, Text)
DEPLOYMENT = NAME.type.pattern

SORTS = ("database", "user", "schema")

REFUSED = [
    ("postgresql", "database", "x" * 64, "63 bytes"),
    ("postgresql", "user", "ü" * 32, "63 bytes"),
    ("postgresql", "schema", "x" * 64, "63 bytes"),
    ("postgresql", "user", "pg_app", "pg_"),
    ("postgresql", "schema", "pg_app", "pg_"),
    ("postgresql", "user", "public", "keyword"),
    ("postgresql", "user", "none", "keyword"),
    ("postgresql", "schema", "information_schema", "belongs to the server"),
    ("postgresql", "schema", "$user", "search_path"),
    *(
        ("postgresql", "database", name, "belongs to the server")
        for name in (
            "postgres",
            "template0",
            "template1",
            "rdsadmin",
            "cloudsqladmin",
            "azure_maintenance",
            "azure_sys",
        )
    ),
    ("mysql", "database", "x" * 65, "64 characters"),
    ("mysql", "user", "x" * 33, "32 characters"),
    ("mysql", "database", "shop ", "blank at the end"),
    ("mysql", "user", "app ", "blank at the end"),
    ("mysql", "database", "smile \N{GRINNING FACE}", "U+FFFF"),
    ("mysql", "user", "\N{GRINNING FACE}", "U+FFFF"),
    *(
        ("mysql", "database", name, "belongs to the server")
        for name in ("mysql", "sys", "information_schema", "performance_schema", "MySQL", "SYS")
    ),
    ("mysql", "user", "mysql.sys", "belong to the server"),
    ("mysql", "user", "MySQL.session", "belong to the server"),
]

TAKEN = [
    ("postgresql", "database", "x" * 63),
    ("postgresql", "database", "ü" * 31),
    ("postgresql", "database", "pg_shop"),
    ("postgresql", "database", "Postgres"),
    ("postgresql", "user", "Public"),
    ("postgresql", "user", "app "),
    ("postgresql", "schema", "public"),
    ("postgresql", "user", "\N{GRINNING FACE}"),
    ("mysql", "database", "x" * 64),
    ("mysql", "database", "ü" * 64),
    ("mysql", "user", "x" * 32),
    ("mysql", "user", "ü" * 32),
    ("mysql", "database", "pg_shop"),
    ("mysql", "user", "mysqlapp"),
]


@pytest.mark.parametrize(("engine", "sort", "name", "words"), REFUSED)
def test_refused(engine: str, sort: str, name: str, words: str) -> None:
    said = objections(engine, sort, name)
    assert len(said) == 1
    assert words in said[0]


@pytest.mark.parametrize(("engine", "sort", "name"), TAKEN)
def test_taken(engine: str, sort: str, name: str) -> None:
    assert objections(engine, sort, name) == []


@pytest.mark.parametrize("engine", ["postgresql", "mysql"])
@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize(
    "name",
    [
        HOSTILE,
        "a b",
        "%",
        "_",
        "'",
        '"',
        "`",
        "\\",
        "--",
        "/*",
        "$",
        "{{ x }}",
        "ü",
        "日本",
        "app@home",
        ".",
    ],
)
def test_signs_are_no_reason_to_refuse(engine: str, sort: str, name: str) -> None:
    assert objections(engine, sort, name) == []


@pytest.mark.parametrize("engine", ["postgresql", "mysql"])
@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize(
    "sign", ["\n", "\r", "\t", "\0", "\x1b", "\x7f", "\x85", "\u2028", "\u2029", "\ud800"]
)
def test_line_breaks_and_control_characters_are_refused(engine: str, sort: str, sign: str) -> None:
    assert unprintable(f"a{sign}b")
    for name in (f"a{sign}b", sign, f"a{sign}"):
        assert any("control characters" in words for words in objections(engine, sort, name))


@pytest.mark.parametrize("engine", ["postgresql", "mysql"])
@pytest.mark.parametrize("sort", SORTS)
def test_a_name_is_needed(engine: str, sort: str) -> None:
    assert objections(engine, sort, "") == [f"a {sort} needs a name"]


@given(st.text())
def test_whatever_is_taken_fits(name: str) -> None:
    """The limits of the engines hold for every name that is taken, in the engine's own units."""
    if not objections("postgresql", "user", name):
        assert 0 < len(name.encode()) <= 63
    if not objections("mysql", "user", name):
        assert 0 < len(name) <= 32
        assert max(map(ord, name)) <= 0xFFFF


@pytest.mark.parametrize("name", ["analytics", "a", "A-1_b.c", "x" * 63])
def test_names_of_deployments(name: str) -> None:
    assert re.fullmatch(DEPLOYMENT, name)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "-a", ".a", "_a", "a/b", "a b", "a\n", "ü", "x" * 64, "a\\b", "$a"]
)
def test_names_that_cannot_be_files(name: str) -> None:
    assert not re.fullmatch(DEPLOYMENT, name)


@pytest.mark.parametrize(
    ("database", "name"),
    [
        ("shop", "shop"), ('we"i`rd_%db', "we-i-rd_-db"), ("-x.", "x"), ("данные", "imported"), ("a" * 70, "a" * 63),
    ],
)  # fmt: skip
def test_a_deployment_of_any_database_has_a_name(database: str, name: str) -> None:
    assert names.deployment(database) == name
    assert parsed(
        f"server: postgresql://h\ndeployments: [{{name: '{name}', database: d, user: u}}]"
    )
