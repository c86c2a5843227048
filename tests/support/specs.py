"""Deployments for the tests on servers: with one user, with several, with every kind of access."""

from __future__ import annotations

from typing import Any

TABLES = {
    "postgresql": (
        "CREATE TABLE dag (id serial PRIMARY KEY, name text)",
        "CREATE FUNCTION dag_count() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM dag'",
    ),
    "mysql": ("CREATE TABLE dag (id INTEGER AUTO_INCREMENT PRIMARY KEY, name VARCHAR(20))",),
}


def one(prefix: str, **more: Any) -> dict[str, Any]:
    return {
        "name": "analytics",
        "database": f"{prefix}db",
        **({} if "users" in more else {"user": f"{prefix}app"}),
        **more,
    }


def users(prefix: str) -> list[dict[str, str]]:
    return [
        {"name": f"{prefix}app", "access": "all"},
        {"name": f"{prefix}writer", "access": "write"},
        {"name": f"{prefix}reader", "access": "read"},
    ]


SPECS: dict[str, dict[str, Any]] = {
    "four lines": {},
    "owner": {"access": "owner"},
    "limits": {"connection_limit": 7},
    "isolated": {"isolate": True},
    "left open": {"isolate": False},
    "several": {"users": ["app", "writer", "reader"]},
    "owner and reader": {"users": ["owner", "reader"]},
    "hostile": {"users": ["we\"i`rd_%'$x\\y", "reader"], "database": "we\"i`rd_%'$x\\y=z"},
}


FOR_POSTGRESQL: dict[str, dict[str, Any]] = {
    "split": {"layout": "split"},
    "two users": {"rotation": "two-users", "schemas": ["airflow"]},
    "schemas": {"schemas": ["first one", 'sec"ond'], "access": "owner"},
    "locale": {"collation": "C", "encoding": "UTF8"},
}


def deployment_of(more: dict[str, Any], prefix: str) -> dict[str, Any]:
    made = dict(more)
    if "users" in more:
        levels = {"owner": "owner", "writer": "write", "reader": "read"}
        made["users"] = [
            {"name": prefix + name, "access": levels.get(name, "all")} for name in more["users"]
        ]
    if "database" in more:
        made["database"] = prefix + more["database"]
    return one(prefix, **made)
