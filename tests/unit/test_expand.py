"""Spec to Items: what each access level means on each engine, and in which order things must exist."""

from __future__ import annotations

from typing import Any, TypeVar

import pytest
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
    PatternGrant,
    Schema,
    SchemaGrant,
    SearchPath,
    User,
)
from dbprov.items.label import Label
from tests.support.made import deployment, expanded, facts

T = TypeVar("T", bound=Item)
EVERYTHING = (
    "DELETE",
    "INSERT",
    "REFERENCES",
    "SELECT",
    "TRIGGER",
    "TRUNCATE",
    "UPDATE",
    "MAINTAIN",
)
MYSQL_ALL = (
    "ALTER", "ALTER ROUTINE", "CREATE", "CREATE ROUTINE", "CREATE TEMPORARY TABLES", "CREATE VIEW", "DELETE", "DROP",
    "EVENT", "EXECUTE", "INDEX", "INSERT", "LOCK TABLES", "REFERENCES", "SELECT", "SHOW VIEW", "TRIGGER", "UPDATE",
)  # fmt: skip

POSTGRESQL = {  # access: on the database, the schema, tables, sequences, routines
    "all": (
        ("CONNECT", "CREATE", "TEMPORARY"),
        ("CREATE", "USAGE"),
        EVERYTHING,
        ("SELECT", "UPDATE", "USAGE"),
        ("EXECUTE",),
    ),
    "owner": (
        ("CONNECT", "CREATE", "TEMPORARY"),
        ("CREATE", "USAGE"),
        EVERYTHING,
        ("SELECT", "UPDATE", "USAGE"),
        ("EXECUTE",),
    ),
    "write": (
        ("CONNECT",),
        ("USAGE",),
        ("DELETE", "INSERT", "SELECT", "UPDATE"),
        ("SELECT", "USAGE"),
        ("EXECUTE",),
    ),
    "read": (("CONNECT",), ("USAGE",), ("SELECT",), ("SELECT",), ()),
}
MYSQL = {  # access: on the database, and may it grant them
    "all": (MYSQL_ALL, False),
    "owner": (MYSQL_ALL, True),
    "write": (("DELETE", "EXECUTE", "INSERT", "SELECT", "UPDATE"), False),
    "read": (("SELECT", "SHOW VIEW"), False),
}


def only(kind: type[T], items: list[Item]) -> list[T]:
    return [item for item in items if isinstance(item, kind)]


@pytest.mark.parametrize("access", POSTGRESQL)
def test_postgresql_privileges(access: str) -> None:
    items = expanded(deployment(access=access))
    on_database, on_schema, *on_objects = POSTGRESQL[access]
    every = access in ("all", "owner")
    (database,) = (g for g in only(DatabaseGrant, items) if g.grantee == "app")
    (schema,) = only(SchemaGrant, items)
    assert (database.privileges, database.every) == (on_database, every)
    assert (schema.schema, schema.privileges) == ("public", on_schema)
    wanted = [
        (o, p, every)
        for o, p in zip(("TABLES", "SEQUENCES", "ROUTINES"), on_objects, strict=True)
        if p
    ]
    assert [(g.objects, g.privileges, g.every) for g in only(ObjectGrant, items)] == wanted
    assert [(g.objects, g.privileges, g.every) for g in only(DefaultGrant, items)] == wanted


@pytest.mark.parametrize("access", MYSQL)
def test_mysql_privileges(access: str) -> None:
    items = expanded(deployment("mysql", access=access, host="10.%"))
    (grant,) = only(PatternGrant, items)
    assert (grant.privileges, grant.grant_option) == MYSQL[access]
    assert (grant.user, grant.host, grant.database) == ("app", "10.%", "shop")
    assert [item.kind for item in items] == ["user", "label", "database", "grant"]


def test_maintain_came_with_17() -> None:
    for version, there in ((13,), False), ((16, 4), False), ((17,), True), ((18,), True):
        items = expanded(deployment(), facts(version=version))
        assert all(
            ("MAINTAIN" in g.privileges) is there
            for g in only(ObjectGrant, items)
            if g.objects == "TABLES"
        )
    read = expanded(deployment(access="read"))
    assert not any("MAINTAIN" in g.privileges for g in only(ObjectGrant, read))


def test_the_readmes_spec_in_order() -> None:
    assert [item.kind for item in expanded(deployment())] == [
        "user", "label", "database", "database_grant", "database_grant", "label", "isolation", "opening", "schema_grant",
        "default_grant", "default_grant", "default_grant", "object_grant", "object_grant", "object_grant",
    ]  # fmt: skip


