"""The nouns of a spec that was checked: what is wanted, on which server, by whom."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from urllib.parse import quote

from msgspec import Struct
from msgspec.structs import replace

from dbprov.passwords import Place
from dbprov.passwords.alternating import AlternatingPlace
from dbprov.system.loopback import loopback


class Access(StrEnum):
    ALL = "all"  # the guide's: every privilege on the database and on what is and will be in it
    OWNER = "owner"  # owns the database
    WRITE = "write"  # reads and writes rows, calls routines
    READ = "read"  # reads

    @property
    def creates(self) -> bool:
        return self in (Access.ALL, Access.OWNER)


class Auth(StrEnum):
    """How a user logs in."""

    PASSWORD = "password"
    IAM = "iam"  # RDS and Aurora: with a token of 15 minutes; there is no password anywhere


ENGINES = {"postgresql": 5432, "postgres": 5432, "mysql": 3306, "mariadb": 3306}
LAYOUTS = ("shared", "split")
TLS_MODES = ("disable", "prefer", "require", "verify-ca", "verify-full")
# Where Debian, Ubuntu and Alpine keep the system's CA certificates, and with them Airflow's images.
# Handed out by its path: what a driver that brings its own OpenSSL takes for the system's may be a
# folder that is not there, and libpq knows the word "system" from 16 on only.
SYSTEM_CA = "/etc/ssl/certs/ca-certificates.crt"


def bracketed(host: str) -> str:
    """The host as it stands before ``:PORT``: an address of IPv6 is in brackets there."""
    return f"[{host}]" if ":" in host else host


class Address(Struct, frozen=True):
    """The admin's way to a server.

    ``host`` is empty where the URL names none: libpq's defaults or a service file say it, and only
    the session knows it (``located``). ``port`` is then one that libpq was told only where it is
    among the options.
    """

    engine: str
    user: str
    host: str
    port: int
    database: str
    options: tuple[tuple[str, str], ...] = ()
    via: str = ""  # ssh://user@bastion: the way to it

    @property
    def local(self) -> bool:
        """A socket or loopback: what is sent stays on one machine.

        As the spec names the server, not as a tunnel dials it. Through a bastion that machine is
        the bastion, and the way to it is inside of ssh.
        """
        options = dict(self.options)
        if self.engine == "mysql" and options.get("unix_socket"):
            return True
        if options.get("hostaddr") and not loopback(options["hostaddr"]):
            return False
        return not self.host or self.host.startswith("/") or loopback(self.host)

    @property
    def full_name(self) -> str:
        """With what makes it another server than one of the same host and port."""
        differences = {"via": self.via, **dict(self.options)}
        keys = ("via", "hostaddr", "service", "unix_socket")
        more = [f"{key} {differences[key]}" for key in keys if differences.get(key)]
        return f"{self} ({', '.join(more)})" if more else str(self)

    def __str__(self) -> str:
        login = quote(self.user, safe="") + "@" if self.user else ""
        return f"{self.engine}://{login}{bracketed(self.host)}:{self.port}"


class Tls(Struct, frozen=True):
    """How a connection is protected. The files are named by their paths; ``ca`` None: the system's.

    ``given``: said in the spec; then the strings that are handed out say it too.
    """

    mode: str = "prefer"
    ca: str | None = None
    cert: str | None = None
    key: str | None = None
    allow_cleartext: bool = False
    given: bool = False
    server_public_key: str | None = None  # MySQL: what the password is encrypted for without TLS

    @property
    def insists(self) -> bool:
        return self.mode not in ("disable", "prefer")

    @property
    def verifies(self) -> bool:
        return self.mode.startswith("verify")


class Timeouts(Struct, frozen=True):
    """How long dbprov waits, in seconds."""

    connect: int = 10  # until a server has let us in
    statement: int = 60  # for the end of one statement
    busy: int = 3  # in one attempt for a thing that others use; whoever comes next waits behind us
    lock: int = 60  # for another run of dbprov on the same Deployment; 0: not at all

    @property
    def answer(self) -> int:
        """Until a server that says nothing at all is given up: it should have ended by itself."""
        return self.statement + 5


class Account(Struct, frozen=True):
    """One user of a Deployment.

    ``schemas``: where it works; the first is where what it creates lands.
    """

    name: str
    access: Access
    place: Place
    host: str = "%"
    connection_limit: int | None = None
    schemas: tuple[str, ...] = ()
    auth: Auth = Auth.PASSWORD
    second: str = ""  # rotation: two-users: the user that takes turns with it, and acts as it

    @property
    def login(self) -> str:
        """Who logs in now, as the place of the password says; of users that take turns one."""
        return self._in_turn(True)

    @property
    def next_login(self) -> str:
        """Who will, after the next rotation."""
        return self._in_turn(False)

    def _in_turn(self, now: bool) -> str:
        if not isinstance(self.place, AlternatingPlace):
            return self.name
        return self.second if self.place.second_now is now else self.name


class Deployment(Struct, frozen=True):
    """One database with its users, named like the Airflow Deployment that it serves."""

    name: str
    server: Address
    tls: Tls
    database: str
    accounts: tuple[Account, ...]
    layout: str = "shared"
    schemas: tuple[str, ...] = ("public",)
    extensions: tuple[str, ...] = ()
    isolate: bool | None = (
        None  # None: a database that dbprov creates is isolated, an existing one is left
    )
    encoding: str | None = None
    collation: str | None = None
    publish_host: str | None = None
    publish_port: int | None = None
    admin: Place | None = None  # the admin's password, where the spec names a place for it
    publish_tls: Tls | None = None  # what of TLS is another thing where the Deployment runs
    same_server: bool = True  # False: what looks like a copy of its server is another one
    label: bool | None = None  # None: what dbprov makes says whose it is, what is there is left
    source: str = ""  # the file that says it

    @property
    def published_tls(self) -> Tls:
        """What the strings say of TLS, with the system's CA certificates by their path."""
        tls = self.publish_tls or self.tls
        return replace(tls, ca=SYSTEM_CA) if tls.verifies and not tls.ca else tls

    @property
    def with_passwords(self) -> tuple[Account, ...]:
        return tuple(a for a in self.accounts if a.auth is Auth.PASSWORD)

    @property
    def description(self) -> str:
        """What a label says: whose a thing is. No path of a machine, and no control character."""
        file = self.source.replace("\\", "/").rsplit("/", 1)[-1]
        named = f"deployment {self.name}" + (f" of {file}" if file not in ("", "flags") else "")
        return "".join(c if c.isprintable() else "?" for c in named)

    def databases(self, account: Account, beside: Sequence[Deployment]) -> tuple[str, ...]:
        """What the spec gives a user on one server; ``beside``: the others of it there."""
        who = (account.name, account.host)
        own = {d.database for d in beside if who in [(a.name, a.host) for a in d.accounts]}
        return tuple(sorted({self.database, *own}))

    def metadata_account(self) -> Account:
        """Who Airflow is: the first user that may create, since Airflow makes its own tables."""
        return next((a for a in self.accounts if a.access.creates), self.accounts[0])

    def result_account(self) -> Account:
        """Who Celery is: in the split layout the user of the schema celery."""
        return self.accounts[1] if self.layout == "split" else self.metadata_account()


