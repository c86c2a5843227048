"""How text looks on a terminal: colours, its width, tables. Made by rich, which only this loads.

Whatever comes here was cleaned and masked before, so that no secret is parted by a line break.
Words become ``Text``, in which rich reads no markup and no emoji. Nothing is written here.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console
from rich.control import Control
from rich.segment import ControlType
from rich.table import Table
from rich.text import Text

NARROWEST = 20
"""Columns left of an indent, below which the terminal itself breaks the lines."""
FURTHER = 2
"""Columns that a line without a mark is indented where it goes on."""
LABEL = re.compile(r" *(?:why: |do:  )?")  # of an error; its text is aligned behind it
SIGNS = {"done": "✓", "ok": "✓", "FAILED": "✗", "WRONG": "✗"}
"""Of words that are marks, where the terminal can show them."""
ERASED = Control((ControlType.CARRIAGE_RETURN,), (ControlType.ERASE_IN_LINE, 2)).segment.text


def _console() -> Console:
    """A new one each time: it knows NO_COLOR, TERM, COLUMNS and the size of now.

    It gives text, and an interruption leaves nothing in it.
    """
    return Console(
        file=io.StringIO(), force_terminal=True, markup=False, emoji=False, highlight=False
    )


def erases() -> bool:
    """Can this terminal take back a line? One with TERM=dumb cannot."""
    return not _console().is_dumb_terminal


def line(text: str, mark: str = "", style: str = "", *, signs: bool = False) -> str:
    """One line after a mark; where it is too long it goes on below its text, so that in the column
    of the marks nothing else stands. ``signs``: this terminal has more than ASCII.
    """
    if signs:
        mark = mark.replace(mark.strip(), SIGNS.get(mark.strip(), mark.strip()))
    whole = Text.assemble((mark, style), f" {text}" if mark else text)
    if mark.startswith(" "):
        return _shown(_wrapped(whole, len(mark) + 1))
    return _shown(_wrapped(whole, _indent(whole.plain), FURTHER))


def block(text: str, style: str = "") -> str:
    """Lines that keep their indent where they are wrapped."""
    made: list[Text] = []
    for one in text.split("\n"):
        label = LABEL.match(one)
        head = label.end() if label else 0
        made += _wrapped(Text(one, style), head, 0 if head else FURTHER)
    return _shown(made)


def table(rows: Iterable[Sequence[str]], header: Sequence[str]) -> str:
    made = Table(*header, box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in made.columns:
        column.overflow = "fold"
    for row in rows:
        made.add_row(*map(Text, row))
    console = _console()
    console.print(made)
    return "".join(f"{row.rstrip()}\n" for row in _text(console).splitlines())


def status(text: str) -> str:
    """In one line whatever the width, without its end: it is erased in its place."""
    console = _console()
    made = Text(text, "dim", tab_size=1)
    made.expand_tabs()
    made.truncate(console.width - 1, overflow="crop")
    console.print(made, soft_wrap=True, end="")
    return _text(console)


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip(" "))


def _wrapped(whole: Text, head: int, further: int = 0) -> Iterator[Text]:
    """The rows of a line: below its first ``head`` characters nothing stands."""
    console = _console()
    first, rest = whole.divide([head]) if head else (Text(), whole)
    indent = first.cell_len + further
    rows = rest.wrap(console, max(console.width - indent, NARROWEST))
    for number, row in enumerate(rows):
        made = Text.assemble(" " * indent if number else first, row)
        made.rstrip()
        yield made


def _shown(rows: Iterable[Text]) -> str:
    console = _console()
    for row in rows:
        console.print(row, soft_wrap=True)
    return _text(console)


def _text(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()
