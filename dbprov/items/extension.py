"""An extension of PostgreSQL in the database of a Deployment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from dbprov.items.item import Admin, Back, Item, Made, Need, Obstacle

APART = "extensions"  # the schema that a message suggests


class Extension(Item, frozen=True, kw_only=True):
    """One that is installed is enough, in whatever schema and version.

    Its script runs with the rights of a superuser, and finds what is in the schema that it is made
    in (T84). So it is made only where nobody may create, or has routines or operators, but
    superusers, the admin and the Deployment's own users; others are in the way, not a remark, since
    what they planted would have run by the time that the remark is read.
    """

    kind = "extension"
    words: ClassVar[Mapping[str, str]] = {"alter": "create"}  # a look always finds something of it
    foreseen = True
    name: str
    schemas: tuple[str, ...]  # of the Deployment; it is made in the first
    users: tuple[str, ...]  # of the Deployment
    # found
    installed: bool = True
    lies_in: str = ""  # the schema of an installed one
    available: bool = True  # the server has its files
    trusted: bool = True  # CREATE on the database is enough to make it
    creatable: bool = True  # the admin has that, or may borrow it
    owner: str = ""  # of the database
    service: str = ""  # the service's role of admins, whose members make it on a managed service
    serves: bool = False  # the admin is one
    planters: tuple[str, ...] = ()  # who may have put something into the schema, in quotes

    def __str__(self) -> str:
        return f'extension "{self.name}"'

    def satisfied_by(self, found: Self) -> bool:
        return found.installed

    def remarks(self, found: Self) -> list[str]:
        if not found.installed or found.lies_in in (*self.schemas, "pg_catalog"):
            return []
        return [
            f'{self} is in schema "{found.lies_in}", which is none of the Deployment\'s:'
            " its users need USAGE there, and have to name the schema or have it in search_path"
        ]

    def impossible(self, found: Item | None, admin: Admin) -> Obstacle | None:
        if not isinstance(found, Extension) or found.installed:
            return None
        if not found.available:
            return Obstacle(
                "the server has no files of it: pg_available_extensions does not list it",
                "whoever runs the server installs the package that it is in; on a managed service"
                " see the service's list of extensions, and its setting that allows them",
                "",
            )
        if found.planters:
            return Obstacle(
                f'{", ".join(found.planters)} may create in schema "{self.schemas[0]}", or has'
                " routines or operators there, which the script of the extension could run"
                " with the rights of a superuser; dbprov takes the extension in any schema",
                "a superuser, or for a trusted extension who may CREATE in the database,",
                f"{admin.render.text('remedy/extension_schema', schema=APART)};\n"
                + self._by_hand(admin, APART),
            )
        return None

    def not_permitted(self, verb: str, found: Item | None, admin: Admin) -> Obstacle | None:
        if not isinstance(found, Extension) or found.serves:
            return None
        statement = self._by_hand(admin, self.schemas[0])
        if not found.trusted:
            service = f', or a member of "{found.service}",' if found.service else ""
            return Obstacle(
                f'it is not a trusted extension, and "{admin.name}" is no superuser',
                f"a superuser{service}",
                statement,
            )
        if not found.creatable:
            need = Need(
                role=found.owner,
                on="DATABASE",
                things=((self.inside or "",),),
                privileges=("CREATE",),
                option=False,
            )
            why = f'"{admin.name}" may not CREATE in database "{self.inside}"'
            return Obstacle(why, "the owner of the database, or a superuser,", needs=(need,))
        return None

    def _by_hand(self, admin: Admin, schema: str) -> str:
        return admin.render.text("remedy/extension", extension=self.name, schema=schema)

    def undo(self, verb: str, found: Item | None, made: Made) -> Back | None:
        return [("drop", self)]

    def gone_with(self, made: Made) -> bool:
        """No: with its tables the database would not be empty, and would stay."""
        return False
