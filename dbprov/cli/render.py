"""SQL for a server that is never contacted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dbprov.cli import console
from dbprov.cli.options import OUTPUT, json_option, summary_option, templates_option
from dbprov.cli.output import page, refuse_summary_without_file, write
from dbprov.cli.spec_options import SpecCommand, with_spec

if TYPE_CHECKING:
    from dbprov.commands.render import Rendered
    from dbprov.spec.model import Account, Spec


@click.command(cls=SpecCommand)
@with_spec
@click.option(
    "-o", "--output", type=OUTPUT, help="Folder for one file per Deployment; else stdout."
)
@summary_option
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
@click.option(
    "--password",
    "passwords",
    type=click.Choice(["placeholder", "hash"]),
    default="placeholder",
    help="hash: what the server keeps instead of a password, in the file; made if there is none.",
)
@click.option(
    "--scram-iterations",
    type=click.IntRange(4096, 9_999_999),
    help="PostgreSQL, with --password hash: scram_iterations of the target. Default: 4096.",
)
@click.option(
    "--storage-format",
    type=click.Choice(["CRYPT5", "PBKDF2_SHA512"]),
    help="MySQL 9.7, with --password hash: caching_sha2_password_storage_format of the target.",
)
@click.option(
    "--plain",
    is_flag=True,
    help="PostgreSQL: the statements alone, for a server where nothing is there yet; to run once.",
)
@json_option
@templates_option
def render(
    spec: Spec,
    output: str | None,
    summary: bool,
    server_version: str | None,
    flavor: str | None,
    partial_revokes: bool,
    passwords: str,
    scram_iterations: int | None,
    storage_format: str | None,
    plain: bool,
    as_json: bool,
    templates: Path | None,
) -> None:
    """Write reviewable SQL for a server that is never contacted.

    Example: dbprov render deployment.yaml --server-version 16 -o sql/
    """
    from dbprov.commands.render import render, rendered_page
    from dbprov.errors import UsageError
    from dbprov.system.files import descriptor
    from dbprov.system.masking import Finished

    refuse_summary_without_file(summary, output, "a folder: -o sql/")
    settings = {"partial_revokes": "1" if partial_revokes else "0"}
    if storage_format:
        settings["caching_sha2_password_storage_format"] = storage_format
    version = _version(server_version) if server_version else None
    hashed = passwords == "hash"
    if scram_iterations and not hashed:
        raise UsageError(
            "--scram-iterations is given", "without hashes it says nothing", "--password hash"
        )
    if storage_format and not hashed:
        raise UsageError(
            "--storage-format is given", "without hashes it says nothing", "--password hash"
        )
    pages: dict[str, str] = {}

    def keep(one: Rendered) -> None:
        if summary:
            pages[one.deployment.name] = rendered_page(one)

    made = render(
        spec,
        version=version,
        flavor=flavor,
        settings=settings,
        templates=templates,
        hashed=hashed,
        plain=plain,
        iterations=scram_iterations,
        filled=_say,
        report=keep,
    )
    stream = output if output and descriptor(Path(output)) is not None else None
    paths = {name: Path(output) / f"{name}.sql" for name in made if output and not stream}
    for name, path in paths.items():
        write(path, made[name], 0o600 if hashed else 0o644)
        console.say(f"wrote {path}")
        if summary:
            write(page(path), pages[name], 0o644)
            console.say(f"wrote {page(path)}")
    if as_json:
        files = {name: str(paths[name]) if paths else None for name in made}
        scripts = [
            {"name": name, "sql": Finished(sql), "file": files[name]}
            | ({"summary": str(page(paths[name]))} if summary else {})
            for name, sql in made.items()
        ]
        console.print_json({"deployments": scripts})
    elif stream:
        write(Path(stream), "\n".join(made.values()), 0o644)
    elif not paths:
        console.print_text("\n".join(made.values()))


def _say(account: Account) -> None:
    words = f'a new password of user "{account.name}" is kept in {account.place}'
    console.say(f"note: {words}")


def _version(text: str) -> tuple[int, ...]:
    from dbprov.errors import UsageError

    try:
        return tuple(int(part) for part in text.split("."))
    except ValueError:
        raise UsageError(f"{text!r} is not a version", "", "--server-version 16 or 8.4") from None
