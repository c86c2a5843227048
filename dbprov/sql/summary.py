"""A plan as one page of Markdown, for a comment on a pull request. It is never read back.

Names are data of others: each is in a code span, where Markdown, HTML, links and mentions mean
nothing. All else on the page is dbprov's own words. What the column ``risk`` may say, and when, is
in ``step_rows``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dbprov.engines.facts import Facts
from dbprov.items import GRANTED, Item, User
from dbprov.plan.plan import Plan
from dbprov.plan.steps import Step
from dbprov.spec.model import Deployment
from dbprov.sql.markdown import fence, span, table, words
from dbprov.sql.matrix import matrix
from dbprov.sql.script import PRODUCTS
from dbprov.sql.step_rows import revokes, step_rows

MOST = 40  # rows of a table, lines of a list
LARGEST = 60_000  # characters: GitHub takes a comment of at most 65,536
COUNTED = {
    "user": ("user", "second_user"),
    "database": ("database",),
    "schema": ("schema",),
    "extension": ("extension",),
}


def summary(
    deployment: Deployment,
    facts: Facts,
    steps: Sequence[Step],
    sql: str,
    digest: str,
    planned: Plan | None = None,
) -> str:
    """The page. ``planned`` None: of a server that was not looked at; ``sql`` empty: not shown."""
    if planned and planned.complete:
        return f"{span(deployment.name)}: nothing to do.\n"
    needing = [step for step, _ in planned.obstacles] if planned else []
    made = {
        (step.item.name, step.item.host)
        for step in steps
        if isinstance(step.item, User) and step.verb == "create"
    }
    rows = list(step_rows(steps, needing, made))
    head = [_heading(deployment, facts), _counts(steps, planned)]
    tables = [
        *([table(("action", "object", "to whom", "risk"), rows[:MOST])] if rows else ()),
        *_more(rows, "see the SQL"),
        *matrix(deployment, facts, steps, planned, made),
        *(_left(planned) if planned else ()),
    ]
    foot = f"sha256 `{digest}`" + (", as in the first line of the SQL file" if planned else "")
    lines = sql.count("\n")
    long = f"The SQL has {lines} lines, too many for a comment: read the file."
    whole = [*head, *tables, _folded(sql), foot]
    for parts in (whole, [*head, *tables, long, foot], [*head, long, foot]):
        text = "\n\n".join(parts) + "\n"
        if len(text) <= LARGEST:
            break
    return text


def _heading(deployment: Deployment, facts: Facts) -> str:
    """Without the admin's name, which may be that of a person."""
    at = deployment.server
    host = f"[{at.host}]" if ":" in at.host else at.host
    where = span(f"{host}:{at.port}") if host and not host.startswith("/") else "a local socket"
    version = facts.version_text or ".".join(map(str, facts.version))
    name, database = span(deployment.name), span(deployment.database)
    product = f"{PRODUCTS[facts.flavor]} {words(version)}"
    return f"### {name}: database {database} on {product} at {where}"


def _counts(steps: Sequence[Step], planned: Plan | None) -> str:
    made = [step.item.kind for step in steps if step.verb == "create"]
    counts = {word: sum(kind in kinds for kind in made) for word, kinds in COUNTED.items()}
    counts["privilege"] = sum(s.item.words is GRANTED and s.verb != "drop" for s in steps)
    told = ", ".join(
        f"{count} {word}{'s' * (count != 1)}"
        for word, count in counts.items()
        if count or word in ("user", "database", "privilege")
    )
    taken = sum(map(revokes, steps))
    line = f"{told}; revokes {taken}; needs another role: "
    if planned is None:
        return f"{line}unknown, the server was not asked"
    others = sum(1 for one in planned.extra if one.needs == "another role")
    return f"{line}{len(planned.obstacles) + len(planned.of_other_owners) + others}"


def _left(planned: Plan) -> Iterator[str]:
    """What stays extra, and what needs another role, with who could do it."""
    lines = []
    for step, met in planned.obstacles:
        lines.append(f"- needs another role: {_named(step.item, step)}: {_who(met)}")
    for item, met in planned.of_other_owners:
        lines.append(f"- needs another role: {_named(item, item)}: {_who(met)}")
    for one in planned.extra:
        who = f"needs {one.needs}: {_who(one.obstacle)}" if one.obstacle else ""
        said = who or "stays; `--prune` revokes it"
        lines.append(f"- extra: {span(one.item)}: {said}")
    if lines:
        yield "**Stays extra, or needs another role**"
        yield "\n".join(lines[:MOST])
        yield from _more(lines, "see `dbprov plan`")


def _named(item: Item, told: object) -> str:
    return span(told) + (f" in database {span(item.inside)}" if item.inside else "")


def _who(met: Any) -> str:
    run = f" would run {span(met.statement)}" if met.statement else ""
    return f"{words(met.why)}; {words(met.who)}{run}"


def _more(lines: Sequence[object], where: str) -> list[str]:
    return [f"and {len(lines) - MOST} more, {where}"] if len(lines) > MOST else []


def _folded(sql: str) -> str:
    """Nothing in the SQL ends the fence, and nothing in a fence ends the details."""
    if not sql:
        return "The SQL holds hashes of passwords, and is not shown here."
    return f"<details><summary>SQL</summary>\n\n{fence(sql, 'sql')}\n\n</details>"
