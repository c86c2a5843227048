"""TLS means the same on both engines, right and wrong in each way; with a CA that is made on the spot.

The servers are reached by 127.0.0.1 under a name that no DNS knows (``hostaddr``), so that the name counts.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import pytest
import sqlalchemy
import yaml
from sqlalchemy import make_url

import dbprov
from dbprov.engines.facts import Check
from dbprov.errors import ConnectError
from dbprov.spec.model import TLS_MODES
from tests.harness import TestServer, execute
from tests.harness.bastion import bastion
from tests.harness.tls import NAME, Shown, TlsServer
from tests.support.command import dbprov as command
from tests.support.specs import one
from tests.support.tls import VERIFYING, know, named, prefix, tls_settings, walk
from tests.support.walk import Walk

__all__ = ["prefix", "walk"]  # fixtures, in the place of those of every server

Case = Shown | Literal["no TLS", "asks for a certificate", "refuses it"]
INSISTING = ("require", *VERIFYING)

HELD: dict[Case, tuple[str, ...]] = {  # the modes in which each server is reached
    "good": TLS_MODES,
    "expired": ("disable", "prefer", "require"),
    "wrong CA": ("disable", "prefer", "require"),
    "wrong name": ("disable", "prefer", "require", "verify-ca"),
    "no TLS": ("disable", "prefer"),
    "asks for a certificate": (),
    "refuses it": (),
}
SAID: dict[Case, tuple[str, str]] = {  # to whom is not: what, and what to do
    "expired": ("has expired", "renews it"),
    "wrong CA": ("is signed by no CA that is trusted here", "tls: {ca: FILE}"),
    "wrong name": ("is for another name", "?hostaddr=127.0.0.1"),
    "no TLS": ("speaks no TLS", "turn TLS on"),
    "asks for a certificate": ("", "tls: {cert"),
    "refuses it": ("does not accept the client certificate", "tls: {cert, key}"),
}


def pair(files: tuple[Path, Path]) -> dict[str, str]:
    return dict(zip(("cert", "key"), map(str, files), strict=True))


def way_in(secure: TlsServer, walk: Walk, case: Case, tls: dict[str, Any]) -> dict[str, Any]:
    """Make the server what the case says. What the spec says of TLS then."""
    if case == "no TLS":
        plain = secure.plain()
        know(plain)
        walk.url, walk.password = named(plain), plain.password("admin")
        remember(plain)
    elif case == "asks for a certificate" or case == "refuses it":
        secure.demand(True)
        if case == "refuses it" and tls["mode"] != "disable":
            return tls | pair(secure.certificates.client_of_other_ca)
    else:
        secure.show(case)
        remember(secure.server)
    return tls


def remember(server: TestServer) -> None:
    """Without TLS MySQL lets in by a proof whom it remembers; of others it asks for the password (test_clear_text.py)."""
    if server.engine == "mysql":
        execute(server, "admin", "SELECT 1")


@pytest.mark.parametrize("case", HELD)
def test_each_mode_with_each_server(secure: TlsServer, walk: Walk, case: Case) -> None:
    reached: dict[str, str] = {}
    told: dict[str, ConnectError] = {}
    for mode in TLS_MODES:
        tls = way_in(secure, walk, case, tls_settings(mode, secure.certificates))
        try:
            reached[mode] = walk.plan(walk.spec(one("t_tls_"), tls=tls)).facts.tls
        except ConnectError as error:
            told[mode] = error
    assert tuple(reached) == HELD[case]
    for mode, over in reached.items():
        assert bool(over) == (mode != "disable" and case != "no TLS"), mode
    for mode in set(told) & set(INSISTING):  # without TLS it is a login that fails, with its words
        what, todo = SAID[case]
        assert what in told[mode].why
        assert todo in told[mode].todo


@pytest.mark.parametrize("mode", INSISTING)
def test_a_certificate_opens_what_asks_for_one(
    secure: TlsServer, walk: Walk, prefix: str, mode: str
) -> None:
    """The admin's door, and the logins that verify."""
    secure.demand(True)
    tls = tls_settings(mode, secure.certificates, **pair(secure.certificates.client))
    applied = walk.provision(walk.spec(one(prefix), tls=tls))
    assert "over TLS" in applied.checks[0].observed
    assert execute(secure.server, "superuser", "SELECT 1") == [(1,)]


