"""A way through a bastion: the system's own ssh, with its keys, agent, known_hosts and config.

The server is still called by its real name, so that ``verify-full`` checks that (trap T70); only
the address that is dialled is another one. libpq speaks no TLS over a unix socket, so that address
is a TCP port of this machine, and any local user can listen on such a port, or connect to it. So
this process itself listens there from before ssh starts until the tunnel is closed, and serves
nothing but its own connections. Each of them goes on to the unix socket of ssh, in a folder that
only this user can enter.
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
    (r"closed by remote host|not responding|Connection reset|Broken pipe", LOST),
    (
        r"Bad local forwarding specification|too long for Unix domain socket",
        "set TMPDIR to a folder with a shorter path, such as /tmp",
    ),
)
UNREACHED = SENTENCES[4][1]

KEEPER = """\
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
"""What waits until this process closes a pipe, or dies, and then ends ssh and removes the folder.

Standard output gets the exit status of ssh, and its end is the end of ssh. ``kill 0`` is the
process group, which is the shell's own: ssh, and the programs that its config starts (ProxyJump).
"""


class Tunnel:
    """Open until it is closed, or until this process ends, however that ends."""

    def __init__(self, address: Address, seconds: int) -> None:
        self.address = address
        ssh = shutil.which("ssh")
        if not ssh:
            raise ConnectError(
                f"{address.via} cannot be used", "there is no program ssh on this machine",
                "install it: apt install openssh-client",
            )  # fmt: skip
        self._folder = Path(tempfile.gettempdir(), f"dbprov-{secrets.token_hex(6)}").absolute()
        self._far = self._folder / "ssh"
        self._near = LoopbackListener(self._dial)
        try:
            if not self._opened(ssh, seconds):
                # Whatever ends ssh from outside (a signal, a full machine) says nothing that helps.
                self._end_ssh()
                if not self._opened(ssh, seconds):
                    self._refuse()
            self._near.start()
        except BaseException:
            self.close()
            raise

    def _opened(self, ssh: str, seconds: int) -> bool:
        """Start ssh, and wait until the bastion has let us in. False: it ended without a reason.

        Raises ConnectError where it says why, or nothing happens.
        """
        self._status = b""
        self._output: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  closed with the tunnel
        self._keeper = subprocess.Popen(
            ["sh", "-c", KEEPER, self._folder, ssh, *_command(self.address, self._far, seconds)],
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._output,
            bufsize=0,
            start_new_session=True,  # Ctrl-C is for us: what we roll back goes through it
        )
        assert self._keeper.stdout
        os.set_blocking(self._keeper.stdout.fileno(), False)
        until = time.monotonic() + seconds + 2
        while not self._far.exists():  # ssh makes its socket once the bastion has let us in
            if self._ended():
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
        raise ConnectError(f"{self.address.via} does not let us through", self.words, todo)

    @property
    def reached(self) -> Address:
        """The same server, by the tunnel's end on this machine."""
        host, port = self._near.where
        options = tuple((k, v) for k, v in self.address.options if k != "hostaddr")
        return replace(self.address, port=port, options=(*options, ("hostaddr", host)))

    @property
    def words(self) -> str:
        """What ssh said last; it holds no secret, since it is given none."""
        if not self._ended():
            return outside("; ".join(self._lines()[-3:]))
        number = self._signal()
        if number is not None:
            return f"ssh was ended by signal {number}"
        status = self._status.decode().strip() or "an unknown one"
        return outside("; ".join(self._lines()[-3:])) or f"ssh ended with exit status {status}"

    def _lines(self) -> list[str]:
        number = self._output.fileno()  # ssh writes where this file's own position is
        written = os.pread(number, os.fstat(number).st_size, 0).decode(errors="replace")
        return [line for line in written.splitlines() if line]

    def _signal(self) -> int | None:
        """What ended ssh, where that was a signal: a shell adds 128."""
        status = int(self._status or 0)
        return status - 128 if 128 < status < 192 else None

    def remedy(self) -> str:
        """What to do about a connection that failed; empty where it is not the tunnel's fault."""
        lost, words = self.lost(), self.words
        found = next((todo for pattern, todo in SENTENCES if re.search(pattern, words)), "")
        return found or (LOST if lost else "")

    def lost(self) -> bool:
        """Has ssh ended? It closes our connections first, and ends, and says why, just after."""
        until = time.monotonic() + 0.25
        while not self._ended():
            if time.monotonic() > until:
                return False
            time.sleep(0.01)
        return True

    def close(self) -> None:
        self._near.stop()
        self._end_ssh()

    def _end_ssh(self) -> None:
        assert self._keeper.stdin
        assert self._keeper.stdout
        self._keeper.stdin.close()
        try:
            self._keeper.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self._keeper.pid, signal.SIGKILL)
            self._keeper.wait()
            shutil.rmtree(self._folder, ignore_errors=True)
        self._keeper.stdout.close()
        self._output.close()

    def _ended(self) -> bool:
        pipe = self._keeper.stdout
        if pipe is None or pipe.closed:
            return True
        while read := pipe.read(16):
            self._status += read
        return read == b""  # None: nothing yet

    def _dial(self) -> socket.socket:
        """A channel to the server: ssh opens one for each connection to its socket."""
        far = socket.socket(socket.AF_UNIX)
        try:
            while True:
                try:
                    far.connect(str(self._far))
                    break
                except ConnectionRefusedError:
                    if self._ended():
                        raise
                    time.sleep(0.01)  # the socket is there, and ssh is about to listen
            if _listener(far) != os.getuid():
                raise PermissionError(f"{self._far} is another user's")
        except BaseException:
            far.close()
            raise
        return far


def _listener(connected: socket.socket) -> int:
    """The user who listens at the other end of a unix socket.

    The folder is nobody else's, but in a TMPDIR without the sticky bit others could put one of
    theirs in its place.
    """
    if hasattr(socket, "SO_PEERCRED"):  # Linux: struct ucred
        credentials = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    else:  # macOS: SOL_LOCAL, LOCAL_PEERCRED, struct xucred
        credentials = connected.getsockopt(0, 1, 76)
    return int(struct.unpack_from("II", credentials)[1])


def _command(address: Address, far: Path, seconds: int) -> list[str]:
    """BatchMode: ssh asks nothing; ExitOnForwardFailure: it ends where it cannot listen."""
    user, at, where = address.via.removeprefix("ssh://").rpartition("@")
    host, _, ssh_port = where.rpartition(":") if re.search(r":\d+$", where) else (where, "", "")
    server = dict(address.options).get("hostaddr") or address.host  # as the bastion reaches it
    server = f"[{server}]" if ":" in server else server
    path = re.sub(r"([\\:])", r"\\\1", str(far)).replace("%", "%%")
    options = ["BatchMode=yes", "ExitOnForwardFailure=yes", f"ConnectTimeout={seconds}",
            "ServerAliveInterval=15", "ControlMaster=no", "ControlPath=none"]  # fmt: skip
    words = ["-N", "-T", *(word for one in options for word in ("-o", one))]
    words += ["-p", ssh_port] if ssh_port else []
    words += ["-l", unquote(user)] if at else []
    words += ["-L", f"{path}:{server}:{address.port}"]
    return [*words, "--", host.strip("[]")]
