"""The SQL templates: which file and block serves what, and a copy to begin an own one with."""

from __future__ import annotations

from pathlib import Path

import click

from dbprov.cli import console
from dbprov.cli.options import json_option, templates_option
from dbprov.cli.output import write


@click.command()
@click.option("--engine", type=click.Choice(["postgresql", "mysql"]), help="Only of this engine.")
@click.option("--copy", "kind", metavar="KIND", help="Begin an own template, such as user.")
@click.option(
    "--to", "folder", default="templates", show_default=True, help="The folder that --copy fills."
)
@json_option
@templates_option
def templates(
    engine: str | None, kind: str | None, folder: str, as_json: bool, templates: str | None
) -> None:
    """List which file and block serves what; or begin an own template.

    Example: dbprov templates --copy user --engine postgresql
    """
    from dbprov.sql.templates import listed

    if kind:
        _copy(kind, engine, Path(folder))
        return
    files = [
        file
        for file in listed(Path(templates) if templates else None)
        if engine in (None, file.engine)
    ]
    if as_json:
        console.print_json(
            {
                "templates": [
                    {"name": f.name, "file": str(f.path), "blocks": f.as_json()} for f in files
                ]
            }
        )
        return
    rows: list[tuple[str, ...]] = []
    for file in files:
        rows.append((file.name, str(file.path)))
        for block, path in file.blocks.items():
            rows.append((f"  {block}", str(path)) if path != file.built_in else (f"  {block}",))
    console.print_table(rows, ("template", "file"))


def _copy(kind: str, engine: str | None, folder: Path) -> None:
    from dbprov.errors import UsageError
    from dbprov.sql.templates import ENGINES, beginning

    name = kind.removesuffix(".sql")
    made = {
        folder / one / f"{name}.sql": text
        for one in ([engine] if engine else ENGINES)
        if (text := beginning(one, name))
    }
    if not made:
        raise UsageError(
            f"there is no template {kind!r}", "it is not in the list", "dbprov templates lists them"
        )
    for path in made:
        if path.exists():
            raise UsageError(
                f"{path} is there already; nothing was written",
                "an own template is not written over",
                "name another folder with --to, or move that file away",
            )
    for path, text in made.items():
        console.say(f"wrote {write(path, text, 0o644)}")
    console.say(
        "Keep the blocks that you change, and remove the others. Then, on every command:"
        f" --templates {folder}"
    )
