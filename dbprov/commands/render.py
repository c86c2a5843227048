"""Scripts for servers that are never asked."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from dbprov.commands.apply import refuse_second_user
from dbprov.engines.engine import of
from dbprov.engines.facts import Facts
from dbprov.errors import UsageError
from dbprov.passwords import Kept
from dbprov.passwords.prompt import PromptPlace
from dbprov.plan.steps import Pair, Step, compare
from dbprov.server.sessions import renderer
from dbprov.spec.model import Account, Deployment, Spec
from dbprov.sql.script import HASHED, PRODUCTS, script
from dbprov.sql.summary import summary
from dbprov.system.masking import masked


class Rendered(Struct, frozen=True):
    """The script of one Deployment, and what it was made of."""

    deployment: Deployment
    facts: Facts
    steps: tuple[Step, ...]
    sql: str


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
    report: Callable[[Rendered], None] = lambda rendered: None,
) -> dict[str, str]:
    """The script of each Deployment, by its name, for a server that is never asked.

    It is the plan against nothing. ``hashed``: with verifiers in it, and ``filled`` is told of each
    password that had to be made for that. ``plain``: for a server where nothing is there yet.
    ``report`` is called with each script and what it was made of.
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
        by_year = engine.expand.BY_YEAR.get(flavor_of, ())
        if version and version[: len(newest)] > newest and version[0] not in by_year:
            wanted, last = ".".join(map(str, version)), engine.expand.VERSIONS[flavor_of]
            raise UsageError(
                f"no file can be written for {PRODUCTS[flavor_of]} {wanted}",
                f"the newest that dbprov knows is {last}",
                f"--server-version {last}, whose file a newer server may take, too;"
                " or dbprov plan -o, which asks the server"
                + "".join(f"; or --flavor {o}" for o in engine.expand.VERSIONS if o != flavor_of),
            )
        known = {**(settings or {}), **({HASHED: flavor_of} if hashed else {})}
        facts = engine.connection.facts_offline(flavor_of, version or newest, known)
        password: Callable[[Kept, str], str] = engine.urls.password_placeholder
        if hashed:
            password = engine.password_hash.password_verifier(facts, iterations)
            _fill(deployment, filled)
        anybody = replace(facts, rights=frozenset({"SUPERUSER"}))
        new = engine.expand.in_new_database
        pairs: list[Pair] = [
            (item, new(item, anybody) if plain and item.inside else None)
            for item in engine.expand.expand(deployment, facts)
        ]
        written = renderer(engine, facts, password, templates)
        steps = compare(pairs)
        sql = script(engine, deployment, steps, written, facts, plain=plain)
        report(Rendered(deployment, facts, tuple(steps), sql))
        made[deployment.name] = sql
    return made


def rendered_page(one: Rendered) -> str:
    """What a reviewer reads first of the file.

    Without the SQL where that holds hashes, which are for nobody to read.
    """
    sql = "" if HASHED in one.facts.settings else one.sql
    digest = sha256(one.sql.encode()).hexdigest()
    return masked(summary(one.deployment, one.facts, one.steps, sql, digest))


def _fill(deployment: Deployment, filled: Callable[[Account], None]) -> None:
    """Every password is known before its verifier is made; one that is typed is typed twice."""
    for account in deployment.with_passwords:
        refuse_second_user(account)
        if isinstance(account.place, PromptPlace):
            account.place.fill()
        elif account.place.read() is None:
            account.place.fill()
            filled(account)