def test_the_flags_say_the_same(secure: TlsServer, walk: Walk) -> None:
    secure.demand(True)
    cert, key = secure.certificates.client
    said = ("--server", walk.url, "--name", "a", "--database", "t_tls_db", "--user", "t_tls_app",
            "--tls-ca", str(secure.certificates.ca), "--tls-cert", str(cert))  # fmt: skip
    env = {"DBPROV_ADMIN_PASSWORD": walk.password}
    ended = command("plan", *said, "--tls-key", str(key), folder=walk.folder, env=env)
    assert ended.returncode == 1, ended.stderr
    ended = command("plan", *said, folder=walk.folder, env=env)
    assert "a client certificate is cert and key" in ended.stderr


def test_nobody_answers_through_the_tunnel(walk: Walk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = taken.getsockname()[1]
    walk.url = named(walk.server, port=free)
    with pytest.raises(ConnectError, match="cannot be reached") as caught:
        walk.plan(walk.spec(one("t_tls_")))
    assert "see that the host and port are right" in caught.value.todo


def test_the_systems_certificates(secure: TlsServer, walk: Walk) -> None:
    """Both engines take them from where OpenSSL, and whoever sets it up, has them."""
    said = {"server": walk.url, "tls": {"mode": "verify-full"}, "deployments": [one("t_tls_")]}
    (walk.folder / "spec.yaml").write_text(yaml.safe_dump(said))
    codes = []
    for ca in (secure.certificates.ca, secure.certificates.other_ca):
        env = {"DBPROV_ADMIN_PASSWORD": walk.password, "SSL_CERT_FILE": str(ca)}
        ended = command("plan", "spec.yaml", folder=walk.folder, env=env)
        codes.append(ended.returncode)
    assert codes == [1, 2]
    assert "is signed by no CA that is trusted here" in ended.stderr


# -- strings ---------------------------------------------------------------------------------------------------------------


def drivers(url: str) -> Iterator[str]:
    """The string for SQLAlchemy with each driver that is here. PyMySQL has no ssl_mode: README, TLS."""
    made = make_url(url)
    if made.drivername == "postgresql":
        yield url.replace("postgresql:", "postgresql+psycopg:", 1)
        return
    if find_spec("MySQLdb"):
        yield url.replace("mysql:", "mysql+mysqldb:", 1)
    mode = str(made.query["ssl_mode"])
    made = made.set(drivername="mysql+pymysql").difference_update_query(["ssl_mode"])
    if mode == "VERIFY_CA":
        made = made.update_query_dict({"ssl_check_hostname": "false"})
    if mode.startswith("VERIFY"):
        yield made.render_as_string(hide_password=False)


@pytest.mark.parametrize("shown", ["good", "expired", "wrong CA", "wrong name"])
def test_a_string_is_as_strict_as_it_says(
    secure: TlsServer, walk: Walk, prefix: str, shown: Shown
) -> None:
    walk.url = secure.server.url("admin")  # 127.0.0.1, which stands in the good certificate
    walk.provision(walk.spec(one(prefix)))
    secure.show(shown)
    for mode in INSISTING:
        [handed] = dbprov.connections(
            walk.spec(one(prefix), tls=tls_settings(mode, secure.certificates)), passwords=True
        )
        for url in drivers(handed.metadata.url(True)):
            engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
            # MariaDB's library, which mysqlclient may be built with, looks at the name in any case.
            stricter = "mysqldb" in url and (mode, shown) == ("verify-ca", "wrong name")
            if mode in HELD[shown] and not stricter:
                with engine.connect() as connection:
                    assert connection.scalar(sqlalchemy.text("SELECT 1")) == 1
            else:
                with pytest.raises(sqlalchemy.exc.OperationalError):
                    engine.connect()


@pytest.mark.mysql
@pytest.mark.parametrize("shown", ["good", "wrong CA", "wrong name"])
def test_the_head_of_a_file_is_as_strict_as_it_says(
    secure: TlsServer, walk: Walk, shown: Shown
) -> None:
    """With the engine's own client, whose options are others for each flavor."""
    walk.url = secure.server.url("admin")
    secure.show(shown)
    if shown == "good":
        secure.demand(True)
    for mode in INSISTING:
        tls = tls_settings(mode, secure.certificates, **pair(secure.certificates.client))
        facts = walk.plan(walk.spec(one("t_tls_"), tls=tls)).facts if shown == "good" else None
        [told] = dbprov.render(
            walk.spec(one("t_tls_"), tls=tls), flavor=secure.server.flavor
        ).values()
        [line] = re.findall(r"^--   envsubst .* \|\n--     (.*)$", told, re.MULTILINE)
        words = shlex.split(line)
        assert words[-1] == "-p"
        ended = subprocess.run(
            [secure.server.client[0], "--no-defaults", *words[1:-1], "--protocol=TCP", "-Ne", "SELECT 1"],
            env={"MYSQL_PWD": walk.password}, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        reached = mode in HELD[shown]
        if secure.server.flavor == "mariadb" and shown == "wrong name" and mode in VERIFYING:
            # Its client has one way to look at a certificate, which looks at the name as well; from
            # 11.4 on the password proves to it whose certificate that is, and the name is let be.
            reached = secure.server.version >= "11.4"
        assert (ended.returncode == 0) == reached, (mode, ended.stderr)
        assert facts is None or facts.tls


def test_verify_uses_what_the_string_says(secure: TlsServer, walk: Walk, prefix: str) -> None:
    """It fails where the string fails: the server's certificate has become another's."""
    spec = walk.spec(one(prefix), tls=tls_settings("verify-full", secure.certificates))
    walk.provision(spec)
    with dbprov.servers(spec) as servers:
        deployment = spec.deployments[0]
        server = servers[deployment]
        assert server.facts.tls
        secure.show("wrong CA")
        [failed] = dbprov.verify(deployment, server)
    assert not failed.held
    assert "is signed by no CA that is trusted here" in failed.observed


def test_the_string_decides_and_not_the_spec(secure: TlsServer, walk: Walk, prefix: str) -> None:
    loose = walk.spec(one(prefix))
    walk.provision(loose)
    strict = walk.spec(
        one(prefix), tls={"mode": "verify-full", "ca": str(secure.certificates.other_ca)}
    )
    url = dbprov.connections(strict)[0].metadata.login_url()
    deployment = loose.deployments[0]
    with dbprov.servers(loose) as servers:
        server = servers[deployment]
        with pytest.raises(Exception, match="certificate verify failed"):
            server.engine.connection.connect_as(url, deployment, server.timeouts)


def test_a_published_tls_is_not_called_proven(secure: TlsServer, walk: Walk, prefix: str) -> None:
    publish = {"tls": {"ca": "/etc/db/ca.pem"}}
    spec = walk.spec(
        one(prefix, publish=publish), tls=tls_settings("verify-full", secure.certificates)
    )
    login = walk.provision(spec).checks[0]
    assert login.warning
    assert "the TLS that is published, was not tried" in login.observed


# -- what check says -------------------------------------------------------------------------------------------------------


def strictness(walk: Walk, **top: Any) -> list[Check]:
    spec = walk.spec(one("t_tls_"), **top)
    [checks] = walk.each(spec, lambda deployment, server: list(dbprov.check(deployment, server)))
    return [check for check in checks if check.claim == "the connection is protected"]


def test_check_says_what_would_be_stricter(secure: TlsServer, walk: Walk) -> None:
    [said] = strictness(walk)
    assert said.warning
    assert "nobody looks at the server's certificate; nothing insists on TLS" in said.observed
    assert "tls: {mode: verify-full, ca: FILE}" in said.todo
    assert "global-bundle.pem" in said.todo
    assert "is signed by no CA that is trusted here" in said.todo
    [said] = strictness(walk, tls={"mode": "require"})
    assert "nothing insists" not in said.observed
    [said] = strictness(walk, tls=tls_settings("verify-ca", secure.certificates))
    assert said.todo == "tls: {mode: verify-full}: this server stands it"
    assert strictness(walk, tls=tls_settings("verify-full", secure.certificates)) == []
    [said] = strictness(walk, tls={"mode": "disable"})
    assert said.observed == "it is not encrypted, as tls: {mode: disable} says"
    walk.url = secure.server.url("admin")
    assert strictness(walk) == []  # what is sent stays on this machine


@pytest.mark.postgresql
def test_a_service_that_leads_elsewhere_is_not_this_machine(secure: TlsServer, walk: Walk) -> None:
    server = secure.server
    where = f"host={NAME}\nhostaddr=127.0.0.1\nport={server.port}\nuser=dba\n"
    (walk.folder / "services").write_text(f"[there]\n{where}")
    walk.monkeypatch.setenv("PGSERVICEFILE", str(walk.folder / "services"))
    walk.url = "postgresql:///postgres?service=there"
    [said] = strictness(walk)
    assert said.warning
    assert "nobody looks at the server's certificate" in said.observed


def test_check_says_that_the_systems_certificates_do(secure: TlsServer, walk: Walk) -> None:
    said = {"server": walk.url, "deployments": [one("t_tls_")]}
    (walk.folder / "spec.yaml").write_text(yaml.safe_dump(said))
    env = {
        "DBPROV_ADMIN_PASSWORD": walk.password,
        "SSL_CERT_FILE": str(secure.certificates.ca),
    }
    ended = command("check", "spec.yaml", "--json", folder=walk.folder, env=env)
    [found] = [
        check
        for check in json.loads(ended.stdout)["deployments"][0]["checks"]
        if check["claim"] == "the connection is protected"
    ]
    assert found["do"] == (
        "tls: {mode: verify-full}: the system's CA certificates know this server's"
    )


def test_check_says_that_there_is_no_tls(secure: TlsServer, walk: Walk) -> None:
    way_in(secure, walk, "no TLS", {})
    [said] = strictness(walk)
    assert said.observed == "it is not encrypted"


@pytest.mark.mysql
def test_a_server_that_insists_on_tls(secure: TlsServer, walk: Walk) -> None:
    execute(secure.server, "superuser", "SET GLOBAL require_secure_transport = ON")
    try:
        with pytest.raises(ConnectError) as caught:
            walk.plan(walk.spec(one("t_tls_"), tls={"mode": "disable"}))
        assert walk.plan(walk.spec(one("t_tls_"))).facts.tls
    finally:
        execute(secure.server, "superuser", "SET GLOBAL require_secure_transport = OFF")
    assert "tls: {mode: require}" in caught.value.todo


@pytest.mark.postgresql
def test_an_entry_of_pg_hba_that_insists_on_tls(secure: TlsServer, walk: Walk) -> None:
    secure.demand(True)
    with pytest.raises(ConnectError) as caught:
        walk.plan(walk.spec(one("t_tls_"), tls={"mode": "disable"}))
    assert "tls: {mode: require}" in caught.value.todo


def test_through_a_bastion_the_real_name_is_checked(
    secure: TlsServer, walk: Walk, prefix: str
) -> None:
    """The tunnel's end is 127.0.0.1, and no certificate but the one for the server's name will do (T70)."""
    with bastion() as gate:
        walk.monkeypatch.setenv("PATH", f"{gate.path}:{os.environ['PATH']}")
        tls = tls_settings("verify-full", secure.certificates)
        spec = walk.spec(one(prefix), tls=tls, via=gate.url)
        secure.show("good")
        walk.provision(spec)
        secure.show("wrong name")
        with pytest.raises(ConnectError, match="cannot be reached") as caught:
            walk.plan(spec)
        assert "is for another name" in str(caught.value)
        secure.show("good")
