"""dbprov: databases, users and grants for Airflow Deployments, provisioned and verified.

import dbprov

spec = dbprov.load("deployment.yaml")
with dbprov.servers(spec) as servers:
    for deployment in spec.deployments:
        run = dbprov.apply(deployment, servers[deployment])
        assert run.ok
print(dbprov.as_json(dbprov.connections(spec), reveal=True))
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from dbprov._version import __version__ as __version__

if TYPE_CHECKING:
    from dbprov.audit.log import AuditLog as AuditLog
    from dbprov.commands.adopt import adopt as adopt
    from dbprov.commands.adopt import adopt_all as adopt_all
    from dbprov.commands.adopt import plan_adoption as plan_adoption
    from dbprov.commands.adopt import plan_adoptions as plan_adoptions
    from dbprov.commands.apply import apply as apply
    from dbprov.commands.apply import apply_all as apply_all
    from dbprov.commands.check import check as check
    from dbprov.commands.connections import connections as connections
    from dbprov.commands.drop import drop as drop
    from dbprov.commands.drop import plan_drop as plan_drop
    from dbprov.commands.import_ import import_ as import_
    from dbprov.commands.plan import plan as plan
    from dbprov.commands.plan import plan_all as plan_all
    from dbprov.commands.render import render as render
    from dbprov.commands.rotate import rotate as rotate
    from dbprov.commands.rotate import rotate_all as rotate_all
    from dbprov.commands.rotate_plan import plan_rotation as plan_rotation
    from dbprov.commands.rotate_plan import plan_rotations as plan_rotations
    from dbprov.commands.run import Run as Run
    from dbprov.commands.servers import servers as servers
    from dbprov.commands.verify import verify as verify
    from dbprov.connections.strings import as_env as as_env
    from dbprov.connections.strings import as_json as as_json
    from dbprov.connections.strings import as_text as as_text
    from dbprov.engines.facts import Check as Check
    from dbprov.errors import DbprovError as DbprovError
    from dbprov.passwords.secret import Secret as Secret
    from dbprov.plan.change_owner import Consent as Consent
    from dbprov.plan.drop_survey import DropOptions as DropOptions
    from dbprov.plan.plan import Plan as Plan
    from dbprov.spec.model import Deployment as Deployment
    from dbprov.spec.model import Spec as Spec
    from dbprov.spec.reader import load as load
    from dbprov.spec.reader import parse as parse

_HOMES = {
    "audit.log": ("AuditLog",),
    "commands.adopt": ("adopt", "adopt_all", "plan_adoption", "plan_adoptions"),
    "commands.apply": ("apply", "apply_all"),
    "commands.check": ("check",),
    "commands.connections": ("connections",),
    "commands.drop": ("drop", "plan_drop"),
    "commands.import_": ("import_",),
    "commands.plan": ("plan", "plan_all"),
    "commands.render": ("render",),
    "commands.rotate": ("rotate", "rotate_all"),
    "commands.rotate_plan": ("plan_rotation", "plan_rotations"),
    "commands.run": ("Run",),
    "commands.servers": ("servers",),
    "commands.verify": ("verify",),
    "connections.strings": ("as_env", "as_json", "as_text"),
    "engines.engine": ("Check",),
    "errors": ("DbprovError",),
    "passwords.secret": ("Secret",),
    "plan.change_owner": ("Consent",),
    "plan.drop_survey": ("DropOptions",),
    "plan.plan": ("Plan",),
    "spec.model": ("Deployment", "Spec"),
    "spec.reader": ("load", "parse"),
}
__all__ = [name for names in _HOMES.values() for name in names]


class _Package(ModuleType):
    """The folders plan/ and connections/ do not hide the functions of these names.

    Python sets each folder that is imported as an attribute of this module.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in __all__ and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    """Each name is imported when it is first used (PEP 562): ``dbprov --help`` loads no driver."""
    from importlib import import_module

    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"dbprov.{home}"), name)
    raise AttributeError(f"module 'dbprov' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
