"""The command line: read arguments, call one function, print.

stdout is the product, stderr the talk.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dbprov._version import __version__

if TYPE_CHECKING:
    from dbprov.commands import Applied
    from dbprov.deployments import Spec
    from dbprov.dialects import Check

F = TypeVar("F", bound=Callable[..., Any])

FLAGS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    (
        "server",
        "URL of the server, without a password: postgresql://dba@host/postgres or mysql://dba@host",
        {},
    ),
    ("name", "Name of the Deployment.", {}),
    ("database", "Its database.", {}),
    ("user", "Its user.", {}),
    ("access", "What the user may do.", {"type": click.Choice(["all", "owner", "write", "read"])}),
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
    ("password-env", "Environment variable with the user's password.", {}),
    ("password-file", "File with the user's password; filled if it is not there.", {}),
    ("password-prompt", "Ask for the user's password.", {"is_flag": True, "default": None}),
    (
        "tls-mode",
        "How to connect.",
        {"type": click.Choice(["disable", "prefer", "require", "verify-ca", "verify-full"])},
    ),
    ("tls-ca", "File of CA certificates.", {}),
    ("publish-host", "Host in the connection strings, where it is another one.", {}),
    ("publish-port", "Port in the connection strings.", {"type": int}),
)
GROUPED = ("password", "tls", "publish")


class Group(click.Group):
    """Catches DbprovError once, for all commands."""

    def invoke(self, ctx: click.Context) -> Any:
        from dbprov.errors import DbprovError

        try:
            return super().invoke(ctx)
        except DbprovError as error:
            from dbprov import talk

            if ctx.obj and ctx.obj.get("json"):
                click.echo(json.dumps({"error": error.as_json()}, indent=2, ensure_ascii=False))
            talk.show_error(error)
            ctx.exit(error.exit_code)
        except (KeyboardInterrupt, click.Abort):
            click.echo(
                "dbprov: interrupted; run the same command again, it goes on where it stopped",
                err=True,
            )
            ctx.exit(2)
        except (click.ClickException, click.exceptions.Exit):
            raise
        except (
            Exception
        ) as error:  # a defect of ours must not look like exit code 1, which means differences
            import traceback

            traceback.print_exception(error, chain=False)
            click.echo(
                f"dbprov: unexpected {type(error).__name__}: this is a defect of dbprov", err=True
            )
            ctx.exit(2)


@click.group(
    cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="dbprov")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Provision databases, users and grants for Airflow Deployments on PostgreSQL and MySQL, and
    prove that they work.
    """
    ctx.ensure_object(dict)


def with_spec(command: F) -> F:
    """SPEC, or the flags that say one Deployment without a file.

    The command gets the Spec that they make.
    """

    @wraps(command)
    def with_flags(ctx: click.Context, spec: str | None, **options: Any) -> Any:
        keys = [name.partition("/")[0].replace("-", "_") for name, _, _ in FLAGS]
        flags = {key: options.pop(key) for key in keys}
        ctx.obj["json"] = options.get("as_json", False)
        if "templates" in options:
            options["templates"] = Path(options["templates"]) if options["templates"] else None
        return command(_spec(spec, flags, asks=not options.get("yes", False)), **options)

    wrapped: Any = click.pass_context(with_flags)
    for name, text, more in reversed(FLAGS):
        wrapped = click.option(f"--{name}", help=text, **more)(wrapped)
    return click.argument("spec", required=False, type=click.Path())(wrapped)  # type: ignore[no-any-return]


def _spec(path: str | None, flags: dict[str, Any], asks: bool) -> Spec:
    from dbprov import spec
    from dbprov.errors import UsageError

    given = {key: value for key, value in flags.items() if value not in (None, ())}
    ask = _ask if asks else _never
    if path and given:
        said = ", ".join("--" + key.replace("_", "-") for key in given)
        raise UsageError(
            "a spec file and flags are both given",
            said,
            "say it all in the file, or all with flags",
        )
    if path:
        return spec.load(Path(path), ask)
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
    return spec.from_flags(given, Path.cwd(), ask)


def _ask(label: str) -> Any:
    from dbprov.secret import Secret, never_ask

    if not sys.stdin.isatty():
        never_ask(label)
    return Secret(click.prompt(label, hide_input=True, err=True))


def _never(label: str) -> Any:
    from dbprov.secret import never_ask

    return never_ask(label)


