"""The JSON Schema of a spec, for editors, and the reference page of its keys.

Both come from the declarations of ``keys``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dbprov.spec import keys
from dbprov.spec.key_types import Key, ListOf, Mapping
from dbprov.spec.keys import NameOr

NONE = {"type": "null"}
PRESENT = {"not": NONE}


def document() -> dict[str, Any]:
    """The schema, as it is written in JSON."""
    rules = {  # between the keys of one mapping
        keys.SPEC.name: _of_spec(),
        keys.DEPLOYMENT.name: _of_deployment(),
        keys.USER_ENTRY.name: {
            "oneOf": [{"required": [key]} for key in (keys.USER_NAME, keys.SAME_AS_NAME)]
        },
        keys.OF_PASSWORD.name: _of_password(),
    }
    made = {one.name: one.whole() | rules.get(one.name, {}) for one in mappings(keys.SPEC)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A spec of dbprov",
        "description": "A server, and the Airflow Deployments that want a database on it.",
        **made.pop(keys.SPEC.name),
        "$defs": made,
    }


def mappings(one: Mapping) -> Iterator[Mapping]:
    """A mapping, and each one below it once."""
    found = {one.name: one}
    waiting = [one]
    while waiting:
        for key in waiting.pop(0).keys:
            inner = _mapping_in(key.type)
            if inner and inner.name not in found:
                found[inner.name] = inner
                waiting.append(inner)
    yield from found.values()


def _mapping_in(kind: Any) -> Mapping | None:
    while isinstance(kind, (ListOf, NameOr)):
        kind = kind.item if isinstance(kind, ListOf) else kind.mapping
    return kind if isinstance(kind, Mapping) else None


def _has(key: Key) -> dict[str, Any]:
    return {"required": [key], "properties": {key: PRESENT}}


def _of_spec() -> dict[str, Any]:
    """Without a server at the top each deployment has its own."""
    each = {keys.DEPLOYMENTS: {"items": _has(keys.SERVER)}}
    return {"if": {"not": _has(keys.SERVER)}, "then": {"properties": each}}


def _of_deployment() -> dict[str, Any]:
    """One user, or several with what each may say; layout: split has its own schemas."""
    split = {"required": [keys.LAYOUT], "properties": {keys.LAYOUT: {"const": "split"}}}
    two = {keys.SCHEMAS: NONE, keys.USERS: {"minItems": 2, "maxItems": 2}}
    return {
        "if": _has(keys.USERS),
        "then": {"properties": dict.fromkeys((keys.USER, *keys.OF_USER), NONE)},
        "else": _has(keys.USER),
        "allOf": [{"if": split, "then": {"properties": two}}],
    }


def _of_password() -> dict[str, Any]:
    """One place, and beside it only what belongs to it."""
    every = keys.OF_PASSWORD.keys
    return {
        "oneOf": [
            {
                "required": [place],
                "properties": {place: PRESENT}
                | {key: NONE for key in every if key not in (place, *beside)},
            }
            for place, beside in keys.PLACES.items()
        ]
    }


def reference() -> str:
    """The page ``docs/spec.md``, in Markdown."""
    return "\n".join(_page()) + "\n"


HEAD = """\
# The spec

A spec is a file in YAML. These are all its keys. The smallest spec has a server and one deployment
with a name, a database and a user. Flags say the same for one Deployment without a file. A key
without a flag is for a file only.

This page is made from the declarations in `dbprov/spec/keys.py` by `dbprov schema --markdown`."""


def _page() -> Iterator[str]:
    yield HEAD
    of_flag = {
        id(path[-1]) if len(path) == 1 else tuple(map(id, path)): flag
        for flag, path in keys.flags()
    }
    parents = {id(key.type): key for key in keys.IN_FLAGS}
    for one in mappings(keys.SPEC):
        yield f"\n## {one.name}\n"
        yield "| key | value | default | engine | flag | meaning |"
        yield "|---|---|---|---|---|---|"
        for key in one.keys:
            parent = parents.get(id(one))
            flag = of_flag.get((id(parent), id(key)) if parent else id(key), "")
            text = _meaning(key)
            if one is keys.DEPLOYMENT and key in keys.EVERYWHERE:
                text = f"As at the top, for this deployment alone: see [{keys.SPEC.name}](#spec)."
            if one is keys.USER_ENTRY and key in keys.OF_USER:
                text = "As for a deployment with one user: see [deployment](#deployment)."
            yield _row(key, f"`--{flag}`" if flag else "", key in one.required, text)


def _meaning(key: Key) -> str:
    example = f" Example: `{key}: {key.example}`." if key.example else ""
    return f"{key.sentence} {key.more}".rstrip() + example


def _row(key: Key, flag: str, required: bool, text: str) -> str:
    engine = {"": "", "postgresql": "PostgreSQL", "mysql": "MySQL"}[key.engine]
    cells = (
        f"`{key}`",
        key.type.words,
        "required" if required else key.default,
        engine,
        flag,
        text,
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
