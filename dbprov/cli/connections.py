"""What is handed out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dbprov.cli.output import write
from dbprov.flags import json_option, with_spec

if TYPE_CHECKING:
    from dbprov.deployments import Spec


@click.command()
@with_spec
@click.option("--reveal", is_flag=True, help="Print the passwords, not ***.")
@click.option("--format", "form", type=click.Choice(["text", "json", "env"]), help="Default: text.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False),
    help="Write to this file (mode 0600), with the passwords.",
)
@json_option
def connections(
    spec: Spec, reveal: bool, form: str | None, output: str | None, as_json: bool
) -> None:
    """Print the connection strings of each Deployment; *** for passwords unless told otherwise.

    Example: dbprov connections deployment.yaml --format env -o airflow.env
    """
    from dbprov import commands
    from dbprov.connections import FORMATS
    from dbprov.errors import UsageError

    if form and as_json and form != "json":
        raise UsageError(
            "--json and another format are both asked for", f"--format {form}", "one of the two"
        )
    if form == "env" and len(spec.deployments) > 1:
        raise UsageError(
            "env is the format of one Deployment",
            f"the spec has {len(spec.deployments)}, and their variables have the same names",
            "a spec for each, or --format json",
        )
    revealed = reveal or output is not None
    handouts = commands.handouts(spec, passwords=revealed)
    for one in handouts:
        for words in one.warnings():
            click.echo(f"note: {words}", err=True)
    text = FORMATS[form or ("json" if as_json else "text")](handouts, revealed)
    if output:
        write(Path(output), text, 0o600)
        click.echo(f"wrote {output} (mode 0600)", err=True)
    else:
        click.echo(text, nl=False)
