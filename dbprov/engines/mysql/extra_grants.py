"""What the users of a Deployment hold on MySQL beyond what is wanted of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from dbprov.engines.facts import Facts, Question
from dbprov.engines.mysql.expand import expand
from dbprov.engines.mysql.quoting import pattern
from dbprov.items import PatternGrant
from dbprov.items.existing_grants import AclEntry, ExistingGrant, RoleEntry, Through
from dbprov.spec.model import Account, Deployment

OPTION = "GRANT OPTION"
Who = tuple[str, str]


def questions(accounts: Sequence[Account], facts: Facts) -> list[Question]:
    users = {"users": tuple(dict.fromkeys((a.name, a.host) for a in accounts))}
    mariadb = facts.flavor == "mariadb"
    roles = "extra_grants/roles_mariadb" if mariadb else "extra_grants/roles"
    return [
        Question("extra_grants/privileges", users),
        Question("extra_grants/routines", users, unsure="privileges on single routines"),
        Question(roles, {**users, "mariadb": mariadb}, unsure="roles"),
    ]


def existing(database: str, facts: Facts) -> list[Question]:
    """Who holds anything in a database; the questions that follow are asked of them."""
    return [
        Question("existing/users", {"database": database}),
        Question("existing/powers", {"database": database}),
        Question("existing/roles", {"mariadb": facts.flavor == "mariadb"}, unsure="roles"),
        Question("existing/limits", {}, unsure="limits of connections and how users log in"),
    ]


def extra(
    deployment: Deployment,
    beside: Sequence[Deployment],
    held: Sequence[ExistingGrant],
    facts: Facts,
) -> list[ExistingGrant]:
    """What of it no Item wants.

    A row that reaches the database of a Deployment beside this one stays until that one has its own
    row (T42).
    """
    rows = [replace(one, privileges=tuple(_words(one))) for one in held]
    wanted = [
        item
        for one in (deployment, *beside)
        for item in expand(one, facts)
        if isinstance(item, PatternGrant)
    ]
    found = [
        part
        for row in rows
        for more in _extra(row, wanted, facts)
        for part in _parts(_needed(more, rows, wanted, deployment, facts), rows, facts)
    ]
    # A table's REVOKE takes its columns' privileges too (T10), and theirs is then refused.
    return sorted(found, key=lambda one: not isinstance(one, AclEntry) or one.sort != "COLUMN")


def _words(held: ExistingGrant) -> Iterator[str]:
    yield from sorted(word for word in held.privileges if word != "USAGE")
    if held.option and isinstance(held, AclEntry) and OPTION not in held.privileges:
        yield OPTION


def _spelled(database: str, facts: Facts) -> str:
    """As grant/create spells our own row."""
    return database if facts.settings.get("partial_revokes") == "1" else pattern(database)


def _extra(
    held: ExistingGrant, wanted: list[PatternGrant], facts: Facts
) -> Iterator[ExistingGrant]:
    enough: set[str] = set()
    if isinstance(held, AclEntry) and held.sort != "GLOBAL":
        where = held.things[0][0]
        for item in wanted:
            name = item.database if held.sort != "DATABASE" else _spelled(item.database, facts)
            if (item.user, item.host, name) == (held.grantee, held.host, where):
                enough |= {*item.privileges, *([OPTION] if item.grant_option else [])}
    if isinstance(held, RoleEntry):
        left = [one for one in held.gives if not _is_wanted(one, held, wanted, facts)]
        left.sort(key=lambda one: (one.sort, one.path, one.privilege))
        held = replace(held, gives=tuple(left))
    more = tuple(word for word in held.privileges if word not in enough)
    if more:
        yield replace(held, privileges=more)


def _is_wanted(one: Through, held: RoleEntry, wanted: list[PatternGrant], facts: Facts) -> bool:
    """Is it granted to the user itself, before the role goes?"""
    return any(
        (item.user, item.host) == (held.grantee, held.host)
        and one.path[:1] in ((item.database,), (_spelled(item.database, facts),))
        and one.privilege in item.privileges
        for item in wanted
    )


def _reaches(row: str, database: str) -> bool:
    """Does the server read a stored row as a pattern for this database (T40)?"""
    parts = re.findall(r"\\(.)|(%)|(_)|(.)", row, re.DOTALL)
    made = "".join(
        ".*" if many else "." if any_one else re.escape(escaped or plain)
        for escaped, many, any_one, plain in parts
    )
    return re.fullmatch(made, database, re.DOTALL) is not None


def _needed(
    more: ExistingGrant,
    rows: list[ExistingGrant],
    wanted: list[PatternGrant],
    deployment: Deployment,
    facts: Facts,
) -> ExistingGrant:
    """Marked as stuck where it is all that a Deployment beside this one has."""
    if not isinstance(more, AclEntry) or more.sort != "DATABASE":
        return more
    for item in wanted:
        same = (item.user, item.host) == (more.grantee, more.host)
        if item.database == deployment.database or not same:
            continue
        own = _spelled(item.database, facts)
        complete = any(
            isinstance(row, AclEntry) and row.sort == "DATABASE" and row.things[0][0] == own
            and (row.grantee, row.host) == (item.user, item.host)
            and set(item.privileges) <= set(row.privileges)
            for row in rows
        )  # fmt: skip
        if not complete and _reaches(more.things[0][0], item.database):
            return replace(more, stuck=True, acts_as=item.database)
    return more


def _parts(more: ExistingGrant, rows: list[ExistingGrant], facts: Facts) -> Iterator[ExistingGrant]:
    """What this admin can take away, and what it cannot: nobody revokes what they do not have."""
    if isinstance(more, RoleEntry):
        able = more.revocable or (
            facts.flavor != "mariadb" and bool({"ROLE_ADMIN", "SUPER"} & facts.rights)
        )
        yield replace(more, revocable=able or not facts.rights_known)
        return
    if not facts.rights_known:
        yield more
        return
    system = "SYSTEM_USER" not in facts.rights and any(
        (row.grantee, row.host) == (more.grantee, more.host) and "SYSTEM_USER" in row.privileges
        for row in rows
    )
    able_to = set() if system or not facts.grant_option else {OPTION, *facts.rights}
    ours = tuple(word for word in more.privileges if word in able_to)
    others = tuple(word for word in more.privileges if word not in able_to)
    if ours:
        yield replace(more, privileges=ours)
    if others:
        yield replace(more, privileges=others, revocable=False)