@pytest.mark.parametrize("engine", ["postgresql", "mysql"])
@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"access": "owner"},
        {"users": ["a", {"name": "b", "access": "read"}, {"name": "c", "access": "owner"}]},
        {"isolate": True},
        {"isolate": False},
    ],
)
def test_what_others_need_comes_first(engine: str, keys: dict[str, object]) -> None:
    items = expanded(deployment(engine, **keys))
    kinds = [item.kind for item in items]
    users = max(i for i, kind in enumerate(kinds) if kind == "user")
    database = kinds.index("database")
    assert (
        users
        < database
        < min(
            i
            for i, item in enumerate(items)
            if not isinstance(item, (User, Database, Membership, Label))
        )
    )
    inside = [item.inside is not None for item in items]
    assert inside == sorted(inside), "one visit to the database is enough"
    assert all(item.inside in (None, "shop") for item in items)


def test_the_seal() -> None:
    """A database that dbprov makes cannot be entered before PUBLIC is shut out, unless the spec says isolate: false."""
    for isolate, sealed in (None, True), (True, True), (False, False):
        items = expanded(deployment(isolate=isolate))
        assert [d.sealed for d in only(Database, items)] == [sealed]
        assert [i.asked for i in only(Isolation, items)] == ([isolate is True] if sealed else [])
        assert len(only(Opening, items)) == sealed
        kinds = [item.kind for item in items]
        if sealed:
            assert kinds.index("database") < kinds.index("isolation") < kinds.index("opening")


def test_split() -> None:
    items = expanded(deployment(layout="split", user="shop_airflow"))
    assert [(s.name, s.owner, s.inside) for s in only(Schema, items)] == [
        ("airflow", None, "shop"),
        ("celery", None, "shop"),
    ]
    assert [(p.user, p.schemas) for p in only(SearchPath, items)] == [
        ("shop_airflow", ("airflow",)),
        ("shop_celery", ("celery",)),
    ]
    own = {("airflow", "shop_airflow"), ("celery", "shop_celery")}
    granted = [item for item in items if isinstance(item, (SchemaGrant, ObjectGrant, DefaultGrant))]
    assert {(g.schema, g.grantee) for g in granted} == own, "each is shut out of the other's schema"
    assert not only(Membership, items)


def test_owner() -> None:
    items = expanded(deployment(access="owner", schemas=["one"]))
    assert [o.owner for o in only(Ownership, items)] == ["app"]
    assert [s.owner for s in only(Schema, items)] == ["app"]
    assert [m.role for m in only(Membership, items)] == ["app"]
    admins = [g for g in only(DatabaseGrant, items) if g.grantee is None]
    assert [g.privileges for g in admins] == [("CONNECT",)], "the admin keeps a way in"
    after = items[items.index(only(Ownership, items)[0]) :]
    assert all(
        item.lenders == ("app",)
        for item in after
        if item.inside is None and not isinstance(item, SearchPath)
    )
    assert all("app" not in g.lenders for g in only(ObjectGrant, items)), (
        "what it grants itself it need not lend"
    )


def test_default_privileges_are_for_every_role_that_may_create() -> None:
    users = ["one", {"name": "two", "access": "owner"}, {"name": "three", "access": "read"}]
    items = expanded(deployment(users=users))
    creators = {(g.creator, g.grantee) for g in only(DefaultGrant, items) if g.objects == "TABLES"}
    assert creators == {
        (None, "one"),
        (None, "two"),
        (None, "three"),
        ("one", "two"),
        ("one", "three"),
        ("two", "one"),
        ("two", "three"),
    }
    assert all(g.lenders == ((g.creator,) if g.creator else ()) for g in only(DefaultGrant, items))
    order = [item.kind for item in items]
    assert order.index("object_grant") > max(
        i for i, kind in enumerate(order) if kind == "default_grant"
    ), "defaults first (T23)"


