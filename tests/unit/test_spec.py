"""A spec is read whole, or every mistake in it is told, each with its place."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator
from msgspec.structs import replace

from dbprov.errors import PlaceError, SpecError
from dbprov.passwords import Place
from dbprov.passwords.aws import AwsPlace
from dbprov.passwords.command import CommandPlace
from dbprov.passwords.env import EnvPlace
from dbprov.passwords.file import FilePlace
from dbprov.passwords.prompt import PromptPlace
from dbprov.passwords.secret import Secret
from dbprov.passwords.vault import VaultPlace
from dbprov.spec import keys, reader, schema
from dbprov.spec.model import Access, Address, Tls
from dbprov.spec.reader import from_flags
from tests.support.made import FOLDER, HOSTILE, deployment, mistakes, parsed

README = """\
server: postgresql://dba@db.example.com:5432/postgres
deployments:
  - name: analytics
    database: analytics_airflow
    user: analytics_airflow
"""
SERVER = "server: postgresql://dba@h/postgres\n"
MYSQL = "server: mysql://dba@h\n"
ONE = "deployments: [{name: a, database: d, user: u}]\n"


def with_keys(keys: str, server: str = SERVER, user: str = "user: u, ") -> str:
    return f"{server}deployments:\n- {{name: a, database: d, {user}{keys}}}"


# -- good ones -------------------------------------------------------------------------------------------------------------


def test_the_four_lines() -> None:
    made = parsed(README)
    assert made.source == "deployment.yaml"
    (one,) = made.deployments
    assert one.server == Address("postgresql", "dba", "db.example.com", 5432, "postgres")
    assert one.tls == Tls()
    assert (one.name, one.database, one.layout, one.schemas) == (
        "analytics",
        "analytics_airflow",
        "shared",
        ("public",),
    )
    assert (one.isolate, one.encoding, one.collation, one.publish_host, one.publish_port) == (
        None,
    ) * 5
    (account,) = one.accounts
    assert (account.name, account.access, account.host, account.connection_limit) == (
        "analytics_airflow",
        Access.ALL,
        "%",
        None,
    )
    assert isinstance(account.place, FilePlace)
    assert account.place.path == FOLDER / ".dbprov/db.example.com_5432/analytics_airflow"
    assert account.place.kept_out_of_git == FOLDER / ".dbprov"
    assert str(account.place) == "file .dbprov/db.example.com_5432/analytics_airflow"


def test_everything_said() -> None:
    one = deployment(
        server="postgresql://dba@h:5433/postgres", tls={"mode": "require"}, encoding="UTF8", collation="en_US.UTF-8",
        isolate=True, schemas=["one", "two"], extensions=["pg_trgm"], publish={"host": "bouncer", "port": 6432},
        users=[
            "first",
            {"name": "second", "access": "read", "connection_limit": 3, "password": {"env": "SECOND"}},
            {"name": "third", "access": "write", "password": {"file": "third.txt"}},
        ],
    )  # fmt: skip
    assert one.tls == Tls("require", given=True)
    assert (one.encoding, one.collation, one.isolate) == ("UTF8", "en_US.UTF-8", True)
    assert one.extensions == ("pg_trgm",)
    assert (one.schemas, one.publish_host, one.publish_port) == (("one", "two"), "bouncer", 6432)
    first, second, third = one.accounts
    assert (first.access, second.access, third.access) == (Access.ALL, Access.READ, Access.WRITE)
    assert second.connection_limit == 3
    assert second.place == EnvPlace("SECOND")
    assert isinstance(third.place, FilePlace)
    assert (third.place.path, third.place.kept_out_of_git) == (FOLDER / "third.txt", None)
    assert all(account.schemas == ("one", "two") for account in one.accounts)


def test_several_servers() -> None:
    made = parsed(
        "server: postgresql://h\ntls: {mode: require}\ndeployments:\n"
        "- {name: a, database: d, user: u}\n"
        "- {name: b, database: d, user: u, server: 'mysql://h', tls: {mode: disable}}\n"
        "- {name: c, database: e, user: u}\n"
    )
    assert [d.server.engine for d in made.deployments] == ["postgresql", "mysql", "postgresql"]
    assert [d.tls.mode for d in made.deployments] == ["require", "disable", "require"]
    assert [[d.name for d in on_one] for on_one in made.servers().values()] == [["a", "c"], ["b"]]


def test_split_makes_its_second_user() -> None:
    one = deployment(layout="split", user="shop_airflow")
    assert one.schemas == ("airflow", "celery")
    assert [(a.name, a.schemas) for a in one.accounts] == [
        ("shop_airflow", ("airflow",)),
        ("shop_celery", ("celery",)),
    ]
    assert one.metadata_account().name == "shop_airflow"
    assert one.result_account().name == "shop_celery"
    assert [a.name for a in deployment(layout="split", user="shop").accounts] == [
        "shop",
        "shop_celery",
    ]


def test_who_airflow_is() -> None:
    """The first user that may create: Airflow makes its own tables."""
    one = deployment(users=[{"name": "r", "access": "read"}, {"name": "o", "access": "owner"}, "a"])
    assert one.metadata_account().name == "o"
    assert one.result_account().name == "o"
    assert deployment(users=[{"name": "r", "access": "read"}]).metadata_account().name == "r"


def test_a_prompt_is_not_asked_before_it_is_needed_and_only_once() -> None:
    asked: list[str] = []

    def ask(label: str) -> Secret:
        asked.append(label)
        return Secret("typed")

    (one,) = parsed(with_keys("password: {prompt: true}"), ask).deployments
    place = one.accounts[0].place
    assert isinstance(place, PromptPlace)
    assert asked == []
    assert (place.read(), place.read()) == (place.kept[place.label],) * 2
    assert asked == ['Password of user "u" on postgresql://dba@h:5432']
    assert {one: "a deployment is a key wherever servers and handouts are looked up"}


def test_nothing_is_a_default() -> None:
    """A key without a value says as much as no key."""
    left_out = "tls: null, password: ~, access: null, connection_limit: null, isolate: null, schemas: null, layout: null, publish: null"
    assert parsed(with_keys(left_out)) == parsed(with_keys(""))


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("postgresql://dba@h:1/p", Address("postgresql", "dba", "h", 1, "p")),
        ("postgres://dba@h/p", Address("postgresql", "dba", "h", 5432, "p")),
        ("mysql://dba@h", Address("mysql", "dba", "h", 3306, "")),
        ("mariadb://dba@h", Address("mysql", "dba", "h", 3306, "")),
        ("postgresql://", Address("postgresql", "", "", 5432, "")),
        ("postgresql://d%40b%3Aa@h/a%2Fb", Address("postgresql", "d@b:a", "h", 5432, "a/b")),
        ("postgresql://a@corp@h", Address("postgresql", "a@corp", "h", 5432, "")),
        ("postgresql://dba@[::1]:5433/p", Address("postgresql", "dba", "::1", 5433, "p")),
        ("postgresql://dba@[fe80::1]", Address("postgresql", "dba", "fe80::1", 5432, "")),
        (
            "postgresql:///p?host=/run/pg&port=5433",
            Address(
                "postgresql", "", "/run/pg", 5433, "p", (("host", "/run/pg"), ("port", "5433"))
            ),
        ),
        ("postgresql://dba@%2Frun%2Fpg/p", Address("postgresql", "dba", "/run/pg", 5432, "p")),
        (
            "mysql://dba@/?unix_socket=/run/my.sock",
            Address("mysql", "dba", "/run/my.sock", 3306, "", (("unix_socket", "/run/my.sock"),)),
        ),
    ],
)
def test_urls_of_servers(url: str, address: Address) -> None:
    assert parsed(f"server: '{url}'\n{ONE}").deployments[0].server == address


@pytest.mark.parametrize(
    ("host", "local"),
    [("", True), ("localhost", True), ("127.0.0.1", True), ("127.1.2.3", True), ("::1", True), ("/run/pg", True),
     ("db.example.com", False), ("10.0.0.1", False), ("localhost.example.com", False)],
)  # fmt: skip
def test_what_stays_on_this_machine(host: str, local: bool) -> None:
    assert Address("postgresql", "dba", host, 5432, "").local is local


@pytest.mark.parametrize(
    ("engine", "host", "options", "local"),
    [
        ("postgresql", "127.0.0.1.example.com", {}, False),  # anybody's name
        ("postgresql", "127.evil.example", {}, False),
        ("postgresql", "db.example.com", {"hostaddr": "127.0.0.1"}, False),  # the near end of a tunnel
        ("postgresql", "db.example.com", {"unix_socket": "/run/my.sock"}, False),
        ("mysql", "db.example.com", {"unix_socket": "/run/my.sock"}, True),
        ("mysql", "", {"hostaddr": "10.0.0.1"}, False),
        ("postgresql", "", {"hostaddr": "10.0.0.1"}, False),
        ("postgresql", "/run/pg", {"hostaddr": "10.0.0.1"}, False),  # libpq goes to the address
        ("postgresql", "localhost", {"hostaddr": "::1"}, True),
    ],
)  # fmt: skip
def test_the_name_in_the_spec_says_what_is_near(
    engine: str, host: str, options: dict[str, str], local: bool
) -> None:
    assert Address(engine, "dba", host, 1, "", tuple(options.items())).local is local


def test_addresses_print_without_a_database() -> None:
    assert str(Address("postgresql", "dba", "::1", 5432, "p")) == "postgresql://dba@[::1]:5432"
    assert str(Address("mysql", "", "h", 1, "p")) == "mysql://h:1"


@pytest.mark.parametrize("engine", ["postgresql", "mysql"])
def test_hostile_names_are_taken(engine: str) -> None:
    one = deployment(engine, database=HOSTILE, user=HOSTILE)
    assert (one.database, one.accounts[0].name) == (HOSTILE, HOSTILE)
    place = one.accounts[0].place
    assert isinstance(place, FilePlace)
    assert place.path.parent == FOLDER / f".dbprov/db.example.com_{one.server.port}"


@pytest.mark.parametrize(
    ("users", "files"),
    [
        (["../../etc", "a/b", "."], ["%2E%2E%2F%2E%2E%2Fetc", "a%2Fb", "%2E"]),
        (["a", "A", "a "], ["a", "A", "a "]),
    ],
)
def test_no_user_leaves_the_folder_of_passwords(users: list[str], files: list[str]) -> None:
    places = [a.place for a in deployment(users=users).accounts]
    assert [p.path.name for p in places if isinstance(p, FilePlace)] == files
    assert {p.path.parent for p in places if isinstance(p, FilePlace)} == {
        FOLDER / ".dbprov/db.example.com_5432"
    }


def test_two_hosts_of_one_mysql_user_have_two_places() -> None:
    one = deployment("mysql", users=[{"name": "u", "host": "10.%"}, {"name": "u"}])
    assert len({str(a.place) for a in one.accounts}) == 2


# -- mistakes --------------------------------------------------------------------------------------------------------------

MISTAKES = [
    ("", ["1:1 the spec is empty"]),
    ("# nothing", ["1:1 the spec is empty"]),
    ("5", ["1:1 this is not a mapping"]),
    ("- a", ["1:1 this is not a mapping"]),
    (SERVER, ["1:1 deployments is missing"]),
    (SERVER + "deployments:", ["2:13 deployments is empty"]),
    (SERVER + "deployments: []", ["2:14 deployments is empty"]),
    (SERVER + "deployments: 5", ["2:14 this is not a list"]),
    (SERVER + "deployments: [5]", ["2:15 this is not a mapping", "2:15 no user is named"]),
    (SERVER + "deployments: [null]", ["2:15 this is not a mapping", "2:15 no user is named"]),
    (ONE, ["1:1 no server is named"]),
    ("server:\n" + ONE, ["1:1 no server is named"]),
    (SERVER + ONE + "deploymnts: 5", ["3:1 'deploymnts' is not known here"]),
    (SERVER + ONE + "deploymnts:\n  - {name: b}\n", ["3:1 'deploymnts' is not known here"]),
    (SERVER + SERVER + ONE, ["2:1 server stands twice"]),
    (with_keys("name: b"), ["3:35 name stands twice"]),
    ("? {a: b}\n: c\n" + SERVER + ONE, ["1:3 this cannot be a key"]),
    ("a: &x [*x]\n" + SERVER + ONE, ["1:8 this holds itself", "1:1 'a' is not known here"]),
    ("server: [\n", ["2:1 this is not YAML"]),
    ("a: b\n---\nc: d", ["2:1 a second document begins here"]),
    ("server: !!int x\n" + ONE, ["1:9 the tag !!int does not fit this value", "1:1 no server is named"]),
    # names
    (SERVER + "deployments: [{name: a}]", ["2:15 database is missing", "2:15 no user is named"]),
    (SERVER + "deployments: [{name: null, database: ~, user: null}]",
     ["2:22 name is empty", "2:38 database is empty", "2:15 no user is named"]),
    (SERVER + "deployments: [{name: '', database: '', user: ''}]",
     ["2:22 this is empty", "2:36 this is empty", "2:46 this is empty"]),
    (SERVER + "deployments: [{name: a b, database: d, user: u}]", ["2:22 'a b' cannot name files and secrets"]),
    (SERVER + "deployments: [{name: 5, database: 6, user: 7}]",
     ["2:22 5 is not text to YAML", "2:35 6 is not text to YAML", "2:44 7 is not text to YAML"]),
    (SERVER + "deployments: [{name: a, database: no, user: u}]", ["2:35 False is not text to YAML"]),
    (SERVER + "deployments: [{name: a, database: postgres, user: u}]",
     ["2:35 database 'postgres': this database belongs to the server or its provider"]),
    (SERVER + 'deployments: [{name: a, database: "a\\nb", user: u}]', ["2:35 this holds a line break or a control character"]),
    (SERVER + "deployments: [{name: a, database: d, user: pg_u}]",
     ["2:44 user 'pg_u': names that begin with pg_ belong to the server"]),
    (SERVER + "deployments: [{name: a, database: d}]", ["2:15 no user is named"]),
    (with_keys("", user="user: ''"), ["3:32 this is empty"]),
    (with_keys("", user="users: [{name: ''}]"), ["3:41 this is empty"]),
    # types
    (with_keys("isolate: 1"), ["3:44 1 is neither true nor false"]),
    (with_keys("isolate: {a: hunter2}"), ["3:44 a mapping is neither true nor false"]),
    (with_keys("connection_limit: many"), ["3:53 'many' is not a number from 1 to 2147483647"]),
    (with_keys("connection_limit: 0"), ["3:53 0 is not a number from 1 to 2147483647"]),
    (with_keys("connection_limit: true"), ["3:53 True is not a number from 1 to 2147483647"]),
    (with_keys("access: some"), ["3:43 'some' is not known here"]),
    (with_keys("access: [all]"), ["3:43 a list is not known here"]),
    (with_keys("layout: wide"), ["3:43 'wide' is not known here"]),
    (with_keys("schemas: airflow"), ["3:44 this is not a list"]),
    (with_keys("schemas: []"), ["3:44 schemas is empty"]),
    (with_keys("schemas: [a, a]"), ["3:44 schemas has a name twice"]),
    (with_keys("schemas: [5]"), ["3:45 5 is not text to YAML"]),
    (with_keys("extensions: pg_trgm"), ["3:47 this is not a list"]),
    (with_keys("extensions: [a, a]"), ["3:47 extensions has a name twice"]),
    (with_keys(f"extensions: [{'a' * 64}]"), [f"3:48 extension '{'a' * 64}': PostgreSQL cuts names at 63 bytes of UTF-8"]),
    (with_keys("encoding: 'UTF8; x'"), ["3:45 'UTF8; x' is no encoding"]),
    (with_keys("collation: 5"), ["3:46 5 is not text to YAML"]),
    (with_keys('collation: "a\\n"'), ["3:46 this holds a line break or a control character"]),
    (with_keys("publish: here"), ["3:44 this is not a mapping"]),
    (with_keys("publish: {host: 5, port: 0}"), ["3:51 5 is not text to YAML", "3:60 0 is not a number from 1 to 65535"]),
    (with_keys("tls: {mode: maybe, allow_cleartext: 5}"), ["3:47 'maybe' is not known here", "3:71 5 is neither true nor false"]),
    # passwords
    (with_keys("password: hunter2"), ["3:45 a password is never in the spec"]),
    (with_keys("password: {}"), ["3:45 a password has one place"]),
    (with_keys("password: {env: A, file: b}"), ["3:45 a password has one place"]),
    (with_keys("password: {env: hunter-2}"), ["3:51 this cannot name an environment variable"]),
    (with_keys("password: {prompt: hunter2}"), ["3:54 prompt is not true"]),
    (with_keys("password: {prompt: false}"), ["3:54 prompt is not true"]),
    (with_keys("password: {command: pass}"), ["3:55 this is not a list"]),
    (with_keys("password: {command: []}"), ["3:55 command is empty"]),
    (with_keys("password: {command: [a, 5]}"), ["3:59 this is not text to YAML"]),
    (with_keys("password: {command: [a], timeout: 0}"), ["3:69 this is not a number from 1 to 3600"]),
    (with_keys("password: {env: A, region: eu-west-1}"), ["3:62 region does not belong to env"]),
    (with_keys("password: {vault: a/b, store: [x]}"), ["3:65 store does not belong to vault"]),
    (with_keys("password: {key: password}"), ["3:45 a password has one place"]),
    (with_keys("password: {aws: a, region: Ireland}"), ["3:62 this is no region"]),
    (with_keys("password: {vault: analytics}"), ["3:53 this is no path of a secret with its mount first"]),
    (with_keys("password: {vault: a/b, address: 'https://token@vault'}"), ["3:67 this is no address of Vault"]),
    (with_keys("rotation: three-users"), ["3:45 'three-users' is not known here"]),
    (with_keys("rotation: two-users", MYSQL), ["3:45 rotation is for PostgreSQL: MySQL keeps an old password valid by itself"]),
    (with_keys("rotation: two-users, password: {prompt: true}"), ["3:45 with rotation: two-users the password has a place that dbprov can write"]),
    (with_keys("users: [{name: a, rotation: two-users}, a_b]", user=""), ["3:34 user 'a_b' takes turns with this one, and stands here too"]),
    (with_keys("admin: {}"), ["3:42 password is missing"]),
    (with_keys("admin: {password: hunter2}"), ["3:53 a password is never in the spec"]),
    (with_keys('password: {file: "a\\0b"}'), ["3:52 this holds a line break or a control character"]),
    # users
    (with_keys("users: [v]"), ["3:32 user and users are both given"]),
    (with_keys("users: [v], access: read", user=""), ["3:46 access and users are both given"]),
    (with_keys("users: []", user=""), ["3:33 users is empty"]),
    (with_keys("users: v", user=""), ["3:33 this is not a list"]),
    (with_keys("users: [v, {name: v}]", user=""), ["3:37 user 'v' stands twice in this deployment"]),
    (with_keys("users: [{name: 5}, v, v]", user=""),
     ["3:41 5 is not text to YAML", "3:48 user 'v' stands twice in this deployment"]),
    (with_keys("users: [{access: read}]", user=""), ["3:34 name is missing"]),
    (with_keys("users: [5]", user=""), ["3:34 this is not a mapping"]),
    (with_keys("host: 10.%"), ["3:41 host of a user is for MySQL"]),
    (with_keys("layout: split, schemas: [a]"), ["3:59 layout: split has the schemas airflow and celery"]),
    (with_keys("users: [v], layout: split", user=""), ["3:33 layout: split has 1 users"]),
    (with_keys("layout: split", user="user: 5, "), ["3:32 5 is not text to YAML"]),
    # MySQL
    (with_keys("layout: split", MYSQL), ["3:43 layout is for PostgreSQL: MySQL has no schemas inside a database"]),
    (with_keys("schemas: [a]", MYSQL), ["3:44 schemas is for PostgreSQL: MySQL has no schemas inside a database"]),
    (with_keys("extensions: [a]", MYSQL), ["3:47 extensions is for PostgreSQL: MySQL has none in a database"]),
    # servers
    ("server: h\n" + ONE, ["1:9 the server is not a URL of an engine that dbprov knows"]),
    ("server: oracle://h\n" + ONE, ["1:9 the server is not a URL of an engine that dbprov knows"]),
    ("server: postgresql://dba@2001:db8::1:5432/p\n" + ONE, ["1:9 the host in the server's URL has several colons"]),
    ("server: postgresql://a,b/p\n" + ONE, ["1:9 the server's URL names several hosts"]),
    ("server: postgresql://h:x/p\n" + ONE, ["1:9 the port in the server's URL is not a number from 1 to 65535"]),
    ("server: postgresql://h:65536\n" + ONE, ["1:9 the port in the server's URL is not a number from 1 to 65535"]),
    ("server: postgresql://h:0\n" + ONE, ["1:9 the port in the server's URL is not a number from 1 to 65535"]),
    ("server: postgresql:///p?port=x\n" + ONE, ["1:9 the port in the server's URL is not a number from 1 to 65535"]),
    ("server: postgresql://h?sslmode=verify-full\n" + ONE, ["1:9 the server's URL says how to use TLS"]),
    ("server: postgresql://h?sslcert=a.pem\n" + ONE, ["1:9 the server's URL says how to use TLS"]),
    ("server: mysql://h?hostaddr=tunnel\n" + ONE, ["1:9 hostaddr in the server's URL is no IP address"]),
    ("server: mysql://localhost?hostaddr=10.0.0.5\n" + ONE, ["1:9 the server's URL names this machine, and a hostaddr of another one"]),
    ("server: mysql://h?unix_socket=/run/a\nvia: ssh://b\n" + ONE, ["2:6 the server is a socket, which is on this machine"]),
    # TLS; of what its files are, test_tls.py
    (with_keys("tls: {mode: verify-ca}"), ["3:47 verify-ca without a ca takes every certificate that any public CA signed"]),
    (with_keys("publish: {tls: {cert: /c, key: /k, mode: disable}}"), ["3:57 without TLS no certificate is shown"]),
    (with_keys("publish: {tls: {ca: /ca.pem, mode: require}}"),
     ["3:55 mode require does not look at the server's certificate, nor at a ca"]),
    (with_keys("publish: {tls: {key: /k}}"), ["3:56 a client certificate is cert and key"]),
    (with_keys("publish: {tls: {allow_cleartext: true}}"), ["3:51 'allow_cleartext' is not known here"]),
    ("server: {url: hunter2}\n" + ONE, ["1:9 a mapping is not text to YAML"]),
    # what only the whole shows
    (SERVER + "deployments:\n- {name: a, database: d, user: u}\n- {name: A, database: e, user: u}",
     ["4:3 two deployments are named 'A'"]),
    (SERVER + "deployments:\n- {name: a, database: d, user: u}\n- {name: b, database: d, user: u}",
     ["4:3 two deployments have the database 'd'"]),
    *((f"deployments:\n- {{name: a, database: d, user: u, server: '{one}'}}\n- {{name: b, database: d, user: v, server: '{other}'}}",
       ["3:3 two deployments have the database 'd'"])
      for one, other in (("postgresql://h", "postgresql://h?application_name=x"), ("postgresql://dba@h", "postgresql://H.:5432/x"),
                         ("postgresql://[::1]", "postgresql://h?hostaddr=0:0::1"),
                         ("mysql://h", "mariadb://root@h"), ("mysql://", "mysql://localhost"))),
    ("deployments:\n- {name: a, database: d, user: u, server: 'mysql://u:p@h'}\n- {name: b, database: d, user: u, server: 'mysql://u:p@g'}",
     ["2:43 the server's URL holds a password", "3:43 the server's URL holds a password"]),
    (with_keys("same_server: true"), ["3:48 same_server is not false"]),
    (with_keys("same_server: 0"), ["3:48 0 is neither true nor false"]),
    ("same_server: 'no'\n" + SERVER + ONE, ["1:14 'no' is neither true nor false"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), MISTAKES)
def test_mistakes(text: str, expected: list[str]) -> None:
    cut = (
        said.partition("YAML:")[0] + "YAML" if "not YAML:" in said else said
        for said in mistakes(text)
    )  # the rest is libyaml's
    assert list(cut) == expected


@pytest.mark.parametrize(
    "url",
    ["postgresql://dba:hunter2@h/p", "mysql://dba:hunter2@h", "postgresql://dba:@h", "postgresql://dba:hunter2/x@h", "postgresql://dba:9/hunter2@h",
     "postgresql://dba:hunter2?x@h", "postgresql://h?password=hunter2", "postgresql://h?sslpassword=hunter2"],
)  # fmt: skip
def test_passwords_in_urls_are_refused_and_not_shown(url: str) -> None:
    with pytest.raises(SpecError) as caught:
        parsed(f"server: '{url}'\n{ONE}")
    assert [m.what for m in caught.value.mistakes] == ["the server's URL holds a password"]
    assert "hunter2" not in f"{caught.value} {caught.value.as_json()}"


@pytest.mark.parametrize(
    "keys",
    ["password: hunter2", "password: [hunter2]", "password: {env: hunter-2}", "password: {prompt: hunter2}",
     "password: {env: [hunter2]}", "password: {aws: [hunter2]}", "password: {command: hunter2}",
     "password: {aws: a, region: hunter2/}", "password: {vault: hunter2}", "admin: {password: hunter2}",
     "password: {file: {is: hunter2}}", "publish: {host: {x: hunter2}}"],
)  # fmt: skip
def test_no_password_in_the_wrong_place_is_shown(keys: str) -> None:
    with pytest.raises(SpecError) as caught:
        parsed(with_keys(keys))
    assert "hunter" not in f"{caught.value} {caught.value.as_json()}"


def test_all_mistakes_at_once() -> None:
    """Also those of a deployment whose server is wrong, and those that follow another in the same deployment."""
    said = mistakes(
        "server: oracle://h\n"
        "tls: {mode: 5}\n"
        "deployments:\n"
        "- name: a b\n"
        "  database: ''\n"
        "  user: 5\n"
        "  isolate: 1\n"
        "  encoding: ' '\n"
        "  collation: 2\n"
        "  publish: {port: 3.5}\n"
        "- {name: b, database: postgres, users: [{name: x, access: y}, {nme: z}], server: 'postgresql://h'}\n"
    )
    assert [words.split()[0] for words in said] == [
        "1:9", "2:13", "4:9", "5:13", "6:9", "7:12", "8:13", "9:14", "10:19", "11:23", "11:59", "11:64", "11:63",
    ]  # fmt: skip


def test_a_mistake_says_where_what_and_what_would_be_right() -> None:
    with pytest.raises(SpecError) as caught:
        parsed(with_keys("acces: read"))
    assert (
        str(caught.value)
        == "the spec has 1 mistake\ndeployment.yaml:3:35: 'acces' is not known here\n  right: access?"
    )
    assert caught.value.exit_code == 2
    assert caught.value.as_json()["what"] == "the spec has 1 mistake"


def test_every_mistake_says_what_would_be_right() -> None:
    for text, _ in MISTAKES:
        with pytest.raises(SpecError) as caught:
            parsed(text)
        assert all(m.right and "Given(" not in str(m) for m in caught.value.mistakes)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="there is no such file"):
        reader.load(tmp_path / "none.yaml")
    with pytest.raises(SpecError, match="cannot be read"):
        reader.load(tmp_path)


# -- flags -----------------------------------------------------------------------------------------------------------------


def test_flags_say_the_same_as_a_file() -> None:
    flags = {
        "server": "postgresql://dba@h/postgres", "name": "a", "database": "d", "user": "u", "access": "owner",
        "schemas": ("one", "two"), "extensions": ("pg_trgm",), "isolate": False, "connection_limit": 5, "encoding": "UTF8", "collation": "C",
        "password": {"env": "P"}, "tls": {"mode": "require"}, "publish": {"host": "b", "port": 1}, "host": None, "layout": None,
    }  # fmt: skip
    file = with_keys(
        "access: owner, schemas: [one, two], extensions: [pg_trgm], isolate: false, connection_limit: 5, encoding: UTF8, collation: C,"
        " password: {env: P}, publish: {host: b, port: 1}",
        SERVER + "tls: {mode: require}\n",
    )
    [one], [same] = from_flags(flags, FOLDER).deployments, parsed(file).deployments
    assert one == replace(same, source="flags")
    assert from_flags(flags, FOLDER).source == "flags"


def test_places_of_passwords() -> None:
    users = [
        {"name": "one", "password": {"command": ["pass", "show", "x"], "timeout": 3}},
        {"name": "two", "password": {"aws": "n", "region": "eu-west-1", "key": "k"}},
        {"name": "three", "password": {"vault": "secret/a/b"}},
    ]
    [one] = parsed(with_keys(f"users: {json.dumps(users)}", user="")).deployments
    folder = ".dbprov/h_5432/one.new"
    beside = FilePlace(FOLDER / folder, folder, FOLDER / ".dbprov")
    expected: list[Place] = [
        CommandPlace(("pass", "show", "x"), FOLDER, beside, (), 3),
        AwsPlace("n", "eu-west-1", "k"),
        VaultPlace("secret/a/b", "password", None),
    ]
    assert [account.place for account in one.accounts] == expected
    assert [account.place.writable for account in one.accounts] == [False, True, True]


def test_the_admins_password_is_the_servers_or_the_deployments() -> None:
    text = (
        SERVER + "admin: {password: {env: A}}\ndeployments:\n"
        "- {name: a, database: a, user: a}\n- {name: b, database: b, user: b, admin: {password: {vault: s/b}}}\n"
    )
    made = parsed(text)
    expected: list[Place | None] = [EnvPlace("A"), VaultPlace("s/b")]
    assert [d.admin for d in made.deployments] == expected
    assert len(made.servers()) == 2


def test_mistakes_in_flags_name_the_flag() -> None:
    flags = {
        "server": "postgresql://a:hunter2@h",
        "name": "a b",
        "password": {"env": "-"},
        "publish": {"port": 0},
        "user": "u",
    }
    with pytest.raises(SpecError) as caught:
        from_flags(flags, FOLDER)
    assert [m.place for m in caught.value.mistakes] == [
        "--server",
        "flags",
        "--name",
        "--password-env",
        "--publish-port",
    ]


# -- how a user logs in ------------------------------------------------------------------------------------------------


def test_auth() -> None:
    made = deployment(auth="iam").accounts[0]
    assert made.auth == "iam"
    assert made.place.read() is None
    with pytest.raises(PlaceError, match="has no password"):
        made.place.fill()
    assert deployment().accounts[0].auth == "password"
    assert deployment().with_passwords == deployment().accounts
    assert deployment(auth="iam").with_passwords == ()


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("auth: token", "'token' is not known here"),
        ("auth: iam, password: {env: P}", "there is no password"),
        ("auth: iam, access: owner", "borrow its rights"),
    ],
)
def test_what_iam_cannot_be(keys: str, words: str) -> None:
    assert any(words in mistake for mistake in mistakes(with_keys(keys))), mistakes(with_keys(keys))


def test_iam_and_others() -> None:
    """The admin is never lent the rights of a user of IAM; where it would need none, it may stand beside others."""
    two = "users: [{name: a, auth: iam}, {name: b, access: read}]"
    assert any("borrow its rights" in mistake for mistake in mistakes(without_user(two)))
    for fine in (
        "users: [{name: a}, {name: b, access: read, auth: iam}]",
        "layout: split, users: [{name: a, auth: iam}, {name: b, auth: iam}]",
    ):
        assert mistakes(without_user(fine)) == []


def without_user(keys: str) -> str:
    return f"server: postgresql://h\ndeployments: [{{name: a, database: d, {keys}}}]"


# -- the schema for editors ------------------------------------------------------------------------------------------------

SCHEMA = schema.document()

GOOD = [
    README,
    SERVER + ONE,
    MYSQL + ONE,
    "deployments: [{name: a, database: d, user: u, server: 'postgresql://h'}]",
    "server: null\ndeployments: [{name: a, database: d, user: u, server: 'postgresql://h'}]",
    with_keys("access: owner, schemas: [one, two], isolate: false, connection_limit: 5, encoding: UTF8, collation: C"),
    with_keys("tls: {mode: verify-full, allow_cleartext: true}, publish: {host: b, port: 1}"),
    with_keys(", ".join(f"{key}: null" for key in keys.DEPLOYMENT.keys if key not in ("name", "database", "user"))),
    with_keys("password: {env: P}"),
    with_keys("password: {env: P, file: null}"),
    with_keys("password: {file: ../p.txt}"),
    with_keys("password: {prompt: true}"),
    with_keys("password: {command: [pass, show, x], store: [pass, insert, -m, x], timeout: 5}"),
    with_keys("password: {aws: airflow/analytics, region: us-gov-west-1, key: password}"),
    with_keys("password: {aws: a, region: null, vault: null, timeout: ~}"),
    with_keys("password: {vault: kv/team/analytics, key: pw, address: 'https://vault:8200'}"),
    with_keys("admin: {password: {vault: secret/dba}}"),
    with_keys("rotation: two-users"),
    with_keys("extensions: [pg_trgm, uuid-ossp]"),
    with_keys("rotation: null"),
    with_keys("users: [{name: b, rotation: two-users, password: {vault: a/b}}]", user=""),
    SERVER + "admin: {password: {env: A}}\n" + ONE,
    SERVER + "admin: null\n" + ONE,
    with_keys("same_server: false"),
    with_keys("same_server: null"),
    "same_server: false\n" + SERVER + ONE,
    with_keys("layout: split"),
    with_keys("layout: split, users: [a, b]", user=""),
    with_keys("users: [a, {name: b, access: read, password: {env: P}, connection_limit: 1}]", user=""),
    with_keys("host: 10.0.%", MYSQL),
    *(f"server: '{url}'\n{ONE}" for url in (
        "postgresql://", "mysql://dba@h", "mariadb://h:1", "postgresql://a@corp%40x@h/x", "postgresql://u@[::1]:1/x?a=b",
        "postgresql:///p?host=/run/pg", "postgresql://u@h/a%20b")),
]  # fmt: skip

ONLY_THE_PARSER = (
    "stands twice", "this holds itself", "a second document", "the tag !!", "this is not YAML", "cannot be read", "this cannot be a key",
    "belong to the server", "belongs to the server", "is for MySQL", "is for PostgreSQL", "there is no file", "several hosts",
    "the port in", "two deployments", "takes turns with", "that dbprov can write", "a client certificate is", "cuts names", "does not look at", "verify-ca without",
    "holds no", "no certificate is shown", "names this machine", "the server is a socket", "no IP address", "have the same database", "is not text to YAML: a date",
)  # fmt: skip
"""What a JSON Schema cannot say: of one YAML text, of two values at once, of an engine."""


def _valid(text: str) -> bool:
    return bool(Draft202012Validator(SCHEMA).is_valid(yaml.safe_load(text)))


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("text", GOOD)
def test_schema_and_parser_take_the_same(text: str) -> None:
    assert mistakes(text) == []
    assert _valid(text)


@pytest.mark.parametrize(
    "text",
    [text for text, said in MISTAKES if not any(w in s for w in ONLY_THE_PARSER for s in said)],
)
def test_schema_and_parser_refuse_the_same(text: str) -> None:
    assert mistakes(text)
    assert not _valid(text)


def test_the_schema_describes_every_key_and_allows_no_other() -> None:
    everything = [SCHEMA, *SCHEMA["$defs"].values()]
    assert len(everything) == len(list(schema.mappings(keys.SPEC)))
    for one in everything:
        assert one["additionalProperties"] is False
        assert all(len(key["description"]) > 8 for key in one["properties"].values())


def test_a_password_in_the_url_hides_no_other_mistake() -> None:
    text = "server: postgresql://dba:pw@h\ndeployments: [{name: a, database: d, user: pg_x}]\n"
    assert len(mistakes(text)) == 2


LEAKING = (
    "password: 2024-99-99-hunter2", "password: {hunter2}", "password: {hunter2, hunter2}", "password: {hunter2: {hunter2: 1}}",
    "pasword: hunter2", "passwrd: {hunter2}", "pwd: 'hunter2'", "secret: hunter2", "password:hunter2", "password=hunter2: 1",
    "password: *hunter2", "password: !hunter2 x", "password: !hunter2!x y", "password: !<tag:hunter2> x", "password: [hunter2",
    "password: 'hunter2", "password: \"hunter2", "password: %hunter2", "password: hunter2: x", "password: &a [*a, hunter2]",
    "password: {[hunter2]: x}", "password: {{hunter2}: x}", "password: `hunter2`", "password: @hunter2", "password: !!int hunter2",
    "pasword: !!int hunter2", "password: {timeout: hunter2, command: [a]}", "password: {timeout: 'hunter2', command: [{hunter2}]}",
    "admin: hunter2", "admin: {hunter2}", "admin: {hunter2, hunter2}", "admin: {password: hunter2}", "admin: {password: {hunter2}}",
    "password: {vault: a/b, address: 'https://u:hunter2@h'}", "password: {file: x, hunter2: 3}", "password: !!binary hunter2",
    "server: 'postgresql://x:hunter2@h'", "via: 'ssh://x:hunter2@h'", "access: 'postgresql://x:hunter2@h'", "server: {hunter2: 1}",
    "server: !!int 'postgresql://x:hunter2@h'", "connection_limit: 'postgresql://x:hunter2@h'", "encoding: 'mysql://x:hunter2@h'",
)  # fmt: skip


@pytest.mark.attack(
    "a password in a wrong place of the spec is repeated by the message", on="dbprov"
)
@pytest.mark.parametrize("keys", LEAKING)
def test_no_message_repeats_what_may_be_a_password(keys: str) -> None:
    text = f"{SERVER}deployments:\n- name: a\n  database: d\n  user: u\n  {keys}\n"
    with pytest.raises(SpecError) as caught:
        parsed(text)
    told = f"{caught.value} {caught.value!r} {caught.value.as_json()}"
    assert "hunter" not in told
    assert "2024" not in told
    assert re.search(r"deployment\.yaml:\d+:\d+: \S", told), "where it stands is told"
