"""Runs a program on a pseudo-terminal, and finds control sequences in its output."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

COLORS = re.compile(r"\x1b\[(?:0|1|2|31|32|33)m")
"""The only sequences that dbprov writes by itself: bold, dim, red, green, yellow, and the end of them."""
ERASED = "\r\x1b[2K"
"""What takes back the line that says what is being done."""
FIXED = re.compile(r"\x1b\[\?2004[hl]\r?")
"""What readline itself writes around a question (bracketed paste)."""


def on_terminal(
    program: Sequence[str | bytes],
    folder: Path,
    env: Mapping[str, str],
    answers: Mapping[str, str] | None = None,
    seconds: float = 60,
    columns: int = 0,
) -> tuple[int, str]:
    """Its exit code and all that the terminal got; each question gets the answer of which a part stands in it."""
    master, slave = pty.openpty()
    if columns:
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 25, columns, 0, 0))
    running = subprocess.Popen(
        program, cwd=folder, env=env, stdin=slave, stdout=slave, stderr=slave,
        start_new_session=True,
    )  # fmt: skip
    os.close(slave)
    output, asked, until = b"", 0, time.monotonic() + seconds
    while time.monotonic() < until:
        if not select.select([master], [], [], 0.1)[0]:
            continue
        try:
            output += os.read(master, 65536)
        except OSError:  # its end is closed
            break
        question = FIXED.sub("", output[asked:].decode(errors="replace"))
        for part, answer in (answers or {}).items():
            if part in question and question.endswith(": "):
                asked = len(output)
                os.write(master, f"{answer}\n".encode())
                break
    os.close(master)
    return running.wait(20), output.decode(errors="surrogateescape")


def control_sequences(text: str) -> list[str]:
    """What is left in it, beside dbprov's own colors, that a terminal would obey or that is not what it looks like."""
    rest = COLORS.sub("", FIXED.sub("", text)).replace(ERASED, "").replace("\r\n", "\n")
    return [repr(c) for c in rest if not c.isprintable() and c not in "\n\t"]
