"""``apply`` killed with kill -9 after a number of statements, once for each deployment of a spec, in a process of its own.

python -m tests.support.killer SPEC 0 1 2 ...    the first deployment after 0 statements, the next after 1, ...
"""

from __future__ import annotations

import os
import signal
import sys
from itertools import count
from pathlib import Path

import dbprov
from dbprov.commands.apply import fill_places
from dbprov.commands.plan import plan
from dbprov.server.server import Done
from dbprov.spec.model import Deployment, Spec
from tests.support.statements import after_each


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def apply(spec: Spec, deployment: Deployment, statements: int) -> None:
    """In this process, which does not live to see the end of it."""
    counted = count(1)

    def count_down(done: Done) -> None:
        if next(counted) == statements:
            die()

    with dbprov.servers(spec) as servers:
        if statements == 0:  # the passwords are in their places, and nothing is on the server
            fill_places(plan(deployment, servers[deployment]))
            die()
        after_each(servers[deployment], count_down)
        dbprov.apply(deployment, servers[deployment])


def main(path: str, *numbers: str) -> None:
    spec = dbprov.load(Path(path))
    for deployment, statements in zip(spec.deployments, map(int, numbers), strict=True):
        child = os.fork()
        if child == 0:
            apply(spec, deployment, statements)
            os._exit(3)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            sys.exit(
                f"{deployment.name} was not killed after {statements} statements: {os.waitstatus_to_exitcode(status)}"
            )


if __name__ == "__main__":
    main(*sys.argv[1:])
