"""The files of templates: one for each kind of thing and engine, with a Jinja block for each verb.

``user/create`` is the block ``create`` of ``user.sql``. A file of the user's own stands in front of
ours: it extends ours and replaces a block.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from difflib import get_close_matches
from functools import cache, cached_property
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
    TemplateNotFound,
    TemplateSyntaxError,
    nodes,
)
from jinja2.compiler import CodeGenerator
from jinja2.runtime import BlockReference, Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from dbprov.errors import RenderError
from dbprov.sql.quoted import Sql, filters, only_sql
from dbprov.system import files
from dbprov.system.frozen import dataclass

ENGINES = ("postgresql", "mysql")
BUILT_IN = "builtin"  # the folder of ours, for {% extends "builtin/postgresql/user.sql" %}
NAMING = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)  # another template
RENAMED = {
    "surplus": "extra_grants",
    "postgresql/facts": "session/facts",
    "postgresql/instance": "session/instance",
    "postgresql/verifiers": "user/verifiers",
    "postgresql/script/settings": "fragments/psql_settings",
    "mysql/settings": "session/server",
    "mysql/rights": "session/rights",
    "mysql/instance": "session/instance",
}
"""What stood elsewhere in 0.1, beside its rule: KIND/VERB.sql is block VERB of KIND.sql now."""


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
    """Beside the templates, as Python keeps its own modules' code beside them.

    And for nobody who could not write there. Only what was compiled for the sandbox is read: other
    code would not ask it for leave.
    """

    def dump_bytecode(self, bucket: Any) -> None:
        with suppress(OSError):
            super().dump_bytecode(bucket)


class _Generator(CodeGenerator):
    """``finalize`` does not see what these print, so there are none."""

    def visit_CallBlock(self, node: Any, frame: Any) -> None:
        self.fail("call blocks print what no filter has quoted; they are refused", node.lineno)

    def visit_FilterBlock(self, node: Any, frame: Any) -> None:
        self.fail("filter blocks quote text that is SQL already; they are refused", node.lineno)

    def visit_ScopedEvalContextModifier(self, node: Any, frame: Any) -> None:
        self.fail("autoescape is for HTML, and quotes no SQL; it is refused", node.lineno)


class _Super(BlockReference):
    """``super()``: what the replaced block printed, which left quoting filters: it is SQL."""

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
    """One for all renderers of an engine.

    Reading a template costs a millisecond, and is done once.
    """
    for folder in folders[:-1]:
        _refuse_everybody(folder)
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
    made.globals = {}
    return made


def _compiled_folder(templates: Path) -> str:
    """Empty where everybody could have put something in: what is in it is run."""
    folder = templates / "__pycache__"
    with suppress(OSError):
        folder.mkdir(0o755, exist_ok=True)  # whatever the umask
    try:
        files.refuse_everybody(folder)
    except OSError:
        return ""
    return str(folder)


def _refuse_everybody(templates: Path) -> None:
    """What is in them runs as the admin: not what everybody on this machine could have put there.

    Raises RenderError.
    """
    try:
        for path in (templates, *templates.rglob("*")):
            files.refuse_everybody(path)
    except OSError as error:
        raise RenderError(
            f"the templates in {templates} are not used", error.strerror or "",
            getattr(error, "todo", "") or "name a folder that can be read",
        ) from None  # fmt: skip


class Blocks:
    """The blocks of one template and of those that it extends, each to be rendered by itself."""

    def __init__(self, chain: list[Template]) -> None:
        """``chain``: the innermost first."""
        self._chain = chain
        self.found: dict[str, list[Any]] = {}
        for template in chain:
            for name, block in template.blocks.items():
                self.found.setdefault(name, []).append(block)

    def render(self, block: str, values: Mapping[str, Any]) -> str:
        """No other block is run, and nothing that stands outside of blocks."""
        context = self._chain[0].new_context(dict(values))
        context.blocks = {name: list(stack) for name, stack in self.found.items()}
        try:
            return "".join(context.blocks[block][0](context))
        except Exception:
            self._chain[0].environment.handle_exception()  # raises it with the template's own lines


def resolved(environment: Environment, path: str, *, extends: bool) -> Blocks:
    """``extends``: may it extend another? Ours extend none, and are not read twice to find out."""
    chain, seen, following = [], set[str](), path
    while following:
        if following in seen:
            raise TemplateSyntaxError(f"{following} extends itself", 1, path)
        seen.add(following)
        chain.append(environment.get_template(following))
        following = _extended(environment, following) if extends else ""
    return Blocks(chain)


def _parsed(environment: Environment, path: str) -> nodes.Template:
    assert environment.loader
    source, file, _ = environment.loader.get_source(environment, path)
    return environment.parse(source, path, file)


def _extended(environment: Environment, path: str) -> str:
    for node in _parsed(environment, path).find_all(nodes.Extends):
        if not isinstance(node.template, nodes.Const):
            raise TemplateSyntaxError("extends takes a name in quotes", node.lineno, path)
        return str(node.template.value)
    return ""


class Own:
    """The user's folder of templates, held against ours."""

    def __init__(self, folder: Path, environment: Environment) -> None:
        self.folder, self._environment = folder, environment

    @cached_property
    def files(self) -> list[str]:
        return sorted(str(p.relative_to(self.folder)) for p in self.folder.rglob("*.sql"))

    def refuse_unused(self) -> None:
        """An own CREATE ROLE must never stop being used in silence.

        Raises RenderError, with every file and block that nothing asks for, and the place of each.
        """
        used = self._included()
        wrong = [
            line
            for file in self.files
            if file not in used
            for line in (_misplaced(file) if not _ours(file) else self._unused_blocks(file))
        ]
        if wrong:
            raise RenderError(
                f"nothing asks for some of the templates in {self.folder}",
                "\n".join(wrong),
                "move or rename each one, or remove it; dbprov templates lists files and blocks,"
                " and dbprov templates --copy KIND starts a file",
            )

    def _included(self) -> set[str]:
        """What own files include, import or extend."""
        found = set[str]()
        for file in self.files:
            for node in self._tree(file).find_all(NAMING):
                name = getattr(node, "template", None)
                if isinstance(name, nodes.Const):
                    found |= set([name.value] if isinstance(name.value, str) else name.value)
        return found

    def _missing_parent(self, file: str) -> str:
        seen: list[str] = []
        while file and file not in seen:
            seen.append(file)
            try:
                file = _extended(self._environment, file)
            except TemplateNotFound:
                return file
            except TemplateSyntaxError:
                return ""  # of which is told where it is read
        return ""

    def _tree(self, file: str) -> nodes.Template:
        try:
            return _parsed(self._environment, file)
        except TemplateSyntaxError as error:
            place = f"{self.folder / file}:{error.lineno}"
            raise RenderError(
                f"template {place} cannot be read", error.message or "", "correct the template"
            ) from None

    def _unused_blocks(self, file: str) -> Iterator[str]:
        missing = self._missing_parent(file)
        if missing:
            yield f"{file}: it extends {missing}, which is not there"
        known = blocks_of(self._environment, f"{BUILT_IN}/{file}")
        mine = [node.name for node in self._tree(file).find_all(nodes.Block)]
        for name in mine:
            if name not in known:
                near = get_close_matches(name, known, 1)
                hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(sorted(known))}"
                yield f"{file}: the built-in one has no block {name}: {hint}"
        if not mine and known:
            yield f"{file}: it replaces no block: it has {', '.join(sorted(known))}"
        if not self._tree(file).find(nodes.Extends):
            lacking = sorted(known - set(mine) - {"alter"})
            if lacking:
                line = f'{{% extends "{BUILT_IN}/{file}" %}}'
                yield f"{file}: it lacks {', '.join(lacking)}: begin it with {line}"


