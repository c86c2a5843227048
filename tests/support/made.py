"""Specs, facts and renderers for tests, made of nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from dbprov.cli import main
from dbprov.engines.engine import of
from dbprov.engines.facts import Facts
from dbprov.errors import SpecError
from dbprov.items import Item
from dbprov.passwords import Kept
from dbprov.spec import reader
from dbprov.spec.model import Deployment, Spec
from dbprov.sql.render import Renderer

FOLDER = Path("/specs")
SERVERS = {
    "postgresql": "postgresql://dba@db.example.com/postgres",
    "mysql": "mysql://dba@db.example.com",
}
FLAVORS = {"postgresql": "postgresql", "mysql": "mysql", "mariadb": "mysql"}

HOSTILE = "o'w\"n`e%r_\\$dbprov$;-- {{x}} ü"
"""A name with whatever ends a quotation, begins a comment, or means something to a template, a shell or a LIKE."""


def command(name: str) -> click.Command:
    """A command of the CLI, which is loaded when it is first named."""
    found = main.get_command(click.Context(main), name)
    assert found
    return found


def parsed(text: str, ask: Any = None) -> Spec:
    return (
        reader.parse(text, "deployment.yaml", FOLDER, ask)
        if ask
        else reader.parse(text, "deployment.yaml", FOLDER)
    )


def mistakes(text: str) -> list[str]:
    """Each as ``line:column what``, or nothing."""
    try:
        parsed(text)
    except SpecError as error:
        return [f"{m.place.removeprefix('deployment.yaml:')} {m.what}" for m in error.mistakes]
    return []


def deployment(engine: str = "postgresql", **keys: Any) -> Deployment:
    """The README's spec with other keys; YAML is JSON too. A key of None is left out."""
    top: dict[str, Any] = {key: keys.pop(key) for key in ("server", "tls") if key in keys}
    one: dict[str, Any] = {"name": "analytics", "database": "shop", "user": "app", **keys}
    if "users" in keys:
        del one["user"]
    whole: dict[str, Any] = {"server": SERVERS[engine], **top, "deployments": [one]}
    return parsed(json.dumps(whole, ensure_ascii=False)).deployments[0]


def facts(
    flavor: str = "postgresql", version: tuple[int, ...] | None = None, **settings: str
) -> Facts:
    engine = of(FLAVORS[flavor])
    newest = tuple(map(int, engine.expand.VERSIONS[flavor].split(".")))
    return engine.connection.facts_offline(flavor, version or newest, settings)


def expanded(made: Deployment, known: Facts | None = None) -> list[Item]:
    return of(made.server.engine).expand.expand(made, known or facts(made.server.engine))


def renderer(
    flavor: str = "postgresql",
    known: Facts | None = None,
    templates: Path | None = None,
    password: Callable[[Kept, str], str] | None = None,
) -> Renderer:
    engine, known = of(FLAVORS[flavor]), known or facts(flavor)
    settings: Mapping[str, str] = known.settings
    return Renderer(
        engine.expand.NAME,
        engine.quoting.FILTERS,
        password=password or engine.urls.password_placeholder,
        version=known.version,
        settings=settings,
        templates=templates,
    )
