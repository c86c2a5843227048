"""What a Deployment has on a server beside its Items: sessions, logins, belongings.

Nothing here is ever wanted. It is looked at, and ended, when a Deployment goes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from msgspec.structs import replace

from dbprov.items.item import GRANTED, Admin, Item, Need, Obstacle
from dbprov.items.users import altered_by_others


class Lockout(Item, frozen=True, kw_only=True):
    """A user that cannot log in, and loses nothing else. ``apply`` takes it back."""

    kind = "lockout"
    words: ClassVar[Mapping[str, str]] = {"create": "lock out", "drop": "let in"}
    user: str
    host: str = "%"
    # found
    locked: bool = False
    administered: bool = True

    def __str__(self) -> str:
        return f'user "{self.user}"' + (f"@{self.host}" if self.host != "%" else "")

    def not_permitted(self, verb: str, found: Item | None, admin: Admin) -> Obstacle | None:
        if isinstance(found, Lockout) and not found.administered:
            return altered_by_others(found.user, admin)
        return None


class UserSession(Item, frozen=True, kw_only=True):
    """Looked at: those of a user, or (``user`` None) those of anybody in a database. Ended: one."""

    kind = "sessions"
    words: ClassVar[Mapping[str, str]] = {"drop": "end"}
    essential = False
    user: str | None
    host: str = "%"
    database: str | None = None
    number: int = 0
    origin: str = ""
    means: str = ""  # how this admin can end it: own, loan, procedure; none: it cannot
    # found, one entry for each
    numbers: tuple[int, ...] = ()
    users: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    ways: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f'session {self.number} of "{self.user}" {self.origin}'.rstrip()

    def not_permitted(self, verb: str, found: Item | None, admin: Admin) -> Obstacle | None:
        if self.means != "none":
            return None
        why, who = admin.cannot_end(self.user)
        needs = (Need(role=self.user, alter=True, beside=True),) if self.user else ()
        return Obstacle(why, who, admin.render.item(self, verb), needs)

    def each(self) -> Iterator[UserSession]:
        for number, user, origin, way in zip(
            self.numbers, self.users, self.origins, self.ways, strict=True
        ):
            lenders = (user,) if way == "loan" else ()
            yield replace(
                self, user=user, number=number, origin=origin, means=way, lenders=lenders,
                numbers=(), users=(), origins=(), ways=(),
            )  # fmt: skip


class Belongings(Item, frozen=True, kw_only=True):
    """What a user owns and was given: on the whole server, or inside one database.

    Reassigned, to ``new_owner``; what was given is revoked once nothing is owned there (T77).
    """

    kind = "belongings"
    words: ClassVar[Mapping[str, str]] = {"alter": "reassign", "drop": "revoke"}
    user: str
    host: str = "%"
    database: str  # the Deployment's
    new_owner: str | None = None
    # found
    owned: tuple[str, ...] = ()  # which outlives the Deployment's database
    here: tuple[str, ...] = ()  # which goes with the Deployment's database
    given: tuple[str, ...] = ()
    grantors: tuple[str, ...] = ()  # who gave it, and whose rights the admin can borrow
    stuck: tuple[str, ...] = ()  # what others gave it, in whose name the admin cannot revoke it
    stuck_by: tuple[tuple[str, str], ...] = ()  # who they are; with the database where it is on one
    members: tuple[str, ...] = ()  # roles that have the user's rights
    databases: tuple[str, ...] = ()  # in which the user has anything
    counts: tuple[int, ...] = ()  # of what it owns in each

    def __str__(self) -> str:
        user = f'user "{self.user}"' + (f"@{self.host}" if self.host != "%" else "")
        return (
            f'what {user} owns to "{self.new_owner}"'
            if self.new_owner
            else f"what {user} was given"
        )

    def not_permitted(self, verb: str, found: Item | None, admin: Admin) -> Obstacle | None:
        if not isinstance(found, Belongings) or verb != "drop" or not found.stuck:
            return None
        statement = admin.render.item(self, verb)
        listed = ", ".join(found.stuck[:10]) + (" and more" if len(found.stuck) > 10 else "")
        return Obstacle(
            f'in the name of who gave it "{admin.name}" cannot revoke: {listed}',
            "a superuser",
            needs=tuple(
                Need(role=role, inside=self.inside, database=database, instead=statement)
                for role, database in found.stuck_by
            ),
        )


class Reassignment(Item, frozen=True, kw_only=True):
    """Whether a role can own what a user owns in a database: the server asks it in the middle."""

    kind = "reassignment"
    user: str
    new_owner: str
    # found
    lacks: tuple[str, ...] = ()  # privileges of the new_owner
    grants: tuple[str, ...] = ()  # the statements that give them

    def __str__(self) -> str:
        return f'what user "{self.user}" owns to "{self.new_owner}"'


class RoutineAccess(Item, frozen=True, kw_only=True):
    """Who may execute a SECURITY DEFINER routine. Revoked before it is given to another owner."""

    kind = "routine_access"
    words = GRANTED
    routine: tuple[str, ...]  # its schema and name, then schema and name of each input type
    types: tuple[str, ...] = ()
    public: bool = False
    grantees: tuple[str, ...] = ()

    def __str__(self) -> str:
        schema, name, *_ = self.routine
        named = f'"{schema}"."{name}"({", ".join(self.types)})'
        who = ["PUBLIC"] * self.public + [f'"{one}"' for one in self.grantees]
        return f"privileges on routine {named} for {', '.join(who)}"


class Contents(Item, frozen=True, kw_only=True):
    """What goes with a database when it is dropped, and what would not let it go."""

    kind = "contents"
    name: str
    # found
    holds: tuple[str, ...] = ()
    blockers: tuple[str, ...] = ()
    survivors: tuple[str, ...] = ()  # grants that would come to life with the next of its name

    def __str__(self) -> str:
        return f'contents of database "{self.name}"'