templates_option = click.option(
    "--templates",
    type=click.Path(exists=True, file_okay=False),
    help="Own templates, in front of ours file by file.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")


@main.command()
@with_spec
@click.option(
    "-o", "--output", type=click.Path(), help="Folder for one file per Deployment; else stdout."
)
@click.option(
    "--server-version", help="Version of the server; default: the newest that is supported."
)
@click.option(
    "--flavor", type=click.Choice(["postgresql", "mysql", "mariadb"]), help="MySQL or MariaDB."
)
@click.option(
    "--partial-revokes",
    is_flag=True,
    help="For a MySQL server with partial_revokes=ON (Aurora MySQL 3).",
)
@templates_option
def render(
    spec: Spec,
    output: str | None,
    server_version: str | None,
    flavor: str | None,
    partial_revokes: bool,
    templates: Path | None,
) -> None:
    """Write reviewable SQL for a server that is never contacted.

    Example: dbprov render deployment.yaml --server-version 16 -o sql/
    """
    from dbprov import commands

    settings = {"partial_revokes": "1" if partial_revokes else "0"}
    version = _version(server_version) if server_version else None
    made = commands.scripts(
        spec, version=version, flavor=flavor, settings=settings, templates=templates
    )
    if output is None:
        click.echo("\n".join(made.values()), nl=False)
        return
    for name, text in made.items():
        path = Path(output) / f"{name}.sql"
        _write(path, text, 0o644)
        click.echo(f"wrote {path}", err=True)


def _version(text: str) -> tuple[int, ...]:
    from dbprov.errors import UsageError

    try:
        return tuple(int(part) for part in text.split("."))
    except ValueError:
        raise UsageError(f"{text!r} is not a version", "", "--server-version 16 or 8.4") from None


@main.command()
@with_spec
@json_option
@templates_option
def plan(spec: Spec, as_json: bool, templates: Path | None) -> None:
    """Show what the server lacks. Exit code 1 if anything.

    Example: dbprov plan deployment.yaml
    """
    from dbprov import commands, talk

    planned = []
    with commands.servers(spec, _ask, templates) as servers:
        for deployment in spec.deployments:
            planned.append(commands.compare(deployment, servers[deployment]))
            if not as_json:
                talk.show_plan(planned[-1], err=False)
    if as_json:
        _print_json(
            {
                "complete": all(p.complete for p in planned),
                "deployments": [p.as_json() for p in planned],
            }
        )
    sys.exit(0 if all(p.complete for p in planned) else 1)


@main.command()
@with_spec
@click.option(
    "-y",
    "--yes",
    is_flag=True,
    help="Do not ask; anything that would have to be asked is an error.",
)
@json_option
@templates_option
def apply(spec: Spec, yes: bool, as_json: bool, templates: Path | None) -> None:
    """Show the plan, ask, carry it out, and verify it as each user.

    Example: dbprov apply deployment.yaml
    """
    from dbprov import commands, talk

    ended: list[Applied] = []
    with commands.servers(spec, _never if yes else _ask, templates) as servers:
        plans = [
            commands.compare(deployment, servers[deployment]) for deployment in spec.deployments
        ]
        for planned in plans:
            talk.show_plan(planned, err=True)
            commands.refuse(planned)
        if any(planned.steps for planned in plans) and not yes:
            _confirm()
        for planned in plans:
            ended.append(
                commands.apply(
                    planned.deployment,
                    servers[planned.deployment],
                    planned,
                    report=talk.show_done,
                    check=talk.show_check,
                )
            )
            talk.show_left(ended[-1])
            if ended[-1].error:
                break
    if as_json:
        _print_json({"ok": all(a.ok for a in ended), "deployments": [a.as_json() for a in ended]})
    failed = next((a.error for a in ended if a.error), None)
    if failed:
        talk.show_error(failed)
        click.echo(
            "dbprov: what was done before stands; the same command goes on from there", err=True
        )
        sys.exit(2)
    if all(a.ok for a in ended):
        click.echo(
            f"ready. The connection strings: dbprov connections {_again(spec)} --reveal", err=True
        )
    sys.exit(0 if all(a.ok for a in ended) else 1)


def _again(spec: Spec) -> str:
    return spec.source if spec.source != "flags" else "(the same flags)"


