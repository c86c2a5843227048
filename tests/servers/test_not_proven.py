"""What cannot be tried from here is a state of its own: no failure, and never among what was verified."""

from __future__ import annotations

import json
import re

import pytest
import yaml

import dbprov
from dbprov.errors import RefusedError
from tests.harness import execute
from tests.support.command import dbprov as command
from tests.support.specs import one, users
from tests.support.walk import Walk

pytestmark = pytest.mark.sampled

ELSEWHERE = "10.0.%"


@pytest.mark.mysql
def test_a_user_that_logs_in_from_elsewhere(walk: Walk, prefix: str) -> None:
    """README's own example: one user of two has a host."""
    more = [{"name": f"{prefix}away", "access": "all", "host": ELSEWHERE}, *users(prefix)[2:]]
    applied = walk.provision(walk.spec(one(prefix, users=more)))
    [check] = [c for c in applied.checks if c.subject == f"{prefix}away"]
    assert (check.state, check.held, check.failed) == ("not proven", False, False)
    assert f"cannot be proven from here, it logs in from {ELSEWHERE};" in check.observed
    assert (applied.ok, applied.proven) == (True, False)
    assert any(c.subject == f"{prefix}reader" and c.state == "ok" for c in applied.checks)


@pytest.mark.mysql
def test_the_command_says_so(walk: Walk, prefix: str) -> None:
    """Exit code 0, and 1 with --require-proof; in text, in JSON, and in the table of several."""
    away = one(prefix, host=ELSEWHERE)
    here = {**one(f"{prefix}b"), "name": "reports"}
    spec = walk.folder / "spec.yaml"
    spec.write_text(yaml.safe_dump({"server": walk.url, "deployments": [away, here]}))
    env = {"DBPROV_ADMIN_PASSWORD": walk.password}
    applied = command("apply", "spec.yaml", "--yes", folder=walk.folder, env=env)
    assert applied.returncode == 0, applied.stderr
    assert "not proven analytics" not in applied.stderr
    assert "is not proven: --require-proof makes this exit code 1" in applied.stderr
    for words, code in ((("verify",), 0), (("verify", "--require-proof"), 1)):
        ended = command(*words, "spec.yaml", folder=walk.folder, env=env)
        assert ended.returncode == code, ended.stdout
        assert f"  not proven {prefix}app: logs in: cannot be proven from here" in ended.stdout
        assert f"  ok {prefix}app" not in ended.stdout
        first, second = ended.stdout.splitlines()[-2:]
        assert first == "analytics 1 not proven"
        assert re.fullmatch(r"reports \d+ ok(, \d+ note)?", second)
        shown = command(*words, "spec.yaml", "--json", folder=walk.folder, env=env)
        document = json.loads(shown.stdout)
        assert (document["ok"], document["proven"]) == (code == 0, False)
        [check] = document["deployments"][0]["checks"]
        assert (check["state"], check["held"]) == ("not proven", False)
        assert [d["proven"] for d in document["deployments"]] == [False, True]


@pytest.mark.mysql
@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "127.%", "127.0.0.0/255.0.0.0", "local%"]
)
def test_a_host_that_is_this_machine(walk: Walk, prefix: str, host: str) -> None:
    """A wrong password is a failure there, and not for another machine to prove."""
    spec = walk.spec(one(prefix, host=host))
    applied = walk.provision(spec)
    assert applied.proven
    execute(walk.server, "superuser", f"ALTER USER '{prefix}app'@'{host}' IDENTIFIED BY 'other'")
    [check] = walk.prove(spec)
    assert (check.state, check.code) == ("failed", "1045")


@pytest.mark.mysql
def test_another_account_takes_its_login(walk: Walk, prefix: str) -> None:
    """From here app@% has the same password: what it can do says nothing of app@10.0.%."""
    walk.monkeypatch.setenv("APP_PASSWORD", "made-by-hand")
    account = f"'{prefix}app'@'%'"
    execute(walk.server, "superuser", f"CREATE USER {account} IDENTIFIED BY 'made-by-hand'")
    execute(walk.server, "superuser", f"GRANT ALL ON `{prefix}db`.* TO {account}")
    spec = walk.spec(one(prefix, host=ELSEWHERE, password={"env": "APP_PASSWORD"}))
    [check] = walk.provision(spec).checks
    assert check.state == "not proven"
    assert f"as {prefix}app@%" in check.observed
    assert account in check.todo


@pytest.mark.mysql
def test_its_password_is_not_rotated_from_here(walk: Walk, prefix: str) -> None:
    """Set and not proven, the old one would be handed out."""
    spec = walk.spec(one(prefix, host=ELSEWHERE))
    walk.provision(spec)
    [deployment] = spec.deployments
    with pytest.raises(RefusedError, match="cannot be rotated from here") as refused:
        walk.each(spec, dbprov.plan_rotation)
    assert ELSEWHERE in refused.value.why
    assert deployment.accounts[0].place.pending() is None
