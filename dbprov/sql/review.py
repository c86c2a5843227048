"""A file to review: the SQL of one plan for one server, and whether it still is what would run.

Its first line is the digest of all that follows, so that anybody can check it without dbprov:
``tail -n +2 change.sql | sha256sum``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from difflib import unified_diff
from enum import Enum
from hashlib import sha256
from typing import Any

from msgspec import Struct

from dbprov.engines.engine import Engine
from dbprov.engines.facts import Facts
from dbprov.errors import ReviewError
from dbprov.items import Database
from dbprov.plan.steps import Step, folded
from dbprov.plan.undo import undo
from dbprov.spec.model import Deployment
from dbprov.sql.contents import contents
from dbprov.sql.quoted import comment_lines
from dbprov.sql.render import Renderer
from dbprov.sql.script import PRODUCTS, script

FIRST_LINE = "-- sha256:{} of all lines below"
DIGEST_LINE = re.compile(r"-- sha256:([0-9a-f]{64}) of all lines below\n")
QUALIFIED = re.compile(r'"(?:[^"]|"")+"\."(?:[^"]|"")+"(?:\([^)]*\))?')
HEAD_KEYS = {
    "server": "it was written for another server: {old}; this is {new}",
    "version": "it was written for another version: {old}; this is {new}",
    "admin": "it was written for another admin: {old}; this is {new}",
    "spec": "the spec says something else now",
}
"""The keys of the file's head, and the message where one differs."""


def change(
    engine: Engine,
    deployment: Deployment,
    steps: Sequence[Step],
    render: Renderer,
    facts: Facts,
    known: Sequence[str] = (),
) -> str:
    """The file for review. ``known``: steps that are known to fail as this admin."""
    about = [
        "Written for one server as it is now; only what is missing there:",
        *target_lines(deployment, facts),
        "",
        *(contents(engine, deployment, steps) or ["It changes nothing."]),
        *(f"Known to fail as this admin: {words}" for words in known),
        "",
        "dbprov apply --reviewed FILE runs exactly this, or nothing. No password is in it."
        + (" By hand:" if steps else ""),
    ]
    text = script(engine, deployment, steps, render, facts, about, "FILE", known=True)
    return with_digest(text)


def undo_file(
    engine: Engine,
    deployment: Deployment,
    steps: Sequence[Step],
    render: Renderer,
    facts: Facts,
) -> str:
    """The undo file of these steps. It holds no password, and dbprov never runs it."""
    back = undo(steps, facts.admin)
    dropped = [s.item for s in back.steps if isinstance(s.item, Database) and s.verb == "drop"]
    about = [
        "It takes back what dbprov was to change, computed from what was there before:",
        *target_lines(deployment, facts),
        "",
        *numbered_steps("It changes, in this order", back.steps),
        *(f"No way back is known of: {step}" for step in back.stays),
        *(
            f"It drops {item} with whatever is in it by then;"
            " it stops before that where there are tables."
            for item in dropped
        ),
        "",
        "It is of the whole of that change, and to be run once, by the same admin. Where only",
        "a part of it was done, finish that first, with dbprov apply. dbprov never runs this file."
        + (" By hand:" if back.steps else ""),
    ]
    return script(engine, deployment, back.steps, render, facts, about, "FILE", known=True)


def target_lines(deployment: Deployment, facts: Facts) -> Iterator[str]:
    """The lines about the target: server, version, admin, and digest of the spec."""
    databases = dict.fromkeys(filter(None, (deployment.server.database, deployment.database)))
    yield f"  server:   {facts.identity}, for {' and '.join(databases)}"
    yield f"  version:  {PRODUCTS[facts.flavor]} {facts.version_text}"
    yield f"  admin:    {facts.admin}"
    yield f"  spec:     sha256 {spec_digest(deployment)}"


def numbered_steps(words: str, steps: Sequence[Step]) -> Iterator[str]:
    yield f"{words}:" if steps else "It changes nothing."
    lines = list(folded(steps))
    width = len(str(len(lines)))
    for number, (line, [step, *_]) in enumerate(lines, 1):
        inside = f"  (in database {step.item.inside})" if step.item.inside else ""
        yield from comment_lines(f"  {number:>{width}}. {line}{inside}", "         ")


