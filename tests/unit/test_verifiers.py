"""What servers keep instead of passwords, made without one: against libpq, published vectors, and malformed ones."""

from __future__ import annotations

import re
from base64 import b64decode

import pytest
from hypothesis import example, given
from hypothesis import strategies as some
from psycopg.pq import PGconn

from dbprov.commands.render import render
from dbprov.engines.mysql import password_hash as mysql
from dbprov.engines.postgresql import password_hash as postgresql
from dbprov.errors import PlaceError, UsageError
from tests.support.made import parsed

LIBPQ = PGconn.connect_start(b"port=none")  # goes nowhere; it need not, to make a verifier
ODD = some.text(some.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20)  # fmt: skip
MIXED = some.text(some.sampled_from("aZ1 \u00a0\u00adé\u2168ﬁ\u0627\u06271\u05d0\u200f😀\u0340\ue000\u2028\u1e9e"), min_size=1)  # fmt: skip


@given(ODD | MIXED)
@example("I\u00adX")  # the examples of RFC 4013, section 3
@example("\u00aa")
@example("\u2168")
@example("\u0007ä")
@example("\u0627\u0031")
@example("\u00ad")  # nothing is left of it
@example("pässwörd'\"\\$ {}")
def test_the_verifier_is_libpqs(password: str) -> None:
    """Whatever the password: also where SASLprep maps, normalizes or refuses something."""
    made = LIBPQ.encrypt_password(password.encode(), b"app", b"scram-sha-256").decode()
    salt = b64decode(made.split("$")[1].split(":")[1])
    assert postgresql.scram(password, salt, 4096) == made


