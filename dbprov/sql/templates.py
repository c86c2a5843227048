"""The template files: one for each engine and kind of item, with a Jinja block for each verb.

``user/create`` is the block ``create`` of ``user.sql``. A template of the user's own extends the
built-in one and replaces blocks of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path

from jinja2 import Environment, TemplateNotFound, TemplateSyntaxError, nodes
from msgspec import Struct

from dbprov.errors import RenderError
from dbprov.sql.jinja_environment import BUILT_IN, built_in_templates, chain, environment, parsed

ENGINES = ("postgresql", "mysql")
REFERENCES = (
    nodes.Include,
    nodes.Import,
    nodes.FromImport,
    nodes.Extends,
)
RENAMED = {
    "surplus": "extra_grants",
    "postgresql/facts": "session/facts",
    "postgresql/instance": "session/instance",
    "postgresql/verifiers": "user/verifiers",
    "postgresql/script/settings": "fragments/psql_settings",
    "postgresql/database_grant/ensure": "script/check",
    "postgresql/schema_grant/ensure": "script/check",
    "mysql/settings": "session/server",
    "mysql/rights": "session/rights",
    "mysql/instance": "session/instance",
}
"""Names in 0.1, but for its rule: KIND/VERB.sql is block VERB of KIND.sql now."""


class OwnTemplates:
    """The user's folder of templates, compared with the built-in ones."""

    def __init__(self, folder: Path, environment: Environment) -> None:
        self.folder, self._environment = folder, environment

    @cached_property
    def files(self) -> list[str]:
        return sorted(str(p.relative_to(self.folder)) for p in self.folder.rglob("*.sql"))

    def refuse_unused(self) -> None:
        """Raises RenderError with every file and block that is never rendered.

        So no own CREATE ROLE stops being used without notice.
        """
        used = self._included()
        wrong = [
            line
            for file in self.files
            if file not in used
            for line in (_misplaced(file) if not _is_built_in(file) else self._unused_blocks(file))
        ]
        if wrong:
            raise RenderError(
                f"nothing asks for some of the templates in {self.folder}",
                "\n".join(wrong),
                "move or rename each one, or remove it; dbprov templates lists files and blocks,"
                " and dbprov templates --copy KIND starts a file",
            )

    def _included(self) -> set[str]:
        """The files that own templates include, import or extend."""
        found = set[str]()
        for file in self.files:
            for node in self._tree(file).find_all(REFERENCES):
                name = getattr(node, "template", None)
                if isinstance(name, nodes.Const):
                    found |= set([name.value] if isinstance(name.value, str) else name.value)
        return found

    def _tree(self, file: str) -> nodes.Template:
        try:
            return parsed(self._environment, file)
        except TemplateSyntaxError as error:
            place = f"{self.folder / file}:{error.lineno}"
            raise RenderError(
                f"template {place} cannot be read", error.message or "", "correct the template"
            ) from None

    def _unused_blocks(self, file: str) -> Iterator[str]:
        try:
            list(chain(self._environment, file))
        except TemplateNotFound as error:
            yield f"{file}: it extends {error.name}, which is not there"
        except TemplateSyntaxError:
            pass  # it is reported where the file is read
        known = blocks_of(self._environment, f"{BUILT_IN}/{file}")
        tree = self._tree(file)
        replaced = [node.name for node in tree.find_all(nodes.Block)]
        for name in replaced:
            if name not in known:
                near = get_close_matches(name, known, 1)
                hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(sorted(known))}"
                yield f"{file}: the built-in one has no block {name}: {hint}"
        if not replaced and known:
            yield f"{file}: it replaces no block: it has {', '.join(sorted(known))}"
        if not tree.find(nodes.Extends):
            missing = sorted(known - set(replaced) - {"alter"})
            if missing:
                line = f'{{% extends "{BUILT_IN}/{file}" %}}'
                yield f"{file}: it lacks {', '.join(missing)}: begin it with {line}"


def blocks_of(environment: Environment, path: str) -> set[str]:
    """The names that a template's blocks can have; alter, where it is missing, is create."""
    found = {node.name for node in _blocks(environment, path)}
    return found | ({"alter"} if "create" in found else set())


def _is_built_in(file: str) -> bool:
    return (built_in_templates() / file).is_file()


def _misplaced(file: str) -> Iterator[str]:
    """For a file without a built-in one of its name: where it belongs now."""
    engine, _, name = file.removesuffix(".sql").partition("/")
    new_name = RENAMED.get(f"{engine}/{name}", name)
    kind, slash, verb = new_name.partition("/")
    kind = RENAMED.get(kind, kind)
    if engine in ENGINES and slash and _is_built_in(f"{engine}/{kind}.sql"):
        yield f"{file}: it is block {verb} of {engine}/{kind}.sql now"
    elif _is_built_in(f"{engine}/{new_name}.sql"):
        yield f"{file}: it is {engine}/{new_name}.sql now"
    else:
        ours = built_in_templates()
        known = [str(p.relative_to(ours)) for p in ours.rglob("*.sql")]
        near = get_close_matches(file, known, 1)
        hint = f": did you mean {near[0]}?" if near else ""
        yield f"{file}: there is no built-in template of this name{hint}"


class Listed(Struct, frozen=True):
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
    """Raises RenderError with every file and block of this folder that is never rendered."""
    OwnTemplates(folder, environment((folder, built_in_templates()), ())).refuse_unused()


def listed(own: Path | None) -> list[Listed]:
    """Every template, own ones first. Raises RenderError where one is never rendered."""
    ours = built_in_templates()
    plain = environment((own, ours) if own else (ours,), ())
    if own:
        OwnTemplates(own, plain).refuse_unused()
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
    """The text of a new own template, with every built-in block. Empty: no such template."""
    path = built_in_templates() / engine / f"{name}.sql"
    if not name.isidentifier() or not path.is_file():
        return ""
    extends = f'{{% extends "{BUILT_IN}/{engine}/{name}.sql" %}}'
    return f"{extends}\n\n{path.read_text(encoding='utf-8')}"


def _blocks(environment: Environment, path: str) -> Iterator[nodes.Block]:
    return parsed(environment, path).find_all(nodes.Block)
