"""The password in the option files of MySQL's and MariaDB's own clients, as these read them.

Rules: MySQL manual, "Using Option Files", and mysys/my_default.c; MariaDB reads the same syntax.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dbprov.passwords.secret import Secret
from dbprov.system import files

FILES = ("/etc/my.cnf", "/etc/mysql/my.cnf", "~/.my.cnf")
GROUPS = {"client", "mysql", "client-server", "client-mariadb", "mariadb-client"}
"""Those of both clients: the flavor of the server is not known before the login."""
NAMES = {"password", "password1"}  # password1: MySQL 8.0.27
ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "s": " ", '"': '"', "'": "'", "\\": "\\"}
DEPTH = 10  # of !include in !include: the clients read no further
MOST = 1 << 20  # bytes of one file


def password() -> Secret | None:
    """The one that is named last. None: nowhere, or ``password`` without a value (the client asks).

    A file that everybody can write is left out, as the clients do.
    """
    found: str | None = None
    for path in FILES:
        for name, value in _options(Path(path).expanduser(), DEPTH):
            if name in NAMES:
                found = value
    return Secret(found) if found else None


def _options(path: Path, depth: int) -> Iterator[tuple[str, str | None]]:
    """Each option in the groups of a client, in order, with what the file includes."""
    try:
        text = files.read(path, MOST, everybody=False).decode()
    except (OSError, UnicodeDecodeError):
        return
    group = ""
    for line in (line.strip() for line in text.splitlines()):
        if not line or line[0] in "#;":
            continue
        if line[0] == "!":
            if depth:
                for more in _included(line):
                    yield from _options(more, depth - 1)
        elif line[0] == "[":
            group = line[1:].partition("]")[0].strip()
        elif group in GROUPS:
            yield _option(_without_comment(line))


def _included(line: str) -> list[Path]:
    word, _, rest = line[1:].lstrip().partition(" ")
    path = Path(rest.strip())
    if word == "includedir":
        return sorted(path.glob("*.cnf"))
    return [path] if word == "include" else []


def _without_comment(line: str) -> str:
    """A # ends the line, but for one in quotes."""
    quote, escaped = "", False
    for at, sign in enumerate(line):
        if sign in "'\"" and not escaped:
            quote = sign if not quote else "" if quote == sign else quote
        if sign == "#" and not quote:
            return line[:at]
        escaped = bool(quote) and sign == "\\" and not escaped
    return line


def _option(line: str) -> tuple[str, str | None]:
    """Its name, in one spelling and without ``loose-``, and its value, if it has one."""
    name, equals, value = line.partition("=")
    name = name.strip().replace("_", "-").removeprefix("loose-")
    if not equals:
        return name, None
    value = value.strip()
    if len(value) > 1 and value[0] in "'\"" and value[0] == value[-1]:
        value = value[1:-1]
    return name, _unescaped(value)


def _unescaped(value: str) -> str:
    signs, made = iter(value), ""
    for sign in signs:
        if sign == "\\" and (after := next(signs, "")):
            made += ESCAPED.get(after, "\\" + after)
        else:
            made += sign
    return made
