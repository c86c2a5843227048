"""What a Deployment is on PostgreSQL.

Its Items, and what is known of them before anything is tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from dbprov.engines.facts import Facts
from dbprov.items import (
    Database,
    DatabaseGrant,
    DefaultGrant,
    Extension,
    Isolation,
    Item,
    Membership,
    ObjectGrant,
    Opening,
    Ownership,
    Schema,
    SchemaGrant,
    SearchPath,
    TokenGrant,
    User,
)
from dbprov.items.label import Label
from dbprov.items.rotation import SecondMember, SecondRole, SecondUser
from dbprov.spec.model import Access, Account, Auth, Deployment

NAME = "postgresql"
VERSIONS: Mapping[str, str] = {"postgresql": "18"}
BY_YEAR: Mapping[str, tuple[int, ...]] = {}
OWNERS = True
SCHEMAS = True  # there are schemas inside a database
OLDEST = (13,)
IAM = "rds_iam"

# What each access means. ALL is spelled out, since what is found is compared with it; MAINTAIN came
# with 17 (T15).
ON_DATABASE = {
    "creates": ("CONNECT", "CREATE", "TEMPORARY"),
    "write": ("CONNECT",),
    "read": ("CONNECT",),
}
ON_SCHEMA = {"creates": ("CREATE", "USAGE"), "write": ("USAGE",), "read": ("USAGE",)}
ON_OBJECTS = {
    "TABLES": {
        "creates": ("DELETE", "INSERT", "REFERENCES", "SELECT", "TRIGGER", "TRUNCATE", "UPDATE"),
        "write": ("DELETE", "INSERT", "SELECT", "UPDATE"),
        "read": ("SELECT",),
    },
    "SEQUENCES": {
        "creates": ("SELECT", "UPDATE", "USAGE"),
        "write": ("SELECT", "USAGE"),
        "read": ("SELECT",),
    },
    "ROUTINES": {"creates": ("EXECUTE",), "write": ("EXECUTE",), "read": ()},
}


def _level(access: Access) -> str:
    return "creates" if access.creates else access.value


def expand(deployment: Deployment, facts: Facts) -> list[Item]:
    """The Items of a Deployment in the order in which they must exist."""
    d = deployment
    owner = next((a.name for a in d.accounts if a.access is Access.OWNER), None)
    creators = [a for a in d.accounts if a.access.creates]
    shared = any(
        a is not b and set(a.schemas) & set(b.schemas) for a in creators for b in d.accounts
    )
    lenders = tuple(a.name for a in creators) if owner or shared else ()
    sealed = d.isolate is not False
    items: list[Item] = []
    for a in d.accounts:
        items.append(
            User(name=a.name, connection_limit=a.connection_limit, place=a.place, auth=a.auth)
        )
        if d.label is not False:
            items.append(_label(d, "user", a.name))
    items += [TokenGrant(role=IAM, user=a.name) for a in d.accounts if a.auth is Auth.IAM]
    items += [item for a in d.accounts if a.second for item in _second(d, a)]
    seconds = tuple(a.name for a in d.accounts if a.second)
    items += [Membership(role=name) for name in dict.fromkeys((*lenders, *seconds))]
    items.append(
        Database(
            name=d.database, encoding=d.encoding or "UTF8", collation=d.collation, sealed=sealed
        )
    )
    lent = (owner,) if owner else ()
    if owner:
        items.append(Ownership(database=d.database, owner=owner, lenders=lent))
        # The admin is not the owner any more, and PUBLIC may be shut out: it keeps a way in, for
        # the next run.
        items.append(
            DatabaseGrant(database=d.database, grantee=None, privileges=("CONNECT",), lenders=lent)
        )
    else:
        items.append(
            DatabaseGrant(
                database=d.database,
                grantee=None,
                privileges=("CONNECT",),
                closed=d.isolate is True,
                beforehand=True,
            )
        )
    for a in d.accounts:
        wanted = ON_DATABASE[_level(a.access)]
        items.append(
            DatabaseGrant(
                database=d.database,
                grantee=a.name,
                privileges=wanted,
                every=a.access.creates,
                closed=d.isolate is True,
                lenders=lent,
            )
        )
    if d.label is not False:
        label = _label(d, "database", d.database, lent)
        items.append(replace(label, with_opening=sealed))
    if sealed:
        items.append(Isolation(database=d.database, asked=d.isolate is True, lenders=lent))
        items.append(Opening(database=d.database, lenders=lent))
    items += [
        SearchPath(user=name, database=d.database, schemas=a.schemas)
        for a in d.accounts
        if a.schemas != ("public",)
        for name in filter(None, (a.name, a.second))  # a role that is taken sets none
    ]
    return items + list(_inside(d, owner, lenders, facts))


def _label(d: Deployment, thing: str, name: str, lenders: tuple[str, ...] = ()) -> Label:
    return Label(
        thing=thing, name=name, text=f"dbprov: {d.description}",
        mine=f"dbprov: deployment {d.name}", asked=d.label is True, lenders=lenders,
    )  # fmt: skip


def _second(d: Deployment, account: Account) -> Iterator[Item]:
    """The user that takes turns with another, and is that one in all that it does."""
    first, second = account.name, account.second
    yield SecondUser(name=second, first=first, connection_limit=account.connection_limit)
    if d.label is not False:
        yield _label(d, "user", second)
    yield SecondMember(name=second, first=first)
    yield SecondRole(name=second, first=first, lenders=(first,))


def _inside(
    d: Deployment, owner: str | None, lenders: tuple[str, ...], facts: Facts
) -> Iterator[Item]:
    made = tuple(schema for schema in d.schemas if schema != "public")
    if made and not owner:
        yield DatabaseGrant(
            inside=d.database,
            database=d.database,
            grantee=None,
            privileges=("CREATE",),
            beforehand=True,
            schemas=made,
        )
    for schema in d.schemas:
        if schema != "public":
            yield Schema(inside=d.database, name=schema, owner=owner, lenders=lenders)
    # Before the users may create anything in a new schema (T84).
    users = tuple(name for a in d.accounts for name in filter(None, (a.name, a.second)))
    for name in d.extensions:
        yield Extension(
            inside=d.database,
            name=name,
            schemas=d.schemas,
            users=users,
            lenders=(owner,) if owner else (),
        )
    pairs = [(schema, a) for schema in d.schemas for a in d.accounts if schema in a.schemas]
    for schema, a in pairs:
        yield SchemaGrant(
            inside=d.database,
            schema=schema,
            grantee=a.name,
            privileges=ON_SCHEMA[_level(a.access)],
            lenders=lenders,
        )
    # The defaults first: what is made between the two statements is then covered by one of them
    # (T23).
    for schema, a in pairs:
        others = [
            c.name for c in d.accounts if c is not a and c.access.creates and schema in c.schemas
        ]
        for creator in (None, *others):
            for objects, privileges in _on_objects(a.access, facts):
                yield DefaultGrant(
                    inside=d.database,
                    schema=schema,
                    objects=objects,
                    creator=creator,
                    grantee=a.name,
                    privileges=privileges,
                    every=a.access.creates,
                    lenders=(creator,) if creator else (),
                )
    for schema, a in pairs:
        for objects, privileges in _on_objects(a.access, facts):
            yield ObjectGrant(
                inside=d.database,
                schema=schema,
                objects=objects,
                grantee=a.name,
                privileges=privileges,
                every=a.access.creates,
                lenders=tuple(name for name in lenders if name != a.name),
            )


def _on_objects(access: Access, facts: Facts) -> Iterator[tuple[str, tuple[str, ...]]]:
    for objects, by_level in ON_OBJECTS.items():
        privileges = by_level[_level(access)]
        if objects == "TABLES" and access.creates and facts.version >= (17,):
            privileges += ("MAINTAIN",)
        if privileges:
            yield objects, privileges


def in_new_database(item: Item, facts: Facts) -> Item | None:
    """What a database that is made from template0 has of an Item, known before it is made."""
    if isinstance(item, ObjectGrant):
        return item  # nothing is in it
    if (
        isinstance(item, SchemaGrant)
        and item.schema == "public"
        and facts.version < (15,)
        and "SUPERUSER" not in facts.rights
    ):
        # public is the bootstrap superuser's, and everybody may create there (T82)
        return replace(
            item,
            privileges=(),
            effective=("CREATE", "USAGE"),
            grantable=False,
            owner="the superuser",
        )
    return None
