"""The user's own form: a Jinja template over the same values."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dbprov.connections.forms import FormOptions
from dbprov.connections.strings import Connection, DeploymentConnections
from dbprov.errors import RenderError
from dbprov.spec.model import bracketed
from dbprov.system import files

LARGEST = 1 << 20  # bytes of a template


def rendered(file: Path, handouts: Sequence[DeploymentConnections], options: FormOptions) -> str:
    """The template with ``deployments``. Raises RenderError with its line.

    It can do nothing but print: Jinja's sandbox, no files beside it, no unknown names.
    """
    from jinja2 import StrictUndefined, TemplateSyntaxError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    made = ImmutableSandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True)
    try:
        template = made.from_string(files.read(file, LARGEST).decode())
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise RenderError(f"template {file} cannot be read", why, "name another") from None
    except TemplateSyntaxError as error:
        raise _failed(f"{file}:{error.lineno}", error.message or "") from None
    try:
        return _printed(template, handouts, options.shown)
    except Exception as error:  # whatever Python can raise in an expression
        raise _failed(_place(error, file), _words(template, handouts)) from None


def _printed(template: Any, handouts: Sequence[DeploymentConnections], shown: bool) -> str:
    made: str = template.render(deployments=[values(one, shown) for one in handouts])
    return made


def _words(template: Any, handouts: Sequence[DeploymentConnections]) -> str:
    """What is wrong, as Python says it where the template sees *** for each password.

    Its words for an expression with a password may hold it, whole, turned around or in parts.
    """
    try:
        _printed(template, handouts, False)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "what Python says of it is left out, since it may hold a password"


def _failed(place: str, why: str) -> RenderError:
    todo = "README, Your own form, lists what a template can use"
    return RenderError(f"template {place} cannot be rendered", why, todo)


def _place(error: BaseException, file: Path) -> str:
    """With the innermost line of the template; Jinja names it so in the frames it makes."""
    place, step = str(file), error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename == "<template>":
            place = f"{file}:{step.tb_lineno}"
        step = step.tb_next
    return place


def values(one: DeploymentConnections, shown: bool) -> dict[str, Any]:
    """What a template sees of one Deployment."""
    every = {c.account: c for c in (one.metadata, one.result, *one.others)}
    return {
        **one.as_json(shown),
        "engine": one.deployment.server.engine,
        "metadata": _parts(one.metadata, shown),
        "result": _parts(one.result, shown),
        "users": [_parts(c, shown) for c in every.values()],
    }


def _parts(c: Connection, shown: bool) -> dict[str, Any]:
    address = f"{bracketed(c.host)}:{c.port}"
    return {
        **c.parts(shown),
        "address": address,
        "url": c.url(shown),
        "access": c.account.access.value,
    }
