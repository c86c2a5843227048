"""What can be provisioned on."""

from __future__ import annotations

import click

from dbprov.cli import console
from dbprov.cli.options import json_option


@click.command()
@click.option("--engine", type=click.Choice(["postgresql", "mysql"]), help="Only of this engine.")
@click.option("--region", help="Default: the region of this shell (AWS_REGION, profile).")
@json_option
def endpoints(engine: str | None, region: str | None, as_json: bool) -> None:
    """List the servers on RDS and Aurora. With their status, and as a spec names them.

    Example: dbprov endpoints --engine postgresql --region eu-west-1
    """
    from dbprov.spec import rds

    found = [one.as_json(region) for one in rds.endpoints(region, engine)]
    if as_json:
        console.print_json({"endpoints": found})
        return
    if not found:
        console.say("no server of PostgreSQL or MySQL is in this region of this account")
    rows = []
    for one in found:
        state = f"replica of {one['replica_of']}" if one["replica_of"] else one["status"]
        where = f"{one['host']}:{one['port']}" if one["host"] else "-"
        rows.append((one["server"], f"{one['flavor']} {one['version']}", state, where))
    console.print_table(rows, ("server", "engine", "status", "address"))