def spec_digest(deployment: Deployment) -> str:
    """The digest of one Deployment's spec; of a password it covers the store's name only."""
    text = json.dumps(_plain(deployment), sort_keys=True, ensure_ascii=False)
    return sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if hasattr(value, "fill"):  # a Place
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Struct):
        values = {name: _plain(getattr(value, name)) for name in value.__struct_fields__}
        if isinstance(value, Deployment):
            del values[
                "same_server"
            ]  # about other Deployments: it changes no statement of this one
        return values
    if isinstance(value, (tuple, list)):
        return [_plain(one) for one in value]
    assert value is None or isinstance(value, (str, int, float)), type(value).__name__
    return value


# -- the digest of the text ------------------------------------------------------------------------


def with_digest(text: str) -> str:
    return f"{FIRST_LINE.format(sha256(text.encode()).hexdigest())}\n{text}"


def digest(text: str) -> str:
    """The digest in a file's first line; empty where there is none."""
    claimed = DIGEST_LINE.match(text)
    return claimed[1] if claimed else ""


def digest_matches(text: str) -> bool:
    """Does the digest in the first line match the text?"""
    return digest(text) == sha256(text.partition("\n")[2].encode()).hexdigest()


# -- reviewed against now --------------------------------------------------------------------------


def require_reviewed(reviewed: str, now: str, name: str) -> None:
    """Raises ReviewError unless the SQL of now is, byte for byte, the reviewed one."""
    if reviewed == now:
        return
    done = not _steps(now) and bool(_steps(reviewed))
    error = ReviewError(
        f"{name} is not what would run now; nothing was changed",
        "\n".join(reasons(reviewed, now)),
        "nothing is left to do; dbprov verify proves that the users can work"
        if done and digest_matches(reviewed)
        else "read the difference; if it is as it should be, write the file anew"
        " (dbprov plan SPEC -o FILE) and have that one reviewed",
    )
    if not done:  # else all of the file would stand there as taken away
        error.difference = difference(reviewed, now, name)
    raise error


def reasons(reviewed: str, now: str) -> Iterator[str]:
    """Why the reviewed file differs from the one that would be written now."""
    plain = reviewed.removeprefix("\ufeff").replace("\r\n", "\n")
    if plain != reviewed and digest_matches(plain):
        yield (
            "its line ends were changed, or it begins with a byte order mark:"
            " git or an editor did it"
        )
        if plain == now:
            return
        reviewed = plain
    if not DIGEST_LINE.match(reviewed):
        yield "its first line is not that of a file which dbprov plan -o writes"
    elif not digest_matches(reviewed):
        yield "the file itself was changed after it was written: its digest is another one"
    old, new = _head(reviewed), _head(now)
    for key, words in HEAD_KEYS.items():
        if old.get(key) != new.get(key):
            yield words.format(old=old.get(key, "none"), new=new.get(key))
    before, left = _steps(reviewed), _steps(now)
    if before and not left:
        yield "the plan is empty: all of it is done already"
    elif not digest_matches(reviewed):
        return
    elif left != before and set(left) < set(before):
        yield f"{len(before) - len(left)} of its {len(before)} steps are done already"
    elif left != before:
        yield "what is missing on the server is not what was missing then"
    elif came_and_went := list(objects_changed(reviewed, now)):
        yield from came_and_went
    elif old == new:
        yield "the same steps have another text: another dbprov, or other templates"


def objects_changed(before: str, after: str) -> Iterator[str]:
    """Tables, sequences and routines that only one of two texts of statements names."""
    old, new = set(QUALIFIED.findall(before)), set(QUALIFIED.findall(after))
    for words, names in (("came since then", new - old), ("went since then", old - new)):
        if names:
            yield f"{words}: {', '.join(sorted(names))}"


def difference(reviewed: str, now: str, name: str) -> tuple[str, ...]:
    """A unified diff, without the digests unless nothing else differs."""
    old, new = (text.splitlines() for text in (reviewed, now))
    if digest(reviewed) and old[1:] != new[1:]:
        old, new = old[1:], new[1:]
    return tuple(
        unified_diff(old, new, f"{name} (reviewed)", "what would run now", n=2, lineterm="")
    )


def _head(text: str) -> dict[str, str]:
    found = re.findall(r"^--   (\w+): +(.*)$", text.partition("\n\n")[0], re.MULTILINE)
    return {key: words for key, words in found if key in HEAD_KEYS}


def _steps(text: str) -> list[str]:
    """The comments above the statements, which begin after the first empty line."""
    return re.findall(r"^-- (\S.*(?:\n--     .*)*)$", text.partition("\n\n")[2], re.MULTILINE)
