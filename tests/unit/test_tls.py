"""What a spec says of TLS, its files (the one look at a disk that a spec takes), and the words for what goes wrong."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from sqlalchemy import make_url

from dbprov.connections.strings import DeploymentConnections, connections_of
from dbprov.engines import tls_context
from dbprov.engines.engine import of
from dbprov.engines.mysql import errors as mysql
from dbprov.engines.postgresql import errors as postgresql
from dbprov.engines.postgresql.connection import speaks_no_tls, without_password
from dbprov.errors import SpecError
from dbprov.passwords.secret import Secret
from dbprov.spec.model import SYSTEM_CA, TLS_MODES, Tls
from dbprov.spec.reader import parse
from tests.harness.tls import Certificates
from tests.support.made import deployment, facts


@pytest.fixture
def folder(tmp_path: Path, certificates: Certificates) -> Path:
    """With ca.pem, cert.pem, key.pem and public.pem as they should be."""
    cert, key = certificates.client
    for source, name in ((certificates.ca, "ca.pem"), (cert, "cert.pem"), (key, "key.pem")):
        shutil.copy(source, tmp_path / name)
        (tmp_path / name).chmod(0o600)
    own = load_pem_private_key((tmp_path / "key.pem").read_bytes(), None)
    public = rsa.generate_private_key(65537, 2048).public_key()
    for name, one in (("public.pem", public), ("elliptic.pem", own.public_key())):
        pem = one.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (tmp_path / name).write_bytes(pem)
    return tmp_path


def read(folder: Path, said: str) -> Tls:
    engine = "mysql" if "server_public_key" in said else "postgresql"
    text = f"server: {engine}://h\ntls: {said}\ndeployments: [{{name: a, database: d, user: u}}]\n"
    return parse(text, "x", folder).deployments[0].tls


@pytest.mark.parametrize(
    ("said", "mode"),
    [
        ("{}", "prefer"),
        ("{allow_cleartext: true}", "prefer"),
        ("{server_public_key: public.pem}", "prefer"),
        ("{ca: ca.pem}", "verify-full"),
        ("{cert: cert.pem, key: key.pem}", "require"),
        ("{ca: ca.pem, cert: cert.pem, key: key.pem}", "verify-full"),
        ("{mode: verify-ca, ca: ca.pem}", "verify-ca"),
        ("{mode: verify-full}", "verify-full"),
        ("{mode: prefer, cert: cert.pem, key: key.pem}", "prefer"),
        *((f"{{mode: {mode}}}", mode) for mode in TLS_MODES if mode != "verify-ca"),
    ],
)
def test_the_mode(folder: Path, said: str, mode: str) -> None:
    tls = read(folder, said)
    assert tls.mode == mode
    silent = ("{}", "{allow_cleartext: true}", "{server_public_key: public.pem}")
    assert tls.given == (said not in silent)
    public = str(folder / "public.pem") if "public.pem" in said else None
    assert tls.server_public_key == public
    assert tls.ca == (str(folder / "ca.pem") if "ca.pem" in said else None)
    assert (tls.cert is None) == (tls.key is None) == ("cert" not in said)


def encrypted(folder: Path) -> None:
    key = load_pem_private_key((folder / "key.pem").read_bytes(), None)
    (folder / "key.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    )


def another(folder: Path) -> None:
    key = Certificates(Path(str(folder / "more"))).client[1]
    shutil.copy(key, folder / "key.pem")


ALL = "{ca: ca.pem, cert: cert.pem, key: key.pem}"
WRONG: list[tuple[str, Callable[[Path], Any], list[str]]] = [
    ("{ca: nowhere.pem}", lambda f: None, ["2:11: there is no file nowhere.pem"]),
    ("{ca: .}", lambda f: None, [" is a folder, not a file"]),
    (ALL, lambda f: (f / "ca.pem").write_text("x"), ["2:11: ca.pem holds no certificates in PEM"]),
    (ALL, lambda f: (f / "ca.pem").write_text(""), ["2:11: ca.pem holds no certificates in PEM"]),
    (ALL, lambda f: (f / "ca.pem").write_bytes(b"\xff\x00"), ["holds no certificates in PEM"]),
    (ALL, lambda f: shutil.copy(f / "key.pem", f / "ca.pem"), ["2:11: ca.pem holds no certificates"]),
    (ALL, lambda f: (f / "cert.pem").write_text("x"), ["2:25: cert.pem holds no certificate in PEM"]),
    (ALL, lambda f: (f / "key.pem").write_text("x"), ["2:40: key.pem holds no private key in PEM"]),
    (ALL, lambda f: (f / "key.pem").unlink(), ["2:40: there is no file key.pem"]),
    (ALL, another, ["2:40: key.pem is not the key of cert.pem"]),
    (ALL, encrypted, ["2:40: key.pem has a passphrase"]),
    (ALL, lambda f: (f / "key.pem").chmod(0o644), ["2:40: key.pem can be read by others"]),
    ("{cert: cert.pem}", lambda f: None, ["2:13: a client certificate is cert and key"]),
    ("{key: key.pem}", lambda f: None, ["2:12: a client certificate is cert and key"]),
    ("{mode: require, ca: ca.pem}", lambda f: None, ["2:26: mode require does not look at"]),
    ("{mode: prefer, ca: ca.pem}", lambda f: None, ["2:25: mode prefer does not look at"]),
    ("{mode: verify-ca}", lambda f: None, ["2:13: verify-ca without a ca"]),
    ("{mode: disable, cert: cert.pem, key: key.pem}", lambda f: None, ["2:28: without TLS"]),
    ("{server_public_key: no.pem}", lambda f: None, ["2:26: there is no file no.pem"]),
    ("{server_public_key: ca.pem}", lambda f: None, ["2:26: ca.pem holds no RSA public key in PEM"]),
    ("{server_public_key: key.pem}", lambda f: None, ["2:26: key.pem holds no RSA public key"]),
    ("{server_public_key: elliptic.pem}", lambda f: None, ["2:26: elliptic.pem holds no RSA public key"]),
    ("{mode: require, server_public_key: public.pem}", lambda f: None, ["2:41: mode require insists on TLS"]),
    (
        "{ca: a.pem, cert: b.pem, key: c.pem}",
        lambda f: None,
        ["there is no file a.pem", "there is no file b.pem", "there is no file c.pem"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("said", "spoil", "expected"), WRONG)
def test_what_is_wrong_with_the_files(
    folder: Path, said: str, spoil: Callable[[Path], Any], expected: list[str]
) -> None:
    (folder / "more").mkdir()
    spoil(folder)
    with pytest.raises(SpecError) as caught:
        read(folder, said)
    told = [str(mistake) for mistake in caught.value.mistakes]
    assert len(told) == len(expected)
    for one, words in zip(told, expected, strict=True):
        assert words in one


def test_roots_key_may_be_read_by_a_group(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """libpq's rule: so a key can be root's, and the service's group reads it."""
    (folder / "key.pem").chmod(0o640)
    real = Path.stat

    def owned(by: int) -> None:
        def stat(path: Path, **more: Any) -> os.stat_result:
            found = real(path, **more)
            return os.stat_result((*found[:4], by, *found[5:])) if path.name == "key.pem" else found

        monkeypatch.setattr(Path, "stat", stat)

    owned(by=0)
    assert read(folder, ALL).key
    owned(by=1000)
    with pytest.raises(SpecError, match="can be read by others"):
        read(folder, ALL)


