"""What each command does, without a terminal.

The CLI prints what these return, and a Python program calls them. A submodule is never named like a
function: the package's attribute is the function.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dbprov.commands.adopted import Adopted as Adopted
    from dbprov.commands.adopted import Adoption as Adoption
    from dbprov.commands.adopted import adopt as adopt
    from dbprov.commands.adopted import adoption as adoption
    from dbprov.commands.adopted import refuse_adoption as refuse_adoption
    from dbprov.commands.adopted import refuse_unknown as refuse_unknown
    from dbprov.commands.applied import Applied as Applied
    from dbprov.commands.applied import apply as apply
    from dbprov.commands.applied import ask_places as ask_places
    from dbprov.commands.applied import fill_places as fill_places
    from dbprov.commands.departures import Departed as Departed
    from dbprov.commands.departures import Departing as Departing
    from dbprov.commands.departures import depart as depart
    from dbprov.commands.departures import departing as departing
    from dbprov.commands.departures import forget as forget
    from dbprov.commands.departures import refuse_departure as refuse_departure
    from dbprov.commands.departures import refused as refused
    from dbprov.commands.imported import describe as describe
    from dbprov.commands.offline import scripts as scripts
    from dbprov.commands.opened import handouts as handouts
    from dbprov.commands.opened import servers as servers
    from dbprov.commands.opened import unfinished as unfinished
    from dbprov.commands.planned import Planned as Planned
    from dbprov.commands.planned import compare as compare
    from dbprov.commands.planned import refuse as refuse
    from dbprov.commands.proofs import check as check
    from dbprov.commands.proofs import prove as prove
    from dbprov.commands.readied import ready as ready
    from dbprov.commands.reviewed import change as change
    from dbprov.commands.reviewed import insisting as insisting
    from dbprov.commands.reviewed import way_back as way_back
    from dbprov.commands.rotated import Rotated as Rotated
    from dbprov.commands.rotated import Rotation as Rotation
    from dbprov.commands.rotated import finish as finish
    from dbprov.commands.rotated import rotate as rotate
    from dbprov.commands.rotated import rotations as rotations
    from dbprov.commands.userlists import verifiers as verifiers

_HOMES = {
    "adopted": ("Adopted", "Adoption", "adopt", "adoption", "refuse_adoption", "refuse_unknown"),
    "applied": ("Applied", "apply", "ask_places", "fill_places"),
    "departures": (
        "Departed",
        "Departing",
        "depart",
        "departing",
        "forget",
        "refuse_departure",
        "refused",
    ),
    "imported": ("describe",),
    "offline": ("scripts",),
    "opened": ("handouts", "servers", "unfinished"),
    "planned": ("Planned", "compare", "refuse"),
    "proofs": ("check", "prove"),
    "reviewed": ("change", "insisting", "way_back"),
    "readied": ("ready",),
    "rotated": ("Rotated", "Rotation", "finish", "rotate", "rotations"),
    "userlists": ("verifiers",),
}


def __getattr__(name: str) -> Any:
    """Each is imported when it is first used: a command loads only what it needs."""
    from importlib import import_module

    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"dbprov.commands.{home}"), name)
    raise AttributeError(f"module 'dbprov.commands' has no attribute {name!r}")
