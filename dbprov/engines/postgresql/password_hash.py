"""What PostgreSQL keeps instead of a password: SCRAM-SHA-256 verifiers, made without a server.

libpq makes them too, but with the iterations of a server that it is connected to; the tests hold
the two against each other.
"""

from __future__ import annotations

import os
import re
import stringprep
import unicodedata
from base64 import b64decode, b64encode
from collections.abc import Callable
from hashlib import pbkdf2_hmac, sha256
from hmac import digest

from dbprov.engines.facts import Facts
from dbprov.engines.postgresql.quoting import literal
from dbprov.passwords import Kept
from dbprov.passwords.secret import Secret

VERIFIERS = "user/verifiers"


def unfit(password: Secret | None, user: str, facts: Facts) -> tuple[list[str], list[str]]:
    """A rule of the server has nothing to look at: it gets a verifier (T60)."""
    return [], []


ITERATIONS = 4096  # scram_iterations of a server that was not told otherwise
VERIFIER = re.compile(
    r"SCRAM-SHA-256\$[1-9][0-9]{3,8}:([A-Za-z0-9+/]{16,88}={0,2})"
    r"\$([A-Za-z0-9+/]{43}=):([A-Za-z0-9+/]{43}=)"
)
PROHIBITED = (
    stringprep.in_table_a1,  # not in Unicode 3.2, such as an emoji
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
)


def well_formed(verifier: str) -> str:
    """The verifier, if the server will take it for one.

    A malformed one would become the password itself, without an error (T61).
    """
    parts = VERIFIER.fullmatch(verifier)
    try:
        lengths = [len(b64decode(part, validate=True)) for part in parts.groups()] if parts else []
    except ValueError:
        lengths = []
    if lengths[1:] != [32, 32]:
        raise AssertionError("a malformed verifier must never reach a server")  # T61
    return verifier


def scram(password: str, salt: bytes, iterations: int) -> str:
    """RFC 5802 and 7677, as the server writes it into pg_authid."""
    salted = pbkdf2_hmac("sha256", prepared(password), salt, iterations)
    stored = sha256(digest(salted, b"Client Key", "sha256")).digest()
    server = digest(salted, b"Server Key", "sha256")
    parts = [b64encode(part).decode() for part in (salt, stored, server)]
    return well_formed(f"SCRAM-SHA-256${iterations}:{parts[0]}${parts[1]}:{parts[2]}")


def prepared(password: str) -> bytes:
    """SASLprep (RFC 4013) as libpq does it.

    What it does not allow is taken as it stands, and of plain ASCII nothing is changed.
    """
    if password.isascii():
        return password.encode()
    mapped = "".join(
        " " if stringprep.in_table_c12(c) else c for c in password if not stringprep.in_table_b1(c)
    )
    if not mapped or any(table(c) for c in mapped for table in PROHIBITED) or _mixed(mapped):
        return password.encode()
    return unicodedata.normalize("NFKC", mapped).encode()


def _mixed(text: str) -> bool:
    """Right to left together with left to right, or not at both ends (RFC 3454, section 6)."""
    if not any(map(stringprep.in_table_d1, text)):
        return False
    ends = stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1])
    return not ends or any(map(stringprep.in_table_d2, text))


def password_verifier(facts: Facts, iterations: int | None) -> Callable[[Kept, str], str]:
    """What stands in a file instead of a password. The salt is a new one each time."""

    def verifier(place: Kept, user: str) -> str:
        password = place.read()
        assert password is not None, "a place is filled before its verifier is made"
        made = scram(password.reveal(), os.urandom(16), iterations or ITERATIONS)
        return literal(made)

    return verifier