# -- what is handed out ----------------------------------------------------------------------------------------------------


def made(engine: str, tls: str, publish: str = "{}", server: str = "") -> DeploymentConnections:
    server = server or f"{engine}://dba@db.example.com"
    text = (
        f"server: {server}\ntls: {tls}\n"
        f"deployments: [{{name: a, database: d, user: u, publish: {publish}}}]\n"
    )
    return connections_of(parse(text, "x", Path("/")).deployments[0], lambda account: Secret("pw"))


IN_URL = {
    "postgresql": ("sslmode", "sslrootcert", "sslcert", "sslkey"),
    "mysql": ("ssl_mode", "ssl_ca", "ssl_cert", "ssl_key"),
}
MYSQL = {
    "disable": "DISABLED",
    "prefer": "PREFERRED",
    "require": "REQUIRED",
    "verify-ca": "VERIFY_CA",
    "verify-full": "VERIFY_IDENTITY",
}


@pytest.mark.parametrize("engine", IN_URL)
@pytest.mark.parametrize("mode", TLS_MODES)
def test_a_string_says_what_the_spec_says(
    engine: str, mode: str, certificates: Certificates
) -> None:
    cert, key = certificates.client
    ca = f", ca: {certificates.ca}" if mode.startswith("verify") else ""
    pair = f", cert: {cert}, key: {key}" if mode != "disable" else ""
    one = made(engine, f"{{mode: {mode}{ca}{pair}}}")
    said = make_url(one.metadata.url(True)).query
    values = (
        mode if engine == "postgresql" else MYSQL[mode],
        str(certificates.ca) if ca else None,
        str(cert) if pair else None,
        str(key) if pair else None,
    )
    expected = {k: v for k, v in zip(IN_URL[engine], values, strict=True) if v}
    assert said == expected
    assert one.metadata.login_url().reveal() == one.metadata.url(True)
    assert make_url(one.as_json(True)["resultBackendConnection"].removeprefix("db+")).query == said
    named = [words for words in one.warnings() if "as on this machine" in words]
    assert bool(named) == bool(ca or pair)


