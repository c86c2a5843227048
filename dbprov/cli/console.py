"""The one way out for text.

On stderr, or on stdout where it is the product. Nothing else in dbprov writes to either. What
libraries print (tracebacks, warnings, logs, click's own errors) passes ``guard``. Text is masked
and cleaned first; only then it is laid out for a terminal (cli/terminal.py). In a pipe it is plain.
"""

from __future__ import annotations

import codecs
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
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
        _status.hide()
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
            if _encoding(stream) == "ascii":  # of a locale that was never set
                stream.reconfigure(encoding="utf-8")
        setattr(sys, name, _Guarded(stream))


def _encoding(stream: Any) -> str:
    with suppress(LookupError):
        return codecs.lookup(getattr(stream, "encoding", "") or "ascii").name
    return ""


def _stream(err: bool) -> Any:
    stream = sys.stderr if err else sys.stdout
    return stream.unguarded if isinstance(stream, _Guarded) else stream


def _terminal(err: bool) -> bool:
    stream = _stream(err)
    return stream is not None and bool(stream.isatty())


def _write(text: str, err: bool) -> None:
    """What is being done stands below it again."""
    _status.hide()
    click.echo(text, nl=False, file=_stream(err))
    _status.show()


def say(text: str, err: bool = True, mark: str = "", style: str = "") -> None:
    """One line for a person, after a mark, or a name, which has the style: green, bold ..."""
    mark, text = _clean(mark), _clean(text)
    if _terminal(err):
        from dbprov.cli import terminal

        _write(terminal.line(text, mark, style, signs=_encoding(_stream(err)) == "utf-8"), err)
    else:
        _write((f"{mark} {text}".rstrip() if mark else text) + "\n", err)


def statement(text: str, err: bool) -> None:
    _block(_indented(text), err, "dim")


def advice(text: str, err: bool) -> None:
    _block(_indented(text), err)


def _block(text: str, err: bool, style: str = "") -> None:
    """Of text that is clean already."""
    if _terminal(err):
        from dbprov.cli import terminal

        _write(terminal.block(text, style), err)
    else:
        _write(f"{text}\n", err)


def print_table(rows: Sequence[Sequence[str]], header: Sequence[str]) -> None:
    """On stdout; in a pipe without the header, and with a tab between the cells."""
    if rows and _terminal(err=False):
        from dbprov.cli import terminal

        _write(terminal.table([[_clean(cell) for cell in row] for row in rows], header), err=False)
    else:
        for row in rows:
            say("\t".join(row), err=False)


def print_text(text: str) -> None:
    """What was asked for, whole, on stdout: as it is, but on a terminal without control characters.

    It is finished, so it is not masked: who made it was told whether to reveal.
    """
    shown = printable_lines(text) if _terminal(err=False) else text
    _status.hide()
    click.echo(shown, nl=False, file=_stream(err=False), color=True)
    if shown != text:
        say("note: characters that a terminal would obey are shown as ?; in a pipe they are as is")


def print_json(document: Any, *, reveal: bool = False) -> None:
    """Each text in it is masked, and none can steer a terminal: JSON has escapes for that."""
    text = json.dumps(document if reveal else values(document), indent=2, ensure_ascii=False)
    if (context := click.get_current_context(silent=True)) and context.obj is not None:
        context.obj["printed"] = True  # one document, also where the run is interrupted after it
    print_text(re.sub(r"[^\n -~]", _escaped, text) + "\n")


def _escaped(found: re.Match[str]) -> str:
    return found[0] if found[0].isprintable() else json.dumps(found[0])[1:-1]


def confirm(question: str) -> bool:
    _status.hide()
    return click.confirm(_clean(question), err=True)


def prompt(question: str, *, hidden: bool = False, twice: bool = False) -> str:
    _status.hide()
    typed: str = click.prompt(
        _clean(question), hide_input=hidden, err=True, confirmation_prompt=twice
    )
    return typed


class _Status:
    """The last line of a terminal, which says what is being done.

    It has no thread and hides no cursor: a process that is killed leaves the terminal as it was.
    """

    words = ""
    shown = False

    def show(self) -> None:
        if self.words:
            from dbprov.cli import terminal

            self.shown = True
            click.echo(terminal.status(self.words), nl=False, file=_stream(err=True))

    def hide(self) -> None:
        if self.shown:
            from dbprov.cli import terminal

            self.shown = False
            click.echo(terminal.ERASED, nl=False, file=_stream(err=True))


_status = _Status()


@contextmanager
def status() -> Iterator[Callable[[str], None]]:
    """Gives the function that says what is being done; at the end nothing of it is left.

    Only where both streams are a terminal: the program behind a pipe may be on the same one.
    """

    def show(words: str) -> None:
        _status.hide()
        _status.words = _clean(words)
        _status.show()

    def nowhere(words: str) -> None:
        pass

    try:
        yield show if _has_status() else nowhere
    finally:
        _status.words = ""
        _status.hide()


def _has_status() -> bool:
    if not (_terminal(err=True) and _terminal(err=False)):
        return False
    from dbprov.cli import terminal

    return terminal.erases()


def show_error(error: DbprovError) -> None:
    _block(printable_lines(masked(f"dbprov: {error}")), err=True)


def show_traceback(error: BaseException) -> None:
    """Never what it came from: a server repeats what was sent."""
    import traceback

    frames = "".join(traceback.format_tb(error.__traceback__))
    text = outside("".join(traceback.format_exception_only(error)))
    whole = f"Traceback (most recent call last):\n{frames}{text}".rstrip("\n")
    _write(printable_lines(masked(whole)) + "\n", err=True)  # as it is: it goes into a report


def show_logs() -> None:
    """What the libraries log, on stderr; their words come from outside."""
    import logging

    class Masking(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return outside(super().format(record))

    handler = logging.StreamHandler()
    handler.setFormatter(Masking("%(name)s: %(message)s"))
    logging.basicConfig(level=logging.DEBUG, handlers=[handler])


def _indented(text: str) -> str:
    return "\n".join(f"      {printable(line)}" for line in masked(text).split("\n"))


def _clean(line: str) -> str:
    return printable(masked(line))
