"""An attacker on the network path takes TLS away, and asks for passwords: no way of asking gets one.

The server has a name that no DNS knows, and a ``hostaddr`` on loopback, as a tunnel has: the name is what counts.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import dbprov
from dbprov.connections.strings import Connection
from dbprov.engines.postgresql.connection import near
from dbprov.errors import ConnectError
from dbprov.passwords.secret import Secret
from dbprov.spec.model import TLS_MODES, Spec
from tests.harness import TestServer, execute
from tests.harness.bastion import Bastion, bastion
from tests.harness.tls import TlsServer
from tests.support.attackers import ASKING, AskingMySQL, AskingPostgres, CachingWithKey, Downgrade
from tests.support.command import dbprov as command
from tests.support.proxy import Proxy
from tests.support.specs import one
from tests.support.tls import named, prefix, tls_settings, walk
from tests.support.walk import Walk

__all__ = ["prefix", "walk"]

MARK = "LEAK-MARK-hunter2-hunter2"
WITHOUT = ("disable", "prefer")  # the modes that go on where there is no TLS
IN_CLEAR = "asks for the password in clear, and not over TLS"
UNKNOWN_KEY = "encrypted with a key that nobody vouches for"


@pytest.fixture
def marked(walk: Walk) -> Walk:
    walk.password = MARK
    return walk


def refused(walk: Walk, spec: Spec, who: str) -> str:
    """What is said where the admin, or a user, may not log in."""
    [deployment] = spec.deployments
    with dbprov.servers(spec) as servers:
        server = servers[deployment]
        if who == "admin":
            with pytest.raises(ConnectError) as caught:
                server.connection()
            return str(caught.value)
        here = server.here(deployment)
        url = Connection(here, deployment.accounts[0], Secret(MARK)).login_url()
        with pytest.raises(Exception, match=r"\w") as failed:
            server.engine.connection.connect_as(url, here, server.timeouts)
        code, words = server.engine.errors.explain(failed.value, secret=False)
        return f"{words}\n{server.engine.errors.remedy(code, words)}"


@pytest.mark.attack("takes TLS away: modes that insist on it say nothing to the attacker")
def test_nobody_in_between_takes_tls_away(secure: TlsServer, walk: Walk) -> None:
    reached = []
    for mode in TLS_MODES:
        with Downgrade(secure.server.host, secure.server.port) as between:
            walk.url = named(secure.server, port=between.port)
            spec = walk.spec(one("t_tls_"), tls=tls_settings(mode, secure.certificates))
            try:
                reached.append((mode, walk.plan(spec).facts.tls))
            except ConnectError as error:
                assert "somebody in between" in error.why  # noqa: PT017
                assert between.heard == []  # not even who wanted to log in
    assert reached == [("disable", ""), ("prefer", "")]


@pytest.mark.mysql("mysql")
@pytest.mark.attack("takes TLS away, and waits for the password of a new user")
def test_nobody_in_between_gets_a_new_password(secure: TlsServer, walk: Walk, prefix: str) -> None:
    """In the mode that goes on without TLS as well: under a name that is not this machine's."""
    walk.monkeypatch.setenv("APP_PASSWORD", MARK)
    deployment = one(prefix, password={"env": "APP_PASSWORD"})
    with Downgrade(secure.server.host, secure.server.port) as between:
        walk.url = named(secure.server, port=between.port)
        key = walk.folder / "server.pem"
        key.write_text(public_key(secure.server))
        # A key that is known lets the admin in. It does not protect a statement.
        for tls in ({}, {"server_public_key": "server.pem"}):
            assert "is not sent" in str(walk.apply(walk.spec(deployment, tls=tls)).error)
        assert not between.learned(MARK)
        walk.apply(walk.spec(deployment, tls={"allow_cleartext": True}))
        assert between.learned(MARK)


@pytest.mark.mysql
@pytest.mark.parametrize("mode", WITHOUT)
@pytest.mark.parametrize("asking", ASKING)
@pytest.mark.attack("takes TLS away, and asks for the password, in clear or by RSA")
def test_nobody_who_asks_gets_a_password_of_mysql(
    secure: TlsServer, marked: Walk, asking: str, mode: str
) -> None:
    with ASKING[asking](secure.server.host, secure.server.port) as between:
        marked.url = named(secure.server, port=between.port)
        spec = marked.spec(one("t_tls_"), tls={"mode": mode})
        for who in ("admin", "user"):
            said = refused(marked, spec, who)
            assert (UNKNOWN_KEY if "sha2" in asking else IN_CLEAR) in said
            assert "tls: {mode: require}" in said
            assert ("server_public_key" in said) == ("sha2" in asking)
        assert not between.learned(MARK)
        refused(
            marked, marked.spec(one("t_tls_"), tls={"mode": mode, "allow_cleartext": True}), who
        )
        assert between.learned(MARK)  # so it would have been


