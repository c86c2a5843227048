"""The server's rules for passwords: check says beforehand what the server will say."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import yaml

from tests.harness import TestServer, execute
from tests.support.command import Ended
from tests.support.password_rules import PASSWORDS, foretold, refused, sets
from tests.support.run import Run
from tests.support.specs import one

pytestmark = pytest.mark.sampled("newest")

RULES: tuple[dict[str, int | str], ...] = (
    {},
    {"policy": "LOW"},
    {"length": 12, "special_char_count": 2},
    {"policy": "STRONG", "number_count": 3},
    {"mixed_case_count": 3},
    {"mixed_case_count": 0},
)


def checked(run: Run, password: str, **env: str) -> Ended:
    env = {"APP_PASSWORD": password, **env}
    return run("check", "spec.yaml", **env)


RULE = "keeps the server's rules"


@pytest.fixture
def component(server: TestServer) -> Iterator[None]:
    name = "'file://component_validate_password'"
    execute(server, "superuser", f"INSTALL COMPONENT {name}")
    yield
    execute(server, "superuser", f"UNINSTALL COMPONENT {name}")


@pytest.mark.mysql("mysql")
@pytest.mark.usefixtures("component")
def test_validate_password(run: Run) -> None:
    run.write(password={"env": "APP_PASSWORD"})
    admin = run.server.user("admin")
    sets(run.server, "validate_password.", {"length": 4, "policy": "LOW"})
    assert refused(run.server, f"{run.prefix}x", [admin])
    assert "check_user_name = ON" in checked(run, admin).stdout + checked(run, admin).stderr
    for rules in RULES:
        usual: dict[str, int | str] = {"policy": "MEDIUM", "length": 8, "number_count": 1, "mixed_case_count": 1, "special_char_count": 1}  # fmt: skip
        sets(run.server, "validate_password.", {**usual, **rules})
        assert foretold(run, PASSWORDS) == refused(run.server, f"{run.prefix}x", PASSWORDS), rules
    ended = checked(run, "Abc-Abc-Abc-")
    assert ended.returncode == 1
    assert "validate_password.number_count = 1 (digits; it has 0)" in ended.stdout
    assert "Abc-Abc-Abc-" not in ended.stdout


@pytest.mark.mysql("mysql")
@pytest.mark.usefixtures("component")
def test_a_rule_that_a_generated_password_may_break_is_a_warning(run: Run) -> None:
    assert RULE not in run("check", "spec.yaml").stdout
    sets(run.server, "validate_password.", {"special_char_count": 4})
    ended = run("check", "spec.yaml")
    assert ended.returncode == 0, ended.stdout
    assert "validate_password.special_char_count = 4" in ended.stdout
    assert "it has at least 1" in ended.stdout


@pytest.mark.mysql("mysql")
def test_a_password_that_cannot_be_sent_is_known_beforehand(run: Run) -> None:
    assert run("check", "spec.yaml").returncode == 0  # the admin's password is cached now
    url = run.server.url("admin").replace("127.0.0.1", "0.0.0.0")
    spec = {"server": url, "tls": {"mode": "disable"}, "deployments": [one(run.prefix)]}
    (run.folder / "spec.yaml").write_text(yaml.safe_dump(spec))
    ended = run("check", "spec.yaml")
    assert ended.returncode == 1
    assert "can send new passwords" in ended.stdout
    assert "allow_cleartext: true" in ended.stdout
