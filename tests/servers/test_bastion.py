"""Through a bastion: a real SSH server between dbprov and the server, whose real name verify-full still checks (T70)."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Timer
from typing import Any

import psycopg
import pytest
import yaml

import dbprov as package
from dbprov.engines.postgresql.session import Session
from dbprov.errors import ConnectError, LookError
from dbprov.server.ssh_tunnel import Tunnel
from tests.harness.bastion import Bastion, bastion
from tests.support import other_user
from tests.support.command import Ended, clean_environment, dbprov, on_one_of_each
from tests.support.other_user import SSL_REQUEST
from tests.support.specs import one
from tests.support.walk import Walk


@pytest.fixture(scope="module")
def gate() -> Iterator[Bastion]:
    with bastion() as made:
        yield made


class Through:
    """The command with an ssh that knows the bastion."""

    def __init__(self, walk: Walk, gate: Bastion, prefix: str, temporary: Path) -> None:
        self.walk, self.gate, self.prefix = walk, gate, prefix
        self.temporary = temporary
        self.env = {
            "PATH": f"{gate.path}:{os.environ['PATH']}",
            "TMPDIR": str(self.temporary),
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

    def left(self) -> list[object]:
        return [*running(self.gate), *self.temporary.iterdir()]


@pytest.fixture
def temporary() -> Iterator[Path]:
    """Not pytest's, since the path of a socket must be short."""
    with tempfile.TemporaryDirectory(prefix="t-") as folder:
        yield Path(folder)


@pytest.fixture
def through(walk: Walk, gate: Bastion, prefix: str, temporary: Path) -> Through:
    return Through(walk, gate, prefix, temporary)


def running(gate: Bastion) -> list[str]:
    """Every ssh of ours, those that it starts on the way, and what waits to end it."""
    found = subprocess.run(["ps", "-ewwo", "args"], capture_output=True, text=True, check=True)
    marks = (f" -F {gate.folder}/ssh_config ", f" {gate.path}/ssh -N -T ")
    return [line for line in found.stdout.splitlines() if any(mark in line for mark in marks)]


@on_one_of_each
def test_provisioned_and_verified(through: Through, walk: Walk) -> None:
    through("apply", "spec.yaml", "--yes", expect=0)
    through("plan", "spec.yaml", expect=0)
    through("verify", "spec.yaml", expect=0)
    said = ("--server", walk.url, "--via", through.gate.url)
    through("import", *said, "--database", f"{through.prefix}db", "-o", "found.yaml", expect=0)
    through("plan", "found.yaml", expect=0)
    assert through.left() == []
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
    long = through.walk.folder / ("long" * 20)
    long.mkdir()
    assert "set TMPDIR" in through("plan", "spec.yaml", expect=2, TMPDIR=str(long)).stderr
    assert through.left() == []


@on_one_of_each
def test_a_bastion_that_does_not_forward(walk: Walk, prefix: str, temporary: Path) -> None:
    with bastion(forwards=False) as closed:
        ended = Through(walk, closed, prefix, temporary)("plan", "spec.yaml", expect=2)
        assert "does not forward" in ended.stderr


