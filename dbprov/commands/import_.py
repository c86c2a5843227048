"""What exists in a database, as a spec whose plan is empty."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from dbprov.commands.plan import plan
from dbprov.commands.servers import Ask, servers
from dbprov.errors import LookError, RefusedError, SpecError
from dbprov.items import Database, Isolation, ObjectGrant
from dbprov.passwords.secret import never_ask
from dbprov.plan.steps import compare
from dbprov.server.server import Server
from dbprov.server.sessions import no_password
from dbprov.spec import keys, names
from dbprov.spec.model import Access, Deployment, Timeouts
from dbprov.spec.reader import from_flags, parse
from dbprov.spec.writer import (
    ExistingUser,
    ImportedSpec,
    rank,
    schemas_of,
    searched,
    split,
    written,
)


def import_(
    server: str,
    database: str,
    *,
    name: str | None = None,
    via: str | None = None,
    tls: Mapping[str, str] | None = None,
    folder: str | Path = ".",
    nearest: bool = False,
    ask: Ask = never_ask,
    templates: Path | None = None,
    timeouts: Timeouts | None = None,
) -> ImportedSpec:
    """The spec, for ``folder``, that describes a database on a server: as ``describe``."""
    where = Path(folder).absolute()
    flags: dict[str, Any] = {
        keys.SERVER: server,
        keys.DATABASE: database,
        keys.NAME: name or names.deployment(database),
        keys.USER: "somebody",
        keys.TLS: dict(tls or {}),
        keys.VIA: via,
    }
    asked = from_flags(flags, where, ask)
    with servers(asked, ask, templates, timeouts) as opened:
        [(one, there)] = opened.items()
        return describe(
            one, there, server_url=server, tls=tls, via=via or "", folder=where, nearest=nearest
        )


def describe(
    one: Deployment,
    server: Server,
    *,
    server_url: str,
    tls: Mapping[str, str] | None = None,
    via: str = "",
    folder: Path,
    nearest: bool = False,
) -> ImportedSpec:
    """The spec that describes a database, for ``folder``; proven by planning it.

    Of ``one`` its name, database and server are kept; ``server_url``, ``tls`` and ``via`` are what
    the spec says of the server. Each user gets the highest access of which nothing is missing.
    Raises RefusedError where no user fits any; with ``nearest`` such a user gets the access that
    lacks the least.
    """
    one, remarks = _database(one, server)
    existing_users, unknown = _existing_users(one, server)
    engine = one.server.engine
    left_out = {str(r): why for r in existing_users if (why := r.objection(engine))}
    users = [r for r in existing_users if str(r) not in left_out]
    made = _fitting(one, server, users)
    lacking: dict[str, list[str]] = {}
    for user in users:
        if made and any((a.name, a.host) == (user.name, user.host) for a in made.accounts):
            continue
        base = made or replace(one, accounts=(), schemas=schemas_of(users, engine)[0])
        near, missing = _nearest(base, one, server, user)
        harmless = all(one.harmless for one in missing)
        if (nearest or harmless) and base.layout == "shared":
            made, lacking[str(user)] = near, [str(one) for one in missing]
        else:
            left_out[str(user)] = _why(user, near, [str(one) for one in missing])
    if made is None:
        raise RefusedError(
            f'nothing in database "{one.database}" can be described such that nothing is missing',
            "\n".join(f"{who}: {why}" for who, why in left_out.items())
            or "no user holds anything in it",
            "dbprov import --nearest writes the spec that comes nearest; its plan is what it lacks"
            if users
            else "write a spec with the users that it is to have",
        )
    extra: dict[str, list[str]] = {}
    for more in plan(made, server).extra:
        extra.setdefault(more.item.to.removesuffix("@%"), []).append(str(more.item))
    found = ImportedSpec(made, lacking, left_out, extra, (*remarks, *unknown))
    read = _read(
        written(found, server_url, tls or {}, via), folder
    )  # each password has its place now
    planned = plan(read, server)
    if not (planned.complete or lacking):
        raise RefusedError(
            f'database "{one.database}" was changed while it was described',
            "\n".join(str(step) for step in planned.steps),
            "run the same command again",
        )
    found = replace(found, deployment=read)
    return replace(found, text=written(found, server_url, tls or {}, via))


def _read(text: str, folder: Path) -> Deployment:
    try:
        [read] = parse(text, "the spec", folder).deployments
    except SpecError as error:
        raise RefusedError(
            "a spec cannot describe what exists",
            "\n".join(f"{one.what}: {one.right}" for one in error.mistakes),
            "write a spec by hand with what of it is to stay",
        ) from None
    return read


def _database(one: Deployment, server: Server) -> tuple[Deployment, list[str]]:
    wanted = [
        Database(name=one.database, encoding="", collation=None),
        *(
            item
            for item in server.engine.expand.expand(replace(one, isolate=True), server.facts)
            if isinstance(item, Isolation)
        ),
    ]
    found = [there for _, there in server.look(wanted)]
    if not isinstance(found[0], Database):
        raise RefusedError(
            f'there is no database "{one.database}" on {server.address}',
            "import describes what exists",
            "name one that is there",
        )
    shut = [not there.public for there in found if isinstance(there, Isolation)]
    there = found[0]
    remarks = [] if not there.sealed else ["the database takes no connections"]
    return replace(
        one,
        encoding=there.encoding,
        collation=there.collation,
        isolate=shut[0] if shut else None,
    ), remarks


def _existing_users(one: Deployment, server: Server) -> tuple[list[ExistingUser], list[str]]:
    """Who holds something; what other questions know of the same users is added."""
    render, unknown = server.renderer(no_password), list[str]()
    known: dict[tuple[str, str], dict[str, Any]] = {}
    first, *more = server.engine.extra_grants.existing(one.database)
    [rows] = server.answers([render.text(first.template, **first.values)])
    for row in rows:
        known[str(row["name"]), str(row.get("host", "%"))] = dict(row)
    users = tuple(dict.fromkeys(name for name, _ in known))
    for question in more:
        inside = one.database if question.inside else None
        query = render.text(question.template, users=users, **question.values)
        try:
            [rows] = server.answers([query], inside) if users else [[]]
        except LookError as error:
            if not question.unsure or error.code not in server.engine.errors.REFUSED:
                raise
            unknown.append(f"{question.unsure} cannot be read by this admin, and are not described")
            continue
        for row in rows:
            known.get((str(row["name"]), str(row.get("host", "%"))), {}).update(row)
    return [_existing_user(row) for row in known.values()], unknown


def _existing_user(row: dict[str, Any]) -> ExistingUser:
    values = {**row, "search_path": searched(row.get("search_path"))}
    values |= {"through": tuple(values.get("through", ()))}
    for flag in ("iam", "creates", "writes"):
        values[flag] = bool(values.get(flag))
    values["grants"] = None if values.get("grants") is None else bool(values["grants"])
    return ExistingUser(**values)


def _fitting(one: Deployment, server: Server, users: list[ExistingUser]) -> Deployment | None:
    """The layout and the users that say most, and of which nothing is missing."""
    for made in split(one, users):
        if not _missing(made, server):
            return made
    bases = (
        replace(one, schemas=schemas, accounts=())
        for schemas in schemas_of(users, one.server.engine)
    )
    found = [_shared(base, one, server, users) for base in bases]
    return max((made for made in found if made), key=rank, default=None)


def _shared(
    base: Deployment, one: Deployment, server: Server, users: list[ExistingUser]
) -> Deployment | None:
    """Those who may create come first: what they will create is granted to the others."""
    alone = [(access, user) for user in users for access in _alone(base, one, server, user)]
    for access, user in sorted(alone, key=lambda pair: list(Access).index(pair[0])):
        for level in (level for level in user.levels() if _lower(level, access)):
            account = user.account(one, level, base.schemas)
            tried = replace(base, accounts=(*base.accounts, account))
            if not _missing(tried, server):
                base = tried
                break
    return base if base.accounts else None


def _lower(level: Access, access: Access) -> bool:
    order = (Access.OWNER, Access.ALL, Access.WRITE, Access.READ)
    return order.index(level) >= order.index(access)


def _alone(
    base: Deployment, one: Deployment, server: Server, user: ExistingUser
) -> Iterator[Access]:
    """The highest access of a user who is the only one."""
    for level in user.levels():
        tried = replace(base, accounts=(user.account(one, level, base.schemas),))
        if not _missing(tried, server):
            yield level
            return


def _nearest(
    base: Deployment, one: Deployment, server: Server, user: ExistingUser
) -> tuple[Deployment, list[Missing]]:
    tried = [
        replace(base, accounts=(*base.accounts, user.account(one, level, base.schemas)))
        for level in user.levels()
    ]
    found = [(made, _missing(made, server)) for made in tried]
    return min(found, key=lambda pair: (sum(not one.harmless for one in pair[1]), len(pair[1])))


def _why(user: ExistingUser, near: Deployment, missing: Iterable[str]) -> str:
    words = (
        f"it fits no access; {near.accounts[-1].access.value} comes nearest, but lacks "
        + "; ".join(missing)
    )
    through = ", ".join(f'"{role}"' for role in user.through)
    return words + (f"; what it has comes from {through}" if through else "")


class Missing(Struct, frozen=True):
    """Something that a plan would do, in words.

    ``harmless``: it gives no power on anything that is there today.
    """

    words: str
    harmless: bool = False

    def __str__(self) -> str:
        return self.words


def _missing(made: Deployment, server: Server) -> list[Missing]:
    """What a plan would do, and what it would say that others must do."""
    if objections := server.engine.limits.objections(made, server.facts):
        return [Missing(why) for why, _ in objections]
    pairs = server.look(server.engine.expand.expand(made, server.facts))
    others = [f for _, f in pairs if isinstance(f, ObjectGrant) and f.not_grantable]
    steps = [step for step in compare(pairs) if step.item.kind != "membership"]
    return [
        *(Missing(str(step.item), step.item.gives_nothing(step.found)) for step in steps),
        *(Missing(f"{item} on {', '.join(item.not_grantable)}") for item in others),
    ]
