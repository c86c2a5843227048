"""What each engine takes for a name.

What it would cut, fold or misread silently is refused before anything happens.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from msgspec import Struct


class Rule(Struct, frozen=True):
    """One reason to refuse a name: the sorts of things it holds for, the test, and the words."""

    sorts: tuple[str, ...]
    broken_by: Callable[[str], bool]
    words: str


ALL = ("database", "user", "schema")
RULES: dict[str, tuple[Rule, ...]] = {
    "postgresql": (
        # T37: cut at 63 bytes with nothing but a notice; two long names may become one.
        Rule(
            (*ALL, "extension"),
            lambda name: len(name.encode()) > 63,
            "PostgreSQL cuts names at 63 bytes of UTF-8",
        ),
        # T38
        Rule(
            ("user", "schema"),
            lambda name: name.startswith("pg_"),
            "names that begin with pg_ belong to the server",
        ),
        Rule(
            ("user",),
            lambda name: name in ("public", "none"),
            "this is a keyword, not a role, to PostgreSQL",
        ),
        Rule(
            ("user",),
            lambda name: name in ("postgres", "rdsadmin", "cloudsqladmin", "azuresu"),
            "this role belongs to the server or its provider",
        ),
        Rule(
            ("schema",),
            lambda name: name == "information_schema",
            "this schema belongs to the server",
        ),
        Rule(
            ("schema",),
            lambda name: name == "$user",
            "in a search_path this is whatever schema is named like the user",
        ),
        Rule(
            ("database",),
            lambda name: (
                name in ("postgres", "template0", "template1", "rdsadmin", "cloudsqladmin")
                or name.startswith("azure_")
            ),
            "this database belongs to the server or its provider",
        ),
    ),
    "mysql": (
        # T57: ER 1059, 1102 and 1470; MariaDB would take longer user names, MySQL 32 characters.
        Rule(
            ("database",),
            lambda name: len(name) > 64,
            "MySQL takes database names of at most 64 characters",
        ),
        Rule(
            ("user",),
            lambda name: len(name) > 32,
            "MySQL takes user names of at most 32 characters",
        ),
        Rule(
            ALL,
            lambda name: name.endswith(" "),
            "MySQL refuses or drops a blank at the end of a name",
        ),
        Rule(
            ALL,
            lambda name: any(ord(c) > 0xFFFF for c in name),
            "MySQL names hold characters up to U+FFFF only",
        ),
        Rule(
            ("database",),
            lambda name: (
                name.lower() in ("mysql", "sys", "information_schema", "performance_schema")
            ),
            "this database belongs to the server",
        ),
        Rule(
            ("user",),
            lambda name: name.lower().startswith("mysql."),
            "users named mysql.* belong to the server",
        ),
    ),
}


def objections(engine: str, sort: str, name: str) -> list[str]:
    """Why this engine cannot have a database, user or schema of this name; empty where it can."""
    if not name:
        return [f"a {sort} needs a name"]
    if unprintable(name):
        return ["line breaks and control characters are refused in names"]
    return [
        rule.words for rule in RULES.get(engine, ()) if sort in rule.sorts and rule.broken_by(name)
    ]


def unprintable(text: str) -> bool:
    """Does it hold a line break, a control character, or half a character?

    The last no UTF-8 can carry.
    """
    return not text.isprintable() and any(
        unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in text
    )


def variable(user: str) -> str:
    """The name under which a file of SQL asks for a user's password.

    One that psql and every shell take.
    """
    name = re.sub(r"\W", "_", user, flags=re.ASCII) + "_password"
    return f"_{name}" if name[0].isdigit() else name


def deployment(database: str) -> str:
    """A name of a Deployment for a database that exists, whatever signs its own name has."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", database).strip("-._")
    return name[:63] or "imported"
