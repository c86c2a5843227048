"""A program for Terraform's external data source: a JSON object in, a flat map of strings out.

In: ``spec`` (path), ``deployment`` (its name), ``check`` ("true": does the server have all of it).
Out: ``engine``, ``host``, ``port``, ``database``, ``user``, and with ``check`` also ``complete``.
No password: Terraform keeps the answer in its state.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any, NoReturn
from urllib.parse import parse_qsl, unquote, urlsplit

PORTS = {"postgresql": 5432, "mysql": 3306}


def main() -> None:
    query = json.load(sys.stdin)
    spec, name = query["spec"], query["deployment"]
    url = urlsplit(
        named(dbprov("connections", spec, "--format", "json"), name)["metadataConnection"]
    )
    more = dict(parse_qsl(url.query))  # a socket, and libpq's port of it, are there
    answer = {
        "engine": url.scheme,
        "host": more.get("unix_socket") or url.hostname or more.get("host", ""),
        "port": str(url.port or more.get("port") or PORTS[url.scheme]),
        "database": unquote(url.path.removeprefix("/")),
        "user": unquote(url.username or ""),
    }
    if query.get("check") == "true":
        planned = named(dbprov("plan", spec, "--json"), name)
        answer["complete"] = "true" if planned["complete"] else "false"
    json.dump(answer, sys.stdout)


def dbprov(*words: str) -> dict[str, Any]:
    """Its document; exit code 1 means that something is missing, which is an answer."""
    ended = subprocess.run(["dbprov", *words], capture_output=True, text=True, check=False)
    if ended.returncode not in (0, 1):
        fail(ended.stderr)
    document: dict[str, Any] = json.loads(ended.stdout)
    return document


def named(document: dict[str, Any], name: str) -> dict[str, Any]:
    known: dict[str, dict[str, Any]] = {one["name"]: one for one in document["deployments"]}
    if name not in known:
        fail(f'the spec has no Deployment "{name}"; it has {", ".join(known)}\n')
    return known[name]


def fail(text: str) -> NoReturn:
    """What stands on stderr is what Terraform shows."""
    sys.stderr.write(text)
    sys.exit(1)


if __name__ == "__main__":
    main()
