"""Whether two servers are one: by their names before they are asked, by what they say once they have answered."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from dbprov.spec.conflicts import Neighbours, conflicts
from dbprov.spec.model import Account, Address, Deployment
from dbprov.spec.server_identity import Running, Same, by_answer, by_name, far, resolved
from tests.support.made import deployment, parsed

HOSTS = {
    "db": {"10.0.0.1"},
    "db.example.com": {"10.0.0.1"},  # a CNAME
    "other": {"10.0.0.2"},
    "many": {"10.0.0.1", "10.0.0.3"},
    "localhost": {"127.0.0.1", "::1"},
    "127.0.0.1": {"127.0.0.1"},
    "this-machine": {"10.0.0.9"},
}


def at(url: str, via: str = "") -> Address:
    text = f"{{server: '{url}', deployments: [{{name: a, database: d, user: u}}]}}"
    return replace(parsed(text).deployments[0].server, via=via)


def named(one: str, other: str, via: str = "", other_via: str = "") -> list[str]:
    """By text alone, and with DNS; in either order."""

    def resolve(host: str) -> frozenset[str]:
        return frozenset(HOSTS.get(host, ()))

    a, b = at(one, via), at(other, other_via)
    assert by_name(a, b) is by_name(b, a)
    assert by_name(a, b, resolve) is by_name(b, a, resolve)
    return [by_name(a, b).value, by_name(a, b, resolve).value]


SAME, ANOTHER, UNKNOWN = (one.value for one in Same)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("postgresql://dba@db/postgres", "postgresql://root@DB.:5432/x?application_name=y", [SAME, SAME]),
        ("mysql://db", "mariadb://dba@db:3306", [SAME, SAME]),
        ("mysql://", "mysql://localhost", [SAME, SAME]),
        ("postgresql://[::1]", "postgresql://a?hostaddr=0:0:0::1", [SAME, SAME]),
        ("postgresql:///x?host=/run/pg", "postgresql:///y?host=/run/pg/", [SAME, SAME]),
        ("postgresql://", "postgresql://", [SAME, SAME]),
        ("postgresql:///?service=a", "postgresql:///?service=a", [SAME, SAME]),
        ("mysql://db", "mysql://other?unix_socket=/s", [UNKNOWN, UNKNOWN]),
        ("mysql://db?unix_socket=/s", "mysql://other?unix_socket=/s", [SAME, SAME]),
        ("postgresql://db", "mysql://db:5432", [ANOTHER, ANOTHER]),
        ("postgresql://db", "postgresql://db:5433", [ANOTHER, ANOTHER]),
        ("postgresql://db", "postgresql://db.example.com", [UNKNOWN, SAME]),
        ("postgresql://db", "postgresql://other", [UNKNOWN, ANOTHER]),
        ("postgresql://db", "postgresql://many", [UNKNOWN, UNKNOWN]),
        ("postgresql://db", "postgresql://not-in-dns", [UNKNOWN, UNKNOWN]),
        ("postgresql://localhost", "postgresql://127.0.0.1", [UNKNOWN, UNKNOWN]),
        ("postgresql://localhost", "postgresql://this-machine", [UNKNOWN, UNKNOWN]),
        ("postgresql:///?service=a", "postgresql://db", [UNKNOWN, UNKNOWN]),
        ("postgresql://", "postgresql://db", [UNKNOWN, UNKNOWN]),
        ("postgresql:///x?host=/run/pg", "postgresql://localhost", [UNKNOWN, UNKNOWN]),
    ],
)  # fmt: skip
def test_by_name(one: str, other: str, expected: list[str]) -> None:
    assert named(one, other) == expected


def test_behind_a_bastion_a_name_is_the_bastions() -> None:
    here, there = "ssh://a", "ssh://b"
    db, near = "postgresql://db", "postgresql://localhost"
    assert named(near, near, here, here) == [SAME, SAME]
    assert named(near, near, here, there) == [UNKNOWN, UNKNOWN]
    assert named(near, near, here) == [UNKNOWN, UNKNOWN]
    assert named(db, "postgresql://db.example.com", here, here) == [UNKNOWN, UNKNOWN]
    assert named(db, "postgresql://db:5433", here, here) == [ANOTHER, ANOTHER]


def test_dns_that_does_not_answer_is_no_error() -> None:
    assert resolved("127.0.0.1") == {"127.0.0.1"}
    assert resolved("a" * 300) == frozenset()
    assert resolved("no such host") == frozenset()


RUN = Running("system 1", "2026-01-01", "port 5432", "10.0.0.1")


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ({}, Same.SAME),
        ({"address": ""}, Same.SAME),  # by a socket, or by loopback
        ({"identifier": ""}, Same.SAME),  # an admin that may not ask
        ({"identifier": "system 2"}, Same.ANOTHER),
        ({"identifier": "system 2", "started": ""}, Same.ANOTHER),
        ({"started": "2026-01-02"}, Same.UNKNOWN),
        ({"named": "port 5433"}, Same.UNKNOWN),
        ({"started": "2026-01-02", "identifier": ""}, Same.UNKNOWN),
        ({"started": ""}, Same.UNKNOWN),
        ({"address": "10.0.0.2"}, Same.UNKNOWN),  # a machine that was cloned while it ran
    ],
)
def test_by_answer(other: dict[str, str], expected: Same) -> None:
    assert by_answer(RUN, replace(RUN, **other)) is expected
    assert by_answer(replace(RUN, **other), RUN) is expected


def test_of_nothing_that_was_said_nothing_is_known() -> None:
    assert by_answer(Running(), Running()) is Same.UNKNOWN


def test_every_machine_is_at_loopback() -> None:
    assert [far(a) for a in (None, "127.0.0.1", "127.8.0.1", "::1", "10.0.0.1")] == [""] * 4 + ["10.0.0.1"]  # fmt: skip


def two(first: str = "", second: str = "") -> tuple[Deployment, Deployment]:
    a = parsed(
        f"{{server: 'postgresql://h', deployments: [{{name: a, database: d, user: u{first}}}]}}"
    )
    b = parsed(
        f"{{server: 'postgresql://g', deployments: [{{name: b, database: e, user: u{second}}}]}}"
    )
    return a.deployments[0], b.deployments[0]


@pytest.mark.parametrize(
    ("first", "second", "whys"),
    [
        (", password: {file: p}", ", password: {file: p}", 0),
        (", password: {file: p}", ", password: {file: x/../p}", 0),
        (", password: {env: P}", ", password: {env: P}", 0),
        (", password: {vault: a/b}", ", password: {vault: a/b, key: password}", 0),
        (", auth: iam", ", auth: iam", 0),
        ("", "", 1),  # in folders that are called like the hosts
        (", password: {file: p}", ", password: {file: q}", 1),
        (", password: {file: p}", ", password: {env: P}", 1),
        (", password: {file: p}", ", auth: iam", 1),
        (
            ", password: {file: p}, rotation: two-users",
            ", password: {file: p}, rotation: two-users",
            0,
        ),
        (", password: {file: p}, rotation: two-users", ", password: {file: p}", 1),
    ],
)
def test_one_user_has_one_place(first: str, second: str, whys: int) -> None:
    a, b = two(first, second)
    assert len(list(conflicts(a, b))) == len(list(conflicts(b, a))) == whys
    both = replace(b, database=a.database)
    assert len(list(conflicts(a, both))) == whys + 1


def test_who_takes_turns_is_a_user_too() -> None:
    a, b = two(", password: {file: p}, rotation: two-users")
    other = replace(b, accounts=(replace(b.accounts[0], name="u_b"),))
    [(why, _)] = conflicts(a, other)
    assert 'the user "u_b"' in why
    assert 'in turns with "u_b"' in why


def test_neighbours_share_a_database_or_a_user() -> None:
    shop = deployment(name="shop")
    same_database = deployment(name="two", user="else")
    same_user = deployment(name="three", database="else")
    neither = deployment(name="four", database="x", user="y")
    elsewhere = deployment("mysql", name="five")
    found = Neighbours([shop, same_database, same_user, neither, elsewhere])
    assert found.of(shop) == [same_database, same_user]
    assert found.of(neither) == []


def test_users_of_mysql_are_told_apart_by_their_host() -> None:
    one = deployment("mysql", name="one", host="10.0.%")
    other = deployment("mysql", name="other", database="else")
    assert Neighbours([one, other]).of(one) == []
    assert isinstance(one.accounts[0], Account)


def test_a_prompt_of_another_way_is_another_one() -> None:
    """One password would be typed, and sent to both."""

    def ask(label: str, confirm: bool = False) -> None:
        raise AssertionError(label)

    text = """deployments:
    - {name: a, server: postgresql://localhost, via: "ssh://a", database: d, user: u, password: {prompt: true}}
    - {name: b, server: postgresql://localhost, via: "ssh://b", database: d, user: u, password: {prompt: true}}"""
    places = [d.accounts[0].place for d in parsed(text, ask).deployments]
    assert places[0] != places[1]
