"""Whether two servers are one: the only place that says so, whatever it is asked for.

Before a connection their names say it: engine, host and port. Names do not say much: one server has
many of them, and one name may lead to many servers. Once both have answered they say it themselves:
the identifier of the data, and which run of a server it is that serves them.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from posixpath import normpath

from msgspec import Struct

from dbprov.errors import DbprovError
from dbprov.spec.model import Address
from dbprov.system.loopback import loopback

Resolve = Callable[[str], frozenset[str]]


class Same(Enum):
    SAME = "the same"
    ANOTHER = "another"
    UNKNOWN = "cannot tell"


class Running(Struct, frozen=True):
    """One run of a server, in its own words: they are the same whichever way it is reached."""

    identifier: str = ""  # of its data, a copy has it too; empty where this admin may not ask
    started: str = ""  # in UTC
    named: str = ""  # its own port, on MySQL with its own host name
    address: str = ""  # at which it was reached; empty: a socket, loopback, or not said

    def goes_on(self, other: Running) -> bool:
        """The same run of the same server process. Of nothing that was said nothing is known."""
        named = (self.started, self.named)
        return bool(self.started) and named == (other.started, other.named)

    def __str__(self) -> str:
        return f"{self.named}, started {self.started or 'at a time that it does not say'}"


class Answer(Struct, frozen=True):
    same: Same
    why: str = ""  # it cannot be told
    error: DbprovError | None = None  # that kept one of them from being asked


def by_answer(one: Running, other: Running) -> Same:
    """Of two servers that have answered.

    The same identifier in another run is a copy of the data, a replica, or a restart in between.
    """
    if one.identifier and other.identifier and one.identifier != other.identifier:
        return Same.ANOTHER
    # A virtual machine that was cloned while it ran has a clone of the run too.
    elsewhere = one.address and other.address and one.address != other.address
    return Same.SAME if one.goes_on(other) and not elsewhere else Same.UNKNOWN


def by_name(one: Address, other: Address, resolve: Resolve = lambda host: frozenset()) -> Same:
    """Of two servers that were not asked. Without ``resolve`` nothing but their text is compared.

    ANOTHER is what the names say: a proxy may lead from one to the other.
    """
    if one.engine != other.engine:
        return Same.ANOTHER
    if name(one) == name(other):
        return Same.SAME
    (_, via, host, port), (_, other_via, other_host, other_port) = name(one), name(other)
    local = any(not each or each.startswith(("/", "service ")) for each in (host, other_host))
    if via != other_via or (local and not via):
        return Same.UNKNOWN  # behind another bastion localhost is another host
    if host == other_host:
        return Same.ANOTHER  # by another port
    if via:
        return Same.UNKNOWN  # only the bastion knows these names
    found, others = resolve(host), resolve(other_host)
    if not (found and others):
        return Same.UNKNOWN
    if port == other_port and found == others and len(found) == 1:
        return Same.SAME
    here = any(not far(each) for each in found | others)
    return Same.UNKNOWN if here or found & others else Same.ANOTHER


def name(address: Address) -> tuple[str, str, str, int]:
    """What is dialled: two addresses with the same name lead to one server, whoever logs in."""
    options = dict(address.options)
    host = options.get("hostaddr") or address.host
    if address.engine == "mysql":
        host = options.get("unix_socket") or host or "localhost"
    elif not host and options.get("service"):
        return address.engine, address.via, f"service {options['service']}", 0
    if host.startswith("/"):
        return address.engine, address.via, normpath(host), _port_of_socket(address)
    if not host and "port" not in options:
        return address.engine, address.via, "", 0  # PGHOST and PGPORT are the same for both
    host = host.lower().removesuffix(".")
    return address.engine, address.via, _one_spelling(host), address.port


def _one_spelling(host: str) -> str:
    """An address of IPv6 has many."""
    if ":" not in host:
        return host
    from ipaddress import ip_address

    with suppress(ValueError):
        return str(ip_address(host))
    return host


def _port_of_socket(address: Address) -> int:
    """libpq's socket is a folder, with a name in it that holds the port."""
    return address.port if address.engine == "postgresql" else 0


def far(address: str | None) -> str:
    """Empty for an address that is every machine's own, and for a socket."""
    return "" if not address or loopback(address) else address


def resolved(host: str) -> frozenset[str]:
    """All addresses of a host; none where it has none, or nobody can be asked."""
    import socket

    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return frozenset()
    return frozenset(str(where[0]).partition("%")[0] for *_, where in found)
