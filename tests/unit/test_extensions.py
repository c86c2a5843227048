"""What stands in the way of an extension, as whom."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from dbprov.engines.postgresql.limits import Admin
from dbprov.items import Extension
from tests.support.made import facts, renderer

WANTED = Extension(inside="shop", name="pg_trgm", schemas=("work", "public"), users=("app",))
DBA = Admin(replace(facts(), admin="dba"), renderer())
SUPERUSER = Admin(replace(facts(), admin="root", rights=frozenset({"SUPERUSER"})), renderer())
BY_HAND = 'CREATE EXTENSION IF NOT EXISTS "pg_trgm" SCHEMA "work"'


def met(admin: Admin, **found: Any) -> tuple[str, str, str] | None:
    there = replace(WANTED, **{"installed": False, **found})
    obstacle = WANTED.obstacle("alter", there, admin)
    return (obstacle.why, obstacle.who, obstacle.statement) if obstacle else None


@pytest.mark.parametrize("admin", [DBA, SUPERUSER])
def test_what_nobody_can_make(admin: Admin) -> None:
    why, who, statement = met(admin, available=False) or ("", "", "")
    assert "pg_available_extensions does not list it" in why
    assert "installs the package" in who
    assert statement == ""
    why, who, statement = met(admin, planters=('"eve"', "PUBLIC")) or ("", "", "")
    assert why.startswith('"eve", PUBLIC may create in schema "work", or has routines')
    assert who == "a superuser, or for a trusted extension who may CREATE in the database,"
    assert statement == (
        'CREATE SCHEMA IF NOT EXISTS "extensions";\n'
        'CREATE EXTENSION IF NOT EXISTS "pg_trgm" SCHEMA "extensions"'
    )
    assert met(admin) is None
    assert met(admin, installed=True, available=False, planters=("PUBLIC",)) is None


def test_what_a_restricted_admin_cannot_make() -> None:
    untrusted = 'it is not a trusted extension, and "dba" is no superuser'
    assert met(DBA, trusted=False) == (untrusted, "a superuser", BY_HAND)
    managed = met(DBA, trusted=False, service="rds_superuser")
    assert managed == (untrusted, 'a superuser, or a member of "rds_superuser",', BY_HAND)
    assert met(DBA, trusted=False, service="rds_superuser", serves=True) is None
    there = replace(WANTED, installed=False, creatable=False, owner="shop_owner")
    obstacle = WANTED.obstacle("alter", there, DBA)
    assert obstacle is not None
    assert obstacle.why == '"dba" may not CREATE in database "shop"'
    [need] = obstacle.needs
    assert (need.role, need.things, need.privileges) == ("shop_owner", (("shop",),), ("CREATE",))
    assert not need.option
    assert met(SUPERUSER, trusted=False, creatable=False) is None


def test_where_an_installed_one_is() -> None:
    for schema in ("work", "public", "pg_catalog"):
        assert WANTED.remarks(replace(WANTED, lies_in=schema)) == []
    [words] = WANTED.remarks(replace(WANTED, lies_in="elsewhere"))
    assert words.startswith('extension "pg_trgm" is in schema "elsewhere"')
    assert WANTED.remarks(replace(WANTED, installed=False)) == []
