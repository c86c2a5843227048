"""How PostgreSQL quotes: the filters that a value must leave to enter SQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from psycopg import sql

from dbprov.engines.engine import lines


def literal(value: object) -> str:
    if not isinstance(value, (str, int, bool)):
        raise TypeError(f"a {type(value).__name__} cannot be a literal")
    return sql.Literal(value).as_string().strip()  # it may begin with a blank: " E'..'"


def ident(name: str) -> str:
    """Of a name that holds line breaks or what does not print, with escapes.

    Whoever may create a table chooses its name: on paper it must not look like other lines.
    """
    if name.isprintable():
        return sql.Identifier(name).as_string()
    escaped = (c if c.isprintable() and c != "\\" else f"\\+{ord(c):06X}" for c in name)
    return f"U&{sql.Identifier(''.join(escaped)).as_string()}"


def body_literal(value: str) -> str:
    """A literal inside the body of a DO: no ``$`` of a name may end the dollar quotes around it."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("$", "\\x24")
    return f"E'{escaped}'"


def path(names: Sequence[str]) -> str:
    return ".".join(map(ident, names))


def signature(names: Sequence[str]) -> str:
    """A routine: its schema and name, then schema and name of each input type."""
    types = [path(names[at : at + 2]) for at in range(2, len(names), 2)]
    return f"{path(names[:2])}({', '.join(types)})"


FILTERS: Mapping[str, Callable[..., str]] = {
    "ident": ident,
    "idents": lambda names: ", ".join(map(ident, names)),
    "paths": lambda things: ", ".join(map(path, things)),
    "signatures": lambda things: ", ".join(map(signature, things)),
    "path_lines": lambda things: lines(map(path, things)),
    "signature_lines": lambda things: lines(map(signature, things)),
    "literal": literal,
    "literals": lambda values: ", ".join(map(literal, values)),
    "body_literal": body_literal,
    "body_literal_lines": lambda values: lines(map(body_literal, values)),
    "body_literals": lambda values: ", ".join(map(body_literal, values)),
}
