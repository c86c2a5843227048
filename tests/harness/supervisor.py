"""Servers and containers that must end with the tests, even when those are killed.

A supervisor is a small process that waits for the end of its standard input, which is a pipe from
the process of the tests, and then cleans up. The pipe closes however that process ends. (Linux's
"parent death signal" would not do: it is sent when the starting *thread* ends.)

Run as a program, this file is the supervisor of one server.
"""

import contextlib
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

_processes: list["subprocess.Popen[bytes]"] = []
_lock = threading.Lock()


def supervise_server(
    command: list[str], folder: Path, end: signal.Signals, user: str | None
) -> "subprocess.Popen[bytes]":
    """Run `command` in `folder` as `user`; afterwards send it `end`, and remove the folder."""
    order = {"command": command, "folder": str(folder), "end": int(end), "user": user}
    return _start([sys.executable, "-I", __file__, json.dumps(order)])


def supervise_container(name: str, folder: Path) -> "subprocess.Popen[bytes]":
    """Remove the container and the folder afterwards."""
    script = 'cat >/dev/null; docker rm --force --volumes "$0" >/dev/null 2>&1; rm -rf "$1"'
    return _start(["sh", "-c", script, name, str(folder)])


def send(process: "subprocess.Popen[bytes]", word: str) -> None:
    """``end 9``: end the server by that signal, and keep its folder. ``start``: start it again."""
    assert process.stdin
    process.stdin.write(f"{word}\n".encode())
    process.stdin.flush()


def stop(process: "subprocess.Popen[bytes]") -> None:
    if process.stdin and not process.stdin.closed:
        process.stdin.close()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def stop_all() -> None:
    with _lock:
        for process in _processes:
            if process.stdin:
                process.stdin.close()  # of all of them first, so that they end at the same time
        for process in _processes:
            stop(process)
        _processes.clear()


def _start(command: list[str]) -> "subprocess.Popen[bytes]":
    # Another session: Ctrl-C in the terminal must not end the servers.
    process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    with _lock:
        _processes.append(process)
    return process


def runs(folder: Path) -> bool:
    """False if the server ended by itself; its folder is then still there, with its log."""
    return not (folder / "ended").exists()


def _main(command: list[str], folder: str, end: int, user: str | None) -> None:
    server = _begin(command, folder, user)
    for line in sys.stdin:
        word, _, number = line.strip().partition(" ")
        if word == "end":
            _end(server, int(number))
        else:
            Path(folder, "ended").unlink(missing_ok=True)
            server = _begin(command, folder, user)
    _end(server, end)
    shutil.rmtree(folder, ignore_errors=True)


def _begin(command: list[str], folder: str, user: str | None) -> "subprocess.Popen[bytes]":
    with Path(folder, "server.log").open("ab") as log:
        server = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            user=user,
            group=pwd.getpwnam(user).pw_gid if user else None,
            extra_groups=[] if user else None,
        )
    threading.Thread(target=_mark_end, args=(server, Path(folder, "ended")), daemon=True).start()
    return server


def _end(server: "subprocess.Popen[bytes]", number: int) -> None:
    if server.poll() is not None:
        return
    os.killpg(server.pid, number)
    try:
        server.wait(15)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)


def _mark_end(server: "subprocess.Popen[bytes]", mark: Path) -> None:
    server.wait()
    with contextlib.suppress(FileNotFoundError):
        mark.touch()


if __name__ == "__main__":
    _main(**json.loads(sys.argv[1]))
