"""The strings that are handed out: every consumer reads back what went in, and nothing is shown unless told so."""

from __future__ import annotations

import json
import re
import shlex
import string
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.engine import make_url

from dbprov.connections.strings import (
    FORMATS,
    MASK,
    DeploymentConnections,
    as_env,
    as_json,
    as_text,
    connections_of,
)
from dbprov.passwords.secret import Secret
from dbprov.spec.names import objections
from tests.support.made import HOSTILE, deployment

GUIDE = {"user", "pass", "protocol", "host", "port", "db"}
SIGNS = [
    *string.punctuation,
    " ",
    "ü",
    "日",
    "%41",
    "%2F",
    "://",
    "@h:1/",
    "??",
    "#",
    "&x=y",
    "+",
    "$HOME",
    "${x}",
]


def made(engine: str = "postgresql", password: str = "pw", **keys: Any) -> DeploymentConnections:
    return connections_of(deployment(engine, **keys), lambda account: Secret(password))


def check_url(engine: str, user: str, password: str, database: str) -> None:
    url = made(engine, password, user=user, database=database).metadata.url(reveal=True)
    wanted = (user, password, "db.example.com", 5432 if engine == "postgresql" else 3306, database)
    by_sqlalchemy = make_url(url)
    assert (
        by_sqlalchemy.username, by_sqlalchemy.password, by_sqlalchemy.host, by_sqlalchemy.port, by_sqlalchemy.database,
    ) == wanted  # fmt: skip
    assert not by_sqlalchemy.query
    parts = urlsplit(url)
    assert (
        unquote(parts.username or ""), unquote(parts.password or ""), parts.hostname, parts.port, unquote(parts.path[1:]),
    ) == wanted  # fmt: skip
    assert not parts.query + parts.fragment
    if engine == "postgresql":
        libpq = conninfo_to_dict(url)
        assert (
            libpq["user"],
            libpq["password"],
            libpq["host"],
            int(libpq["port"] or 0),
            libpq["dbname"],
        ) == wanted


@pytest.mark.parametrize("engine", ["postgresql", "mysql"])
@pytest.mark.parametrize("sign", SIGNS)
def test_every_sign_survives(engine: str, sign: str) -> None:
    check_url(engine, f"u{sign}v", f"p{sign}q", f"d{sign}e")
    check_url(engine, f"{sign}v", f"{sign}q", f"{sign}e")


@pytest.mark.parametrize("engine", ["postgresql", "mysql"])
@given(data=st.data())
def test_anything_survives(engine: str, data: st.DataObject) -> None:
    text = st.text(
        st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=20
    )
    user = data.draw(text.filter(lambda name: not objections(engine, "user", name)))
    database = data.draw(text.filter(lambda name: not objections(engine, "database", name)))
    check_url(engine, user, data.draw(text), database)


def test_a_database_stands_as_plainly_as_it_can() -> None:
    """SQLAlchemy before 2.1 does not decode it: only what libpq could not read either is encoded."""
    for database, path in (
        ("a-b_c.d", "a-b_c.d"),
        ("a@b:c", "a@b:c"),
        ("ü", "ü"),
        ("a b", "a%20b"),
        ("50%", "50%25"),
        ("a?b#c", "a%3Fb%23c"),
    ):
        assert (
            made(database=database).metadata.url(True)
            == f"postgresql://app:pw@db.example.com:5432/{path}"
        )


@pytest.mark.parametrize(
    ("database", "warned"),
    [("plain", False), ("a-b_c", False), ("a b", True), ("50%", True), ("a?", True), ("a$b", True)],
)
def test_what_a_consumer_cannot_carry_is_told(database: str, warned: bool) -> None:
    said = made(database=database).warnings()
    assert bool(said) is warned
    assert all(database in words for words in said)


