"""The servers of a spec, opened when they are first asked; and what is handed out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from dbprov.connections import Handout, handout
from dbprov.deployments import Account, Deployment, Spec, Timeouts
from dbprov.errors import PlaceError
from dbprov.secret import Secret, admin_password, never_ask
from dbprov.server import Server

Ask = Callable[[str], Secret]


@contextmanager
def servers(
    spec: Spec,
    ask: Ask = never_ask,
    templates: Path | None = None,
    timeouts: Timeouts | None = None,
) -> Iterator[dict[Deployment, Server]]:
    """The Server of each Deployment.

    Each is opened when something is first asked of it, and closed at the end.
    """
    with ExitStack() as stack:
        opened: dict[Deployment, Server] = {}
        for (address, tls), deployments in spec.servers().items():
            server = stack.enter_context(
                Server(address, tls, admin_password(os.environ), ask, templates, timeouts)
            )
            opened |= dict.fromkeys(deployments, server)
        yield opened


def handouts(spec: Spec, *, passwords: bool) -> list[Handout]:
    """The handouts of each Deployment.

    With ``passwords`` each must be in its place; PlaceError names one that is not.
    """

    def password(account: Account) -> Secret | None:
        kept = account.place.read()
        if kept is None:
            raise PlaceError(
                f'no password of user "{account.name}" is known',
                f"nothing is kept in {account.place}",
                "run dbprov apply first; of a user that exists already, keep the password there",
            )
        return kept

    return [handout(d, password if passwords else lambda account: None) for d in spec.deployments]
