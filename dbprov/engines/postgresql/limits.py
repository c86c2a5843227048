"""What an admin, or a server, cannot do on PostgreSQL: known before anything is tried."""

from __future__ import annotations

from dbprov.engines.facts import Facts
from dbprov.engines.postgresql.expand import OLDEST, VERSIONS
from dbprov.items import Item
from dbprov.items.item import Need, Obstacle, Statements
from dbprov.spec.model import Deployment

TO_MAKE = {"user": "CREATEROLE", "second_user": "CREATEROLE", "database": "CREATEDB"}

ELSEWHERE = (
    "set it off where it was set on: PGOPTIONS, the server's command line, or its parameters"
)


class Admin:
    def __init__(self, facts: Facts, render: Statements) -> None:
        self.name, self.render, self.rights = facts.admin, render, facts.rights
        self.unlimited = "SUPERUSER" in facts.rights

    def lacks(self, item: Item, verb: str, found: Item | None) -> Obstacle | None:
        right = TO_MAKE.get(item.kind)
        if not right or found is not None or right in self.rights:
            return None
        need = Need(role="", privileges=(right,))
        return Obstacle(f'"{self.name}" lacks {right}', "a superuser", needs=(need,))

    def cannot_end(self, user: str | None) -> tuple[str, str]:
        return (
            f'"{self.name}" has neither the rights of "{user}" nor pg_signal_backend,'
            " which ends the sessions of all but superusers",
            "a superuser",
        )


def keeps_old(facts: Facts) -> bool:
    return False  # a role has one password


def warnings(facts: Facts) -> list[str]:
    if facts.version < OLDEST:
        return [
            f"PostgreSQL {facts.version_text} is older than 13,"
            " which is the oldest that dbprov is tested with"
        ]
    if facts.version[0] > int(VERSIONS["postgresql"]):
        return [
            f"PostgreSQL {facts.version_text} is newer than {VERSIONS['postgresql']},"
            " the newest that dbprov knows"
        ]
    if facts.version < (14,):
        return ["Airflow 3 supports PostgreSQL 14 and newer; Airflow 2 supports 12 to 16"]
    return []


def advice(facts: Facts) -> list[tuple[str, str, str]]:
    return []


def objections(deployment: Deployment, facts: Facts) -> list[tuple[str, str]]:
    if any(account.name == facts.admin for account in deployment.accounts):
        return [
            (f'user "{facts.admin}" is the admin itself', "another name for the Deployment's user")
        ]
    if source := facts.settings.get("read_only_by"):
        why = f"default_transaction_read_only is on for the whole server ({source})"
        statements = facts.settings["to_write"]
        todo = f"a superuser would run:\n{statements}" if statements else ELSEWHERE
        return [(why, todo)]
    if facts.read_only:
        return [("the server is a replica, or read only", "name the server that takes writes")]
    return []
