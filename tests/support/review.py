"""Reviewed files of all engines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec.structs import replace

from dbprov.items import DatabaseGrant, ObjectGrant, PatternGrant, User
from dbprov.plan.steps import Pair
from dbprov.spec.model import Deployment
from tests.support.made import expanded, facts

GOLDEN = Path(__file__).parent.parent / "golden" / "reviewed"


USERS = [{"name": "app", "access": "all"}, {"name": "reader", "access": "read", "connection_limit": 5}]  # fmt: skip


KNOWN = {
    "postgresql": replace(
        facts("postgresql", (16, 14)), admin="dba", identity="system 7575320187435418112"
    ),
    "mysql": replace(
        facts("mysql", (9, 7, 4)), admin="dba@%",
        identity="server_uuid 0a6b1f7e-c7a6-11f0-9d6e-0242ac110002",
    ),
    "mariadb": replace(
        facts("mariadb", (10, 11, 18)), admin="dba@%", identity="host db1:3306"
    ),
}  # fmt: skip


THINGS: dict[str, dict[str, tuple[str, ...]]] = {
    "TABLES": {"public.orders": ("public", "orders"), 'public."a b"': ("public", "a b")},
    "SEQUENCES": {"public.orders_id_seq": ("public", "orders_id_seq")},
    "ROUTINES": {"public.total(integer)": ("public", "total", "pg_catalog", "int4")},
}


def found_in_part(flavor: str, made: Deployment) -> list[Pair]:
    """The database is there, and the first user, with CONNECT (or SELECT) and nothing else, beside tables, a sequence and a routine; the limit is another one."""
    pairs: list[Pair] = []
    for item in expanded(made, KNOWN[flavor]):
        there: Any = None
        if item.kind == "database" or (isinstance(item, User) and item.name == "app"):
            there = item
        elif isinstance(item, DatabaseGrant) and item.grantee == "app":
            there = replace(item, privileges=("CONNECT",))
        elif isinstance(item, PatternGrant) and item.user == "app":
            there = replace(item, privileges=("SELECT",))
        elif isinstance(item, ObjectGrant):
            things = THINGS[item.objects]
            there = replace(
                item,
                lacking=tuple(things),
                things=tuple(things.values()),
                before=("",) * len(things),
            )
        elif isinstance(item, User):
            there = replace(item, connection_limit=2)
        pairs.append((item, there))
    return pairs
