"""What was recorded."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from dbprov.cli import console, screens
from dbprov.cli.options import json_option


@click.command()
@click.argument("file", type=click.Path(dir_okay=False))
@click.option("--head", help="The hash of what was the last line once: it must be there still.")
@json_option
@click.pass_context
def audit(ctx: click.Context, file: str, head: str | None, as_json: bool) -> None:
    """Check the record that --audit writes. Each line against the one before it.

    Exit code 1 if a line was altered, removed, moved or cut off.

    Example: dbprov audit changes.jsonl
    """
    from dbprov.audit.hash_chain import check
    from dbprov.errors import AuditError
    from dbprov.system import files

    ctx.obj["json"] = as_json
    try:
        checked = check(files.lines(Path(file)), head)
    except OSError as error:
        raise AuditError(
            f"{file} cannot be read", error.strerror or "", "name the file given to --audit"
        ) from None
    if as_json:
        console.print_json(checked.as_json())
    else:
        screens.show_audit_check(file, checked)
    sys.exit(1 if checked.wrong else 0)
