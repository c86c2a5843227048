"""Whatever stands in a spec, reading it ends soon: with a spec, or with sentences that each have a place."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from dbprov.errors import SpecError
from dbprov.spec import keys, reader, yaml_nodes
from dbprov.spec.values import MOST, Node, Reading
from tests.support.made import FOLDER

TOP = "server: postgresql://dba@h/postgres\ndeployments:\n"
ONE = "- {name: a, database: d, user: u}\n"
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)  # fmt: skip


def mistakes(text: str | bytes, folder: Path | None = None) -> list[str]:
    try:
        if isinstance(text, str):
            reader.parse(text, "s.yaml", FOLDER)
        else:
            assert folder
            (folder / "s.yaml").write_bytes(text)
            reader.load(folder / "s.yaml")
    except SpecError as error:
        return [str(one).replace(f"{folder}/", "") for one in error.mistakes]
    return []


TOO_MUCH = {
    "an alias bomb of nine levels": (TOP + ONE + BOMB, "s.yaml:9:.*more than 250000 values"),
    "an alias bomb of Deployments": (
        "a: &a {name: a, database: d, user: u}\n" + TOP + "- *a\n" * 120_000, r"s.yaml:\d+:3: .*more than 250000 values",
    ),
    "a scalar of 50 MB": (TOP + ONE + "x: " + "y" * (50 << 20), "s.yaml:4:.*larger than 10 MB"),
    "a scalar of 1 MB": (TOP + ONE + "x: " + "y" * (1 << 20), "s.yaml:4:4: this has 1048576 characters"),
    "a key of 1 MB": (TOP + ONE + "y" * (1 << 20) + ": x", "s.yaml:4:.*"),
    "brackets": (TOP + "[" * 1_000_000, "s.yaml:3:.*(nested deeper than 32 levels|exceeded maximum nesting depth)"),
    "braces": ("{a: " * 100_000, "s.yaml:1:.*nested deeper than 32 levels"),
    "dashes": ("- " * 100_000, "s.yaml:1:.*nested deeper than 32 levels"),
    "very many values": (TOP + "- [" + "," * 600_000 + "]", "s.yaml:3:"),
    "very many nothings": (TOP + "- [" + "~," * 600_000 + "]", "s.yaml:3:.*more than 250000 values"),
    "unknown keys": (TOP + "- {" + ", ".join(f"usr{n}: x" for n in range(200_000)) + "}", "s.yaml:3:"),
    "a number of 5,000 digits": (TOP + "- {name: " + "9" * 5_000 + "}", "s.yaml:3:10: this number cannot be read"),
    "one user, often": (TOP + "- {name: a, database: d, users: [" + "u," * 100_000 + "]}", "s.yaml:3:"),
    "anchors": (TOP + "- [" + ", ".join(f"&a{n} x" for n in range(100_000)) + "]", "s.yaml:3:3: this is not a mapping"),
}  # fmt: skip


@pytest.mark.attack("a spec that is read for minutes: aliases, depth, size, mistakes")
@pytest.mark.parametrize("which", TOO_MUCH)
def test_what_is_larger_than_any_spec_is_refused(which: str) -> None:
    text, wanted = TOO_MUCH[which]
    said = mistakes(text)
    assert any(re.match(wanted, one) for one in said), [one[:200] for one in said[:5]]
    assert len(said) <= 2 * MOST
    assert max(map(len, said)) < 25_000


def test_a_file_that_is_too_large_is_not_read_whole(tmp_path: Path) -> None:
    [said] = mistakes(TOP.encode() + ONE.encode() + b"# x\n" * (3 << 20), tmp_path)
    assert re.match(r"s.yaml:2621\d{3}:\d: the spec is larger than 10 MB", said)


def test_more_mistakes_than_anybody_reads_end_the_reading() -> None:
    said = mistakes(TOP + "- {name: 5}\n" * 1000)
    assert len(said) == MOST + 1
    assert "there are more mistakes" in said[-1]


BYTES = {
    "UTF-16": (("\ufeff" + TOP + ONE).encode("utf-16-le"), "s.yaml:1:1: this is not UTF-8 text"),
    "UTF-16 without a mark": ((TOP + ONE).encode("utf-16-le"), r"s.yaml:1:2: .*control character \(U\+0000\)"),
    "Latin-1": (TOP.encode() + b"- {name: a, database: caf\xe9, user: u}", "s.yaml:3:26: this is not UTF-8 text"),
    "a surrogate": (TOP.encode() + b"- {name: \xed\xa0\x80}", "s.yaml:3:10: this is not UTF-8 text"),
    "a NUL": (TOP.encode() + b"- {name: a\0}", r"s.yaml:3:11: .*control character \(U\+0000\)"),
    "an escape": (TOP.encode() + b"- {name: \x1b[2J}", r"s.yaml:3:10: .*control character \(U\+001B\)"),
    "an escaped escape": (TOP.encode() + b'- {name: "\\e[2J", database: d, user: u}', "s.yaml:3:10: this holds"),
    "an escaped NUL": (TOP.encode() + b'- {name: a, database: "\\0", user: u}', "s.yaml:3:23: this holds"),
    "a broken escape": (TOP.encode() + b'- {name: "\\ud800"}', "s.yaml:3:1.*not YAML"),
    "a tab": (TOP.encode() + b"-\tname: a\n\tdatabase: d", "s.yaml:[34]:.*not YAML"),
    "nothing": (b"", "s.yaml:1:1: the spec is empty"),
    "a mark and nothing": (b"\xef\xbb\xbf", "s.yaml:1:1: the spec is empty"),
    "a comment": (b"# nothing", "s.yaml:1:1: the spec is empty"),
    "another version": (b"%YAML 7.0\n---\na: b", "s.yaml:1:1: this is not YAML"),
    "no anchor": (TOP.encode() + b"- *nobody", "s.yaml:3:3: no value before this alias has its name"),
    "two documents": (TOP.encode() + ONE.encode() + b"---\n" + TOP.encode(), "s.yaml:4:1: a second document"),
    "a merge": (TOP.encode() + b"- {<<: {name: a}, database: d, user: u}", "s.yaml:3:4: this key is not known here"),
    "a key twice": (TOP.encode() + b"- {name: a, name: b, database: d, user: u}", "s.yaml:3:13: name stands twice"),
    "a key that is a list": (TOP.encode() + b"- {[a]: b}", "s.yaml:3:4: this cannot be a key"),
}  # fmt: skip


@pytest.mark.parametrize("which", BYTES)
def test_what_is_no_text_of_yaml(which: str, tmp_path: Path) -> None:
    data, wanted = BYTES[which]
    said = mistakes(data, tmp_path)
    assert any(re.match(wanted, one) for one in said), said


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    assert mistakes(b"\xef\xbb\xbf" + (TOP + ONE).encode(), tmp_path) == []


TAGGED = [
    "!!timestamp x", "!!timestamp 2024-01-01", "!!int x", "!!int ''", "!!int 5.0", "!!float x", "!!float 5", "!!bool maybe", "!!null x",
    "!!binary eA==", "!!binary x", "!!python/object/apply:os.system [ls]", "!!python/name:os.system ''", "!!set {a, b}", "!!omap [a: b]",
    "!!pairs [a: b]", "!!merge x", "!!value x", "!own x", "!<tag:x> y", "!!map x", "!!seq x", "!!binary {a: b}", "!!yaml x", "!!no-such x",
]  # fmt: skip


@pytest.mark.attack("a tag of YAML that makes more than text of a value")
@pytest.mark.parametrize("tagged", TAGGED)
def test_a_tag_makes_nothing(tagged: str) -> None:
    said = mistakes(f"{TOP}- {{name: a, user: u, database: {tagged} }}\n")
    if tagged.startswith(("!!map x", "!!seq x")):
        return  # says of text what it is not, and is not heard
    assert any(
        re.match(r"s.yaml:3:32: (the tag !!.*|its tag) does not fit", one) for one in said
    ), said


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5), ("!!int 5", 5), ("!!int '5'", 5), ("'5'", "5"), ("! 5", "5"), ("!!str 5", "5"), ("!!str", ""), ("0x1F", 31), ("0o17", "0o17"),
        ("017", 15), ("1_000", 1000), ("yes", True), ("!!bool no", False), ("~", None), ("", None), ("!!null ''", None), ("1.5", 1.5),
        ("2024-01-01", "2024-01-01"), ("2024-99-99", "2024-99-99"), ("=", "="), ("<<", "<<"), ("1e999", "1e999"), ("0b_", None), ("0x_", None),
        ("|-\n  a\n  b", "a\nb"),
    ],
)  # fmt: skip
def test_what_values_become(text: str, value: Any) -> None:
    read, said = yaml_nodes.read(f"a: {text}", "s")
    assert read
    assert read.value["a"].value == value
    assert bool(said) == (text in ("0b_", "0x_"))


def test_an_alias_is_the_value_that_it_names() -> None:
    text = "a: &a {name: x, database: d, user: u}\nb: [*a, *a]\nc: &a y\nd: *a"
    read, said = yaml_nodes.read(text, "s")
    assert read
    assert not said
    first, second = read.value["b"].value
    assert first is second is read.value["a"]
    assert read.value["d"].value == "y", "the last of its name"


# -- whatever comes --------------------------------------------------------------------------------------------------------

WORDS = st.sampled_from(
    ["name", "database", "user", "users", "password", "file", "env", "aws", "vault", "command", "store", "tls", "ca", "server", "a", "*a", "&a",
     "<<", "!!int", "!!timestamp", "!!binary", "!x", "5", "-0", "1:30", "0x", "1e5", ".inf", ".nan", "2024-13-45", "~", "yes", "'", '"', "|", ">", "%",
     "@", "`", "---", "...", "\t", "é", "\u2028", "\ufeff", "\x85", "postgresql://dba@h/p", "mysql://h", "~nobody-is-called-so/x", "x" * 300]
)  # fmt: skip
SIGNS = st.sampled_from(
    [": ", "- ", ", ", "[", "]", "{", "}", "\n", "\n  ", "\n- ", "? ", " ", "#", ":"]
)
TEXTS = st.lists(st.one_of(WORDS, SIGNS, st.text(max_size=3)), max_size=40).map("".join)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.dates(),
    st.binary(max_size=4),
    WORDS,
)
KEYS = st.one_of(
    st.sampled_from(
        [
            *map(str, (*keys.SPEC.keys, *keys.DEPLOYMENT.keys, *keys.USER_ENTRY.keys)),
            "file",
            "env",
            "ca",
            "key",
            "mode",
        ]
    ),
    st.text(max_size=4),
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=5)),
    max_leaves=20,
)


@given(TEXTS)
@example("server: !!timestamp x")
@example("? *a\n: b")
@example("&a [*a")
@example("a: &a\nb: *a")
@example("!!set {? a}: b")
def test_any_text_ends_with_a_spec_or_sentences(text: str) -> None:
    for one in mistakes(text):
        assert re.match(r"s\.yaml(:\d+:\d+)?: .", one), one


@given(st.binary(max_size=60))
@example(b"\xff\xfe")
@example(b"\xef\xbb\xbf\xff")
def test_any_bytes_are_decoded_or_refused(data: bytes) -> None:
    text, wrong = yaml_nodes.decoded(data, "s.yaml")
    assert wrong or yaml_nodes.read(text, "s.yaml")


@given(st.dictionaries(KEYS, TREES, max_size=6), st.dictionaries(KEYS, TREES, max_size=8))
def test_any_tree_ends_with_a_spec_or_sentences(top: dict[str, Any], one: dict[str, Any]) -> None:
    """Of keys that a spec has, with values that it has not."""
    whole = {
        "server": "postgresql://dba@h/p",
        **top,
        "deployments": [{"name": "a", "database": "d", "user": "u", **one}],
    }
    for said in mistakes(yaml.safe_dump(whole, allow_unicode=True)):
        assert re.match(r"s\.yaml:\d+:\d+: .", said), said


TYPED = st.one_of(
    st.text(max_size=8), WORDS, st.integers(), st.booleans()
)  # what click makes of flags
NESTED = st.dictionaries(
    st.sampled_from(["file", "env", "aws", "ca", "key", "mode", "host"]), TYPED, max_size=3
)
FLAGS = st.sampled_from(
    sorted({*map(str, (*keys.SPEC.keys, *keys.DEPLOYMENT.keys))} - {"users", "deployments"})
)


@given(st.dictionaries(FLAGS, st.one_of(TYPED, st.lists(TYPED, max_size=3), NESTED), max_size=8))
def test_any_flags_end_with_a_spec_or_sentences(flags: dict[str, Any]) -> None:
    with suppress(SpecError):
        reader.from_flags({"server": "postgresql://h", **flags}, FOLDER)


# -- how much work it is ---------------------------------------------------------------------------------------------------


def test_twice_the_deployments_are_twice_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted, not timed: what a spec of 5,000 takes is in benchmarks/run.py."""
    calls = 0

    def counted(name: str, original: Any) -> Any:
        def ask(*words: Any, **named: Any) -> Any:
            nonlocal calls
            calls += 1
            return original(*words, **named)

        return ask

    for name in ("wrong", "mapping", "listed", "text", "one_of", "number", "boolean", "path"):
        monkeypatch.setattr(Reading, name, counted(name, getattr(Reading, name)))
    monkeypatch.setattr(Node, "__eq__", counted("==", Node.__eq__))
    work = []
    for number in (100, 200):
        calls = 0
        entries = "".join(
            f"- {{name: t{n}, database: d{n}, user: u{n}, password: {{file: s/{n}}}}}\n" for n in range(number)
        )  # fmt: skip
        assert mistakes(TOP + entries) == []
        work.append(calls)
    assert work[1] < 2.1 * work[0]
