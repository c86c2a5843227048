"""Encodings that a secret may be in: URLs, JSON, SQL, shells, HTML, base64 and hexadecimal."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple
from urllib.parse import quote

_DEPTH = 3  # SQL in JSON in a log
_BYTES = re.compile(r"(?:(?:%|\\x)[0-9A-Fa-f]{2})+")
_BLANKS = re.compile(r"\+")
_BACKSLASHES = re.compile(
    r"\\u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}"
    r"|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}|\\x[0-9A-Fa-f]{2}|\\.",
    re.DOTALL,
)
_DOUBLED = re.compile(r"''|\"\"|``")
_SHELL = re.compile(r"'\\''|'\"'\"'")
_HTML = re.compile(r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|amp|lt|gt|quot|apos);")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_BACKSLASHED = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "0": "\0", "Z": "\x1a"}


class DecodedText(NamedTuple):
    """A text, and where each of its characters starts and ends in the encoded text."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]


def encoded_forms(secret: str) -> Iterator[tuple[str, bool]]:
    """Each form of a secret, and whether it is encoded: a part of a longer text in base64 too."""
    yield secret, False
    for text in dict.fromkeys((secret, quote(secret, safe=""), quote(secret), _escaped(secret))):
        raw = text.encode(errors="surrogatepass")
        made = [raw.hex(), raw.hex().upper()]
        for before in range(3):
            first, last = -(-before * 8 // 6), (before + len(raw)) * 8 // 6
            encoded = b64encode(bytes(before) + raw).decode()[first:last]
            made += [encoded, encoded.replace("+", "-").replace("/", "_")]
        yield from ((one, True) for one in dict.fromkeys(made) if len(one) >= 4)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _from_bytes(found: re.Match[str]) -> Iterator[tuple[str, int, int]]:
    pieces = list(re.finditer(r"(?:%|\\x)(..)", found[0]))
    raw = bytes(int(piece[1], 16) for piece in pieces)
    at = 0
    for char in raw.decode(errors="surrogateescape"):
        size = len(char.encode(errors="surrogateescape"))
        yield char, pieces[at].start(), pieces[at + size - 1].end()
        at += size


def _from_pair(found: re.Match[str]) -> Iterator[tuple[str, int, int]]:
    yield found[0][0], 0, len(found[0])


def _from_backslash(found: re.Match[str]) -> Iterator[tuple[str, int, int]]:
    escape = found[0]
    if escape[1] in "uUx" and len(escape) > 2:
        number = int(escape[2:6] if escape[1] == "u" else escape[2:], 16)
        if len(escape) == 12:
            number = 0x10000 + ((number - 0xD800) << 10) + int(escape[8:], 16) - 0xDC00
        char = chr(number) if number < 0x110000 else "?"
    else:
        char = _BACKSLASHED.get(escape[1], escape[1])
    yield char, 0, len(escape)


def _from_html(found: re.Match[str]) -> Iterator[tuple[str, int, int]]:
    escape = found[0][1:-1]
    if escape[0] == "#":
        number = int(escape[2:], 16) if escape[1] in "xX" else int(escape[1:])
        char = chr(number) if number < 0x110000 else "?"
    else:
        char = _ENTITIES[escape]
    yield char, 0, len(found[0])


_Decoded = Callable[["re.Match[str]"], Iterator[tuple[str, int, int]]]
_DECODERS: tuple[tuple[re.Pattern[str], _Decoded], ...] = (
    (_BYTES, _from_bytes),
    (_BLANKS, lambda _: iter([(" ", 0, 1)])),
    (_BACKSLASHES, _from_backslash),
    (_DOUBLED, _from_pair),
    (_SHELL, _from_pair),
    (_HTML, _from_html),
)


def _decoded(view: DecodedText, pattern: re.Pattern[str], decode: _Decoded) -> DecodedText:
    text, starts, ends, at = [], list[int](), list[int](), 0
    for found in pattern.finditer(view.text):
        text.append(view.text[at : found.start()])
        starts += view.starts[at : found.start()]
        ends += view.ends[at : found.start()]
        for char, first, last in decode(found):
            text.append(char)
            starts.append(view.starts[found.start() + first])
            ends.append(view.ends[found.start() + last - 1])
        at = found.end()
    text.append(view.text[at:])
    return DecodedText("".join(text), [*starts, *view.starts[at:]], [*ends, *view.ends[at:]])


def decoded_texts(text: str) -> Iterator[DecodedText]:
    """The text, and each text that results from decoding it, up to _DEPTH times."""
    seen = {text}
    level = [DecodedText(text, range(len(text)), range(1, len(text) + 1))]
    for depth in range(_DEPTH + 1):
        yield from level
        deeper = []
        for view in level if depth < _DEPTH else ():
            for pattern, decode in _DECODERS:
                if pattern.search(view.text):
                    made = _decoded(view, pattern, decode)
                    if made.text not in seen:
                        seen.add(made.text)
                        deeper.append(made)
        level = deeper
