"""Quoted text, and the check that nothing else gets into SQL."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from dbprov.engines.engine import lines


class Sql(str):
    """Text that a quoting filter returned."""

    __slots__ = ()


FOLD = Sql("\0")
"""Where a template allows a line break. No name holds this character: servers refuse it."""


class Unquoted(Exception):
    pass


def only_sql(value: object) -> Sql:
    """Jinja's ``finalize``.

    Called with the result of every ``{{ }}``, and not with the template's own text.
    """
    _defined(value)
    if not isinstance(value, Sql):
        raise Unquoted(
            f"it prints a value of type {type(value).__name__} that did not leave a quoting filter"
        )
    return value


class Handle:
    """What a template gets for a password store: an argument for the filter ``password``.

    The sandbox hides names that begin with an underscore, so a template cannot read the password.
    """

    __slots__ = ("_write", "_written")

    def __init__(self, write: Callable[[str], str]) -> None:
        self._write = write
        self._written = False


def quoting(quote: Callable[..., str]) -> Callable[..., Sql]:
    return lambda *values: Sql(quote(*map(_defined, values)))


def _defined(value: object) -> object:
    """Raises UndefinedError for a misspelt name, which would else reach the filter as a value."""
    bool(value)
    return value


def keywords(words: Iterable[str]) -> str:
    """Keywords such as privileges, sorted. Refuses anything but capitals and underscores."""
    ordered = sorted(words)
    for word in ordered:
        if not re.fullmatch(r"[A-Z][A-Z_ ]*", word):
            raise Unquoted(f"{word!r} is not a keyword")
    if not ordered:
        raise Unquoted("there is no keyword to print")
    return ", ".join(ordered)


def keyword_lines(words: Iterable[str]) -> str:
    """Keywords on lines of at most 100 columns."""
    return lines(keywords(words).split(", "))


def folded(line: str) -> str:
    """With each FOLD as a blank, or as a line break where the line is longer than 100 columns."""
    indent = " " * max(4, len(line) - len(line.lstrip(" ")))
    [first, *parts] = line.split(FOLD)
    made = [first]
    for number, part in enumerate(parts, 1):
        ends = number == len(parts)  # a semicolon follows
        if len(made[-1]) + 1 + len(part) + ends <= 100:
            made[-1] += f" {part}"
        else:
            made.append(indent + part)
    return "\n".join(made)


def comment_lines(text: str, indent: str = "    ") -> list[str]:
    """A text on lines that are at most 100 columns as comments, broken at blanks."""
    made = [text]
    while len(made[-1]) > 97:
        at = made[-1].rfind(" ", len(indent) + 1, 98)
        if at < 0:
            break
        made[-1:] = [made[-1][:at].rstrip(), indent + made[-1][at + 1 :].lstrip()]
    return made


def variable(name: str) -> str:
    """A variable of a client program, such as psql's."""
    if not re.fullmatch(r"[A-Za-z0-9_]+", name):
        raise Unquoted(f"{name!r} is no name of a variable")
    return name


def comment(value: object) -> str:
    """Text for a ``--`` comment, without anything that would end the line."""
    return "".join(c if c.isprintable() else "?" for c in str(value))


def password(place: Handle, user: str) -> Sql:
    if not isinstance(place, Handle):
        raise Unquoted("password is a filter for place, and for nothing else")
    place._written = True
    return Sql(place._write(user))


def wrote_a_password(place: object) -> bool:
    return isinstance(place, Handle) and place._written


def filters(quoters: Mapping[str, Callable[..., str]]) -> dict[str, Callable[..., Sql]]:
    """All filters: those of an engine, and those that every engine has."""
    every = {
        **quoters,
        "keywords": keywords,
        "keyword_lines": keyword_lines,
        "comment": comment,
        "variable": variable,
    }
    return {**{name: quoting(quote) for name, quote in every.items()}, "password": password}
