"""The servers of a spec, opened when they are first asked."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from dbprov.passwords.secret import Secret, admin_password, never_ask
from dbprov.server.server import Server
from dbprov.spec.model import Deployment, Spec, Timeouts

if TYPE_CHECKING:
    from dbprov.audit.log import AuditLog

Ask = Callable[[str], Secret]


@contextmanager
def servers(
    spec: Spec,
    ask: Ask = never_ask,
    templates: Path | None = None,
    timeouts: Timeouts | None = None,
    journal: AuditLog | None = None,
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
