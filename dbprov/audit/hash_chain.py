"""Lines of JSON, each sealed with a hash and carrying the hash of the line before it.

Nobody who cannot write the whole rest of the file anew can alter, remove or move a line unseen.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from msgspec import Struct, field

START = "0" * 64  # what the first line carries
SEALED = re.compile(rb'(\{"line": .*), "hash": "([0-9a-f]{64})"\}\n')


def sealed(entry: Mapping[str, Any], number: int, previous: str) -> tuple[bytes, str]:
    """One line, and its hash.

    Pure ASCII: whatever a name or a server's words hold, it steers no terminal and ends no line.
    """
    text = json.dumps({"line": number, **entry, "previous": previous}).replace("\x7f", r"\u007f")
    body = text[:-1].encode("ascii")
    made = sha256(body).hexdigest()
    return body + f', "hash": "{made}"}}\n'.encode(), made


def opened(line: bytes) -> tuple[dict[str, Any], bool] | None:
    """What a line says, and whether its hash fits its text. None: no line of a chain."""
    there = SEALED.fullmatch(line)
    try:
        last = json.loads(line) if there else None
    except ValueError:
        return None
    if not there or not isinstance(last, dict) or not isinstance(last.get("line"), int):
        return None
    return last, sha256(there[1]).hexdigest() == last["hash"] == there[2].decode()


class Wrong(Struct, frozen=True):
    """What is wrong with a line. ``where`` counts the lines of the file; 0: the file as a whole."""

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
    """Every line against its own hash, its number, and the line that it says it follows.

    ``head``: the hash of what was the last line once; a chain that was cut before it has it not.
    """
    read = [(where, line, opened(line)) for where, line in enumerate(lines, start=1)]
    hashes = {entry["line"]: entry["hash"] for _, _, one in read if one for entry in [one[0]]}
    checked, seen, due = Checked(len(read)), set[int](), 1
    for where, line, one in read:
        if one is None:
            torn = where == len(read) and not line.endswith(b"\n")
            checked.wrong.append(
                Wrong(where, "truncated", "the end of the line is missing")
                if torn
                else Wrong(where, "altered", "it is no line that dbprov wrote")
            )
            due += 1
            continue
        entry, fits = one
        number = entry["line"]
        checked.wrong += _wrong(where, entry, fits, due, seen, hashes)
        due = due if number in seen else number + 1 if _gap(number, due, hashes) else due + 1
        seen.add(number)
        checked.head = entry["hash"]
    if head and head not in hashes.values():
        gone = "no line has the hash that was noted as the last one: the end of the file is missing"
        checked.wrong.append(Wrong(0, "truncated", gone))
    _ends(checked, [one[0] for _, _, one in read if one], bool(head))
    return checked


def _gap(number: int, due: int, hashes: Mapping[int, str]) -> bool:
    """Are the lines that should stand before this one nowhere in the file?"""
    return number > due and not any(gone in hashes for gone in range(due, number))


def _wrong(
    where: int,
    entry: Mapping[str, Any],
    fits: bool,
    due: int,
    seen: set[int],
    hashes: Mapping[int, str],
) -> Iterable[Wrong]:
    number = entry["line"]
    before = hashes.get(number - 1, START if number == 1 else None)
    if not fits:
        yield Wrong(where, "altered", f"line {number}: its text does not fit its hash")
    if number in seen:
        yield Wrong(where, "reordered", f"line {number} stands in the file twice")
    elif _gap(number, due, hashes):
        gone = f"line {due}" if number == due + 1 else f"lines {due} to {number - 1}"
        yield Wrong(where, "removed", f"before line {number}, {gone} cannot be found")
    elif number != due:
        yield Wrong(where, "reordered", f"line {number} stands where line {due} belongs")
    if before is not None and entry.get("previous") != before:
        yield Wrong(where, "replaced", f"line {number} follows on another line {number - 1}")


def _ends(checked: Checked, entries: list[dict[str, Any]], known: bool) -> None:
    """Runs that do not say how they ended: killed, running still, or cut off."""
    begun: dict[str, dict[str, Any]] = {}
    for one in entries:
        if one.get("event") == "end":
            begun.pop(str(one.get("run")), None)
        else:
            begun.setdefault(str(one.get("run")), one)
    for run, one in begun.items():
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
