"""Markdown in which nothing but our own words is markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby

from dbprov.sql.quoted import comment

LONGEST = 300  # characters of a name or a statement
PLAIN = re.compile(r"[A-Za-z]+(?:[-'][A-Za-z]+)*[,;:.]?|\d+(?:\.\d+){,2}[,;]?")


def span(value: object) -> str:
    """Any text as code, where GitHub makes no mention, link or emphasis of it either.

    A ``|`` is an entity between two code spans: in a cell it would end the cell also inside of one,
    and what a backslash before it means differs between readers of Markdown.
    """
    text = _line(value)
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}..."
    return "&#124;".join(_code(part) for part in text.split("|")) or "` `"


def _line(value: object) -> str:
    """In one line, without control characters."""
    return comment(re.sub(r"\s*\n\s*", " ", str(value)))


def _code(text: str) -> str:
    if not text:
        return ""
    ticks = "`" * (_longest_run(text) + 1)
    pad = " " if text[0] in " `" or text[-1] in " `" else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)


def words(text: str) -> str:
    """A sentence that may hold names: words of letters as they are, all else as code."""
    runs = groupby(_line(text).split(), key=lambda word: bool(PLAIN.fullmatch(word)))
    return " ".join(" ".join(run) if plain else span(" ".join(run)) for plain, run in runs)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Cells come as Markdown: names in them left ``span``."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def fence(text: str, language: str) -> str:
    """Longer than any run of backticks in the text, so that no line of it is its end."""
    ticks = "`" * max(3, _longest_run(text) + 1)
    return f"{ticks}{language}\n{text.rstrip(chr(10))}\n{ticks}"
