"""The strings that are handed out, and the forms in which each consumer wants them.

Pure: text in, text out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from msgspec import Struct
from msgspec.structs import replace

from dbprov.engines.engine import of
from dbprov.passwords.secret import Secret
from dbprov.spec.model import Account, Auth, Deployment, bracketed
from dbprov.system.loopback import loopback

MASK = "***"


def encoded(text: str) -> str:
    """For a URL. A shell would take a ``~`` behind a colon for somebody's home."""
    return quote(text, safe="").replace("~", "%7E")


class Connection(Struct, frozen=True):
    """One user's way into one Deployment's database."""

    deployment: Deployment
    account: Account
    password: Secret | None
    login: str = ""  # of two users that take turns, the one

    @property
    def user(self) -> str:
        return self.login or self.account.name

    @property
    def _who(self) -> Account:
        return replace(self.account, name=self.user) if self.login else self.account

    @property
    def host(self) -> str:
        return self.deployment.publish_host or self.deployment.server.host

    @property
    def port(self) -> int:
        return self.deployment.publish_port or self.deployment.server.port

    @property
    def _mask(self) -> str:
        """What stands where a password would: nothing, where the user has none."""
        return "" if self.account.auth is Auth.IAM else MASK

    def url(self, reveal: bool) -> str:
        known = reveal and self.password
        return self.url_with(encoded(known.reveal()) if known else self._mask)

    def url_with(self, password: str) -> str:
        """With this text, as it is, in the place of the password."""
        deployment = self.deployment
        return of(deployment.server.engine).urls.url(
            deployment, self._who, password, self.host, self.port, deployment.published_tls
        )

    def async_url(self, reveal: bool) -> str | None:
        """For the async engine of Airflow 3; None where what it derives from ``url`` works."""
        url = self.url(reveal)
        deployment = self.deployment
        return of(deployment.server.engine).urls.async_url(url, deployment.published_tls)

    def parts(self, reveal: bool) -> dict[str, str]:
        """What the forms put together each in its own way; empty where the spec says nothing.

        A password that is not known is masked also where it is to be revealed.
        """
        tls = self.deployment.published_tls
        return {
            "user": self.user,
            "password": self.password.reveal() if reveal and self.password else self._mask,
            "host": self.host,
            "port": str(self.port),
            "database": self.deployment.database,
            "sslmode": tls.mode if tls.given else "",
            "sslrootcert": (tls.ca or "") if tls.given else "",
            "sslcert": (tls.cert or "") if tls.given else "",
            "sslkey": (tls.key or "") if tls.given else "",
        }

    def login_url(self) -> Secret:
        """The string that is handed out, but for what ``publish`` says of another place."""
        server = self.deployment.server
        password = quote(self.password.reveal(), safe="") if self.password else ""
        made = of(server.engine).urls.url(
            self.deployment,
            self._who,
            password,
            server.host,
            server.port,
            self.deployment.tls,
        )
        return Secret(made, known=False)

    def as_json(self, reveal: bool) -> dict[str, Any] | None:
        """The object that the platform takes where PgBouncer stands before PostgreSQL.

        MySQL has strings only.
        """
        if not of(self.deployment.server.engine).connection.TRANSACTIONS:
            return None
        return {
            "user": self.user,
            "pass": self.parts(reveal)["password"],
            "protocol": "postgresql",
            "host": self.host,
            "port": self.port,
            "db": self.deployment.database,
        }


