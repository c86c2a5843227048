"""The setting that allows connection strings of one's own (guide, step 1), in each version.

Pure. ``settings`` are what a cluster's Configuration Override holds below ``deployments``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dbprov.errors import UsageError


def platform_of(version: tuple[int, ...]) -> str:
    return "0.37" if version < (1,) else "1.x" if version < (2,) else "2.x"


def path(platform: str) -> tuple[str, ...]:
    """The keys moved in 2.x (A.2)."""
    flag = ("manualConnectionStrings", "enabled")
    return ("databaseManagement", *flag) if platform == "2.x" else flag


def switch(platform: str) -> dict[str, Any]:
    return turned_on({}, platform)


def turned_on(settings: Mapping[str, Any], platform: str) -> dict[str, Any]:
    """The settings with this one in them, and with everything else as it was.

    Raises UsageError where a key on the way holds something else than further keys.
    """
    made = dict(settings)
    inner = made
    *above, last = path(platform)
    for depth, key in enumerate(above, 1):
        found = inner.get(key)
        if not isinstance(found, Mapping | None):
            raise UsageError(
                f"the cluster's {'.'.join(above[:depth])} holds no keys",
                "the Configuration Override has another value there, which is not written over",
                f"set {'.'.join(path(platform))} by hand: Clusters, your cluster, Edit",
            )
        inner[key] = dict(found or {})
        inner = inner[key]
    inner[last] = True
    return made


def said(settings: Mapping[str, Any], platform: str) -> Any:
    """What the settings have there; None for nothing."""
    value: Any = settings
    for key in path(platform):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def differing(one: Any, other: Any, at: str = "") -> Iterator[str]:
    """The paths at which two documents differ. For JSON true is not 1, as it is for Python."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in dict.fromkeys([*one, *other]):
            below = f"{at}.{key}" if at else str(key)
            if key in one and key in other:
                yield from differing(one[key], other[key], below)
            else:
                yield below
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (first, second) in enumerate(zip(one, other, strict=True)):
            yield from differing(first, second, f"{at}[{number}]")
    elif isinstance(one, bool) != isinstance(other, bool) or one != other:
        yield at


def leaves(value: Any, at: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Each value with its path. Raises RecursionError where a document is too deep for one."""
    if depth > 100:
        raise RecursionError
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from leaves(inner, f"{at}.{key}" if at else str(key), depth + 1)
    elif isinstance(value, list) and value:
        for number, inner in enumerate(value):
            yield from leaves(inner, f"{at}[{number}]", depth + 1)
    else:
        yield at, value
