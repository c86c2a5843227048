"""What says a spec on a command line: a file, or the flags that say one Deployment without one."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dbprov.cli import console
from dbprov.spec import keys
from dbprov.spec.key_types import Boolean, Choice, Key, ListOf, Number, Only

if TYPE_CHECKING:
    from dbprov.spec.model import Deployment, Spec

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
    """One of those that together stand for a spec file."""


class SpecCommand(click.Command):
    """Its --help has the command's own options first; the many that stand for a file come last."""

    def make_context(self, *words: Any, **more: Any) -> click.Context:
        try:
            return super().make_context(*words, **more)
        except click.BadParameter as error:
            # click repeats what it does not take; here that may be the password itself.
            if error.param and any(keys.PASSWORD in word for word in error.param.opts):
                message = _taken(error.param.type) or error.message
                raise click.BadParameter(message, error.ctx, error.param) from None
            raise

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {
            "Options": [],
            "One Deployment, instead of SPEC": [],
        }
        own, wanted = sections.values()
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record and isinstance(parameter, click.Option):
                (wanted if isinstance(parameter, Flag) else own).append(record)
        for title, records in sections.items():
            with formatter.section(title):
                formatter.write_dl(records)


def _taken(sort: click.ParamType[Any]) -> str:
    """What it takes; empty where it takes any text."""
    if isinstance(sort, click.Choice):
        return f"it takes one of {', '.join(map(str, sort.choices))}"
    return "" if sort.name == "text" else f"it takes an {sort.name}"


def _click_option(name: str, key: Key) -> tuple[str, dict[str, Any]]:
    """What click is told of the flag of a key."""
    kind = key.type
    if isinstance(kind, Boolean):
        return f"--{name}/--no-{name}", {"default": None}
    if isinstance(kind, Only):
        return f"--{name}", {"is_flag": True, "default": None}
    if isinstance(kind, ListOf):
        return f"--{name}", {"multiple": True} if kind.distinct else WORDS
    if isinstance(kind, Choice):
        return f"--{name}", {"type": click.Choice([str(one) for one in kind.choices])}
    if isinstance(kind, Number):
        return f"--{name}", {"type": int}
    return f"--{name}", PATH if kind == keys.PATH else {}


def spec_flags(*, least: bool = False) -> Callable[[F], F]:
    """The flags that say one Deployment; ``least``: those that say where a database is."""

    def decorate(command: F) -> F:
        wrapped: Any = command
        for name, path in reversed(list(keys.flags())):
            key = path[-1]
            if least and path[0] not in WHERE:
                continue
            option, more = _click_option(name, key)
            more = more | ({"required": True} if least and key in REQUIRED else {})
            text = key.help + (" May be given several times." if more.get("multiple") else "")
            wrapped = click.option(option, _variable(path), cls=Flag, help=text, **more)(wrapped)
            if key.former_flag:
                text, former = f"Former name of --{name}.", f"former_{_variable(path)}"
                option = f"--{key.former_flag}"
                more = more | {"help": text, "hidden": True, "cls": Flag}
                wrapped = click.option(option, former, **more)(wrapped)
        return wrapped  # type: ignore[no-any-return]

    return decorate


def flag_values(options: dict[str, Any]) -> dict[str, Any]:
    """What the flags say, by key; taken out of ``options``. A group of keys is a mapping."""
    values: dict[str, Any] = {}
    for _, path in keys.flags():
        value = options.pop(_variable(path), None)
        if path[-1].former_flag:
            former = options.pop(f"former_{_variable(path)}", None)
            value = value or former
        if value in (None, ()):
            continue
        if len(path) == 1:
            values[path[0]] = value
        else:
            values.setdefault(path[0], {})[path[1]] = value
    return values


def _variable(path: tuple[Key, ...]) -> str:
    return "_".join(path)


# What import asks for: where a database is.
WHERE = (keys.SERVER, keys.VIA, keys.DATABASE, keys.NAME, keys.TLS)


REQUIRED = (keys.SERVER, keys.DATABASE)


def with_spec(command: F, *, users: bool = False, exact: bool = False) -> F:
    """SPEC, or the flags that say one Deployment without a file.

    The command gets the Spec that they make, of the Deployments that --deployment names.
    ``exact``: by their whole names, and not by patterns. ``users``: and, as ``user``, the one of
    them that --user names beside a file.
    """

    @wraps(command)
    def with_flags(
        ctx: click.Context, spec: str | None, only_deployments: tuple[str, ...], **options: Any
    ) -> Any:
        flags = flag_values(options)
        ctx.obj["json"] = options.get("as_json", False)
        if "templates" in options:
            options["templates"] = Path(options["templates"]) if options["templates"] else None
        if users:
            options[keys.USER] = flags.pop(keys.USER, None) if spec else None
        made = spec_of(spec, flags, asks=not options.get("yes", False))
        return command(only(made, only_deployments, exact=exact), **options)

    with_context: Any = click.pass_context
    wrapped: Any = spec_flags()(with_context(with_flags))
    wrapped = click.option(
        "--deployment",
        "only_deployments",
        multiple=True,
        metavar="NAME" if exact else "GLOB",
        help="Only this Deployment of the spec; may be given several times."
        + ("" if exact else " * and ? stand for any letters."),
    )(wrapped)
    if users:
        [user] = [one for one in wrapped.__click_params__ if one.name == _variable((keys.USER,))]
        user.help += " Beside SPEC: only this one of its users."
    return click.argument("spec", required=False, type=click.Path())(wrapped)  # type: ignore[no-any-return]


def spec_of(path: str | None, flags: dict[str, Any], asks: bool) -> Spec:
    from dbprov.errors import UsageError
    from dbprov.spec import reader

    asked = ask if asks else never
    if path and flags:
        listed = [
            f"--{name}"
            for name, (first, *rest) in keys.flags()
            if first in flags and all(key in flags[first] for key in rest)
        ]
        raise UsageError(
            "a spec file and flags are both given",
            ", ".join(listed),
            "say it all in the file, or all with flags",
        )
    if path:
        return reader.load(Path(path), asked)
    if not flags:
        raise UsageError(
            "nothing says what is wanted",
            "neither a spec file nor flags are given",
            "dbprov COMMAND deployment.yaml,"
            " or --server URL --name NAME --database NAME --user NAME",
        )
    return reader.from_flags(flags, Path.cwd(), asked)


def only(spec: Spec, names: Sequence[str], *, exact: bool = False) -> Spec:
    """The Spec with the Deployments that are named; all where none is.

    Raises UsageError for a name that none of them has.
    """
    from dbprov.errors import UsageError

    def fits(deployment: Deployment, name: str) -> bool:
        return deployment.name == name if exact else fnmatchcase(deployment.name, name)

    for name in names:
        if not any(fits(one, name) for one in spec.deployments):
            known = ", ".join(one.name for one in spec.deployments)
            raise UsageError(
                f"no Deployment {name!r} is in {spec.source}",
                f"--deployment {name}",
                f"one of {known}",
            )
    return spec.only(lambda one: any(fits(one, name) for name in names)) if names else spec


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
