"""Lines of JSON, each with its own hash and the hash of the line before it.

Who alters, removes or moves a line without detection has to write all lines after it again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from msgspec import Struct, field

START = "0" * 64  # the previous hash of the first line
SEALED = re.compile(rb'(\{"line": .*), "hash": "([0-9a-f]{64})"\}\n')


def sealed(entry: Mapping[str, Any], number: int, previous: str) -> tuple[bytes, str]:
    """One line, and its hash.

    Pure ASCII: no name and no message of a server can control a terminal or end the line.
    """
    text = json.dumps({"line": number, **entry, "previous": previous}).replace("\x7f", r"\u007f")
    body = text[:-1].encode("ascii")
    made = sha256(body).hexdigest()
    return body + f', "hash": "{made}"}}\n'.encode(), made


def opened(line: bytes) -> tuple[dict[str, Any], bool] | None:
    """The entry of a line, and whether its hash is right. None: not a line of a chain."""
    match = SEALED.fullmatch(line)
    try:
        entry = json.loads(line) if match else None
    except ValueError:
        return None
    if not match or not isinstance(entry, dict) or not isinstance(entry.get("line"), int):
        return None
    return entry, sha256(match[1]).hexdigest() == entry["hash"] == match[2].decode()


class Wrong(Struct, frozen=True):
    """A fault of the chain. ``where``: the line of the file; 0 for the file as a whole."""

    where: int
    sort: str  # altered, removed, reordered, replaced, truncated
    what: str

    def as_json(self) -> dict[str, Any]:
        return {"line": self.where, "sort": self.sort, "what": self.what}


class Checked(Struct):
    lines: int = 0
    head: str = START  # the hash of the last line: noted elsewhere, it proves the file's end
    wrong: list[Wrong] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {
            "ok": not self.wrong,
            "lines": self.lines,
            "head": self.head,
            "wrong": [one.as_json() for one in self.wrong],
            "notes": self.notes,
        }


def check(lines: Iterable[bytes], head: str | None = None) -> Checked:
    """Checks the hash of each line, its number, and the hash of the line before it.

    ``head``: the hash of a former last line; it is missing in a file that was truncated before it.
    """
    read = [(where, line, opened(line)) for where, line in enumerate(lines, start=1)]
    hashes = {entry["line"]: entry["hash"] for _, _, one in read if one for entry in [one[0]]}
    checked, seen, expected = Checked(len(read)), set[int](), 1
    for where, line, one in read:
        if one is None:
            truncated = where == len(read) and not line.endswith(b"\n")
            checked.wrong.append(
                Wrong(where, "truncated", "the end of the line is missing")
                if truncated
                else Wrong(where, "altered", "it is no line that dbprov wrote")
            )
            expected += 1
            continue
        entry, valid = one
        number = entry["line"]
        checked.wrong += _wrong(where, entry, valid, expected, seen, hashes)
        if number not in seen:
            expected = (number if _gap(number, expected, hashes) else expected) + 1
        seen.add(number)
        checked.head = entry["hash"]
    if head and head not in hashes.values():
        text = "no line has the hash that was noted as the last one: the end of the file is missing"
        checked.wrong.append(Wrong(0, "truncated", text))
    _unfinished_runs(checked, [one[0] for _, _, one in read if one], bool(head))
    return checked


def _gap(number: int, expected: int, hashes: Mapping[int, str]) -> bool:
    """Are all lines from the expected one up to this one missing in the file?"""
    return number > expected and not any(missing in hashes for missing in range(expected, number))


def _wrong(
    where: int,
    entry: Mapping[str, Any],
    valid: bool,
    expected: int,
    seen: set[int],
    hashes: Mapping[int, str],
) -> Iterable[Wrong]:
    number = entry["line"]
    before = hashes.get(number - 1, START if number == 1 else None)
    if not valid:
        yield Wrong(where, "altered", f"line {number}: its text does not fit its hash")
    if number in seen:
        yield Wrong(where, "reordered", f"line {number} stands in the file twice")
    elif _gap(number, expected, hashes):
        several = number > expected + 1
        missing = f"lines {expected} to {number - 1}" if several else f"line {expected}"
        yield Wrong(where, "removed", f"before line {number}, {missing} cannot be found")
    elif number != expected:
        yield Wrong(where, "reordered", f"line {number} stands where line {expected} belongs")
    if before is not None and entry.get("previous") != before:
        yield Wrong(where, "replaced", f"line {number} follows on another line {number - 1}")


def _unfinished_runs(checked: Checked, entries: list[dict[str, Any]], known: bool) -> None:
    """Runs without an end: killed, still running, or truncated."""
    open_runs: dict[str, dict[str, Any]] = {}
    for one in entries:
        if one.get("event") == "end":
            open_runs.pop(str(one.get("run")), None)
        else:
            open_runs.setdefault(str(one.get("run")), one)
    for run, one in open_runs.items():
        announced = sum(len(o["steps"]) for o in entries if o.get("run") == run and "steps" in o)
        ended = sum(1 for o in entries if o.get("run") == run and o.get("event") == "statement")
        words = (
            f"run {run} of {one.get('time')} has no end:"
            " it was killed, or runs still, or the lines after it were removed;"
            f" of {announced - ended} announced statements the end is not known"
        )
        if entries[-1].get("run") == run and not known:
            checked.wrong.append(Wrong(checked.lines, "truncated", words))
        else:
            checked.notes.append(words)
