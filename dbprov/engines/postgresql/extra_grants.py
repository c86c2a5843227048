"""What the users of a Deployment hold on PostgreSQL beyond what is wanted of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from dbprov.engines.facts import Facts, Question
from dbprov.engines.postgresql.expand import expand
from dbprov.items import DatabaseGrant, DefaultGrant, ObjectGrant, SchemaGrant, TokenGrant
from dbprov.items.existing_grants import (
    AclEntry,
    DefaultEntry,
    ExistingGrant,
    Path,
    RoleEntry,
    Through,
)
from dbprov.spec.model import Account, Deployment

Key = tuple[str, ...]
Wanted = dict[Key, frozenset[str]]
OBJECTS = {"TABLE": "TABLES", "COLUMN": "TABLES", "SEQUENCE": "SEQUENCES", "ROUTINE": "ROUTINES"}


def questions(accounts: Sequence[Account], facts: Facts) -> list[Question]:
    users = {"users": tuple(dict.fromkeys(account.name for account in accounts))}
    return [
        Question("extra_grants/shared", users),
        Question("extra_grants/roles", users),
        Question("extra_grants/attributes", users),
        Question("extra_grants/inside", users, inside=True),
        Question("extra_grants/defaults", users, inside=True),
    ]


def existing(database: str, facts: Facts) -> list[Question]:
    """Who holds anything in a database; the questions that follow are asked of them."""
    return [
        Question("existing/users", {"database": database}),
        Question("existing/powers", {}, inside=True),
    ]


def extra(
    deployment: Deployment,
    beside: Sequence[Deployment],
    held: Sequence[ExistingGrant],
    facts: Facts,
) -> list[ExistingGrant]:
    """What of it no Item wants.

    Deployments beside this one want their own databases for the same users.
    """
    wanted = dict(_wanted(deployment, facts))
    for other in beside:
        wanted |= {
            key: words | wanted.get(key, frozenset())
            for key, words in _wanted(other, facts)
            if key[0] == "DATABASE"
        }
    return [more for one in held for more in _extra(one, wanted)]


def _wanted(deployment: Deployment, facts: Facts) -> Iterator[tuple[Key, frozenset[str]]]:
    anywhere: Wanted = {}
    for item in expand(deployment, facts):
        if isinstance(item, DatabaseGrant) and item.grantee:
            yield ("DATABASE", item.database, item.grantee), frozenset(item.privileges)
        elif isinstance(item, SchemaGrant) and item.grantee:
            yield ("SCHEMA", item.schema, item.grantee), frozenset(item.privileges)
        elif isinstance(item, ObjectGrant):
            yield (item.objects, item.schema, item.grantee), frozenset(item.privileges)
        elif isinstance(item, TokenGrant):
            yield ("ROLE", item.role, item.user), frozenset({"MEMBER"})
        elif isinstance(item, DefaultGrant):
            key = ("DEFAULT", item.objects, item.creator or facts.admin, item.grantee)
            yield (*key, item.schema), frozenset(item.privileges)
            anywhere[key] = anywhere.get(key, frozenset()) | frozenset(item.privileges)
    # One for any schema gives what is wanted in ours: of that nothing is taken away.
    yield from anywhere.items()


def _extra(held: ExistingGrant, wanted: Wanted) -> Iterator[ExistingGrant]:
    if isinstance(held, AclEntry):
        parts: dict[frozenset[str], list[Path]] = {}
        for thing in held.things:
            key = (OBJECTS.get(held.sort, held.sort), thing[0], held.grantee)
            parts.setdefault(wanted.get(key, frozenset()), []).append(thing)
        for words, things in parts.items():
            yield from _split(replace(held, things=tuple(things)), words)
    elif isinstance(held, DefaultEntry):
        where = (held.schema,) if held.schema is not None else ()
        key = ("DEFAULT", held.objects, held.grantor, held.grantee, *where)
        yield from _split(held, wanted.get(key, frozenset()))
    elif isinstance(held, RoleEntry):
        left = tuple(one for one in held.gives if not _is_wanted(one, held.grantee, wanted))
        for one in _split(held, wanted.get(("ROLE", held.role, held.grantee), frozenset())):
            assert isinstance(one, RoleEntry)
            more = replace(one, gives=left)
            if more.stands and more.option:  # nothing of the user's own stands on that
                yield replace(more, option_only=True)
            yield more
    else:
        yield held


def _is_wanted(one: Through, user: str, wanted: Wanted) -> bool:
    """Is it granted to the user itself, before the role goes?"""
    if one.sort == "DEFAULT":
        objects, creator, *schemas = one.path
        key: Key = ("DEFAULT", objects, creator, user, *schemas)
        return bool(schemas) and one.privilege in wanted.get(key, ())
    key = (OBJECTS.get(one.sort, one.sort), one.path[0], user)
    return not one.alone and one.privilege in wanted.get(key, ())


def _split(held: ExistingGrant, wanted: frozenset[str]) -> Iterator[ExistingGrant]:
    """The privileges that are not wanted; and the grant option of those that are (T12)."""
    more = tuple(word for word in held.privileges if word not in wanted)
    if more:
        yield replace(held, privileges=more)
    rest = tuple(word for word in held.privileges if word in wanted)
    if rest and held.option:
        yield replace(held, privileges=rest, option_only=True)
