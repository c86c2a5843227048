"""The servers of a spec, opened when they are first asked; and what is handed out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from dbprov.errors import PlaceError
from dbprov.passwords.secret import Secret, admin_password, never_ask
from dbprov.server.server import Server
from dbprov.spec.model import Account, Auth, Deployment, Spec, Timeouts

if TYPE_CHECKING:
    from dbprov.audit.log import Journal
    from dbprov.connections.strings import Handout

Ask = Callable[[str], Secret]


@contextmanager
def servers(
    spec: Spec,
    ask: Ask = never_ask,
    templates: Path | None = None,
    timeouts: Timeouts | None = None,
    journal: Journal | None = None,
) -> Iterator[dict[Deployment, Server]]:
    """The Server of each Deployment.

    Each is opened when something is first asked of it, and closed at the end. ``journal``: where
    every change is recorded.
    """
    with ExitStack() as stack:
        if journal:
            stack.enter_context(journal)
        opened: dict[Deployment, Server] = {}
        for (address, tls, admin), deployments in spec.servers().items():
            given = None if admin else admin_password(os.environ)
            server = stack.enter_context(
                Server(
                    address, tls, given, ask, templates, timeouts, journal, admin, servers=opened
                )
            )
            opened |= dict.fromkeys(deployments, server)
        yield opened


def unfinished(spec: Spec) -> list[str]:
    """Whose rotation was interrupted: which password is in force is not known here."""
    accounts = [account for deployment in spec.deployments for account in deployment.accounts]
    return [
        f'the rotation of user "{account.name}" was interrupted, and the next password is beside'
        f" {account.place}: dbprov rotate ends it"
        for account in accounts
        if account.place.pending() is not None
    ]


def handouts(spec: Spec, *, passwords: bool) -> list[Handout]:
    """The handouts of each Deployment.

    With ``passwords`` each must be in its place; PlaceError names one that is not.
    """

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

    from dbprov.connections.strings import handout

    return [handout(d, password if passwords else lambda account: None) for d in spec.deployments]
