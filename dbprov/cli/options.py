"""What is said on a command line.

A spec file, or the flags that say one Deployment without a file.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dbprov.cli import console

if TYPE_CHECKING:
    from dbprov.audit.log import Journal
    from dbprov.spec.model import Spec

F = TypeVar("F", bound=Callable[..., Any])


def _words(ctx: click.Context, parameter: click.Parameter, value: str | None) -> list[str] | None:
    """A program and its arguments, quoted as for a shell; none ever reads them."""
    try:
        return shlex.split(value) if value is not None else None
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


WORDS = {"callback": _words}
PATH = {"type": click.Path()}  # which shells complete


class Flag(click.Option):
    """One of FLAGS, which together stand for a spec file."""


class SpecCommand(click.Command):
    """Its --help has the command's own options first; the many that stand for a file come last."""

    def make_context(self, *words: Any, **more: Any) -> click.Context:
        try:
            return super().make_context(*words, **more)
        except click.BadParameter as error:
            # click repeats what it does not take; here that may be the password itself.
            if error.param and any("password" in word for word in error.param.opts):
                told = _taken(error.param.type) or error.message
                raise click.BadParameter(told, error.ctx, error.param) from None
            raise

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        told: dict[str, list[tuple[str, str]]] = {
            "Options": [],
            "One Deployment, instead of SPEC": [],
        }
        own, wanted = told.values()
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record and isinstance(parameter, click.Option):
                (wanted if isinstance(parameter, Flag) else own).append(record)
        for title, records in told.items():
            with formatter.section(title):
                formatter.write_dl(records)


def _taken(sort: click.ParamType[Any]) -> str:
    """What it takes; empty where it takes any text."""
    if isinstance(sort, click.Choice):
        return f"it takes one of {', '.join(map(str, sort.choices))}"
    return "" if sort.name == "text" else f"it takes an {sort.name}"


FLAGS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    (
        "server",
        "URL of the server, without a password: postgresql://dba@host/postgres or mysql://dba@host",
        {},
    ),
    ("via", "A bastion on the way to the server: ssh://user@host.", {}),
    ("name", "Name of the Deployment.", {}),
    ("database", "Its database.", {}),
    ("user", "Its user.", {}),
    ("access", "What the user may do.", {"type": click.Choice(["all", "owner", "write", "read"])}),
    (
        "auth",
        "How the user logs in: iam is for RDS and Aurora, without any password.",
        {"type": click.Choice(["password", "iam"])},
    ),
    (
        "layout",
        "shared: one user, one schema; split: schemas airflow and celery.",
        {"type": click.Choice(["shared", "split"])},
    ),
    ("schemas", "A schema to work in; may be given several times.", {"multiple": True}),
    ("host", "Host from which a MySQL user comes.", {}),
    ("encoding", "Encoding of the database.", {}),
    ("collation", "Collation (MySQL) or locale (PostgreSQL) of the database.", {}),
    ("connection-limit", "How many connections the user may have.", {"type": int}),
    ("isolate/--no-isolate", "Shut PUBLIC out of the database.", {"default": None}),
    (
        "label/--no-label",
        "Say on the server which Deployment users and database belong to; default: on new ones.",
        {"default": None},
    ),
    ("password-env", "Environment variable with the user's password.", {}),
    ("password-file", "File with the user's password; filled if it is not there.", PATH),
    ("password-prompt", "Ask for the user's password.", {"is_flag": True, "default": None}),
    ("password-command", "Program, with its arguments, that prints the user's password.", WORDS),
    ("password-store-command", "Program that takes a new password on its standard input.", WORDS),
    ("password-timeout", "Seconds that these programs may take.", {"type": int}),
    ("password-aws", "Name of the password's secret in AWS Secrets Manager.", {}),
    ("password-region", "Its region.", {}),
    ("password-vault", "Path of the password's secret in HashiCorp Vault, its mount first.", {}),
    ("password-address", "Address of Vault.", {}),
    ("password-key", "Key of the password in the secret.", {}),
    (
        "tls-mode",
        "How to connect.",
        {"type": click.Choice(["disable", "prefer", "require", "verify-ca", "verify-full"])},
    ),
    ("tls-ca", "File of CA certificates.", PATH),
    ("tls-cert", "File of a client certificate.", PATH),
    ("tls-key", "File of its private key.", PATH),
    ("tls-server-public-key", "MySQL without TLS: file of the server's RSA public key.", PATH),
    ("publish-host", "Host in the connection strings, where it is another one.", {}),
    ("publish-port", "Port in the connection strings.", {"type": int}),
)
GROUPED = ("password", "tls", "publish")
NAMED = {"password_store_command": "password_store"}  # a flag whose key has another name
FORMER = {"password-store": "password-store-command"}  # names of 0.1, which still work unseen
# Those of Timeouts, which --help does not load; a test compares.
DEFAULT_TIMEOUTS = {
    "connect": 10,
    "statement": 60,
    "lock": 60,
}


