"""The secrets of this process, and text without them.

Text that is printed, logged, raised or recorded goes through ``masked``; text from outside (a
server, a driver, HTTP, another program, a template) goes through ``outside`` first. Text for a
terminal goes through ``printable`` too. A document is masked value by value before it is
serialised, and never afterwards, so that its syntax stays valid.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dbprov.system.encodings import decoded_texts, encoded_forms

MASK = "***"
LEAST = 8
"""A shorter secret occurs in words by chance: in dbprov's own text it is not masked."""
COMMON_WORDS = (
    "password user admin database schema privileges connections deployments statements postgresql"
    " mysql mariadb localhost airflow dbprov metadata celery"
)
"""Words of dbprov's own messages. To mask one there would reveal it."""
MAX_LENGTH = 20_000  # characters of text from outside


class Outside(str):
    """Text from outside, without any secret.

    ``raw``: the unmasked text, only to search it for known messages, never to print.
    """

    __slots__ = ("raw",)
    raw: str


class Finished(str):
    """A serialised document inside another one; its values are masked already."""

    __slots__ = ()


class _Index:
    """Finds any of many strings in one pass over a text.

    Ignores case: PostgreSQL repeats unquoted names in lower case. A string shorter than LEAST is
    found in its own case only, since it would match too much.
    """

    def __init__(self) -> None:
        self._starts: dict[int, dict[str, dict[str, bool]]] = {}

    def add(self, form: str, encoded: bool) -> None:
        folded = form.translate(_LOWER)
        size = min(len(form), LEAST)
        forms = self._starts.setdefault(size, {}).setdefault(folded[:size], {})
        forms[form if size < LEAST else folded] = encoded

    def found(self, text: str) -> Iterator[tuple[int, int]]:
        sizes, folded = tuple(self._starts.items()), text.translate(_LOWER)
        for at in range(len(text) if sizes else 0):
            for size, starts in sizes:
                for form, encoded in starts.get(folded[at : at + size], _NO_FORMS).items():
                    if (text if size < LEAST else folded).startswith(form, at):
                        yield _token(text, at, at + len(form)) if encoded else (at, at + len(form))


_NO_FORMS: dict[str, bool] = {}
_LOWER = {ord(letter): letter.lower() for letter in string.ascii_uppercase}


def _token(text: str, start: int, end: int) -> tuple[int, int]:
    """The whole base64 or hexadecimal text: its ends hold a part of the secret."""
    while start and text[start - 1] in _TOKEN:
        start -= 1
    while end < len(text) and text[end] in _TOKEN:
        end += 1
    return start, end


_TOKEN = frozenset(string.ascii_letters + string.digits + "+/=_-")


class Masks:
    """The secrets of a process. ``MASKS``, at the end of this module, is this process's."""

    def __init__(self) -> None:
        self._secrets: set[str] = set()
        self._outside_only: set[str] = set()
        self._names: set[str] = set()
        self._public_words = COMMON_WORDS
        self._own_index, self._outside_index = _Index(), _Index()

    def know(self, secret: str, anywhere: bool = True) -> None:
        """Masks it from now on. ``anywhere`` False: only in text from outside."""
        known = self._secrets if anywhere else self._outside_only
        if not secret or secret in known:
            return
        known.add(secret)
        made = list(encoded_forms(secret))
        for form, encoded in made:
            self._outside_index.add(form, encoded)
        if anywhere and not self.public(secret):
            for form, encoded in made:
                self._own_index.add(form, encoded)

    def name(self, words: Iterable[str]) -> None:
        """Adds names of a spec. They are in every text: a secret that is one of them is public."""
        new = {word for word in words if word} - self._names
        if not new:
            return
        self._names |= new
        self._public_words = "\0".join((COMMON_WORDS, *sorted(self._names))).lower()
        if any(self.public(secret) for secret in self._secrets if len(secret) >= LEAST):
            known, self._secrets = self._secrets, set()
            self._own_index = _Index()
            for secret in known:
                self.know(secret)

    def public(self, secret: str) -> bool:
        """Is it too short to be masked in dbprov's own text, or a part of a name in it?"""
        return len(secret) < LEAST or secret.lower() in self._public_words

    def masked(self, text: str) -> str:
        return _without(text, self._own_index) if self._secrets else text

    def masked_outside(self, text: str) -> str:
        return _without(text, self._outside_index) if self._secrets or self._outside_only else text


def _without(text: str, index: _Index) -> str:
    spans = sorted(
        (view.starts[first], view.ends[last - 1])
        for view in decoded_texts(text)
        for first, last in index.found(view.text)
    )
    made, at, masking = list[str](), 0, False
    for start, end in spans:
        if start > at or not masking:  # adjacent secrets are one mask, so that it reveals no length
            made += [text[at:start], MASK]
        at, masking = max(at, end), True
    return "".join([*made, text[at:]])


# -- the functions for callers ---------------------------------------------------------------------

MASKS = Masks()


def masked(text: str) -> str:
    """The text without the secrets of this process."""
    return MASKS.masked(text)


def outside(words: str) -> Outside:
    """Text from outside, without any secret, however short."""
    short = words if len(words) <= MAX_LENGTH else f"{words[:MAX_LENGTH]} ..."
    made = Outside(MASKS.masked_outside(short))
    made.raw = short
    return made


def raw(words: str) -> str:
    """The unmasked text, only to search it for known messages."""
    return words.raw if isinstance(words, Outside) else words


def values(document: Any) -> Any:
    """The document with each string masked, but for keys, which are dbprov's own."""
    if isinstance(document, str):
        return document if isinstance(document, Finished) else masked(document)
    if isinstance(document, Mapping):
        return {key: values(value) for key, value in document.items()}
    if isinstance(document, (list, tuple)):
        return [values(one) for one in document]
    return document


def printable(text: str) -> str:
    """Text of one line without control characters, which could control a terminal.

    Nor line breaks, marks of text direction, or surrogates.
    """
    return "".join(c if c.isprintable() or c == "\t" else "?" for c in text)


def printable_lines(text: str) -> str:
    return "\n".join(map(printable, text.split("\n")))
