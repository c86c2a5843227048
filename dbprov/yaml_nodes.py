"""YAML read as nodes.

Each value with its file:line:column, and no key lost because it stands twice.
"""

from __future__ import annotations

import datetime
from typing import Any

from dbprov.errors import Mistake
from dbprov.given import Given


def read(text: str, source: str) -> tuple[Given | None, list[Mistake]]:
    """The document as a Given, or None and the mistakes that kept it from being read."""
    import yaml  # here, since whoever says it all with flags needs none of it

    mistakes: list[Mistake] = []

    def place(mark: Any) -> str:
        return f"{source}:{mark.line + 1}:{mark.column + 1}"

    def value(node: Any, above: frozenset[int] = frozenset()) -> Given:
        if id(node) in above:
            mistakes.append(
                Mistake(
                    place(node.start_mark), "this holds itself", "no alias to what is around it"
                )
            )
            return Given(None, place(node.start_mark))
        inner = above | {id(node)}
        if isinstance(node, yaml.MappingNode):
            keys: dict[str, Given] = {}
            for key, item in node.value:
                if not isinstance(key, yaml.ScalarNode):
                    mistakes.append(
                        Mistake(
                            place(key.start_mark), "this cannot be a key", "a word before the colon"
                        )
                    )
                    continue
                name = str(key.value)
                if name in keys:
                    mistakes.append(
                        Mistake(place(key.start_mark), f"{name} stands twice", "each key once")
                    )
                given = value(item, inner)
                keys[name] = given
            return Given(keys, place(node.start_mark))
        if isinstance(node, yaml.SequenceNode):
            return Given([value(item, inner) for item in node.value], place(node.start_mark))
        try:
            scalar = loader.construct_object(node)
        except (yaml.YAMLError, ValueError):
            mistakes.append(
                Mistake(
                    place(node.start_mark),
                    f"{node.value!r} cannot be read",
                    "plain text, in quotes",
                )
            )
            scalar = None
        if isinstance(scalar, (datetime.date, bytes)):
            scalar = node.value
        return Given(scalar, place(node.start_mark))

    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
        node = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = place(mark) if mark else source
        return None, [
            Mistake(
                where,
                f"this is not YAML: {error.problem or error.context}",
                "YAML, indented with blanks",
            )
        ]
    except yaml.YAMLError as error:
        return None, [
            Mistake(
                source,
                f"this is not YAML: {str(error).splitlines()[0]}",
                "UTF-8 text without control characters",
            )
        ]
    if node is None:
        return None, [
            Mistake(f"{source}:1:1", "the spec is empty", "server: URL and deployments: [...]")
        ]
    return value(node), mistakes