@pytest.mark.parametrize("engine", IN_URL)
def test_a_string_says_nothing_where_the_spec_says_nothing(engine: str) -> None:
    for tls in ("{}", "{allow_cleartext: true}"):
        assert "ssl" not in made(engine, tls).metadata.url(True)


@pytest.mark.parametrize("engine", IN_URL)
def test_the_systems_certificates_are_handed_out_by_their_path(engine: str) -> None:
    one = made(engine, "{mode: verify-full}")
    assert make_url(one.metadata.url(True)).query[IN_URL[engine][1]] == SYSTEM_CA
    here = make_url(one.metadata.login_url().reveal()).query
    assert here.get(IN_URL[engine][1]) == ("system" if engine == "postgresql" else None)
    assert one.warnings() == []


@pytest.mark.parametrize("engine", IN_URL)
def test_publish_says_what_is_another_thing_there(engine: str, certificates: Certificates) -> None:
    mode, ca, *_ = IN_URL[engine]
    one = made(engine, f"{{ca: {certificates.ca}}}", "{tls: {ca: /etc/db/ca.pem}}")
    said = make_url(one.metadata.url(True)).query
    assert said[ca] == "/etc/db/ca.pem"
    assert said[mode] == ("verify-full" if engine == "postgresql" else "VERIFY_IDENTITY")
    assert make_url(one.metadata.login_url().reveal()).query[ca] == str(certificates.ca)
    assert one.warnings() == []
    # PgBouncer beside the Deployment, for one, speaks another TLS than the server.
    one = made(engine, f"{{ca: {certificates.ca}}}", "{host: b, tls: {mode: disable}}")
    said = make_url(one.metadata.url(True)).query
    assert said[mode] == ("disable" if engine == "postgresql" else "DISABLED")


def test_a_socket_needs_no_tls_in_mysqls_strings() -> None:
    one = made("mysql", "{mode: require}", server="mysql://dba@/?unix_socket=/run/my.sock")
    assert "ssl" not in one.metadata.url(True)


def test_mysqlclient_is_told_by_sqlalchemy(certificates: Certificates) -> None:
    """mysqlclient takes ssl_mode, and the files in a dictionary."""
    url = make_url(made("mysql", f"{{ca: {certificates.ca}}}").metadata.url(True))
    _, said = url.get_dialect()().create_connect_args(url)
    assert (said["ssl_mode"], said["ssl"]) == ("VERIFY_IDENTITY", {"ca": str(certificates.ca)})


