"""An SQL file of a plan's steps, to review and to run with psql or mysql. dbprov never runs it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from msgspec import Struct, field

from dbprov._version import __version__
from dbprov.engines.engine import Engine
from dbprov.engines.facts import Facts
from dbprov.errors import UsageError
from dbprov.items import Membership, ObjectGrant, User
from dbprov.plan.steps import Step, folded, transactions
from dbprov.spec import names
from dbprov.spec.model import Deployment
from dbprov.sql.contents import contents
from dbprov.sql.quoted import comment, comment_lines
from dbprov.sql.render import Renderer

HASHED = "hashed"  # a setting of the Facts: the file holds verifiers, not placeholders
PLAIN = {"script/head": "script/plain_head", "script/enter": "script/plain_enter"}
WRITTEN_BY_SERVER = "script/object_grants"  # grants on objects, where it was not looked at
PRODUCTS = {"postgresql": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB"}


def script(
    engine: Engine,
    deployment: Deployment,
    steps: Sequence[Step],
    render: Renderer,
    facts: Facts,
    about: Sequence[str] = (),
    file: str = "",
    *,
    known: bool = False,
    plain: bool = False,
) -> str:
    """The file; it holds no date, host or local user, so the same steps give the same bytes.

    ``about``: lines for its head, where it was written for one server; ``file``: its name in the
    instructions to run it. ``known``: the server was looked at a moment ago, so the file asks it
    nothing. ``plain``: nothing but the statements, for a server where nothing is there yet.
    """
    lines = _File(engine, deployment, render, facts, known, plain).lines(steps, about, file)
    return "\n".join(lines) + "\n"


class _File(Struct):
    engine: Engine
    deployment: Deployment
    render: Renderer
    facts: Facts
    known: bool
    plain: bool
    memberships: dict[str, str] = field(default_factory=dict)  # variables, by role

    def lines(self, steps: Sequence[Step], about: Sequence[str], file: str) -> Iterator[str]:
        deployment, facts = self.deployment, self.facts
        product = PRODUCTS[facts.flavor]
        if not about:
            product += f" {'.'.join(map(str, facts.version))}"
        what = (
            f"{deployment.name}: database {deployment.database} on {product},"
            f" made by dbprov {__version__}"
        )
        hashed = HASHED in facts.settings
        variables = {} if hashed else _password_variables(deployment, steps)
        passwords = _hashes(deployment) if hashed else _passwords(variables)
        name = file or f"{deployment.name}.sql"
        run = self.engine.urls.how_to_run(deployment, [*variables], facts, name)
        about = about or [
            *contents(self.engine, deployment, steps),
            "",
            *_of_any_server(self.plain),
        ]
        head = [part for text in (*about, *passwords, *run) for part in _wrapped(text)]
        yield self.script("script/head", what=what, lines=head)
        if variables and self.render.has("script/password"):
            for variable in variables:
                yield self.script("script/password", variable=variable)
        inside: str | None = None
        groups = transactions(steps)
        for group in groups:
            if group[0].item.inside != inside:
                inside = group[0].item.inside
                yield from self.enter(inside, steps)
            yield ""
            whole = self.engine.connection.TRANSACTIONS and not group[0].item.alone
            if whole:
                yield self.script("script/begin")
            yield from self.statements(group)
            if group is groups[-1]:
                yield from self.check(steps)
            if whole:
                yield self.script("script/end")

    def script(self, name: str, **values: Any) -> str:
        plain = PLAIN.get(name, name)
        found = plain if self.plain and self.render.has(plain) else name
        return self.render.text(found, **values)

    @property
    def asks(self) -> bool:
        """Is the server asked what is there already?"""
        return not (self.known or self.plain)

    def enter(self, inside: str | None, steps: Sequence[Step]) -> Iterator[str]:
        name = inside or self.deployment.server.database
        yield ""
        yield self.script(
            "script/enter", database=name, conninfo=self.engine.urls.conninfo(name)
        ).rstrip()

    def statements(self, group: Sequence[Step]) -> Iterator[str]:
        """Each under its comment; what is needed only together, under one question."""
        opened = ""
        for by_server, together in groupby(group, self.written_by_server):
            parts = folded(together)
            for words, steps in () if by_server else parts:
                guard = self.guard(steps[0])
                if guard != opened:
                    if opened:
                        yield "\\endif"
                    if guard:
                        yield guard
                    opened = guard
                yield from _comment(words)
                yield from map(self.statement, steps)
            if opened:
                yield "\\endif"
                opened = ""
            if by_server:
                grants = [(comment_lines(words), [s.item for s in steps]) for words, steps in parts]
                yield self.script(WRITTEN_BY_SERVER, grants=grants)

    def written_by_server(self, step: Step) -> bool:
        """Is it written from what the server's catalogue has when the file is run?"""
        known = not self.asks or step.verb != "create"
        return not known and isinstance(step.item, ObjectGrant)

    def guard(self, step: Step) -> str:
        """What decides whether the statement is needed; empty where it can be repeated."""
        item = step.item
        if not self.asks:
            return ""
        asked = ""
        if step.verb == "create" and self.render.has(f"{item.kind}/guard"):
            asked = self.render.item(item, "guard").strip()
        if isinstance(item, Membership):
            # Revoked afterwards only where it was granted here.
            variable = self.memberships.setdefault(
                item.role, f"borrowed_{len(self.memberships) + 1}"
            )
            known = f"{asked} \\gset\n\\set {variable} :missing\n" if asked else ""
            return f"{known}\\if :{variable}"
        return f"{asked} \\gset\n\\if :missing" if asked else ""

    def statement(self, step: Step) -> str:
        """As apply sends it."""
        return _terminated(self.render.item(step.item, step.verb))

    def check(self, steps: Sequence[Step]) -> Iterator[str]:
        """Of a server that was not looked at: a GRANT without effect is an error."""
        made = [step.item.must_hold for step in steps if step.verb == "create"]
        rows = [row for row in made if row]
        if rows and self.asks and self.render.has("script/check"):
            yield self.script("script/check", rows=rows)