def test_limits_encodings_and_collations() -> None:
    (user,) = only(User, expanded(deployment(connection_limit=5)))
    assert user.connection_limit == 5
    (database,) = only(Database, expanded(deployment()))
    assert (database.encoding, database.collation) == ("UTF8", None)
    (database,) = only(Database, expanded(deployment(encoding="LATIN1", collation="de_DE")))
    assert (database.encoding, database.collation) == ("LATIN1", "de_DE")
    for keys, made in (
        ({}, ("utf8mb4", "utf8mb4_unicode_ci")),
        ({"encoding": "utf8mb4"}, ("utf8mb4", "utf8mb4_unicode_ci")),
        ({"encoding": "latin1"}, ("latin1", None)),
        ({"collation": "utf8mb4_bin"}, ("utf8mb4", "utf8mb4_bin")),
    ):
        (database,) = only(Database, expanded(deployment("mysql", **keys)))
        assert (database.encoding, database.collation) == made


def test_several_schemas() -> None:
    items = expanded(deployment(schemas=["one", "public"]))
    assert [s.name for s in only(Schema, items)] == ["one"], "public is there"
    assert [g.schema for g in only(SchemaGrant, items)] == ["one", "public"]
    assert [p.schemas for p in only(SearchPath, items)] == [("one", "public")]
    assert not only(SearchPath, expanded(deployment())), "public is where everybody works already"


def test_extensions_come_before_anybody_may_create_in_a_new_schema() -> None:
    """T84"""
    made = deployment(schemas=["one", "public"], extensions=["b", "a"], rotation="two-users")
    items = expanded(made)
    found = only(Extension, items)
    assert [(e.name, e.inside, e.schemas) for e in found] == [
        ("b", "shop", ("one", "public")),
        ("a", "shop", ("one", "public")),
    ], "in the order of the spec: one may need another"
    assert found[0].users == ("app", "app_b")
    at = [item.kind for item in items]
    assert at.index("schema") < at.index("extension") < at.index("schema_grant")
    owned = expanded(deployment(access="owner", extensions=["a"]))
    assert [e.lenders for e in only(Extension, owned)] == [("app",)]
    assert not only(Extension, expanded(deployment()))


@pytest.mark.parametrize("engine", ["postgresql", "mysql"])
def test_every_item_says_what_it_is(engine: str) -> None:
    users = ["one", {"name": "two", "access": "owner"}, {"name": "three", "access": "read"}]
    more = {"schemas": ["s"], "extensions": ["e"]} if engine == "postgresql" else {}
    items = expanded(deployment(engine, users=users, **more))
    said = [str(item) for item in items]
    assert len(set(said)) == len(said)
    assert all(item.satisfied_by(item) for item in items)


# -- labels ----------------------------------------------------------------------------------------------------------------


def labels(engine: str = "postgresql", known: Facts | None = None, **keys: object) -> list[Label]:
    return only(Label, expanded(deployment(engine, **keys), known))


def test_what_is_labelled() -> None:
    assert [(one.thing, one.name, one.text) for one in labels()] == [
        ("user", "app", "dbprov: deployment analytics of deployment.yaml"),
        ("database", "shop", "dbprov: deployment analytics of deployment.yaml"),
    ]
    assert [one.asked for one in labels(label=True)] == [True, True]
    assert labels(label=False) == []
    assert [(one.thing, one.host, one.text) for one in labels("mysql", host="10.%")] == [
        ("user", "10.%", "deployment analytics of deployment.yaml")
    ]
    assert labels("mysql", facts("mysql", (8, 0, 20))) == []
    assert labels("mysql", facts("mariadb"), label=True) == []


MINE = "dbprov: deployment analytics of deployment.yaml"


@pytest.mark.parametrize(
    ("asked", "found", "satisfied", "said"),
    [
        (False, {"text": MINE}, True, 0),
        (False, {"text": ""}, True, 0),  # what was there before is left
        (False, {"text": "", "sealed": True}, False, 0),  # a run that was killed made it
        (False, {"text": "ask Ann"}, True, 0),
        (False, {"text": "dbprov: deployment other of x.yaml"}, True, 1),
        (True, {"text": ""}, False, 0),
        (True, {"text": "", "administered": False}, True, 1),
        (True, {"text": "ask Ann"}, True, 1),
        (True, {"text": "dbprov: deployment analytics of old.yaml"}, False, 0),
        (True, {"text": "dbprov: deployment analytics"}, False, 0),
        (True, {"text": "dbprov: deployment analytics2 of deployment.yaml"}, True, 1),
    ],
)
def test_what_a_label_leaves(
    asked: bool, found: dict[str, Any], satisfied: bool, said: int
) -> None:
    wanted = labels(label=True if asked else None)[1]
    there = replace(wanted, **found)
    assert wanted.satisfied_by(there) is satisfied
    assert len(wanted.remarks(there)) == said
