"""The connection strings of a spec, and what PgBouncer needs beside them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from dbprov.commands.servers import servers
from dbprov.connections.strings import DeploymentConnections, connections_of
from dbprov.errors import DbprovError, LookError, PlaceError, RefusedError, UsageError
from dbprov.passwords.secret import Secret
from dbprov.server.server import Server
from dbprov.spec.model import Account, Auth, Deployment, Spec
from dbprov.system import files

LARGEST = 1 << 20  # bytes of a PEM file: a Secret holds no more
CLEAR = "--userlist clear writes the passwords themselves, which needs no rights"


def unfinished(spec: Spec) -> list[str]:
    """Whose rotation was interrupted: which password is in force is not known here."""
    accounts = [account for deployment in spec.deployments for account in deployment.accounts]
    return [
        f'the rotation of user "{account.name}" was interrupted, and the next password is beside'
        f" {account.place}: dbprov rotate ends it"
        for account in accounts
        if account.place.pending() is not None
    ]


def connections(
    spec: Spec,
    *,
    passwords: bool = True,
    opened: Mapping[Deployment, Server] | None = None,
    unpublished: bool = False,
) -> list[DeploymentConnections]:
    """The connection strings of each Deployment.

    With ``passwords`` each must be in its place; PlaceError names one that is not. A server whose
    URL leaves host and port to libpq is asked where it is, but where ``publish`` says both and
    nobody wants what is not published. Raises ConnectError where it cannot be asked.
    """
    if opened is None:
        with servers(spec) as opened:
            return connections(spec, passwords=passwords, opened=opened, unpublished=unpublished)

    def password(account: Account) -> Secret | None:
        if account.auth is Auth.IAM:
            return None
        kept = account.place.read()
        if kept is None:
            raise PlaceError(
                f'no password of user "{account.name}" is known',
                f"nothing is kept in {account.place}",
                "run dbprov apply first; of a user that exists already, keep the password there",
            )
        return kept

    return [
        connections_of(d, password if passwords else lambda account: None)
        for d in (_located(d, opened[d], unpublished) for d in spec.deployments)
    ]


def tls_files(spec: Spec) -> dict[str, str]:
    """What the files of ``tls`` hold, each by its path. Raises UsageError for one that is gone."""
    secured = [deployment.tls for deployment in spec.deployments if deployment.tls.given]
    paths = {path for tls in secured for path in (tls.ca, tls.cert, tls.key) if path}
    made = {}
    for path in sorted(paths):
        try:
            made[path] = files.read(Path(path), LARGEST).decode()
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is no text"
            raise UsageError(f"{path} cannot be read", why, "name the PEM file in tls") from None
    return made


def _located(deployment: Deployment, server: Server, unpublished: bool) -> Deployment:
    """Only a session knows what libpq found in the environment and in service files."""
    published = deployment.publish_host and deployment.publish_port
    if published and not unpublished:
        return deployment
    try:
        return replace(deployment, server=server.located)
    except DbprovError as error:
        error.what = f"host and port of {deployment.name} are not known: {error.what}"
        named = "or name them: a host in server, or publish: {host: HOST, port: PORT}"
        error.todo = "\n".join(filter(None, (error.todo, named)))
        raise


def verifiers(deployment: Deployment, server: Server) -> Mapping[tuple[Deployment, str], Secret]:
    """The SCRAM verifier of each user. Raises RefusedError where they cannot be had, or used."""
    users = tuple(a.login or a.name for a in deployment.accounts if a.auth is not Auth.IAM)
    try:
        rows = server.rows(server.engine.password_hash.VERIFIERS, users=users)
    except LookError as error:
        if error.code not in server.engine.errors.REFUSED:
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
