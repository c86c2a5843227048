"""The one way out for text.

On stderr, or on stdout where it is the product. Nothing else in dbprov writes to either. What
libraries print (tracebacks, warnings, logs, click's own errors) passes ``guard``.
"""

from __future__ import annotations

import codecs
import json
import re
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from dbprov.system.masking import masked, outside, printable, printable_lines, values

if TYPE_CHECKING:
    from dbprov.errors import DbprovError


class _Guarded:
    """A stream as everybody but this module has it: no secret and no control character passes."""

    def __init__(self, stream: Any) -> None:
        self.unguarded = stream
        self.buffer = _GuardedBytes(self)

    def write(self, text: str) -> int:
        self.unguarded.write(printable_lines(masked(text)))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        if name == "detach":  # no way around ``write``
            raise AttributeError(name)
        return getattr(self.unguarded, name)


class _GuardedBytes:
    """What click writes for a shell's completion."""

    def __init__(self, guarded: _Guarded) -> None:
        self._guarded = guarded

    def write(self, data: bytes) -> int:
        self._guarded.write(data.decode(errors="replace"))
        return len(data)

    def flush(self) -> None:
        self._guarded.flush()


def guard() -> None:
    """From now on stdout and stderr are guarded, also for what is printed as the process ends."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None or isinstance(stream, _Guarded):
            continue
        with suppress(AttributeError, ValueError, LookupError):
            if codecs.lookup(stream.encoding).name == "ascii":  # of a locale that was never set
                stream.reconfigure(encoding="utf-8")
        setattr(sys, name, _Guarded(stream))


def _stream(err: bool) -> Any:
    stream = sys.stderr if err else sys.stdout
    return stream.unguarded if isinstance(stream, _Guarded) else stream


def say(text: str, err: bool = True, mark: str = "") -> None:
    """One line for a person. ``mark`` may have colors; whatever is in ``text``, it has none."""
    click.echo(f"{mark} {clean(text)}".rstrip() if mark else clean(text), file=_stream(err))


def print_text(text: str) -> None:
    """What was asked for, whole, on stdout: as it is, but on a terminal without control characters.

    It is finished, so it is not masked: who made it was told whether to reveal.
    """
    stream = _stream(err=False)
    shown = printable_lines(text) if stream.isatty() else text
    click.echo(shown, nl=False, file=stream, color=True)
    if shown != text:
        say("note: characters that a terminal would obey are shown as ?; in a pipe they are as is")


def print_json(document: Any, *, reveal: bool = False) -> None:
    """Each text in it is masked, and none can steer a terminal: JSON has escapes for that."""
    text = json.dumps(document if reveal else values(document), indent=2, ensure_ascii=False)
    print_text(re.sub(r"[^\n -~]", _escaped, text) + "\n")


def _escaped(found: re.Match[str]) -> str:
    return found[0] if found[0].isprintable() else json.dumps(found[0])[1:-1]


def confirm(question: str) -> bool:
    return click.confirm(clean(question), err=True)


def prompt(question: str, *, hidden: bool = False, twice: bool = False) -> str:
    typed: str = click.prompt(
        clean(question), hide_input=hidden, err=True, confirmation_prompt=twice
    )
    return typed


def show_error(error: DbprovError) -> None:
    _paragraph(f"dbprov: {error}")


def show_traceback(error: BaseException) -> None:
    """Never what it came from: a server repeats what was sent."""
    import traceback

    frames = "".join(traceback.format_tb(error.__traceback__))
    text = outside("".join(traceback.format_exception_only(error)))
    _paragraph(f"Traceback (most recent call last):\n{frames}{text}".rstrip("\n"))


def show_logs() -> None:
    """What the libraries log, on stderr; their words come from outside."""
    import logging

    class Masking(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return outside(super().format(record))

    handler = logging.StreamHandler()
    handler.setFormatter(Masking("%(name)s: %(message)s"))
    logging.basicConfig(level=logging.DEBUG, handlers=[handler])


def _paragraph(text: str, err: bool = True) -> None:
    click.echo(printable_lines(masked(text)), file=_stream(err))


def statement(text: str, err: bool) -> None:
    click.echo(click.style(_indented(text), dim=True), file=_stream(err))


def advice(text: str, err: bool) -> None:
    click.echo(_indented(text), file=_stream(err))


def _indented(text: str) -> str:
    return "\n".join(f"      {printable(line)}" for line in masked(text).split("\n"))


def clean(line: str) -> str:
    return printable(masked(line))
