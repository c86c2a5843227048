"""The CLI again and again without its start: a process that has loaded all of it, and forks for each run.

python -m tests.support.forker [MODULE ...]    loads these too; an order a line on stdin, as JSON: words, folder, env, output; answers its pid, then its exit code

What a run prints is in the files ``stdout`` and ``stderr`` of the folder ``output``.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import sys
from typing import Any

import dbprov
from dbprov.cli import main


def load() -> None:
    for module in pkgutil.walk_packages(dbprov.__path__, "dbprov."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in sys.argv[1:]:
        importlib.import_module(name)


def run(words: list[str], folder: str, env: dict[str, str], output: str) -> None:
    """In the child, which ends with it."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    for number, name, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, f"{output}/stdout", os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        (2, f"{output}/stderr", os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
    ):
        os.dup2(os.open(name, flags, 0o600), number)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115
    code: Any = 99
    try:
        main(words, prog_name="dbprov")
    except SystemExit as ended:
        code = ended.code
    finally:
        try:
            sys.stdout.flush()
        finally:
            os._exit(code if isinstance(code, int) else int(code is not None))


def serve() -> None:
    load()
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            run(**order)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    serve()
