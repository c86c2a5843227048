"""Two accounts with one place: a mistake of the spec, with both positions."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbprov.errors import SpecError
from dbprov.spec import reader
from dbprov.spec.model import Spec

TOP = "server: postgresql://dba@db.example.com/postgres\n"


def parsed(text: str, folder: Path) -> Spec:
    return reader.parse(text, "spec.yaml", folder)


def mistakes(text: str, folder: Path) -> list[str]:
    try:
        parsed(text, folder)
    except SpecError as error:
        return [f"{one.place} {one.what}" for one in error.mistakes]
    return []


def two(one: str, other: str, top: str = TOP) -> str:
    """Two users with these passwords; at 6:25 and 7:25."""
    return (
        f"{top}deployments:\n- name: a\n  database: d\n  users:\n"
        f"  - {{name: u, password: {one}}}\n  - {{name: v, password: {other}}}\n"
    )


SAME = {
    "one file": ("{file: pw}", "{file: pw}"),
    "one file by two paths": ("{file: pw}", "{file: ./x/../pw}"),
    "one file through a link": ("{file: pw}", "{file: link/pw}"),
    "one file by a link": ("{file: here}", "{file: named}"),
    "one file by a hard link": ("{file: here}", "{file: second}"),
    "the draft of a file": ("{file: pw}", "{file: pw.new}"),
    "the draft of a file, first": ("{file: pw.new}", "{file: pw}"),
    "the place of a user without one": ("~", "{file: .dbprov/db.example.com_5432/u}"),
    "the draft of a user without a place": ("{file: .dbprov/db.example.com_5432/v.new}", "~"),
    "one variable": ("{env: P}", "{env: P}"),
    "the draft of a variable": ("{env: P}", "{env: P_NEW}"),
    "one secret": ("{aws: s, region: eu-west-1}", "{aws: s, region: eu-west-1}"),
    "one secret by its ARN": ("{aws: team/s, region: eu-west-1}", "{aws: 'arn:aws:secretsmanager:eu-west-1:1:secret:team/s-AbCd12'}"),
    "one secret, of a region that is not said": ("{aws: s, region: eu-west-1}", "{aws: s}"),
    "a secret and a key of it": ("{aws: s, region: eu-west-1, key: k}", "{aws: s, region: eu-west-1}"),
    "one secret of Vault": ("{vault: kv/s}", "{vault: kv/s/, key: password}"),
    "one secret of one Vault": ("{vault: kv/s, address: 'https://v:8200/'}", "{vault: kv/s, address: 'https://V:8200'}"),
    "the draft of a key": ("{vault: kv/s}", "{vault: kv/s, key: password_next}"),
    "one program": ("{command: [pass, show, x]}", "{command: [pass, show, x], timeout: 5}"),
    "one program that stores": ("{command: [a], store: [b]}", "{command: [c], store: [b]}"),
    "the draft of a program's": ("{command: [a], store: [b]}", "{file: .dbprov/db.example.com_5432/u.new}"),
}  # fmt: skip


@pytest.mark.attack("give two users one place, so that a rotation loses a password")
@pytest.mark.parametrize("which", SAME)
def test_two_users_with_one_place(
    which: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VAULT_ADDR", raising=False)
    (tmp_path / "link").symlink_to(".")
    (tmp_path / "here").write_text("pw")
    (tmp_path / "named").symlink_to("here")
    (tmp_path / "second").hardlink_to(tmp_path / "here")
    one, other = SAME[which]
    [said] = mistakes(two(one, other), tmp_path)
    at = "7:5" if other == "~" else "7:25"
    earlier = "6:5" if one == "~" else "6:25"
    assert said.startswith(f"spec.yaml:{at} "), said
    assert f'user "u" on postgresql://dba@db.example.com:5432 (spec.yaml:{earlier})' in said


APART = {
    "files": ("{file: a}", "{file: b}"),
    "none is said": ("~", "~"),
    "variables": ("{env: A}", "{env: B}"),
    "regions": ("{aws: s, region: eu-west-1}", "{aws: s, region: us-east-1}"),
    "keys of one secret": ("{aws: s, key: a}", "{aws: s, key: b}"),
    "secrets that begin alike": ("{aws: s, region: eu-west-1}", "{aws: s-AbCd12, region: eu-west-1}"),
    "keys in Vault": ("{vault: kv/s, key: a}", "{vault: kv/s, key: b}"),
    "Vaults": ("{vault: kv/s, address: 'https://a'}", "{vault: kv/s, address: 'https://b'}"),
    "prompts": ("{prompt: true}", "{prompt: true}"),
    "programs": ("{command: [a, x]}", "{command: [a, y]}"),
}  # fmt: skip


@pytest.mark.parametrize("which", APART)
def test_two_users_with_places_of_their_own(which: str, tmp_path: Path) -> None:
    assert mistakes(two(*APART[which]), tmp_path) == []


def test_one_user_of_two_deployments_has_one_place(tmp_path: Path) -> None:
    text = TOP + "deployments:\n"
    for name, server in (("a", "db.example.com"), ("b", "DB.example.com"), ("c", "db.example.com")):
        text += (
            f"- {{name: {name}, server: 'postgresql://dba@{server}/postgres', database: {name},"
            f" user: u, password: {{file: pw}}}}\n"
        )
    assert mistakes(text, tmp_path) == []
    # Whether another name is another server only the servers know: tests/servers/test_one_server.py.
    assert mistakes(text.replace("DB.example.com", "other.example.com"), tmp_path) == []


def test_an_account_of_another_host_is_another_user(tmp_path: Path) -> None:
    text = two("{file: pw}", "{file: pw}", "server: mysql://dba@h\n").replace(
        "name: v", "name: u, host: 10.%"
    )
    assert 'the password of user "u"@10.%' in mistakes(text, tmp_path)[0]


def test_users_that_take_turns_keep_both_passwords_in_one_place(tmp_path: Path) -> None:
    text = TOP + "deployments: [{name: a, database: d, user: u, rotation: two-users}]"
    assert mistakes(text, tmp_path) == []
    text = two("{file: pw}, rotation: two-users", "{file: pw}")
    assert 'user "v"' in mistakes(text, tmp_path)[0]
    text = TOP + "deployments:\n"
    for name, more in (("a", ", rotation: two-users"), ("b", "")):
        text += f"- {{name: {name}, database: {name}, user: u, password: {{file: pw}}{more}}}\n"
    assert mistakes(text, tmp_path), "what one writes the other takes for its password"


def test_the_two_users_of_a_split_layout(tmp_path: Path) -> None:
    text = TOP + "deployments: [{name: a, database: d, user: u, layout: split, password: {env: P}}]"
    [said] = mistakes(text, tmp_path)
    assert 'user "u_celery"' in said


@pytest.mark.attack("give a user the place of the admin's password")
@pytest.mark.parametrize(
    ("admin", "user", "wrong"),
    [
        ("{file: dba}", "{file: ./dba}", True), ("{file: dba}", "{file: dba.new}", False), ("{file: dba.new}", "{file: dba}", True),
        ("{vault: kv/dba}", "{vault: kv/dba}", True), ("{env: DBA}", "{env: DBA}", True), ("{command: [a]}", "{command: [a]}", True),
        ("{aws: a}", "{aws: a, key: u}", True), ("{aws: a, key: dba}", "{aws: a, key: u}", False),
        ("{env: DBPROV_ADMIN_PASSWORD}", "{env: OTHER}", False),
    ],
)  # fmt: skip
def test_the_admins_place_is_nobody_elses(
    admin: str, user: str, wrong: bool, tmp_path: Path
) -> None:
    text = f"{TOP}admin: {{password: {admin}}}\ndeployments:\n"
    for number, server in enumerate(("one", "two")):
        text += (
            f"- {{name: d{number}, server: 'postgresql://dba@{server}/postgres', database: d,"
            f" user: u{number}, password: {user if number else '{prompt: true}'}}}\n"
        )
    said = mistakes(text, tmp_path)
    assert len(said) == wrong
    for one in said:
        assert one.startswith("spec.yaml:5:")
        assert "the admin on postgresql://dba@one:5432 (spec.yaml:2:19)" in one


@pytest.mark.attack("give a user the variable of the admin's password")
@pytest.mark.parametrize("name", ["DBPROV_ADMIN_PASSWORD", "PGPASSWORD", "MYSQL_PWD", "DBPROV_HOUSTON_TOKEN"])  # fmt: skip
def test_a_variable_with_another_meaning_is_no_users(name: str, tmp_path: Path) -> None:
    text = f"{TOP}deployments: [{{name: a, database: d, user: u, password: {{env: {name}}}}}]"
    [said] = mistakes(text, tmp_path)
    assert "looks for another password" in said
    assert parsed(f"{TOP}admin: {{password: {{env: {name}}}}}\ndeployments: [{{name: a, database: d, user: u}}]", tmp_path)  # fmt: skip
