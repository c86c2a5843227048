"""An SQL file of a plan's steps, to review and to run with psql or mysql. dbprov never runs it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dbprov._version import __version__
from dbprov.engines.engine import Engine
from dbprov.engines.facts import Facts
from dbprov.errors import UsageError
from dbprov.items import Membership, User
from dbprov.plan.steps import Step, transactions
from dbprov.spec import names
from dbprov.spec.model import Deployment
from dbprov.sql.quoted import comment
from dbprov.sql.render import Renderer

HASHED = "hashed"  # a setting of the Facts: the file holds verifiers, not placeholders
PRODUCTS = {"postgresql": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB"}


def script(
    engine: Engine,
    deployment: Deployment,
    steps: Sequence[Step],
    render: Renderer,
    facts: Facts,
    about: Sequence[str] = (),
    file: str = "",
) -> str:
    """The file; it holds no date, host or local user, so the same steps give the same bytes.

    ``about``: lines for its head, where it was written for one server; ``file``: its name in the
    instructions to run it.
    """
    lines = _lines(engine, deployment, steps, render, facts, tuple(about), file)
    return "\n".join(lines) + "\n"


def _lines(
    engine: Engine,
    deployment: Deployment,
    steps: Sequence[Step],
    render: Renderer,
    facts: Facts,
    about: tuple[str, ...],
    file: str,
) -> Iterator[str]:
    what = (
        f"{deployment.name}: database {deployment.database} on {PRODUCTS[facts.flavor]},"
        f" made by dbprov {__version__}"
    )
    variables = {} if HASHED in facts.settings else _password_variables(deployment, steps)
    passwords = _hashes(deployment) if HASHED in facts.settings else _passwords(variables)
    run = engine.urls.how_to_run(deployment, [*variables], facts, file or f"{deployment.name}.sql")
    head = (*(about or _head_of_any_server(facts)), "", *passwords, *run)
    yield render.text("script/head", what=what, lines=head)
    if variables and render.has("script/password"):
        yield ""
        for variable in variables:
            yield render.text("script/password", variable=variable)
    inside: str | None = None
    memberships: dict[str, str] = {}
    for group in transactions(steps):
        if group[0].item.inside != inside:
            inside = group[0].item.inside
            yield ""
            name = inside or deployment.server.database
            yield render.text("script/enter", database=name, conninfo=engine.urls.conninfo(name))
        whole = engine.connection.TRANSACTIONS and not group[0].item.alone
        if whole:
            yield ""
            yield render.text("script/begin")
        for step in group:
            yield ""
            yield from _statement(step, render, memberships)
        if whole:
            yield ""
            yield render.text("script/end")


def _head_of_any_server(facts: Facts) -> Iterator[str]:
    yield (
        f"For {PRODUCTS[facts.flavor]} {'.'.join(map(str, facts.version))}, to be run by an admin:"
        " a superuser, or the restricted"
    )
    yield (
        "admin of a managed service. It can be run again at any time:"
        " what is there already is left as it is."
    )
    yield "No password is in this file, and nothing of it was executed by dbprov."


def _password_variables(deployment: Deployment, steps: Sequence[Step]) -> dict[str, str]:
    """The variables for the passwords of the users that it creates, each with a description."""
    made = {
        (s.item.name, s.item.host) for s in steps if isinstance(s.item, User) and s.verb == "create"
    }
    accounts = [a for a in deployment.with_passwords if (a.name, a.host) in made]
    variables = {names.variable(a.name): f"of user {a.name}, kept in {a.place}" for a in accounts}
    if len(variables) < len(accounts):
        raise UsageError(
            f"{deployment.name} cannot be written as a file",
            "two of its users differ only in signs that a variable cannot have",
            "name one of them otherwise, or use dbprov apply",
        )
    return variables


def _passwords(variables: dict[str, str]) -> Iterator[str]:
    if variables:
        yield "It takes these passwords from the environment:"
        for variable, description in variables.items():
            yield f"  {variable}: {description}"
        yield ""


def _hashes(deployment: Deployment) -> Iterator[str]:
    if not deployment.with_passwords:
        return
    yield (
        "It holds hashes of these passwords. Nobody can log in with a hash;"
        " but who has one can try out"
    )
    yield "passwords on it, so keep the file as you keep them:"
    for account in deployment.with_passwords:
        yield f"  of user {account.name}, kept in {account.place}"
    yield ""


def _statement(step: Step, render: Renderer, memberships: dict[str, str]) -> Iterator[str]:
    """A statement as apply sends it; inside \\if where it has no IF NOT EXISTS."""
    item = step.item
    yield f"-- {comment(step)}"
    # alter needs no guard: it can be repeated.
    conditional, variable = step.verb == "create" and render.has(f"{item.kind}/guard"), "missing"
    if conditional:
        yield render.item(item, "guard") + " \\gset"
    if isinstance(item, Membership):
        # Revoked afterwards only where it was granted here.
        variable = memberships.setdefault(item.role, f"borrowed_{len(memberships) + 1}")
        if step.verb == "create":
            yield f"\\set {variable} :missing"
        conditional = True
    if conditional:
        yield f"\\if :{variable}"
    yield _terminated(render.item(item, step.verb))
    if conditional:
        yield "\\endif"
    if step.verb in ("create", "alter") and render.has(f"{item.kind}/ensure"):
        yield _terminated(render.item(item, "ensure"))


def _terminated(statement: str) -> str:
    """With its semicolon; on a line of its own where the last line has a comment."""
    unquoted = re.sub(r"""'[^']*'|"[^"]*"|`[^`]*`""", "", statement.rsplit("\n", 1)[-1])
    return statement + ("\n;" if "--" in unquoted else ";")
