"""The command line: read arguments, call one function, print.

stdout is the product, stderr the talk.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dbprov._version import __version__
from dbprov.flags import ask, json_option, never, templates_option, with_spec

if TYPE_CHECKING:
    from dbprov.commands import Applied
    from dbprov.deployments import Spec
    from dbprov.dialects import Check


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
        except BrokenPipeError:  # whoever read stdout has read enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(2)
        except Exception as error:
            # A defect of ours must not look like exit code 1, which means differences.
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
    with commands.servers(spec, ask, templates) as servers:
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
    with commands.servers(spec, never if yes else ask, templates) as servers:
        plans = [
            commands.compare(deployment, servers[deployment]) for deployment in spec.deployments
        ]
        for planned in plans:
            talk.show_plan(planned, err=True)
            commands.refuse(planned)
        if any(planned.steps for planned in plans) and not yes:
            _confirm()
        for planned in plans:
            commands.fill_places(planned)
        for planned in plans:
            if len(plans) > 1:
                talk.show_name(planned.deployment, err=True)
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
    with commands.servers(spec, ask, templates) as servers:
        for deployment in spec.deployments:
            checks = []
            if not as_json and len(spec.deployments) > 1:
                talk.show_name(deployment, err=False)
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
    from dbprov.errors import UsageError

    if form and as_json and form != "json":
        raise UsageError(
            "--json and another format are both asked for", f"--format {form}", "one of the two"
        )
    if form == "env" and len(spec.deployments) > 1:
        raise UsageError(
            "env is the format of one Deployment",
            f"the spec has {len(spec.deployments)}, and their variables have the same names",
            "a spec for each, or --format json",
        )
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
