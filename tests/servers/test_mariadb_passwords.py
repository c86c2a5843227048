"""MariaDB that looks at passwords takes no hash; and accounts of ed25519. On a server with the plugins of its package."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import pymysql
import pytest
import yaml

from tests import harness
from tests.harness import ServerUnavailable, TestServer, binaries, execute, remove
from tests.harness.report import skip_or_fail
from tests.harness.servers import start_dedicated
from tests.support.password_rules import PASSWORDS, foretold, refused, sets
from tests.support.run import Run
from tests.support.specs import one


@pytest.fixture(scope="module")
def mariadb() -> Iterator[TestServer]:
    """With the plugins that its server package brings."""
    if all(flavor != "mariadb" for flavor, _ in harness.wanted()):
        pytest.skip("DBPROV_TEST_SERVERS names no MariaDB")
    try:
        folder = binaries.plugins("10.11")
        yield start_dedicated("mariadb", "10.11", f"--plugin-dir={folder}")[0]
    except ServerUnavailable as error:
        skip_or_fail(f"no MariaDB with plugins: {error}")


@pytest.fixture
def strict(mariadb: TestServer, tmp_path: Path) -> Iterator[Run]:
    execute(mariadb, "superuser", "INSTALL SONAME 'simple_password_check'")
    yield Run(mariadb, tmp_path, "t_rules_")
    execute(mariadb, "superuser", "UNINSTALL SONAME 'simple_password_check'")
    remove(mariadb, "t_rules_")


def test_mariadb_that_takes_no_hash_gets_the_password_where_nobody_listens(strict: Run) -> None:
    for words in (("apply", "--yes"), ("verify",), ("rotate", "--yes")):
        ended = strict(words[0], "spec.yaml", *words[1:])
        assert ended.returncode == 0, ended.stderr
    url = strict.server.url("admin").replace("127.0.0.1", "0.0.0.0")
    far = {"server": url, "tls": {"mode": "disable"}, "deployments": [one("t_rules_2_")]}
    (strict.folder / "spec.yaml").write_text(yaml.safe_dump(far))
    for words, stream in ((("check",), "stdout"), (("apply", "--yes"), "stderr")):
        ended = strict(words[0], "spec.yaml", *words[1:])
        assert ended.returncode != 0
        assert "neither TLS nor a socket nor loopback" in getattr(ended, stream)
        assert "tls: {mode: require}" in getattr(ended, stream)
        assert "read only" not in ended.stderr
    far["tls"] = {"mode": "disable", "allow_cleartext": True}
    (strict.folder / "spec.yaml").write_text(yaml.safe_dump(far))
    assert strict("apply", "spec.yaml", "--yes").returncode == 0
    execute(strict.server, "superuser", "SET GLOBAL strict_password_validation = OFF")
    try:
        far |= {"tls": {"mode": "disable"}, "deployments": [one("t_rules_3_")]}
        (strict.folder / "spec.yaml").write_text(yaml.safe_dump(far))
        ended = strict("apply", "spec.yaml", "--yes")
        assert ended.returncode == 0, "a hash goes over any connection"
    finally:
        execute(strict.server, "superuser", "SET GLOBAL strict_password_validation = ON")


def test_a_file_of_hashes_on_such_a_server_is_explained(strict: Run) -> None:
    """The words of 1290 hold the option, and no password."""
    from dbprov.engines.mysql.errors import explain, remedy

    hashed = (
        "CREATE USER t_rules_x IDENTIFIED BY PASSWORD '*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19'"
    )
    with pytest.raises(pymysql.Error) as caught:
        execute(strict.server, "admin", hashed)
    code, words = explain(caught.value, secret=True)
    assert (code, words) == ("1290", "the server is running with --strict-password-validation")
    assert "read only" not in remedy(code, words)


SIMPLE: tuple[dict[str, int | str], ...] = (
    {},
    {"minimal_length": 20},
    {"digits": 3, "other_characters": 0},
    {"letters_same_case": 4},
    {"other_characters": 4},
)


def test_simple_password_check(strict: Run) -> None:
    strict.write(password={"env": "APP_PASSWORD"})
    usual: dict[str, int | str] = {
        "minimal_length": 8,
        "digits": 1,
        "letters_same_case": 1,
        "other_characters": 1,
    }
    passwords = (*PASSWORDS, "t_rules_")
    for rules in SIMPLE:
        sets(strict.server, "simple_password_check_", {**usual, **rules})
        assert foretold(strict, passwords) == refused(strict.server, "t_rules_app", passwords), (
            rules
        )
    sets(strict.server, "simple_password_check_", usual)
    ended = strict("check", "spec.yaml", APP_PASSWORD="Ab1Ab1Ab1")
    assert ended.returncode == 1
    assert "simple_password_check_other_characters = 1" in ended.stdout


def test_a_password_that_was_used_before(mariadb: TestServer, tmp_path: Path) -> None:
    run = Run(mariadb, tmp_path, "t_reuse_")
    run.write(password={"env": "APP_PASSWORD"})
    execute(mariadb, "superuser", "INSTALL SONAME 'password_reuse_check'")
    try:
        assert refused(mariadb, "t_reuse_app", ["Ab1-Ab1-"] * 2) == ["Ab1-Ab1-"]
        ended = run("check", "spec.yaml", APP_PASSWORD="Ab1-Ab1-")
        assert ended.returncode == 0, "whether it was used is known to the server alone"
        assert (
            "password_reuse_check takes none that a user of this name has had ever" in ended.stdout
        )
        run.write()
        assert "password_reuse_check" not in run("check", "spec.yaml").stdout, "a new one is new"
    finally:
        execute(mariadb, "superuser", "UNINSTALL SONAME 'password_reuse_check'")
        remove(mariadb, "t_reuse_")


# -- ed25519 -------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def curve(mariadb: TestServer, tmp_path: Path) -> Iterator[Run]:
    """A Deployment whose user somebody has given ed25519, and an admin with it."""
    run = Run(mariadb, tmp_path, "t_curve_")
    run.write(password={"env": "APP_PASSWORD"})
    ended = run("apply", "spec.yaml", "--yes", APP_PASSWORD="Ab1-Ab1-")
    assert ended.returncode == 0, ended.stderr
    execute(mariadb, "superuser", "INSTALL SONAME 'auth_ed25519'")
    via = "IDENTIFIED VIA ed25519 USING PASSWORD('Ab1-Ab1-')"
    execute(mariadb, "superuser", f"ALTER USER t_curve_app {via}")
    execute(mariadb, "superuser", f"CREATE USER t_curve_dba {via}")
    yield run
    remove(mariadb, "t_curve_")
    execute(mariadb, "superuser", "UNINSTALL SONAME 'auth_ed25519'")


@pytest.fixture
def without(tmp_path: Path) -> dict[str, str]:
    """An environment in which PyNaCl is not installed."""
    hidden = tmp_path / "hidden" / "nacl"
    hidden.mkdir(parents=True)
    (hidden / "__init__.py").write_text("raise ImportError\n")
    return {"PYTHONPATH": os.pathsep.join([str(hidden.parent), str(Path(__file__).parents[2])])}


def test_an_account_of_ed25519_without_its_package(curve: Run, without: dict[str, str]) -> None:
    user = curve("verify", "spec.yaml", APP_PASSWORD="Ab1-Ab1-", **without)
    server = curve.server.url("admin").replace(curve.server.user("admin"), "t_curve_dba")
    spec = {"server": server, "deployments": [one("t_curve_")]}
    (curve.folder / "spec.yaml").write_text(yaml.safe_dump(spec))
    admin = curve("plan", "spec.yaml", DBPROV_ADMIN_PASSWORD="Ab1-Ab1-", **without)
    for ended, code in ((user, 1), (admin, 2)):
        said = ended.stdout + ended.stderr
        assert ended.returncode == code
        assert "pip install 'dbprov[ed25519]'" in said
        assert "firewall" not in said


def test_an_account_of_ed25519(curve: Run) -> None:
    if importlib.util.find_spec("nacl") is None:
        pytest.skip("PyNaCl is not installed")
    ended = curve("verify", "spec.yaml", APP_PASSWORD="Ab1-Ab1-")
    assert ended.returncode == 0, ended.stdout
