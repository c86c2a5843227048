"""Checks: log in as a user with its connection string, and try what must work and what must not."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence

from msgspec import Struct

from dbprov.audit.record import Announced
from dbprov.engines.engine import Session
from dbprov.engines.facts import Check, Trial
from dbprov.errors import AuditError, DbprovError
from dbprov.passwords.secret import Secret
from dbprov.server import login
from dbprov.server.event_triggers import blamed
from dbprov.server.other_databases import enters
from dbprov.server.server import Server
from dbprov.server.sessions import no_password
from dbprov.spec.model import Account, Deployment

EXPECTED = {"setup": "works", "works": "works", "refused": "is refused", "holds": "holds"}


class Outcome(Struct, frozen=True):
    """What came of a trial.

    ``code``: the server's error code; empty: it worked. ``note``: what to know although it held.
    ``inside``: in which function of the server it failed, in its words.
    """

    code: str
    observed: str
    note: str = ""
    inside: str = ""


def verify_user(
    server: Server, deployment: Deployment, account: Account, url: Secret
) -> Iterator[Check]:
    """The Checks of one user, each as it ends. Removes all that it created, even after an error."""
    engine = server.engine
    try:
        connection = engine.connection.connect_as(url, deployment, server.timeouts)
    except Exception as error:
        yield login.refused(server, deployment, account, error)
        return
    beside = server.beside(deployment)
    databases = deployment.databases(account, beside)
    try:
        around = server.rows("verify/around", user=account.login, databases=databases)
        probe = f"dbprov_probe_{os.urandom(4).hex()}"
        trials = engine.verify.trials(deployment, account, server.facts, probe, beside, around)
        if seen := login.elsewhere(server, account):
            identity = _run_trial(server, connection, trials[0])
            if identity.code:  # what another account can do says nothing of this one
                taken = f"; from here its login is taken {identity.observed}"
                yield login.not_from_here(server, account, seen, taken)
                return
        yield login.logged_in(deployment, account, connection.tls)
        yield from _tried(server, deployment, account, connection, probe, trials)
    finally:
        connection.close()
    if engine.verify.ENTERS:  # not beside its own session: it may have only one
        yield from enters(server, deployment, account, url, around)


def _tried(
    server: Server,
    deployment: Deployment,
    account: Account,
    connection: Session,
    probe: str,
    trials: Sequence[Trial],
) -> Iterator[Check]:
    engine = server.engine
    held: dict[str, bool] = {}
    made: set[str] = set()  # templates of trials that worked, expected or not
    acting = ""  # who the user is may explain what it cannot do
    try:
        render = server.renderer(no_password)
        if render.has("verify/quoting"):
            connection.run(render.text("verify/quoting"))
        admin = server.connection(deployment.database if engine.connection.TRANSACTIONS else None)
        _drop_leftovers(server, deployment, probe)
        # With transactions one session after the other: the admin would wait for locks of the
        # user's transaction.
        for admins in ((False,), (True,)) if engine.connection.TRANSACTIONS else ((False, True),):
            with connection.roll_back(), admin.roll_back():
                for trial in [one for one in trials if one.by_admin in admins]:
                    if trial.needs and not held.get(trial.needs):
                        held[trial.template] = False
                        continue
                    outcome = _run_trial(server, admin if trial.by_admin else connection, trial)
                    made |= {trial.template} if not outcome.code else set()
                    check = _check(server, deployment, account, trial, outcome, acting)
                    acting = acting or outcome.note
                    held[trial.template] = check.held and not check.code
                    if trial.expects != "setup" or _matters(server, trial, outcome):
                        yield check
    except DbprovError:
        raise
    except Exception as error:  # of the transaction around the trials: its session has ended
        code, words = engine.errors.explain(error, secret=False)
        words, todo = server.explained(words, engine.errors.remedy(code))
        claim = "keeps its session to the end"
        yield Check(account.name, claim, "works", words, False, code, todo)
    finally:
        for trial in engine.verify.cleanup(deployment, probe):
            if trial.needs in made and _run_trial(server, server.connection(), trial).code:
                # A user with too many privileges may own what the admin cannot drop.
                _run_trial(server, connection, trial)


def _matters(server: Server, trial: Trial, outcome: Outcome) -> bool:
    """A setup that failed: then something is not proven.

    But for an admin that may not do it, and so never will. Who fails in a function of the server
    may.
    """
    may_not = outcome.code in server.engine.errors.REFUSED and not outcome.inside
    return bool(trial.claim and outcome.code) and (trial.always or not may_not)


def _drop_leftovers(server: Server, deployment: Deployment, probe: str) -> None:
    """Drop the probes of runs that were killed, where DDL cannot be rolled back.

    Takes a lock on this run's probe, so that another run does not drop it.
    """
    render = server.renderer(no_password)
    if not render.has("verify/leftovers"):
        return
    names = {"probe": probe, "database": deployment.database}
    queries = [render.text("verify/lock", **names), render.text("verify/leftovers", **names)]
    for row in server.answers(queries)[1]:
        for trial in server.engine.verify.cleanup(deployment, row["probe"]):
            _run_trial(server, server.connection(), trial)


def _run_trial(server: Server, connection: Session, trial: Trial) -> Outcome:
    engine = server.engine
    statement = server.renderer(no_password).text(f"verify/{trial.template}", **trial.values)
    try:
        with connection.transaction():
            if trial.expects == "holds":
                [row] = connection.ask([statement])[0] or [{"held": False, "observed": "nothing"}]
                code = "" if row["held"] else "no"
                return Outcome(code, row["observed"], row.get("note") or "")
            if trial.by_admin:
                _change(server, connection, trial, statement)
            else:
                connection.run(statement)
        return Outcome("", "it worked")
    except AuditError:
        raise
    except Exception as error:
        code, words = engine.errors.explain(error, secret=False)
        inside = engine.errors.inside(error)
        return Outcome(code or type(error).__name__, words, inside=inside)


def _change(server: Server, connection: Session, trial: Trial, statement: str) -> None:
    """Run a statement of the admin for a trial, with its entry in the audit log."""
    engine = server.engine
    step = f"try {trial.template}"
    announced = Announced(step, trial.template, "verify", "try", None, statement)
    undone = engine.connection.TRANSACTIONS  # all trials are rolled back
    with server.recorded([announced], whole=undone, kept=not undone) as recording:
        recording.begins()
        began = time.perf_counter()
        try:
            connection.run(statement)
        except Exception as error:
            code, words = engine.errors.explain(error, secret=False)
            recording.failed(code, words, (time.perf_counter() - began) * 1000)
            raise
        recording.done([], (time.perf_counter() - began) * 1000)


def _check(
    server: Server,
    deployment: Deployment,
    account: Account,
    trial: Trial,
    outcome: Outcome,
    acting: str,
) -> Check:
    code, observed = outcome.code, outcome.observed
    refused = code in server.engine.errors.REFUSED
    held = refused if trial.expects == "refused" else not code
    code = "" if code == "no" else code
    expected = EXPECTED.get(trial.expects, trial.expects)
    known = outcome.note if held else trial.warns.get(code or "works")
    if known:
        return Check(account.name, trial.claim, expected, observed, True, code, known, warning=True)
    todo = ""
    if not held:
        who = server.facts.admin if trial.by_admin else account.name
        why, mend = blamed(server, deployment.database, who, outcome.code, outcome.inside)
        observed = f"{observed}, {why}" if why else observed
        todo = mend or outcome.note or acting or _hint(server, trial, code, observed)
    if trial.expects == "setup" and not held:
        observed = f"it could not be tried as {server.facts.admin}: {observed}"
        return Check(account.name, trial.claim, "works", observed, False, code, todo, proven=False)
    return Check(account.name, trial.claim, expected, observed, held, code, todo)


def _hint(server: Server, trial: Trial, code: str, words: str) -> str:
    """By the code where it is no want of a privilege, else by what was tried."""
    errors = server.engine.errors
    if code and code not in errors.REFUSED:
        return errors.remedy(code, words)
    return server.engine.verify.HINTS.get(trial.template) or errors.remedy(code, words)
