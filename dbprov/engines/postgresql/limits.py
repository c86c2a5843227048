"""What an admin, or a server, cannot do on PostgreSQL: known before anything is tried."""

from __future__ import annotations

from typing import Any

from dbprov.engines.engine import Facts, Obstacle
from dbprov.engines.postgresql.expand import IAM, OLDEST, VERSIONS
from dbprov.items import (
    Database,
    DatabaseGrant,
    Isolation,
    Item,
    Membership,
    ObjectOwner,
    Ownership,
    SchemaGrant,
    SearchPath,
    TokenGrant,
    User,
)
from dbprov.items.rotation import Password, SecondMember, SecondUser
from dbprov.items.sessions import Belongings, Lockout, Session
from dbprov.spec.model import Deployment


def obstacle(
    item: Item, verb: str, found: Item | None, facts: Facts, render: Any
) -> Obstacle | None:
    """Known before anything is tried: what this admin cannot do.

    And the statement of whoever can.
    """
    asked = (item, verb, found, facts, render)
    met = _of_the_server(*asked)
    if met or "SUPERUSER" in facts.rights:
        return met
    return _of_attributes(*asked) or _of_roles(*asked) or _of_owners(*asked)


def _of_the_server(
    item: Item, verb: str, found: Item | None, facts: Facts, render: Any
) -> Obstacle | None:
    """What no admin can do there."""
    if isinstance(found, TokenGrant) and not found.there:
        return Obstacle(
            f"the server has no role {IAM}: it is not RDS or Aurora",
            "auth: password in the spec; or name the server on RDS",
            "",
        )
    if isinstance(found, SecondUser) and not found.acts:
        return Obstacle(
            f'role "{found.name}" is there already, and is no member of "{found.first}"',
            "rename it, or, if it is the one to take turns, a superuser",
            render.item(SecondMember(name=found.name, first=found.first), "create"),
        )
    return None


def _of_attributes(
    item: Item, verb: str, found: Item | None, facts: Facts, render: Any
) -> Obstacle | None:
    """What takes an attribute of the admin's role, or the power of a superuser."""
    admin = {"admin": facts.admin}
    if isinstance(found, TokenGrant) and found.captures and verb != "drop":
        return Obstacle(
            f'"{facts.admin}" is a member of "{found.user}", or becomes one when it makes it:'
            f" once that is a member of {IAM} the admin could not log in with its password",
            f'take "{facts.admin}" out of "{found.user}"; leave createrole_self_grant empty',
            "",
        )
    if isinstance(item, (User, Database, SecondUser)) and found is None:
        right = "CREATEDB" if isinstance(item, Database) else "CREATEROLE"
        if right not in facts.rights:
            statement = render.text("remedy/attribute", **admin, attribute=(right,))
            return Obstacle(f'"{facts.admin}" lacks {right}', "a superuser", statement)
    if isinstance(found, Belongings) and verb == "drop" and found.stuck:
        listed = ", ".join(found.stuck[:10]) + (" and more" if len(found.stuck) > 10 else "")
        return Obstacle(
            f'in the name of who gave it "{facts.admin}" cannot revoke: {listed}',
            f"a superuser{f' in database {found.inside}' if found.inside else ''}",
            render.item(item, verb),
        )
    if isinstance(item, Session) and item.means == "none":
        return Obstacle(
            f'"{facts.admin}" has neither the rights of "{item.user}" nor pg_signal_backend,'
            " which ends the sessions of all but superusers",
            "a superuser",
            render.item(item, verb),
        )
    return None


def _of_roles(
    item: Item, verb: str, found: Item | None, facts: Facts, render: Any
) -> Obstacle | None:
    """What takes ADMIN on a role that somebody else made."""
    admin = {"admin": facts.admin}
    if isinstance(found, (User, SearchPath, Lockout, Password)) and not found.administered:
        role = found.name if isinstance(found, User) else found.user
        return Obstacle(
            f'"{facts.admin}" may not alter role "{role}", which somebody else made',
            "a superuser, or who has ADMIN on the role,", render.item(item, verb),
        )  # fmt: skip
    if isinstance(item, Membership) and isinstance(found, Membership):
        if found.external:
            return Obstacle(
                f'"{item.role}" is a member of rds_iam:'
                f' as a member of it "{facts.admin}" could no longer log in with its password',
                "take the access: owner and other users out of the spec",
                "",
            )
        if not found.administered:
            return Obstacle(
                f'"{facts.admin}" may not borrow the rights of "{item.role}",'
                " which somebody else made",
                "a superuser, or who has ADMIN on the role,",
                render.text("remedy/administer", **admin, role=item.role),
            )
    return None


def _of_owners(
    item: Item, verb: str, found: Item | None, facts: Facts, render: Any
) -> Obstacle | None:
    """What takes the rights of an owner."""
    if isinstance(found, ObjectOwner) and not found.grantable:
        return Obstacle(
            f'it belongs to "{found.owner}", whose rights "{facts.admin}" may not borrow',
            "a superuser", render.item(item, verb),
        )  # fmt: skip
    if isinstance(item, Database) and isinstance(found, Database) and not found.grantable:
        return Obstacle(
            f'it belongs to "{found.owner}", and "{facts.admin}" is not a member of that role',
            f'"{found.owner}", or a superuser,', render.item(item, verb),
        )  # fmt: skip
    if isinstance(item, (Ownership, Isolation, DatabaseGrant, SchemaGrant)) and found is not None:
        assert isinstance(found, type(item))
        if not found.grantable and (verb, item.kind) != ("drop", "membership"):
            return Obstacle(
                f'it belongs to "{found.owner}", and "{facts.admin}" is not a member of that role',
                f'"{found.owner}", or a superuser,', render.item(item, verb),
            )  # fmt: skip
    return None


def keeps_old(facts: Facts) -> bool:
    return False  # a role has one password


def misgivings(facts: Facts) -> list[str]:
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


def unfit(deployment: Deployment, facts: Facts) -> list[tuple[str, str]]:
    if any(account.name == facts.admin for account in deployment.accounts):
        return [
            (f'user "{facts.admin}" is the admin itself', "another name for the Deployment's user")
        ]
    if facts.read_only:
        return [("the server is a replica, or read only", "name the server that takes writes")]
    return []
