"""``rotate`` killed with kill -9 at one of its phases, in a process of its own.

python -m tests.support.rotator SPEC kept|sent|done|proven|promoted
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dbprov
from dbprov.commands.rotate import rotate
from dbprov.commands.rotate_plan import plan_rotation
from dbprov.passwords.file import FilePlace
from dbprov.server.server import Server

PHASES = ("kept", "sent", "done", "proven", "promoted")
"""The next password is kept; its statement is sent; has ended; is proven; has taken the place of the old one."""


def die(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Dying(Server):
    phase = ""

    def apply(self, steps: Any) -> Any:
        if self.phase == "kept":
            die()
        every: Iterator[Any] = super().apply(steps)
        if self.phase != "sent":
            return every
        try:
            list(every)  # the server has done it, and nobody heard of it
        finally:
            die()


def main(path: str, phase: str) -> None:
    spec = dbprov.load(Path(path))
    with dbprov.servers(spec) as servers:
        for server in servers.values():
            server.__class__ = Dying
            server.phase = phase  # type: ignore[attr-defined]
        [deployment] = spec.deployments
        server = servers[deployment]
        [planned] = plan_rotation(deployment, server)
        if phase == "promoted":
            promote = FilePlace.promote

            def promoted(self: FilePlace) -> None:
                promote(self)
                die()

            FilePlace.promote = promoted  # type: ignore[method-assign]
        report = die if phase == "done" else (lambda done: None)
        check = die if phase == "proven" else (lambda check: None)
        rotate(planned, server, report=report, check=check)
    sys.exit(f"it was not killed at {phase}")


if __name__ == "__main__":
    main(*sys.argv[1:])
