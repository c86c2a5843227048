"""A server as the spec names it: a URL of its engine, or a name on RDS; and the way to it."""

from __future__ import annotations

import re
from dataclasses import field, replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

from dbprov.errors import DbprovError
from dbprov.passwords import Place
from dbprov.spec import tls
from dbprov.spec.model import ENGINES, Address
from dbprov.spec.values import Given, Reading
from dbprov.system.frozen import dataclass

if TYPE_CHECKING:
    from dbprov.spec.rds import Found

# No password; nothing that ssh would take for an option.
VIA = re.compile(
    r"ssh://([A-Za-z0-9_.%][^@:/?#\s]*@)?([A-Za-z0-9][A-Za-z0-9_.-]*|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?"
)


@dataclass
class Doors:
    """Reads servers, and what rds:// URLs stand for once for each."""

    values: Reading
    found: dict[str, Found] = field(default_factory=dict)
    managed: dict[Address, Place] = field(default_factory=dict)  # the passwords of their masters

    def server(self, given: Given) -> Address | None:
        right = "postgresql://dba@db.example.com:5432/postgres or mysql://dba@db.example.com:3306"
        url = self.values.text(given, right)
        if url is None:
            return None
        if url.startswith("rds://"):
            return self.on_rds(given, url)
        scheme, separator, rest = url.partition("://")
        if not separator or scheme not in ENGINES:
            self.values.wrong(
                given, "the server is not a URL of an engine that dbprov knows", right
            )
            return None
        engine = {"postgres": "postgresql", "mariadb": "mysql"}.get(scheme, scheme)
        rest, _, query = rest.partition("?")
        authority, _, path = rest.partition("/")
        login, at, where = authority.rpartition("@")
        user, colon, _password = login.partition(":")
        if colon or (not at and "@" in rest + query):  # a password with a / or ? in it
            self.values.wrong(
                given,
                "the server's URL holds a password",
                "leave it out: it comes from DBPROV_ADMIN_PASSWORD,"
                " the engine's own places, or a prompt",
            )
            return Address(engine, "", "", ENGINES[scheme], "")  # for the rest to be read by
        options = tuple(parse_qsl(query, keep_blank_values=True))
        if any(key == "password" or key.startswith("sslpassword") for key, _ in options):
            self.values.wrong(given, "the server's URL holds a password", "leave it out")
            return Address(engine, "", "", ENGINES[scheme], "")
        if any(key in tls.IN_URLS for key, _ in options):
            self.values.wrong(
                given,
                "the server's URL says how to use TLS",
                "tls: {mode: verify-full, ca: PATH} beside server",
            )
            return None
        if "," in where:
            self.values.wrong(
                given, "the server's URL names several hosts", "one host: the one that takes writes"
            )
            return None
        host, port = where, ""
        if where.startswith("["):
            host, _, port = where[1:].partition("]")
            port = port.removeprefix(":")
        elif ":" in where:
            host, _, port = where.rpartition(":")
        parameters = dict(options)
        port = port or parameters.get("port", "") or str(ENGINES[scheme])
        if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            self.values.wrong(
                given, "the port in the server's URL is not a number from 1 to 65535", right
            )
            return None
        if "hostaddr" in parameters and not tls.is_address(parameters["hostaddr"]):
            self.values.wrong(given, "hostaddr in the server's URL is no IP address", "127.0.0.1")
        host = unquote(host) or parameters.get("host", "") or parameters.get("unix_socket", "")
        address = Address(engine, unquote(user), host, int(port), unquote(path), options)
        if host and replace(address, options=()).local and not address.local:
            self.values.wrong(
                given, "the server's URL names this machine, and a hostaddr of another one",
                "the server's own name as host",
            )  # fmt: skip
        return address

    def via(self, given: Given | None, server: Address | None) -> Address | None:
        """Through a bastion, by ssh; a server of its own in a Deployment has a way of its own."""
        right = "ssh://user@bastion.example.com, or with a port: ssh://user@bastion:2222"
        url = self.values.text(given, right)
        if url is None or server is None:
            return server
        if not VIA.fullmatch(url):
            self.values.wrong(given or Given(url, ""), "this is no way through a bastion", right)
            return server
        if not server.host or server.host.startswith("/") or "unix_socket" in dict(server.options):
            self.values.wrong(
                given or Given(url, ""), "the server is a socket, which is on this machine",
                "the server's name as the bastion knows it",
            )  # fmt: skip
        return replace(server, via=url)

    def on_rds(self, given: Given, url: str) -> Address | None:
        """Looked up once for each URL; its master's managed password is the admin's."""
        from dbprov.spec.rds import find

        try:
            found = self.found.get(url) or find(url)
        except DbprovError as error:
            self.values.wrong(given, f"{error.what}: {error.why}".rstrip(": "), error.todo)
            return None
        self.found[url] = found
        if found.admin:
            self.managed[found.address] = found.admin
        return found.address
