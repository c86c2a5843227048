"""The admin's sessions on one server."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from msgspec.structs import replace

from dbprov.engines.engine import Engine, Session, of
from dbprov.engines.facts import Facts, Row
from dbprov.errors import ConnectError, DbprovError, LookError, PlaceError, RenderError
from dbprov.passwords import Kept, Place
from dbprov.passwords.secret import Secret, never_ask
from dbprov.server.lock import Lock
from dbprov.spec import server_identity
from dbprov.spec.model import Address, Deployment, Timeouts, Tls
from dbprov.spec.server_identity import Running
from dbprov.sql.render import Renderer

if TYPE_CHECKING:
    from dbprov.audit.log import AuditLog
    from dbprov.server.ssh_tunnel import Tunnel

UNKNOWN = Facts((0,), "")


def no_password(place: Kept, user: str) -> str:
    raise RenderError(
        "a template that only reads prints a password", "", "take the filter password out of it"
    )


class AdminSessions:
    """A context manager: connections are opened once, reused, and closed at the end."""

    def __init__(
        self,
        address: Address,
        tls: Tls,
        password: Secret | None = None,
        ask: Callable[[str], Secret] = never_ask,
        templates: Path | None = None,
        timeouts: Timeouts | None = None,
        journal: AuditLog | None = None,
        admin: Place | None = None,
    ) -> None:
        self.address, self.tls, self.timeouts = address, tls, timeouts or Timeouts()
        self._running: Running | None = None
        self._admin = admin
        self.engine: Engine = of(address.engine)
        self._password = password
        self._ask = ask
        self._templates = templates
        self._journal = journal
        self._connections: dict[str | None, Session] = {}
        self._facts: Facts | None = None
        self._lock: Lock | None = None
        self._tunnel: Tunnel | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()
        if self._tunnel:
            self._tunnel.close()
            self._tunnel = None

    @property
    def reached(self) -> Address:
        """The address to connect to: the server's, or the local end of an ssh tunnel."""
        if not self.address.via:
            return self.address
        if self._tunnel is None:
            from dbprov.server.ssh_tunnel import Tunnel

            self._tunnel = Tunnel(self.address, self.timeouts.connect)
        return self._tunnel.local_address

    @property
    def located(self) -> Address:
        """The address with what its URL leaves to libpq and its files: the session knows it."""
        known = self.engine.urls.located(self.address)
        return known or self.connection().located(self.address)

    def here(self, deployment: Deployment) -> Deployment:
        """The Deployment with the address to connect to from here."""
        located, port = self.located, deployment.publish_port
        if deployment.publish_host and not port:
            port = located.port
        server = replace(self.reached, via="") if self.address.via else located
        return replace(deployment, server=server, publish_port=port)

    @property
    def facts(self) -> Facts:
        if self._facts is None:
            render = self.renderer(no_password, UNKNOWN)
            connection = self.connection()
            answers = self.answers([render.text(name) for name in self.engine.connection.FACTS])
            self._facts = connection.facts(answers)
        return self._facts

    @property
    def running(self) -> Running:
        """The running server instance; queried once."""
        if self._running is None:
            connection = self.connection()
            if self._running is None:
                [rows] = self.answers([self._which(connection)])
                self._running = _running(rows)
        return replace(self._running, identifier=self.facts.identifier)

    def _which(self, connection: Session) -> str:
        pins = connection.pins(self.timeouts)
        return self.renderer(no_password, UNKNOWN).text("session/instance", **pins)

    def connection(self, database: str | None = None) -> Session:
        """The admin's session to a database; one, whatever is asked of it.

        Besides the sessions in the admin's own database and in that of the lock there is one: a
        spec of a hundred Deployments must leave the server's connections to its applications.
        """
        if database not in self._connections:
            stays = (None, self.engine.connection.LOCK_DATABASE)
            if database not in stays:
                for other in [name for name in self._connections if name not in stays]:
                    self._leave(other)
            try:
                connection = self._connect(database)
            except DbprovError:
                raise
            except Exception as error:  # also OSError and the like
                raise self._unreached(database, error) from None
            self._connections[database] = connection
        return self._connections[database]

    def _leave(self, database: str | None) -> None:
        """Close the session in a database; only then it can be dropped."""
        connection = self._connections.pop(database, None)
        if connection is not None:
            connection.close()

    def _unreached(self, database: str | None, error: Exception) -> ConnectError:
        code, words = self.engine.errors.explain(error, secret=False)
        server = self.address.full_name
        where = f'database "{database}" on {server}' if database else server
        login = code in self.engine.errors.LOGIN
        what = "does not let the admin in" if login else "cannot be reached"
        todo = self.engine.errors.remedy(code, words)
        if database and code in self.engine.errors.REFUSED and self._facts:
            render = self.renderer(no_password)
            statement = render.text("remedy/enter", database=database, admin=self._facts.admin)
            todo = f"the owner of the database, or a superuser, would run:\n{statement};"
        elif known := self.kept_out(self._facts.admin if self._facts else "", database):
            words, todo = f"{words}; {known[0]}", known[1]
        elif self._tunnel and (remedy := self._tunnel.remedy()):
            words, todo = f"{words}; ssh: {self._tunnel.message}", remedy
        return ConnectError(f"{where} {what}", words, todo, code=code)

    def kept_out(self, user: str, database: str | None) -> tuple[str, str] | None:
        """What the catalogue has against a login that failed, as far as another session tells."""
        if not user or None not in self._connections:
            return None
        render = self.renderer(no_password)
        asked = self.engine.foreseen.of_login(user, database)
        queries = [render.text(one.template, **one.values) for one in asked]
        try:
            rows = self.connection().ask(queries) if queries else []
        except Exception:  # then what the login said is all that is known
            return None
        found = list(
            self.engine.foreseen.kept_out(
                {one.template: answer for one, answer in zip(asked, rows, strict=True)},
                render,
            )
        )
        if not found:
            return None
        return "; ".join(why for why, _ in found), "\n".join(todo for _, todo in found)

    def explained(self, words: str, todo: str) -> tuple[str, str]:
        """Why, and what to do, for an error in a session; the bastion may be the cause."""
        if self._tunnel and self._tunnel.lost():
            return f"{words}; ssh: {self._tunnel.message}", self._tunnel.remedy()
        return words, todo

    def _connect(self, database: str | None) -> Session:
        """Without a password the driver looks in its own places (PGPASSFILE, my.cnf).

        Then dbprov asks on the terminal, once. A store in the spec is the only one tried.
        """
        connect = partial(self.engine.connection.connect, self.reached, self.tls)
        if self._password is None and self._admin is not None:
            self._password = self._admin.read()
            if self._password is None:
                raise PlaceError(
                    f"the admin's password on {self.address} is not known",
                    f"nothing is kept in {self._admin}",
                    "put it there; dbprov makes no admin's password",
                )
        try:
            connection = connect(self._password, database, self.timeouts)
        except Exception as error:
            if self._password is not None or not self.engine.connection.needs_password(error):
                raise
            self._password = self._ask(f"Password of the admin on {self.address.full_name}")
            connection = connect(self._password, database, self.timeouts)
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: Session) -> None:
        """Set the session's settings, whatever defaults a database or role has (ALTER ... SET).

        Raises ConnectError where such a default cannot be changed within a session.
        """
        render = self.renderer(no_password, UNKNOWN)
        pins = connection.pins(self.timeouts)
        queries = [render.text(name, **pins) for name in self.engine.connection.SESSION]
        queries += [self._which(connection)] if self.engine.connection.PINNED else []
        answers = connection.ask(queries)
        if self.engine.connection.PINNED:
            self._refuse_other_server(_running(answers.pop()))
        left = [row for rows in answers for row in rows if "preset" in row]
        if left:
            statements = [render.text("remedy/preset", **row) for row in left]
            named = ", ".join(row["preset"] for row in left)
            raise ConnectError(
                f'database "{left[0]["database"]}" on {self.address} is not entered',
                f"{named} is preset there, and no session can change that for itself",
                "the owner of the database, or a superuser, would run:\n"
                + "\n".join(f"{statement};" for statement in statements),
            )

    def _refuse_other_server(self, running: Running) -> None:
        """Raises LookError where a session is on another server instance than the first one."""
        first = self._running = self._running or running
        if not first.goes_on(running):
            raise LookError(
                f"{self.address} is not the server that it was a moment ago",
                f"a session that was opened before is on {first}; this one is on {running}:"
                " the name leads to several servers, or it was restarted or failed over",
                "name one server, the one that takes writes, and run the same command again",
            )

    @property
    def public_password(self) -> bool:
        """Is the admin's password too short, or too like a common word, to be masked?"""
        return self._password is not None and self._password.public

    def refuses(self, tls: Tls) -> str:
        """Why a connection with these TLS settings fails; empty where it works."""
        try:
            self.engine.connection.connect(
                self.reached, tls, self._password, None, self.timeouts
            ).close()
        except Exception as error:
            return self.engine.errors.explain(error, secret=False)[1] or type(error).__name__
        return ""

    def renderer(
        self, password: Callable[[Kept, str], str], facts: Facts | None = None
    ) -> Renderer:
        facts = facts or self.facts
        return renderer(self.engine, facts, password, self._templates)

    def rows(self, template: str, /, **values: Any) -> list[Row]:
        """The rows of a template that only reads, in the admin's default database."""
        return self.answers([self.renderer(no_password).text(template, **values)])[0]

    def answers(self, queries: Sequence[str], database: str | None = None) -> list[list[Row]]:
        """What the server says to queries of the admin's, all in one go where the engine can."""
        connection = self.connection(database)
        try:
            return connection.ask(queries)
        except Exception as error:
            code, words = self.engine.errors.explain(error, secret=False)
            where = (
                f'in database "{database}" on {self.address}' if database else f"on {self.address}"
            )
            words, todo = self.explained(words, self.engine.errors.remedy(code))
            raise LookError(f"what is {where} could not be read", words, todo, code=code) from None


def _running(rows: Sequence[Mapping[str, Any]]) -> Running:
    """Without the address where that is loopback or a socket, as any server's can be."""
    if not rows or not rows[0]["started"]:
        return Running()
    return Running(**{**rows[0], "address": server_identity.far(rows[0].get("address"))})


def renderer(
    engine: Engine, facts: Facts, password: Callable[[Kept, str], str], templates: Path | None
) -> Renderer:
    return Renderer(
        engine.expand.NAME,
        engine.quoting.FILTERS,
        password=password,
        version=facts.version,
        settings=facts.settings,
        templates=templates,
    )
