"""What is proven of users and of the admin."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dbprov.cli.output import print_json
from dbprov.flags import ask, json_option, templates_option, timeouts_options, with_spec

if TYPE_CHECKING:
    from dbprov.deployments import Spec, Timeouts
    from dbprov.dialects import Check


@click.command()
@with_spec
@json_option
@templates_option
@timeouts_options()
def verify(spec: Spec, as_json: bool, templates: Path | None, timeouts: Timeouts) -> None:
    """Log in as each user with the string that is handed out, and prove what it can and cannot do.

    Example: dbprov verify deployment.yaml
    """
    from dbprov import commands

    _checks(spec, as_json, templates, timeouts, commands.prove)


@click.command()
@with_spec
@json_option
@templates_option
@timeouts_options()
def check(spec: Spec, as_json: bool, templates: Path | None, timeouts: Timeouts) -> None:
    """Can this admin do this on this server? What is missing, and who can give it? Changes nothing.

    Example: dbprov check deployment.yaml
    """
    from dbprov import commands

    _checks(spec, as_json, templates, timeouts, commands.check)


def _checks(
    spec: Spec,
    as_json: bool,
    templates: Path | None,
    timeouts: Timeouts,
    try_all: Callable[..., Iterable[Check]],
) -> None:
    from dbprov import commands, talk

    made: list[dict[str, Any]] = []
    held = True
    with commands.servers(spec, ask, templates, timeouts) as servers:
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
        print_json({"ok": held, "deployments": made})
    sys.exit(0 if held else 1)
