"""Through a bastion: a real SSH server between dbprov and the server, whose real name verify-full still checks (T70)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.harness.bastion import Bastion, bastion
from tests.servers.command import Ended, dbprov, on_one_of_each, surroundings
from tests.servers.conftest import Walk
from tests.servers.test_apply import one


@pytest.fixture(scope="module")
def gate() -> Iterator[Bastion]:
    with bastion() as made:
        yield made


class Through:
    """The command with an ssh that knows the bastion."""

    def __init__(self, walk: Walk, gate: Bastion, prefix: str) -> None:
        self.walk, self.gate, self.prefix = walk, gate, prefix
        self.env = {
            "PATH": f"{gate.path}:{os.environ['PATH']}",
            "DBPROV_ADMIN_PASSWORD": walk.password,
        }
        self.spec()

    def spec(self, via: str = "", **top: Any) -> None:
        made = {"server": self.walk.url, "via": via or self.gate.url, **top}
        deployments = [one(self.prefix, password={"file": "kept"})]
        (self.walk.folder / "spec.yaml").write_text(
            yaml.safe_dump({**made, "deployments": deployments})
        )

    def __call__(self, *arguments: str, expect: int, **env: str) -> Ended:
        ended = dbprov(*arguments, folder=self.walk.folder, env={**self.env, **env})
        assert ended.returncode == expect, (ended.stdout, ended.stderr)
        return ended


@pytest.fixture
def through(walk: Walk, gate: Bastion, prefix: str) -> Through:
    return Through(walk, gate, prefix)


def tunnels(gate: Bastion) -> int:
    """How many ssh of ours are running."""
    found = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return sum(str(gate.folder) in line and " -L " in line for line in found.splitlines())


@on_one_of_each
def test_provisioned_and_verified(through: Through, walk: Walk) -> None:
    through("apply", "spec.yaml", "--yes", expect=0)
    through("plan", "spec.yaml", expect=0)
    through("verify", "spec.yaml", expect=0)
    said = ("--server", walk.url, "--via", through.gate.url)
    through("import", *said, "--database", f"{through.prefix}db", "-o", "found.yaml", expect=0)
    through("plan", "found.yaml", expect=0)
    assert tunnels(through.gate) == 0
    made = through("connections", "spec.yaml", expect=0).stdout
    assert f":{walk.server.port}/" in made  # the server's own address, not the tunnel's


@on_one_of_each
def test_what_stands_in_the_way(through: Through, gate: Bastion) -> None:
    through.walk.url = through.walk.url.replace(f":{through.walk.server.port}", ":1")
    through.spec()
    assert "the bastion does not reach the server" in through("plan", "spec.yaml", expect=2).stderr
    through.spec(via="ssh://nobody@127.0.0.1:1")
    assert "see the bastion's name and port" in through("plan", "spec.yaml", expect=2).stderr
    through.spec(via=gate.url.replace("127.0.0.1", "localhost"))
    assert "known_hosts" in through("plan", "spec.yaml", expect=2).stderr
    known = (gate.folder / "authorized_keys").read_text()
    (gate.folder / "authorized_keys").write_text("")
    try:
        through.spec()
        assert "takes none of your keys" in through("plan", "spec.yaml", expect=2).stderr
    finally:
        (gate.folder / "authorized_keys").write_text(known)
    empty = through.walk.folder / "empty"
    empty.mkdir()
    ended = through("plan", "spec.yaml", expect=2, PATH=str(empty))
    assert "no program ssh" in ended.stderr
    assert tunnels(gate) == 0


@on_one_of_each
def test_a_bastion_that_does_not_forward(walk: Walk, prefix: str) -> None:
    with bastion(forwards=False) as closed:
        ended = Through(walk, closed, prefix)("plan", "spec.yaml", expect=2)
        assert "does not forward" in ended.stderr


@pytest.mark.postgresql(">= 18")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
def test_a_run_that_is_killed_leaves_no_tunnel(
    through: Through, gate: Bastion, number: signal.Signals
) -> None:
    running = subprocess.Popen(
        [sys.executable, "-m", "dbprov", "plan", "spec.yaml"], cwd=through.walk.folder,
        env={**surroundings(through.walk.folder), **through.env},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    until = time.monotonic() + 30
    while not tunnels(gate) and time.monotonic() < until:
        time.sleep(0.02)
    running.send_signal(number)
    running.wait(30)
    while tunnels(gate) and time.monotonic() < until:
        time.sleep(0.02)
    assert tunnels(gate) == 0


@pytest.mark.parametrize(
    "via", ["ssh://-oProxyCommand=x", "ssh://a:secret@b", "ssh://-lroot@b", "bastion", "ssh://a b"]
)
@pytest.mark.postgresql(">= 18")
def test_a_way_that_is_none(through: Through, via: str) -> None:
    through.spec(via=via)
    ended = through("plan", "spec.yaml", expect=2)
    assert "spec.yaml:" in ended.stderr
    assert "no way through a bastion" in ended.stderr
