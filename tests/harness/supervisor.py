"""What must end when the tests end, also when they are killed.

A keeper is a small process that waits for the end of its standard input, which is a pipe from the
process of the tests, and then cleans up. The pipe closes however that process dies. (Linux's
"parent death signal" would not do: it is sent when the starting *thread* ends.)

Run as a program, this file is the keeper of one server.
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

_kept: list["subprocess.Popen[bytes]"] = []
_lock = threading.Lock()


def keep_server(
    command: list[str], folder: Path, end: signal.Signals, user: str | None
) -> "subprocess.Popen[bytes]":
    """Run `command` in `folder` as `user`; afterwards send it `end`, and remove the folder."""
    order = {"command": command, "folder": str(folder), "end": int(end), "user": user}
    return _keep([sys.executable, "-I", __file__, json.dumps(order)])


def keep_container(name: str, folder: Path) -> "subprocess.Popen[bytes]":
    """Remove the container and the folder afterwards."""
    script = 'cat >/dev/null; docker rm --force --volumes "$0" >/dev/null 2>&1; rm -rf "$1"'
    return _keep(["sh", "-c", script, name, str(folder)])


def tell(kept: "subprocess.Popen[bytes]", word: str) -> None:
    """``end 9``: end the server by that signal, and keep its folder. ``start``: start it again."""
    assert kept.stdin
    kept.stdin.write(f"{word}\n".encode())
    kept.stdin.flush()


def stop(kept: "subprocess.Popen[bytes]") -> None:
    if kept.stdin and not kept.stdin.closed:
        kept.stdin.close()
    try:
        kept.wait(30)
    except subprocess.TimeoutExpired:
        kept.kill()
        kept.wait()


def stop_all() -> None:
    with _lock:
        for kept in _kept:
            if kept.stdin:
                kept.stdin.close()  # to all of them first, so that they end at the same time
        for kept in _kept:
            stop(kept)
        _kept.clear()


def _keep(command: list[str]) -> "subprocess.Popen[bytes]":
    # A session of its own: Ctrl-C in the terminal is for the tests, not for their servers.
    kept = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    with _lock:
        _kept.append(kept)
    return kept


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
