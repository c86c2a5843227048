"""A server as the spec names it: a URL of its engine, or a name on RDS; and the way to it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

from msgspec import Struct, field
from msgspec.structs import replace

from dbprov.errors import DbprovError
from dbprov.passwords import Place
from dbprov.spec import keys, tls
from dbprov.spec.model import ENGINES, Address
from dbprov.spec.values import Node, Reading

if TYPE_CHECKING:
    from dbprov.spec.rds import Found

URL_OF_THE_SERVER = "the server's URL"
NO_PASSWORD = (
    "leave it out: it comes from DBPROV_ADMIN_PASSWORD, the engine's own places, or a prompt"
)


class ServerReader(Struct):
    """Reads servers, and what rds:// URLs stand for once for each."""

    values: Reading
    found: dict[str, Found] = field(default_factory=dict)
    managed: dict[Address, Place] = field(default_factory=dict)  # the passwords of their masters

    def server(self, node: Node) -> Address | None:
        url = self.values.text(node, keys.SERVER.right)
        if url is None:
            return None
        if url.startswith("rds://"):
            return self.on_rds(node, url)
        scheme, separator, rest = url.partition("://")
        if not separator or scheme not in ENGINES:
            what = "the server is not a URL of an engine that dbprov knows"
            self.values.wrong(node, what, keys.SERVER.right)
            return None
        engine = {"postgres": "postgresql", "mariadb": "mysql"}.get(scheme, scheme)
        rest, _, query = rest.partition("?")
        authority, _, path = rest.partition("/")
        login, at, where = authority.rpartition("@")
        user, colon, _password = login.partition(":")
        options = _options(engine, query)
        private = any(key == "password" or key.startswith("sslpassword") for key, _ in options)
        if colon or (not at and "@" in rest + query) or private:  # one with a / or ? in it
            self.values.wrong(node, f"{URL_OF_THE_SERVER} holds a password", NO_PASSWORD)
            return Address(engine, "", "", ENGINES[scheme], "")  # for the rest to be read by
        if any(key in tls.IN_URLS for key, _ in options):
            right = f"{keys.TLS}: {{mode: verify-full, ca: PATH}} beside {keys.SERVER}"
            self.values.wrong(node, f"{URL_OF_THE_SERVER} says how to use TLS", right)
            return None
        if "," in where:
            right = "one host: the one that takes writes"
            self.values.wrong(node, f"{URL_OF_THE_SERVER} names several hosts", right)
            return None
        if not where.startswith("[") and where.count(":") > 1:
            right = "an address of IPv6 in brackets: postgresql://dba@[2001:db8::1]:5432/postgres"
            self.values.wrong(node, f"the host in {URL_OF_THE_SERVER} has several colons", right)
            return None
        host, said = _host_and_port(where)
        parameters = dict(options)
        port = said or parameters.get("port", "") or str(ENGINES[scheme])
        if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            what = f"the port in {URL_OF_THE_SERVER} is not a number from 1 to 65535"
            self.values.wrong(node, what, keys.SERVER.right)
            return None
        host = unquote(host) or parameters.get("host", "") or parameters.get("unix_socket", "")
        if said and not host:
            options = (*options, ("port", said))  # what is not said is for libpq to find
        address = Address(engine, unquote(user), host, int(port), unquote(path), options)
        self._one_machine(node, address, parameters)
        return address

    def _one_machine(self, node: Node, address: Address, parameters: dict[str, str]) -> None:
        """hostaddr is an address, and not another machine's where the host is this one."""
        if "hostaddr" in parameters and not tls.is_address(parameters["hostaddr"]):
            what = f"hostaddr in {URL_OF_THE_SERVER} is no IP address"
            self.values.wrong(node, what, "127.0.0.1")
        if address.host and replace(address, options=()).local and not address.local:
            what = f"{URL_OF_THE_SERVER} names this machine, and a hostaddr of another one"
            self.values.wrong(node, what, "the server's own name as host")

    def via(self, node: Node | None, server: Address | None) -> Address | None:
        """Through a bastion, by ssh; a server of its own in a Deployment has a way of its own."""
        if node is None or server is None:
            return server
        mistakes = len(self.values.mistakes)
        url = keys.VIA.read(self.values, {keys.VIA: node})
        if url is None or len(self.values.mistakes) > mistakes:
            return server
        if not server.host or server.host.startswith("/") or "unix_socket" in dict(server.options):
            self.values.wrong(
                node, "the server is a socket, which is on this machine",
                "the server's name as the bastion knows it",
            )  # fmt: skip
        return replace(server, via=url)

    def on_rds(self, node: Node, url: str) -> Address | None:
        """Looked up once for each URL; its master's managed password is the admin's."""
        from dbprov.spec.rds import find

        try:
            found = self.found.get(url) or find(url)
        except DbprovError as error:
            self.values.wrong(node, f"{error.what}: {error.why}".rstrip(": "), error.todo)
            return None
        self.found[url] = found
        if found.admin:
            self.managed[found.address] = found.admin
        return found.address


def _options(engine: str, query: str) -> tuple[tuple[str, str], ...]:
    """``socket`` is what MySQL's own programs call the socket, ``unix_socket`` its drivers."""
    names = {"socket": "unix_socket"} if engine == "mysql" else {}
    return tuple(
        (names.get(key, key), value) for key, value in parse_qsl(query, keep_blank_values=True)
    )


def _host_and_port(where: str) -> tuple[str, str]:
    if where.startswith("["):
        host, _, port = where[1:].partition("]")
        return host, port.removeprefix(":")
    if ":" in where:
        host, _, port = where.rpartition(":")
        return host, port
    return where, ""