@pytest.mark.parametrize(
    ("dba", "url"),
    [
        ("postgresql://dba@[::1]:6/p", "postgresql://app:pw@[::1]:6/shop"),
        ("mysql://dba@[::1]:6", "mysql://app:pw@[::1]:6/shop"),
        (
            "postgresql:///p?host=/run/pg&port=5433",
            "postgresql://app:pw@/shop?host=%2Frun%2Fpg&port=5433",
        ),
        ("postgresql://dba@%2Frun%2Fpg/p", "postgresql://app:pw@/shop?host=%2Frun%2Fpg&port=5432"),
        ("postgresql://", "postgresql://app:pw@/shop?port=5432"),
        (
            "mysql://dba@/?unix_socket=/run/my.sock",
            "mysql://app:pw@localhost:3306/shop?unix_socket=/run/my.sock",
        ),
        (
            "mysql://dba@%2Frun%2Fmy.sock",
            "mysql://app:pw@localhost:3306/shop?unix_socket=/run/my.sock",
        ),
    ],
)
def test_addresses(dba: str, url: str) -> None:
    one = made(server=dba)
    assert one.metadata.url(True) == url
    if dba.startswith("postgresql"):
        libpq = conninfo_to_dict(url)
        assert (libpq.get("host") or "") == one.metadata.host
        assert int(libpq["port"] or 0) == one.metadata.port
    assert make_url(url).database == "shop"


@pytest.mark.parametrize("engine", ["postgresql", "mysql"])
def test_publish_names_another_address_in_what_is_handed_out_and_nowhere_else(engine: str) -> None:
    one = made(engine, publish={"host": "bouncer.svc", "port": 6432})
    assert "@bouncer.svc:6432/" in one.metadata.url(True)
    assert "@bouncer.svc:6432/" in one.as_json(True)["resultBackendConnection"]
    assert "@db.example.com:" in one.metadata.login_url().reveal()
    if engine == "postgresql":
        assert (
            one.as_json(True)["metadataConnectionJson"]["host"],
            one.as_json(True)["metadataConnectionJson"]["port"],
        ) == (
            "bouncer.svc",
            6432,
        )
    assert ":6432/" in made(engine, publish={"port": 6432}).metadata.url(True)


def test_tls_that_the_spec_asks_for_is_handed_out() -> None:
    assert made(tls={"mode": "require"}).metadata.url(True).endswith("/shop?sslmode=require")
    assert "sslmode" not in made().metadata.url(True)


def test_the_login_string_is_the_one_that_is_handed_out() -> None:
    for engine in ("postgresql", "mysql"):
        one = made(engine, "p@ss/w:rd", user=HOSTILE, database="a b").metadata
        assert one.login_url().reveal() == one.url(reveal=True)


def test_json_has_the_guides_keys() -> None:
    document = json.loads(as_json([made()], reveal=True))
    assert set(document) == {"deployments"}
    (one,) = document["deployments"]
    assert list(one) == [
        "name",
        "metadataConnection",
        "resultBackendConnection",
        "metadataConnectionJson",
        "resultBackendConnectionJson",
    ]
    expected = {
        "user": "app",
        "pass": "pw",
        "protocol": "postgresql",
        "host": "db.example.com",
        "port": 5432,
        "db": "shop",
    }
    assert set(expected) == GUIDE
    assert one["metadataConnectionJson"] == one["resultBackendConnectionJson"] == expected
    assert one["metadataConnection"] == "postgresql://app:pw@db.example.com:5432/shop"
    assert one["resultBackendConnection"] == "db+postgresql://app:pw@db.example.com:5432/shop"


def test_json_holds_what_was_said_and_not_how_a_url_writes_it() -> None:
    one = json.loads(
        as_json([made(password="p@s%\"'s", user=HOSTILE, database="a/b?")], reveal=True)
    )["deployments"][0]
    written = one["metadataConnectionJson"]
    assert (written["user"], written["pass"], written["db"]) == (HOSTILE, "p@s%\"'s", "a/b?")


