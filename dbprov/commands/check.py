"""Can this admin provision a Deployment on its server, safely, and for Airflow? Changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

from msgspec.structs import replace

from dbprov.commands.adopt import plan_adoption
from dbprov.commands.foreseen import foreseen
from dbprov.commands.plan import plan
from dbprov.commands.surroundings import entrances, read_only
from dbprov.engines.airflow import subject
from dbprov.engines.facts import Check, Row
from dbprov.errors import ConnectError, PlaceError
from dbprov.items import Database, ObjectOwner, User
from dbprov.items.item import Obstacle
from dbprov.passwords.prompt import PromptPlace
from dbprov.plan.change_owner import SHOWN, Withheld, command, listed
from dbprov.plan.plan import Plan
from dbprov.server.server import Server, masked
from dbprov.server.sessions import no_password
from dbprov.spec.model import Access, Deployment
from dbprov.system.masking import LEAST

# Where each service has the CA certificate that signed its servers', by the name that Facts give.
RDS = "https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem"
BUNDLES = {
    "RDS": f"the bundle is {RDS}",
    "Aurora": f"the bundle is {RDS}",
    "Cloud SQL": "server-ca.pem is under Connections, Security, of the instance",
    "Azure": "the roots are DigiCert Global Root G2 and Microsoft RSA Root CA 2017",
}
ANY = f"on RDS and Aurora {BUNDLES['RDS']}; Cloud SQL shows it under Connections, Security"
SEND_IT = "tls: {mode: require}; or, knowing this, tls: {allow_cleartext: true}"
CLEAR = (
    "turn TLS on at the server, and say tls: {mode: require} here; until then anybody on the way"
    " can read and change everything"
)


def check(deployment: Deployment, server: Server) -> Iterator[Check]:
    """Can this admin provision this Deployment on this server? Nothing is changed."""
    facts = server.facts
    where = f"as {facts.admin}" + (f", over {facts.tls}" if facts.tls else ", without TLS")
    service = f" on {facts.service}" if facts.service else ""
    yield Check(
        "admin",
        "reaches the server",
        "works",
        f"{where}, {facts.flavor} {facts.version_text}{service}, {facts.identity}",
        True,
    )
    yield from _tls(server)
    yield from _public(deployment, server)
    for words in server.engine.limits.warnings(facts):
        yield Check("server", "", "", words, True, warning=True)
    for why, todo in server.engine.limits.objections(deployment, facts):
        yield Check("server", "can hold this deployment", "holds", why, False, todo=todo)
        return
    for claim, observed, todo in server.engine.limits.advice(facts):
        yield Check("server", "", claim, observed, True, todo=todo, warning=True)
    planned = plan(deployment, server)
    for refusal in planned.refusals if planned.steps else read_only(deployment, server):
        claim = "lets the users write"
        yield Check("server", claim, "holds", refusal.why, False, todo=refusal.todo)
    yield from _new_passwords(planned, server)
    ahead = list(foreseen(deployment, server))
    yield from ahead
    yield from _planned(planned, any(one.failed for one in ahead))
    yield from _left_out(planned, server)
    yield from entrances(deployment, server)
    for words in planned.remarks:
        if words not in server.engine.limits.warnings(facts):
            yield Check(deployment.name, "", "", words, True, warning=True)


def _planned(planned: Plan, fails: bool) -> Iterator[Check]:
    """What the plan says that this admin can do, and what needs another role.

    ``fails``: something failed already, so that nothing is missing is not all that there is to say.
    """
    name = "admin"
    met = {id(step): obstacle for step, obstacle in planned.obstacles}
    for step in planned.steps:
        obstacle = met.get(id(step))
        if obstacle:
            yield _not_by(obstacle, f"can {step}")
    for account in planned.unknown:
        yield Check(
            name,
            f'knows the password of user "{account.name}"',
            "holds",
            f"the user exists, and nothing is kept in {account.place}",
            False,
            todo="keep its password there, or have dbprov rotate set a new one",
        )
    for item, obstacle in planned.of_other_owners:
        yield _not_by(obstacle, f"can grant {item}")
    if planned.steps and not met and not planned.unknown and not planned.refusals:
        yield Check(
            name,
            f"can do all {len(planned.steps)} steps that are missing",
            "works",
            "nothing known is against it",
            True,
        )
    elif not planned.steps:
        failed = fails or bool(planned.unknown or planned.of_other_owners)
        observed = "no step is missing; see what failed" if failed else "everything is there"
        yield Check(name, "finds nothing to do", "holds", observed, True)


def _not_by(obstacle: Obstacle, claim: str) -> Check:
    told = tuple(one.as_json() for one in obstacle.told or () if one.statement)
    why, todo = obstacle.why, obstacle.todo
    return Check("admin", claim, "works", why, False, todo=todo, statements=told)


def _left_out(planned: Plan, server: Server) -> Iterator[Check]:
    """What is there and access: all does not cover, where a user that creates may not use it."""
    one, render = planned.deployment, server.renderer(no_password)
    creators = tuple(a.name for a in one.accounts if a.access.creates)
    made = any(isinstance(step.item, Database) for step in planned.steps)
    if made or not creators or not render.has("existing/left_out"):
        return
    query = render.text("existing/left_out", users=creators, schemas=one.schemas)
    try:
        [rows] = server.answers([query], one.database)
    except ConnectError:  # the plan says so, and what is needed to enter it
        return

    def statement(row: Row) -> str:
        return row["statement"] or render.text(
            "remedy/grant", sort=("TYPE",), things=(row["path"],), privileges=("USAGE",),
            admin=row["name"], option=False,
        )  # fmt: skip

    for name, sort in dict.fromkeys((row["name"], row["sort"]) for row in rows):
        alike = [row for row in rows if (row["name"], row["sort"]) == (name, sort)]
        shown = ", ".join(row["thing"] for row in alike[:SHOWN])
        more = f" and {len(alike) - SHOWN} more" if len(alike) > SHOWN else ""
        yield Check(
            name,
            f"can use all {sort}",
            "holds",
            f"not {shown}{more}: access: {Access.ALL} is tables, sequences and routines",
            True,
            todo=f'if it needs them, their owners would run in database "{one.database}":\n'
            + "\n".join(f"{statement(row)};" for row in alike[:SHOWN]),
            warning=True,
        )


def _new_passwords(planned: Plan, server: Server) -> Iterator[Check]:
    """Would the server take the passwords of the users that are to be made?"""
    made = {s.item.name for s in planned.steps if isinstance(s.item, User) and s.verb == "create"}
    new = [one for one in planned.deployment.with_passwords if one.name in made]
    claim = "the password keeps the server's rules"
    for account in new:
        kept = None
        if not isinstance(account.place, PromptPlace):  # nobody is asked for it here
            with suppress(PlaceError):  # what needs it says so
                kept = account.place.read()
        if kept is None and not account.place.writable:
            continue
        wrong, unsure = server.engine.password_hash.unfit(kept, account.name, server.facts)
        if wrong:
            todo = f"keep another one in {account.place}"
            yield Check(account.name, claim, "holds", "; ".join(wrong), False, todo=todo)
        elif unsure:
            observed = "; ".join(["not known before it is set", *unsure])
            todo = f"where it is refused, keep another one in {account.place}"
            yield Check(account.name, claim, "holds", observed, True, todo=todo, warning=True)
    why = server.connection().exposes_password(server.address, server.tls, server.facts)
    if new and why:
        yield Check("admin", "can send new passwords", "holds", why, False, todo=SEND_IT)


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


def _tls(server: Server) -> list[Check]:
    """A warning where a stricter mode can be had; nothing where what is sent stays here.

    It costs one more login, so it is for ``check``. No fallback from it could protect anybody: who
    stands in between would bring it about.
    """
    if server.located.local or server.tls.mode == "verify-full":
        return []
    if not server.facts.tls:
        observed = "it is not encrypted" + (
            ", as tls: {mode: disable} says" if server.tls.mode == "disable" else ""
        )
        return [_warning(observed, CLEAR)]
    best = replace(server.tls, mode="verify-full")
    refused = server.refuses(best)
    if server.tls.mode == "verify-ca":
        todo = "tls: {mode: verify-full}: " + (refused or "this server stands it")
        return [_warning("it is TLS, and every certificate of its CA is taken", todo)]
    observed = "it is TLS, and nobody looks at the server's certificate"
    if server.tls.mode == "prefer":
        observed += "; nothing insists on TLS either"
    return [_warning(observed, _tls_advice(server, refused))]


def _tls_advice(server: Server, refused: str) -> str:
    if not refused:
        return "tls: {mode: verify-full}: the system's CA certificates know this server's"
    where = BUNDLES.get(server.facts.service, ANY)
    return (
        "tls: {mode: verify-full, ca: FILE} with the CA certificate that signed the server's;"
        f" {where}.\nThe system's own do not do: {refused}"
        + ("\nUntil then tls: {mode: require} insists on TLS." if not server.tls.insists else "")
    )


def _warning(observed: str, todo: str) -> Check:
    claim = "the connection is protected"
    return Check("admin", claim, "holds", observed, True, todo=todo, warning=True)


def check_airflow(
    deployment: Deployment, server: Server, airflow: tuple[int, ...]
) -> Iterator[Check]:
    """Would this version of Airflow run there, and be upgraded? Nothing is changed."""
    users = tuple(account.name for account in deployment.accounts)
    answers = {
        name: server.rows(name, database=deployment.database, users=users)
        for name in server.engine.airflow.READINESS
    }
    yield from server.engine.airflow.readiness(airflow, deployment, server.facts, answers)
    if any(step.item.essential for step in plan(deployment, server).steps):
        return  # who owns what in a database that is still to be provisioned is not known
    planned = plan_adoption(deployment, server)
    for words in planned.remarks:
        yield Check(subject(airflow), "", "", words, True, warning=True)
    if server.engine.expand.OWNERS:
        yield _upgradable(airflow, planned, server)


def _upgradable(airflow: tuple[int, ...], planned: Plan, server: Server) -> Check:
    """Who owns what Airflow alters: tables, sequences and types, and no routine but its own."""
    found = [step.found for step in planned.steps if isinstance(step.found, ObjectOwner)]
    given = [one.what for one in found if _altered(one)]
    withheld = [one for one in planned.withheld if _altered(one.item)]
    owned = [*given, *(one.item.what for one in withheld)]
    why = "the next upgrade fails with must be owner of table"
    return Check(
        subject(airflow), "can be upgraded", "holds",
        f"not its users' own: {listed(owned)}"
        if owned
        else "its users own what is in their schemas",
        not owned,
        todo="\n".join((why, *_upgrade_advice(bool(given), withheld, server))) if owned else "",
    )  # fmt: skip


def _altered(one: ObjectOwner) -> bool:
    """Airflow 3 replaces one function, with which it fills a column of UUIDs."""
    return one.sort != "ROUTINE" or one.name == "uuid_generate_v7"


def _upgrade_advice(adopts: bool, withheld: Sequence[Withheld], server: Server) -> Iterator[str]:
    """Names adopt only for what it would take, with the flags that this takes."""
    if adopts:
        yield "what this admin restored: dbprov adopt"
    ours = [one for one in withheld if one.item.grantable]
    for owner in dict.fromkeys(one.item.owner for one in ours if one.foreign):
        flags = command(("--from", owner))
        yield f'if what "{owner}" owns is the application\'s: dbprov adopt {flags}'
    for one in [one for one in ours if not one.foreign][:SHOWN]:
        why, flags = "; ".join(one.why), command(one.flags)
        yield f"{one.item.what}: {why}; if it is to go: dbprov adopt {flags}"
    render = server.renderer(masked)
    for one in [one for one in withheld if not one.item.grantable][:SHOWN]:
        statement = render.item(replace(one.item, owner=one.receiver), "alter")
        yield (
            f"{one.item.what} is not this admin's to give: if it is the application's,"
            f' "{one.item.owner}" or a superuser would run:\n{statement};'
        )
