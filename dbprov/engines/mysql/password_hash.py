"""What MySQL and MariaDB keep instead of a password, made without a server."""

from __future__ import annotations

import os
import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from hashlib import pbkdf2_hmac, sha1, sha256

from dbprov.engines.facts import Facts
from dbprov.engines.mysql.password_rules import unfit as unfit
from dbprov.engines.mysql.quoting import literal
from dbprov.errors import PlaceError, UsageError
from dbprov.passwords import Kept

VERIFIERS = ""  # nothing logs in with what MySQL keeps
# Of caching_sha2_password, in bytes: a longer one is answered with ER 1396, as if the user existed.
LONGEST = 256
HEX_LITERALS = (8, 0, 17)  # the first that takes a verifier as 0x...
SALT = 20
# caching_sha2_password_digest_rounds where nobody set it; every server takes any number of them.
ROUNDS, ROUNDS_OF_9 = 5000, 10000
ALPHABET = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CACHING_SHA2 = re.compile(rb"\$A\$00[5-9A-F]\$[\x01-\x23\x25-\x7f]{20}[./0-9A-Za-z]{43}", re.DOTALL)
# The variable of 9.7 that says which of two formats new passwords get, and its other value.
FORMAT, OTHER_FORMAT = "caching_sha2_password_storage_format", "PBKDF2_SHA512"
FORMATS = (9, 7)
PBKDF2 = re.compile(rb"\$B\$00[5-9A-F]\$[\x01-\x23\x25-\x7f]{20}[+/0-9A-Za-z]{86}==", re.DOTALL)
NATIVE = re.compile(r"\*[0-9A-F]{40}")


def well_formed(verifier: bytes | str) -> bytes | str:
    """The verifier, if the server will take it for one.

    70 bytes, 115 of PBKDF2, or a star and 40 digits.
    """
    if isinstance(verifier, bytes):
        fits = CACHING_SHA2.fullmatch(verifier) or PBKDF2.fullmatch(verifier)
    else:
        fits = NATIVE.fullmatch(verifier)  # type: ignore[assignment]
    if not fits:
        raise AssertionError("a malformed verifier must never reach a server")  # T61
    return verifier


def native(password: bytes) -> str:
    """mysql_native_password."""
    made = "*" + sha1(sha1(password).digest()).hexdigest().upper()
    well_formed(made)
    return made


def caching_sha2(password: bytes, salt: bytes, rounds: int = ROUNDS) -> bytes:
    """caching_sha2_password: SHA-256 crypt with a salt of 20 bytes, behind the number of rounds."""
    made = b"$A$%03X$" % (rounds // 1000) + salt + sha256_crypt(password, salt, rounds)
    well_formed(made)
    return made


def pbkdf2(password: bytes, salt: bytes, rounds: int = ROUNDS_OF_9) -> bytes:
    """caching_sha2_password of 9.7 and newer, where the server stores PBKDF2_SHA512."""
    stretched = pbkdf2_hmac("sha512", password, salt, rounds)
    made = b"$B$%03X$" % (rounds // 1000) + salt + b64encode(stretched)
    well_formed(made)
    return made


def salt() -> bytes:
    """As the server draws it: 7 bits each, and neither the end of a string nor the separator."""
    drawn = (byte & 0x7F for byte in iter(lambda: os.urandom(1)[0], None))
    return bytes(next(byte for byte in drawn if byte not in b"\0$") for _ in range(SALT))


def sha256_crypt(password: bytes, salt: bytes, rounds: int) -> bytes:
    """U. Drepper, "Unix crypt using SHA-256", steps 1 to 22; MySQL does not cut the salt at 16."""
    second = sha256(password + salt + password).digest()
    first = password + salt + _stretched(second, len(password))
    for bit in _bits(len(password)):
        first += second if bit else password
    made = sha256(first).digest()
    p = _stretched(sha256(password * len(password)).digest(), len(password))
    s = _stretched(sha256(salt * (16 + made[0])).digest(), len(salt))
    for number in range(rounds):
        odd = number % 2
        made = sha256(
            (p if odd else made)
            + (s if number % 3 else b"")
            + (p if number % 7 else b"")
            + (made if odd else p)
        ).digest()
    return _in_letters(made)


def _stretched(digest: bytes, length: int) -> bytes:
    return (digest * (length // len(digest) + 1))[:length]


def _bits(number: int) -> Iterator[int]:
    """The lowest first."""
    while number:
        yield number & 1
        number >>= 1


def _in_letters(digest: bytes) -> bytes:
    """Three bytes as four letters, in the order that crypt picks them in."""
    made = b""
    a, b, c = 0, 10, 20
    for _ in range(10):
        made += _letters(digest[a] << 16 | digest[b] << 8 | digest[c], 4)
        a, b, c = c + 1, a + 1, b + 1
    return made + _letters(digest[31] << 8 | digest[30], 3)


def _letters(number: int, count: int) -> bytes:
    return bytes(ALPHABET[number >> 6 * place & 63] for place in range(count))


def password_verifier(facts: Facts, iterations: int | None) -> Callable[[Kept, str], str]:
    """What stands in a file instead of a password. The salt is a new one each time."""
    if iterations:
        raise UsageError(
            "--scram-iterations is for PostgreSQL", "MySQL has no SCRAM", "leave it out"
        )
    mariadb = facts.flavor == "mariadb"
    if not mariadb and facts.version[:3] < HEX_LITERALS and len(facts.version) > 2:
        raise UsageError(
            f"MySQL {facts.version_text} takes no hash in hexadecimal",
            "8.0.17 was the first that does",
            "leave --password hash out",
        )

    other = facts.settings.get(FORMAT) == OTHER_FORMAT
    if other and (mariadb or facts.version < FORMATS):
        raise UsageError(
            f"{facts.flavor} {facts.version_text} keeps no password as {OTHER_FORMAT}",
            "MySQL 9.7 was the first that does",
            "leave --storage-format out",
        )

    def verifier(place: Kept, user: str) -> str:
        password = place.read()
        assert password is not None, "a place is filled before its verifier is made"
        clear = password.reveal().encode()
        if mariadb:
            return "PASSWORD " + literal(native(clear))
        rounds = ROUNDS_OF_9 if facts.version >= (9,) else ROUNDS
        hashed = pbkdf2 if other else caching_sha2
        return "0x" + hashed(short_enough(clear, user), salt(), rounds).hex().upper()

    return verifier


def short_enough(password: bytes, user: str) -> bytes:
    if len(password) > LONGEST:
        raise PlaceError(
            f'the password of user "{user}" cannot be used',
            f"MySQL takes at most {LONGEST} bytes",
            "keep a shorter one",
        )
    return password
