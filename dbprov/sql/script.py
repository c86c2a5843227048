"""Steps to one file of SQL, for a human to review and for the engine's own client to run.

dbprov never executes it.
"""

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

HASHED = "hashed"  # a setting of the Facts: verifiers stand in the file, not placeholders
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
    """The file, to the byte the same for the same steps.

    No date, no host, no user of this machine in it. ``about``: what its head says of it, where it
    is not the file of any server; ``file``: its name in the words about running it.
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
    asked = {} if HASHED in facts.settings else _asked(deployment, steps)
    passwords = _hashes(deployment) if HASHED in facts.settings else _passwords(asked)
    run = engine.urls.how_to_run(deployment, [*asked], facts, file or f"{deployment.name}.sql")
    head = (*(about or _of_any_server(facts)), "", *passwords, *run)
    yield render.text("script/head", what=what, lines=head)
    if asked and render.has("script/password"):
        yield ""
        for variable in asked:
            yield render.text("script/password", variable=variable)
    inside: str | None = None
    borrowed: dict[str, str] = {}
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
            yield from _statement(step, render, borrowed)
        if whole:
            yield ""
            yield render.text("script/end")


def _of_any_server(facts: Facts) -> Iterator[str]:
    yield (
        f"For {PRODUCTS[facts.flavor]} {'.'.join(map(str, facts.version))}, to be run by an admin:"
        " a superuser, or the restricted"
    )
    yield (
        "admin of a managed service. It can be run again at any time:"
        " what is there already is left as it is."
    )
    yield "No password is in this file, and nothing of it was executed by dbprov."


def _asked(deployment: Deployment, steps: Sequence[Step]) -> dict[str, str]:
    """The passwords of the users that it makes: each variable, and whose it is."""
    made = {
        (s.item.name, s.item.host) for s in steps if isinstance(s.item, User) and s.verb == "create"
    }
    accounts = [a for a in deployment.with_passwords if (a.name, a.host) in made]
    asked = {names.variable(a.name): f"of user {a.name}, kept in {a.place}" for a in accounts}
    if len(asked) < len(accounts):
        raise UsageError(
            f"{deployment.name} cannot be written as a file",
            "two of its users differ only in signs that a variable cannot have",
            "name one of them otherwise, or use dbprov apply",
        )
    return asked


def _passwords(asked: dict[str, str]) -> Iterator[str]:
    if asked:
        yield "It takes these passwords from the environment:"
        for variable, whose in asked.items():
            yield f"  {variable}: {whose}"
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


def _statement(step: Step, render: Renderer, borrowed: dict[str, str]) -> Iterator[str]:
    """A statement as apply sends it.

    Around one that has no IF NOT EXISTS, the question whether it is needed.
    """
    item = step.item
    yield f"-- {comment(step)}"
    # Of what is there in part nothing has to be asked: to alter it twice does no harm.
    asked, variable = step.verb == "create" and render.has(f"{item.kind}/guard"), "missing"
    if asked:
        yield render.item(item, "guard") + " \\gset"
    if isinstance(item, Membership):
        # What was borrowed is given back, what was there before is not taken.
        variable = borrowed.setdefault(item.role, f"borrowed_{len(borrowed) + 1}")
        if step.verb == "create":
            yield f"\\set {variable} :missing"
        asked = True
    if asked:
        yield f"\\if :{variable}"
    yield _ended(render.item(item, step.verb))
    if asked:
        yield "\\endif"
    if step.verb in ("create", "alter") and render.has(f"{item.kind}/ensure"):
        yield _ended(render.item(item, "ensure"))


def _ended(statement: str) -> str:
    """With its semicolon, which a comment in its last line must not swallow."""
    unquoted = re.sub(r"""'[^']*'|"[^"]*"|`[^`]*`""", "", statement.rsplit("\n", 1)[-1])
    return statement + ("\n;" if "--" in unquoted else ";")
