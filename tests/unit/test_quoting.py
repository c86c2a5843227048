"""The filters: what goes in comes out as one token that reads back as what went in, whatever it holds."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbprov.engines.engine import of
from dbprov.engines.mysql import quoting as mysql
from dbprov.engines.postgresql import quoting as postgresql
from dbprov.spec import names
from dbprov.sql.quoted import FOLD, Unquoted, comment_lines, folded, keyword_lines
from tests.support.made import HOSTILE

NASTY = [
    HOSTILE,
    "", " ", "'", "''", '"', "`", "\\", "\\'", "'--", "';DROP TABLE x;--", "/*", "*/", "$$", "$dbprov$",
    "%s", "%", "_", "{{ x }}",
    "{% raw %}", ":'x'", ":x", "\\gexec", "ü", "日本", "\N{GRINNING FACE}", "E'x'", "x\\", "\\\\", "a b",
]  # fmt: skip

TABLE = [
    (postgresql.ident, "plain", '"plain"'),
    (postgresql.ident, 'o"ps', '"o""ps"'),
    (postgresql.ident, 'o"\n\u202e\\', 'U&"o""\\+00000A\\+00202E\\+00005C"'),
    (postgresql.ident, "a\\b'c", '"a\\b\'c"'),
    (postgresql.literal, "plain", "'plain'"),
    (postgresql.literal, "o'ps", "'o''ps'"),
    (postgresql.literal, "a\\b", "E'a\\\\b'"),
    (postgresql.literal, 5, "5"),
    (postgresql.body_literal, "plain", "E'plain'"),
    (postgresql.body_literal, "a$b'c\\d", "E'a\\x24b\\'c\\\\d'"),
    (mysql.ident, "plain", "`plain`"),
    (mysql.ident, "o`ps", "`o``ps`"),
    (mysql.ident, "a\\b'c", "`a\\b'c`"),
    (mysql.literal, "plain", "'plain'"),
    (mysql.literal, "o'ps", "'o''ps'"),
    (mysql.literal, "a\\b", "'a\\\\b'"),
    (mysql.literal, 5, "5"),
    (mysql.pattern, "my_app", "my\\_app"),
    (mysql.pattern, "100%\\", "100\\%\\\\"),
    (mysql.FILTERS["pattern_ident"], "my_app", "`my\\_app`"),
    (mysql.FILTERS["pattern_ident"], "o`p_s", "`o``p\\_s`"),
    (mysql.FILTERS["pattern_literal"], "my_app", "'my\\\\_app'"),
    (mysql.FILTERS["pattern_literal"], "a\\b", "'a\\\\\\\\b'"),
    (mysql.charset, "utf8mb4_unicode_ci", "utf8mb4_unicode_ci"),
    (postgresql.FILTERS["idents"], ("a", 'b"c'), '"a", "b""c"'),
    (postgresql.FILTERS["literals"], ("a", "b'c"), "'a', 'b''c'"),
    (postgresql.FILTERS["body_literals"], ("a", "b$c"), "E'a', E'b\\x24c'"),
]

no_nul = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@pytest.mark.parametrize(("quote", "value", "expected"), TABLE)
def test_table(quote, value, expected) -> None:  # type: ignore[no-untyped-def]
    assert quote(value) == expected


def _read(text: str, quote: str, escapes: bool) -> str:
    """What a server reads in a quoted token; fails where the token ends before the text does."""
    assert text[0] == text[-1] == quote
    assert len(text) >= 2
    inner, out, at = text[1:-1], "", 0
    while at < len(inner):
        c = inner[at]
        if c == quote:
            assert inner[at : at + 2] == quote * 2, "the quotation ends too early"
            at += 1
        elif c == "\\" and escapes:
            at += 1
            assert at < len(inner), "the closing quote is escaped"
            if inner[at : at + 3] == "x24" and escapes:
                c, at = "$", at + 2
            else:
                c = inner[at]
        out += c
        at += 1
    return out


def _postgresql_literal(text: str) -> str:
    return (
        _read(text[1:], "'", escapes=True)
        if text.startswith("E")
        else _read(text, "'", escapes=False)
    )


def _postgresql_ident(text: str) -> str:
    if not text.startswith("U&"):
        return _read(text, '"', escapes=False)
    inner = _read(text[2:], '"', escapes=False)
    assert inner.isprintable()
    return re.sub(r"\\\+([0-9A-F]{6})", lambda code: chr(int(code[1], 16)), inner)


def _check(name: str) -> None:
    assert _postgresql_ident(postgresql.ident(name)) == name
    assert _postgresql_literal(postgresql.literal(name)) == name
    assert _postgresql_literal(postgresql.body_literal(name)) == name
    assert "$" not in postgresql.body_literal(name)
    assert _read(mysql.ident(name), "`", escapes=False) == name
    assert _read(mysql.literal(name), "'", escapes=True) == name.replace("\\x24", "$")
    assert _like(_read(mysql.FILTERS["pattern_ident"](name), "`", escapes=False)) == name
    assert _like(mysql.pattern(name)) == name


def _like(pattern: str) -> str:
    """The one text that a LIKE pattern matches; fails where it matches others."""
    assert not re.search(r"[%_]", re.sub(r"\\.", "", pattern, flags=re.DOTALL)), (
        "a wildcard is left"
    )
    return re.sub(r"\\(.)", r"\1", pattern, flags=re.DOTALL)


@pytest.mark.parametrize("name", NASTY)
def test_nasty(name: str) -> None:
    _check(name)


@given(no_nul.filter(lambda text: "\\x24" not in text))
def test_anything(name: str) -> None:
    _check(name)


@pytest.mark.parametrize("value", [None, 1.5, b"x", ["x"], ("x",), {}, object()])
def test_only_text_and_numbers_are_literals(value: object) -> None:
    with pytest.raises(TypeError, match="cannot be a literal"):
        postgresql.literal(value)
    with pytest.raises(TypeError, match="cannot be a literal"):
        mysql.literal(value)


@pytest.mark.parametrize("name", ["", "utf8; x", "utf-8", "ü", "a b", "a'", "a\n"])
def test_a_charset_is_a_word(name: str) -> None:
    with pytest.raises(ValueError, match="is no character set"):
        mysql.charset(name)


@pytest.mark.parametrize(
    ("user", "variable"),
    [
        ("app", "app_password"),
        ("my app", "my_app_password"),
        ("a'b\"c`d$e", "a_b_c_d_e_password"),
        ("ü", "__password"),
    ],
)
def test_variables_are_words(user: str, variable: str) -> None:
    assert names.variable(user) == variable
    assert of("postgresql").urls.password_placeholder(None, user) == f":'{variable}'"  # type: ignore[arg-type]
    assert of("mysql").urls.password_placeholder(None, user) == "${" + variable + "}"  # type: ignore[arg-type]


@given(no_nul)
def test_variables_hold_nothing_but_word_signs(user: str) -> None:
    assert re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", names.variable(user))


# -- lines of at most 100 columns --------------------------------------------------------------------------------------


def test_a_list_of_keywords_is_on_lines_of_100_columns_at_most() -> None:
    words = [f"{a} WORD" for a in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
    text = f"GRANT {keyword_lines(words)}"
    assert all(len(line) <= 100 for line in text.splitlines())
    assert re.split(r",\s+", text.removeprefix("GRANT ")) == words
    assert keyword_lines(["SELECT", "INSERT"]) == "INSERT, SELECT"
    with pytest.raises(Unquoted):
        keyword_lines(["select"])


@pytest.mark.parametrize(
    ("parts", "made"),
    [
        (["GRANT x", "TO y"], "GRANT x TO y"),
        (["a" * 50, "b" * 48], f"{'a' * 50} {'b' * 48}"),  # and a semicolon
        (["a" * 50, "b" * 49], f"{'a' * 50}\n    {'b' * 49}"),
        (["a" * 90, "b" * 20, "c"], f"{'a' * 90}\n    {'b' * 20} c"),
        (["        " + "a" * 90, "b"], f"        {'a' * 90}\n        b"),
        (["a  b"], "a  b"),
    ],
)
def test_a_line_is_broken_where_its_template_allows_it(parts: list[str], made: str) -> None:
    assert folded(FOLD.join(parts)) == made


@given(st.text(alphabet=" ab", max_size=400))
def test_a_comment_is_broken_at_blanks(text: str) -> None:
    lines = comment_lines(text)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(len(line) <= 97 or " " not in line[5:97].strip() for line in lines)
    assert all(line.startswith("    ") for line in lines[1:])
