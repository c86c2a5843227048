"""What a server keeps of its users' passwords, for a PgBouncer that logs in with that."""

from __future__ import annotations

from collections.abc import Mapping

from dbprov.errors import LookError, RefusedError
from dbprov.passwords.secret import Secret
from dbprov.server.server import Server
from dbprov.spec.model import Auth, Deployment

CLEAR = "--userlist clear writes the passwords themselves, which needs no rights"


def verifiers(deployment: Deployment, server: Server) -> Mapping[tuple[Deployment, str], Secret]:
    """The SCRAM verifier of each user. Raises RefusedError where they cannot be had, or used."""
    users = tuple(a.login or a.name for a in deployment.accounts if a.auth is not Auth.IAM)
    try:
        rows = server.rows(server.dialect.VERIFIERS, users=users)
    except LookError as error:
        if error.code not in server.dialect.REFUSED:
            raise
        raise RefusedError(
            f"the verifiers of {deployment.name} cannot be read on {server.address}",
            f"{error.why}: only a superuser may see what the server keeps of passwords",
            f"run this as a superuser; {CLEAR}; or let PgBouncer ask by itself, with auth_query",
            code=error.code,
        ) from None
    kept = {row["name"]: row["verifier"] or "" for row in rows}
    for user in users:
        _refuse(user, kept.get(user), server)
    return {(deployment, user): Secret(kept[user]) for user in users}


def _refuse(user: str, kept: str | None, server: Server) -> None:
    if kept is not None and kept.startswith("SCRAM-SHA-256$"):
        return
    if kept is None:
        why, todo = "there is no such user on the server", "dbprov apply makes it"
    elif not kept:
        why, todo = "it has no password on the server", "dbprov rotate sets one"
    else:
        why = "the server keeps an md5 hash, and PgBouncer cannot log in to a SCRAM server with it"
        todo = f"dbprov rotate sets a new password, which is kept as SCRAM; {CLEAR}"
    raise RefusedError(f'user "{user}" has no SCRAM verifier on {server.address}', why, todo)
