"""DDL that failed in an event trigger of somebody else: which one, and what its function lacks."""

from __future__ import annotations

import re

from dbprov.server.sessions import AdminSessions, no_password

TABLE = re.compile(
    r'\b(?:INTO|UPDATE|FROM|JOIN)\s+(?:"?[^\s".(]+"?\.)?"?([^\s".(;]+)', re.IGNORECASE
)
VERB = re.compile(r"\b(INSERT|UPDATE|DELETE|SELECT)\b", re.IGNORECASE)


def blamed(
    server: AdminSessions, database: str | None, role: str, code: str, inside: str
) -> tuple[str, str]:
    """Why, and what to do, for the role whose statement failed; empty where no trigger is known.

    ``inside``: the server's words on the functions that ran, which name the trigger's. Asked once
    the transaction has ended.
    """
    render = server.renderer(no_password)
    if not inside or not render.has("check/event_triggers"):
        return "", ""
    rows = server.answers([render.text("check/event_triggers")], database)[0]
    fired = next((row for row in rows if f"{row['function']}(" in inside), None)
    if fired is None:
        return "", ""
    why = (
        f'in event trigger "{fired["name"]}" of "{fired["owner"]}", function {fired["function"]}()'
    )
    todo = (
        f'"{fired["owner"]}", who made the trigger, or a superuser, has to let it run for "{role}"'
    )
    if code not in server.engine.errors.REFUSED:
        return why, todo
    names = tuple(dict.fromkeys(TABLE.findall(inside)))
    if not names:
        return why, todo
    verbs = tuple(dict.fromkeys(word.upper() for word in VERB.findall(inside)))
    query = render.text("check/lacking", names=names, privileges=verbs, user=role)
    statements = [
        render.text(
            "remedy/grant",
            admin=role,
            sort=(row["sort"],),
            things=(tuple(filter(None, (row["schema"], row["name"]))),),
            privileges=row["privileges"],
            option=False,
        )
        for row in server.answers([query], database)[0]
    ]
    if not statements:
        return why, todo
    where = f' in database "{database}"' if database else ""
    return why, "\n".join(
        (f'"{fired["owner"]}", or a superuser, would run{where}:', *(f"{s};" for s in statements))
    )
