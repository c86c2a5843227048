"""What Airflow needs of a server beyond grants: asked of the server, not of people's memory."""

from __future__ import annotations

from collections.abc import Iterator

from dbprov.commands.adopted import adoption
from dbprov.commands.planned import compare
from dbprov.deployments import Deployment
from dbprov.dialects import Check
from dbprov.dialects.readiness import subject
from dbprov.server import Server


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
    given = [step for step in planned.steps if step.verb == "alter" and step.found]
    owned = [str(step.item) for step in given if step.item.kind == "object_owner"]
    shown = ", ".join(owned[:3]) + (f" and {len(owned) - 3} more" if len(owned) > 3 else "")
    if server.dialect.OWNERS:
        yield Check(
            subject(airflow), "can be upgraded", "holds",
            f"not its users' own: {shown}" if owned else "its users own what is in their schemas",
            not owned,
            todo="the next upgrade fails with must be owner of table: dbprov adopt" * bool(owned),
        )  # fmt: skip
