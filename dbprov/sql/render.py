"""Renders templates to SQL. A value enters SQL only through a quoting filter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import TemplateNotFound, TemplateSyntaxError, UndefinedError

from dbprov.errors import DbprovError, RenderError
from dbprov.items import Item
from dbprov.passwords import Kept
from dbprov.sql.jinja_environment import Blocks, built_in_templates, environment, resolved
from dbprov.sql.quoted import Handle, folded, wrote_a_password
from dbprov.sql.templates import OwnTemplates
from dbprov.system.masking import outside


class Renderer:
    """Renders the templates of one engine, block by block; own templates take precedence.

    ``password`` returns a password as SQL: a placeholder for files, a verifier or literal for a
    server.
    """

    def __init__(
        self,
        engine: str,
        quoters: Mapping[str, Callable[..., str]],
        *,
        password: Callable[[Kept, str], str],
        version: tuple[int, ...],
        settings: Mapping[str, str],
        templates: Path | None = None,
    ) -> None:
        """``templates``: the user's own. Raises RenderError where one is never rendered."""
        self.engine = engine
        self.folders = tuple(folder for folder in (templates, built_in_templates()) if folder)
        self._environment = environment(self.folders, tuple(quoters.items()))
        self._own = bool(templates)
        self._blocks: dict[str, Blocks] = {}
        if templates:
            OwnTemplates(templates, self._environment).refuse_unused()
        self._password = password
        self._common = {"version": version, "settings": settings}

    def item(self, item: Item, verb: str) -> str:
        """The statement that does ``verb`` to this item.

        Raises RenderError with the template's file and line.
        """
        if verb == "alter" and not self.has(f"{item.kind}/alter"):
            verb = "create"  # GRANT again adds what is missing
        return self.text(f"{item.kind}/{verb}", **self.values(item))

    def values(self, item: Item) -> dict[str, Any]:
        """The fields of an Item, as its templates know them."""
        values = {name: getattr(item, name) for name in item.__struct_fields__}
        if "place" in values:
            values["place"] = Handle(partial(self._password, values["place"]))
        return values

    def has(self, name: str) -> bool:
        """``name``: file/block."""
        file, _, block = name.partition("/")
        try:
            return block in self._blocks_of(file).found
        except TemplateNotFound:
            return False

    def _blocks_of(self, file: str) -> Blocks:
        if file not in self._blocks:
            path = f"{self.engine}/{file}.sql"
            self._blocks[file] = resolved(self._environment, path, extends=self._own)
        return self._blocks[file]

    def text(self, name: str, /, **values: Any) -> str:
        """``name``: file/block, such as verify/create_table: block create_table of verify.sql."""
        file, _, block = name.partition("/")
        path = f"{self.engine}/{file}.sql"
        try:
            return _tidy(self._blocks_of(file).render(block, {**self._common, **values}))
        except TemplateSyntaxError as error:
            place = f"{error.filename or path}:{error.lineno}"
            raise RenderError(
                f"template {place} cannot be read", error.message or "", "correct the template"
            ) from None
        except DbprovError:  # of the place of a password
            raise
        except Exception as error:  # whatever Python can raise in an expression
            misspelt = isinstance(error, UndefinedError)
            secret = wrote_a_password(values.get("place"))
            words = "what Python says of it is left out, since it may hold the password"
            raise RenderError(
                f"template {_place(error, path)} cannot be rendered",
                words if secret else outside(str(error)),
                "use the variables that the built-in template of this name has (dbprov templates)"
                if misspelt
                else "end each {{ }} in a quoting filter: ident, literal, keywords, password"
                " (README, Your own templates)",
            ) from None


def _tidy(text: str) -> str:
    """Without the blank lines that Jinja's tags leave. Literals have no line breaks."""
    return "\n".join(folded(line.rstrip()) for line in text.split("\n") if line.strip())


def _place(error: BaseException, path: str) -> str:
    """File and line of the innermost template in a traceback: Jinja's frames name the file."""
    place, step = path, error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename.endswith(".sql"):
            place = f"{step.tb_frame.f_code.co_filename}:{step.tb_lineno}"
        step = step.tb_next
    return place
