"""What exists, as text that reads back as what was meant."""

from __future__ import annotations

import pytest

from dbprov.spec.model import Access
from dbprov.spec.writer import ExistingUser, ImportedSpec, schemas_of, searched, split, written
from tests.support.made import HOSTILE, deployment, parsed


@pytest.mark.parametrize(("setting", "schemas"), [
    (None, None), ("search_path=airflow", ("airflow",)), ('search_path=a, "My, ""odd"" one", b', ("a", 'My, "odd" one', "b")),
    ('search_path="$user", public', ("$user", "public")),
])  # fmt: skip
def test_search_paths(setting: str | None, schemas: tuple[str, ...] | None) -> None:
    assert searched(setting) == schemas


def test_schemas_that_a_spec_could_name() -> None:
    existing_users = [
        ExistingUser(name="a", search_path=p)
        for p in (None, ("work",), ("$user", "public"), ("a", "a"), ("work",))
    ]
    assert schemas_of(existing_users, "postgresql") == [("public",), ("work",)]


@pytest.mark.parametrize(
    ("user", "levels"),
    [
        (ExistingUser(name="a", owner=True), "owner"),
        (ExistingUser(name="a", owner=False, creates=True), "all"),
        (ExistingUser(name="a", owner=False, writes=True), "all write"),
        (ExistingUser(name="a", owner=False), "all write read"),
        (ExistingUser(name="a", creates=True, grants=True), "owner all"),
        (ExistingUser(name="a", creates=True, grants=False), "all"),
    ],
)
def test_nobody_is_called_less_than_what_they_can_do(user: ExistingUser, levels: str) -> None:
    assert [access.value for access in user.levels()] == levels.split()


def test_the_split_layout_is_tried_with_the_most_rights_first() -> None:
    one = deployment()
    pair = [
        ExistingUser(name="c", search_path=("celery",)),
        ExistingUser(name="a", search_path=("airflow",), owner=True),
    ]
    tried = list(split(one, pair))
    assert [[a.name for a in t.accounts] for t in tried] == [["a", "c"]] * 3
    assert [a.access for a in tried[0].accounts] == [Access.OWNER, Access.ALL]
    assert list(split(one, pair[:1])) == []


@pytest.mark.parametrize(
    "name", ["analytics", HOSTILE[:25], "yes", "null", "123", "a: b #c", "true", "- x", "{x}"]
)
def test_the_text_reads_back(name: str) -> None:
    made = deployment(database=name, users=[{"name": name[:20] + "x", "connection_limit": 5}, {"name": name[:20], "access": "read"}],
                      schemas=[name, "public"], isolate=True, encoding="UTF8", collation="C")  # fmt: skip
    imported = ImportedSpec(
        made,
        {f'"{name[:20]}"': ["line\nbreak"]},
        {"who\nelse": "why\r\nnot"},
        {},
        ("a\u2028remark",),
    )
    text = written(imported, "postgresql://dba@db.example.com/postgres", {"mode": "require"})
    assert 'via: "ssh://a@b"' in written(imported, "postgresql://a@b/c", {}, "ssh://a@b")
    [read] = parsed(text).deployments
    assert (read.name, read.database, read.schemas, read.isolate) == (
        made.name,
        made.database,
        made.schemas,
        True,
    )
    assert [(a.name, a.access, a.connection_limit) for a in read.accounts] == [
        (a.name, a.access, a.connection_limit) for a in made.accounts
    ]
    assert read.tls.mode == "require"


@pytest.mark.parametrize(("resident", "why"), [
    (ExistingUser(name="a"), ""), (ExistingUser(name="a", superuser=True), "superuser"), (ExistingUser(name="a", can_login=False), "log in"),
    (ExistingUser(name="pg_a"), "belong to the server"),
])  # fmt: skip
def test_who_cannot_be_a_user(resident: ExistingUser, why: str) -> None:
    assert why in resident.objection("postgresql")
    assert bool(resident.objection("postgresql")) is bool(why)
