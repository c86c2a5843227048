"""The user's own form: a Jinja template over the same values."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dbprov import files
from dbprov.connections import Connection, Handout
from dbprov.errors import RenderError
from dbprov.formats import Wish

LARGEST = 1 << 20  # bytes of a template


def rendered(file: Path, handouts: Sequence[Handout], wish: Wish) -> str:
    """The template with ``deployments``. Raises RenderError with its line.

    It can do nothing but print: Jinja's sandbox, no files beside it, no unknown names.
    """
    from jinja2 import StrictUndefined, TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    made = ImmutableSandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True)
    try:
        text = files.read(file, LARGEST).decode()
        return made.from_string(text).render(deployments=[values(one, wish) for one in handouts])
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise RenderError(f"template {file} cannot be read", why, "name another") from None
    except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
        line = getattr(error, "lineno", None)
        raise RenderError(
            f"template {file}{f':{line}' if line else ''} cannot be rendered",
            str(error),
            "README, Your own form, lists what a template can use",
        ) from None


def values(one: Handout, wish: Wish) -> dict[str, Any]:
    """What a template sees of one Deployment."""
    every = {c.account: c for c in (one.metadata, one.result, *one.others)}
    return {
        **one.as_json(wish.shown),
        "engine": one.deployment.server.engine,
        "metadata": _parts(one.metadata, wish),
        "result": _parts(one.result, wish),
        "users": [_parts(c, wish) for c in every.values()],
    }


def _parts(c: Connection, wish: Wish) -> dict[str, Any]:
    return {**c.parts(wish.shown), "url": c.url(wish.shown), "access": c.account.access.value}
