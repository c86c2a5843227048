"""YAML read as events, as they come: each value with its file:line:column, no key lost because it
stands twice, and nothing that is larger than a spec can be.

Nothing is made of a tag: numbers and yes/no are what YAML takes for them, the rest is text. An
alias is the value that it names, not a copy of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, NoReturn

from msgspec import Struct, field

from dbprov.errors import Mistake
from dbprov.spec.values import PRIVATE, Node, key_shown

LARGEST = 10 << 20  # bytes; a spec of 5,000 Deployments has one
DEEPEST = 32  # mappings and lists in one another; a spec has six
LONGEST = 10_000  # characters of one value
MOST = 250_000  # values, with each alias counted as what it stands for
MISTAKES = 100  # of one file that are reported
UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
TAG = "tag:yaml.org,2002:"
READ = {f"{TAG}{kind}": kind for kind in ("int", "float", "bool", "null")}
PLAIN = ("!", f"{TAG}str", f"{TAG}map", f"{TAG}seq")  # say nothing that is not seen
TOO_LARGE = "several files, one for each team or server"


class _Wrong(Exception):
    """What ends the reading: nothing after it can be made sense of."""

    def __init__(self, place: str, what: str, right: str) -> None:
        super().__init__(what)
        self.mistake = Mistake(place, what, right)


class _Open(Struct):
    """A mapping or list whose end has not come."""

    node: Node
    anchor: str | None
    size: int = 1
    key: str | None = None  # of a mapping, where the next value belongs to one
    skips: bool = False  # the value of what cannot be a key
    keys: dict[str, str] = field(default_factory=dict)  # of a mapping, where each key stands

    @property
    def hides(self) -> bool:
        """Is the next value below a key for a password?"""
        return self.node.hidden or bool(self.key and PRIVATE.search(self.key))


def decoded(data: bytes, source: str) -> tuple[str, list[Mistake]]:
    """Its text, or the mistake that it is none."""
    try:
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        where = place_in(data[: error.start].decode("utf-8-sig", "replace"), source)
        return "", [Mistake(where, "this is not UTF-8 text", "a spec in YAML, in UTF-8")]


def place_in(before: str, source: str) -> str:
    """Of what comes after this text."""
    line, last = before.count("\n") + 1, before.rpartition("\n")[2]
    return f"{source}:{line}:{len(last) + 1}"


def read(text: str, source: str) -> tuple[Node | None, list[Mistake]]:
    """The document as a Node, or None and the mistakes that kept it from being read."""
    wrong = UNPRINTABLE.search(text)
    if wrong:
        where = place_in(text[: wrong.start()], source)
        what = f"this is not YAML: a control character (U+{ord(wrong[0]):04X})"
        return None, [Mistake(where, what, "UTF-8 text without control characters")]
    if len(text) > LARGEST:
        where = place_in(text[:LARGEST], source)
        return None, [Mistake(where, f"the spec is larger than {LARGEST >> 20} MB", TOO_LARGE)]
    reader = _Reader(text, source)
    try:
        root = reader.document()
    except _Wrong as error:
        return None, [*reader.mistakes, error.mistake]
    if root is None:
        return None, [
            Mistake(f"{source}:1:1", "the spec is empty", "server: URL and deployments: [...]")
        ]
    return root, reader.mistakes


class _Reader:
    def __init__(self, text: str, source: str) -> None:
        import yaml  # here, since whoever says it all with flags needs none of it

        self.yaml, self.source = yaml, source
        self.mistakes: list[Mistake] = []
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.opened: list[_Open] = []
        self.values = 0
        # libyaml's, where PyYAML was built with it: ten times as fast.
        self.loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
        self.readers: dict[str, Callable[[Any], Any]] = {
            kind: getattr(self.loader, f"construct_yaml_{kind}") for kind in READ.values()
        }

    def place(self, mark: Any) -> str:
        return f"{self.source}:{mark.line + 1}:{mark.column + 1}"

    def document(self) -> Node | None:
        """Events until the end. None: there is nothing."""
        yaml, top, documents = self.yaml, None, 0
        for event in self._events():
            kind = type(event)
            if kind is yaml.ScalarEvent:
                made, size = self._scalar(event), 1
            elif kind is yaml.AliasEvent:
                made, size = self._alias(event)
            elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                self._open(event, {} if kind is yaml.MappingStartEvent else [])
                continue
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                ended = self.opened.pop()
                made, size = ended.node, ended.size
                if ended.anchor:
                    self.anchors[ended.anchor] = (made, size)
            else:
                if kind is yaml.DocumentStartEvent:
                    documents += 1
                    if documents > 1:
                        self._end(event, "a second document begins here", "one, without --- in it")
                continue
            if getattr(event, "anchor", None) and kind is yaml.ScalarEvent:
                self.anchors[event.anchor] = (made, 1)
            if self.opened:
                self._put(event, made, size)
            else:
                top = made
        return top

    def _events(self) -> Iterator[Any]:
        yaml = self.yaml
        try:
            while self.loader.check_event():
                yield self.loader.get_event()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            where = self.place(mark) if mark else self.source
            what = f"this is not YAML: {_problem(error.problem or error.context or '')}"
            raise _Wrong(where, what, "YAML, indented with blanks") from None
        except yaml.YAMLError as error:
            what = f"this is not YAML: {str(error).splitlines()[0]}"
            raise _Wrong(f"{self.source}:1:1", what, "UTF-8 text") from None

    @property
    def hides(self) -> bool:
        return bool(self.opened) and self.opened[-1].hides

    def _end(self, event: Any, what: str, right: str) -> NoReturn:
        raise _Wrong(self.place(event.start_mark), what, right)

    def _wrong(self, where: Any, what: str, right: str) -> None:
        """``where``: an event, or its place."""
        place = where if isinstance(where, str) else self.place(where.start_mark)
        if len(self.mistakes) < MISTAKES:
            self.mistakes.append(Mistake(place, what, right))

    # -- values ------------------------------------------------------------------------------------

    def _open(self, event: Any, value: Any) -> None:
        if len(self.opened) >= DEEPEST:
            self._end(event, f"this is nested deeper than {DEEPEST} levels", "the keys of a spec")
        self._tagged(event)
        if event.anchor:
            self.anchors.pop(event.anchor, None)  # until its end it names nothing
        keys: dict[str, str] = {}
        opened = Node(value, self.place(event.start_mark), self.hides, keys)
        self.opened.append(_Open(opened, event.anchor, keys=keys))

    def _put(self, event: Any, made: Node, size: int) -> None:
        """Where it belongs: into the list, or as a key or its value."""
        around = self.opened[-1]
        around.size += size
        self.values += size if type(event) is self.yaml.AliasEvent else 1
        if self.values > MOST:
            self._end(event, f"the spec has more than {MOST} values, aliases counted", TOO_LARGE)
        if isinstance(around.node.value, list):
            around.node.value.append(made)
        elif around.skips:
            around.skips = False
        elif around.key is not None:
            around.node.value[around.key] = made
            around.key = None
        elif type(event) is not self.yaml.ScalarEvent:
            alias = type(event) is self.yaml.AliasEvent
            where = self.place(event.start_mark) if alias else made.place
            self._wrong(where, "this cannot be a key", "a word before the colon")
            around.skips = True
        else:
            around.key = event.value
            around.keys.setdefault(event.value, made.place)
            if event.value in around.node.value:
                what = key_shown(event.value, around.node.hidden).strip("'")
                self._wrong(event, f"{what} stands twice", "each key once")

    def _alias(self, event: Any) -> tuple[Node, int]:
        name = event.anchor
        if any(one.anchor == name for one in self.opened) and name not in self.anchors:
            self._wrong(event, "this holds itself", "no alias to what is around it")
            return Node(None, self.place(event.start_mark)), 1
        if name not in self.anchors:
            self._end(event, "no value before this alias has its name", "&NAME before *NAME")
        made, size = self.anchors[name]
        return (Node(made.value, made.place, True, made.keys) if self.hides else made), size

    def _scalar(self, event: Any) -> Node:
        text, where = event.value, self.place(event.start_mark)
        if len(text) > LONGEST:
            self._wrong(event, f"this has {len(text)} characters", f"at most {LONGEST}")
            return Node("", where, self.hides)
        plain, quoted = event.implicit
        tag = self.loader.resolve(self.yaml.ScalarNode, text, (plain, quoted)) if plain else ""
        own = event.tag or ""
        if own and own not in PLAIN and own != tag:
            # "5" that is said to be a number is one as it stands; else a tag says what is not so.
            tag = self.loader.resolve(self.yaml.ScalarNode, text, (True, False))
            if tag != own or own not in READ:
                self._tagged(event)
                return Node(None, where, self.hides)
        kind = READ.get(tag) if own not in PLAIN else None
        if kind is None:
            return Node(text, where, self.hides)
        with suppress(ValueError, OverflowError):
            node = self.yaml.ScalarNode(tag, text, event.start_mark, event.end_mark)
            return Node(self.readers[kind](node), where, self.hides)
        self._wrong(event, "this number cannot be read", "a number, or text in quotes")
        return Node(None, where, self.hides)

    def _tagged(self, event: Any) -> None:
        if event.tag and event.tag not in PLAIN:
            known = event.tag.startswith(TAG) and event.tag.removeprefix(TAG).isalpha()
            shown = event.tag.replace(TAG, "the tag !!") if known else "its tag"
            self._wrong(event, f"{shown} does not fit this value", "no tag; text in quotes")


QUOTED = re.compile(r"'(?:[^\w\s]|<[a-z ]+>)'")
"""What YAML expects, or met, of its own signs: ',' or '<stream end>'."""


def _problem(words: str) -> str:
    """What the library says, up to where it repeats the text: an alias, a tag, an anchor."""
    signs = {found.start() for found in QUOTED.finditer(words)}
    ends = {found.end() - 1 for found in QUOTED.finditer(words)}
    for at, char in enumerate(words):
        if char in "'\"" and at not in signs | ends:
            return words[:at].rstrip()
    return words
