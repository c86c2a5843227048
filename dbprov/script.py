"""Steps to one file of SQL, for a human to review and for the engine's own client to run.

dbprov never executes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dbprov import names
from dbprov._version import __version__
from dbprov.deployments import Deployment
from dbprov.dialects import Dialect, Facts
from dbprov.errors import UsageError
from dbprov.items import Membership
from dbprov.plan import Step, transactions
from dbprov.render import Renderer, comment

HASHED = "hashed"  # a setting of the Facts: verifiers stand in the file, not placeholders


def script(
    dialect: Dialect, deployment: Deployment, steps: Sequence[Step], render: Renderer, facts: Facts
) -> str:
    """The file, to the byte the same for the same steps.

    No date, no host, no user of this machine in it.
    """
    return "\n".join(_lines(dialect, deployment, steps, render, facts)) + "\n"


def _lines(
    dialect: Dialect, deployment: Deployment, steps: Sequence[Step], render: Renderer, facts: Facts
) -> Iterator[str]:
    product = {"postgresql": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB"}[facts.flavor]
    what = (
        f"{deployment.name}: database {deployment.database} on {product},"
        f" made by dbprov {__version__}"
    )
    yield render.text(
        "script/head", what=what, lines=tuple(_head(dialect, deployment, product, facts))
    )
    if render.has("script/password") and HASHED not in facts.settings:
        yield ""
        for account in deployment.accounts:
            yield render.text("script/password", variable=names.variable(account.name))
    inside: str | None = None
    borrowed: dict[str, str] = {}
    for group in transactions(steps):
        if group[0].item.inside != inside:
            inside = group[0].item.inside
            yield ""
            name = inside or deployment.server.database
            yield render.text("script/enter", database=name, conninfo=dialect.conninfo(name))
        whole = dialect.TRANSACTIONS and not group[0].item.alone
        if whole:
            yield ""
            yield render.text("script/begin")
        for step in group:
            yield ""
            yield from _statement(step, render, borrowed)
        if whole:
            yield ""
            yield render.text("script/end")


def _head(dialect: Dialect, deployment: Deployment, product: str, facts: Facts) -> Iterator[str]:
    yield (
        f"For {product} {'.'.join(map(str, facts.version))}, to be run by an admin:"
        " a superuser, or the restricted"
    )
    yield (
        "admin of a managed service. It can be run again at any time:"
        " what is there already is left as it is."
    )
    yield "No password is in this file, and nothing of it was executed by dbprov."
    yield ""
    if HASHED in facts.settings:
        yield (
            "It holds hashes of these passwords. Nobody can log in with a hash;"
            " but who has one can try out"
        )
        yield "passwords on it, so keep the file as you keep them:"
        for account in deployment.accounts:
            yield f"  of user {account.name}, kept in {account.place}"
        yield ""
        yield from dialect.how_to_run(deployment, [], facts)
        return
    asked = [(names.variable(a.name), a.name, str(a.place)) for a in deployment.accounts]
    if len({variable for variable, _, _ in asked}) < len(asked):
        raise UsageError(
            f"{deployment.name} cannot be written as a file",
            "two of its users differ only in signs that a variable cannot have",
            "name one of them otherwise, or use dbprov apply",
        )
    yield "It takes these passwords from the environment:"
    for variable, user, place in asked:
        yield f"  {variable}: of user {user}, kept in {place}"
    yield ""
    yield from dialect.how_to_run(deployment, [variable for variable, _, _ in asked], facts)


def _statement(step: Step, render: Renderer, borrowed: dict[str, str]) -> Iterator[str]:
    """A statement as apply sends it.

    Around one that has no IF NOT EXISTS, the question whether it is needed.
    """
    item = step.item
    yield f"-- {comment(step)}"
    asked, variable = render.has(f"{item.kind}/guard"), "missing"
    if asked and step.verb != "drop":
        yield render.item(item, "guard") + " \\gset"
    if isinstance(item, Membership):
        # What was borrowed is given back, what was there before is not taken.
        variable = borrowed.setdefault(item.role, f"borrowed_{len(borrowed) + 1}")
        if step.verb == "create":
            yield f"\\set {variable} :missing"
    if asked:
        yield f"\\if :{variable}"
    yield _ended(render.item(item, step.verb))
    if asked:
        yield "\\endif"
    if render.has(f"{item.kind}/ensure"):
        yield _ended(render.item(item, "ensure"))


def _ended(statement: str) -> str:
    """With its semicolon, which a comment in its last line must not swallow."""
    unquoted = re.sub(r"""'[^']*'|"[^"]*"|`[^`]*`""", "", statement.rsplit("\n", 1)[-1])
    return statement + ("\n;" if "--" in unquoted else ";")
