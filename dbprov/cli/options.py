"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from dbprov.audit.log import AuditLog

F = TypeVar("F", bound=Callable[..., Any])


# Those of Timeouts, which --help does not load; a test compares.
DEFAULT_TIMEOUTS = {
    "connect": 10,
    "statement": 60,
    "lock": 60,
}


def object_option(command: F) -> F:
    return click.option(
        "--object",
        "objects",
        metavar="NAME",
        multiple=True,
        help="PostgreSQL: give this too although it executes, as the plan names it:"
        " 'public.f(integer)'; repeatable.",
    )(command)


def proof_option(command: F) -> F:
    return click.option(
        "--require-proof",
        is_flag=True,
        help="Exit code 1 also where something could not be proven from here.",
    )(command)


def timeouts_options(*, lock: bool = False) -> Callable[[F], F]:
    """How long to wait, as one Timeouts; ``lock`` for commands that change something."""
    texts = {
        "connect": "until the server has let us in",
        "statement": "for the end of one statement",
        "lock": "for another run of dbprov on the same Deployment; 0: not at all",
    }

    def decorate(command: F) -> F:
        @wraps(command)
        def with_timeouts(*words: Any, **options: Any) -> Any:
            from dbprov.spec.model import Timeouts

            seconds = {name: options.pop(f"{name}_timeout", None) for name in texts}
            timeouts = Timeouts(
                **{name: given for name, given in seconds.items() if given is not None}
            )
            return command(*words, timeouts=timeouts, **options)

        wrapped: Any = with_timeouts
        for name, text in reversed(texts.items()):
            if lock or name != "lock":
                least = click.IntRange(min=0 if name == "lock" else 1)
                option = click.option(
                    f"--{name}-timeout",
                    type=least,
                    metavar="SECONDS",
                    help=f"Wait so long {text}. Default: {DEFAULT_TIMEOUTS[name]}.",
                )
                wrapped = option(wrapped)
        return wrapped  # type: ignore[no-any-return]

    return decorate


class Output(click.Path):
    """Where text goes; ``-`` is standard output, as it is for other programs."""

    def convert(self, value: Any, *more: Any) -> Any:
        return super().convert("/dev/stdout" if value == "-" else value, *more)


OUTPUT = Output()


def _refuse_unused(ctx: click.Context, _: click.Parameter, folder: str | None) -> str | None:
    """Before anything else is done: also by a command that would end before it asks for one."""
    if folder:
        from dbprov.sql.templates import refuse_unused

        refuse_unused(Path(folder))
    return folder


templates_option = click.option(
    "--templates",
    type=click.Path(exists=True, file_okay=False),
    callback=_refuse_unused,
    help="Own templates, in front of ours, block by block.",
)
prune_option = click.option(
    "--prune",
    is_flag=True,
    help="Also take away what the spec's own users hold beyond it, each thing named in the plan.",
)
undo_option = click.option(
    "--undo",
    type=OUTPUT,
    help="Write the SQL that takes it all back: a file, or a folder. One that is there is kept.",
)
summary_option = click.option(
    "--summary",
    is_flag=True,
    help="With -o: also a page of Markdown beside each SQL file, for a pull request's comment.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")


def _journal(ctx: click.Context, _: click.Parameter, path: str | None) -> AuditLog | None:
    """Opened by ``servers``, before anything is asked of a server."""
    if path is None:
        return None
    from dbprov.audit.log import AuditLog

    return AuditLog(Path(path), ctx.info_name or "")


audit_option = click.option(
    "--audit",
    "journal",
    type=click.Path(dir_okay=False),
    callback=_journal,
    help="Append every statement that changes the server to this file (dbprov audit checks it).",
)
"""For every command that changes a server: hand what it gives to ``servers``."""
