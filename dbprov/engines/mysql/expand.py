"""What a Deployment is on MySQL: its Items, and what is known of them before anything is tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dbprov.engines.facts import Facts
from dbprov.items import Database, Item, PatternGrant, User
from dbprov.items.label import Label
from dbprov.spec.model import Access, Deployment

NAME = "mysql"
VERSIONS: Mapping[str, str] = {"mysql": "9.7", "mariadb": "11.8"}
BY_YEAR: Mapping[str, tuple[int, ...]] = {"mysql": (26,)}  # from 26.7 on: sent what 9.7 is
OWNERS = False
SCHEMAS = False

ATTRIBUTES = (8, 0, 21)  # the first that keeps attributes of users

ALL = (
    "ALTER", "ALTER ROUTINE", "CREATE", "CREATE ROUTINE", "CREATE TEMPORARY TABLES", "CREATE VIEW",
    "DELETE", "DROP", "EVENT", "EXECUTE", "INDEX", "INSERT", "LOCK TABLES", "REFERENCES", "SELECT",
    "SHOW VIEW", "TRIGGER", "UPDATE",
)  # fmt: skip
PRIVILEGES = {
    Access.ALL: ALL,
    Access.OWNER: ALL,  # MySQL has no owners: whoever may also grant comes nearest
    Access.WRITE: ("DELETE", "EXECUTE", "INSERT", "SELECT", "UPDATE"),
    Access.READ: ("SELECT", "SHOW VIEW"),
}


def expand(deployment: Deployment, facts: Facts) -> list[Item]:
    """The Items of a Deployment in the order in which they must exist."""
    d = deployment
    collation = d.collation or ("utf8mb4_unicode_ci" if d.encoding in (None, "utf8mb4") else None)
    return [
        *(
            User(
                name=a.name, host=a.host, connection_limit=a.connection_limit, place=a.place,
                auth=a.auth,
            )
            for a in d.accounts
        ),
        *_labels(d, facts),
        Database(name=d.database, encoding=d.encoding or "utf8mb4", collation=collation),
        *(
            PatternGrant(
                database=d.database, user=a.name, host=a.host, privileges=PRIVILEGES[a.access],
                grant_option=a.access is Access.OWNER, every=a.access.creates,
            )
            for a in d.accounts
        ),
    ]  # fmt: skip


def _labels(d: Deployment, facts: Facts) -> Iterator[Item]:
    """On users: a database has no room for one, and nothing has any on MariaDB."""
    if d.label is False or facts.flavor == "mariadb" or facts.version < ATTRIBUTES:
        return
    for a in d.accounts:
        yield Label(
            thing="user", name=a.name, host=a.host, text=d.description,
            mine=f"deployment {d.name}", asked=d.label is True,
        )  # fmt: skip


def in_new_database(item: Item, facts: Facts) -> Item | None:
    return None
