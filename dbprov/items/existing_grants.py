"""What the users of a Deployment hold directly: found, never wanted.

Each is one thing, or several of one sort, held by one user from one grantor: the same privilege
from two grantors is held twice, and taken back twice (traps T13, T25). ``drop.sql`` of each kind
takes it back, block ``create`` gives it again.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from msgspec import Struct
from msgspec.structs import replace

from dbprov.items.item import Admin, Back, Item, Made, Obstacle

TAKEN: Mapping[str, str] = {"create": "grant", "drop": "revoke"}
Path = tuple[str, ...]
"""A thing by its names, outermost first; of a routine the names of its input types follow."""


class ActingAs(Item, frozen=True, kw_only=True):
    """The admin as another role, until the transaction ends or it is itself again (T13)."""

    kind = "acting"
    words: ClassVar[Mapping[str, str]] = {"create": "act as", "drop": "no longer act as"}
    role: str

    def __str__(self) -> str:
        return f'role "{self.role}"'

    def undo(self, verb: str, found: Item | None, made: Made) -> Back | None:
        return []  # it ended with its transaction


class ExistingGrant(Item, frozen=True, kw_only=True):
    """Privileges that a user was given by one grantor."""

    essential = False
    words = TAKEN
    grantee: str
    host: str = ""
    privileges: Path = ()
    grantor: str = ""
    option: bool = False  # held with grant option, or admin option
    option_only: bool = False  # the option is meant, and not the privileges
    # found
    dependents: tuple[str, ...] = ()  # PRIVILEGE:ROLE, for whom it was given on to
    revocable: bool = True  # this admin may act as who granted it
    stuck: bool = False  # its grantor acts as the owner by now, and can no longer take it back
    reached: bool = True  # that role gets to the schema of the things
    acts_as: str = ""  # the role as which it is revoked; empty: the admin, as the owner's peer
    lend: bool = False  # for which the admin has to borrow that role's rights

    def __str__(self) -> str:
        by = f', granted by "{self.grantor}"' if self.grantor else ""
        return f"{self.what} for {self.to}{by}"

    @property
    def what(self) -> str:
        raise NotImplementedError

    @property
    def to(self) -> str:
        return f'"{self.grantee}"' + (f"@{self.host}" if self.host else "")

    @property
    def stands(self) -> bool:
        """Would the user lose what no spec gives it? Then no plan takes it away."""
        return False

    @property
    def granted_words(self) -> str:
        """The privileges in words."""
        return ("the grant option of " if self.option_only else "") + ", ".join(self.privileges)

    def impossible(self, found: Item | None, admin: Admin) -> Obstacle | None:
        """Whether it can be revoked was asked of the server, for this very admin."""
        if self.stuck:
            return self.why_stuck()
        if self.revocable and self.acts_as and not self.reached:
            return Obstacle(
                f'it must be revoked as "{self.acts_as}", who may not use the schema any more',
                f'"{self.acts_as}", once it has USAGE there again,',
                admin.render.item(self, "drop"),
            )
        if self.revocable:
            return None
        why, who = self.who_revokes(admin)
        return Obstacle(why, who, admin.render.item(self, "drop"))

    def why_stuck(self) -> Obstacle:
        if not self.grantor:  # MySQL, where a grant has no grantor
            return Obstacle(
                f'it is what gives the user its access to database "{self.acts_as}",'
                " which has no row of its own yet",
                "dbprov apply of that Deployment comes first",
                "",
            )
        return Obstacle(
            f'"{self.grantor}" has since got the owner\'s rights, and acts as the owner:'
            " what it granted before cannot be taken back by anybody",
            f'whoever first takes the owner\'s rights from "{self.grantor}"',
            "",
        )

    def who_revokes(self, admin: Admin) -> tuple[str, str]:
        """Why this admin cannot revoke it, and who can."""
        if not self.grantor:
            return f'"{admin.name}" may not revoke what it does not have', "an admin who has them"
        who = self.acts_as or self.grantor
        return (
            f'it was granted by "{self.grantor}", and "{admin.name}" may not act as "{who}"',
            f'"{who}", or a superuser as that role,',
        )

    def undo(self, verb: str, found: Item | None, made: Made) -> Back | None:
        """Granted again, by whom it was granted before."""
        return self.as_grantor("create") if verb == "drop" else None

    def as_grantor(self, verb: str) -> Back:
        return [(verb, self)]

    def actor(self) -> ActingAs:
        return ActingAs(role=self.acts_as, inside=self.inside)

    def granted_on(self) -> list[tuple[str, str]]:
        """Privilege and role of each whose right hangs on this one (T12)."""
        pairs = [tuple(one.split(":", 1)) for one in self.dependents]
        return [(p, role) for p, role in pairs if p in self.privileges]


class AclEntry(ExistingGrant, frozen=True, kw_only=True):
    """Privileges on things of one sort."""

    kind = "acl_entry"
    sort: str  # DATABASE, SCHEMA, TABLE ...; GLOBAL: all that is on a MySQL server
    things: tuple[Path, ...] = ()

    def as_grantor(self, verb: str) -> Back:
        """The admin acts as the grantor meanwhile, where it has to (T13)."""
        if not self.acts_as:
            return [(verb, self)]
        acting = self.actor()
        return [
            ("create", replace(acting, lenders=self.lenders)),
            (verb, self),
            ("drop", acting),
        ]

    @property
    def what(self) -> str:
        if self.sort == "GLOBAL":
            return f"{self.granted_words} on everything"
        names = ", ".join(map(named, self.things)) if self.sort != "ROUTINE" else self._routines()
        sort = self.sort.lower() + ("s" if len(self.things) > 1 else "")
        return f"{self.granted_words} on {sort} {names}"

    def _routines(self) -> str:
        return ", ".join(
            f"{named(thing[:2])}({', '.join(thing[3::2])})" if self.host == "" else named(thing)
            for thing in self.things
        )


class DefaultEntry(ExistingGrant, frozen=True, kw_only=True):
    """Privileges on what one role will create, in one schema or anywhere in the database."""

    kind = "default_entry"
    objects: str  # TABLES, SEQUENCES, ROUTINES, TYPES, SCHEMAS
    schema: str | None = None

    @property
    def what(self) -> str:
        where = f' in schema "{self.schema}"' if self.schema is not None else " in any schema"
        return f"{self.granted_words} on future {self.objects.lower()}{where}"


class Through(Struct, frozen=True):
    """A privilege that a role gives to its members, on some things of one sort and schema.

    ``path``: one of the things; of default privileges what, whose, and in which schema. ``alone``:
    on objects on which a plan grants nothing.
    """

    sort: str
    path: Path
    privilege: str
    number: int = 1
    alone: bool = False

    @property
    def on(self) -> str:
        if self.sort == "ELSEWHERE":
            return f"{self.number} object(s) in database {named(self.path)}"
        if self.sort == "DEFAULT":
            objects, creator, *schemas = self.path
            where = f' in schema "{schemas[0]}"' if schemas else ""
            return f'future {objects.lower()} of "{creator}"{where}'
        path = self.path[:2] if self.sort == "ROUTINE" else self.path
        more = f" and {self.number - 1} more" if self.number > 1 else ""
        return f"{self.sort.lower()} {named(path)}".rstrip() + more


SHOWN = 3  # of what a user has through a role


class RoleEntry(ExistingGrant, frozen=True, kw_only=True):
    """A role that the user was given."""

    kind = "role_entry"
    role: str
    role_host: str = ""
    # found: what the user has through it
    owned: int = 0
    owns: tuple[str, ...] = ()  # the first of them
    owners: tuple[str, ...] = ()
    gives: tuple[Through, ...] = ()
    acting: tuple[str, ...] = ()  # what ends that the user acts as the role by a setting

    @property
    def stands(self) -> bool:
        return bool(self.owned or self.gives or self.acting) and not self.option_only

    def impossible(self, found: Item | None, admin: Admin) -> Obstacle | None:
        if not self.stands:
            return super().impossible(found, admin)
        why = f'through role "{self.role}" the user ' + "; ".join(self._has())
        first = "; ".join(self._first())
        return Obstacle(
            why,
            f"to go on without the role: {first}; whoever wants the user to lose it",
            admin.render.item(self, "drop"),
        )

    def _has(self) -> Iterator[str]:
        if self.owned:
            more = f" and {self.owned - len(self.owns)} more" if self.owned > len(self.owns) else ""
            yield f"owns {', '.join(self.owns)}{more}"
        by_thing: dict[str, list[str]] = {}
        for one in self.gives:
            by_thing.setdefault(one.on, []).append(one.privilege)
        told = [f"{', '.join(words)} on {on}" for on, words in by_thing.items()]
        if told:
            more = " and more" if len(told) > SHOWN else ""
            yield f"has {', '.join(told[:SHOWN])}{more}, which the spec does not give it"
        if self.acting:
            yield "acts as that role from its login on, by a setting"

    def _first(self) -> Iterator[str]:
        """What has to be done before the role can go."""
        if self.owned:
            flags = shlex.join(word for owner in self.owners for word in ("--from", owner))
            yield (
                f"dbprov adopt {flags} gives the user what is in its schemas,"
                " and REASSIGN OWNED the rest"
            )
        if self.gives:
            yield "let the spec give it what it needs (access, schemas)"
        yield from self.acting

    def who_revokes(self, admin: Admin) -> tuple[str, str]:
        if not self.grantor:
            return f'"{admin.name}" is no admin of the role', "an admin of the role"
        why = f'"{admin.name}" may not revoke a role that "{self.grantor}" gave'
        return why, f'"{self.grantor}", or a superuser,'

    @property
    def what(self) -> str:
        host = f"@{self.role_host}" if self.role_host else ""
        return ("the admin option of " if self.option_only else "") + f'role "{self.role}"{host}'


class Attribute(ExistingGrant, frozen=True, kw_only=True):
    """What a role may do on the whole server."""

    kind = "attribute"
    words: ClassVar[Mapping[str, str]] = {"create": "give", "drop": "take away"}

    def who_revokes(self, admin: Admin) -> tuple[str, str]:
        return f'"{admin.name}" may not take it away', "a superuser"

    @property
    def what(self) -> str:
        return f"the attribute {self.granted_words}"


KINDS: Mapping[str, type[ExistingGrant]] = {
    made.kind: made for made in (AclEntry, DefaultEntry, RoleEntry, Attribute)
}


def read(row: Mapping[str, Any], inside: str | None) -> ExistingGrant:
    """A row of ``extra_grants``: its columns are the fields of the kind that it names."""
    listed = ("privileges", "things", "dependents", "owns", "owners", "gives", "acting")
    flags = ("option", "revocable", "stuck", "reached", "lend")
    values: dict[str, Any] = {
        key: _listed(value) if key in listed else bool(value) if key in flags else value
        for key, value in row.items()
        if key != "kind"
    }
    if "things" in values:
        values["things"] = tuple(sorted(values["things"]))
    if "gives" in values:
        values["gives"] = tuple(Through(*one) for one in values["gives"] or ())
    lenders = (str(row["acts_as"]),) if row.get("lend") else ()
    return KINDS[row["kind"]](inside=inside, lenders=lenders, **values)


def _plain(value: Any) -> Any:
    return tuple(map(_plain, value)) if isinstance(value, (list, tuple)) else value


def _listed(value: Any) -> Any:
    """An array: PostgreSQL's own, or JSON, which MySQL hands out as text."""
    return _plain(json.loads(value) if isinstance(value, (str, bytes)) else value)


def named(path: Path) -> str:
    return ".".join(f'"{name}"' for name in path)
