"""Loopback addresses, and the URLs to which a secret may be sent over HTTP."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit


def loopback(host: str) -> bool:
    """Only an address or localhost: 127.0.0.1.example.com can resolve to any host."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def objection(url: str) -> str:
    """Why no secret may be sent to a URL; empty where it may.

    The client must not follow redirects either, which would send the secret to another address, nor
    use a proxy for http://, which is another machine.
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
    # Libraries disagree on the host of a URL with an @ or a backslash.
    if loopback(host) and not re.search(r"[@\\]", url):
        return ""
    return "it is no https:// address: anybody on the way could read it"


def plain(url: str) -> bool:
    return not url.lower().startswith("https:")


def shown(url: str) -> str:
    """The URL without user and password."""
    return re.sub(r"//.*@", "//", url)


class Redirected(Exception):
    """The server redirects to another address."""


def refuse_redirect(status: int, location: str | None) -> None:
    """Raises Redirected for a redirect."""
    if 300 <= status < 400:
        origin = re.sub(r"^(\w+://[^/?#]*).*", r"\1", shown(location or "nowhere"))
        raise Redirected("".join(c for c in origin if c.isprintable())[:200])
