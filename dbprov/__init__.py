"""dbprov: databases, users and grants for Airflow Deployments, provisioned and proven.

import dbprov

spec = dbprov.load("deployment.yaml")
with dbprov.servers(spec) as servers:
    for deployment in spec.deployments:
        applied = dbprov.apply(deployment, servers[deployment])
        assert applied.ok
print(dbprov.as_json(dbprov.handouts(spec, passwords=True), reveal=True))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dbprov._version import __version__ as __version__

if TYPE_CHECKING:
    from dbprov.audit import Journal as Journal
    from dbprov.commands.applied import Applied as Applied
    from dbprov.commands.applied import apply as apply
    from dbprov.commands.offline import scripts as scripts
    from dbprov.commands.opened import handouts as handouts
    from dbprov.commands.opened import servers as servers
    from dbprov.commands.planned import Planned as Planned
    from dbprov.commands.planned import compare as compare
    from dbprov.commands.proofs import check as check
    from dbprov.commands.proofs import prove as prove
    from dbprov.connections import as_env as as_env
    from dbprov.connections import as_json as as_json
    from dbprov.connections import as_text as as_text
    from dbprov.deployments import Deployment as Deployment
    from dbprov.deployments import Spec as Spec
    from dbprov.dialects import Check as Check
    from dbprov.errors import DbprovError as DbprovError
    from dbprov.secret import Secret as Secret
    from dbprov.spec import load as load
    from dbprov.spec import parse as parse

_HOMES = {
    "audit": ("Journal",),
    "commands.applied": ("Applied", "apply"),
    "commands.offline": ("scripts",),
    "commands.opened": ("handouts", "servers"),
    "commands.planned": ("Planned", "compare"),
    "commands.proofs": ("check", "prove"),
    "connections": ("as_env", "as_json", "as_text"),
    "dialects": ("Check",),
    "errors": ("DbprovError",),
    "secret": ("Secret",),
    "deployments": ("Deployment", "Spec"),
    "spec": ("load", "parse"),
}
__all__ = [name for names in _HOMES.values() for name in names]


def __getattr__(name: str) -> Any:
    """Each name is imported when it is first used (PEP 562): ``dbprov --help`` loads no driver."""
    from importlib import import_module

    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"dbprov.{home}"), name)
    raise AttributeError(f"module 'dbprov' has no attribute {name!r}")
