"""What others set on a server that stands in a Deployment's way, or reaches beyond it."""

from __future__ import annotations

from collections.abc import Iterator

from dbprov.engines.facts import Check, Row
from dbprov.plan.drop_survey import Refusal
from dbprov.server.server import Server, masked
from dbprov.spec.model import Access, Deployment

SHOWN = 5
READ_ONLY = "default_transaction_read_only"


def read_only(deployment: Deployment, server: Server) -> Iterator[Refusal]:
    """Settings by which the transactions of users who write begin read only."""
    render = server.renderer(masked)
    if not render.has("check/read_only"):
        return
    users = tuple(a.name for a in deployment.accounts if a.access is not Access.READ)
    found: dict[tuple[str, str], list[str]] = {}
    if users:
        for row in server.rows("check/read_only", users=users, database=deployment.database):
            found.setdefault((row["role"], row["database"]), []).append(row["user"])
    for (role, database), whose in found.items():
        source = "database user" if role and database else "database" if database else "user"
        statement = render.text(
            "remedy/preset", source=source, preset=READ_ONLY, admin=role, database=database
        )
        # Whoever runs it may be in that database.
        begin = render.text("remedy/writable")
        where = [f'role "{role}"'] * bool(role) + [f'database "{database}"'] * bool(database)
        who = f'the owner of database "{database}", or ' if database and not role else ""
        yield Refusal(
            f"{READ_ONLY} is on, set on {' in '.join(where) or 'all roles'}:"
            f" {shown(whose)} cannot write",
            f"{who}a superuser would run:\n{begin};\n{statement};",
        )


def entrances(deployment: Deployment, server: Server) -> Iterator[Check]:
    """The other databases that PUBLIC may enter, how that ends, and who would lose access."""
    render = server.renderer(masked)
    if not render.has("check/entrances"):
        return
    beside = server.beside(deployment)
    own = {name for a in deployment.accounts for name in deployment.databases(a, beside)}
    users = tuple(name for a in deployment.accounts for name in (a.name, a.second) if name)
    rows = server.rows("check/entrances", users=users, databases=tuple(sorted(own)))
    if rows:
        names = shown([row["name"] for row in rows])
        advice = [line for row in rows[:SHOWN] for line in _closing(server, row)]
        yield Check(
            "server",
            "lets the users into no other database",
            "holds",
            f"everybody may enter {names} through PUBLIC",
            True,
            todo="\n".join(advice),
            warning=True,
        )


def _closing(server: Server, row: Row) -> Iterator[str]:
    """The admin keeps its way in, where PUBLIC is the only one."""
    render, name, admin = server.renderer(masked), row["name"], server.facts.admin
    yield f'to close "{name}", its owner "{row["owner"]}", or a superuser, would run:'
    if admin in row["roles"]:
        yield f"{render.text('remedy/enter', database=name, admin=admin)};"
    yield f"{render.text('remedy/close', database=name)};"
    others = [role for role in row["roles"] if role != admin]
    if others:
        sessions = [one for one in row["sessions"] if not one.startswith(f"{admin} (")]
        yield f"who gets in only through PUBLIC, and could enter no more: {shown(others)}" + (
            f"; of these with open sessions: {', '.join(sessions[:SHOWN])}" if sessions else ""
        )
    else:
        yield "nobody else gets in only through PUBLIC"


def shown(names: list[str]) -> str:
    """A few of them by name, and how many more."""
    more = len(names) - SHOWN
    return ", ".join(f'"{name}"' for name in names[:SHOWN]) + (
        f" and {more} more" if more > 0 else ""
    )
