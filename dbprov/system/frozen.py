"""Dataclasses whose classes cost little to make.

The standard library writes and compiles up to six functions for every class: 0.4 to 0.8 ms each
(Python 3.11), and a command of ours loads a hundred. Here classes get functions that read the
fields: 0.02 ms. Instances are the same: ``fields``, ``replace``, equality, hash, and what is frozen
cannot be assigned.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import MISSING, FrozenInstanceError
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(made: Any = None, /, *, frozen: bool = False, kw_only: bool = False) -> Any:
        if made is None:
            return lambda cls: dataclass(cls, frozen=frozen, kw_only=kw_only)
        made.__doc__ = made.__doc__ or made.__name__  # else it is made from the signature
        own = vars(made).copy()
        dataclasses.dataclass(made, init=False, repr=False, eq=False, kw_only=kw_only)
        known = dataclasses.fields(made)
        written = (_filler(made, known), *_shown_and_compared(known), __setattr__, __delattr__)
        for function in written if frozen else written[:3]:
            if own.get(function.__name__) is None:
                setattr(made, function.__name__, function)
        if not frozen:
            made.__hash__ = None
        return made


Known = Sequence[dataclasses.Field[Any]]


def _shown_and_compared(known: Known) -> tuple[Callable[..., Any], ...]:
    shown = [f.name for f in known if f.repr]
    compared = [f.name for f in known if f.compare]

    def __repr__(self: Any) -> str:
        shown_fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
        return f"{type(self).__qualname__}({shown_fields})"

    def __eq__(self: Any, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        mine, theirs = vars(self), vars(other)
        return all(mine[name] == theirs[name] for name in compared)

    def __hash__(self: Any) -> int:
        mine = vars(self)
        return hash(tuple([mine[name] for name in compared]))

    return __repr__, __eq__, __hash__


def _filler(made: Any, known: Known) -> Callable[..., None]:
    names = {f.name for f in known if f.init}
    in_order = [f.name for f in known if f.init and not f.kw_only]
    defaults = {f.name: f.default for f in known if f.default is not MISSING}
    makers = {f.name: f.default_factory for f in known if f.default_factory is not MISSING}
    called, after = f"{made.__qualname__}.__init__()", getattr(made, "__post_init__", None)

    def __init__(self: Any, /, *values: Any, **named: Any) -> None:
        there = {**defaults, **dict(zip(in_order, values, strict=False)), **named}
        if len(values) > len(in_order):
            raise TypeError(f"{called} takes {len(in_order)} values, and {len(values)} were given")
        for name in named:
            if name not in names:
                raise TypeError(f"{called} got an unexpected keyword argument {name!r}")
            if values and name in in_order[: len(values)]:
                raise TypeError(f"{called} got multiple values for argument {name!r}")
        for name, make in makers.items():
            if name not in there:
                there[name] = make()
        if len(there) < len(known):
            missing = ", ".join(repr(f.name) for f in known if f.name not in there)
            raise TypeError(f"{called} misses the arguments {missing}")
        vars(self).update(there)
        if after:
            after(self)

    return __init__


def __setattr__(self: Any, name: str, value: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def __delattr__(self: Any, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")
