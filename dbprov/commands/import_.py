"""What exists in a database, as a spec whose plan is empty."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from dbprov.commands.import_fit import fit
from dbprov.commands.plan import plan
from dbprov.commands.servers import Ask, servers
from dbprov.errors import LookError, RefusedError, SpecError
from dbprov.items import Database, Isolation
from dbprov.passwords.secret import never_ask
from dbprov.plan.change_owner import command
from dbprov.server.server import Server
from dbprov.server.sessions import no_password
from dbprov.spec import keys, names
from dbprov.spec.model import Deployment, Timeouts
from dbprov.spec.reader import from_flags, parse
from dbprov.spec.writer import (
    ExistingUser,
    ImportedSpec,
    searched,
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
    one, remarks, owner = _database(one, server)
    existing_users, unknown = _existing_users(one, server)
    engine = one.server.engine
    objected = {str(r): why for r in existing_users if (why := r.objection(engine))}
    users = [r for r in existing_users if str(r) not in objected]
    best = fit(one, server, users, nearest=nearest)
    left_out = objected | best.left_out
    if best.deployment is None:
        raise RefusedError(
            f'nothing in database "{one.database}" can be described such that nothing is missing',
            "\n".join(f"{who}: {why}" for who, why in left_out.items())
            or _nobody(one, server, owner),
            "dbprov import --nearest writes the spec that comes nearest; its plan is what it lacks"
            if users
            else _first_step(one, server, server_url, owner),
        )
    made = best.deployment
    extra, planned = dict[str, list[str]](), plan(made, server)
    for more in planned.extra:
        extra.setdefault(more.item.to.removesuffix("@%"), []).append(str(more.item))
    warnings = server.engine.limits.warnings(server.facts)  # of the server itself
    remarks += [
        f"{user} logs in by the plugin {user.plugin}: see what dbprov check says of it"
        for user in users
        if user.plugin and not user.iam
    ]
    remarks += [*unknown, *(words for words in planned.remarks if words not in warnings)]
    found = ImportedSpec(made, best.lacking, left_out, extra, tuple(remarks), added=best.added)
    read = _read(
        written(found, server_url, tls or {}, via), folder
    )  # each password has its place now
    planned = plan(read, server)
    if not (planned.complete or best.lacking):
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


def _nobody(one: Deployment, server: Server, owner: str) -> str:
    admin = server.facts.admin
    if owner and owner == admin:
        return f'"{admin}", the admin, owns the database, and nobody else holds anything in it'
    return "nobody holds anything in it" + (f', but its owner "{owner}"' if owner else "")


def _first_step(one: Deployment, server: Server, server_url: str, owner: str) -> str:
    """Towards a spec, where nobody is there whom one could name."""
    words = command(("--name", one.name, "--server", server_url, "--database", one.database))
    made = f"an application needs a user of its own: dbprov apply {words} --user NAME makes it"
    if not server.engine.expand.OWNERS:
        return made
    source = "" if owner == server.facts.admin else f" {command(('--from', owner))}"
    return f'{made}; dbprov adopt with the same words{source} then gives it what "{owner}" owns'


def _database(one: Deployment, server: Server) -> tuple[Deployment, list[str], str]:
    """With what was found of the database, and its owner."""
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
    return (
        replace(
            one,
            encoding=there.encoding,
            collation=there.collation,
            isolate=shut[0] if shut else None,
        ),
        remarks,
        there.owner,
    )


def _existing_users(one: Deployment, server: Server) -> tuple[list[ExistingUser], list[str]]:
    """Who holds something; what other questions know of the same users is added."""
    render, unknown = server.renderer(no_password), list[str]()
    known: dict[tuple[str, str], dict[str, Any]] = {}
    first, *more = server.engine.extra_grants.existing(one.database, server.facts)
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
            who = str(row["name"]), str(row.get("host", "%"))
            if set(_listed(row.get("through"))) & set(users):
                known.setdefault(who, {})  # what it holds it holds by a role
            known.get(who, {}).update(row)
    found = [_existing_user(row) for row in known.values()]
    return [user.with_roles(found) for user in found], unknown


def _listed(value: Any) -> tuple[str, ...]:
    """An array: PostgreSQL's own, or JSON, which MySQL hands out as text."""
    return tuple(json.loads(value) if isinstance(value, (str, bytes)) else value or ())


def _existing_user(row: dict[str, Any]) -> ExistingUser:
    values = {**row, "search_path": searched(row.get("search_path"))}
    values |= {"through": tuple(sorted(_listed(values.get("through"))))}
    for flag in ("can_login", "superuser"):
        values[flag] = bool(values.get(flag, flag == "can_login"))
    for flag in ("iam", "creates", "writes"):
        values[flag] = bool(values.get(flag))
    values["grants"] = None if values.get("grants") is None else bool(values["grants"])
    return ExistingUser(**values)
