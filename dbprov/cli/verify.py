"""What is proven of users and of the admin."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dbprov.cli import console, screens
from dbprov.cli.options import json_option, proof_option, templates_option, timeouts_options
from dbprov.cli.spec_options import SpecCommand, ask, with_spec

if TYPE_CHECKING:
    from dbprov.engines.facts import Check
    from dbprov.spec.model import Spec, Timeouts


airflow_option = click.option(
    "--airflow",
    is_flag=False,
    flag_value="3",
    metavar="[VERSION]",
    help="What Airflow needs beyond grants too, of this version; default: 3.",
)


@click.command(cls=SpecCommand)
@with_spec
@airflow_option
@proof_option
@json_option
@templates_option
@timeouts_options()
def verify(
    spec: Spec,
    airflow: str | None,
    require_proof: bool,
    as_json: bool,
    templates: Path | None,
    timeouts: Timeouts,
) -> None:
    """Log in as each user, and try what it can and cannot do. With the very string that is handed
    out; nothing that was tried is left behind.

    Example: dbprov verify deployment.yaml
    """
    from dbprov.commands.verify import verify

    version = _version(airflow)
    _checks(spec, as_json, templates, timeouts, verify, "verifying", version, require_proof)


@click.command(cls=SpecCommand)
@with_spec
@airflow_option
@json_option
@templates_option
@timeouts_options()
def check(
    spec: Spec, airflow: str | None, as_json: bool, templates: Path | None, timeouts: Timeouts
) -> None:
    """Can this admin do this on this server? Changes nothing. Says what is missing, and the
    statement of whoever can give it.

    Example: dbprov check deployment.yaml
    """
    from dbprov.commands.check import check

    _checks(spec, as_json, templates, timeouts, check, "checking", _version(airflow))


def _version(airflow: str | None) -> tuple[int, ...]:
    """Empty: not asked for. click takes the word after --airflow for its value."""
    import re

    from dbprov.errors import UsageError

    if airflow is None:
        return ()
    if not re.fullmatch(r"[23](\.\d+)*", airflow):
        raise UsageError(
            f"{airflow} is no version of Airflow that dbprov knows",
            "it knows 2 and 3; the word after --airflow is taken for the version",
            "--airflow=3, or --airflow at the end of the line",
        )
    return tuple(int(number) for number in airflow.split("."))


def _checks(
    spec: Spec,
    as_json: bool,
    templates: Path | None,
    timeouts: Timeouts,
    try_all: Callable[..., Iterable[Check]],
    doing: str,
    airflow: tuple[int, ...],
    require_proof: bool | None = None,
) -> None:
    from dbprov.commands.check import check_airflow
    from dbprov.commands.servers import servers

    made: dict[str, list[Check]] = {}
    with servers(spec, ask, templates, timeouts) as opened, screens.status(doing) as begun:
        for deployment in spec.deployments:
            checks = made.setdefault(deployment.name, [])
            if not as_json and len(spec.deployments) > 1:
                screens.show_deployment(deployment, err=False)
            begun(deployment)
            server = opened[deployment]
            needs = check_airflow(deployment, server, airflow) if airflow else ()
            for one in chain(try_all(deployment, server), needs):
                checks.append(one)
                if not as_json:
                    screens.show_check(one, err=False)
    every = [one for checks in made.values() for one in checks]
    if as_json:
        console.print_json(_document(made, bool(require_proof)))
    else:
        screens.show_counts(made)
        if require_proof is False:
            screens.show_not_proven(every)
    sys.exit(0 if _ok(every, bool(require_proof)) else 1)


def _ok(checks: Sequence[Check], require_proof: bool) -> bool:
    return not any(one.failed or (require_proof and not one.proven) for one in checks)


def _document(made: Mapping[str, Sequence[Check]], require_proof: bool) -> dict[str, Any]:
    deployments = [
        {
            "name": name,
            "ok": _ok(checks, require_proof),
            "proven": all(one.proven for one in checks),
            "checks": [one.as_json() for one in checks],
        }
        for name, checks in made.items()
    ]
    return {
        "ok": all(one["ok"] for one in deployments),
        "proven": all(one["proven"] for one in deployments),
        "deployments": deployments,
    }
