"""A way through a bastion: the system's own ssh, with its keys, agent, known_hosts and config.

The server is still called by its real name, so that ``verify-full`` checks that (trap T70); only
the address that is dialled is the tunnel's.
"""

from __future__ import annotations

import ctypes
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import replace
from typing import IO
from urllib.parse import unquote

from dbprov.deployments import Address
from dbprov.errors import ConnectError
from dbprov.places.env import environment

SENTENCES = (
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
)


class Tunnel:
    """Open until it is closed; on Linux it ends with this process however that ends."""

    def __init__(self, address: Address, seconds: int) -> None:
        self.address = address
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  closed with the tunnel
        self._port = _free_port()
        try:
            self._ssh = subprocess.Popen(
                _command(address, self._port, seconds),
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._said,
                start_new_session=True,  # Ctrl-C is for us: what we roll back goes through it
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509
            )
        except FileNotFoundError:
            raise ConnectError(
                f"{address.via} cannot be used", "there is no program ssh on this machine",
                "install it: apt install openssh-client",
            ) from None  # fmt: skip
        try:
            self._wait(seconds)
        except BaseException:
            self.close()
            raise

    @property
    def reached(self) -> Address:
        """The same server, by the tunnel's end on this machine."""
        options = tuple((k, v) for k, v in self.address.options if k != "hostaddr")
        return replace(self.address, port=self._port, options=(*options, ("hostaddr", "127.0.0.1")))

    @property
    def words(self) -> str:
        """What ssh said last; it holds no secret, since it is given none."""
        self._said.seek(0)
        lines = [line for line in self._said.read().decode(errors="replace").splitlines() if line]
        return "; ".join(lines[-3:])

    def remedy(self) -> str:
        return next((todo for said, todo in SENTENCES if re.search(said, self.words)), "")

    def close(self) -> None:
        self._ssh.terminate()
        try:
            self._ssh.wait(5)
        except subprocess.TimeoutExpired:
            self._ssh.kill()
            self._ssh.wait()
        self._said.close()

    def _wait(self, seconds: int) -> None:
        """ssh listens once the bastion has let us in."""
        until = time.monotonic() + seconds + 2
        while True:
            if self._ssh.poll() is not None:
                words = self.words
                todo = self.remedy() or "try it by hand: ssh -v to the bastion"
                raise ConnectError(f"{self.address.via} does not let us through", words, todo)
            with suppress(OSError), socket.create_connection(("127.0.0.1", self._port), 1):
                return
            if time.monotonic() > until:
                raise ConnectError(
                    f"{self.address.via} does not let us through",
                    f"nothing happened in {seconds} seconds", SENTENCES[-1][1],
                )  # fmt: skip
            time.sleep(0.05)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


def _command(address: Address, port: int, seconds: int) -> list[str]:
    """BatchMode: ssh asks nothing; ExitOnForwardFailure: it ends where it cannot listen."""
    user, at, where = address.via.removeprefix("ssh://").rpartition("@")
    host, _, ssh_port = where.rpartition(":") if re.search(r":\d+$", where) else (where, "", "")
    server = dict(address.options).get("hostaddr") or address.host  # as the bastion reaches it
    server = f"[{server}]" if ":" in server else server
    said = ["BatchMode=yes", "ExitOnForwardFailure=yes", f"ConnectTimeout={seconds}",
            "ServerAliveInterval=15", "ControlMaster=no", "ControlPath=none"]  # fmt: skip
    words = ["ssh", "-N", "-T", *(word for one in said for word in ("-o", one))]
    words += ["-p", ssh_port] if ssh_port else []
    words += ["-l", unquote(user)] if at else []
    words += ["-L", f"127.0.0.1:{port}:{server}:{address.port}"]
    return [*words, "--", host.strip("[]")]


def _end_with_parent() -> None:
    """A run that is killed leaves no tunnel behind: PR_SET_PDEATHSIG of Linux."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
