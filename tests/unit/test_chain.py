"""The chain of the record: what was done to a file afterwards is seen, and said line by line."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as some

from dbprov.audit.hash_chain import START, Checked, check, opened, sealed
from dbprov.audit.record import Announced, Recording, digest


def chain(count: int = 6, ended: bool = True, **said: object) -> list[bytes]:
    lines, previous = [], START
    for number in range(1, count + 1):
        event = "end" if ended and number == count else "statement"
        line, previous = sealed({"run": "r", "event": event, **said}, number, previous)
        lines.append(line)
    return lines


def sorts(checked: Checked) -> list[tuple[int, str]]:
    return [(one.where, one.sort) for one in checked.wrong]


def test_a_chain_as_it_was_written() -> None:
    checked = check(chain())
    assert (checked.lines, checked.wrong, checked.notes) == (6, [], [])
    assert checked.head == json.loads(chain()[-1])["hash"]
    assert check([]).wrong == []


def test_an_altered_line() -> None:
    lines = chain()
    lines[2] = lines[2].replace(b"statement", b"sentiment")
    assert sorts(check(lines)) == [(3, "altered")]
    lines[4] = b'{"line": 5}\n'
    assert sorts(check(lines)) == [(3, "altered"), (5, "altered")]


def test_a_line_altered_with_its_own_hash() -> None:
    """What comes after it still carries the hash of the line that was there."""
    lines = chain()
    lines[2] = sealed({"run": "other"}, 3, json.loads(lines[1])["hash"])[0]
    assert (4, "replaced") in sorts(check(lines))


@pytest.mark.parametrize(
    ("gone", "words"), [([2], "line 3 cannot"), ([2, 3], "lines 3 to 4 cannot"), ([0], "line 1 ")]
)
def test_removed_lines(gone: list[int], words: str) -> None:
    checked = check([line for number, line in enumerate(chain()) if number not in gone])
    assert sorts(checked) == [(gone[0] + 1, "removed")]
    assert words in checked.wrong[0].what


def test_lines_in_another_order() -> None:
    one, two, three, four, *more = chain()
    assert sorts(check([one, three, two, four, *more])) == [(2, "reordered"), (3, "reordered")]
    assert sorts(check([one, two, two, three, four, *more])) == [(3, "reordered")]


def test_a_tail_that_was_cut() -> None:
    lines = chain()
    torn = [*lines[:-1], lines[-1][:40]]
    assert sorts(check(torn))[0] == (6, "truncated")
    [cut] = check(lines[:-1]).wrong
    assert (cut.where, cut.sort) == (5, "truncated")
    assert "has no end" in cut.what


def test_a_cut_at_the_end_of_a_run_is_seen_by_the_hash_that_was_noted() -> None:
    lines, _ = chain(3), None
    later, head = sealed({"run": "s", "event": "end"}, 4, json.loads(lines[-1])["hash"])
    assert check([*lines, later], head).wrong == []
    assert check(lines).wrong == []
    assert sorts(check(lines, head)) == [(0, "truncated")]
    assert check([*lines, later], json.loads(lines[-1])["hash"]).wrong == []


def test_an_earlier_run_that_was_killed_is_a_note() -> None:
    line, previous = sealed({"run": "killed", "event": "begin", "steps": [{}, {}]}, 1, START)
    end, _ = sealed({"run": "r", "event": "end"}, 2, previous)
    checked = check([line, end])
    assert checked.wrong == []
    assert "of 2 announced statements the end is not known" in checked.notes[0]


@given(some.text(alphabet=some.characters(categories=None), max_size=30))
def test_whatever_is_said_is_one_printable_line(text: str) -> None:
    line, _ = sealed({"words": text}, 1, START)
    assert line.endswith(b"}\n")
    assert all(32 <= byte < 127 for byte in line[:-1])
    read = opened(line)
    assert read
    assert read[1]
    assert json.dumps(read[0]["words"]) == json.dumps(text)


ANNOUNCED = [Announced(f"create {n}", n, "user", "create", None, f"sql of {n}") for n in "abc"]


def results(recording: Recording, error: BaseException | None, kept: bool = True) -> list[str]:
    return [one["result"] for one in recording.results(error, kept)]


def run(whole: bool, done: int, failed: bool = False, cut: bool = False) -> Recording:
    recording = Recording(ANNOUNCED, whole)
    for _ in range(done):
        recording.begins()
        recording.done([], 1)
    if failed or cut:
        recording.begins()
    if failed:
        recording.failed("42501", "no", 1)
    return recording


@pytest.mark.parametrize(
    ("recording", "error", "told"),
    [
        (run(True, 3), None, ["done", "done", "done"]),
        (run(True, 2, failed=True), ValueError(), ["undone", "undone", "failed"]),
        (run(False, 1, failed=True), ValueError(), ["done", "failed", "not sent"]),
        (run(True, 1, cut=True), KeyboardInterrupt(), ["undone", "undone", "not sent"]),
        (run(False, 1, cut=True), KeyboardInterrupt(), ["done", "unknown", "not sent"]),
        (run(True, 3), ValueError(), ["unknown"] * 3),  # COMMIT failed: only the server knows
        (run(True, 3), GeneratorExit(), ["undone"] * 3),
        (run(True, 0), ValueError(), ["not sent"] * 3),  # BEGIN failed
    ],
)
def test_how_statements_ended(
    recording: Recording, error: BaseException | None, told: list[str]
) -> None:
    assert results(recording, error) == told


def test_what_is_always_rolled_back_is_undone() -> None:
    assert results(run(True, 3), None, kept=False) == ["undone"] * 3


def test_a_digest_is_of_statements_and_their_databases() -> None:
    a, b = Announced("s", "i", "k", "v", "a", "b"), Announced("s", "i", "k", "v", "ab", "")
    assert digest([a]) == digest([Announced("x", "x", "x", "x", "a", "b")])
    assert len({digest(made) for made in ([a], [b], [a, b], [b, a], [])}) == 5
