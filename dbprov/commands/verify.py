"""What is proven: of each user by logging in, of the admin by asking."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

from dbprov.commands.check_tls import stricter
from dbprov.commands.plan import compare
from dbprov.connections.strings import Connection, handout
from dbprov.engines import Check
from dbprov.errors import PlaceError
from dbprov.items import ObjectGrant
from dbprov.passwords.prompt import PromptPlace
from dbprov.passwords.secret import Secret
from dbprov.server.server import Server
from dbprov.server.verify import verify
from dbprov.spec.model import Account, Auth, Deployment
from dbprov.system.masking import LEAST


def prove(
    deployment: Deployment, server: Server, report: Callable[[Check], None] = lambda check: None
) -> Iterator[Check]:
    """Log in as each user and try. One failed Check where there is no password to log in with."""
    here = server.here(deployment)
    for account, connection in _connections(here).items():
        if account.auth is Auth.IAM:
            check = _not_proven(account)
            report(check)
            yield check
            continue
        if connection is None:
            check = Check(
                account.name,
                "logs in",
                "works",
                f"no password is kept in {account.place}",
                False,
                "",
                "dbprov apply makes the user and its password; of a user that exists,"
                " keep the password there"
                if account.place.writable
                else f"give the password in the {account.place}",
            )
            report(check)
            yield check
            continue
        for check in verify(server, here, account, connection):
            told = check
            if not check.held and check.claim == "logs in":
                told = _explained(check, server, here, account)
            report(told)
            yield told


ROTATED = (
    "a rotation was interrupted: the next password, which is kept beside the one in use, logs in;"
    " dbprov rotate ends it"
)


def _explained(check: Check, server: Server, deployment: Deployment, account: Account) -> Check:
    """Does the password that a rotation left beside the one in use log in?"""
    proposed = account.place.pending()
    if proposed is None:
        return check
    url = Connection(deployment, account, proposed, account.next_login).login_url()
    try:
        server.dialect.connect_as(url, deployment, server.timeouts).close()
    except Exception:  # as the first one did, and the check says why
        return check
    return replace(check, todo=ROTATED)


def _not_proven(account: Account) -> Check:
    return Check(
        account.name,
        "logs in",
        "works",
        "not tried: it logs in with an IAM token, and dbprov has none; that it is there and what"
        " was granted to it was looked up, and nothing of it was proven",
        True,
        todo="try it where the Deployment runs: aws rds generate-db-auth-token makes a token",
        warning=True,
    )


def _connections(deployment: Deployment) -> dict[Account, Secret | None]:
    made = handout(deployment, lambda account: account.place.read())
    every = (made.metadata, made.result, *made.others)
    return {c.account: c.login_url() if c.password else None for c in every}


def check(deployment: Deployment, server: Server) -> Iterator[Check]:
    """Can this admin provision this Deployment on this server? Nothing is changed."""
    facts = server.facts
    name, where = (
        "admin",
        f"as {facts.admin}" + (f", over {facts.tls}" if facts.tls else ", without TLS"),
    )
    service = f" on {facts.service}" if facts.service else ""
    yield Check(
        name,
        "reaches the server",
        "works",
        f"{where}, {facts.flavor} {facts.version_text}{service}, {facts.identity}",
        True,
    )
    yield from stricter(server)
    yield from _public(deployment, server)
    for words in server.dialect.misgivings(facts):
        yield Check(
            "server",
            "",
            "",
            words,
            True,
            warning=True,
        )
    for why, todo in server.dialect.unfit(deployment, facts):
        yield Check("server", "can hold this deployment", "holds", why, False, todo=todo)
        return
    for claim, observed, todo in server.dialect.advice(facts):
        yield Check("server", "", claim, observed, True, todo=todo, warning=True)
    planned = compare(deployment, server)
    met = {id(step): obstacle for step, obstacle in planned.obstacles}
    for step in planned.steps:
        obstacle = met.get(id(step))
        if obstacle:
            yield Check(name, f"can {step}", "works", obstacle.why, False, todo=obstacle.todo)
    for account in planned.unknown:
        yield Check(
            name,
            f'knows the password of user "{account.name}"',
            "holds",
            f"the user exists, and nothing is kept in {account.place}",
            False,
            todo="keep its password there, or have dbprov rotate set a new one",
        )
    for item, statement in planned.beyond:
        yield Check(
            name,
            f"can grant {item}",
            "works",
            _beyond(item),
            False,
            todo=f'the owners named would run in database "{item.inside}":\n{statement};',
        )
    if planned.steps and not met and not planned.unknown:
        yield Check(
            name,
            f"can do all {len(planned.steps)} steps that are missing",
            "works",
            "nothing known is against it",
            True,
        )
    elif not planned.steps:
        yield Check(name, "finds nothing to do", "holds", "everything is there", True)
    for words in planned.remarks:
        if words not in server.dialect.misgivings(facts):
            yield Check(
                deployment.name,
                "",
                "",
                words,
                True,
                warning=True,
            )


def _public(deployment: Deployment, server: Server) -> Iterator[Check]:
    """A warning of each password that anybody would try first, and that no text can be without."""
    public = ["admin"] if server.public_password else []
    for account in deployment.with_passwords:
        if not isinstance(account.place, PromptPlace):  # nobody is asked for it here
            with suppress(PlaceError):  # what needs it says so
                kept = account.place.read()
                public += [account.name] if kept and kept.public else []
    for whose in public:
        yield Check(
            whose,
            "the password",
            "holds",
            f"easy to guess: it has fewer than {LEAST} characters, or it is a name in the spec or a"
            " common word. It is as good as public: dbprov cannot mask it in its own sentences",
            True,
            todo="put a long random one into its place; of a user, dbprov rotate makes one",
            warning=True,
        )


def _beyond(item: ObjectGrant) -> str:
    shown = ", ".join(item.beyond[:5])
    return f"not on {shown}" + (f" and {len(item.beyond) - 5} more" if len(item.beyond) > 5 else "")
