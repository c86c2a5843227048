"""Certificates made on the spot, and servers that show them.

One server of an engine shows each certificate in turn: it reads them again without a restart.
"""

import datetime
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import trustme

from tests.harness import binaries
from tests.harness.model import ServerUnavailable, TestServer
from tests.harness.queries import execute
from tests.harness.servers import start_dedicated

# In no DNS: a test reaches it by its address, and checks the name.
NAME = "db.dbprov.test"
Shown = Literal["good", "expired", "wrong CA", "wrong name"]

VERSIONS = {  # of each flavor those whose binaries speak TLS
    flavor: [version for known, version in binaries.DEBIAN if known == flavor]
    for flavor in ("postgresql", "mysql", "mariadb")
}
OPTIONS = {
    "postgresql": (
        "-c ssl=on -c ssl_cert_file={folder}/server.pem -c ssl_key_file={folder}/server.key"
        " -c ssl_ca_file={folder}/ca.pem -c hba_file={folder}/hba"
    ),
    "mysql": (
        "--ssl-cert={folder}/server.pem --ssl-key={folder}/server.key --ssl-ca={folder}/ca.pem"
    ),
    "mariadb": (
        "--ssl-cert={folder}/server.pem --ssl-key={folder}/server.key --ssl-ca={folder}/ca.pem"
    ),
}
NO_TLS = {"postgresql": "-c ssl=off", "mysql": "--tls-version=''", "mariadb": "--skip-ssl"}
HBA = """\
host all {superuser} 127.0.0.1/32 scram-sha-256
host{ssl} all all 127.0.0.1/32 scram-sha-256 {certificate}
"""


class Certificates:
    """Those of a run, as files: ``ca``, ``other_ca``, and a client's of each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._authority, self._foreign, self._other_authority = (trustme.CA() for _ in range(3))
        self.ca = self._file("ca.pem", self._authority.cert_pem.bytes())
        self.other_ca = self._file("stranger.pem", self._other_authority.cert_pem.bytes())
        self.client = self._client("client", self._authority)
        self.client_of_other_ca = self._client("client-of-stranger", self._other_authority)

    def server(self, shown: Shown, expires: datetime.datetime) -> tuple[bytes, bytes]:
        """What the server shows, and its key."""
        here = (NAME, "localhost", "127.0.0.1", "::1")
        made = {
            "good": lambda: self._authority.issue_cert(*here),
            "expired": lambda: self._authority.issue_cert(
                *here, not_before=expires - datetime.timedelta(days=1), not_after=expires
            ),
            "wrong CA": lambda: self._foreign.issue_cert(*here),
            "wrong name": lambda: self._authority.issue_cert("elsewhere.dbprov.test"),
        }[shown]()
        chain = b"".join(pem.bytes() for pem in made.cert_chain_pems)
        return chain, made.private_key_pem.bytes()

    def known_to_the_server(self) -> bytes:
        """Its CA file: MySQL shows no certificate that it cannot verify itself."""
        return self._authority.cert_pem.bytes() + self._foreign.cert_pem.bytes()

    def _client(self, name: str, authority: trustme.CA) -> tuple[Path, Path]:
        made = authority.issue_cert("dba@dbprov.test", common_name="dba")
        chain = b"".join(pem.bytes() for pem in made.cert_chain_pems)
        return (
            self._file(f"{name}.pem", chain),
            self._file(f"{name}.key", made.private_key_pem.bytes()),
        )

    def _file(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_bytes(content)
        return path


@dataclass
class TlsServer:
    """A server that speaks TLS, and shows the certificate that a test asks for."""

    server: TestServer
    certificates: Certificates
    folder: Path
    shown: Shown = "good"
    demanding: bool = False
    _plain: list[TestServer] = field(default_factory=list)

    def show(self, shown: Shown) -> None:
        if shown == self.shown:
            return
        # MySQL takes no certificate that has expired: there it expires when it is in use.
        wait = 3 if shown == "expired" and self.server.flavor == "mysql" else 0
        expires = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=wait - 1)
        certificate, key = self.certificates.server(shown, expires)
        binaries.put(self.folder / "server.pem", certificate)
        binaries.put(self.folder / "server.key", key)
        self._read_again()
        time.sleep(wait)
        self.shown = shown

    def demand(self, certificate: bool) -> None:
        """Of the restricted admin, and on PostgreSQL of everybody but the superuser."""
        if certificate == self.demanding:
            return
        if self.server.engine == "postgresql":
            binaries.put(self.folder / "hba", _hba(self.server.superuser[0], certificate))
            self._read_again()
        else:
            wanted = "X509" if certificate else "NONE"
            admin = self.server.admin[0]
            execute(self.server, "superuser", f"ALTER USER '{admin}'@'%' REQUIRE {wanted}")
        self.demanding = certificate

    @contextmanager
    def asks_in_clear(self) -> Iterator[None]:
        """PostgreSQL: everybody but the superuser for the password as it is, as LDAP and PAM need it."""
        entries = (f"host{kind} all all 127.0.0.1/32 password" for kind in ("ssl", "nossl"))
        superuser = f"host all {self.server.superuser[0]} 127.0.0.1/32 scram-sha-256"
        binaries.put(self.folder / "hba", "\n".join([superuser, *entries, ""]).encode())
        self._read_again()
        try:
            yield
        finally:
            binaries.put(self.folder / "hba", _hba(self.server.superuser[0], self.demanding))
            self._read_again()

    def plain(self) -> TestServer:
        """A server of the same kind that speaks no TLS at all."""
        if not self._plain:
            flavor, version = self.server.flavor, self.server.version
            self._plain.append(start_dedicated(flavor, version, NO_TLS[flavor])[0])
        return self._plain[0]

    def _read_again(self) -> None:
        if self.server.flavor == "mysql":
            execute(self.server, "superuser", "ALTER INSTANCE RELOAD TLS")
        elif self.server.flavor == "mariadb":
            execute(self.server, "superuser", "FLUSH SSL")
        else:
            loaded = "SELECT pg_conf_load_time()"
            before = execute(self.server, "superuser", loaded)
            execute(self.server, "superuser", "SELECT pg_reload_conf()")
            # The reload is asynchronous: wait until new connections see it.
            while execute(self.server, "superuser", loaded) == before:
                time.sleep(0.02)


def start_tls(flavor: str, version: str, certificates: Certificates) -> TlsServer:
    if version not in VERSIONS[flavor]:
        raise ServerUnavailable(f"no binaries of {flavor} {version} with TLS are known")
    certificate, key = certificates.server("good", datetime.datetime.now(datetime.UTC))
    files = {
        "server.pem": certificate,
        "server.key": key,
        "ca.pem": certificates.known_to_the_server(),
    }
    if flavor == "postgresql":
        files["hba"] = _hba("postgres", False)
    server, folder = start_dedicated(flavor, version, OPTIONS[flavor], files)
    return TlsServer(server, certificates, folder)


def _hba(superuser: str, certificate: bool) -> bytes:
    text = HBA.format(
        superuser=superuser,
        ssl="ssl" if certificate else "",
        certificate="clientcert=verify-ca" if certificate else "",
    )
    return text.encode()
