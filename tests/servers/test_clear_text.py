"""MySQL hashes on its side, so a new password is sent to it: only where nobody can listen, or where the spec says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pymysql
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from dbprov import DbprovError
from dbprov.errors import ConnectError
from dbprov.secret import Secret
from dbprov.server import Server
from tests.harness import execute
from tests.harness.tls import NAME, TlsServer
from tests.servers.conftest import Walk
from tests.servers.imposter import Asks, Imposter
from tests.servers.test_apply import one
from tests.unit.made import deployment as made


@pytest.mark.mysql("mysql")
def test_a_password_is_not_sent_in_the_clear(walk: Walk, prefix: str) -> None:
    # Over loopback; from then on the server is content with a hash of the admin's.
    assert not walk.plan(walk.spec(one(prefix))).complete
    # 0.0.0.0 reaches this machine, and is no address that is known to be loopback.
    for who in ("superuser", "admin"):  # whom the server remembers is not asked for the password
        execute(walk.server, who, "SELECT 1")
    walk.url = walk.url.replace("127.0.0.1", "0.0.0.0")
    spec = walk.spec(one(prefix), tls={"mode": "disable"})
    applied = walk.apply(spec)
    assert "allow_cleartext: true" in str(applied.error)
    assert not applied.done
    assert walk.plan(spec).steps[0].verb == "create"

    walk.apply(walk.spec(one(prefix), tls={"mode": "disable", "allow_cleartext": True}))
    assert walk.plan(spec).complete


@pytest.mark.mysql("mysql")
def test_a_password_that_mysql_would_not_take_is_refused_by_name(walk: Walk, prefix: str) -> None:
    """The server would answer 1396, as if the user existed."""
    walk.monkeypatch.setenv("APP_PASSWORD", "x" * 257)
    with pytest.raises(DbprovError, match="at most 256 bytes"):
        walk.apply(walk.spec(one(prefix, password={"env": "APP_PASSWORD"})))


# -- an attacker's server ---------------------------------------------------------------------------------------------------

FAR = "0.0.0.0"  # reaches this machine, and is no address that is known to be loopback
ASKING: list[Asks] = [
    "password", "caching_sha2_password", "sha256_password", "mysql_clear_password", "dialog", "mysql_old_password",
]  # fmt: skip
MARKED = "marked-Password_7"


def imposed(asks: Asks) -> str:
    return "postgresql" if asks == "password" else "mysql"


def provoked(asks: Asks, between: Imposter, **tls: Any) -> str:
    """What the admin's login, and a user's with the string that is handed out, end with."""
    engine = imposed(asks)
    deployment = made(engine, server=f"{engine}://dba@{FAR}:{between.port}", tls=tls)
    with Server(deployment.server, deployment.tls, Secret(MARKED)) as server:
        with pytest.raises(ConnectError) as caught:
            server.connection()
        url = Secret(f"{engine}://app:{MARKED}@{FAR}:{between.port}/shop")
        dialect = server.dialect
        with pytest.raises((psycopg.Error, pymysql.Error)) as of_user:
            dialect.connect_as(url, server.here(deployment), server.timeouts)
        assert dialect.explain(of_user.value, secret=False)[1] in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("mode", ["disable", "prefer"])
@pytest.mark.parametrize("asks", ASKING)
@pytest.mark.attack("a server in the path asks for the password without TLS", on="drivers")
def test_a_server_in_the_path_does_not_get_the_password(asks: Asks, mode: str) -> None:
    with Imposter(asks) as between:
        words = provoked(asks, between, mode=mode)
        assert between.heard
        assert not between.learned(MARKED)
    assert "asks for the password" in words
    assert "tls: {mode: require}" in words
    assert "allow_cleartext" in words


@pytest.mark.parametrize("asks", ASKING)
def test_the_attacker_is_a_real_one(asks: Asks) -> None:
    """Where the spec allows it, the password is sent: the test above would see it."""
    with Imposter(asks) as between:
        provoked_all(asks, between)
        assert between.learned(MARKED) or asks == "mysql_old_password"


def provoked_all(asks: Asks, between: Imposter) -> None:
    engine = imposed(asks)
    allowed = {"mode": "disable", "allow_cleartext": True}
    deployment = made(engine, server=f"{engine}://dba@{FAR}:{between.port}", tls=allowed)
    with (
        Server(deployment.server, deployment.tls, Secret(MARKED)) as server,
        pytest.raises(ConnectError),
    ):
        server.connection()


@pytest.mark.parametrize("asks", ["caching_sha2_password", "sha256_password"])
@pytest.mark.attack("a server in the path sends another RSA key than the pinned one", on="drivers")
def test_only_the_key_of_the_spec_is_encrypted_with(asks: Asks, tmp_path: Path) -> None:
    """PyMySQL takes the key that a server sends in place of the one that it was given."""
    pinned = tmp_path / "server.pem"
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    pinned.write_bytes(other.public_bytes(serialization.Encoding.PEM, form))
    with Imposter(asks) as between:
        for more in ({}, {"allow_cleartext": True}):
            deployment = made(
                "mysql",
                server=f"mysql://dba@{FAR}:{between.port}",
                tls={"mode": "prefer", "server_public_key": str(pinned), **more},
            )
            with (
                Server(deployment.server, deployment.tls, Secret(MARKED)) as server,
                pytest.raises(ConnectError),
            ):
                server.connection()
        assert between.heard
        assert not between.learned(MARKED)


@pytest.mark.parametrize(
    ("url", "near"),
    [
        ("mysql://dba@localhost", True),
        ("mysql://dba@127.0.0.1", True),
        ("mysql://dba@127.0.0.1.example.com", False),
        ("mysql://dba@[::1]", True),
        ("mysql://dba@db.example.com?hostaddr=127.0.0.1", False),
        ("postgresql://dba@%2Frun%2Fpostgresql", True),
        ("postgresql://dba@127.1.2.3?hostaddr=127.0.0.1", True),
    ],
)
@pytest.mark.attack("a tunnel's end, or a name like 127.0.0.1.example.com, taken for this machine")
def test_near_is_what_the_spec_names(url: str, near: bool) -> None:
    assert made(url.partition(":")[0], server=url).server.local is near


@pytest.mark.attack(
    "PGHOST, PGHOSTADDR or a service lead to another machine than the spec", on="libpq"
)
@pytest.mark.parametrize("said", [{"PGHOST": FAR}, {"PGHOSTADDR": FAR}, {"PGSERVICE": "far"}])
def test_what_libpq_adds_is_not_taken_for_this_machine(
    said: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Imposter("password") as between:
        (tmp_path / "services").write_text(f"[far]\nhost={FAR}\nport={between.port}\n")
        monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "services"))
        for name, value in said.items():
            monkeypatch.setenv(name, value)
        host = "localhost" if "PGHOSTADDR" in said else ""
        deployment = made("postgresql", server=f"postgresql://dba@{host}:{between.port}/postgres")
        with Server(deployment.server, deployment.tls, Secret(MARKED)) as server:
            with pytest.raises(ConnectError, match="asks for the password in clear"):
                server.connection()
            assert between.heard
            assert not between.learned(MARKED)


# -- and the right one ------------------------------------------------------------------------------------------------------


@pytest.mark.mysql("mysql")
def test_the_key_of_the_server_is_enough(walk: Walk, prefix: str, tmp_path: Path) -> None:
    """A password that the server does not remember is asked for in full, and sent with its own key only."""
    walk.url = walk.url.replace("127.0.0.1", FAR)
    status = "SHOW STATUS LIKE 'Caching_sha2_password_rsa_public_key'"
    [(_, key)] = execute(walk.server, "superuser", status)
    (tmp_path / "server.pem").write_text(key)
    off: dict[str, Any] = {"mode": "disable"}
    for tls, reached in (
        (off, False),
        ({**off, "server_public_key": "server.pem"}, True),
        (off, True),
    ):
        if not reached:
            execute(
                walk.server, "superuser", "FLUSH PRIVILEGES"
            )  # and what is remembered of passwords
            with pytest.raises(ConnectError, match="2061") as caught:
                walk.plan(walk.spec(one(prefix), tls=tls))
            assert "server_public_key" in caught.value.todo
        else:
            assert walk.plan(walk.spec(one(prefix), tls=tls)).steps


@pytest.mark.postgresql
def test_a_server_that_asks_in_clear(
    secure: TlsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LDAP, PAM and IAM work over TLS, by ``prefer`` too; without TLS only where the spec allows it."""
    for name in ("PGPASSWORD", "PGPASSFILE", "PGSERVICE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DBPROV_ADMIN_PASSWORD", secure.server.password("admin"))
    url = f"{secure.server.url('admin')}?hostaddr=127.0.0.1".replace("127.0.0.1:", f"{NAME}:")
    cases: list[tuple[dict[str, Any], str]] = [
        ({"mode": "prefer"}, "TLS"), ({"mode": "require"}, "TLS"), ({"mode": "disable"}, "refused"),
        ({"mode": "disable", "allow_cleartext": True}, ""), ({"mode": "prefer", "allow_cleartext": True}, "TLS"),
    ]  # fmt: skip
    with secure.asks_in_clear():
        for tls, expected in cases:
            deployment = made("postgresql", server=url, tls=tls)
            password = Secret(secure.server.password("admin"))
            with Server(deployment.server, deployment.tls, password) as server:
                if expected == "refused":
                    with pytest.raises(ConnectError, match="asks for the password in clear"):
                        server.connection()
                else:
                    assert server.facts.tls == expected, tls
