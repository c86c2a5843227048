"""The JSON Schema of a spec."""

from __future__ import annotations

from pathlib import Path

import click

from dbprov.cli import console


@click.command()
def schema() -> None:
    """Print the JSON Schema of a spec, for editors.

    Example: dbprov schema > dbprov.schema.json
    """
    path = Path(__file__).parent.parent / "spec" / "schema.json"
    console.product(path.read_text(encoding="utf-8"))
