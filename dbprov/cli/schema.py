"""The JSON Schema of a spec, and the reference of its keys."""

from __future__ import annotations

import click

from dbprov.cli import console


@click.command()
@click.option("--markdown", is_flag=True, help="The reference page of all keys instead.")
def schema(markdown: bool) -> None:
    """Print the JSON Schema of a spec, for editors.

    Example: dbprov schema > dbprov.schema.json
    """
    import json

    from dbprov.spec.schema import document, reference

    console.print_text(reference() if markdown else json.dumps(document(), indent=2) + "\n")