class DeploymentConnections(Struct, frozen=True):
    """All connections of one Deployment."""

    deployment: Deployment
    metadata: Connection
    result: Connection
    others: tuple[Connection, ...] = ()

    def as_json(self, reveal: bool) -> dict[str, Any]:
        made: dict[str, Any] = {
            "name": self.deployment.name,
            "metadataConnection": self.metadata.url(reveal),
            "resultBackendConnection": "db+" + self.result.url(reveal),
            "metadataConnectionJson": self.metadata.as_json(reveal),
            "resultBackendConnectionJson": self.result.as_json(reveal),
        }
        if self.others:
            made["users"] = [{"user": c.user, "connection": c.url(reveal)} for c in self.others]
        return made

    def warnings(self) -> list[str]:
        """What a consumer cannot carry (D.2), and what it must have itself."""
        return [*self.by_token(), *self.of_place(), *self.of_name(), *self.of_files()]

    def by_token(self) -> list[str]:
        return [
            f'user "{account.name}" logs in with IAM tokens, each valid for 15 minutes: a'
            " connection string that stands in a setting cannot hold one. What connects must fetch"
            " a token for each new connection, as Airflow does before PostgreSQL with the file of"
            " --format airflow-local-settings, or a proxy that does so must stand before the server"
            " (RDS Proxy)"
            for account in self.deployment.accounts
            if account.auth is Auth.IAM
        ]

    def of_place(self) -> list[str]:
        """Where the strings are good on this machine only, or may be."""
        server, port = self.deployment.server, self.metadata.port
        dialled = dict(server.options).get("hostaddr", "")
        if self.deployment.publish_host:
            return []
        if server.host.startswith("/"):
            return [
                f"the strings name the socket {server.host}, which other machines do not have;"
                " publish: {host: NAME} names the server where the Deployment runs"
            ]
        tunnel = not server.via and loopback(dialled) and not loopback(server.host)
        if tunnel and not self.deployment.publish_port:
            return [
                f"the strings name {bracketed(server.host)}:{port}, and from here that is"
                f" {bracketed(dialled)}:{port} (hostaddr): where that is a tunnel, the server's own"
                " port may be another one; publish: {port: PORT} names it"
            ]
        return []

    def of_files(self) -> list[str]:
        """Files of the DBA's machine: whoever uses the string looks for them where it is used."""
        here, there = self.deployment.tls, self.deployment.published_tls
        paths = {w: getattr(here, w) for w in ("ca", "cert", "key")}
        own = {w: path for w, path in paths.items() if path and getattr(there, w) == path}
        if not own:
            return []
        example = ", ".join(f"{which}: PATH" for which in own)
        return [
            f"the strings name {', '.join(own.values())} as on this machine;"
            f" publish: {{tls: {{{example}}}}} names the paths where the Deployment runs"
        ]

    def of_name(self) -> list[str]:
        database = self.deployment.database
        if any(c in "%? " or not c.isprintable() for c in database):
            return [
                f'database "{database}": SQLAlchemy before 2.1, and so Airflow before it,'
                " does not decode a database name in a URL;"
                " a name of letters, digits, _ and - works everywhere"
            ]
        if "$" in database:
            return [
                f'database "{database}": Airflow takes $NAME in its environment variables'
                " for another variable"
            ]
        return []


def connections_of(
    deployment: Deployment, password: Callable[[Account], Secret | None]
) -> DeploymentConnections:
    located = of(deployment.server.engine).urls.located(deployment.server)
    deployment = replace(deployment, server=located or deployment.server)
    made = {
        account: Connection(deployment, account, password(account), account.login)
        for account in deployment.accounts
    }
    metadata, result = deployment.metadata_account(), deployment.result_account()
    others = tuple(c for account, c in made.items() if account not in (metadata, result))
    return DeploymentConnections(deployment, made[metadata], made[result], others)


def as_text(handouts: Sequence[DeploymentConnections], reveal: bool) -> str:
    return "\n\n".join("\n".join(_lines(one.as_json(reveal))) for one in handouts) + "\n"


def _lines(made: Mapping[str, Any]) -> list[str]:
    lines = [f"{made['name']}"]
    for key, value in made.items():
        if key == "users":
            lines += [f"  user {one['user']}: {one['connection']}" for one in value]
        elif key != "name" and value is not None:
            lines.append(
                f"  {key}: "
                f"{value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
            )
    return lines


def as_json(handouts: Sequence[DeploymentConnections], reveal: bool) -> str:
    made = {"deployments": [one.as_json(reveal) for one in handouts]}
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"


def as_env(handouts: Sequence[DeploymentConnections], reveal: bool) -> str:
    """Airflow's variables, as a shell reads them; for its async engine where that needs its own.

    With several Deployments each under a comment with its name.
    """
    lines: list[str] = []
    for one in handouts:
        made = one.as_json(reveal)
        lines += [f"# {one.deployment.name}"] if len(handouts) > 1 else []
        lines += [
            f"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN={bare_or_quoted(made['metadataConnection'])}",
            *(
                f"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC={bare_or_quoted(url)}"
                for url in filter(None, [one.metadata.async_url(reveal)])
            ),
            f"AIRFLOW__CELERY__RESULT_BACKEND={bare_or_quoted(made['resultBackendConnection'])}",
        ]
    return "\n".join(lines) + "\n"


def bare_or_quoted(text: str) -> str:
    """Bare where a shell, docker --env-file and dotenv read the same; else in single quotes."""
    if re.fullmatch(r"[A-Za-z0-9_@%+=:,./*?\[\]-]+", text):
        return text
    return "'" + text.replace("'", "'\\''") + "'"


FORMATS: dict[str, Callable[[Sequence[DeploymentConnections], bool], str]] = {
    "text": as_text,
    "json": as_json,
}
