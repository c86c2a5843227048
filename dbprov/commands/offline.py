"""Scripts for servers that are never asked."""

from __future__ import annotations

from pathlib import Path

from dbprov.deployments import Spec
from dbprov.dialects import of
from dbprov.errors import UsageError
from dbprov.plan import Pair, plan
from dbprov.script import script
from dbprov.server import renderer


def scripts(
    spec: Spec,
    *,
    version: tuple[int, ...] | None = None,
    flavor: str | None = None,
    settings: dict[str, str] | None = None,
    templates: Path | None = None,
) -> dict[str, str]:
    """The script of each Deployment, by its name, for a server that is never asked.

    It is the plan against nothing.
    """
    made = {}
    for deployment in spec.deployments:
        dialect = of(deployment.server.engine)
        flavor_of = flavor or next(iter(dialect.VERSIONS))
        if flavor_of not in dialect.VERSIONS:
            raise UsageError(
                f"{deployment.name} is on {dialect.NAME}",
                f"flavor {flavor_of} is none of its flavors",
                "one of " + ", ".join(dialect.VERSIONS),
            )
        newest = tuple(map(int, dialect.VERSIONS[flavor_of].split(".")))
        facts = dialect.facts_offline(flavor_of, version or newest, settings or {})
        pairs: list[Pair] = [(item, None) for item in dialect.expand(deployment, facts)]
        written = renderer(dialect, facts, dialect.password_placeholder, templates)
        made[deployment.name] = script(dialect, deployment, plan(pairs), written, facts)
    return made
