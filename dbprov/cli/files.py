"""The files that dbprov carries with it."""

from __future__ import annotations

from pathlib import Path

import click

from dbprov.cli import console
from dbprov.cli.options import json_option, templates_option
from dbprov.cli.output import print_json


@click.command()
def schema() -> None:
    """Print the JSON Schema of a spec, for editors.

    Example: dbprov schema > dbprov.schema.json
    """
    schema = Path(__file__).parent.parent / "spec" / "schema.json"
    console.product(schema.read_text(encoding="utf-8"))


@click.command()
@click.option("--engine", type=click.Choice(["postgresql", "mysql"]), help="Only of this engine.")
@json_option
@templates_option
def templates(engine: str | None, as_json: bool, templates: str | None) -> None:
    """List which file serves what, and from where.

    Example: dbprov templates --templates my_templates --engine postgresql
    """
    from dbprov.sql.render import built_in_templates

    own, ours = Path(templates) if templates else None, built_in_templates()
    names = {
        str(p.relative_to(folder))
        for folder in (own, ours)
        if folder
        for p in folder.rglob("*.sql")
    }
    files = {
        name: (own if own and (own / name).is_file() else ours) / name
        for name in sorted(names)
        if engine is None or name.startswith(engine + "/")
    }
    if as_json:
        print_json({"templates": [{"name": n, "file": str(f)} for n, f in files.items()]})
        return
    for name, file in files.items():
        used = (ours / name).is_file()
        unused = "" if used else "  (no built-in of this name: nothing asks for it)"
        console.say(f"{name}\t{file}{unused}", err=False)
