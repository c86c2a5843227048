"""What exists, as a spec."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dbprov.cli import console
from dbprov.cli.options import Output, json_option, templates_option, timeouts_options
from dbprov.cli.output import write
from dbprov.cli.spec_options import ask, flag_values, spec_flags
from dbprov.spec import keys

if TYPE_CHECKING:
    from dbprov.spec.model import Timeouts


@click.command("import")
@spec_flags(least=True)
@click.option("-o", "--output", type=Output(dir_okay=False), help="Write to this file.")
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
    output: str | None,
    nearest: bool,
    as_json: bool,
    templates: str | None,
    timeouts: Timeouts,
    **options: Any,
) -> None:
    """Write the spec that describes a database that exists. Its users, and what they may do.

    Exit code 1 if something is missing that the spec says (--nearest).

    Example: dbprov import --server postgresql://dba@db.example.com/postgres --database shop
    """
    from dbprov.commands.import_ import import_

    ctx.obj["json"] = as_json
    flags = flag_values(options)
    tls = flags.get(keys.TLS, {})
    for key in tls:
        if key.type == keys.PATH:  # read from wherever the spec will be
            tls[key] = str(Path(tls[key]).expanduser().absolute())
    found = import_(
        flags[keys.SERVER],
        flags[keys.DATABASE],
        name=flags.get(keys.NAME),
        via=flags.get(keys.VIA),
        tls=tls,
        folder=Path(output).absolute().parent if output else Path.cwd(),
        nearest=nearest,
        ask=ask,
        templates=Path(templates) if templates else None,
        timeouts=timeouts,
    )
    if as_json:
        console.print_json(found.as_json())
    elif output is None:
        console.print_text(found.text)
    if output:
        write(Path(output), found.text, 0o644)
        console.say(f"wrote {output}")
    for who, why in found.left_out.items():
        console.say(f"note: left out: {who}: {why}")
    sys.exit(1 if found.lacking else 0)