def _confirm() -> None:
    from dbprov.errors import UsageError

    if not sys.stdin.isatty():
        raise UsageError(
            "nobody can be asked", "there is no terminal", "read the plan, then run it with --yes"
        )
    if not click.confirm("Carry this out?", err=True):
        raise UsageError("nothing was changed", "the answer was no")


@main.command()
@with_spec
@json_option
@templates_option
def verify(spec: Spec, as_json: bool, templates: Path | None) -> None:
    """Log in as each user with the string that is handed out, and prove what it can and cannot do.

    Example: dbprov verify deployment.yaml
    """
    from dbprov import commands

    _checks(spec, as_json, templates, commands.prove)


@main.command()
@with_spec
@json_option
@templates_option
def check(spec: Spec, as_json: bool, templates: Path | None) -> None:
    """Can this admin do this on this server? What is missing, and who can give it? Changes nothing.

    Example: dbprov check deployment.yaml
    """
    from dbprov import commands

    _checks(spec, as_json, templates, commands.check)


def _checks(
    spec: Spec, as_json: bool, templates: Path | None, try_all: Callable[..., Iterable[Check]]
) -> None:
    from dbprov import commands, talk

    made: list[dict[str, Any]] = []
    held = True
    with commands.servers(spec, _ask, templates) as servers:
        for deployment in spec.deployments:
            checks = []
            for one in try_all(deployment, servers[deployment]):
                checks.append(one)
                if not as_json:
                    talk.show_check(one, err=False)
            held = held and all(one.held for one in checks)
            made.append(
                {
                    "name": deployment.name,
                    "ok": all(c.held for c in checks),
                    "checks": [c.as_json() for c in checks],
                }
            )
    if as_json:
        _print_json({"ok": held, "deployments": made})
    sys.exit(0 if held else 1)


@main.command()
@with_spec
@click.option("--reveal", is_flag=True, help="Print the passwords, not ***.")
@click.option("--format", "form", type=click.Choice(["text", "json", "env"]), help="Default: text.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False),
    help="Write to this file (mode 0600), with the passwords.",
)
@json_option
def connections(
    spec: Spec, reveal: bool, form: str | None, output: str | None, as_json: bool
) -> None:
    """Print the connection strings of each Deployment; *** for passwords unless told otherwise.

    Example: dbprov connections deployment.yaml --format env -o airflow.env
    """
    from dbprov import commands
    from dbprov.connections import FORMATS

    revealed = reveal or output is not None
    handouts = commands.handouts(spec, passwords=revealed)
    for one in handouts:
        for words in one.warnings():
            click.echo(f"note: {words}", err=True)
    text = FORMATS[form or ("json" if as_json else "text")](handouts, revealed)
    if output:
        _write(Path(output), text, 0o600)
        click.echo(f"wrote {output} (mode 0600)", err=True)
    else:
        click.echo(text, nl=False)


@main.command()
def schema() -> None:
    """Print the JSON Schema of a spec, for editors.

    Example: dbprov schema > dbprov.schema.json
    """
    click.echo((Path(__file__).parent / "schema.json").read_text(encoding="utf-8"), nl=False)


@main.command()
@click.option("--engine", type=click.Choice(["postgresql", "mysql"]), help="Only of this engine.")
@templates_option
def templates(engine: str | None, templates: str | None) -> None:
    """List which file serves what, and from where.

    Example: dbprov templates --templates my_templates --engine postgresql
    """
    from dbprov.render import built_in_templates

    own, ours = Path(templates) if templates else None, built_in_templates()
    names = {
        str(p.relative_to(folder))
        for folder in (own, ours)
        if folder
        for p in folder.rglob("*.sql")
    }
    for name in sorted(names):
        if engine is None or name.startswith(engine + "/"):
            home = own if own and (own / name).is_file() else ours
            unused = (
                ""
                if (ours / name).is_file()
                else "  (no built-in of this name: nothing asks for it)"
            )
            click.echo(f"{name}\t{home / name}{unused}")


def _print_json(document: dict[str, Any]) -> None:
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def _write(path: Path, text: str, mode: int) -> None:
    """Whole or not at all: written beside the file and renamed.

    With its mode from the first byte on.
    """
    from dbprov.errors import PlaceError

    draft = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(
            os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8"
        ) as stream:
            stream.write(text)
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise PlaceError(
            f"{path} could not be written", error.strerror or "", "make room, or name another file"
        ) from None
