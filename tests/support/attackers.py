"""Who stands between dbprov and a server, takes TLS away, and asks for the password.

Each is a proxy before a real server, which writes down all that it hears. It is the attacker, and
stands for no database: what it says of its own is what a real one on the network path would say.
"""

from __future__ import annotations

import socket

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.proxy import Proxy

SSL_REQUEST = bytes.fromhex("0000000804d2162f")


class Downgrade(Proxy):
    """Tells the client that the server speaks no TLS. ``heard``: what the client says all the same."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(host, port)
        self.heard: list[bytes] = []
        self.greeted: set[socket.socket] = set()

    def _pass(self, chunk: bytes, sink: socket.socket, from_client: bool) -> None:
        if from_client and chunk == SSL_REQUEST:
            self._client(sink).sendall(b"N")
            return
        if from_client:
            self.heard.append(chunk)
        elif sink not in self.greeted:
            self.greeted.add(sink)
            chunk = self._greeting(chunk)
        sink.sendall(chunk)

    def _client(self, server: socket.socket) -> socket.socket:
        return self._sockets[self._sockets.index(server) - 1]

    def _greeting(self, chunk: bytes) -> bytes:
        return without_tls(chunk)

    def learned(self, password: str) -> bool:
        """Is the password, as it is, in anything that this one heard or could decipher?"""
        assert self.heard, "the attack was never met"
        return any(password.encode() in chunk for chunk in self._deciphered())

    def _deciphered(self) -> list[bytes]:
        return [b"".join(self.heard)]


def without_tls(greeting: bytes) -> bytes:
    """The first words of MySQL, without CLIENT_SSL among what it can."""
    if greeting[4] != 10:
        return greeting
    flags = greeting.index(0, 5) + 1 + 4 + 8 + 1  # after version, thread, salt and a filler
    return greeting[: flags + 1] + bytes([greeting[flags + 1] & ~0x08]) + greeting[flags + 2 :]


class Asking(Downgrade):
    """After its greeting the server is heard no more: this one says itself what it likes."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(host, port)
        self.answered: list[socket.socket] = []

    def _pass(self, chunk: bytes, sink: socket.socket, from_client: bool) -> None:
        if not from_client or chunk == SSL_REQUEST:
            super()._pass(chunk, sink, from_client)
            return
        self.heard.append(chunk)
        client, answers = self._client(sink), self._answers()
        number = self.answered.count(client)
        self.answered.append(client)
        if number < len(answers):
            client.sendall(self._framed(answers[number], chunk))
        else:
            client.shutdown(socket.SHUT_RDWR)

    def _answers(self) -> list[bytes]:
        """To each packet of the client, from its login on; then it hangs up."""
        raise NotImplementedError

    def _framed(self, words: bytes, heard: bytes) -> bytes:
        raise NotImplementedError


class AskingPostgres(Asking):
    def _answers(self) -> list[bytes]:
        return [b"\0\0\0\x03"]  # AuthenticationCleartextPassword

    def _framed(self, words: bytes, heard: bytes) -> bytes:
        return b"R" + (len(words) + 4).to_bytes(4, "big") + words


class AskingMySQL(Asking):
    """Switches to the plugin that it likes."""

    switch = b"mysql_clear_password\0"

    def _answers(self) -> list[bytes]:
        return [b"\xfe" + self.switch]

    def _framed(self, words: bytes, heard: bytes) -> bytes:
        return len(words).to_bytes(3, "little") + bytes([(heard[3] + 1) % 256]) + words


class Dialog(AskingMySQL):
    """As a server with PAM."""

    switch = b"dialog\0\x04Password: "


class WithKey(AskingMySQL):
    """Asks for the password encrypted with its own RSA key."""

    salt = b"salt-of-the-attacker"

    def __init__(self, host: str, port: int) -> None:
        super().__init__(host, port)
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @property
    def public(self) -> bytes:
        return self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def _deciphered(self) -> list[bytes]:
        oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
        found = super()._deciphered()
        for chunk in self.heard:
            try:
                masked = self._key.decrypt(chunk[4:], oaep)
            except ValueError:
                continue
            salts = self.salt * (len(masked) // len(self.salt) + 1)
            found.append(bytes(a ^ b for a, b in zip(masked, salts, strict=False)))
        return found


class CachingWithKey(WithKey):
    def _answers(self) -> list[bytes]:
        switch = b"\xfecaching_sha2_password\0" + self.salt + b"\0"
        return [switch, b"\x01\x04", b"\x01" + self.public]


class Sha256WithKey(WithKey):
    def _answers(self) -> list[bytes]:
        return [b"\xfesha256_password\0" + self.salt + b"\0", b"\x01" + self.public]


class GreetingWithKey(WithKey):
    """Names sha256_password in its greeting: PyMySQL asks for a key at once, and takes it."""

    def _greeting(self, chunk: bytes) -> bytes:
        """The server's, with this salt and plugin: 8 bytes of it, 18 of what it can, 12 more."""
        chunk = without_tls(chunk)
        start = chunk.index(0, 5) + 1 + 4
        rest = start + 8 + 1 + 2 + 1 + 2 + 2 + 1 + 10
        made = chunk[4:start] + self.salt[:8] + chunk[start + 8 : rest] + self.salt[8:20] + b"\0"
        made += b"sha256_password\0"
        return len(made).to_bytes(3, "little") + chunk[3:4] + made

    def _answers(self) -> list[bytes]:
        return [b"\x01" + self.public]


ASKING = {
    "in clear": AskingMySQL,
    "in clear, as PAM does": Dialog,
    "caching_sha2_password": CachingWithKey,
    "sha256_password": Sha256WithKey,
    "sha256_password, in the greeting": GreetingWithKey,
}
