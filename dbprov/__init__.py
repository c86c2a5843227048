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
    from dbprov.audit.log import Journal as Journal
    from dbprov.commands.apply import Applied as Applied
    from dbprov.commands.apply import apply as apply
    from dbprov.commands.connect import handouts as handouts
    from dbprov.commands.connect import servers as servers
    from dbprov.commands.plan import Planned as Planned
    from dbprov.commands.plan import compare as compare
    from dbprov.commands.render import scripts as scripts
    from dbprov.commands.verify import check as check
    from dbprov.commands.verify import prove as prove
    from dbprov.connections.strings import as_env as as_env
    from dbprov.connections.strings import as_json as as_json
    from dbprov.connections.strings import as_text as as_text
    from dbprov.engines import Check as Check
    from dbprov.errors import DbprovError as DbprovError
    from dbprov.passwords.secret import Secret as Secret
    from dbprov.spec.model import Deployment as Deployment
    from dbprov.spec.model import Spec as Spec
    from dbprov.spec.reader import load as load
    from dbprov.spec.reader import parse as parse

_HOMES = {
    "audit.log": ("Journal",),
    "commands.apply": ("Applied", "apply"),
    "commands.render": ("scripts",),
    "commands.connect": ("handouts", "servers"),
    "commands.plan": ("Planned", "compare"),
    "commands.verify": ("check", "prove"),
    "connections.strings": ("as_env", "as_json", "as_text"),
    "engines": ("Check",),
    "errors": ("DbprovError",),
    "passwords.secret": ("Secret",),
    "spec.model": ("Deployment", "Spec"),
    "spec.reader": ("load", "parse"),
}
__all__ = [name for names in _HOMES.values() for name in names]


def __getattr__(name: str) -> Any:
    """Each name is imported when it is first used (PEP 562): ``dbprov --help`` loads no driver."""
    from importlib import import_module

    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"dbprov.{home}"), name)
    raise AttributeError(f"module 'dbprov' has no attribute {name!r}")