def test_mysql_has_strings_only() -> None:
    one = made("mysql").as_json(True)
    assert (one["metadataConnectionJson"], one["resultBackendConnectionJson"]) == (None, None)
    assert one["metadataConnection"] == "mysql://app:pw@db.example.com:3306/shop"
    assert one["resultBackendConnection"] == "db+mysql://app:pw@db.example.com:3306/shop"
    assert "None" not in as_text([made("mysql")], True)


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"layout": "split"},
        {"users": ["a", {"name": "b", "access": "read"}]},
        {"publish": {"host": "h"}},
    ],
)
def test_db_plus_only_on_the_result_backend(keys: dict[str, Any]) -> None:
    one = made(**keys)
    document = one.as_json(True)
    assert json.dumps(document).count("db+") == 1
    assert document["resultBackendConnection"].startswith("db+postgresql://")
    assert {document[f"{k}ConnectionJson"]["protocol"] for k in ("metadata", "resultBackend")} == {
        "postgresql"
    }


def test_split_hands_each_its_own() -> None:
    one = made(layout="split", user="shop_airflow").as_json(True)
    assert "//shop_airflow:" in one["metadataConnection"]
    assert "//shop_celery:" in one["resultBackendConnection"]
    assert (one["metadataConnectionJson"]["user"], one["resultBackendConnectionJson"]["user"]) == (
        "shop_airflow",
        "shop_celery",
    )
    assert "users" not in one


def test_other_users_are_handed_out_too() -> None:
    one = made(users=["a", {"name": "b", "access": "read"}])
    assert one.as_json(True)["users"] == [
        {"user": "b", "connection": "postgresql://b:pw@db.example.com:5432/shop"}
    ]
    assert "user b: postgresql://b:" in as_text([one], True)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("engine", ["postgresql", "mysql"])
def test_nothing_is_shown_unless_told_so(engine: str, form: str) -> None:
    one = made(engine, "hunter2", users=["a", {"name": "b", "access": "read"}])
    hidden, shown = FORMATS[form]([one], False), FORMATS[form]([one], True)
    assert "hunter2" not in hidden + repr(one)
    assert MASK in hidden
    assert "hunter2" in shown
    assert MASK not in shown
    unknown = connections_of(deployment(engine), lambda account: None)
    assert MASK in FORMATS[form]([unknown], True)


def test_text() -> None:
    form = '{"user": "app", "pass": "***", "protocol": "postgresql", "host": "db.example.com", "port": 5432, "db": "shop"}'
    assert as_text([made(), made("mysql", name="other")], False) == (
        "analytics\n"
        "  metadataConnection: postgresql://app:***@db.example.com:5432/shop\n"
        "  resultBackendConnection: db+postgresql://app:***@db.example.com:5432/shop\n"
        f"  metadataConnectionJson: {form}\n"
        f"  resultBackendConnectionJson: {form}\n"
        "\n"
        "other\n"
        "  metadataConnection: mysql://app:***@db.example.com:3306/shop\n"
        "  resultBackendConnection: db+mysql://app:***@db.example.com:3306/shop\n"
    )


@pytest.mark.parametrize(
    "database",
    ["shop", "o'ps", "a$b", 'a"b', "a`b", "a\\b", "a;b", "a&b", "a(b", "ü", "a!b", "~a", "a*b"],
)
def test_env_is_what_a_shell_reads(database: str) -> None:
    one = made(password="p'$\"x", database=database)
    words = shlex.split(as_env([one], True), comments=True)
    document = one.as_json(True)
    assert words == [
        f"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN={document['metadataConnection']}",
        f"AIRFLOW__CELERY__RESULT_BACKEND={document['resultBackendConnection']}",
    ]


def test_env_is_bare_where_it_can_be() -> None:
    """docker --env-file reads quotes as part of the value: a generated password needs none."""
    text = as_env([made(password="aZ-_09", layout="split")], True)
    assert not re.search(r"['\"\\]", text)
    assert all(re.fullmatch(r"[A-Z_]+=\S+", line) for line in text.splitlines())


def test_env_of_several_says_whose_each_is() -> None:
    text = as_env([made(), made(name="other")], True)
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        "# analytics",
        "# other",
    ]
    assert "#" not in as_env([made()], True)
