"""What is proven: of each user by logging in, of the admin by asking."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec.structs import replace

from dbprov.connections.strings import Connection, connections_of
from dbprov.engines.facts import Check
from dbprov.passwords.secret import Secret
from dbprov.server.server import Server
from dbprov.server.verify import verify_user
from dbprov.spec.model import Account, Auth, Deployment


def verify(
    deployment: Deployment, server: Server, report: Callable[[Check], None] = lambda check: None
) -> Iterator[Check]:
    """Log in as each user and try.

    One failed Check where there is no password to log in with, one that is not proven where no
    login from here could prove anything.
    """
    here = server.here(deployment)
    for account, connection in _connections(here).items():
        if account.auth is Auth.IAM:
            check = _not_proven(account)
            report(check)
            yield check
            continue
        if connection is None:
            check = Check(
                account.name,
                "logs in",
                "works",
                f"no password is kept in {account.place}",
                False,
                "",
                "dbprov apply makes the user and its password; of a user that exists,"
                " keep the password there"
                if account.place.writable
                else f"give the password in the {account.place}",
            )
            report(check)
            yield check
            continue
        for check in verify_user(server, here, account, connection):
            explained = check
            if check.failed and check.claim == "logs in":
                explained = _explained(check, server, here, account)
            report(explained)
            yield explained


ROTATED = (
    "a rotation was interrupted: the next password, which is kept beside the one in use, logs in;"
    " dbprov rotate ends it"
)


def _explained(check: Check, server: Server, deployment: Deployment, account: Account) -> Check:
    """Does the password that a rotation left beside the one in use log in?"""
    proposed = account.place.pending()
    if proposed is None:
        return check
    url = Connection(deployment, account, proposed, account.next_login).login_url()
    try:
        server.engine.connection.connect_as(url, deployment, server.timeouts).close()
    except Exception:  # as the first one did, and the check says why
        return check
    return replace(check, todo=ROTATED)


def _not_proven(account: Account) -> Check:
    return Check(
        account.name,
        "logs in",
        "works",
        "cannot be proven from here, it logs in with an IAM token, and dbprov has none; that it is"
        " there and what was granted to it was looked up",
        False,
        todo="try it where the Deployment runs: aws rds generate-db-auth-token makes a token",
        proven=False,
    )


def _connections(deployment: Deployment) -> dict[Account, Secret | None]:
    made = connections_of(deployment, lambda account: account.place.read())
    every = (made.metadata, made.result, *made.others)
    return {c.account: c.login_url() if c.password else None for c in every}
