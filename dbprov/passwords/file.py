"""A password in a file."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from dbprov.errors import PlaceError
from dbprov.passwords.secret import Secret, checked, generate
from dbprov.system import files

LONGEST = 1 << 16  # bytes: far more than any engine takes for a password


class FilePlace(Struct, frozen=True):
    """A file with the password as its only line.

    Created with mode 0600, and never overwritten: the next password is in the file PATH.new, which
    is renamed when a login with it has worked. Read and written only where no other user than this
    one and root can write, and never written through a link.
    """

    path: Path
    shown: str = ""  # the path in the spec: SQL files must not depend on the machine
    kept_out_of_git: Path | None = None  # a folder of dbprov's, which gets a .gitignore
    writable = True
    remote = None

    def __str__(self) -> str:
        return f"file {self.shown or self.path}"

    def read(self) -> Secret | None:
        try:
            text = files.secret(self.path, LONGEST).decode()
        except FileNotFoundError:
            return None
        except UnicodeDecodeError:
            raise PlaceError(
                f"{self} cannot be used",
                "it is not UTF-8 text",
                "keep the password in it as one line of UTF-8",
            ) from None
        except OSError as error:
            todo = "make it readable for this user only (mode 0600)"
            raise _failed(f"{self} cannot be read", error, todo) from None
        return checked(text.removesuffix("\n").removesuffix("\r"), str(self))

    def fill(self) -> Secret:
        return self.keep(generate())

    def keep(self, password: Secret) -> Secret:
        """Written under a temporary name, then linked.

        A crash leaves no partial password, and no run overwrites another's.
        """
        try:
            with files.spot(self.path, trusted=True, make=0o700) as place:
                place.refuse_foreign()
                files.sweep(place)
                self._keep_out_of_git()
                if files.add(place, password.reveal() + "\n"):
                    files.sync(place)
                    return password
            kept = self.read()
            if kept is None:
                raise FileExistsError(None, "what is there is no file")
            return kept
        except OSError as error:
            raise _failed(
                f"a new password could not be kept in {self}",
                error,
                "make room or give another place; nothing was changed on the server for this user",
            ) from None

    def _keep_out_of_git(self) -> None:
        if self.kept_out_of_git:
            with files.spot(self.kept_out_of_git / ".gitignore", trusted=True) as ignore:
                if ignore.state() is None:
                    files.add(ignore, "*\n")

    @property
    def beside(self) -> FilePlace:
        """The file of the next password."""
        name = f"{self.path.name}.new"
        shown = f"{self.shown}.new" if self.shown else ""
        return replace(self, path=self.path.with_name(name), shown=shown)

    def pending(self) -> Secret | None:
        return self.beside.read()

    def propose(self, login: str = "") -> Secret:
        """Checks that the file can be replaced, which happens after the server was changed."""
        try:
            with suppress(FileNotFoundError), files.spot(self.path, trusted=True) as place:
                place.refuse_foreign()
        except OSError as error:
            todo = "give another place; nothing was changed on the server for this user"
            raise _failed(f"{self} cannot be given a new password", error, todo) from None
        return self.beside.keep(generate(login))

    def promote(self) -> None:
        try:
            with files.spot(self.path, trusted=True) as place:
                place.refuse_foreign()
                files.rename(place, self.beside.path.name)
                files.sync(place)
        except FileNotFoundError:
            return
        except OSError as error:
            raise _failed(
                f"{self.beside} could not take the place of {self}",
                error,
                "see to it, and run the same command again: the new password is in force",
            ) from None

    def forget(self) -> None:
        """Removes the file."""
        try:
            with files.spot(self.path, trusted=True) as place:
                if place.refuse_foreign():
                    files.remove(place)
        except FileNotFoundError:
            return
        except OSError as error:
            raise _failed(f"{self} could not be removed", error, "remove it yourself") from None


def _failed(what: str, error: OSError, todo: str) -> PlaceError:
    return PlaceError(what, error.strerror or "", getattr(error, "todo", "") or todo)