@pytest.mark.postgresql
@pytest.mark.parametrize("mode", WITHOUT)
@pytest.mark.attack("takes TLS away, and asks for the password in clear")
def test_nobody_who_asks_gets_a_password_of_postgresql(
    secure: TlsServer, marked: Walk, mode: str
) -> None:
    with AskingPostgres(secure.server.host, secure.server.port) as between:
        marked.url = named(secure.server, port=between.port)
        spec = marked.spec(one("t_tls_"), tls={"mode": mode})
        for who in ("admin", "user"):
            said = refused(marked, spec, who)
            assert IN_CLEAR in said
            assert "tls: {mode: require}" in said
        assert not between.learned(MARK)
        for name in ("PGREQUIREAUTH", "PGSSLMODE"):  # what the shell says makes it no looser
            marked.monkeypatch.setenv(name, "password" if name == "PGREQUIREAUTH" else "disable")
        refused(marked, spec, "admin")
        assert not between.learned(MARK)
        marked.monkeypatch.delenv("PGREQUIREAUTH")
        refused(
            marked, marked.spec(one("t_tls_"), tls={"mode": mode, "allow_cleartext": True}), who
        )
        assert between.learned(MARK)


@pytest.mark.postgresql
@pytest.mark.attack("is where PGHOST or a service leads, and asks for the password")
def test_what_libpq_finds_elsewhere_is_not_near(secure: TlsServer, marked: Walk) -> None:
    with AskingPostgres(secure.server.host, secure.server.port) as between:
        port = between.port
        service = marked.folder / "services"
        service.write_text(f"[there]\nhost=0.0.0.0\nport={port}\n")
        marked.monkeypatch.setenv("PGSERVICEFILE", str(service))
        for url in (
            f"postgresql://dba@:{port}/postgres",
            f"postgresql://dba@127.0.0.1:{port}/postgres",
        ):
            name = "PGHOST" if "@:" in url else "PGHOSTADDR"
            marked.monkeypatch.setenv(name, "0.0.0.0")  # this machine, and not known to be loopback
            marked.url = url
            assert IN_CLEAR in refused(marked, marked.spec(one("t_tls_")), "admin")
            marked.monkeypatch.delenv(name)
        marked.url = "postgresql://dba@/postgres"
        marked.monkeypatch.setenv("PGSERVICE", "there")
        marked.monkeypatch.setenv("PGPORT", str(port))
        [address] = marked.spec(one("t_tls_")).servers()
        assert not near(address[0])
        marked.monkeypatch.delenv("PGSERVICE")
        marked.url = "postgresql://dba@/postgres?service=there"
        assert IN_CLEAR in refused(marked, marked.spec(one("t_tls_")), "admin")
        assert not between.learned(MARK)


@pytest.fixture(scope="module")
def gate() -> Iterator[Bastion]:
    with bastion() as made:
        yield made


@pytest.mark.attack("stands behind the bastion, takes TLS away, and asks for the password")
def test_nobody_behind_the_bastion_gets_a_password(
    secure: TlsServer, marked: Walk, gate: Bastion
) -> None:
    """What is dialled is the near end of the tunnel, on loopback: it is not what the password goes to."""
    marked.monkeypatch.setenv("PATH", f"{gate.path}:{os.environ['PATH']}")
    attacker = AskingPostgres if secure.server.engine == "postgresql" else CachingWithKey
    with attacker(secure.server.host, secure.server.port) as between:
        marked.url = named(secure.server, port=between.port)
        spec = marked.spec(one("t_tls_"), via=gate.url)
        for who in ("admin", "user"):
            assert "not over TLS" in refused(marked, spec, who)
        assert not between.learned(MARK)
        # The bastion's own loopback: the way to it is inside of ssh, and ends there.
        marked.url = named(secure.server, "localhost", between.port).partition("?")[0]
        assert "not over TLS" not in refused(
            marked, marked.spec(one("t_tls_"), via=gate.url), "admin"
        )
        assert between.learned(MARK)


# -- servers without TLS ----------------------------------------------------------------------------------------------------


def public_key(server: TestServer, plugin: str = "caching_sha2_password") -> str:
    name = (
        "Rsa_public_key" if plugin == "sha256_password" else f"Caching_{plugin[8:]}_rsa_public_key"
    )
    [(_, key)] = execute(server, "superuser", f"SHOW STATUS LIKE '{name}'")
    return str(key)