def test_the_vector_of_rfc_7677() -> None:
    """User "user", password "pencil": what the server has to answer follows from its key."""
    made = postgresql.scram("pencil", b64decode("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096)
    assert made == (
        "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ=="
        "$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
    )


def test_other_iterations_make_another_verifier() -> None:
    few, many = (postgresql.scram("pencil", b"0123456789abcdef", n) for n in (4096, 10000))
    assert many.startswith("SCRAM-SHA-256$10000:")
    assert few.partition(":")[2] != many.partition(":")[2]


GOOD = postgresql.scram("pencil", b"0123456789abcdef", 4096)


@pytest.mark.parametrize(
    "verifier",
    [
        "", "secret", "SCRAM-SHA-256$4096:abc", "md5abc", GOOD[:-1], GOOD + "=", GOOD + "\n", " " + GOOD,
        GOOD.replace("$4096", "$0096"), GOOD.replace("$4096", "$"), GOOD.replace("256", "1"), GOOD.replace(":", "$"),
        re.sub(r".{44}$", "A" * 43 + "*", GOOD), GOOD.replace("MDEyMzQ1Njc4OWFiY2RlZg==", ""), GOOD.lower(),
    ],
)  # fmt: skip
def test_a_malformed_scram_verifier_is_stopped(verifier: str) -> None:
    """PostgreSQL would take it for the password itself (T61)."""
    with pytest.raises(AssertionError, match="malformed"):
        postgresql.well_formed(verifier)
    assert postgresql.well_formed(GOOD) == GOOD


@pytest.mark.parametrize(
    ("password", "salt", "made"),
    [  # of "Unix crypt using SHA-256", and of glibc where a password is longer than a block or two
        ("Hello world!", "saltstring", "5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"),
        ("a" * 33, "abcdefghijklmnop", "Z0Zm0oUppr4PxtGGeD3BLSY/iAXzVz0OVac3eRWYIQ/"),
        ("ab" * 150, "abcdefghijklmnop", "34NgE24AEAuAOnvdQObYbsl5P6SCurMFU7MT7wAp4O8"),
    ],
)
def test_sha256_crypt(password: str, salt: str, made: str) -> None:
    assert mysql.sha256_crypt(password.encode(), salt.encode(), 5000).decode() == made


def test_a_caching_sha2_verifier() -> None:
    salt = bytes(range(1, 21))
    for rounds, said in ((5000, b"005"), (10000, b"00A")):
        made = mysql.caching_sha2("pässwörd'\\".encode(), salt, rounds)
        assert made.startswith(b"$A$" + said + b"$" + salt)
        assert len(made) == 70
        assert mysql.well_formed(made) == made


def test_a_salt_has_no_byte_that_ends_it() -> None:
    drawn = b"".join(mysql.salt() for _ in range(500))
    assert len(drawn) == 500 * 20
    assert not {0, ord("$")} & set(drawn)
    assert max(drawn) < 128
    assert len(set(drawn)) > 120


SHA2 = mysql.caching_sha2(b"pencil", b"01234567890123456789")
NATIVE = mysql.native(b"pencil")


@pytest.mark.parametrize(
    "verifier",
    [
        b"", b"secret", SHA2[:-1], SHA2 + b"/", SHA2 + b"\n", SHA2.replace(b"$A$005$", b"$A$05$"), SHA2.replace(b"0123", b"0$23"),
        SHA2.replace(b"0123", b"0\x0023"), SHA2[:-1] + b"+", "", NATIVE[1:], NATIVE.lower(), NATIVE + "0", NATIVE[:-1] + "G", "secret",
    ],
)  # fmt: skip
def test_a_malformed_mysql_verifier_is_stopped(verifier: bytes | str) -> None:
    with pytest.raises(AssertionError, match="malformed"):
        mysql.well_formed(verifier)
    assert mysql.well_formed(SHA2) == SHA2
    assert mysql.well_formed(NATIVE) == NATIVE


def test_a_native_verifier() -> None:
    """As PASSWORD('password') answers."""
    assert mysql.native(b"password") == "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19"


# -- files -----------------------------------------------------------------------------------------------------------------

SPECS = {
    "postgresql": "server: postgresql://dba@h\ndeployments: [{name: a, database: d, user: u, password: {env: P}}]",
    "mysql": "server: mysql://dba@h\ndeployments: [{name: a, database: d, user: u, password: {env: P}}]",
}
HELD = {
    "postgresql": r"PASSWORD 'SCRAM-SHA-256\$4096:[^']{100,}'",
    "mysql": r"IDENTIFIED WITH caching_sha2_password AS 0x24412430304124[0-9A-F]{126}",
    "mariadb": r"IDENTIFIED BY PASSWORD '\*[0-9A-F]{40}'",
}


@pytest.mark.parametrize("flavor", HELD)
def test_a_file_with_hashes(flavor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("P", "pässwörd'\\")
    spec = parsed(SPECS["mysql" if flavor == "mariadb" else flavor])
    (text,) = render(spec, flavor=flavor, hashed=True).values()
    assert len(re.findall(HELD[flavor], text)) == 1
    assert "It holds hashes of these passwords" in text
    assert "pässwörd" not in text
    assert not re.search(r"envsubst|printenv|\$\{|:'\w*password'", text)


def test_iterations_are_for_postgresql() -> None:
    with pytest.raises(UsageError, match="PostgreSQL"):
        render(parsed(SPECS["mysql"]), hashed=True, iterations=5000)
    with pytest.raises(UsageError, match="hexadecimal"):
        render(parsed(SPECS["mysql"]), hashed=True, version=(8, 0, 11))


def test_a_password_that_mysql_would_not_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("P", "ü" * 129)
    with pytest.raises(PlaceError, match="cannot be used"):
        render(parsed(SPECS["mysql"]), hashed=True)


def test_a_place_that_is_empty_and_cannot_be_filled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("P", raising=False)
    with pytest.raises(PlaceError, match="it is not set"):
        render(parsed(SPECS["postgresql"]), hashed=True)


def test_the_characters_of_a_password_are_counted_as_the_server_counts_them() -> None:
    """MySQL by the Unicode category, MariaDB by bytes."""
    from dbprov.engines.mysql.password_rules import counted

    kinds = ("characters", "lower case letters", "upper case letters", "digits", "other characters")
    for text, by_mysql, by_mariadb in (
        ("aB1-", (4, 1, 1, 1, 1), (4, 1, 1, 1, 1)),
        ("\u00e4\u65e5", (2, 2, 0, 0, 0), (5, 0, 0, 0, 5)),
        ("\u00c4\u0663\u20ac", (3, 0, 1, 1, 1), (7, 0, 0, 0, 7)),
    ):
        assert tuple(counted(text, False)[kind] for kind in kinds) == by_mysql
        assert tuple(counted(text, True)[kind] for kind in kinds) == by_mariadb
