"""What each command does, without a terminal.

The CLI prints what these return, and a Python program calls them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dbprov.connections import Handout, handout
from dbprov.deployments import Account, Deployment, Spec
from dbprov.dialects import Check, Facts, Obstacle, of
from dbprov.errors import ApplyError, DbprovError, PlaceError, RefusedError, UsageError
from dbprov.items import Item, ObjectGrant, User
from dbprov.plan import Pair, Step, plan
from dbprov.script import script
from dbprov.secret import PromptPlace, Secret, admin_password, never_ask
from dbprov.server import Done, Server, masked, renderer
from dbprov.verify import verify

Ask = Callable[[str], Secret]


@dataclass(frozen=True)
class Planned:
    """What one Deployment lacks on its server, and what should be known about what is there."""

    deployment: Deployment
    steps: tuple[Step, ...]
    statements: tuple[str, ...]
    obstacles: tuple[tuple[Step, Obstacle], ...]
    beyond: tuple[
        tuple[ObjectGrant, str], ...
    ]  # with the statement that the objects' owners would run
    unknown: tuple[Account, ...]  # users that exist, and whose passwords are not kept
    remarks: tuple[str, ...]
    facts: Facts

    @property
    def complete(self) -> bool:
        return not self.steps and not self.beyond

    def essential_obstacles(self) -> list[tuple[Step, Obstacle]]:
        return [(step, obstacle) for step, obstacle in self.obstacles if step.item.essential]

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.deployment.name,
            "server": str(self.deployment.server),
            "complete": self.complete,
            "steps": [
                _step_json(step, sql) for step, sql in zip(self.steps, self.statements, strict=True)
            ],
            "obstacles": [
                {"item": str(step.item), "why": o.why, "who": o.who, "statement": o.statement}
                for step, o in self.obstacles
            ],
            "beyond": [
                {"item": str(item), "objects": list(item.beyond), "statement": statement}
                for item, statement in self.beyond
            ],
            "passwords_not_known": [account.name for account in self.unknown],
            "remarks": list(self.remarks),
        }


def _step_json(step: Step, statement: str) -> dict[str, Any]:
    return {
        "verb": step.verb,
        "kind": step.item.kind,
        "item": str(step.item),
        "database": step.item.inside,
        "sql": statement,
    }


@dataclass
class Applied:
    """How an apply of one Deployment ended."""

    deployment: Deployment
    done: list[Done] = field(default_factory=list)
    left: Planned | None = None
    checks: list[Check] = field(default_factory=list)
    error: DbprovError | None = None

    @property
    def ok(self) -> bool:
        return bool(
            not self.error and self.left and self.left.complete and all(c.held for c in self.checks)
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.deployment.name,
            "server": str(self.deployment.server),
            "ok": self.ok,
            "changed": bool(self.done),
            "done": [
                {
                    **_step_json(d.step, d.statement),
                    "notices": [n.words for n in d.notices],
                    "ms": round(d.milliseconds, 1),
                }
                for d in self.done
            ],
            "left": self.left.as_json() if self.left else None,
            "checks": [check.as_json() for check in self.checks],
            "error": self.error.as_json() if self.error else None,
        }


@contextmanager
def servers(
    spec: Spec, ask: Ask = never_ask, templates: Path | None = None
) -> Iterator[dict[Deployment, Server]]:
    """The Server of each Deployment.

    Each is opened when something is first asked of it, and closed at the end.
    """
    with ExitStack() as stack:
        opened: dict[Deployment, Server] = {}
        for (address, tls), deployments in spec.servers().items():
            server = stack.enter_context(
                Server(address, tls, admin_password(os.environ), ask, templates)
            )
            opened |= dict.fromkeys(deployments, server)
        yield opened


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


def compare(deployment: Deployment, server: Server) -> Planned:
    """Compare one Deployment with its server. Reads only."""
    _fit(deployment, server)
    pairs = server.look(server.dialect.expand(deployment, server.facts))
    steps = plan(pairs)
    shown = server.renderer(masked)
    found = [(wanted, there) for wanted, there in pairs if there is not None]
    return Planned(
        deployment=deployment,
        steps=tuple(steps),
        statements=tuple(shown.item(step.item, step.verb) for step in steps),
        obstacles=tuple(server.obstacles(steps)),
        beyond=tuple(
            (f, shown.item(f, "create"))
            for _, f in found
            if isinstance(f, ObjectGrant) and f.beyond
        ),
        unknown=tuple(_unknown(deployment, found)),
        remarks=(
            *server.dialect.misgivings(server.facts),
            *(r for w, f in found for r in w.remarks(f)),
        ),
        facts=server.facts,
    )


def _unknown(deployment: Deployment, found: list[tuple[Item, Item]]) -> Iterator[Account]:
    """Users that exist and whose password is in none of its places.

    A prompt is not asked for it.
    """
    there = {(wanted.name, wanted.host) for wanted, _ in found if isinstance(wanted, User)}
    for account in deployment.accounts:
        if isinstance(account.place, PromptPlace) or (account.name, account.host) not in there:
            continue
        if account.place.read() is None:
            yield account


def _fit(deployment: Deployment, server: Server) -> None:
    """What only the server's own settings can tell.

    A name that it would fold, a server that takes no writes.
    """
    for why, todo in server.dialect.unfit(deployment, server.facts):
        raise RefusedError(
            f"{deployment.name} cannot be provisioned on {server.address}", why, todo
        )


def apply(
    deployment: Deployment,
    server: Server,
    planned: Planned | None = None,
    *,
    report: Callable[[Done], None] = lambda done: None,
    check: Callable[[Check], None] = lambda check: None,
) -> Applied:
    """Do what the plan says, look again, and verify.

    Raises RefusedError or PlaceError before anything is changed. A statement that fails ends up in
    ``error``.
    """
    planned = planned or compare(deployment, server)
    refuse(planned)
    fill_places(planned)
    applied = Applied(deployment)
    for attempt in range(5):
        try:
            for done in server.apply(planned.steps):
                applied.done.append(done)
                report(done)
            break
        except ApplyError as error:
            del applied.done[len(applied.done) - error.undone :]
            if error.code not in server.dialect.EXISTS or attempt == 4:
                applied.error = error
                return applied
        # Somebody else made the same thing a moment ago: what they made is taken as found.
        time.sleep(0.1 * 2**attempt)
        planned = compare(deployment, server)
    applied.left = compare(deployment, server)
    applied.checks = list(prove(deployment, server, check))
    return applied


def refuse(planned: Planned) -> None:
    """Stop before anything is changed where it is known that the admin cannot do it."""
    met = planned.essential_obstacles()
    if met:
        raise RefusedError(
            f"{planned.deployment.name} cannot be provisioned by this admin; nothing was changed",
            "\n".join(f"{step}: {obstacle.why}" for step, obstacle in met),
            "\n".join(obstacle.todo for _, obstacle in met),
        )


def fill_places(planned: Planned) -> None:
    """Every password is in its place before the server is changed: no crash can lose one."""
    missing = {
        s.item.name for s in planned.steps if isinstance(s.item, User) and s.verb == "create"
    }
    for account in planned.deployment.accounts:
        if isinstance(account.place, PromptPlace) and account.name in missing:
            account.place.fill()
        elif account.place.read() is None:
            if account.name not in missing:
                raise PlaceError(
                    f'the password of user "{account.name}" is not known; nothing was changed',
                    f"the user exists already, and nothing is kept in {account.place}",
                    "keep its password there, or set a new one on the server yourself and keep"
                    " that; dbprov never resets the password of a user that it did not make",
                )
            account.place.fill()


def prove(
    deployment: Deployment, server: Server, report: Callable[[Check], None] = lambda check: None
) -> Iterator[Check]:
    """Log in as each user and try. One failed Check where there is no password to log in with."""
    for account, connection in _connections(deployment).items():
        if connection is None:
            check = Check(
                account.name,
                "logs in",
                "works",
                f"no password is kept in {account.place}",
                False,
                "",
                "dbprov apply makes the user and its password; of a user that exists,"
                " keep the password there"
                if account.place.writable
                else f"give the password in the {account.place}",
            )
            report(check)
            yield check
            continue
        for check in verify(server, deployment, account, connection):
            report(check)
            yield check


def _connections(deployment: Deployment) -> dict[Account, Secret | None]:
    made = handout(deployment, lambda account: account.place.read())
    every = (made.metadata, made.result, *made.others)
    return {c.account: c.login_url() if c.password else None for c in every}


def check(deployment: Deployment, server: Server) -> Iterator[Check]:
    """Can this admin provision this Deployment on this server? Nothing is changed."""
    facts = server.facts
    name, where = (
        "admin",
        f"as {facts.admin}" + (f", over {facts.tls}" if facts.tls else ", without TLS"),
    )
    service = f" on {facts.service}" if facts.service else ""
    yield Check(
        name,
        "reaches the server",
        "works",
        f"{where}, {facts.flavor} {facts.version_text}{service}",
        True,
    )
    for words in server.dialect.misgivings(facts):
        yield Check(
            "server",
            "",
            "",
            words,
            True,
            warning=True,
        )
    for why, todo in server.dialect.unfit(deployment, facts):
        yield Check("server", "can hold this deployment", "holds", why, False, todo=todo)
        return
    for claim, observed, todo in server.dialect.advice(facts):
        yield Check("server", "", claim, observed, True, todo=todo, warning=True)
    planned = compare(deployment, server)
    met = {id(step): obstacle for step, obstacle in planned.obstacles}
    for step in planned.steps:
        obstacle = met.get(id(step))
        if obstacle:
            yield Check(name, f"can {step}", "works", obstacle.why, False, todo=obstacle.todo)
    for account in planned.unknown:
        yield Check(
            name,
            f'knows the password of user "{account.name}"',
            "holds",
            f"the user exists, and nothing is kept in {account.place}",
            False,
            todo="keep its password there; dbprov never resets one",
        )
    for item, statement in planned.beyond:
        yield Check(
            name,
            f"can grant {item}",
            "works",
            _beyond(item),
            False,
            todo=f'the owners named would run in database "{item.inside}":\n{statement};',
        )
    if planned.steps and not met and not planned.unknown:
        yield Check(
            name,
            f"can do all {len(planned.steps)} steps that are missing",
            "works",
            "nothing known is against it",
            True,
        )
    elif not planned.steps:
        yield Check(name, "finds nothing to do", "holds", "everything is there", True)
    for words in planned.remarks:
        if words not in server.dialect.misgivings(facts):
            yield Check(
                deployment.name,
                "",
                "",
                words,
                True,
                warning=True,
            )


def _beyond(item: ObjectGrant) -> str:
    shown = ", ".join(item.beyond[:5])
    return f"not on {shown}" + (f" and {len(item.beyond) - 5} more" if len(item.beyond) > 5 else "")


def handouts(spec: Spec, *, passwords: bool) -> list[Handout]:
    """The handouts of each Deployment.

    With ``passwords`` each must be in its place; PlaceError names one that is not.
    """

    def password(account: Account) -> Secret | None:
        kept = account.place.read()
        if kept is None:
            raise PlaceError(
                f'no password of user "{account.name}" is known',
                f"nothing is kept in {account.place}",
                "run dbprov apply first; of a user that exists already, keep the password there",
            )
        return kept

    return [handout(d, password if passwords else lambda account: None) for d in spec.deployments]
