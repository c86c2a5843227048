"""Reviewed files of all engines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec.structs import replace

from dbprov.items import DatabaseGrant, PatternGrant, User
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


def found_in_part(flavor: str, made: Deployment) -> list[Pair]:
    """The database is there, and the first user, with CONNECT (or SELECT) and nothing else; the limit is another one."""
    pairs: list[Pair] = []
    for item in expanded(made, KNOWN[flavor]):
        there: Any = None
        if item.kind == "database" or (isinstance(item, User) and item.name == "app"):
            there = item
        elif isinstance(item, DatabaseGrant) and item.grantee == "app":
            there = replace(item, privileges=("CONNECT",))
        elif isinstance(item, PatternGrant) and item.user == "app":
            there = replace(item, privileges=("SELECT",))
        elif isinstance(item, User):
            there = replace(item, connection_limit=2)
        pairs.append((item, there))
    return pairs
