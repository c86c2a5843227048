"""MySQL as it differs by version and flavor, where no server of it can be had."""

from __future__ import annotations

import re

import pytest

from dbprov.commands.render import render
from dbprov.engines.engine import of
from dbprov.engines.mysql import auth_plugins
from dbprov.errors import UsageError
from tests.support.made import deployment, facts, parsed

MYSQL = of("mysql")
SPEC = """
server: mysql://dba@db.example.com
deployments:
  - {name: analytics, database: shop, user: app}
"""


@pytest.mark.parametrize(
    ("flavor", "version", "said"),
    [
        ("mysql", (9, 7, 4), False),
        ("mysql", (8, 4, 3), False),
        ("mysql", (26, 7, 0), True),
        ("mysql", (28, 4, 1), True),
    ],
)
def test_a_version_that_no_test_ran_on(flavor: str, version: tuple[int, ...], said: bool) -> None:
    """Calendar versions come after 9.7."""
    warned = MYSQL.limits.warnings(facts(flavor, version))
    assert any("newer than 9.7" in words for words in warned) is said


def test_a_file_for_a_calendar_version() -> None:
    """What 9.7 is sent, with the version in its head."""
    made, newest = (
        render(parsed(SPEC), version=version, flavor="mysql")["analytics"]
        for version in ((26, 7), (9, 7))
    )
    assert re.sub(r"MySQL 26\.7", "MySQL 9.7", made) == newest
    assert "MySQL 26.7" in made


@pytest.mark.parametrize(
    ("mode", "refused"),
    [("ENFORCING", True), ("MASTER", False), ("PERMISSIVE", False), ("DISABLED", False)],
)
def test_a_cluster_that_forbids_locks(mode: str, refused: bool) -> None:
    """Percona XtraDB Cluster: explicit locks are an error in ENFORCING alone."""
    found = MYSQL.limits.objections(deployment("mysql"), facts("mysql", pxc_strict_mode=mode))
    assert any("GET_LOCK" in why and "pxc_strict_mode" in todo for why, todo in found) is refused


def test_a_server_that_takes_hashes_of_one_format() -> None:
    settings = {
        "caching_sha2_password_storage_format": "PBKDF2_SHA512",
        "caching_sha2_password_enforce_storage_format": "ON",
    }
    [(_, why, todo)] = MYSQL.limits.advice(facts("mysql", None, **settings))
    assert "1820" in why
    assert "--storage-format PBKDF2_SHA512" in todo
    settings["caching_sha2_password_enforce_storage_format"] = "OFF"
    assert not MYSQL.limits.advice(facts("mysql", None, **settings))


@pytest.mark.parametrize(("flavor", "version"), [("mysql", (8, 4, 0)), ("mariadb", (11, 8))])
def test_a_format_that_the_server_does_not_know(flavor: str, version: tuple[int, ...]) -> None:
    known = facts(flavor, version, caching_sha2_password_storage_format="PBKDF2_SHA512")
    with pytest.raises(UsageError, match="PBKDF2_SHA512"):
        MYSQL.password_hash.password_verifier(known, None)


def test_plugins_by_which_the_driver_logs_nobody_in(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not auth_plugins.cannot_log_in("caching_sha2_password")
    assert "PyMySQL does not know" in auth_plugins.cannot_log_in("parsec")
    monkeypatch.setattr(auth_plugins, "find_spec", lambda name: None)
    assert "PyNaCl" in auth_plugins.cannot_log_in("ed25519")
    monkeypatch.setattr(auth_plugins, "find_spec", lambda name: object())
    assert not auth_plugins.cannot_log_in("ed25519")
