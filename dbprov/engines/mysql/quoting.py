"""How MySQL quotes: the filters that a value must leave to enter SQL."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping


def literal(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise TypeError(f"a {type(value).__name__} cannot be a literal")
    if isinstance(value, int):
        return str(value)
    escaped = value.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def ident(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def pattern(name: str) -> str:
    """A name where the server reads a LIKE pattern: my_app must not reach myXapp (T40)."""
    return re.sub(r"([\\%_])", r"\\\1", name)


def attribute(text: str | None) -> str:
    """The user attribute that a label is, as JSON; nothing takes it away."""
    return literal(json.dumps({"dbprov": text}, ensure_ascii=False))


def charset(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_]+", name):
        raise ValueError(f"{name!r} is no character set or collation")
    return name


FILTERS: Mapping[str, Callable[..., str]] = {
    "ident": ident,
    "literal": literal,
    "pattern_ident": lambda name: ident(
        pattern(name)
    ),  # inside backticks a backslash is text, not an escape
    "pattern_literal": lambda name: literal(pattern(name)),
    "charset": charset,
    "attribute": attribute,
}