class Spec(Struct, frozen=True):
    deployments: tuple[Deployment, ...]
    source: str = "flags"
    others: tuple[Deployment, ...] = ()  # of the same file, which a run leaves as they are

    @property
    def every(self) -> tuple[Deployment, ...]:
        """Those of a run and the others: what one of them has is no other one's to take."""
        return self.deployments + self.others

    def only(self, chosen: Callable[[Deployment], bool]) -> Spec:
        return replace(
            self,
            deployments=tuple(one for one in self.every if chosen(one)),
            others=tuple(one for one in self.every if not chosen(one)),
        )

    def names(self) -> Iterator[str]:
        """All that a text about this spec may name."""
        for one in self.every:
            at = one.server
            yield from (one.name, one.database, one.layout, *one.schemas, *one.extensions)
            yield from (at.user, at.host, at.database, at.via, one.publish_host or "")
            yield from (one.encoding or "", one.collation or "")
            for account in one.accounts:
                yield from (account.name, account.second, account.host)

    def servers(self) -> dict[tuple[Address, Tls, Place | None], list[Deployment]]:
        """The Deployments by the server that they are on, in the order of the spec."""
        grouped: dict[tuple[Address, Tls, Place | None], list[Deployment]] = {}
        for one in self.every:
            grouped.setdefault((one.server, one.tls, one.admin), []).append(one)
        return grouped
