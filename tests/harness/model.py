"""What a test knows of a server."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

Who = Literal["superuser", "admin"]

FLAVORS = ("postgresql", "mysql", "mariadb")


class ServerUnavailable(Exception):
    """The server could not be started or reached; the message says what was tried."""


class WrongSetting(Exception):
    """A variable in the environment is wrong, such as a URL that leads to no server."""


@dataclass(frozen=True)
class TestServer:
    """A running server with two accounts: a superuser, and an admin as managed services give."""

    __test__: ClassVar[bool] = False  # not a class of tests, whatever pytest thinks of its name

    flavor: str
    version: str  # as asked for
    release: str  # as the server says
    source: str
    host: str
    port: int
    superuser: tuple[str, str] = field(repr=False)
    admin: tuple[str, str] = field(repr=False)
    client: tuple[str, ...]  # empty if no client program could be had
    log: Path | None  # with every statement in it; None if it cannot be read from here

    @property
    def engine(self) -> str:
        return "postgresql" if self.flavor == "postgresql" else "mysql"

    def url(self, who: Who) -> str:
        """Without the password."""
        database = "postgres" if self.engine == "postgresql" else ""
        return f"{self.engine}://{self.user(who)}@{self.host}:{self.port}/{database}"

    def user(self, who: Who) -> str:
        return (self.superuser if who == "superuser" else self.admin)[0]

    def password(self, who: Who) -> str:
        return (self.superuser if who == "superuser" else self.admin)[1]

    def __str__(self) -> str:
        return f"{self.flavor} {self.version}: {self.release}, {self.source}, port {self.port}"


@dataclass(frozen=True)
class Reached:
    """A server that answers to its superuser, before the restricted admin is made."""

    source: str
    host: str
    port: int
    superuser: tuple[str, str]
    client: tuple[str, ...]
    log: Path | None
    folder: Path | None = None  # where its files are, if they are within reach
    supervisor_process: Any = None  # the process that supervises it, if any


def same_version(wanted: str, release: str) -> bool:
    """16 is 16.14 and 9.7 is 9.7.4, but 9 is not 97."""
    return (release + ".").startswith(wanted + ".")
