"""What exists, as a spec."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dbprov.cli import console
from dbprov.cli.options import FLAGS, ask, json_option, templates_option, timeouts_options
from dbprov.cli.output import print_json, write

if TYPE_CHECKING:
    from dbprov.spec.model import Timeouts

WHERE = ("server", "via", "database", "name")
REQUIRED = ("server", "database")


def _flags(command: Callable[..., Any]) -> Callable[..., Any]:
    """Of the flags of a spec those that say where a database is."""
    for name, text, more in reversed(FLAGS):
        if name in WHERE or name.startswith("tls-"):
            command = click.option(f"--{name}", help=text, required=name in REQUIRED, **more)(
                command
            )
    return command


@click.command("import")
@_flags
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="Write to this file.")
@click.option(
    "--nearest",
    is_flag=True,
    help="Also users who lack something of every access, with what they lack.",
)
@json_option
@templates_option
@timeouts_options()
@click.pass_context
def import_(
    ctx: click.Context,
    /,
    server: str,
    via: str | None,
    database: str,
    name: str | None,
    output: str | None,
    nearest: bool,
    as_json: bool,
    templates: str | None,
    timeouts: Timeouts,
    **tls: str | None,
) -> None:
    """Write the spec that describes a database that exists. Its users, and what they may do.

    Exit code 1 if something is missing that the spec says (--nearest).

    Example: dbprov import --server postgresql://dba@db.example.com/postgres --database shop
    """
    from dbprov.commands.import_ import import_

    ctx.obj["json"] = as_json
    tls_flags = {key.removeprefix("tls_"): value for key, value in tls.items() if value}
    for key in ("ca", "cert", "key", "server_public_key"):
        if key in tls_flags:  # read from wherever the spec will be
            tls_flags[key] = str(Path(tls_flags[key]).expanduser().absolute())
    found = import_(
        server,
        database,
        name=name,
        via=via,
        tls=tls_flags,
        folder=Path(output).absolute().parent if output else Path.cwd(),
        nearest=nearest,
        ask=ask,
        templates=Path(templates) if templates else None,
        timeouts=timeouts,
    )
    if as_json:
        print_json(found.as_json())
    elif output is None:
        console.product(found.text)
    if output:
        write(Path(output), found.text, 0o644)
        console.say(f"wrote {output}")
    for who, why in found.left_out.items():
        console.say(f"note: left out: {who}: {why}")
    sys.exit(1 if found.lacking else 0)
