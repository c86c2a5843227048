"""For a PgBouncer of one's own: the line of ``[databases]``, and the lines of its userlist."""

from __future__ import annotations

import re

from dbprov.connections.forms import FormOptions
from dbprov.connections.strings import MASK, Connection, DeploymentConnections


def objections(name: str, one: DeploymentConnections, options: FormOptions) -> list[str]:
    if one.metadata.as_json(reveal=False) is None:
        return ["PgBouncer stands before PostgreSQL only, and this Deployment is on MySQL"]
    database = one.deployment.database
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", database) or database == "pgbouncer":
        return [
            f'PgBouncer does not start with "{database}" in its [databases]: it takes letters,'
            " digits, and _ . - there, whatever the quotes, and keeps pgbouncer for itself"
        ]
    return []


def as_pgbouncer(one: DeploymentConnections, options: FormOptions) -> str:
    """Two files in one text, told apart by their first comment."""
    return "\n".join(
        (
            "; pgbouncer.ini",
            as_ini(one, options),
            "; userlist.txt, the file that auth_file names",
            as_userlist(one, options),
        )
    )


def as_ini(one: DeploymentConnections, options: FormOptions) -> str:
    """To the server itself: what ``publish`` names may well be this PgBouncer."""
    deployment, server = one.deployment, one.deployment.server
    where = f"host={_value(server.host)} " if server.host else ""
    entry = f"{where}port={server.port} dbname={deployment.database}"
    return f"[databases]\n{deployment.database} = {entry}\n"


def as_userlist(one: DeploymentConnections, options: FormOptions) -> str:
    """The password in clear, or the server's own verifier.

    PgBouncer logs in with either; with a verifier only if it is the server's, salt and all (E.1).
    """
    every = {c.user: c for c in (one.metadata, one.result, *one.others)}
    return "".join(f"{_quoted(user)} {_quoted(_secret(c, options))}\n" for user, c in every.items())


def _secret(c: Connection, options: FormOptions) -> str:
    if not options.scram:
        return c.parts(options.shown)["password"]
    kept = options.verifiers.get((c.deployment, c.user))
    return kept.reveal() if kept and options.shown else MASK


def _quoted(text: str) -> str:
    """PgBouncer doubles a quotation mark, and knows no backslash (B.3)."""
    return '"' + text.replace('"', '""') + '"'


def _value(text: str) -> str:
    return text if re.fullmatch(r"[A-Za-z0-9_.:/-]+", text) else "'" + text.replace("'", "''") + "'"
