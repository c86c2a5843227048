"""Our dataclasses beside those of the standard library: whatever is done with both, the same comes of it."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, field
from typing import Any, ClassVar

import pytest

from dbprov.passwords.env import EnvPlace
from dbprov.system import frozen


def classes(dataclass: Callable[..., Any]) -> tuple[Any, Any, Any, Any]:
    """A base, a class that adds to it, one given by position, and one that can be changed."""

    @dataclass(frozen=True, kw_only=True)
    class Base:
        """Something."""

        kind: ClassVar[str] = "base"
        name: str
        host: str = "%"
        hidden: str = field(default="", repr=False)
        aside: Any = field(default=None, compare=False)

    @dataclass(frozen=True, kw_only=True)
    class More(Base):
        many: tuple[str, ...] = ()
        made: dict[str, int] = field(default_factory=dict)

        def __str__(self) -> str:
            return f"more {self.name}"

    @dataclass(frozen=True)
    class Placed:
        one: int
        two: str = "b"

        def __repr__(self) -> str:
            return "placed"

    @dataclass
    class Open:
        name: str
        seen: list[str] = field(default_factory=list)
        waited: bool = field(default=False, init=False)

        def __post_init__(self) -> None:
            self.seen.append(self.name)

    return Base, More, Placed, Open


THEIRS, OURS = classes(dataclasses.dataclass), classes(frozen.dataclass)


@pytest.mark.parametrize(
    "what",
    [
        lambda base, more, placed, opened: repr(base(name="a", hidden="b")),
        lambda base, more, placed, opened: repr(more(name="a", many=("x",))),
        lambda base, more, placed, opened: str(more(name="a")),
        lambda base, more, placed, opened: repr(placed(1)),
        lambda base, more, placed, opened: repr(opened("a")),
        lambda base, more, placed, opened: base(name="a") == base(name="a", aside=3),
        lambda base, more, placed, opened: base(name="a") == base(name="a", hidden="x"),
        lambda base, more, placed, opened: base(name="a") == more(name="a"),
        lambda base, more, placed, opened: base(name="a") != 3,
        lambda base, more, placed, opened: hash(base(name="a", aside=[])) == hash(base(name="a")),
        lambda base, more, placed, opened: len({placed(1), placed(1, "b"), placed(1, "c")}),
        lambda base, more, placed, opened: [f.name for f in dataclasses.fields(more)],
        lambda base, more, placed, opened: dataclasses.replace(more(name="a"), name="b").name,
        lambda base, more, placed, opened: dataclasses.asdict(more(name="a", made={"x": 1})),
        lambda base, more, placed, opened: more(name="a").made is more(name="a").made,
        lambda base, more, placed, opened: copy.deepcopy(placed(1)) == placed(1),
        lambda base, more, placed, opened: (opened("a").seen, opened("a").waited),
        lambda base, more, placed, opened: opened("a") == opened("a"),
        lambda base, more, placed, opened: placed.__match_args__,
    ],
)
def test_the_same_comes_of_it(what: Callable[..., Any]) -> None:
    assert what(*OURS) == what(*THEIRS)


@pytest.mark.parametrize(
    "what",
    [
        lambda base, more, placed, opened: base(),
        lambda base, more, placed, opened: base("a"),
        lambda base, more, placed, opened: base(name="a", nane="b"),
        lambda base, more, placed, opened: placed(1, "b", 3),
        lambda base, more, placed, opened: placed(1, one=1),
        lambda base, more, placed, opened: opened("a", waited=True),
        lambda base, more, placed, opened: hash(opened("a")),
        lambda base, more, placed, opened: hash(more(name="a")),
        lambda base, more, placed, opened: setattr(base(name="a"), "name", "b"),
        lambda base, more, placed, opened: setattr(base(name="a"), "other", "b"),
        lambda base, more, placed, opened: delattr(more(name="a"), "name"),
    ],
)
def test_the_same_is_refused(what: Callable[..., Any]) -> None:
    with pytest.raises((TypeError, FrozenInstanceError)) as theirs:
        what(*THEIRS)
    with pytest.raises(theirs.type):
        what(*OURS)


def test_what_is_unknown_is_named() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'nane'"):
        OURS[0](name="a", nane="b")
    with pytest.raises(TypeError, match="misses the arguments 'name'"):
        OURS[1]()


def test_a_thing_of_ours_can_be_handed_to_another_process() -> None:
    place = EnvPlace("P")
    assert pickle.loads(pickle.dumps(place)) == place