def _wrapped(text: str) -> list[str]:
    """On lines of at most 100 columns; commands stay as they are, to be copied."""
    return [text] if text.startswith("  ") else comment_lines(text)


def _comment(words: str) -> Iterator[str]:
    return (f"-- {comment(line)}" for line in comment_lines(words))


def _of_any_server(plain: bool) -> Iterator[str]:
    who = "a superuser or the restricted admin of a managed service"
    if plain:
        yield f"To be run once, by {who}."
        yield "Neither its users nor its database may be there yet. No password is in it."
    else:
        yield f"To be run, at any time again, by {who}."
        yield "It leaves what is there as it is. No password is in it, and dbprov has not run it."


def _password_variables(deployment: Deployment, steps: Sequence[Step]) -> dict[str, str]:
    """The variables for the passwords of the users that it creates, each with its store."""
    made = {
        (s.item.name, s.item.host) for s in steps if isinstance(s.item, User) and s.verb == "create"
    }
    accounts = [a for a in deployment.with_passwords if (a.name, a.host) in made]
    variables = {names.variable(a.name): str(a.place) for a in accounts}
    if len(variables) < len(accounts):
        raise UsageError(
            f"{deployment.name} cannot be written as a file",
            "two of its users differ only in signs that a variable cannot have",
            "name one of them otherwise, or use dbprov apply",
        )
    return variables


def _passwords(variables: dict[str, str]) -> Iterator[str]:
    if variables:
        yield "It takes these passwords from the environment; after each stands where it is kept:"
        for variable, place in variables.items():
            line = f"  {variable}: {place}"
            yield from [line] if len(line) <= 97 else [f"  {variable}:", f"    {place}"]


def _hashes(deployment: Deployment) -> Iterator[str]:
    if not deployment.with_passwords:
        return
    yield "It holds hashes of these passwords. Nobody can log in with a hash, but who has one"
    yield "can try out passwords on it, so keep the file as you keep them:"
    for account in deployment.with_passwords:
        yield f"  of user {account.name}, kept in {account.place}"


def _terminated(statement: str) -> str:
    """With its semicolon; on a line of its own where the last line has a comment."""
    unquoted = re.sub(r"""'[^']*'|"[^"]*"|`[^`]*`""", "", statement.rsplit("\n", 1)[-1])
    return statement + ("\n;" if "--" in unquoted else ";")
