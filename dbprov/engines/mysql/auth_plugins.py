"""How PyMySQL answers a server that asks for the password, where anybody can listen.

On its own it gives the password to whoever asks: in clear, or encrypted for whatever RSA key the
server sends. An attacker on the network path takes TLS away, and asks with a key of their own.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import pymysql
from pymysql import _auth
from pymysql.constants import CR

from dbprov.engines import tls_context

IN_CLEAR = ("mysql_clear_password", "dialog")  # where LDAP or PAM looks at the password
ALL_OF_IT = b"\x01\x04"  # the server has not cached the password, and asks for it

# Plugins by which the driver logs nobody in, and what it would take.
SOCKET = "it has no password, and gets in by the server's socket as that user of the machine"
UNKNOWN = "PyMySQL does not know this plugin"
LOCKED_OUT = {
    "parsec": UNKNOWN,
    "gssapi": UNKNOWN,
    "authentication_kerberos": UNKNOWN,
    "authentication_webauthn": UNKNOWN,
    "unix_socket": SOCKET,
    "auth_socket": SOCKET,
    "mysql_no_login": "nobody logs in as it",
}
ED25519 = "PyMySQL needs the package PyNaCl for it: pip install PyNaCl"


def cannot_log_in(plugin: str) -> str:
    """Why dbprov cannot log in as a user of this plugin; empty where it can."""
    if plugin in ("ed25519", "client_ed25519"):
        return "" if find_spec("nacl") else ED25519
    return LOCKED_OUT.get(plugin, "")


class Refused:
    """Neither in clear."""

    def __init__(self, connection: Any) -> None:
        pass

    def authenticate(self, packet: Any) -> Any:
        raise pymysql.OperationalError(CR.CR_AUTH_PLUGIN_ERR, tls_context.IN_CLEAR)


class Sha256:
    """Nor for a key that the spec does not name; one that the server sends is not looked at."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def authenticate(self, packet: Any) -> Any:
        self._salted(packet)
        return self._send(self._encrypted() if self._connection.password else b"")

    def _salted(self, packet: Any) -> bool:
        """Was this plugin asked for by another one? Then there is another salt."""
        if not packet.is_auth_switch_request():
            return False
        self._connection.salt = packet.read_all().removesuffix(b"\0")
        return True

    def _encrypted(self) -> bytes:
        one = self._connection
        if not one.server_public_key:
            raise pymysql.OperationalError(CR.CR_AUTH_PLUGIN_ERR, tls_context.UNKNOWN_KEY)
        made: bytes = _auth.sha2_rsa_encrypt(one.password, one.salt, one.server_public_key)
        return made

    def _send(self, answer: bytes) -> Any:
        self._connection.write_packet(answer)
        packet = self._connection._read_packet()
        packet.check_error()
        return packet


class CachingSha2(Sha256):
    """A server that has cached the password is content with a hash, and that is sent."""

    def authenticate(self, packet: Any) -> Any:
        one = self._connection
        if not one.password:
            return self._send(b"")
        if self._salted(packet):
            packet = self._send(_auth.scramble_caching_sha2(one.password, one.salt))
        if packet.get_all_data()[:2] == ALL_OF_IT:
            return self._send(self._encrypted())
        return _auth.caching_sha2_password_auth(one, packet)


FOR_A_KNOWN_KEY = {"sha256_password": Sha256, "caching_sha2_password": CachingSha2}
