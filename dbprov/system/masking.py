"""The secrets that this process has held, and text without them.

What is printed, logged, raised or recorded passes ``masked``; what came from outside (a server, a
driver, HTTP, another program, a template) passes ``outside`` before anybody sees it. What goes to a
terminal passes ``printable`` too. Text that is about to be serialised is masked value by value:
a finished document never is, so that none is ever broken.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dbprov.system.encodings import decoded_texts, encoded_forms

MASK = "***"
LEAST = 8
"""A shorter secret stands in words of every sort by chance: in our own it is not masked."""
OWN = (
    "password user admin database schema privileges connections deployments statements postgresql"
    " mysql mariadb localhost airflow dbprov metadata celery"
)
"""Words that dbprov's own sentences are full of. To mask one there would tell which it is."""
LONGEST = 20_000  # characters of what a stranger says


class Outside(str):
    """Words that came from outside, without any secret.

    ``raw`` is for whoever looks for a known sentence in them, and for nobody to print.
    """

    __slots__ = ("raw",)
    raw: str


class Finished(str):
    """A document as a text in another one: made of masked values, and left as it is."""

    __slots__ = ()


class _Index:
    """Finds any of many strings in one pass over a text, however many they are.

    In capitals or not: PostgreSQL repeats in small letters what stands in no quotes. A short one
    only as it is: too much would be like it.
    """

    def __init__(self) -> None:
        self._starts: dict[int, dict[str, dict[str, bool]]] = {}

    def add(self, form: str, encoded: bool) -> None:
        folded = form.translate(_SMALL)
        size = min(len(form), LEAST)
        beside = self._starts.setdefault(size, {}).setdefault(folded[:size], {})
        beside[form if size < LEAST else folded] = encoded

    def found(self, text: str) -> Iterator[tuple[int, int]]:
        sizes, folded = tuple(self._starts.items()), text.translate(_SMALL)
        for at in range(len(text) if sizes else 0):
            for size, starts in sizes:
                for form, encoded in starts.get(folded[at : at + size], _NONE).items():
                    if (text if size < LEAST else folded).startswith(form, at):
                        yield _token(text, at, at + len(form)) if encoded else (at, at + len(form))


_NONE: dict[str, bool] = {}
_SMALL = {ord(letter): letter.lower() for letter in string.ascii_uppercase}


def _token(text: str, start: int, end: int) -> tuple[int, int]:
    """All of what was encoded in base64 or hexadecimal: its ends hold a part of the secret."""
    while start and text[start - 1] in _TOKEN:
        start -= 1
    while end < len(text) and text[end] in _TOKEN:
        end += 1
    return start, end


_TOKEN = frozenset(string.ascii_letters + string.digits + "+/=_-")


class Masks:
    """All that is known in this process; there is one, at the end of this file."""

    def __init__(self) -> None:
        self._secrets: set[str] = set()
        self._heard_only: set[str] = set()
        self._names: set[str] = set()
        self._every_name = OWN
        self._anywhere, self._outside = _Index(), _Index()

    def know(self, secret: str, anywhere: bool = True) -> None:
        """From now on it is masked. ``anywhere`` False: only in words that came from outside."""
        known = self._secrets if anywhere else self._heard_only
        if not secret or secret in known:
            return
        known.add(secret)
        made = list(encoded_forms(secret))
        for form, encoded in made:
            self._outside.add(form, encoded)
        if anywhere and not self.public(secret):
            for form, encoded in made:
                self._anywhere.add(form, encoded)

    def name(self, words: Iterable[str]) -> None:
        """Names of a spec: they are in every text, so a secret that is one of them is public."""
        new = {word for word in words if word} - self._names
        if not new:
            return
        self._names |= new
        self._every_name = "\0".join((OWN, *sorted(self._names))).lower()
        if any(self.public(secret) for secret in self._secrets if len(secret) >= LEAST):
            known, self._secrets = self._secrets, set()
            self._anywhere = _Index()
            for secret in known:
                self.know(secret)

    def public(self, secret: str) -> bool:
        """Is it too short to be masked in our own words, or (a part of) a name in them?"""
        return len(secret) < LEAST or secret.lower() in self._every_name

    def masked(self, text: str) -> str:
        return _without(text, self._anywhere) if self._secrets else text

    def heard(self, text: str) -> str:
        return _without(text, self._outside) if self._secrets or self._heard_only else text


def _without(text: str, index: _Index) -> str:
    spans = sorted(
        (view.starts[first], view.ends[last - 1])
        for view in decoded_texts(text)
        for first, last in index.found(view.text)
    )
    made, at, masking = list[str](), 0, False
    for start, end in spans:
        if start > at or not masking:  # what touches is one mask, so that none tells a length
            made += [text[at:start], MASK]
        at, masking = max(at, end), True
    return "".join([*made, text[at:]])


# -- what everybody calls --------------------------------------------------------------------------

KNOWN = Masks()


def masked(text: str) -> str:
    """Without the secrets of this process: for whatever is printed, logged, raised or recorded."""
    return KNOWN.masked(text)


def outside(words: str) -> Outside:
    """Words that came from outside: no secret stays in them, however short it is."""
    short = words if len(words) <= LONGEST else f"{words[:LONGEST]} ..."
    made = Outside(KNOWN.heard(short))
    made.raw = short
    return made


def raw(words: str) -> str:
    """As they were heard; only ever to be searched for a known sentence."""
    return words.raw if isinstance(words, Outside) else words


def values(document: Any) -> Any:
    """The same document with each of its texts masked; its keys are dbprov's own."""
    if isinstance(document, str):
        return document if isinstance(document, Finished) else masked(document)
    if isinstance(document, Mapping):
        return {key: values(value) for key, value in document.items()}
    if isinstance(document, (list, tuple)):
        return [values(one) for one in document]
    return document


def printable(text: str) -> str:
    """Names and words of strangers can hold anything: nothing of it may steer a terminal.

    Also what ends the line, turns the direction of text, or is half a character.
    """
    return "".join(c if c.isprintable() or c == "\t" else "?" for c in text)


def printable_lines(text: str) -> str:
    return "\n".join(map(printable, text.split("\n")))
