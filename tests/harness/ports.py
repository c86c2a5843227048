"""Ports for programs that must be told one."""

import random
import socket
from pathlib import Path

RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_reservations: list[socket.socket] = []


def reserve() -> int:
    """A port that nobody else gets, until this process ends: also while its server is stopped.

    It is below those that the kernel gives to outgoing connections, and a name in the kernel, which goes
    with this process, keeps other runs of these tests away from it.
    """
    highest = int(RANGE.read_text().split()[0]) - 1
    while True:
        port = random.randint(min(15000, highest // 2), highest)
        reservation = socket.socket(socket.AF_UNIX)
        try:
            reservation.bind(f"\0dbprov-tests-port-{port}")
            with socket.create_server(("127.0.0.1", port)):
                pass
        except OSError:
            reservation.close()
            continue
        _reservations.append(reservation)
        return port
