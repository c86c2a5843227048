"""How the commands for the platform reach it."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from dbprov.passwords.secret import Secret

F = TypeVar("F", bound=Callable[..., Any])


def houston_options(command: F) -> F:
    wrapped: Any = command
    for option in (
        click.option(
            "--timeout", type=float, default=30, help="Seconds for an answer. Default: 30."
        ),
        click.option("--houston-ca", type=click.Path(dir_okay=False), help="CA of the platform."),
        click.option("--houston", "url", required=True, help="https://houston.BASEDOMAIN/v1"),
    ):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[no-any-return]


def token() -> Secret:
    """From DBPROV_HOUSTON_TOKEN. Raises UsageError where that is none."""
    from dbprov.errors import UsageError
    from dbprov.passwords.secret import Secret

    value = os.environ.get("DBPROV_HOUSTON_TOKEN")
    if not value:
        raise UsageError(
            "the platform asks for a token",
            "DBPROV_HOUSTON_TOKEN is not set",
            "export it: a service account's API key, or what https://app.BASEDOMAIN/token says",
        )
    if not (value.isascii() and value.isprintable() and " " not in value):
        raise UsageError(
            "the platform's token cannot be sent",
            "DBPROV_HOUSTON_TOKEN holds a line break, a blank or a letter that no token has",
            "export it anew, as one line without anything around it",
        )
    return Secret(value)
