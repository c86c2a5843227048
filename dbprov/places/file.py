"""A password in a file of its own."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from dbprov.errors import PlaceError
from dbprov.frozen import dataclass
from dbprov.secret import Secret, checked, generate


@dataclass(frozen=True)
class FilePlace:
    """A file with the password as its only line.

    Made with mode 0600, and never written over: the next password is in a file beside it, with
    ``.new`` at the end of its name, and takes its name when it is proven.
    """

    path: Path
    shown: str = ""  # as the spec says it: files of SQL are the same whoever makes them, wherever
    kept_out_of_git: Path | None = None  # a folder of our own, which gets a .gitignore
    writable = True

    def __str__(self) -> str:
        return f"file {self.shown or self.path}"

    def read(self) -> Secret | None:
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except UnicodeDecodeError:
            raise PlaceError(
                f"{self} cannot be used",
                "it is not UTF-8 text",
                "keep the password in it as one line of UTF-8",
            ) from None
        except OSError as error:
            raise PlaceError(
                f"{self} cannot be read",
                error.strerror or "",
                "make it readable for this user only (mode 0600)",
            ) from None
        return checked(text.removesuffix("\n").removesuffix("\r"), str(self))

    def fill(self) -> Secret:
        return self.keep(generate())

    def keep(self, password: Secret) -> Secret:
        """Written whole under another name, then linked.

        No crash leaves half a password, and no run writes over another's.
        """
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _sweep(self.path.parent)
            if (
                self.kept_out_of_git
                and not (ignore := self.kept_out_of_git / ".gitignore").exists()
            ):
                _link(ignore, "*\n")
            if not _link(self.path, password.reveal() + "\n"):
                kept = self.read()
                if kept is None:
                    raise FileExistsError(None, "what is there is no file")
                return kept
            _sync_folder(self.path.parent)
            return password
        except OSError as error:
            raise PlaceError(
                f"a new password could not be kept in {self}",
                error.strerror or "",
                "make room or give another place; nothing was changed on the server for this user",
            ) from None

    @property
    def beside(self) -> FilePlace:
        """Where the next password is kept."""
        name = f"{self.path.name}.new"
        shown = f"{self.shown}.new" if self.shown else ""
        return replace(self, path=self.path.with_name(name), shown=shown)

    def pending(self) -> Secret | None:
        return self.beside.read()

    def propose(self, login: str = "") -> Secret:
        return self.beside.keep(generate(login))

    def promote(self) -> None:
        try:
            self.beside.path.replace(self.path)
            _sync_folder(self.path.parent)
        except FileNotFoundError:
            return
        except OSError as error:
            raise PlaceError(
                f"{self.beside} could not take the place of {self}",
                error.strerror or "",
                "see to it, and run the same command again: the new password is in force",
            ) from None

    def forget(self) -> None:
        """The file is gone afterwards."""
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            raise PlaceError(
                f"{self} could not be removed", error.strerror or "", "remove it yourself"
            ) from None


def _link(path: Path, text: str) -> bool:
    """Written whole as a draft, then named; False where somebody else was faster."""
    draft = path.with_name(f".{os.getpid()}-{os.urandom(4).hex()}.new")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        draft.unlink(missing_ok=True)
    return True


def _sweep(folder: Path) -> None:
    """Drafts of runs that were killed: what is in them never was anybody's password."""
    for path in folder.glob(".*-*.new"):
        number = path.name[1:].partition("-")[0]
        if number.isdigit() and not _lives(int(number)):
            path.unlink(missing_ok=True)


def _lives(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # somebody else's
    return True


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
