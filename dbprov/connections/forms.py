"""The forms in which each consumer takes a connection: one function for each, named in ``FORMS``.

Pure: handouts in, text out. A form that cannot carry a name or a password says so before anything
is written (traps T69, B.3, D.2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any

from msgspec import Struct, field

from dbprov.connections.strings import FORMATS, Connection, DeploymentConnections
from dbprov.errors import UsageError
from dbprov.passwords.secret import Secret
from dbprov.spec.model import Auth, Deployment


class FormOptions(Struct, frozen=True):
    """What a person says about a form. ``release`` is the Helm release; None: the Deployment's.

    ``scram``: a userlist holds ``verifiers``, each of a user of a Deployment, and no passwords.
    """

    shown: bool = False
    platform: str = "2.x"
    pgbouncer: bool = False
    scram: bool = False
    verifiers: Mapping[tuple[Deployment, str], Secret] = field(default_factory=dict)
    release: str | None = None
    namespace: str | None = None
    metadata_secret: str | None = None
    result_secret: str | None = None
    by_secret: bool = False
    secret_store: str | None = None
    keda: bool = False
    standard_naming: bool = False
    files: Mapping[str, str] = field(default_factory=dict)  # what chart --pgbouncer holds, by path
    base: Mapping[str, Any] = field(default_factory=dict)


Write = Callable[[DeploymentConnections, FormOptions], str]


class Form(Struct, frozen=True):
    """``home``: the module that writes it. ``single``: a document holds one Deployment.

    ``parts``: of what are several files for the consumer, each with its suffix. ``paths``: those
    of TLS files, as published, stand in it. ``secret``: so do passwords.
    """

    home: str
    suffix: str
    single: bool = False
    between: str = ""
    parts: Mapping[str, str] = field(default_factory=dict)
    paths: bool = True
    secret: bool = True

    def written(self, name: str) -> Write:
        made: Write = getattr(
            import_module(f"dbprov.connections.{self.home}"), f"as_{name.replace('-', '_')}"
        )
        return made

    def objections(self, name: str, one: DeploymentConnections, options: FormOptions) -> list[str]:
        """Why this form cannot carry this Deployment; empty where it can."""
        module = import_module(f"dbprov.connections.{self.home}")
        found: list[str] = getattr(module, "objections")(name, one, options)  # noqa: B009
        return found

    def notes(self, name: str, one: DeploymentConnections, options: FormOptions) -> list[str]:
        """What is lost on the way to the consumer, or must be there."""
        module = import_module(f"dbprov.connections.{self.home}")
        found: list[str] = getattr(module, "notes")(name, one, options)  # noqa: B009
        return found


PLATFORMS = ("0.37", "1.x", "2.x")
PASSWORDS = ("chart", "pgbouncer", "pgpass", "mycnf", "jdbc", "dotenv", "external-secret")
"""Forms with a place of its own for the password."""
FORMS: dict[str, Form] = {
    "text": Form("plain", "txt"),
    "json": Form("plain", "json"),
    "env": Form("airflow", "env", single=True),
    "cfg": Form("airflow", "cfg", single=True),
    "airflow-local-settings": Form("tokens", "py", single=True, paths=False, secret=False),
    "houston": Form("houston", "json", single=True),
    "values": Form("houston", "yaml", single=True, paths=False, secret=False),
    "k8s": Form("kubernetes", "yaml", between="---\n"),
    "external-secret": Form("external", "yaml", between="---\n", secret=False),
    "chart": Form("kubernetes", "yaml", single=True, paths=False),
    "pgbouncer": Form(
        "pgbouncer",
        "ini",
        single=True,
        parts={"ini": "ini", "server_tls": "tls.ini", "userlist": "userlist.txt"},
        paths=False,
    ),
    "pgpass": Form("clients", "pgpass", paths=False),
    "service": Form("clients", "conf", between="\n"),
    "mycnf": Form("clients", "cnf", single=True),
    "sqlalchemy": Form("clients", "url"),
    "jdbc": Form("clients", "url"),
    "dotenv": Form("clients", "env", single=True),
}


BOUNCED = ("houston", "k8s")
"""Forms that --pgbouncer makes others of: the paths of TLS files are not in these."""
READABLE = ("text", "json")
"""For people, who are told what other forms would refuse."""


def notes(name: str, one: DeploymentConnections, options: FormOptions) -> list[str]:
    """What to know of one Deployment in this form, whatever becomes of the text."""
    named = FORMS[name].paths and not (options.pgbouncer and name in BOUNCED)
    return [
        *one.by_token(),
        *one.of_place(),
        *(one.of_name() if name in READABLE else ()),
        *(one.of_files() if named else ()),
        *FORMS[name].notes(name, one, options),
    ]


def refuse(name: str, handouts: Sequence[DeploymentConnections], options: FormOptions) -> None:
    """Raises UsageError, with every reason, if the form cannot carry one of them."""
    refused = [
        f"{one.deployment.name}: {why}"
        for one in handouts
        for why in (*FORMS[name].objections(name, one, options), *_tokens(name, one, options))
    ]
    if refused:
        raise UsageError(
            f"the form {name} cannot carry this",
            "\n".join(refused),
            "another form, or another name or password; those that dbprov makes fit every form",
        )


def _tokens(name: str, one: DeploymentConnections, options: FormOptions) -> Iterator[str]:
    """An empty password in its place would be one that is not true."""
    asks = name in PASSWORDS or (name in BOUNCED and options.pgbouncer)
    if not asks or (name == "chart" and options.by_secret):
        return
    for account in one.deployment.accounts:
        if account.auth is Auth.IAM:
            yield f'user "{account.name}" logs in with IAM tokens, and this form holds a password'


def written(name: str, one: DeploymentConnections, options: FormOptions) -> str:
    """One Deployment in this form."""
    if name in FORMATS:
        return FORMATS[name]([one], options.shown)
    return FORMS[name].written(name)(one, options)


def document(name: str, handouts: Sequence[DeploymentConnections], options: FormOptions) -> str:
    """All of them in one text. Raises UsageError where the form holds one Deployment only."""
    fits(name, handouts)
    if name in FORMATS:
        return FORMATS[name](handouts, options.shown)
    return FORMS[name].between.join(written(name, one, options) for one in handouts)


def fits(name: str, handouts: Sequence[DeploymentConnections]) -> None:
    """Raises UsageError where a document of this form cannot hold them all."""
    if name not in FORMATS and FORMS[name].single and len(handouts) > 1:
        raise UsageError(
            f"{name} is the form of one Deployment",
            f"the spec has {len(handouts)}, and a document of this form holds one",
            "-o FOLDER/ for a file of each, a spec for each, or --format json",
        )


def whole(name: str) -> None:
    """Raises UsageError where one file would hold what the consumer reads from several."""
    if parts := FORMS[name].parts:
        raise UsageError(
            f"{name} is several files, and one is named",
            f"the consumer reads {' and '.join(f'NAME.{suffix}' for suffix in parts.values())}",
            "-o FOLDER/ writes each",
        )


def files(name: str, one: DeploymentConnections, options: FormOptions) -> dict[str, str]:
    """What a folder gets of one Deployment: each text by the suffix of its file."""
    form = FORMS[name]
    if not form.parts:
        return {form.suffix: document(name, [one], options)}
    made = {suffix: form.written(part)(one, options) for part, suffix in form.parts.items()}
    return {suffix: text for suffix, text in made.items() if text}


def labelled(connections: Iterable[Connection]) -> Iterator[tuple[str, str]]:
    """Each name and each password that a form would carry, with the words for it."""
    for user, c in {c.account.name: c for c in connections}.items():
        yield f'the name of user "{user}"', user
        yield f'the password of user "{user}"', c.parts(True)["password"]
