"""Template to SQL. A value enters SQL through a quoting filter, or not at all."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import fields
from functools import cache, partial
from pathlib import Path
from typing import Any

from dbprov.errors import DbprovError, RenderError
from dbprov.items import Item
from dbprov.passwords import Kept
from dbprov.system import files
from dbprov.system.masking import outside


class Sql(str):
    """Text that left a quoting filter."""

    __slots__ = ()


class _Unquoted(Exception):
    pass


def _only_sql(value: object) -> Sql:
    """Jinja's ``finalize``.

    Called with the result of every ``{{ }}``, and not with the template's own text.
    """
    _defined(value)
    if not isinstance(value, Sql):
        raise _Unquoted(
            f"it prints a value of type {type(value).__name__} that did not leave a quoting filter"
        )
    return value


class _Handle:
    """What a template gets for the place of a password.

    Nothing that it could open, only something to name: the sandbox lets no template see what
    begins with an underscore.
    """

    __slots__ = ("_write", "_written")

    def __init__(self, write: Callable[[str], str]) -> None:
        self._write = write
        self._written = False


def _filter(quote: Callable[..., str]) -> Callable[..., Sql]:
    return lambda *values: Sql(quote(*map(_defined, values)))


def _defined(value: object) -> object:
    """A misspelt name says what it is when it is asked anything.

    No filter could tell it from a value of a wrong type.
    """
    bool(value)
    return value


def keywords(words: Iterable[str]) -> str:
    """Privileges and the like, in one order whatever order they came in.

    Anything but capitals is refused.
    """
    ordered = sorted(words)
    for word in ordered:
        if not re.fullmatch(r"[A-Z][A-Z ]*", word):
            raise _Unquoted(f"{word!r} is not a keyword")
    if not ordered:
        raise _Unquoted("there is no keyword to print")
    return ", ".join(ordered)


def variable(name: str) -> str:
    """A variable of a client program, such as psql's."""
    if not re.fullmatch(r"[A-Za-z0-9_]+", name):
        raise _Unquoted(f"{name!r} is no name of a variable")
    return name


def comment(value: object) -> str:
    """Text of one line for a ``--`` comment.

    What would end the line, or begin a psql command, cannot.
    """
    return "".join(c if c.isprintable() else "?" for c in str(value))


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


@cache
def _environment(
    folders: tuple[Path, ...], filters: tuple[tuple[str, Callable[..., str]], ...]
) -> Any:
    """One for all renderers of an engine.

    Reading a template costs a millisecond, and is done once.
    """
    from jinja2 import FileSystemBytecodeCache, FileSystemLoader, StrictUndefined
    from jinja2.compiler import CodeGenerator
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    for folder in folders[:-1]:
        _refuse_everybody(folder)

    class Compiled(FileSystemBytecodeCache):
        """Beside the templates, as Python keeps its own modules' code beside them.

        And for nobody who could not write there. Only what was compiled for the sandbox is read:
        other code would not ask it for leave.
        """

        def dump_bytecode(self, bucket: Any) -> None:
            with suppress(OSError):
                super().dump_bytecode(bucket)

    class Gate(CodeGenerator):
        """``finalize`` does not see what a call block prints, so there are none."""

        def visit_CallBlock(self, node: Any, frame: Any) -> None:
            self.fail("call blocks print what no filter has quoted; they are refused", node.lineno)

    def password(place: _Handle, user: str) -> Sql:
        if not isinstance(place, _Handle):
            raise _Unquoted("password is a filter for place, and for nothing else")
        place._written = True
        return Sql(place._write(user))

    alone = len(folders) == 1 and not sys.dont_write_bytecode
    compiled = _compiled_folder(folders[0]) if alone else ""
    made = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader([str(folder) for folder in folders]),
        undefined=StrictUndefined,
        finalize=_only_sql,
        autoescape=False,
        auto_reload=False,
        bytecode_cache=Compiled(compiled, "__sandboxed_%s.cache") if compiled else None,
    )
    made.code_generator_class = Gate
    made.filters = {name: _filter(quote) for name, quote in filters}
    made.filters |= {
        "keywords": _filter(keywords),
        "comment": _filter(comment),
        "variable": _filter(variable),
        "password": password,
    }
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


class Renderer:
    """Renders the templates of one engine, the user's own in front of ours, file by file.

    ``password`` writes a password into SQL: a placeholder for files, a verifier or literal for a
    server.
    """

    def __init__(
        self,
        engine: str,
        filters: Mapping[str, Callable[..., str]],
        *,
        password: Callable[[Kept, str], str],
        version: tuple[int, ...],
        settings: Mapping[str, str],
        templates: Path | None = None,
    ) -> None:
        self.engine = engine
        self.folders = tuple(folder for folder in (templates, built_in_templates()) if folder)
        self._environment = _environment(self.folders, tuple(filters.items()))
        self._password = password
        self._always = {"version": version, "settings": settings}

    def item(self, item: Item, verb: str) -> str:
        """The statement that does ``verb`` to this item.

        Raises RenderError with the template's file and line.
        """
        values = {field.name: getattr(item, field.name) for field in fields(item)}
        if "place" in values:
            values["place"] = _Handle(partial(self._password, values["place"]))
        return self.text(f"{item.kind}/{verb}", **values)

    def has(self, name: str) -> bool:
        return any((folder / self.engine / f"{name}.sql").is_file() for folder in self.folders)

    def text(self, name: str, /, **values: Any) -> str:
        from jinja2 import TemplateSyntaxError, UndefinedError

        path = f"{self.engine}/{name}.sql"
        try:
            return _tidy(self._environment.get_template(path).render({**self._always, **values}))
        except TemplateSyntaxError as error:
            place = f"{error.filename or path}:{error.lineno}"
            raise RenderError(
                f"template {place} cannot be read", error.message or "", "correct the template"
            ) from None
        except DbprovError:  # of the place of a password
            raise
        except Exception as error:  # whatever Python can raise in an expression
            misspelt = isinstance(error, UndefinedError)
            handle = values.get("place")
            secret = isinstance(handle, _Handle) and handle._written
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
    """Without the blank lines and ends of lines that Jinja's tags and comments leave.

    Literals have no line breaks.
    """
    return "\n".join(line.rstrip() for line in text.split("\n") if line.strip())


def _place(error: BaseException, path: str) -> str:
    """The innermost template line of a traceback.

    Jinja names templates' files in the frames it makes.
    """
    place, step = path, error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename.endswith(".sql"):
            place = f"{step.tb_frame.f_code.co_filename}:{step.tb_lineno}"
        step = step.tb_next
    return place
