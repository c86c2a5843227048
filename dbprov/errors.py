"""The errors of dbprov, with their exit codes.

DbprovError
 +-- SpecError          the spec (or the flags) cannot be read as one;
 |                      lists every mistake with its position
 +-- RenderError        a template is missing, wrong, or prints a value without a quoting filter
 +-- PlaceError         a password store cannot be read or written
 +-- ConnectError       the server was not reached, or refused the login
 +-- LookError          the server was reached, but its state could not be read
 +-- LockError          another run holds the lock, or the lock cannot be taken or was lost
 +-- RefusedError       the plan cannot be carried out by this admin; nothing was changed
 +-- ReviewError        the SQL of now is not the reviewed one; nothing was changed
 +-- ApplyError         a statement failed, or had no effect;
 |   |                  statements before it stay in effect
 |   +-- Interrupted    a signal ended the run: Ctrl-C, SIGTERM, a terminal that was closed
 +-- AuditError         the audit log cannot be written, so nothing is sent
 +-- UsageError         the command line is not valid
"""

from __future__ import annotations

from typing import final

from msgspec import Struct

from dbprov.system.masking import masked, values


class DbprovError(Exception):
    """An error in three parts: what failed, why (the server's code and message), what to do.

    Its text and its JSON are masked: a server may repeat a secret that was sent to it.
    """

    exit_code = 2

    def __init__(self, what: str, why: str = "", todo: str = "", *, code: str = "") -> None:
        super().__init__(what)
        self.what, self.why, self.todo, self.code = what, why, todo, code

    @final
    def __str__(self) -> str:
        return masked(self.unmasked())

    @final
    def __repr__(self) -> str:
        return f"{type(self).__name__}({masked(self.what)!r})"

    @final
    def as_json(self) -> dict[str, str]:
        made: dict[str, str] = values(self.parts())
        return made

    def unmasked(self) -> str:
        why = f"{self.code}: {self.why}" if self.code and self.why else self.code or self.why
        parts = [self.what.replace("\n", " ")]
        if why:
            parts.append(_indented("why: ", why))
        if self.todo:
            parts.append(_indented("do:  ", self.todo))
        return "\n".join(parts)

    def parts(self) -> dict[str, str]:
        return {"what": self.what, "why": self.why, "code": self.code, "do": self.todo}


def _indented(label: str, text: str) -> str:
    return "\n".join(
        ("  " + label if number == 0 else " " * (2 + len(label))) + line
        for number, line in enumerate(text.splitlines())
    )


class Mistake(Struct, frozen=True):
    """A mistake in a spec: its position (``file:line:column`` or the flag), and the remedy."""

    place: str
    what: str
    right: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}\n  right: {self.right}"


class SpecError(DbprovError):
    def __init__(self, mistakes: list[Mistake]) -> None:
        count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        super().__init__(f"the spec has {count}")
        self.mistakes = mistakes

    def unmasked(self) -> str:
        return "\n".join([self.what, *map(str, self.mistakes)])

    def parts(self) -> dict[str, str]:
        return {**super().parts(), "why": "\n".join(map(str, self.mistakes))}


class RenderError(DbprovError):
    pass


class PlaceError(DbprovError):
    pass


class ConnectError(DbprovError):
    pass


class LookError(DbprovError):
    pass


class LockError(DbprovError):
    pass


class RefusedError(DbprovError):
    pass


class ReviewError(DbprovError):
    """``difference``: a unified diff from the reviewed file to the SQL of now."""

    difference: tuple[str, ...] = ()

    def unmasked(self) -> str:
        return "\n".join([super().unmasked(), *self.difference])

    def parts(self) -> dict[str, str]:
        return {**super().parts(), "difference": "\n".join(self.difference)}


class ApplyError(DbprovError):
    """A statement failed. ``inside``: in which function of the server, in its words."""

    inside: str = ""


class Interrupted(ApplyError):
    pass


class AuditError(DbprovError):
    pass


class UsageError(DbprovError):
    pass
