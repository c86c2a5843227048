"""What a program of another local user does where dbprov's tunnel ends; started by root, it becomes another user.

python other_user.py squat ENGINE FILE ARGUMENT ...   listens at every port that the arguments of ssh show, and on every port of
                                                    this machine that lets it; is a server that asks for the password in clear,
                                                    and writes what it hears to FILE
python other_user.py visit PORT ...                   connects to each, speaks first as a client of PostgreSQL does, and prints
                                                    what it is answered
python other_user.py replace PATH FILE                listens at a unix socket, and writes what it hears to FILE
"""

import os
import re
import signal
import socket
import sys
import threading
from contextlib import suppress
from pathlib import Path

NOBODY = 65534
SSL_REQUEST = bytes.fromhex("0000000804d2162f")
ASKS_IN_CLEAR = b"R\x00\x00\x00\x08\x00\x00\x00\x03"
GREETING = (  # of MySQL, without TLS among what it can
    b"\x0a8.4.0\0" + bytes(4) + b"saltsalt\0" + b"\x00\x82\x2d\x02\x00\x08\x00\x15" + bytes(10)
    + b"saltsaltsalt\0mysql_native_password\0"
)  # fmt: skip
SWITCH = b"\xfemysql_clear_password\0"


def become_another_user() -> None:
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)


def packet(number: int, words: bytes) -> bytes:
    return len(words).to_bytes(3, "little") + bytes([number]) + words


def serve_client(one: socket.socket, engine: str, record: int) -> None:
    """To whoever comes, until they have said their password."""
    with one, suppress(OSError):
        if engine == "mysql":
            one.sendall(packet(0, GREETING))
            os.write(record, one.recv(65536))
            one.sendall(packet(2, SWITCH))
        else:
            while (received := one.recv(65536)) and len(received) == len(SSL_REQUEST):
                one.sendall(b"N")  # no TLS, no Kerberos
            os.write(record, received)
            one.sendall(ASKS_IN_CLEAR)
        os.write(record, one.recv(65536))


def accept(listener: socket.socket, engine: str, record: int) -> None:
    while True:
        one, _ = listener.accept()
        threading.Thread(target=serve_client, args=(one, engine, record)).start()


def listening() -> set[int]:
    """Everybody can read this."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    words = [line.split() for line in lines]
    return {int(w[1].partition(":")[2], 16) for w in words if w[3] == "0A"}


def squat(engine: str, file: str, *shown: str) -> None:
    record = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    pid_file = os.open(f"{file}.pid", os.O_WRONLY | os.O_CREAT, 0o600)
    become_another_user()
    ports = {int(port) for word in shown for port in re.findall(r":(\d+)", word)} | listening()
    bound = []
    for port in ports:
        for host in ("127.0.0.1", ""):
            one = socket.socket()
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            with suppress(OSError):
                one.bind((host, port))
                one.listen()
                bound.append(one)
    if child := os.fork():  # it waits in the background, and ssh begins
        os.write(pid_file, str(child).encode())
        os._exit(0)
    signal.alarm(20)
    for name in (0, 1, 2):
        os.dup2(os.open(os.devnull, os.O_RDWR), name)
    for one in bound:
        threading.Thread(target=accept, args=(one, engine, record)).start()


def visit(*ports: str) -> None:
    become_another_user()
    for port in ports:
        with socket.socket() as one:
            one.settimeout(5)
            one.connect(("127.0.0.1", int(port)))
            try:
                one.sendall(SSL_REQUEST)
                print(one.recv(100))
            except (ConnectionResetError, BrokenPipeError):
                print(b"")


def replace(path: str, file: str) -> None:
    record = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    signal.alarm(20)
    one = socket.socket(socket.AF_UNIX)
    one.bind(path)
    Path(path).chmod(0o777)
    become_another_user()
    one.listen()
    print("listens", flush=True)
    while True:
        with one.accept()[0] as come, suppress(OSError):
            os.write(record, b"+")
            come.settimeout(1)
            os.write(record, come.recv(65536))


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
