"""The SQL that dbprov writes is in one hand: sqlfluff reads every golden file, pglast what it cannot."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from pglast import parse_plpgsql, parse_sql, scan, split
from sqlfluff.core import FluffConfig, Linter

TESTS = Path(__file__).parent.parent
FILES = sorted(f for d in ("postgresql", "mysql", "reviewed") for f in (TESTS / "golden" / d).glob("*.sql"))  # fmt: skip
NOT_PARSED = {
    "postgres": [
        r"GRANT \S.* TO CURRENT_USER WITH INHERIT TRUE, SET TRUE;",  # options of PostgreSQL 16
        r"ALTER DATABASE .* ALLOW_CONNECTIONS true CONNECTION LIMIT -1",  # a number below 0
        r"ALTER ROLE .* IN DATABASE .*\sSET search_path = ",
    ],
    "mysql": [
        r"ALTER USER .*\sATTRIBUTE ",  # of MySQL 8.0.21
        r"ALTER USER .* WITH MAX_USER_CONNECTIONS",
        r"GRANT (ALTER, ALTER ROUTINE|SELECT, SHOW VIEW)",
        r"REVOKE .* FROM ",
        r"CREATE DATABASE IF NOT EXISTS `[^`]*``",  # a backtick in a name
    ],
    "mariadb": [
        r"ALTER USER .* WITH MAX_USER_CONNECTIONS",
        r"GRANT (ALTER, ALTER ROUTINE|SELECT, SHOW VIEW)",
        r"REVOKE .* FROM ",
    ],
}
"""Valid statements that sqlfluff 4.5 cannot parse; it still reads their keywords and lines."""
VALUES = {"true", "false", "current_user"}
"""Keywords that are values, in the case of PostgreSQL's manual."""
OWN = {"template0", "search_path"}
"""Names of PostgreSQL's own in statements; words in capitals are keywords, whatever its lexer says."""


def dialect(file: Path) -> str:
    if file.parent.name == "postgresql" or file.stem.startswith("postgresql"):
        return "postgres"
    return "mariadb" if file.stem.startswith("mariadb") else "mysql"


@cache
def statements(file: Path) -> tuple[str, ...]:
    """The statements of a file, and those that one of psql's variables holds; without psql's commands."""
    text = file.read_text(encoding="utf-8")
    held = re.compile(
        r"^SELECT \$dbprov\$ (.*?)\n\$dbprov\$ AS \w+ \\gset\n", re.DOTALL | re.MULTILINE
    )
    text = "".join(f"{inner};\n" for inner in held.findall(text)) + held.sub("", text)
    text = re.sub(r"^( *\\|:begin_session).*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r" \\(gset|gexec)$", ";", text, flags=re.MULTILINE)
    text = re.sub(r":'\w+'|\$\{\w+\}", "'x'", text)
    if dialect(file) == "postgres":
        return tuple(f"{one};\n" for one in split(text))
    without = re.sub(r"^--.*\n", "", text, flags=re.MULTILINE)
    return tuple(f"{one.strip()};\n" for one in without.split(";\n") if one.strip())


def of_both() -> Iterator[tuple[str, str]]:
    for file in FILES:
        for statement in statements(file):
            yield dialect(file), statement


@cache
def linter(of: str) -> Linter:
    return Linter(config=FluffConfig.from_path(str(TESTS.parent), overrides={"dialect": of}))


@cache
def violations(text: str, of: str) -> list[str]:
    """What sqlfluff says of a statement."""
    found = linter(of).lint_string(text).get_violations()
    return [f"{one.rule_code()} {one.desc()}: {text}" for one in found]


def not_parsed(text: str, of: str) -> str:
    return next((one for one in NOT_PARSED[of] if re.match(one, text, re.DOTALL)), "")


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_sqlfluff_finds_nothing(file: Path) -> None:
    of = dialect(file)
    for statement in statements(file):
        found = violations(statement, of)
        if not_parsed(statement, of):
            found = [one for one in found if not one.startswith("PRS")]
        assert found == []


def test_what_sqlfluff_can_parse_is_not_excepted() -> None:
    excepted = {(of, not_parsed(text, of), bool(violations(text, of))) for of, text in of_both()}
    assert {(of, one, True) for of in NOT_PARSED for one in NOT_PARSED[of]} == {
        case for case in excepted if case[1]
    }


@pytest.mark.parametrize("of", ["postgres", "mysql", "mariadb"])
def test_what_is_in_another_hand_is_found(of: str) -> None:
    for text in ("select 1;\n", "SELECT 1 ;\n", "SELECT  1;\n", f"SELECT {'1 + ' * 30}1;\n", "GRANT;\n"):  # fmt: skip
        assert violations(text, of), text


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_lines_have_100_columns_at_most(file: Path) -> None:
    """But for a command of the head, which is copied as one line, and lists of hostile names."""
    for line in file.read_text(encoding="utf-8").splitlines():
        assert len(line) <= 100 or line.startswith("--   envsubst ") or "ARRAY[E'" in line, line


@pytest.mark.parametrize(
    "file", [f for f in FILES if dialect(f) == "postgres"], ids=lambda file: file.stem
)
def test_postgresql_parses_it_and_every_name_is_quoted(file: Path) -> None:
    """In a query names are literals; what stands without quotes there is the catalogue's."""
    for statement in statements(file):
        [parsed] = parse_sql(statement)
        kind = type(parsed.stmt).__name__
        if kind == "DoStmt":
            body = statement.removeprefix("DO ").removesuffix(";\n")
            parse_plpgsql(f"CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS {body}")
            inner = body.replace("$dbprov$", "")
            words = {
                inner[t.start : t.end + 1] for t in scan(inner) if t.kind == "RESERVED_KEYWORD"
            }
            assert all(one.isupper() for one in words - VALUES), statement
        elif kind not in ("SelectStmt", "VariableSetStmt"):
            found = [statement[t.start : t.end + 1] for t in scan(statement) if t.name == "IDENT"]
            bare = {one for one in found if one[0] != '"' and not one.isupper()}
            assert bare <= OWN, statement


@pytest.mark.parametrize(
    "file", [f for f in FILES if dialect(f) != "postgres"], ids=lambda file: file.stem
)
def test_mysql_gets_every_name_in_quotes(file: Path) -> None:
    """Without what is in quotes there are keywords, in capitals, and names of MySQL's own."""
    own = {"utf8mb4", "utf8mb4_unicode_ci", "sql_mode"}
    for statement in statements(file):
        bare = re.sub(r"""'(?:[^'\\]|''|\\.)*'|`(?:[^`]|``)*`""", "", statement)
        assert set(re.findall(r"\w*[a-z]\w*", bare)) <= own, statement
