"""Who owns a table, view, sequence, routine or type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from dbprov.items.item import Admin, Item, Need, Obstacle


class ObjectOwner(Item, frozen=True, kw_only=True):
    """Who owns one table, view, sequence, routine or type: ALTER asks for that, not for grants."""

    kind = "object_owner"
    words: ClassVar[Mapping[str, str]] = {"alter": "give"}
    schema: str
    owner: str
    sort: str = "TABLE"
    name: str = ""
    argument_schemas: tuple[str, ...] = ()
    argument_types: tuple[str, ...] = ()
    # asked
    formers: tuple[str, ...] = ()  # all that these roles own, in any schema
    own: tuple[str, ...] = ()  # roles that keep what they were granted
    named: tuple[str, ...] = ()  # identities that are answered also where the owner has them
    # found
    grantable: bool = True  # the admin has, or may borrow, the rights of the owner of today
    key: str = ""  # class and oid
    identity: str = ""  # as a person names it: "schema".name, of a routine with its types
    definer: bool = False  # acts with its owner's rights: SECURITY DEFINER, a view, a rule
    event: bool = False  # returns event_trigger
    public: bool = False  # where definer: PUBLIC may use it
    grantees: tuple[str, ...] = ()  # and these roles
    revision: str = ""  # of a routine, or of rules: another one where it was replaced
    users: tuple[str, ...] = ()  # keys of things of others that run it, or work on it with power
    users_named: tuple[str, ...] = ()
    analyzes: tuple[str, ...] = ()  # code of others that the server runs as its owner
    runs: tuple[str, ...] = ()  # routines that its triggers, rules, policies, defaults run

    def __str__(self) -> str:
        return f'{self.what} to "{self.owner}"'

    @property
    def what(self) -> str:
        types = f"({', '.join(self.argument_types)})" if self.sort == "ROUTINE" else ""
        return f'{self.sort.lower()} "{self.schema}"."{self.name}"{types}'

    def satisfied_by(self, found: Self) -> bool:
        return found.owner == self.owner

    def not_permitted(self, verb: str, found: Item | None, admin: Admin) -> Obstacle | None:
        if isinstance(found, ObjectOwner) and not found.grantable:
            return Obstacle(
                f'it belongs to "{found.owner}", whose rights "{admin.name}" may not borrow',
                "a superuser",
                needs=(
                    Need(
                        role=found.owner, inside=self.inside, instead=admin.render.item(self, verb)
                    ),
                ),
            )
        return None
