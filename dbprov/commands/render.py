"""Scripts for servers that are never asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from dbprov.commands.apply import refuse_second_user
from dbprov.engines.engine import of
from dbprov.errors import UsageError
from dbprov.passwords import Kept
from dbprov.passwords.prompt import PromptPlace
from dbprov.plan.steps import Pair, compare
from dbprov.server.sessions import renderer
from dbprov.spec.model import Account, Deployment, Spec
from dbprov.sql.script import HASHED, script


def render(
    spec: Spec,
    *,
    version: tuple[int, ...] | None = None,
    flavor: str | None = None,
    settings: dict[str, str] | None = None,
    templates: Path | None = None,
    hashed: bool = False,
    plain: bool = False,
    iterations: int | None = None,
    filled: Callable[[Account], None] = lambda account: None,
) -> dict[str, str]:
    """The script of each Deployment, by its name, for a server that is never asked.

    It is the plan against nothing. ``hashed``: with verifiers in it, and ``filled`` is told of each
    password that had to be made for that. ``plain``: for a server where nothing is there yet.
    """
    made = {}
    for deployment in spec.deployments:
        engine = of(deployment.server.engine)
        flavor_of = flavor or next(iter(engine.expand.VERSIONS))
        if flavor_of not in engine.expand.VERSIONS:
            raise UsageError(
                f"{deployment.name} is on {engine.expand.NAME}",
                f"flavor {flavor_of} is none of its flavors",
                "one of " + ", ".join(engine.expand.VERSIONS),
            )
        newest = tuple(map(int, engine.expand.VERSIONS[flavor_of].split(".")))
        known = {**(settings or {}), **({HASHED: flavor_of} if hashed else {})}
        facts = engine.connection.facts_offline(flavor_of, version or newest, known)
        password: Callable[[Kept, str], str] = engine.urls.password_placeholder
        if hashed:
            password = engine.password_hash.password_verifier(facts, iterations)
            _fill(deployment, filled)
        new, anybody = (
            engine.expand.in_new_database,
            replace(facts, rights=frozenset({"SUPERUSER"})),
        )
        pairs: list[Pair] = [
            (item, new(item, anybody) if plain and item.inside else None)
            for item in engine.expand.expand(deployment, facts)
        ]
        written = renderer(engine, facts, password, templates)
        steps = compare(pairs)
        made[deployment.name] = script(engine, deployment, steps, written, facts, plain=plain)
    return made


def _fill(deployment: Deployment, filled: Callable[[Account], None]) -> None:
    """Every password is known before its verifier is made; one that is typed is typed twice."""
    for account in deployment.with_passwords:
        refuse_second_user(account)
        if isinstance(account.place, PromptPlace):
            account.place.fill()
        elif account.place.read() is None:
            account.place.fill()
            filled(account)
