"""What an admin, or a server, cannot do on MySQL and MariaDB: known before anything is tried."""

from __future__ import annotations

from dbprov.engines.facts import Facts
from dbprov.engines.mysql.expand import VERSIONS
from dbprov.items import Item
from dbprov.items.item import Need, Obstacle, Statements
from dbprov.spec.model import Deployment

# The calendar versions of MySQL, 26.7 and later, come after 9.7, and count as newer.
TESTED = tuple(map(int, VERSIONS["mysql"].split(".")))
USERS = ("user", "lockout", "password", "old_password")  # kinds that CREATE USER is for


class Admin:
    """Where roles or grants on databases may give it more, the server decides."""

    def __init__(self, facts: Facts, render: Statements) -> None:
        self.name, self.render, self.rights = facts.admin, render, facts.rights
        self.grant_option = facts.grant_option
        self.unlimited = not facts.rights_known

    def lacks(self, item: Item, verb: str, found: Item | None) -> Obstacle | None:
        needed = frozenset(item.passed_on)
        if item.kind in USERS:
            needed = frozenset({"CREATE USER"})
        elif item.kind == "database":
            needed = frozenset({"DROP" if verb == "drop" else "CREATE"})
        lacking = tuple(sorted(needed - self.rights))
        option = bool(item.passed_on) and not self.grant_option
        if not lacking and not option:
            return None
        lacks = " and ".join([", ".join(lacking)] * bool(lacking) + ["the GRANT OPTION"] * option)
        return Obstacle(
            f'"{self.name}" lacks {lacks}: nobody can grant what they do not have',
            "an admin who has them",
            needs=(Need(role="", privileges=lacking or tuple(sorted(needed))),),
        )

    def cannot_end(self, user: str | None) -> tuple[str, str]:
        return (
            f'"{self.name}" lacks CONNECTION_ADMIN (on MariaDB CONNECTION ADMIN)',
            "an admin who has it, or SUPER,",
        )


def keeps_old(facts: Facts) -> bool:
    """Does an old password stay valid beside the new one? Not on MariaDB."""
    return facts.flavor == "mysql" and facts.version >= (8, 0, 14)


def warnings(facts: Facts) -> list[str]:
    if facts.flavor == "mariadb":
        return [f"this is MariaDB {facts.version_text}: Airflow does not support MariaDB"]
    if facts.version < (8, 0):
        return [
            f"MySQL {facts.version_text} is older than 8.0,"
            " which is the oldest that dbprov and Airflow know"
        ]
    if facts.version[:2] > TESTED:
        return [
            f"MySQL {facts.version_text} is newer than {VERSIONS['mysql']},"
            " the newest that dbprov is tested with"
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
    wanted = facts.settings.get("caching_sha2_password_storage_format", "CRYPT5")
    enforced = facts.settings.get("caching_sha2_password_enforce_storage_format") == "ON"
    if enforced and wanted != "CRYPT5":
        found.append(
            (
                "takes hashes of any format",
                f"caching_sha2_password_enforce_storage_format is on, and the format {wanted}:"
                " whoever has a hash of another one must set a new password first (1820)",
                f"for files: dbprov render --password hash --storage-format {wanted}; what apply"
                " sends is stored in that format by the server",
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


def objections(deployment: Deployment, facts: Facts) -> list[tuple[str, str]]:
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
    if facts.settings.get("pxc_strict_mode") == "ENFORCING":
        found.append(
            (
                "this is a Percona XtraDB Cluster with pxc_strict_mode = ENFORCING, which forbids"
                " GET_LOCK, and with it that runs of dbprov wait for each other",
                "while dbprov runs, pxc_strict_mode = MASTER or PERMISSIVE on the node that it uses"
                " (a global variable); all runs use the same node",
            )
        )
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
