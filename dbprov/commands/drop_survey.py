"""What a Deployment has on its server, and who else needs it: what drop decides from."""

from __future__ import annotations

from msgspec.structs import replace

from dbprov.errors import ConnectError
from dbprov.items import (
    Database,
    DatabaseGrant,
    Item,
    Membership,
    ObjectOwner,
    Ownership,
    PatternGrant,
    TokenGrant,
    User,
)
from dbprov.items.sessions import Belongings, Contents, Lockout, Reassignment, UserSession
from dbprov.plan.drop_survey import DropOptions, Refusal, Survey, login
from dbprov.plan.steps import Pair
from dbprov.server.same_server import TWO_SERVERS
from dbprov.server.server import Server
from dbprov.spec.model import Deployment, Spec
from dbprov.spec.server_identity import Same


def survey(spec: Spec, deployment: Deployment, server: Server, options: DropOptions) -> Survey:
    """Look at everything that the Deployment has on its server. Reads only."""
    whole = _with_second_users(deployment)
    shared, doubts = _others(spec, deployment, server)
    pairs = server.look(_outside(whole, server, options))
    inside, shut = _inside(pairs, whole, server, options, shared)
    return Survey(
        deployment=whole,
        owners=server.engine.expand.OWNERS,
        admin=server.facts.admin,
        pairs=(*pairs, *inside, *_loans([*pairs, *inside], whole, server, options)),
        shared=shared,
        doubts=tuple(doubts),
        shut=shut,
        inherited=tuple(_inherited([*pairs, *inside], whole, server, options, shared)),
    )


def _with_second_users(deployment: Deployment) -> Deployment:
    """The second user of each that alternates goes with it, as a user like others."""
    accounts = [
        replace(account, name=name, second="")
        for account in deployment.accounts
        for name in filter(None, (account.name, account.second))
    ]
    return replace(deployment, accounts=tuple(accounts))


def _outside(deployment: Deployment, server: Server, options: DropOptions) -> list[Item]:
    """What can be seen from the admin's own database."""
    d = deployment
    names = tuple(account.name for account in d.accounts)
    wanted = server.engine.expand.expand(d, server.facts)
    kinds = (DatabaseGrant,) if options.quarantine else (User, PatternGrant, TokenGrant)
    items: list[Item] = [item for item in wanted if isinstance(item, kinds)]
    for a in d.accounts:
        items += [Lockout(user=a.name, host=a.host), UserSession(user=a.name, host=a.host)]
    if options.quarantine:
        return items
    items += [Belongings(user=a.name, host=a.host, database=d.database) for a in d.accounts]
    # As its owner, whose rights can be borrowed, the admin may drop it.
    items += [replace(item, lenders=names) for item in wanted if isinstance(item, Database)]
    items.append(Contents(name=d.database))
    if options.database:
        items.append(UserSession(user=None, database=d.database))
    if options.database and server.engine.expand.OWNERS:
        items.append(Ownership(database=d.database, owner=server.facts.admin, lenders=names))
    return items


def _inside(
    pairs: list[Pair],
    deployment: Deployment,
    server: Server,
    options: DropOptions,
    shared: dict[str, tuple[str, ...]],
) -> tuple[list[Pair], dict[str, Refusal]]:
    """What the users that go have in each database; and the databases that cannot be entered."""
    going = {account.name for account in deployment.accounts if login(account) not in shared}
    holders: dict[str, list[str]] = {}
    for _, found in pairs:
        if isinstance(found, Belongings) and found.user in going:
            for name in found.databases:
                if not (options.database and name == deployment.database):
                    holders.setdefault(name, []).append(found.user)
    seen: list[Pair] = []
    shut: dict[str, Refusal] = {}
    for name, users in holders.items():
        # Only a database that has been looked at is entered.
        items: list[Item] = [Database(name=name, encoding="")]
        items += [Belongings(inside=name, user=u, database=deployment.database) for u in users]
        if options.reassign_to and name == deployment.database:
            items += [
                Reassignment(inside=name, user=u, new_owner=options.reassign_to) for u in users
            ]
        try:
            seen += server.look(items)[1:]
        except ConnectError as error:
            shut[name] = Refusal(error.why, error.todo)
    return seen, shut


def _inherited(
    pairs: list[Pair],
    deployment: Deployment,
    server: Server,
    options: DropOptions,
    shared: dict[str, tuple[str, ...]],
) -> list[ObjectOwner]:
    """Of what --reassign-to gets each table, view, routine and type, with what of it executes."""
    owning = {b.user for _, b in pairs if isinstance(b, Belongings) and b.inside and b.here}
    formers = [a.name for a in deployment.accounts if a.name in owning and login(a) not in shared]
    if (
        not options.reassign_to
        or options.database
        or not server.engine.expand.OWNERS
        or not formers
    ):
        return []
    asked = ObjectOwner(
        inside=deployment.database, schema="", owner=options.reassign_to, formers=tuple(formers)
    )
    return [one for one in server.every(asked) if isinstance(one, ObjectOwner)]


def _loans(
    pairs: list[Pair], deployment: Deployment, server: Server, options: DropOptions
) -> list[Pair]:
    """Of the roles whose rights the Steps may have to borrow."""
    if not server.engine.expand.OWNERS:
        return []
    roles = [account.name for account in deployment.accounts]
    roles += [options.reassign_to] if options.reassign_to else []
    for _, found in pairs:
        if isinstance(found, UserSession):
            roles += found.users
        if isinstance(found, Belongings):
            roles += found.grantors
    return server.look([Membership(role=role) for role in dict.fromkeys(roles)])


def _others(
    spec: Spec, deployment: Deployment, server: Server
) -> tuple[dict[str, tuple[str, ...]], list[Refusal]]:
    """Its users that serve other Deployments of the spec on the same server, with their names.

    And what cannot be told: nothing is taken from what may be another Deployment's. Raises
    RefusedError where another one has the same database, or keeps a user's password elsewhere.
    """
    shared: dict[str, tuple[str, ...]] = {}
    doubts: list[Refusal] = []
    for other, answer in server.answers_of(deployment, spec.every):
        users = {login(account) for account in _with_second_users(other).accounts}
        both = [who for who in map(login, _with_second_users(deployment).accounts) if who in users]
        if answer.same is Same.SAME:
            for who in both:
                shared[who] = (*shared.get(who, ()), other.name)
        elif answer.same is Same.UNKNOWN:
            things = [f"user {who}" for who in both]
            if other.database == deployment.database:
                things.append(f'database "{other.database}"')
            why = (
                f"{other.name} on {other.server} has {', '.join(things)} too, and whether that is"
                f" the same server as {deployment.server} cannot be told: {answer.why}"
            )
            todo = f"if they are two servers: {TWO_SERVERS}"
            doubts.append(Refusal(why, f"{answer.error.todo}; {todo}" if answer.error else todo))
    return shared, doubts
