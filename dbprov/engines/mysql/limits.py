"""What an admin, or a server, cannot do on MySQL and MariaDB: known before anything is tried."""

from __future__ import annotations

from typing import Any

from dbprov.engines.engine import Facts, Obstacle
from dbprov.items import Database, Item, PatternGrant, User
from dbprov.items.rotation import OldPassword, Password
from dbprov.items.sessions import Lockout, Session
from dbprov.spec.model import Deployment


def obstacle(
    item: Item, verb: str, found: Item | None, facts: Facts, render: Any
) -> Obstacle | None:
    """Known before anything is tried.

    Where roles or grants on databases may give the admin more, the server decides.
    """
    if not facts.rights_known:
        return None
    if isinstance(item, Session) and item.means == "none":
        return Obstacle(
            f'"{facts.admin}" lacks CONNECTION_ADMIN (on MariaDB CONNECTION ADMIN)',
            "an admin who has it, or SUPER,",
            render.item(item, verb),
        )
    needed: frozenset[str] = frozenset()
    if isinstance(item, (User, Lockout, Password, OldPassword)):
        needed = frozenset({"CREATE USER"})
    elif isinstance(item, Database):
        needed = frozenset({"DROP" if verb == "drop" else "CREATE"})
    elif isinstance(item, PatternGrant):
        needed = frozenset(item.privileges)
    lacking = tuple(sorted(needed - facts.rights))
    grants = isinstance(item, PatternGrant) and not facts.grant_option
    if not lacking and not grants:
        return None
    user, _, host = facts.admin.rpartition("@")
    statement = render.text(
        "remedy/privileges", privileges=lacking or tuple(needed), admin=user, host=host
    )
    lacks = (
        ", ".join(lacking)
        + (" and " if lacking and grants else "")
        + ("the GRANT OPTION" if grants else "")
    )
    return Obstacle(
        f'"{facts.admin}" lacks {lacks}: nobody can grant what they do not have',
        "an admin who has them",
        statement,
    )


def keeps_old(facts: Facts) -> bool:
    """Does an old password stay valid beside the new one? Not on MariaDB."""
    return facts.flavor == "mysql" and facts.version >= (8, 0, 14)


def misgivings(facts: Facts) -> list[str]:
    if facts.flavor == "mariadb":
        return [f"this is MariaDB {facts.version_text}: Airflow does not support MariaDB"]
    if facts.version < (8, 0):
        return [
            f"MySQL {facts.version_text} is older than 8.0,"
            " which is the oldest that dbprov and Airflow know"
        ]
    return []


def advice(facts: Facts) -> list[tuple[str, str, str]]:
    found = []
    if (
        facts.settings.get("log_bin") == "ON"
        and facts.settings.get("log_bin_trust_function_creators") == "OFF"
    ):
        found.append(
            (
                "lets users create functions",
                "the binary log is on, and log_bin_trust_function_creators is off",
                "set log_bin_trust_function_creators = 1 before Airflow is upgraded from 2 to 3:"
                " the upgrade creates a function, fails half way without it,"
                " and cannot be repeated",
            )
        )
    if facts.settings.get("explicit_defaults_for_timestamp") == "OFF":
        found.append(
            (
                "has explicit_defaults_for_timestamp on",
                "it is off",
                "set explicit_defaults_for_timestamp = 1: Airflow asks for it",
            )
        )
    return found


def unfit(deployment: Deployment, facts: Facts) -> list[tuple[str, str]]:
    found = []
    if any(f"{account.name}@{account.host}" == facts.admin for account in deployment.accounts):
        found.append(
            (f'user "{facts.admin}" is the admin itself', "another name for the Deployment's user")
        )
    if facts.settings.get("alone"):
        found.append(
            (
                f'"{facts.admin}" sees no account but its own: which users there are is hidden',
                "give it the privilege SELECT on the schema mysql, or name another admin",
            )
        )
    if facts.read_only:
        found.append(("the server is a replica, or read only", "name the server that takes writes"))
    if (
        facts.settings.get("lower_case_table_names", "0") != "0"
        and deployment.database != deployment.database.lower()
    ):
        found.append(
            (
                "the server folds names of databases to lower case (lower_case_table_names),"
                f' and "{deployment.database}" is not',
                f"name the database {deployment.database.lower()}",
            )
        )
    return found
