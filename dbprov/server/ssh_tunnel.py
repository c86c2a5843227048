"""A tunnel through a bastion: the system's ssh, with its keys, agent, known_hosts and config.

``verify-full`` still checks the server's real name (trap T70); only the address to connect to is
another one. libpq supports no TLS over a unix socket, so that address is a TCP port of this
machine, and any local user can listen on such a port, or connect to it. So this process itself
listens there from before ssh starts until the tunnel is closed, and accepts only its own
connections. It forwards each of them to the unix socket of ssh, in a folder that only this user can
enter.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
from pathlib import Path
from typing import IO, NoReturn
from urllib.parse import unquote

from msgspec.structs import replace

from dbprov.errors import ConnectError
from dbprov.passwords.env import environment
from dbprov.server.loopback_listener import LoopbackListener
from dbprov.spec.model import Address
from dbprov.system.masking import outside

LOST = "the bastion ended the connection: see that it runs, and run the same command again"
REMEDIES = (
    (
        r"Host key verification failed|No .* host key is known|REMOTE HOST IDENTIFICATION",
        "the bastion is not the one that known_hosts knows, or not in it: log in once by hand,"
        " and compare its fingerprint",
    ),
    (
        r"Permission denied|Too many authentication failures",
        "the bastion takes none of your keys: ssh-add the right one; nothing is asked here",
    ),
    (
        r"administratively prohibited|forwarding.*(disabled|denied|failed)",
        "the bastion does not forward: AllowTcpForwarding and PermitOpen in its sshd_config",
    ),
    (
        r"open failed: connect failed",
        "the bastion does not reach the server: see host and port as they are from there",
    ),
    (
        r"Could not resolve|Connection refused|Connection timed out|No route|Connection closed",
        "see the bastion's name and port, and that your network reaches it",
    ),
    (r"closed by remote host|not responding|Connection reset|Broken pipe", LOST),
    (
        r"Bad local forwarding specification|too long for Unix domain socket",
        "set TMPDIR to a folder with a shorter path, such as /tmp",
    ),
)
UNREACHED = REMEDIES[4][1]

SUPERVISOR = """\
trap : HUP INT TERM
mkdir -m 700 "$0" || exit
{ "$@" </dev/null; echo $?; } &
exec >&-
read -r line
trap '' TERM
kill 0
wait
rm -rf "$0"
"""
"""Waits until this process closes a pipe, or dies; then ends ssh and removes the folder.

