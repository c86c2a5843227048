"""What the platform must allow before it takes connection strings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from dbprov.cli import console
from dbprov.cli.houston_options import houston_options, token
from dbprov.cli.options import json_option
from dbprov.cli.output import confirm

if TYPE_CHECKING:
    from dbprov.houston.cluster import Cluster, Seen


@click.group()
def platform() -> None:
    """Allow connection strings of one's own on the platform.

    Example: dbprov platform enable --houston URL
    """


@platform.command()
@houston_options
@click.option("--cluster", help="The cluster's id. Default: the only one that there is.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_context
def enable(
    ctx: click.Context,
    url: str,
    houston_ca: str | None,
    timeout: float,
    cluster: str | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Set manualConnectionStrings.enabled in a cluster's Configuration Override.

    Everything else in the Override is sent again as it is, since the platform replaces the whole.
    Platform 0.37 has none: the values for Helm are printed. The token comes from
    DBPROV_HOUSTON_TOKEN, and is one of a System Admin.

    Example: dbprov platform enable --houston https://houston.BASEDOMAIN/v1
    """
    from dbprov.houston.api import Houston
    from dbprov.houston.cluster import cluster_of, only_cluster, seen, setting
    from dbprov.houston.cluster import enable as enable_on
    from dbprov.houston.switch import path, platform_of, said
    from dbprov.houston.upsert import version_of

    ctx.obj["json"] = as_json
    with Houston(url, token(), houston_ca, timeout) as houston:
        version = version_of(houston)
        number = ".".join(map(str, version))
        if version < (1,):
            _print_values(number, as_json)
            return
        found = cluster_of(houston, cluster or only_cluster(houston))
        name = setting(version)
        before = said(found.settings, platform_of(version))
        console.say(f'the platform is {number}; cluster "{found.name}" ({found.id})')
        if before is not True:
            _show(name, before, found, path(platform_of(version)))
            if not yes:
                confirm()
            enable_on(houston, version, found)
        view = seen(houston, version, found)
    _say(name, number, found, before is not True, view, as_json)


def _print_values(number: str, as_json: bool) -> None:
    from dbprov.connections.houston import helm_values
    from dbprov.houston.switch import switch

    console.say(
        f"the platform is {number}, which has no Configuration Override: add this to its"
        " values.yaml, and run helm upgrade; nothing was changed"
    )
    if as_json:
        values = {"astronomer": {"houston": {"config": {"deployments": switch("0.37")}}}}
        console.print_json({"platform": number, "changed": False, "values": values})
        return
    console.print_text(helm_values("0.37"))


def _show(name: str, before: Any, found: Cluster, keys: tuple[str, ...]) -> None:
    """The difference, and the names of what is kept; a value of these may be a secret."""
    from dbprov.houston.switch import leaves

    if before is None:
        console.say(f"  + {name}: true")
    else:
        old = json.dumps(before) if isinstance(before, bool | int) else "another value"
        console.say(f"  ~ {name}: {old} -> true")
    kept = [at for at, _ in leaves(found.settings) if at and at != name]
    kept = [at for at in kept if not name.startswith(f"{at}.")]  # an empty one on the way
    for at in kept[:20]:
        console.say(f"    {at}: kept")
    if len(kept) > 20:
        console.say(f"    and {len(kept) - 20} more: kept")


def _say(name: str, number: str, found: Cluster, changed: bool, view: Seen, as_json: bool) -> None:
    from dbprov.houston.api import HoustonError

    if view.on is False:
        raise HoustonError(
            f"{name} is on in cluster {found.id}, and not for its Deployment {view.deployment}",
            "its effectiveConfig has it off: its Workspace or the Deployment says otherwise",
            "take that override away in the Workspace or the Deployment",
        )
    if as_json:
        sight = {"deployment": view.deployment, "enabled": view.on, "why": view.why}
        cluster = {"id": found.id, "name": found.name}
        made = {"platform": number, "cluster": cluster, "setting": name, "changed": changed}
        console.print_json({**made, "seen": sight})
        return
    console.say(
        f"{name} is {'on now' if changed else 'on already'} in cluster {found.id}", err=False
    )
    if view.on:
        console.say(f"  the effectiveConfig of Deployment {view.deployment} has it", err=False)
    else:
        console.say(f"note: no effectiveConfig was seen: {view.why}")
    if changed:
        console.say("note: a Deployment that exists takes it over with its next upsert")
