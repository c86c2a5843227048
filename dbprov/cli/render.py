"""SQL for a server that is never contacted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dbprov.cli.output import write
from dbprov.flags import templates_option, with_spec

if TYPE_CHECKING:
    from dbprov.deployments import Spec


@click.command()
@with_spec
@click.option(
    "-o", "--output", type=click.Path(), help="Folder for one file per Deployment; else stdout."
)
@click.option(
    "--server-version", help="Version of the server; default: the newest that is supported."
)
@click.option(
    "--flavor", type=click.Choice(["postgresql", "mysql", "mariadb"]), help="MySQL or MariaDB."
)
@click.option(
    "--partial-revokes",
    is_flag=True,
    help="For a MySQL server with partial_revokes=ON (Aurora MySQL 3).",
)
@templates_option
def render(
    spec: Spec,
    output: str | None,
    server_version: str | None,
    flavor: str | None,
    partial_revokes: bool,
    templates: Path | None,
) -> None:
    """Write reviewable SQL for a server that is never contacted.

    Example: dbprov render deployment.yaml --server-version 16 -o sql/
    """
    from dbprov import commands

    settings = {"partial_revokes": "1" if partial_revokes else "0"}
    version = _version(server_version) if server_version else None
    made = commands.scripts(
        spec, version=version, flavor=flavor, settings=settings, templates=templates
    )
    if output is None:
        click.echo("\n".join(made.values()), nl=False)
        return
    for name, text in made.items():
        path = Path(output) / f"{name}.sql"
        write(path, text, 0o644)
        click.echo(f"wrote {path}", err=True)


def _version(text: str) -> tuple[int, ...]:
    from dbprov.errors import UsageError

    try:
        return tuple(int(part) for part in text.split("."))
    except ValueError:
        raise UsageError(f"{text!r} is not a version", "", "--server-version 16 or 8.4") from None