It writes the exit status of ssh to standard output, and closes it when ssh ends. ``kill 0`` is for
its process group: the shell, ssh, and the programs that ssh's config starts (ProxyJump).
"""


class Tunnel:
    """Open until ``close``, or until this process ends, even by kill -9."""

    def __init__(self, address: Address, seconds: int) -> None:
        self.address = address
        ssh = shutil.which("ssh")
        if not ssh:
            raise ConnectError(
                f"{address.via} cannot be used", "there is no program ssh on this machine",
                "install it: apt install openssh-client",
            )  # fmt: skip
        self._folder = Path(tempfile.gettempdir(), f"dbprov-{secrets.token_hex(6)}").absolute()
        self._ssh_socket = self._folder / "ssh"
        self._listener = LoopbackListener(self._dial)
        try:
            if not self._start(ssh, seconds):
                # ssh was ended from outside (a signal, no memory): try once more.
                self._end_ssh()
                if not self._start(ssh, seconds):
                    self._refuse()
            self._listener.start()
        except BaseException:
            self.close()
            raise

    def _start(self, ssh: str, seconds: int) -> bool:
        """Start ssh, and wait for its login on the bastion. False: ssh ended without a message.

        Raises ConnectError where ssh ends with a message, or after a timeout.
        """
        self._status = b""
        self._output: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  closed with the tunnel
        arguments = _command(self.address, self._ssh_socket, seconds)
        self._supervisor = subprocess.Popen(
            ["sh", "-c", SUPERVISOR, self._folder, ssh, *arguments],
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._output,
            bufsize=0,
            start_new_session=True,  # Ctrl-C must not end ssh: the rollback goes through it
        )
        assert self._supervisor.stdout
        os.set_blocking(self._supervisor.stdout.fileno(), False)
        until = time.monotonic() + seconds + 2
        while not self._ssh_socket.exists():  # ssh creates it after the login on the bastion
            if self._has_ended():
                if self._lines() and self._signal() is None:
                    self._refuse()
                return False
            if time.monotonic() > until:
                raise ConnectError(
                    f"{self.address.via} does not let us through",
                    f"nothing happened in {seconds} seconds", UNREACHED,
                )  # fmt: skip
            time.sleep(0.01)
        return True

    def _refuse(self) -> NoReturn:
        todo = self.remedy()
        if todo in ("", LOST):
            todo = "try it by hand: ssh -v to the bastion"
        raise ConnectError(f"{self.address.via} does not let us through", self.message, todo)

    @property
    def local_address(self) -> Address:
        """The server's address, with the tunnel's port of this machine to connect to."""
        host, port = self._listener.address
        options = tuple((k, v) for k, v in self.address.options if k != "hostaddr")
        return replace(self.address, port=port, options=(*options, ("hostaddr", host)))

    @property
    def message(self) -> str:
        """The last lines of ssh's messages, or how it ended."""
        if not self._has_ended():
            return outside("; ".join(self._lines()[-3:]))
        number = self._signal()
        if number is not None:
            return f"ssh was ended by signal {number}"
        status = self._status.decode().strip() or "an unknown one"
        return outside("; ".join(self._lines()[-3:])) or f"ssh ended with exit status {status}"

    def _lines(self) -> list[str]:
        number = self._output.fileno()  # read() would move the position at which ssh writes
        written = os.pread(number, os.fstat(number).st_size, 0).decode(errors="replace")
        return [line for line in written.splitlines() if line]

    def _signal(self) -> int | None:
        """The signal that ended ssh, if any: the shell adds 128."""
        status = int(self._status or 0)
        return status - 128 if 128 < status < 192 else None

    def remedy(self) -> str:
        """The remedy for a failed connection; empty where the tunnel is not its cause."""
        lost, message = self.lost(), self.message
        found = next((todo for pattern, todo in REMEDIES if re.search(pattern, message)), "")
        return found or (LOST if lost else "")

    def lost(self) -> bool:
        """Has ssh ended? Waits a moment: ssh closes its connections before it ends."""
        until = time.monotonic() + 0.25
        while not self._has_ended():
            if time.monotonic() > until:
                return False
            time.sleep(0.01)
        return True

    def close(self) -> None:
        self._listener.stop()
        self._end_ssh()

    def _end_ssh(self) -> None:
        assert self._supervisor.stdin
        assert self._supervisor.stdout
        self._supervisor.stdin.close()
        try:
            self._supervisor.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self._supervisor.pid, signal.SIGKILL)
            self._supervisor.wait()
            shutil.rmtree(self._folder, ignore_errors=True)
        self._supervisor.stdout.close()
        self._output.close()

    def _has_ended(self) -> bool:
        pipe = self._supervisor.stdout
        if pipe is None or pipe.closed:
            return True
        while read := pipe.read(16):
            self._status += read
        return read == b""  # None: nothing yet

    def _dial(self) -> socket.socket:
        """A connection to ssh's socket, which ssh forwards to the server."""
        connection = socket.socket(socket.AF_UNIX)
        try:
            while True:
                try:
                    connection.connect(str(self._ssh_socket))
                    break
                except ConnectionRefusedError:
                    if self._has_ended():
                        raise
                    time.sleep(0.01)  # the socket exists, and ssh does not listen yet
            if _peer_user(connection) != os.getuid():
                raise PermissionError(f"{self._ssh_socket} is another user's")
        except BaseException:
            connection.close()
            raise
        return connection


def _peer_user(connected: socket.socket) -> int:
    """The id of the user who listens at the other end of a unix socket.

    In a TMPDIR without the sticky bit another user could replace the folder.
    """
    if hasattr(socket, "SO_PEERCRED"):  # Linux: struct ucred
        credentials = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    else:  # macOS: SOL_LOCAL, LOCAL_PEERCRED, struct xucred
        credentials = connected.getsockopt(0, 1, 76)
    return int(struct.unpack_from("II", credentials)[1])


def _command(address: Address, socket_path: Path, seconds: int) -> list[str]:
    """BatchMode: ssh asks nothing; ExitOnForwardFailure: it ends where it cannot listen."""
    user, at, target = address.via.removeprefix("ssh://").rpartition("@")
    host, _, ssh_port = target.rpartition(":") if re.search(r":\d+$", target) else (target, "", "")
    server = dict(address.options).get("hostaddr") or address.host  # as the bastion reaches it
    server = f"[{server}]" if ":" in server else server
    path = re.sub(r"([\\:])", r"\\\1", str(socket_path)).replace("%", "%%")
    options = ["BatchMode=yes", "ExitOnForwardFailure=yes", f"ConnectTimeout={seconds}",
            "ServerAliveInterval=15", "ControlMaster=no", "ControlPath=none"]  # fmt: skip
    arguments = ["-N", "-T", *(word for one in options for word in ("-o", one))]
    arguments += ["-p", ssh_port] if ssh_port else []
    arguments += ["-l", unquote(user)] if at else []
    arguments += ["-L", f"{path}:{server}:{address.port}"]
    return [*arguments, "--", host.strip("[]")]
