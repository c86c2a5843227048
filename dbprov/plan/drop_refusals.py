"""What keeps a Deployment from going, and what should be known before it goes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbprov.items import Membership
from dbprov.items.sessions import Belongings, Contents, Reassignment
from dbprov.plan.change_owner import command, executes, reasons
from dbprov.plan.drop_survey import DropOptions, Refusal, Survey

SHOWN = 10  # of a list in a message


def in_use(survey: Survey) -> Iterator[Refusal]:
    for user, names in survey.shared.items():
        yield Refusal(
            f"user {user} serves {', '.join(names)} too, which would lose its connections",
            "take those Deployments along, or give each a user of its own",
        )


def refusals(survey: Survey, options: DropOptions) -> Iterator[Refusal]:
    d = survey.deployment
    if options.database and survey.owners and d.database == (d.server.database or "postgres"):
        yield Refusal(
            f'database "{d.database}" is the one that the admin itself is connected to',
            "name another one in server: of the spec",
        )
    if not options.database and survey.owners:
        for user, names in survey.shared.items():
            yield Refusal(
                f"user {user} serves {', '.join(names)} too; what it has in"
                f' "{d.database}" cannot be told apart from the rest',
                "with --database that goes, and the user stays; or give each a user of its own",
            )
    yield from _no_such_role(survey, options)
    for one in survey.found(Reassignment):
        if one.lacks:
            yield Refusal(
                f'role "{one.new_owner}" of --reassign-to cannot own all that'
                f' user "{one.user}" owns'
                f' in database "{one.inside}": it lacks {_listed(one.lacks)}',
                f'as their owner, in database "{one.inside}": {"; ".join(one.grants)};',
            )
    yield from _executing(survey, options)
    for found in survey.found(Belongings):
        if survey.goes(found):
            yield from _owning(survey, options, found)
    for contents in survey.found(Contents):
        if options.database and contents.blockers:
            yield Refusal(
                f'database "{d.database}" cannot be dropped: {_listed(contents.blockers)}',
                "see to these first; dbprov does not drop them",
            )


def _no_such_role(survey: Survey, options: DropOptions) -> Iterator[Refusal]:
    if not options.reassign_to:
        return
    known = [w.role for w, found in survey.pairs if isinstance(w, Membership) and found]
    if not survey.owners:
        yield Refusal(
            "--reassign-to has no meaning here: on MySQL nothing belongs to a user",
            "leave it out",
        )
    elif options.reassign_to not in known:
        yield Refusal(
            f'role "{options.reassign_to}" of --reassign-to does not exist', "name a role that does"
        )
    elif options.reassign_to in [account.name for account in survey.leaving]:
        yield Refusal(
            f'role "{options.reassign_to}" of --reassign-to goes itself', "name one that stays"
        )


def _executing(survey: Survey, options: DropOptions) -> Iterator[Refusal]:
    """REASSIGN OWNED gives all or nothing: nothing, while anything of it executes unnamed."""
    going = {one.key for one in survey.inherited}
    for one in survey.inherited:
        staying = [key for key in one.users if key not in going]
        why = list(reasons(one, staying, trusted=False))
        if why and one.identity not in options.objects:
            yield Refusal(
                f'{one.what} of "{one.owner}" would go to "{options.reassign_to}":'
                f" {'; '.join(why)}",
                f"drop it, or let it go in spite of that: {command(('--object', one.identity))}",
            )
    unknown = [
        name for name in options.objects if name not in {one.identity for one in survey.inherited}
    ]
    if unknown and survey.inherited:
        yield Refusal(
            f"its users own nothing of the name {', '.join(unknown)}",
            "name each exactly as the plan of dbprov drop does",
        )


def _owning(survey: Survey, options: DropOptions, found: Belongings) -> Iterator[Refusal]:
    d = survey.deployment
    verb = "owns" if survey.owners else "is the definer of"
    where = f' in database "{found.inside}"' if found.inside else ""
    if found.owned:
        yield Refusal(
            f'user "{found.user}" {verb} things beside this Deployment{where}:'
            f" {_listed(found.owned)}",
            "give them to somebody else first, or drop them: dbprov does neither",
        )
    if found.here and not options.database and not (options.reassign_to and survey.owners):
        yield Refusal(
            f'user "{found.user}" {verb} {_listed(found.here)}',
            "--reassign-to ROLE gives them to another role; --database drops the database and"
            " all that is in it"
            if survey.owners
            else "read them, and make them anew with another definer, with whose rights they run"
            " then; or --database drops the database and all that is in it",
        )
    for name, count in zip(found.databases, found.counts, strict=True):
        closed = (survey.shut or {}).get(name)
        if closed and not (options.database and name == d.database):
            what = f"owns {count} objects" if count else "has privileges"
            yield Refusal(
                f'user "{found.user}" {what} in database "{name}", where this admin cannot look:'
                f" {closed.why}",
                closed.todo,
            )


def remarks(survey: Survey, options: DropOptions) -> Iterator[str]:
    d = survey.deployment
    leaving = {account.name for account in survey.leaving}
    for user, names in survey.shared.items():
        yield f"user {user} stays: it serves {', '.join(names)} too"
    for found in survey.found(Belongings):
        if not survey.goes(found):
            continue
        where = f' in database "{found.inside}"' if found.inside else ""
        if found.given and not (options.database and found.inside == d.database):
            yield f'user "{found.user}" has{where} privileges that go: {_listed(found.given)}'
        losing = tuple(name for name in found.members if name not in leaving)
        if losing:
            yield f'the rights of user "{found.user}" are lost to {_listed(losing)}'
    for one in survey.inherited:
        if one.sort != "ROUTINE" or one.definer or one.event or one.users:
            for words in executes(one):
                yield f'{one.what}, which goes to "{options.reassign_to}", executes: {words}'
    for contents in survey.found(Contents):
        if options.database:
            yield f'with database "{d.database}" goes {_listed(contents.holds)}'
            yield from _surviving(survey, contents)
    if survey.database and not options.database:
        yield f'database "{d.database}" stays; --database drops it'


def _surviving(survey: Survey, contents: Contents) -> Iterator[str]:
    own = tuple(f"'{a.name}'@'{a.host}': " for a in survey.there)
    others = [row for row in contents.survivors if not row.startswith(own)]
    if others:
        yield (
            f'grants of others on database "{contents.name}" are left, and come to life with the'
            f" next one of its name; revoke them: {_listed(others)}"
        )


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
