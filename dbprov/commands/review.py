"""A plan as a file for review, and the file held against the plan of today."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from dbprov.errors import UsageError
from dbprov.plan.plan import Plan
from dbprov.plan.steps import Step
from dbprov.server.server import Server
from dbprov.spec.model import Deployment
from dbprov.sql import review
from dbprov.sql.summary import summary
from dbprov.system import files
from dbprov.system.masking import masked

LARGEST = 64 << 20  # bytes of a reviewed file


def change(planned: Plan, server: Server) -> str:
    """The SQL of this plan for this server, as the file that somebody reviews."""
    return review.change(
        server.engine,
        planned.deployment,
        planned.steps,
        server.renderer(server.engine.urls.password_placeholder),
        planned.facts,
        [f"{step}: {obstacle.why}" for step, obstacle in planned.obstacles],
    )


def change_page(planned: Plan, sql: str) -> str:
    """What a reviewer reads first of the file: it goes into a pull request, so it is masked."""
    deployment, digest = planned.deployment, review.digest(sql)
    return masked(summary(deployment, planned.facts, planned.steps, sql, digest, planned))


def undo_text(planned: Plan, server: Server, steps: Sequence[Step] | None = None) -> str:
    """The SQL that undoes the plan; or, with ``steps``, what was done of it."""
    return review.undo_file(
        server.engine,
        planned.deployment,
        planned.steps if steps is None else steps,
        server.renderer(server.engine.urls.password_placeholder),
        planned.facts,
    )


def as_reviewed(
    files: Mapping[Deployment, Path], servers: Mapping[Deployment, Server]
) -> dict[Deployment, Callable[[Plan], None]]:
    """For each Deployment what raises ReviewError unless its file is, byte for byte, the plan's.

    Raises UsageError for files that cannot be read, or that belong to no Deployment.
    """
    _refuse_other_files(files)

    def held_against(text: str, file: Path, server: Server) -> Callable[[Plan], None]:
        return lambda planned: review.require_reviewed(text, change(planned, server), str(file))

    return {
        deployment: held_against(_read(file, deployment), file, servers[deployment])
        for deployment, file in files.items()
    }


def _refuse_other_files(files: Mapping[Deployment, Path]) -> None:
    """A reviewed file beside the others that is of no Deployment would silently not run."""
    for folder in {file.parent for file in files.values()} if len(files) > 1 else ():
        for file in sorted(set(folder.glob("*.sql")) - set(files.values())):
            if review.digest(_text(file, f"the file {file}", "replace")):
                raise UsageError(
                    f"the reviewed file {file} is of no Deployment of this spec;"
                    " nothing was changed",
                    "it was written by dbprov plan -o, and it would not run",
                    "take it away, or put its Deployment into the spec again",
                )


def _read(file: Path, deployment: Deployment) -> str:
    return _text(file, f"the reviewed file {file} of {deployment.name}")


def _text(file: Path, what: str, errors: str = "strict") -> str:
    """Whoever wrote it: it is held against the plan, byte for byte."""
    try:
        return files.read(file, LARGEST).decode(errors=errors)
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UsageError(
            f"{what} cannot be read; nothing was changed",
            why or "",
            getattr(error, "todo", "")
            or "name the file that dbprov plan -o wrote, or the folder where there are several",
        ) from None
