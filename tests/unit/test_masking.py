"""What is known as a secret is in no text, however it was written; and no document is broken by that."""

from __future__ import annotations

import base64
import json
import shlex
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbprov.errors import ConnectError, Mistake, ReviewError, SpecError
from dbprov.passwords.secret import Secret, generate
from dbprov.spec import reader
from dbprov.system.masking import MASKS, Masks, outside, printable, raw, values
from tests.support.made import FOLDER

HARD = "Qx7'\"\\$`%%x é+/ß😀 z#"
FORMS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "percent-encoded": lambda s: quote(s, safe=""),
    "percent-encoded, with slashes": quote,
    "percent-encoded in small letters": lambda s: "".join(
        c if c.isalnum() and c.isascii() else quote(c, safe="").lower() for c in s
    ),
    "in a form": quote_plus,
    "twice percent-encoded": lambda s: quote(quote(s, safe=""), safe=""),
    "JSON": json.dumps,
    "JSON in UTF-8": lambda s: json.dumps(s, ensure_ascii=False),
    "JSON in JSON": lambda s: json.dumps({"query": json.dumps({"pass": s})}),
    "Python": repr,
    "Python's bytes": lambda s: repr(s.encode()),
    "SQL": lambda s: s.replace("'", "''"),
    "SQL of MySQL": lambda s: s.replace("\\", "\\\\").replace("'", "''"),
    "SQL with backslashes": lambda s: s.replace("\\", "\\\\").replace("'", "\\'"),
    "SQL in JSON": lambda s: json.dumps("IDENTIFIED BY '" + s.replace("'", "''") + "'"),
    "shell": shlex.quote,
    "shell, the other way": lambda s: "'" + s.replace("'", "'\\''") + "'",
    "HTML": lambda s: s.replace("&", "&amp;").replace("'", "&#39;").replace('"', "&quot;"),
    "base64": lambda s: base64.b64encode(s.encode()).decode(),
    "base64 of user:password": lambda s: base64.b64encode(f"app:{s}".encode()).decode(),
    "base64 of a URL": lambda s: base64.b64encode(
        f"postgresql://us:{quote(s, safe='')}@db/x".encode()
    ).decode(),
    "base64 at another offset": lambda s: base64.b64encode(f"apps:{s}!".encode()).decode(),
    "base64 for URLs": lambda s: base64.urlsafe_b64encode(f"{s}??".encode()).decode(),
    "hexadecimal": lambda s: s.encode().hex(),
}


def knowing(*secrets: str) -> Masks:
    made = Masks()
    for one in secrets:
        made.know(one)
    return made


@pytest.mark.attack("words of a server hold the password, encoded in any usual way", on="dbprov")
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("secret", [HARD, "hunter2-LONGER", "it''s%20 \\n"])
def test_no_form_of_it_passes(form: str, secret: str) -> None:
    said = FORMS[form](secret)
    masked = knowing(secret).masked(f"the server said <{said}> of it")
    assert masked.startswith("the server said <")
    assert masked.endswith("> of it")
    assert "***" in masked
    assert said not in masked
    longest = max(
        masked.removeprefix("the server said").removesuffix("of it").split("***"), key=len
    )
    assert all(longest[i : i + 6] not in said for i in range(len(longest) - 5)) or form in (
        "SQL in JSON", "JSON in JSON", "base64 of a URL",
    )  # fmt: skip


def test_words_without_it_stay_as_they_are() -> None:
    text = "a 100% \\d+ ''quoted'' \"\" text+more &amp; c2VjcmV0"
    assert knowing(HARD, "hunter2-LONGER").masked(text) == text


@given(st.text(min_size=8, max_size=20), st.text(), st.text())
def test_whatever_is_around_it(secret: str, before: str, after: str) -> None:
    masks = knowing(secret)
    if not masks.public(secret):
        assert secret not in masks.masked(before + secret + after).replace("***", "\0")


def test_one_mask_tells_no_length() -> None:
    masks = knowing("a")
    assert masks.masked_outside("aaa b a") == "*** b ***"
    assert knowing("hunter2-1", "2-1-hunter3").masked("hunter2-1-hunter3") == "***"


def test_a_short_one_is_masked_in_what_came_from_outside_only() -> None:
    Secret("s3cret")
    assert str(ConnectError("no s3cret here", "nor s3cret")) == "no s3cret here\n  why: nor s3cret"
    heard = outside("the password s3cret is wrong")
    assert heard == "the password *** is wrong"
    assert raw(heard) == "the password s3cret is wrong"


@pytest.mark.parametrize(
    "name", ["shop_airflow", "shop_app", "db.example.com", "analytics", "airflow1"]
)
def test_so_is_one_that_is_a_name_of_the_spec(name: str) -> None:
    text = (
        "server: postgresql://dba@db.example.com/postgres\ndeployments:\n"
        "  - {name: analytics, database: shop_airflow, user: shop_app, schemas: [airflow1]}\n"
    )
    for first in (True, False):
        if first:
            Secret(name)
        reader.parse(text, "spec.yaml", FOLDER)
        known = Secret(name)
        assert known.public
        assert MASKS.masked(f'database "{name}"') == f'database "{name}"'
        assert outside(f"wrong: {name}") == "wrong: ***"
        vars(MASKS).update(vars(Masks()))


def test_values_are_masked_and_keys_are_not() -> None:
    Secret("statement-8")
    made = values({"statement-8": ["x statement-8", {"n": 8, "b": True, "none": None}]})
    assert made == {"statement-8": ["x ***", {"n": 8, "b": True, "none": None}]}


def test_every_way_to_tell_an_error_is_masked() -> None:
    error = ConnectError("what hunter2-LONGER", "why hunter2-LONGER", "do hunter2-LONGER")
    mistake = SpecError([Mistake("x:1:1", "hunter2-LONGER is wrong", "y")])
    review = ReviewError("changed")
    review.difference = ("+ hunter2-LONGER",)
    Secret("hunter2-LONGER")
    for one in (error, mistake, review):
        told = f"{one} {one!r} {one.as_json()}"
        assert "hunter2" not in told
        assert "***" in told


def test_many_secrets_are_as_quick_as_few() -> None:
    """Each character is looked up, whatever number is known."""
    masks = knowing(*(generate().reveal() for _ in range(5000)))
    one = next(iter(masks._secrets))
    for _ in range(200):
        assert masks.masked(f"GRANT ALL ON DATABASE x TO y; {one} " * 3).count("***") == 3


@pytest.mark.parametrize(
    "char", "\x1b\x07\x9b\r\n\x7f\u202e\u2066\u200f\u2028\u2029\ud800\udcff\ufeff\x00"
)
def test_what_would_steer_a_terminal_is_a_question_mark(char: str) -> None:
    assert printable(f"a{char}b\tc") == "a?b\tc"
