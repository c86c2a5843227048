"""A server of an attacker, in the place of the one that is meant: it speaks no TLS, and asks for the password.

``heard``: every byte that a client sent. ``read``: what the attacker reads of what was encrypted with the attacker's RSA key.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Literal, Self

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

Asks = Literal[
    "password", "caching_sha2_password", "sha256_password", "mysql_clear_password", "dialog", "mysql_old_password"
]  # fmt: skip
SSL_REQUEST = bytes.fromhex("0000000804d2162f")
GSS_REQUEST = bytes.fromhex("0000000804d21630")
ASKS_IN_CLEAR = b"R\x00\x00\x00\x08\x00\x00\x00\x03"
SALT = b"saltsaltsaltsaltsalt"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)


class Imposter:
    def __init__(self, asks: Asks) -> None:
        self.asks = asks
        self.heard: list[bytes] = []
        self.read: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def learned(self, password: str) -> bool:
        """Has the attacker the password, in clear or encrypted with the attacker's own key?"""
        return any(password.encode() in chunk for chunk in (*self.heard, *self.read))

    def _serve(self) -> None:
        while True:
            try:
                one, _ = self._listener.accept()
            except OSError:
                return
            with one, suppress(OSError):
                one.settimeout(5)
                speak = self._as_postgresql if self.asks == "password" else self._as_mysql
                speak(one)

    def _hear(self, one: socket.socket) -> bytes:
        chunk = one.recv(65536)
        if not chunk:
            raise ConnectionResetError
        self.heard.append(chunk)
        return chunk

    def _as_postgresql(self, one: socket.socket) -> None:
        while self._hear(one) in (SSL_REQUEST, GSS_REQUEST):
            one.sendall(b"N")
        one.sendall(ASKS_IN_CLEAR)
        self._hear(one)

    def _as_mysql(self, one: socket.socket) -> None:
        named = self.asks if "sha" in self.asks else "mysql_native_password"
        one.sendall(packet(0, greeting(named)))
        self._hear(one)
        if self.asks == "caching_sha2_password":
            one.sendall(packet(2, b"\x01\x04"))  # the password is not in the cache: say it all
            self._hear(one)
            one.sendall(packet(4, b"\x01" + PEM))
        elif self.asks == "sha256_password":
            one.sendall(packet(2, b"\x01" + PEM))
        elif self.asks == "dialog":
            one.sendall(packet(2, b"\xfedialog\0\x02Password: "))
        else:
            one.sendall(packet(2, b"\xfe" + self.asks.encode() + b"\0" + SALT + b"\0"))
        answer = self._hear(one)[4:]
        with suppress(ValueError):
            hidden = KEY.decrypt(
                answer, padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
            )
            self.read.append(bytes(a ^ SALT[i % len(SALT)] for i, a in enumerate(hidden)))


def packet(number: int, words: bytes) -> bytes:
    return len(words).to_bytes(3, "little") + bytes([number]) + words


def greeting(plugin: str) -> bytes:
    """Without CLIENT_SSL among what it can."""
    return (
        b"\x0a8.4.0\0" + bytes(4) + SALT[:8] + b"\0" + b"\x00\x82\x2d\x02\x00\x08\x00\x15" + bytes(10)
        + SALT[8:] + b"\0" + plugin.encode() + b"\0"
    )  # fmt: skip
