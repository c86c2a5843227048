"""What the commands share of writing: JSON, files, and the question before a change."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dbprov.cli import console, screens

if TYPE_CHECKING:
    from dbprov.audit.log import AuditLog
    from dbprov.commands.run import Run
    from dbprov.plan.plan import Plan
    from dbprov.spec.model import Deployment, Spec


def write(path: Path, text: str, mode: int) -> str:
    """Whole or not at all: written beside the file and renamed.

    With its mode from the first byte on. Into a stream that this process was started with, such as
    /dev/stdout, as it is; other devices and pipes, links, and files of others are refused. Returns
    what can be said of it: its path, and its mode where that was set.
    """
    from dbprov.errors import PlaceError
    from dbprov.system import files

    try:
        number = files.descriptor(path)
        if number is not None:
            sys.stdout.flush()
            with os.fdopen(os.dup(number), "w", encoding="utf-8") as stream:
                stream.write(text)
            return str(path)
        folders = 0o700 if mode == 0o600 else 0o777
        with files.spot(path, trusted=False, make=folders) as place:
            made = files.replace(place, text, mode)
    except OSError as error:
        raise PlaceError(
            f"{path} could not be written",
            error.strerror or "",
            getattr(error, "todo", "") or "make room, or name another file",
        ) from None
    return f"{path} (mode {made:04o})" if mode == 0o600 else str(path)


def files(spec: Spec, path: str | None) -> dict[Deployment, Path]:
    """One Deployment: a file. Several, or a folder that is there or ends in /: a file for each.

    Without a path none.
    """
    from dbprov.errors import UsageError

    if path is None:
        return {}
    one = len(spec.deployments) == 1
    if one and not path.endswith("/") and not Path(path).is_dir():
        return {spec.deployments[0]: Path(path)}
    if Path(path).exists() and not Path(path).is_dir():
        raise UsageError(
            f"{path} is a file",
            f"the spec has {len(spec.deployments)} Deployments, with a file for each",
            "name a folder",
        )
    return {deployment: Path(path) / f"{deployment.name}.sql" for deployment in spec.deployments}


def page(path: Path) -> Path:
    """The summary beside an SQL file: change.md beside change.sql."""
    return path.with_name(path.name.removesuffix(".sql") + ".md")


def refuse_summary_without_file(summary: bool, output: str | None, path: str) -> None:
    """Raises UsageError where there is no file beside which a summary could stand.

    ``path``: what -o would name.
    """
    from dbprov.errors import UsageError
    from dbprov.system import files

    if not summary:
        return
    if output is None or files.descriptor(Path(output)) is not None:
        raise UsageError(
            "--summary writes a page beside the SQL file, and none is written",
            "the SQL goes to standard output, or nowhere",
            f"name {path}",
        )


def refuse_existing(plans: Iterable[Plan], undo_files: Mapping[Deployment, Path]) -> None:
    """Raises UsageError where an undo file is there already."""
    from dbprov.errors import UsageError

    for planned in plans:
        file = undo_files.get(planned.deployment)
        if file and planned.steps and file.exists():
            raise UsageError(
                f"{file} is there already; nothing was changed",
                "it may be the only way back from an earlier change, and is not written over",
                "name another file with --undo, or move that one away",
            )


def show_end(
    runs: Sequence[Run], journal: AuditLog | None, document: dict[str, Any] | None
) -> None:
    """What every command that changes a server ends with; ``document`` for --json."""
    screens.show_audit_log(journal)
    if document is not None:
        console.print_json(document)
    for run in runs:
        if run.error and len(runs) > 1:
            console.say(f"{run.deployment.name} failed:")
        if run.error:
            console.show_error(run.error)


def exit_code(runs: Iterable[Run], require_proof: bool = False) -> int:
    runs = list(runs)
    if any(run.error for run in runs):
        return 2
    return 0 if all(run.ok and (run.proven or not require_proof) for run in runs) else 1


def confirm() -> None:
    from dbprov.errors import UsageError

    if not sys.stdin.isatty():
        raise UsageError(
            "nobody can be asked", "there is no terminal", "read the plan, then run it with --yes"
        )
    if not console.confirm("Carry this out?"):
        raise UsageError("nothing was changed", "the answer was no")
