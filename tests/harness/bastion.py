"""A bastion: a real SSH server on loopback that forwards, and an ssh that knows it.

Dropbear, since OpenSSH's needs either a user of its own or, started by another than root, an account
that is not locked.
"""

import getpass
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.harness import cache, debian, supervisor
from tests.harness.model import ServerUnavailable

INETD = Path(__file__).with_name("inetd.py")
CLIENT = """\
Host *
  IdentityFile {folder}/user
  IdentitiesOnly yes
  IdentityAgent none
  UserKnownHostsFile {folder}/known
  GlobalKnownHostsFile none
  StrictHostKeyChecking yes
"""


@dataclass(frozen=True)
class Bastion:
    """``path`` goes in front of PATH: an ssh with settings of its own, and nobody's keys."""

    url: str
    path: Path
    folder: Path


@contextmanager
def bastion(forwards: bool = True) -> Iterator[Bastion]:
    # Not in /tmp: no folder above the keys may be writable for others.
    folder = Path(tempfile.mkdtemp(prefix="bastion-", dir=cache.folder()))
    programs = _brought()
    subprocess.run(
        [programs / "dropbearkey", "-t", "ed25519", "-f", folder / "host"], capture_output=True, check=True
    )  # fmt: skip
    keygen = subprocess.run(
        [programs / "dropbearkey", "-y", "-f", folder / "host"], capture_output=True, text=True, check=True,
    )  # fmt: skip
    public = next(line for line in keygen.stdout.splitlines() if line.startswith("ssh-"))
    (folder / "authorized_keys").write_text(_key(folder / "user") + "\n")
    (folder / "authorized_keys").chmod(0o600)
    (folder / "ssh_config").write_text(CLIENT.format(folder=folder))
    (folder / "bin").mkdir()
    ssh = which("ssh") or str(debian.bring("openssh", "trixie", "openssh-client") / "bin/ssh")
    (folder / "bin/ssh").write_text(f'#!/bin/sh\nexec {ssh} -F {folder}/ssh_config "$@"\n')
    (folder / "bin/ssh").chmod(0o755)
    # As a listener of its own it would start itself anew, without the libraries beside it.
    command: list[str | Path] = [
        sys.executable,
        INETD,
        folder / "port",
        programs / "dropbear",
        "-i",
    ]
    command += ["-E", "-s", "-r", folder / "host", "-D", folder, *([] if forwards else ["-j"])]
    process = supervisor.supervise_server(
        [str(word) for word in command], folder, signal.SIGTERM, None
    )
    try:
        port = _port(folder)
        (folder / "known").write_text(f"[127.0.0.1]:{port} {public}\n")
        yield Bastion(f"ssh://{getpass.getuser()}@127.0.0.1:{port}", folder / "bin", folder)
    finally:
        supervisor.stop(process)


def _brought() -> Path:
    return debian.bring("dropbear", "trixie", "dropbear-bin") / "bin"


def _key(path: Path) -> str:
    made = Ed25519PrivateKey.generate()
    path.touch(mode=0o600)
    path.write_bytes(
        made.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.OpenSSH,
            serialization.NoEncryption(),
        )
    )
    public = made.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    return public.decode()


def _port(folder: Path) -> int:
    """Which it listens at, as it says itself: so nobody else answers there."""
    until = time.monotonic() + 30
    while not (folder / "port").exists():
        if not supervisor.runs(folder) or time.monotonic() > until:
            log = folder / "server.log"
            command = log.read_text() if log.exists() else ""
            raise ServerUnavailable(f"the bastion does not listen: {command}")
        time.sleep(0.02)
    return int((folder / "port").read_text())