@pytest.mark.mysql("mysql")
@pytest.mark.parametrize("plugin", ["caching_sha2_password", "sha256_password"])
@pytest.mark.attack("sends its own RSA key, where the spec names the server's")
def test_a_key_that_is_known(secure: TlsServer, walk: Walk, plugin: str) -> None:
    plain = secure.plain()
    user = f"t_tls_{plugin[:7]}"
    execute(plain, "superuser", f"DROP USER IF EXISTS {user}")
    execute(plain, "superuser", f"CREATE USER {user} IDENTIFIED WITH {plugin} BY '{MARK}'")
    walk.url, walk.password = named(plain).replace("//dba@", f"//{user}@"), MARK

    def said(**tls: Any) -> str:
        with dbprov.servers(walk.spec(one("t_tls_"), tls=tls)) as servers:
            [server] = servers.values()
            try:
                server.connection()
            except ConnectError as error:
                return f"{error} {error.code}"
        return "in"

    key = walk.folder / "server.pem"
    assert UNKNOWN_KEY in said()
    assert "2061" in said()
    with CachingWithKey(plain.host, plain.port) as between:
        key.write_bytes(between.public)
    assert "server_public_key: FILE} holds the key of another server" in said(
        server_public_key="server.pem"
    )
    key.write_text(public_key(plain, plugin))
    assert said(server_public_key="server.pem", mode="disable") == "in"
    assert said(server_public_key="server.pem") == "in"
    flags = (
        "--name",
        "a",
        "--database",
        "t_tls_db",
        "--user",
        "t_tls_app",
        "--tls-server-public-key",
    )
    env = {"DBPROV_ADMIN_PASSWORD": MARK}
    ended = command(
        "check", "--server", walk.url, *flags, "server.pem", folder=walk.folder, env=env
    )
    assert "reaches the server" in ended.stdout, ended.stderr
    for attacker in (ASKING[plugin], ASKING["sha256_password, in the greeting"], AskingMySQL):
        with attacker(plain.host, plain.port) as asking:
            url, walk.url = walk.url, named(plain, port=asking.port)
            assert said(server_public_key="server.pem") != "in"
            assert not asking.learned(MARK)
            walk.url = url
    if plugin == "caching_sha2_password":
        assert said() == "in"  # the server has it cached: it is content with a hash
        execute(plain, "superuser", "FLUSH PRIVILEGES")
        assert UNKNOWN_KEY in said()
    assert said(allow_cleartext=True) == "in"
    execute(plain, "superuser", f"DROP USER {user}")


@pytest.mark.postgresql
def test_ldap_and_pam_go_on_over_tls(secure: TlsServer, walk: Walk, prefix: str) -> None:
    """As pg_hba.conf has it: hostssl all all 127.0.0.1/32 password."""
    deployment = one(prefix, password={"file": "kept"})
    with secure.asks_in_clear():
        for tls in ({}, {"mode": "require"}, tls_settings("verify-full", secure.certificates)):
            assert "over TLS" in walk.provision(walk.spec(deployment, tls=tls)).checks[0].observed
        with pytest.raises(ConnectError, match=IN_CLEAR):
            walk.plan(walk.spec(deployment, tls={"mode": "disable"}))
        said = {"mode": "disable", "allow_cleartext": True}
        assert "without TLS" in walk.provision(walk.spec(deployment, tls=said)).checks[0].observed
        walk.url = secure.server.url("admin")  # loopback, by its own name
        walk.provision(walk.spec(deployment, tls={"mode": "disable"}))


class Counting(Proxy):
    @property
    def connections(self) -> int:
        return (len(self._sockets) - 1) // 2


def test_only_a_server_without_tls_is_tried_without(
    secure: TlsServer, walk: Walk, tmp_path: Path
) -> None:
    """Not one where a login fails, or (PostgreSQL looks at ~/.postgresql/root.crt in each mode) a certificate."""
    walk.plan(walk.spec(one("t_tls_")))
    with Counting(secure.server.host, secure.server.port) as between:
        walk.url = named(secure.server, port=between.port)
        good, walk.password = walk.password, "wrong"
        with pytest.raises(ConnectError):
            walk.plan(walk.spec(one("t_tls_")))
        assert between.connections == 1
    walk.password = good
    plain = secure.plain()
    with Counting(plain.host, plain.port) as between:
        walk.url, walk.password = named(plain, port=between.port), plain.password("admin")
        tls = {"allow_cleartext": True}
        assert walk.plan(walk.spec(one("t_tls_"), tls=tls)).facts.tls == ""
        at_once = between.connections
        walk.plan(walk.spec(one("t_tls_"), tls={**tls, "mode": "disable"}))
        assert (
            between.connections - at_once == at_once // 2
        )  # one more for each, to see that it has none


@pytest.mark.postgresql
@pytest.mark.attack("shows a certificate of its own where the user has a root.crt")
def test_a_certificate_that_does_not_fit_is_no_reason_to_go_on_without(
    secure: TlsServer, walk: Walk, tmp_path: Path
) -> None:
    (tmp_path / ".postgresql").mkdir()
    (tmp_path / ".postgresql" / "root.crt").write_bytes(secure.certificates.other_ca.read_bytes())
    walk.monkeypatch.setenv("PGSSLROOTCERT", str(tmp_path / ".postgresql" / "root.crt"))
    with pytest.raises(ConnectError, match="certificate does not fit") as caught:
        walk.plan(walk.spec(one("t_tls_")))
    assert "root.crt" in caught.value.todo