@on_one_of_each
def test_a_bastion_that_goes_away(
    through: Through, gate: Bastion, walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", through.env["PATH"])
    spec = walk.spec(one(through.prefix, password={"file": "kept"}), via=gate.url)
    walk.provision(spec)
    with package.servers(spec) as servers:
        server = servers[spec.deployments[0]]
        assert server.answers(["SELECT 1 AS one"]) == [[{"one": 1}]]
        assert server.facts  # asked for once
        end_sessions(gate)
        with pytest.raises(LookError) as caught:
            server.answers(["SELECT 1 AS one"])
        assert "the bastion ended the connection" in caught.value.todo
        with pytest.raises(ConnectError) as refused:
            server.connection("another")
        assert "the bastion ended the connection" in refused.value.todo
        assert "; ssh: " in refused.value.why
        try:
            login = next(iter(package.verify(spec.deployments[0], server))).todo
        except LookError as error:  # on MySQL the admin is asked what else can be in the way
            login = error.todo
        assert "the bastion ended the connection" in login


@pytest.mark.postgresql(">= 18")
@pytest.mark.sampled("newest")
def test_an_interrupted_statement_is_cancelled_through_the_tunnel(
    through: Through, gate: Bastion, walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", through.env["PATH"])
    spec = walk.spec(one(through.prefix), via=gate.url)
    with package.servers(spec) as servers:
        server = servers[spec.deployments[0]]
        opened = server.connection()
        assert isinstance(opened, Session)
        with pytest.raises(psycopg.NotSupportedError):
            opened.connection.cancel()  # of a libpq before 17 it would never come back
        began = time.monotonic()
        Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            server.answers(["SELECT pg_catalog.pg_sleep(30)"])
        assert time.monotonic() - began < 10
        assert server.answers(["SELECT 1 AS one"]) == [[{"one": 1}]]


def end_sessions(gate: Bastion) -> None:
    """Of all who are logged in at the bastion."""
    found = subprocess.run(["ps", "-ewwo", "pid,args"], capture_output=True, text=True, check=True)
    for line in found.stdout.splitlines():
        if (
            f"-r {gate.folder}/host" in line
            and "inetd.py" not in line
            and "supervisor.py" not in line
        ):
            os.kill(int(line.split()[0]), signal.SIGKILL)


ENDED = """\
#!/bin/sh
echo >>{times}
[ $(wc -l <{times}) -gt {often} ] && exec {ssh} "$@"
{way}
"""


@pytest.mark.postgresql(">= 18")
@pytest.mark.sampled("newest")
@pytest.mark.parametrize(
    ("way", "why"),
    [("kill -TERM $$", "signal 15"), ("kill -KILL $$", "signal 9"), ("exit 3", "exit status 3")],
)
def test_ssh_that_ends_without_a_reason_is_started_once_more(
    through: Through, gate: Bastion, way: str, why: str
) -> None:
    first, times = through.walk.folder / "bin", through.walk.folder / "times"
    first.mkdir()
    path = f"{first}:{os.environ['PATH']}"
    for often, code in ((1, 1), (2, 2)):
        times.write_text("")
        made = ENDED.format(times=times, often=often, ssh=gate.path / "ssh", way=way)
        (first / "ssh").write_text(made)
        (first / "ssh").chmod(0o755)
        ended = through("plan", "spec.yaml", expect=code, PATH=path)
        assert len(times.read_text()) == 2
    assert why in ended.stderr
    assert through.left() == []


# -- nothing is left -------------------------------------------------------------------------------------------------------


@pytest.fixture
def jump(gate: Bastion) -> Iterator[str]:
    """The bastion by way of itself: two ssh, one started by the other."""
    config, port = gate.folder / "ssh_config", gate.url.rpartition(":")[2]
    before = config.read_text()
    way = f"Host inner\n  HostName 127.0.0.1\n  Port {port}\n  ProxyJump localhost:{port}\n"
    way += f"Host localhost\n  HostKeyAlias [127.0.0.1]:{port}\n"
    config.write_text(way + before)
    yield "ssh://inner"
    config.write_text(before)


@pytest.mark.attack("end dbprov by a signal, and use the ssh that it leaves behind")
@pytest.mark.postgresql(">= 18")
@pytest.mark.sampled("newest")
@pytest.mark.parametrize("moment", ["logs in", "connected"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_ended_leaves_nothing(
    through: Through, gate: Bastion, jump: str, number: signal.Signals, moment: str
) -> None:
    through.spec(via=jump)
    run = subprocess.Popen(
        [sys.executable, "-m", "dbprov", "plan", "spec.yaml"], cwd=through.walk.folder,
        env={**clean_environment(through.walk.folder), **through.env},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    until = time.monotonic() + 30
    while not (running(gate) if moment == "logs in" else [*through.temporary.glob("*/ssh")]):
        assert time.monotonic() < until
        time.sleep(0.005)
    run.send_signal(signal.SIGSTOP)
    assert through.left()
    run.send_signal(number)
    run.send_signal(signal.SIGCONT)
    run.wait(10)
    until = time.monotonic() + 5
    while through.left() and time.monotonic() < until:
        time.sleep(0.05)
    assert through.left() == []


# -- other users of this machine -------------------------------------------------------------------------------------------

STRANGER = str(Path(other_user.__file__))
ROOT = pytest.mark.skipif(os.getuid() != 0, reason="only root can act as another user")


@pytest.fixture
def tunnel(
    walk: Walk, gate: Bastion, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Tunnel]:
    monkeypatch.setenv("PATH", f"{gate.path}:{os.environ['PATH']}")
    # A folder for temporary files in which everybody can rename and remove what is another's.
    temporary.chmod(0o777)
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    address = walk.spec(one("t_tunnel_"), via=gate.url).deployments[0].server
    made = Tunnel(address, 10)
    yield made
    made.close()


def answered(tunnel: Tunnel) -> bytes:
    """By the server, to this process itself."""
    with socket.create_connection(("127.0.0.1", tunnel.local_address.port), 10) as near:
        near.sendall(SSL_REQUEST)
        try:
            return near.recv(100)
        except ConnectionResetError:
            return b""


@pytest.mark.attack("bind the tunnel's port before ssh does, and ask for the password")
@on_one_of_each
def test_who_takes_a_port_hears_nothing(through: Through, gate: Bastion) -> None:
    heard = through.walk.folder / "heard"
    words = [sys.executable, "-I", STRANGER, "squat", through.walk.server.engine, str(heard)]
    first = through.walk.folder / "bin"
    first.mkdir()
    (first / "ssh").write_text(f'#!/bin/sh\n{shlex.join(words)} "$@"\nexec {gate.path}/ssh "$@"\n')
    (first / "ssh").chmod(0o755)
    env = {**through.env, "PATH": f"{first}:{os.environ['PATH']}"}
    ended = dbprov("plan", "spec.yaml", folder=through.walk.folder, env=env)
    os.kill(int(heard.with_suffix(".pid").read_text()), signal.SIGKILL)
    assert heard.read_bytes() == b""
    assert ended.returncode == 1, ended.stderr


@pytest.mark.attack("connect to the tunnel from another program of this machine")
@pytest.mark.sampled("newest")
def test_another_program_is_not_served(tunnel: Tunnel) -> None:
    served = answered(tunnel)
    assert served  # PostgreSQL's answer, MySQL's greeting
    files = len([*Path("/dev/fd").iterdir()])
    port = str(tunnel.local_address.port)
    words = [sys.executable, "-I", STRANGER, "visit", *[port] * 50]
    visited = subprocess.run(words, capture_output=True, text=True, timeout=30, check=True)
    assert visited.stdout.splitlines() == ["b''"] * 50
    assert answered(tunnel)[:1] == served[:1]
    assert len([*Path("/dev/fd").iterdir()]) <= files + 4  # of the connection just now


@pytest.mark.attack("enter the folder of the tunnel's socket")
@pytest.mark.postgresql(">= 18")
@pytest.mark.sampled("newest")
def test_the_folder_is_nobody_elses(tunnel: Tunnel) -> None:
    [folder] = [path.parent for path in Path(tempfile.gettempdir()).glob("*/ssh")]
    assert folder.stat().st_mode & 0o777 == 0o700


@ROOT
@pytest.mark.attack("replace the folder of the tunnel's socket (TMPDIR not sticky)")
@pytest.mark.postgresql(">= 18")
@pytest.mark.sampled("newest")
def test_a_folder_that_was_replaced(tunnel: Tunnel, walk: Walk) -> None:
    [far] = Path(tempfile.gettempdir()).glob("*/ssh")
    kept = far.parent.rename(far.parent.with_name("kept"))
    far.parent.mkdir()
    heard = walk.folder / "heard"
    words = [sys.executable, "-I", STRANGER, "replace", str(far), str(heard)]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as other:
        assert other.stdout
        said = other.stdout.readline(), answered(tunnel)
        other.kill()
    assert said == (b"listens\n", b"")
    assert heard.read_bytes() in (b"", b"+")  # it was connected to, and told nothing
    shutil.rmtree(far.parent)
    kept.rename(far.parent)
    assert answered(tunnel)


@pytest.mark.parametrize(
    "via", ["ssh://-oProxyCommand=x", "ssh://a:secret@b", "ssh://-lroot@b", "bastion", "ssh://a b"]
)
@pytest.mark.postgresql(">= 18")
def test_a_way_that_is_none(through: Through, via: str) -> None:
    through.spec(via=via)
    ended = through("plan", "spec.yaml", expect=2)
    assert "spec.yaml:" in ended.stderr
    assert "not the URL of a bastion" in ended.stderr
