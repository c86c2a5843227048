"""Which privileges each user has on what, before a plan and after it, as a table of Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from dbprov.engines.engine import of
from dbprov.engines.facts import Facts
from dbprov.items import Item
from dbprov.items.existing_grants import AclEntry
from dbprov.plan.plan import Plan
from dbprov.plan.steps import Step
from dbprov.spec.model import Account, Deployment
from dbprov.sql.markdown import span, table, words

MOST = 40  # rows
NONE, UNKNOWN, MIXED = "—", "?", "mixed"
OWNER = "owner"
COLUMNS = ("database", "schemas", "tables", "sequences", "routines")
LEGEND = (
    "Before → after; without an arrow nothing changes. Of objects: now / future, or one entry for"
    " both. `—` none, `all` every privilege, `?` unknown since the server was not asked, `mixed`"
    " not the same on all objects. Before an arrow only what is granted to the user itself counts,"
    " not what comes from PUBLIC or another role. Extra privileges on single objects are not in"
    " this table."
)
ON_DATABASE = " A grant on the database is one on all that is in it, now and in future."

User = tuple[str, str]  # name and host
Place = tuple[User, str, str, str]
"""Of a cell: the user, the column, the schema, and whether it is of future objects."""


class Change(Struct):
    """What one cell of the table says; ``before`` None: not known."""

    before: frozenset[str] | None
    after: frozenset[str]
    every: frozenset[str]  # what "all" means there; empty: it is never said
    same: bool = True  # the same before, wherever it is granted
    needs: bool = False  # a part of it needs another role

    def joined(self, other: Change) -> Change:
        """Of another creator of the same objects, or the ownership beside the privileges."""
        apart = OWNER in self.after or OWNER in other.after
        before = None
        if self.before is not None and other.before is not None:
            before = self.before | other.before
        return Change(
            before,
            self.after | other.after,
            self.every | other.every,
            self.same and other.same and (apart or self.before == other.before),
            self.needs or other.needs,
        )

    def __str__(self) -> str:
        before = UNKNOWN if self.before is None else MIXED if not self.same else self._told(True)
        after = self._told(False)
        text = after if before == after else f"{before} → {after}"
        return f"{text} (in part needs another role)" if self.needs else text

    def _told(self, before: bool) -> str:
        held = (self.before or frozenset()) if before else self.after
        rest = held - self.every if self.every and self.every <= held else held
        named = ["all"] * (rest != held) + sorted(rest)
        return words(", ".join(named)) if named else NONE


def matrix(
    deployment: Deployment,
    facts: Facts,
    steps: Sequence[Step],
    planned: Plan | None,
    made: set[User],
) -> Iterator[str]:
    """The table and its legend; a column of which nobody has anything is left out."""
    cells = _cells(deployment, facts, steps, planned, made)
    there = [name for name in COLUMNS if any(place[1] == name for place in cells)]
    if not there:
        return
    timed = {place[1] for place in cells if place[3]}
    head = ["user", *(f"{name} now / future" if name in timed else name for name in there)]
    rows = [
        (_name(account), *(_cell(deployment, account, name, cells) for name in there))
        for account in deployment.accounts
    ]
    yield table(head, rows[:MOST])
    if len(rows) > MOST:
        yield f"and {len(rows) - MOST} more users, see the SQL"
    yield LEGEND + (ON_DATABASE if there == ["database"] else "")


def _name(account: Account) -> str:
    host = f"@{account.host}" if account.host != "%" else ""
    second = f", and {span(account.second)} as the same" if account.second else ""
    return span(account.name + host) + second


def _cell(deployment: Deployment, account: Account, column: str, cells: Mapping[Any, Any]) -> str:
    """Schemas with the same text stand together; they are named where there are several."""
    by_text: dict[str, list[str]] = {}
    for schema in ("", *deployment.schemas):
        place = ((account.name, account.host), column, schema)
        times = [str(cells[(*place, t)]) for t in ("", "now", "future") if (*place, t) in cells]
        if times:
            by_text.setdefault(" / ".join(dict.fromkeys(times)), []).append(schema)
    several = len(deployment.schemas) > 1
    told = [
        f"{', '.join(map(span, schemas))}: {text}" if several and schemas != [""] else text
        for text, schemas in by_text.items()
    ]
    return "; ".join(told) or NONE


def _cells(
    deployment: Deployment,
    facts: Facts,
    steps: Sequence[Step],
    planned: Plan | None,
    made: set[User],
) -> dict[Place, Change]:
    """Of what is wanted and has no step, all is there."""
    stepped = {_key(step.item): step for step in steps if step.verb != "drop"}
    needing = {_key(step.item) for step, _ in planned.obstacles} if planned else set()
    needing |= {_key(item) for item, _ in planned.of_other_owners} if planned else set()
    new = any(step.item.kind == "database" and step.verb == "create" for step in steps)
    kept, revoked = _extra(deployment, steps, planned)
    cells: dict[Place, Change] = {}
    for wanted in of(deployment.server.engine).expand.expand(deployment, facts):
        place = _place(wanted)
        if place is None:
            continue
        step = stepped.get(_key(wanted))
        after = _held(step.item if step else wanted)
        before, same = _before(step, after, planned is not None, new or place[0] in made)
        if before is not None and place[1] in ("database", "schemas"):
            if step is None and before:
                before |= kept.get(place, frozenset()) | revoked.get(place, frozenset())
            after |= before - revoked.get(place, frozenset())
        every = frozenset(_every(step.item if step else wanted))
        cell = Change(before, after, every, same, _key(wanted) in needing)
        cells[place] = cells[place].joined(cell) if place in cells else cell
    return cells


def _before(
    step: Step | None, after: frozenset[str], looked: bool, new: bool
) -> tuple[frozenset[str] | None, bool]:
    """What was found, and whether it is the same on each object."""
    if not looked:
        return None, True
    if new:  # nobody has anything of a new database, and a new user has nothing
        return frozenset(), True
    if step is None:
        return after, True
    found: Any = step.found
    if found is None or found.kind == "ownership":
        return frozenset(), True
    if found.kind == "object_grant":
        held = {frozenset(filter(None, one.split(","))) & after for one in found.before}
        return frozenset().union(*held), len(held) < 2
    if found.kind == "default_grant":
        return frozenset(found.privileges) & after, True
    return _held(found), True


def _held(item: Any) -> frozenset[str]:
    if item.kind == "ownership":
        return frozenset({OWNER})
    option = {"GRANT OPTION"} if getattr(item, "grant_option", False) else set[str]()
    return frozenset({*item.privileges, *option})


def _every(item: Any) -> tuple[str, ...]:
    """The privileges, where they are all that there are."""
    return item.privileges if getattr(item, "every", False) else ()


def _key(item: Any) -> tuple[Any, ...]:
    names = ("grantee", "user", "host", "owner", "database", "schema", "objects", "creator")
    return (item.kind, *(getattr(item, name, None) for name in names))


def _place(item: Item) -> Place | None:
    one: Any = item
    match item.kind:
        case "ownership":
            return (one.owner, "%"), "database", "", ""
        case "database_grant" if one.grantee:
            return (one.grantee, "%"), "database", "", ""
        case "grant":
            return (one.user, one.host), "database", "", ""
        case "schema_grant":
            return (one.grantee, "%"), "schemas", one.schema, ""
        case "object_grant" | "default_grant":
            when = "now" if item.kind == "object_grant" else "future"
            return (one.grantee, "%"), one.objects.lower(), one.schema, when
    return None


def _extra(
    deployment: Deployment, steps: Sequence[Step], planned: Plan | None
) -> tuple[dict[Place, frozenset[str]], dict[Place, frozenset[str]]]:
    """What users hold beyond the spec on the database and its schemas: what stays, what goes."""
    stays = [one.item for one in planned.extra] if planned else []
    goes = [step.item for step in steps if step.verb == "drop"]
    return _on_whole(deployment, stays), _on_whole(deployment, goes)


def _on_whole(deployment: Deployment, items: Sequence[Item]) -> dict[Place, frozenset[str]]:
    held: dict[Place, frozenset[str]] = {}
    for item in items:
        if not isinstance(item, AclEntry) or item.option_only:
            continue
        for name, *more in item.things:
            user = (item.grantee, item.host or "%")
            place: Place = (user, "schemas", name, "")
            # MySQL keeps the database as a pattern.
            plain = name.replace("\\_", "_").replace("\\%", "%") if item.host else name
            if item.sort == "DATABASE" and plain == deployment.database:
                place = (user, "database", "", "")
            elif item.sort != "SCHEMA" or more:
                continue
            held[place] = held.get(place, frozenset()) | frozenset(item.privileges)
    return held