@pytest.mark.parametrize(
    ("engine", "flavor", "tls", "url", "expected"),
    [
        ("mysql", "mysql", "{mode: verify-full}", "", f"--ssl-mode=VERIFY_IDENTITY --ssl-ca={SYSTEM_CA}"),
        ("mysql", "mysql", "{mode: prefer}", "", "--ssl-mode=REQUIRED"),
        ("mysql", "mysql", "{mode: disable}", "", "--ssl-mode=DISABLED"),
        ("mysql", "mysql", "{mode: disable, server_public_key: PUBLIC}", "", "--ssl-mode=DISABLED --server-public-key-path=PUBLIC"),
        ("mysql", "mysql", "{}", "mysql://dba@db.test?hostaddr=127.0.0.1", "--host=127.0.0.1"),
        ("mysql", "mysql", "{}", "mysql://dba@db.test:33?socket=/run/my.sock", "mysql --socket=/run/my.sock --user=dba"),
        ("mysql", "mysql", "{}", "mysql://dba@:33", "--host=127.0.0.1 --port=33"),
        ("mysql", "mysql", "{}", "mysql://dba@[2001:db8::1]:33", "--host=2001:db8::1 --port=33"),
        ("mysql", "mariadb", "{mode: verify-full}", "", f"--ssl --ssl-verify-server-cert --ssl-ca={SYSTEM_CA}"),
        ("mysql", "mariadb", "{mode: require}", "", "MariaDB's client insists on TLS with --ssl-verify-server-cert only"),
        ("mysql", "mariadb", "{mode: disable}", "", "--skip-ssl"),
        ("postgresql", "postgresql", "{mode: verify-full}", "", "?sslmode=verify-full&sslrootcert=system"),
        ("postgresql", "postgresql", "{mode: require}", "postgresql://dba@db.test?hostaddr=127.0.0.1", "?hostaddr=127.0.0.1&sslmode=require"),
        ("postgresql", "postgresql", "{}", "postgresql:///?service=s", "psql 'postgresql:///postgres?service=s' -X"),
        ("postgresql", "postgresql", "{}", "postgresql://dba@:6000", "psql 'postgresql://dba@/postgres?port=6000' -X"),
        ("postgresql", "postgresql", "{}", "postgresql://dba@/d", "psql postgresql://dba@/d -X"),
        ("postgresql", "postgresql", "{}", "postgresql://dba@:6000/d?host=/run/pg", "psql 'postgresql://dba@/d?host=%2Frun%2Fpg&port=6000' -X"),
        ("postgresql", "postgresql", "{}", "postgresql://dba@[2001:db8::1]/d", "psql 'postgresql://dba@[2001:db8::1]:5432/d' -X"),
    ],
)  # fmt: skip
def test_the_head_of_a_file_says_how(
    engine: str, flavor: str, tls: str, url: str, expected: str, folder: Path
) -> None:
    public = str(folder / "public.pem")
    one = made(engine, tls.replace("PUBLIC", public), server=url).deployment
    expected = expected.replace("PUBLIC", public)
    assert expected in "\n".join(of(engine).urls.how_to_run(one, [], facts(flavor), "a.sql"))


# -- what goes wrong -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired (_ssl.c:1006)",
         "the server's certificate has expired (certificate has expired)"),
        ("Can't connect to MySQL server on 'h' ([SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate in certificate chain (_ssl.c:1006))",
         "the server's certificate is signed by no CA that is trusted here (self-signed certificate in certificate chain)"),
        ('connection failed: connection to server at "127.0.0.1", port 1 failed: server certificate for "a" does not match host name "b"',
         'the server\'s certificate is for another name than the one in the server\'s URL (server certificate for "a" does not match host name "b")'),
        ("SSL is required but the server doesn't support it",
         "the server speaks no TLS, or somebody in between keeps it from doing so (SSL is required but the server doesn't support it)"),
        ("[SSL: TLSV1_ALERT_PROTOCOL_VERSION] tlsv1 alert protocol version (_ssl.c:1006)",
         "the server and this machine have no version of TLS in common (tlsv1 alert protocol version)"),
        ("SSL error: sslv3 alert certificate expired",
         "the server does not accept the client certificate (SSL error: sslv3 alert certificate expired)"),
        ('connection failed: authentication method requirement "!password" failed: server requested a cleartext password',
         "the server asks for the password in clear, and not over TLS (server requested a cleartext password)"),
        ("connection failed: Connection refused", "connection failed: Connection refused"),
    ],
)  # fmt: skip
def test_the_words(words: str, sentence: str) -> None:
    assert tls_context.explained(words) == sentence
    assert tls_context.explained(sentence) == sentence
    for engine in (postgresql, mysql):
        found = tls_context.fault(words)
        assert (found is None) == (words == sentence)
        assert (engine.remedy("", sentence) == found.todo) if found else True


