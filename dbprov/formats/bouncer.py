"""For a PgBouncer of one's own: the line of ``[databases]``, and the lines of its userlist."""

from __future__ import annotations

import re

from dbprov.connections import Handout
from dbprov.formats import Wish


def objections(name: str, one: Handout, wish: Wish) -> list[str]:
    if one.metadata.as_json(reveal=False) is None:
        return ["PgBouncer stands before PostgreSQL only, and this Deployment is on MySQL"]
    return []


def as_pgbouncer(one: Handout, wish: Wish) -> str:
    """Two files in one text, told apart by their first comment.

    The password stands there in clear, as PgBouncer needs it to log in by itself: a SCRAM verifier
    serves only if it is the server's own, salt and all, which only a superuser may read (E).
    """
    deployment, host = one.deployment, one.metadata.parts(wish.shown)["host"]
    where = f"host={_value(host)} " if host else ""
    lines = [
        "; pgbouncer.ini",
        "[databases]",
        f"{_name(deployment.database)} = {where}port={one.metadata.port}"
        f" dbname={_value(deployment.database)}",
        "",
        "; userlist.txt, the file that auth_file names",
    ]
    every = {c.user: c for c in (one.metadata, one.result, *one.others)}
    lines += [
        f"{_quoted(user)} {_quoted(c.parts(wish.shown)['password'])}" for user, c in every.items()
    ]
    return "\n".join(lines) + "\n"


def _name(text: str) -> str:
    return text if re.fullmatch(r"[A-Za-z0-9_.-]+", text) else _quoted(text)


def _quoted(text: str) -> str:
    """PgBouncer doubles a quotation mark, and knows no backslash (B.3)."""
    return '"' + text.replace('"', '""') + '"'


def _value(text: str) -> str:
    return text if re.fullmatch(r"[A-Za-z0-9_.:/-]+", text) else "'" + text.replace("'", "''") + "'"