def with_spec(command: F, *, users: bool = False) -> F:
    """SPEC, or the flags that say one Deployment without a file.

    The command gets the Spec that they make. ``users``: and, as ``user``, the one of them that
    --user names beside a file.
    """

    @wraps(command)
    def with_flags(ctx: click.Context, spec: str | None, **options: Any) -> Any:
        keys = [name.partition("/")[0].replace("-", "_") for name, _, _ in FLAGS]
        former = {
            new.replace("-", "_"): options.pop(old.replace("-", "_")) for old, new in FORMER.items()
        }
        flags = {NAMED.get(key, key): options.pop(key) for key in keys}
        for new, value in former.items():
            key = NAMED.get(new, new)
            flags[key] = flags[key] or value
        ctx.obj["json"] = options.get("as_json", False)
        if "templates" in options:
            options["templates"] = Path(options["templates"]) if options["templates"] else None
        if users:
            options["user"] = flags.pop("user") if spec else None
        return command(spec_of(spec, flags, asks=not options.get("yes", False)), **options)

    wrapped: Any = click.pass_context(with_flags)
    for name, text, more in reversed(FLAGS):
        told = (
            f"{text} Beside SPEC: only this one of its users." if users and name == "user" else text
        )
        wrapped = click.option(f"--{name}", help=told, cls=Flag, **more)(wrapped)
    for old, new in FORMER.items():
        more = next(options for name, _, options in FLAGS if name == new)
        text = f"Former name of --{new}."
        wrapped = click.option(f"--{old}", help=text, hidden=True, cls=Flag, **more)(wrapped)
    return click.argument("spec", required=False, type=click.Path())(wrapped)  # type: ignore[no-any-return]


def spec_of(path: str | None, flags: dict[str, Any], asks: bool) -> Spec:
    from dbprov.errors import UsageError
    from dbprov.spec import reader

    given = {key: value for key, value in flags.items() if value not in (None, ())}
    asked = ask if asks else never
    if path and given:
        listed = ", ".join("--" + key.replace("_", "-") for key in given)
        raise UsageError(
            "a spec file and flags are both given",
            listed,
            "say it all in the file, or all with flags",
        )
    if path:
        return reader.load(Path(path), asked)
    if not given:
        raise UsageError(
            "nothing says what is wanted",
            "neither a spec file nor flags are given",
            "dbprov COMMAND deployment.yaml,"
            " or --server URL --name NAME --database NAME --user NAME",
        )
    for group in GROUPED:
        parts = {key: given.pop(key) for key in list(given) if key.startswith(group + "_")}
        if parts:
            given[group] = {key.removeprefix(group + "_"): value for key, value in parts.items()}
    return reader.from_flags(given, Path.cwd(), asked)


def object_option(command: F) -> F:
    return click.option(
        "--object",
        "objects",
        metavar="NAME",
        multiple=True,
        help="PostgreSQL: give this too although it executes, as the plan names it:"
        " 'public.f(integer)'; repeatable.",
    )(command)


def ask(label: str, confirm: bool = False) -> Any:
    from dbprov.passwords.secret import checked, never_ask

    if not sys.stdin.isatty():
        never_ask(label)
    try:
        typed = console.prompt(label, hidden=True, twice=confirm)
        return checked(typed, "prompt")
    except click.Abort:
        # Nothing on the way out takes it for a failure of the server.
        raise KeyboardInterrupt from None


def never(label: str, confirm: bool = False) -> Any:
    from dbprov.passwords.secret import never_ask

    return never_ask(label)


def timeouts_options(*, lock: bool = False) -> Callable[[F], F]:
    """How long to wait, as one Timeouts; ``lock`` for commands that change something."""
    told = {
        "connect": "until the server has let us in",
        "statement": "for the end of one statement",
        "lock": "for another run of dbprov on the same Deployment; 0: not at all",
    }

    def decorate(command: F) -> F:
        @wraps(command)
        def with_timeouts(*words: Any, **options: Any) -> Any:
            from dbprov.spec.model import Timeouts

            seconds = {name: options.pop(f"{name}_timeout", None) for name in told}
            timeouts = Timeouts(
                **{name: given for name, given in seconds.items() if given is not None}
            )
            return command(*words, timeouts=timeouts, **options)

        wrapped: Any = with_timeouts
        for name, text in reversed(told.items()):
            if lock or name != "lock":
                least = click.IntRange(min=0 if name == "lock" else 1)
                option = click.option(
                    f"--{name}-timeout",
                    type=least,
                    metavar="SECONDS",
                    help=f"Wait so long {text}. Default: {DEFAULT_TIMEOUTS[name]}.",
                )
                wrapped = option(wrapped)
        return wrapped  # type: ignore[no-any-return]

    return decorate


def _refuse_unused(ctx: click.Context, _: click.Parameter, folder: str | None) -> str | None:
    """Before anything else is done: also by a command that would end before it asks for one."""
    if folder:
        from dbprov.sql.templates import refuse_unused

        refuse_unused(Path(folder))
    return folder


templates_option = click.option(
    "--templates",
    type=click.Path(exists=True, file_okay=False),
    callback=_refuse_unused,
    help="Own templates, in front of ours, block by block.",
)
prune_option = click.option(
    "--prune",
    is_flag=True,
    help="Also take away what the spec's own users hold beyond it, each thing named in the plan.",
)
undo_option = click.option(
    "--undo",
    type=click.Path(),
    help="Write the SQL that takes it all back: a file, or a folder. One that is there is kept.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")


def _journal(ctx: click.Context, _: click.Parameter, path: str | None) -> Journal | None:
    """Opened by ``servers``, before anything is asked of a server."""
    if path is None:
        return None
    from dbprov.audit.log import Journal

    return Journal(Path(path), ctx.info_name or "")


audit_option = click.option(
    "--audit",
    "journal",
    type=click.Path(dir_okay=False),
    callback=_journal,
    help="Append every statement that changes the server to this file (dbprov audit checks it).",
)
"""For every command that changes a server: hand what it gives to ``servers``."""
