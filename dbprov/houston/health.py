"""Whether the Airflow of a Deployment answers, and what of it runs.

createDeployment and upsertDeployment return before anything runs, and the API has no state of a
release. Airflow itself has: ``/api/v2/monitor/health`` (3), ``/api/v1/health`` (2).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from dbprov.houston.api import Houston
from dbprov.system import loopback
from dbprov.system.masking import outside

PATHS = ("/api/v2/monitor/health", "/api/v1/health", "/health")
NEEDED = ("metadatabase", "scheduler")
LONGEST_PAUSE = 10.0  # seconds


class Health(Struct, frozen=True):
    ready: bool
    words: str


def address(answer: Mapping[str, Any]) -> str:
    """Where the Deployment's Airflow is, as the platform says; empty for nowhere."""
    found = [one.get("url") for one in answer.get("urls") or [] if one.get("type") == "airflow"]
    return found[0] if found and isinstance(found[0], str) else ""


def objection(houston: str, url: str) -> str:
    """Why the token is not sent to a URL that the platform names; empty where it may.

    A Deployment is at a name below the platform's own domain.
    """
    if not url:
        return "the platform names no address of its Airflow"
    if not (url.isascii() and url.isprintable()) or any(sign in url for sign in "@\\?# "):
        return "what the platform names is no address"
    if why := loopback.objection(url):
        return why
    ours, theirs = urlsplit(houston).hostname or "", urlsplit(url).hostname or ""
    first, _, base = ours.partition(".")
    below = first == "houston" and "." in base and theirs.endswith(f".{base}")
    if loopback.plain(houston) != loopback.plain(url) or not (theirs == ours or below):
        return f"its address, {theirs}, is not below the platform's domain: no token is sent there"
    return ""


def health(houston: Houston, url: str, until: float) -> Health:
    """Within the time that is left, but for a last try of a second."""
    words = "nothing answers"
    for path in PATHS:
        left = max(1, until - time.monotonic())
        answer = houston.get(url.rstrip("/") + path, left)
        if isinstance(answer, str):
            return Health(False, answer)
        status, kind, text = answer
        if status == 200 and (made := _read(text)):
            return made
        if 300 <= status < 400 or status in (401, 403):
            words = f"it does not take the token (status {status})"
        elif status != 404:
            words = f"it answers with status {status} and {outside(kind)}"
    return Health(False, words)


def _read(text: bytes) -> Health | None:
    """None where it is no answer of Airflow's."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not isinstance(found.get("metadatabase"), dict):
        return None
    states = {
        name: str(one["status"])[:40]
        for name, one in list(found.items())[:10]
        if isinstance(one, dict) and one.get("status") is not None
    }
    words = ", ".join(f"{name[:40]} {state}" for name, state in states.items())
    return Health(all(states.get(name) == "healthy" for name in NEEDED), outside(words))


def wait(
    houston: Houston,
    urls: Mapping[str, str],
    seconds: float,
    report: Callable[[str, Health, float], None],
) -> dict[str, Health]:
    """Asks each until it is ready, for so long together. ``report`` is called at every change.

    The last answer of each.
    """
    began, pause = time.monotonic(), 0.2
    until = began + seconds
    last = {
        name: Health(False, why)
        for name, url in urls.items()
        if (why := objection(houston.url, url))
    }
    for name, one in last.items():
        report(name, one, 0)
    pending = [name for name in urls if name not in last]
    while pending:
        for name in pending:
            found = health(houston, urls[name], until)
            if found != last.get(name):
                report(name, found, time.monotonic() - began)
            last[name] = found
        pending = [name for name in pending if not last[name].ready]
        left = until - time.monotonic()
        if left <= 0:
            break
        if pending:
            time.sleep(min(pause, left))
            pause = min(pause * 2, LONGEST_PAUSE)
    return last
