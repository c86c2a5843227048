"""Jinja's environment: sandboxed, and with each block of a template rendered by itself."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemBytecodeCache,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    Template,
    TemplateSyntaxError,
    nodes,
)
from jinja2.compiler import CodeGenerator
from jinja2.runtime import BlockReference, Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from dbprov.errors import RenderError
from dbprov.sql.quoted import FOLD, Sql, filters, only_sql
from dbprov.system.permissions import changeable_by_everybody

BUILT_IN = "builtin"  # prefix for {% extends "builtin/postgresql/user.sql" %}


@cache
def built_in_templates() -> Path:
    """The folder ``sql_templates``: inside the package in a wheel, beside it in a checkout."""
    package = Path(__file__).parent.parent
    for folder in (package / "sql_templates", package.parent / "sql_templates"):
        if (folder / "postgresql").is_dir():
            return folder
    raise RenderError(
        "the SQL templates are missing",
        f"neither {package / 'sql_templates'} nor {package.parent / 'sql_templates'} is there",
        "install dbprov again",
    )


class _Compiled(FileSystemBytecodeCache):
    """Compiled templates in __pycache__ beside the templates, where this user can write there.

    The name keeps code apart that was compiled without the sandbox, and would run without it.
    """

    def dump_bytecode(self, bucket: Any) -> None:
        with suppress(OSError):
            super().dump_bytecode(bucket)


class _Generator(CodeGenerator):
    """Refuses the tags whose output does not pass ``finalize``."""

    def visit_CallBlock(self, node: Any, frame: Any) -> None:
        self.fail("call blocks print what no filter has quoted; they are refused", node.lineno)

    def visit_FilterBlock(self, node: Any, frame: Any) -> None:
        self.fail("filter blocks quote text that is SQL already; they are refused", node.lineno)

    def visit_ScopedEvalContextModifier(self, node: Any, frame: Any) -> None:
        self.fail("autoescape is for HTML, and quotes no SQL; it is refused", node.lineno)


class _Super(BlockReference):
    """``super()``: the output of the replaced block, which is quoted already."""

    def __call__(self) -> Sql:
        return Sql(super().__call__())

    @property
    def super(self) -> Any:
        if self._depth + 1 >= len(self._stack):
            return self._context.environment.undefined("there is no parent block", name="super")
        return _Super(self.name, self._context, self._stack, self._depth + 1)


class _Context(Context):
    def super(self, name: str, current: Callable[..., Iterator[str]]) -> Any:
        stack = self.blocks[name]
        depth = stack.index(current) + 1
        if depth >= len(stack):
            what = f"there is no block {name!r} to extend"
            return self.environment.undefined(what, name="super")
        return _Super(name, self, stack, depth)


@cache
def environment(
    folders: tuple[Path, ...], quoters: tuple[tuple[str, Callable[..., str]], ...]
) -> Environment:
    """Cached: parsing a template takes a millisecond. ``folders``: the built-in one last."""
    for folder in folders[:-1]:
        _refuse_changeable(folder)
    alone = len(folders) == 1 and not sys.dont_write_bytecode
    compiled = _compiled_folder(folders[0]) if alone else ""
    ours = FileSystemLoader(str(folders[-1]))
    made = ImmutableSandboxedEnvironment(
        loader=ChoiceLoader(
            [PrefixLoader({BUILT_IN: ours}), *(FileSystemLoader(str(f)) for f in folders)]
        ),
        undefined=StrictUndefined,
        finalize=only_sql,
        autoescape=False,
        auto_reload=False,
        bytecode_cache=_Compiled(compiled, "__sandboxed_%s.cache") if compiled else None,
    )
    made.code_generator_class = _Generator
    made.context_class = _Context
    made.filters = filters(dict(quoters))
    made.globals = {"fold": FOLD}
    return made


def _compiled_folder(templates: Path) -> str:
    """Empty where everybody can change the folder: code in it is run."""
    folder = templates / "__pycache__"
    with suppress(OSError):
        folder.mkdir(0o755, exist_ok=True)  # whatever the umask
    with suppress(OSError):
        return "" if changeable_by_everybody(folder) else str(folder)
    return ""


def _refuse_changeable(templates: Path) -> None:
    """Raises RenderError where everybody can change a template: its SQL runs as the admin."""
    what = f"the templates in {templates} are not used"
    try:
        for path in (templates, *templates.rglob("*")):
            if fault := changeable_by_everybody(path):
                raise RenderError(what, *fault)
    except OSError as error:
        why = error.strerror or ""
        raise RenderError(what, why, "name a folder that can be read") from None


class Blocks:
    """The blocks of a template and of those that it extends, each rendered by itself."""

    def __init__(self, chain: list[Template]) -> None:
        """``chain``: the innermost first."""
        self._chain = chain
        self.found: dict[str, list[Any]] = {}
        for template in chain:
            for name, block in template.blocks.items():
                self.found.setdefault(name, []).append(block)

    def render(self, block: str, values: Mapping[str, Any]) -> str:
        """Runs no other block, and nothing outside of blocks."""
        context = self._chain[0].new_context(dict(values))
        context.blocks = {name: list(stack) for name, stack in self.found.items()}
        try:
            return "".join(context.blocks[block][0](context))
        except Exception:
            self._chain[0].environment.handle_exception()  # raises it with template lines


def resolved(environment: Environment, path: str, *, extends: bool) -> Blocks:
    """``extends`` False: it is known to extend none, and is not parsed twice to find out."""
    paths = chain(environment, path) if extends else [path]
    return Blocks([environment.get_template(one) for one in paths])


def chain(environment: Environment, path: str) -> Iterator[str]:
    """A template and those that it extends, the innermost first.

    Raises TemplateNotFound, and TemplateSyntaxError for a circle.
    """
    seen = set[str]()
    while path:
        if path in seen:
            raise TemplateSyntaxError(f"{path} extends itself", 1, path)
        seen.add(path)
        yield path
        path = _extended(environment, path)


def parsed(environment: Environment, path: str) -> nodes.Template:
    assert environment.loader
    source, file, _ = environment.loader.get_source(environment, path)
    return environment.parse(source, path, file)


def _extended(environment: Environment, path: str) -> str:
    for node in parsed(environment, path).find_all(nodes.Extends):
        if not isinstance(node.template, nodes.Const):
            raise TemplateSyntaxError("extends takes a name in quotes", node.lineno, path)
        return str(node.template.value)
    return ""
