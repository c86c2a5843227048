"""What stays on one machine, and whom a secret is sent to over HTTP: one rule for all of it."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit


def loopback(host: str) -> bool:
    """A name such as 127.0.0.1.example.com is anybody's, so it is an address that counts."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def objection(url: str) -> str:
    """Why no secret is sent to a URL; empty where nothing is against it.

    A client that takes this rule follows no redirect either: it would take the secret elsewhere.
    And where the URL is http:// it takes no proxy, which is another machine.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "this is no address"
    if parts.scheme == "https" and host:
        return ""
    if parts.scheme != "http" or not host:
        return "it is no https:// address"
    # Libraries do not agree on who is meant by a URL with an @ or a backslash in it.
    if loopback(host) and not re.search(r"[@\\]", url):
        return ""
    return "it is no https:// address: anybody on the way could read it"


def plain(url: str) -> bool:
    return not url.lower().startswith("https:")


def shown(url: str) -> str:
    """Without a login that may stand in it."""
    return re.sub(r"//.*@", "//", url)


class Redirected(Exception):
    """An answer that sends the client to another address."""


def stay(status: int, location: str | None) -> None:
    """Raises Redirected where an answer is no answer, but the name of somebody else to ask."""
    if 300 <= status < 400:
        origin = re.sub(r"^(\w+://[^/?#]*).*", r"\1", shown(location or "nowhere"))
        raise Redirected("".join(c for c in origin if c.isprintable())[:200])
