"""The file that is reviewed, as a reviewer sees it, and what is said where it is not what would run now."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any

import pytest
from msgspec.structs import replace

from dbprov.engines.engine import of
from dbprov.engines.facts import Facts
from dbprov.errors import ReviewError
from dbprov.items import User
from dbprov.plan.steps import Step, compare
from dbprov.spec.model import Deployment
from dbprov.sql import review
from tests.support.made import FLAVORS, HOSTILE, deployment, expanded, renderer
from tests.support.review import GOLDEN, KNOWN, USERS, found_in_part


def written(flavor: str, made: Deployment, steps: list[Step], known: Facts | None = None) -> str:
    known = known or KNOWN[flavor]
    return review.change(
        of(FLAVORS[flavor]), made, steps, renderer(flavor, known), known, ["create x: why not"]
    )


def change(flavor: str = "postgresql", **keys: Any) -> str:
    made = deployment(FLAVORS[flavor], **{"users": USERS, **keys})
    return written(flavor, made, compare(found_in_part(flavor, made)))


@pytest.mark.parametrize("flavor", KNOWN)
def test_golden(flavor: str, request: pytest.FixtureRequest) -> None:
    """But for the digests, which change with every new key that a spec may have."""
    text = re.sub("[0-9a-f]{64}", "0" * 64, change(flavor))
    file = GOLDEN / f"{flavor}.sql"
    if request.config.getoption("--update-golden"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


def test_anybody_can_check_the_digest() -> None:
    text = change()
    first, _, rest = text.partition("\n")
    assert sha256(rest.encode()).hexdigest() in first
    assert review.digest_matches(text)
    assert not review.digest_matches(text.replace("CONNECT", "CREATE", 1))
    assert not review.digest_matches(text + " ")
    assert not review.digest_matches("SELECT 1;\n")


def test_no_password_is_asked_for_of_a_user_that_is_there() -> None:
    text = change()
    assert "app_password" not in text
    assert "printenv" not in text
    assert "  psql " in text
    assert "envsubst" not in change("mysql")
    assert re.search(r"^--   mysql .* -p < FILE$", change("mysql"), re.MULTILINE)


def test_nothing_to_do_is_a_file_too() -> None:
    made = deployment()
    text = written("postgresql", made, [])
    assert "-- It changes nothing." in text
    assert not re.search("GRANT|CREATE|ALTER", text)


def test_hostile_names_stay_in_their_comment() -> None:
    made = deployment(database=HOSTILE, users=[{"name": HOSTILE, "access": "all"}])
    text = written(
        "postgresql", made, compare((i, None) for i in expanded(made, KNOWN["postgresql"]))
    )
    head = text.partition("\n\\set ON_ERROR_STOP on \\set QUIET on\n")[0]
    assert all(line.startswith("--") for line in head.splitlines())
    assert review.digest_matches(text)


# -- the digest of the spec ------------------------------------------------------------------------------------------------


def test_the_digest_of_a_spec_says_whatever_the_spec_says() -> None:
    every: list[dict[str, Any]] = [
        {}, {"name": "other"}, {"database": "other"}, {"isolate": True}, {"isolate": False}, {"access": "read"},
        {"user": "other"}, {"connection_limit": 5}, {"password": {"env": "A"}}, {"password": {"env": "B"}},
        {"password": {"file": "p"}}, {"publish": {"host": "h"}}, {"publish": {"port": 7}}, {"tls": {"mode": "require"}},
        {"server": "postgresql://dba@other/postgres"}, {"schemas": ["a"]}, {"layout": "split"}, {"collation": "C"},
    ]  # fmt: skip
    digests = [review.spec_digest(deployment(**keys)) for keys in every]
    assert len(set(digests)) == len(every)
    assert digests == [review.spec_digest(deployment(**keys)) for keys in every]


# -- what is said ----------------------------------------------------------------------------------------------------------


def refused(old: str, new: str) -> ReviewError:
    with pytest.raises(ReviewError) as met:
        review.require_reviewed(old, new, "change.sql")
    return met.value


def test_the_same_is_the_same() -> None:
    review.require_reviewed(change(), change(), "change.sql")


def test_each_difference_has_its_words() -> None:
    made = deployment(users=USERS)
    steps = compare(found_in_part("postgresql", made))
    known = KNOWN["postgresql"]
    now = written("postgresql", made, steps)
    cases = {
        "it was written for another server: system 1, ": written("postgresql", made, steps, replace(known, identity="system 1")),
        "it was written for another version: PostgreSQL 15.1; this is PostgreSQL 16": written("postgresql", made, steps, replace(known, version_text="15.1")),
        "it was written for another admin: root; this is dba": written("postgresql", made, steps, replace(known, admin="root")),
        "the spec says something else now": written("postgresql", replace(made, publish_port=1), steps),
        "the plan is empty: all of it is done already": written("postgresql", made, steps + steps[:1]),
        "its digest is another one": now.replace("LOGIN", "NOLOGIN"),
        "its first line is not that of a file": now.partition("\n")[2],
        "1 of its ": written("postgresql", made, [Step("create", User(name="more")), *steps]),
        "is not what was missing then": written("postgresql", made, [Step("create", User(name="more")), *steps[1:]]),
        "the same steps have another text": review.with_digest(now.partition("\n")[2].replace("GRANT", "grant")),
    }  # fmt: skip
    for words, reviewed in cases.items():
        against = written("postgresql", made, []) if "is empty" in words else now
        error = refused(reviewed, against)
        assert words in error.why
        assert error.why.count("\n") == 0, error.why
        if "is empty" in words:  # all of the file would stand there as taken away
            assert not error.difference
            continue
        assert error.difference[:2] == ("--- change.sql (reviewed)", "+++ what would run now")
        assert error.as_json()["difference"].count("\n") + 1 == len(error.difference)
        assert str(error).endswith("\n".join(error.difference))


def test_what_to_do() -> None:
    made = deployment(users=USERS)
    steps = compare(found_in_part("postgresql", made))
    reviewed, empty = written("postgresql", made, steps), written("postgresql", made, [])
    assert "nothing is left to do" in refused(reviewed, empty).todo
    assert "have that one reviewed" in refused(reviewed.replace("GRANT", "x"), empty).todo
    assert "have that one reviewed" in refused(empty, reviewed).todo


def test_only_a_wrong_digest_shows_itself() -> None:
    text = change()
    wrong = text.replace(review.digest(text), "0" * 64)
    [_, _, _, minus, plus, *_] = refused(wrong, text).difference
    assert minus.startswith("--- sha256:000")
    assert plus.startswith(f"+-- sha256:{review.digest(text)}")


def test_what_the_spec_says_of_other_servers_is_no_part_of_the_change() -> None:
    """A file that was reviewed before that key was known, or said, is still the one that runs."""
    assert review.spec_digest(deployment()) == review.spec_digest(deployment(same_server=False))