@pytest.mark.parametrize(
    ("words", "none"),
    [
        ("connection failed: server does not support SSL, but SSL was required", True),
        ("- host: ::1: Connection refused\n- host: 127.0.0.1: server does not support SSL, but SSL was required", True),
        ("- host: a: FATAL:  password authentication failed\n- host: b: server does not support SSL, but SSL was required", False),
        ("- host: a: SSL error: certificate verify failed\n- host: b: server does not support SSL, but SSL was required", False),
        ('FATAL:  no pg_hba.conf entry for host "::1", user "a", database "b", SSL encryption', False),
        ("SSL error: unsupported protocol", False),
        ("Connection refused", False),
    ],
)  # fmt: skip
def test_only_without_tls_goes_on_without_tls(words: str, none: bool) -> None:
    assert speaks_no_tls(words) is none


@pytest.mark.parametrize(
    ("methods", "libpq", "left"),
    [
        ("", 160000, "!password"),
        ("", 180006, "!password,!oauth"),
        (
            "scram-sha-256,password",
            170000,
            "scram-sha-256",
        ),  # of PGREQUIREAUTH: as strict as it was
        ("!md5", 170000, "!md5,!password"),
        ("!md5,!password", 170000, "!md5,!password"),
        ("password", 170000, "!password"),
    ],
)
def test_the_methods_that_are_left_without_tls(methods: str, libpq: int, left: str) -> None:
    assert without_password(methods, libpq) == left


def test_an_old_libpq_does_not_go_on_without_tls() -> None:
    with pytest.raises(Exception, match=r"libpq 15.7 cannot keep a server from asking") as caught:
        without_password("", 150007)
    code, words = postgresql.explain(caught.value, secret=False)
    assert "libpq 16 or newer" in postgresql.remedy(code, words)


def test_a_context_is_made_once_and_is_as_strict_as_the_mode(certificates: Certificates) -> None:
    import ssl

    one = Tls("verify-full", str(certificates.ca))
    assert tls_context.context(one) is tls_context.context(Tls("verify-full", str(certificates.ca)))
    for tls, names, checked in (
        (one, True, ssl.CERT_REQUIRED),
        (Tls("verify-ca", str(certificates.ca)), False, ssl.CERT_REQUIRED),
        (Tls("require"), False, ssl.CERT_NONE),
        (Tls("prefer"), False, ssl.CERT_NONE),
    ):
        context = tls_context.context(tls)
        assert (context.check_hostname, context.verify_mode) == (names, checked)


def test_the_drivers_own_openssl_is_told_where_the_systems_certificates_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import ssl

    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.setenv(name, "")  # so that what is set here goes again
        monkeypatch.delenv(name)
    found = ssl.get_default_verify_paths()
    tls_context.name_system_store()
    assert os.environ.get("SSL_CERT_DIR") == found.capath
    assert os.environ.get("SSL_CERT_FILE") == found.cafile
    monkeypatch.setenv("SSL_CERT_DIR", "/own")
    tls_context.name_system_store()
    assert os.environ["SSL_CERT_DIR"] == "/own"


def test_tls_belongs_to_the_whole_spec_or_to_one_deployment() -> None:
    assert deployment(tls={"mode": "require"}).tls == Tls("require", given=True)
