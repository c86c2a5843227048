"""``drop`` killed with kill -9 after a number of statements, once for each deployment of a spec, in a process of its own.

python -m tests.support.drop_killer SPEC HEIR quarantine|database|users 1 2 ...
"""

from __future__ import annotations

import os
import sys
from itertools import count
from pathlib import Path

import dbprov
from dbprov.commands.drop import drop as drop_deployment
from dbprov.plan.drop_survey import DropOptions
from dbprov.server.server import Done
from dbprov.spec.model import Deployment, Spec
from tests.support.killer import die
from tests.support.statements import after_each


def drop(spec: Spec, deployment: Deployment, options: DropOptions, statements: int) -> None:
    """In this process, which does not live to see the end of it."""
    counted = count(1)

    def count_down(done: Done) -> None:
        if next(counted) == statements:
            die()

    with dbprov.servers(spec) as servers:
        after_each(servers[deployment], count_down)
        drop_deployment(spec, deployment, servers[deployment], options)


def main(path: str, new_owner: str, what: str, *numbers: str) -> None:
    spec = dbprov.load(Path(path))
    options = DropOptions(what == "quarantine", what == "database", new_owner or None)
    for deployment, statements in zip(spec.deployments, map(int, numbers), strict=True):
        child = os.fork()
        if child == 0:
            drop(spec, deployment, options, statements)
            os._exit(3)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            sys.exit(f"{deployment.name} was not killed after {statements} statements: {status}")


if __name__ == "__main__":
    main(*sys.argv[1:])