def blocks_of(environment: Environment, path: str) -> set[str]:
    """The names that a template's blocks can have; alter, where it is missing, is create."""
    found = {node.name for node in _blocks(environment, path)}
    return found | ({"alter"} if "create" in found else set())


def _ours(file: str) -> bool:
    return (built_in_templates() / file).is_file()


def _misplaced(file: str) -> Iterator[str]:
    """A file that no built-in one is named like: where it belongs now."""
    engine, _, name = file.removesuffix(".sql").partition("/")
    moved = RENAMED.get(f"{engine}/{name}", name)
    kind, slash, verb = moved.partition("/")
    kind = RENAMED.get(kind, kind)
    if engine in ENGINES and slash and _ours(f"{engine}/{kind}.sql"):
        yield f"{file}: it is block {verb} of {engine}/{kind}.sql now"
    elif _ours(f"{engine}/{moved}.sql"):
        yield f"{file}: it is {engine}/{moved}.sql now"
    else:
        ours = built_in_templates()
        known = [str(p.relative_to(ours)) for p in ours.rglob("*.sql")]
        near = get_close_matches(file, known, 1)
        yield f"{file}: there is no built-in template of this name" + (
            f": did you mean {near[0]}?" if near else ""
        )


@dataclass(frozen=True)
class Listed:
    """One template: the file in use, the built-in one, and the file that serves each block."""

    name: str
    path: Path
    built_in: Path
    blocks: Mapping[str, Path]

    @property
    def engine(self) -> str:
        return self.name.partition("/")[0]

    def as_json(self) -> dict[str, str]:
        return {block: str(path) for block, path in self.blocks.items()}


def refuse_unused(folder: Path) -> None:
    """Raises RenderError, with every file and block of this folder that nothing asks for."""
    Own(folder, environment((folder, built_in_templates()), ())).refuse_unused()


def listed(own: Path | None) -> list[Listed]:
    """Every template, with the user's own in front. Raises RenderError where one is not used."""
    ours = built_in_templates()
    plain = environment((own, ours) if own else (ours,), ())
    if own:
        Own(own, plain).refuse_unused()
    made = []
    for built_in in sorted(p for engine in ENGINES for p in (ours / engine).rglob("*.sql")):
        name = str(built_in.relative_to(ours))
        path = own / name if own and (own / name).is_file() else built_in
        blocks = {node.name: built_in for node in _blocks(plain, f"{BUILT_IN}/{name}")}
        if own and path != built_in:
            blocks |= {node.name: path for node in _blocks(plain, name)}
        made.append(Listed(name, path, built_in, blocks))
    return made


def beginning(engine: str, name: str) -> str:
    """An own template to begin with: it extends ours, with the text of every block. Empty: none."""
    path = built_in_templates() / engine / f"{name}.sql"
    if not name.isidentifier() or not path.is_file():
        return ""
    extends = f'{{% extends "{BUILT_IN}/{engine}/{name}.sql" %}}'
    return f"{extends}\n\n{path.read_text(encoding='utf-8')}"


def _blocks(environment: Environment, path: str) -> Iterator[nodes.Block]:
    return _parsed(environment, path).find_all(nodes.Block)
