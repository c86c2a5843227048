"""What Airflow needs of a server beyond grants: asked of the server, not of people's memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from dbprov.commands.adopt import Adoption, adoption
from dbprov.commands.plan import compare
from dbprov.engines import Check
from dbprov.engines.airflow import subject
from dbprov.items import ObjectOwner
from dbprov.plan.change_owner import SHOWN, Withheld, command, listed
from dbprov.server.server import Server, masked
from dbprov.spec.model import Deployment


def ready(deployment: Deployment, server: Server, airflow: tuple[int, ...]) -> Iterator[Check]:
    """Would this version of Airflow run there, and be upgraded? Nothing is changed."""
    users = tuple(account.name for account in deployment.accounts)
    answers = {
        name: server.rows(name, database=deployment.database, users=users)
        for name in server.dialect.READINESS
    }
    yield from server.dialect.readiness(airflow, deployment, server.facts, answers)
    if any(step.item.essential for step in compare(deployment, server).steps):
        return  # who owns what in a database that is still to be provisioned is not known
    planned = adoption(deployment, server)
    for words in planned.remarks:
        yield Check(subject(airflow), "", "", words, True, warning=True)
    if server.dialect.OWNERS:
        yield _upgradable(airflow, planned, server)


def _upgradable(airflow: tuple[int, ...], planned: Adoption, server: Server) -> Check:
    """Who owns what Airflow alters. What adopt leaves is a matter of tables: it has no routines."""
    given = [step.found.what for step in planned.steps if isinstance(step.found, ObjectOwner)]
    withheld = [one for one in planned.withheld if one.item.sort != "ROUTINE"]
    owned = [*given, *(one.item.what for one in withheld)]
    why = "the next upgrade fails with must be owner of table"
    return Check(
        subject(airflow), "can be upgraded", "holds",
        f"not its users' own: {listed(owned)}"
        if owned
        else "its users own what is in their schemas",
        not owned,
        todo="\n".join((why, *_advice(bool(given), withheld, server))) if owned else "",
    )  # fmt: skip


def _advice(adopts: bool, withheld: Sequence[Withheld], server: Server) -> Iterator[str]:
    """Names adopt only for what it would take, with the flags that this takes."""
    if adopts:
        yield "what this admin restored: dbprov adopt"
    ours = [one for one in withheld if one.item.grantable]
    for owner in dict.fromkeys(one.item.owner for one in ours if one.foreign):
        flags = command(("--from", owner))
        yield f'if what "{owner}" owns is the application\'s: dbprov adopt {flags}'
    for one in [one for one in ours if not one.foreign][:SHOWN]:
        why, flags = "; ".join(one.why), command(one.flags)
        yield f"{one.item.what}: {why}; if it is to go: dbprov adopt {flags}"
    render = server.renderer(masked)
    for one in [one for one in withheld if not one.item.grantable][:SHOWN]:
        statement = render.item(replace(one.item, owner=one.receiver), "alter")
        yield (
            f"{one.item.what} is not this admin's to give: if it is the application's,"
            f' "{one.item.owner}" or a superuser would run:\n{statement};'
        )
