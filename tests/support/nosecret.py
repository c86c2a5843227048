"""What a run leaves behind, and the search for passwords in all of it.

A mark is a password with MARK in it, so that it is found however it was quoted. Passwords that dbprov made are read back from their
places, and searched as they are. Both also percent-encoded, in base64 and in hexadecimal.
"""

from __future__ import annotations

import stat
import threading
from base64 import b64encode
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

MARK = "Qx7LeakMark"
PASSWORD = f"{MARK}%s'\"\\$`%%x"
"""Of somebody or something: what breaks quotes of every sort is in it."""

OUTPUT_FILES = ("stdout", "stderr")
Row = tuple[str, int, str, int]


def mark(owner: str) -> str:
    return PASSWORD % owner


def forms(text: str) -> set[bytes]:
    """As it is, and as it looks inside of what was encoded as a whole, at whatever offset."""
    raw = text.encode()
    made = {raw, quote(text, safe="").encode(), raw.hex().encode(), raw.hex().upper().encode()}
    for before in range(3):
        first, last = -(-before * 8 // 6), (before + len(raw)) * 8 // 6
        encoded = b64encode(bytes(before) + raw)[first:last]
        made |= {encoded, encoded.replace(b"+", b"-").replace(b"/", b"_")}
    return made


class Search:
    """What was seen, by the place where it was, and how it is counted there."""

    def __init__(self) -> None:
        self.secrets = {MARK}
        self.seen: dict[tuple[str, str], list[tuple[str, bytes]]] = defaultdict(list)
        self.asked: list[tuple[str, bytes]] = []  # where a password must be
        self.conceded: list[str] = []  # where a server keeps what nobody can keep from it
        self.open: list[str] = []  # files with passwords that others may read

    def add(self, place: str, unit: str, what: str, content: bytes | str) -> None:
        blob = content.encode(errors="replace") if isinstance(content, str) else content
        self.seen[place, unit].append((what, blob))

    def known(self, text: str) -> None:
        """A password that dbprov made; for two users that alternate, after its user and a colon."""
        for line in text.splitlines():
            secret = line.rpartition(":")[2]
            if len(secret) >= 20:
                self.secrets.add(secret)

    def found(self, blobs: list[tuple[str, bytes]]) -> Iterator[str]:
        """Where, and near what; the blobs are searched at once, and looked at where that finds something."""
        whole = b"\0\n\0".join(blob for _, blob in blobs)
        for needle in sorted({one for secret in self.secrets for one in forms(secret)}):
            if needle in whole:
                for what, blob in blobs:
                    if (at := blob.find(needle)) >= 0:
                        yield f"{what}: {blob[max(0, at - 80) : at + 60]!r}"

    def holds(self, blob: bytes) -> bool:
        return any(True for _ in self.found([("", blob)]))

    def files(self, folder: Path, asked: Callable[[Path], bool]) -> None:
        """Every file below, with its mode where it holds a password and was asked to."""
        for path in sorted(folder.rglob("*")):
            if not path.is_file() or path.name in OUTPUT_FILES:
                continue
            blob, shown = path.read_bytes(), str(path.relative_to(folder))
            if not asked(path):
                self.add("files", "files", shown, blob)
            elif self.holds(blob):
                self.asked.append((shown, blob))
                if stat.S_IMODE(path.stat().st_mode) & 0o177:
                    self.open.append(f"{shown}: {stat.S_IMODE(path.stat().st_mode):o}")

    def rows(self) -> Iterator[tuple[Row, list[str]]]:
        """Of each place: how much was searched, and what was found."""
        for (place, unit), blobs in sorted(self.seen.items()):
            count = sum(blob.count(b"\n") for _, blob in blobs) if unit == "lines" else len(blobs)
            found = list(self.found(blobs))
            yield (place, count, unit, len(found)), found
        if self.conceded:
            yield (
                ("of own templates that MySQL cannot parse: known", len(self.conceded), "rows", 0),
                [],
            )
        missing = [f"no password is in {w}" for w, blob in self.asked if not self.holds(blob)]
        kept = "files with passwords, asked for: others may read"
        yield (kept, len(self.asked), "files", len(self.open)), [*self.open, *missing]


class Watcher:
    """The process list while dbprov runs: its command lines, and the environment of what it starts."""

    def __init__(self, search: Search) -> None:
        self.pids: set[int] = set()
        self._search, self._known = search, set[tuple[str, bytes]]()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def watch(self, pid: int) -> None:
        self.pids.add(pid)

    def close(self) -> None:
        self._over.set()
        self._thread.join()
        for what, blob in self._known:
            self._search.add(what, "seen", what, blob)

    def _watch(self) -> None:
        while not self._over.wait(0.02):
            for pid in list(self.pids):
                self._look(pid)

    def _look(self, pid: int) -> None:
        folder = Path("/proc", str(pid))
        try:
            self._known.add(("command lines", (folder / "cmdline").read_bytes()))
            children = [
                int(word)
                for task in (folder / "task").iterdir()
                for word in (task / "children").read_text().split()
            ]
        except OSError:
            self.pids.discard(pid)
            return
        for child in children:
            with suppress(OSError):
                if not self._before_exec(pid, child):  # asked first: it may become another any time
                    environ = (Path("/proc") / str(child) / "environ").read_bytes()
                    self._known.add(("environment of children", environ))
            self._look(child)

    @staticmethod
    def _before_exec(pid: int, child: int) -> bool:
        """A fork that is about to become another program still has its parent's."""
        lines = [Path("/proc", str(one), "cmdline").read_bytes() for one in (pid, child)]
        return lines[0] == lines[1]
