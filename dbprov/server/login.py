"""The login of a user with its connection string: what is said of it, and who stands in its way."""

from __future__ import annotations

from dbprov.engines.facts import Check
from dbprov.server.server import Server
from dbprov.server.sessions import no_password
from dbprov.spec import server_identity
from dbprov.spec.model import Account, Deployment, bracketed


def logged_in(deployment: Deployment, account: Account, tls: str) -> Check:
    """The login with the connection string; with the server's own address where one is published.

    The published address may not be reachable from here.
    """
    over = f"over {tls}" if tls else "without TLS"
    elsewhere = deployment.publish_host or deployment.publish_port
    if not (elsewhere or deployment.publish_tls):
        observed = f"with the string that is handed out, {over}"
        return Check(account.name, "logs in", "works", observed, True)
    host = deployment.publish_host or deployment.server.host
    port = deployment.publish_port or deployment.server.port
    return Check(
        account.name,
        "logs in",
        "works",
        f"by the server's own address, {over}; "
        + (f"{bracketed(host)}:{port}, which is" if elsewhere else "the TLS that is")
        + " published, was not tried",
        True,
        todo="try the string that is handed out from where the Deployment runs",
        warning=True,
    )


def refused(server: Server, deployment: Deployment, account: Account, error: Exception) -> Check:
    """The login failed: why, or that from here it proves nothing."""
    errors = server.engine.errors
    code, words = errors.explain(error, secret=False)
    if code in errors.LOGIN and (seen := elsewhere(server, account)):
        return not_from_here(server, account, seen)
    words, todo = server.explained(words, errors.remedy(code, words))
    if known := server.kept_out(account.login, deployment.database):
        words, todo = f"{words}; {known[0]}", known[1]
    kept = f"its password is kept in {account.place}"
    todo = "\n".join(filter(None, (todo, kept, _competing_accounts(server, account))))
    return Check(account.name, "logs in", "works", words, False, code, todo)


def elsewhere(server: Server, account: Account) -> str:
    """As what the server sees this machine, where the user does not log in from there; or nothing.

    The admin's session comes the same way. A name counts with all its addresses.
    """
    render = server.renderer(no_password)
    if not render.has("verify/seen"):
        return ""
    seen = str(server.rows("verify/seen")[0]["host"])
    names = {seen, *server_identity.resolved(seen)}
    return "" if server.engine.verify.lets_in(account, names) else seen


def not_from_here(server: Server, account: Account, seen: str, more: str = "") -> Check:
    todo = "run dbprov verify on a machine that it logs in from"
    return Check(
        account.name,
        "logs in",
        "works",
        f"cannot be proven from here, it logs in from {account.host};"
        f" the server sees this machine as {seen}{more}",
        False,
        todo="\n".join(filter(None, (todo, _competing_accounts(server, account) if more else ""))),
        proven=False,
    )


def _competing_accounts(server: Server, account: Account) -> str:
    """Accounts that the server may have matched instead of this user (T39)."""
    render = server.renderer(no_password)
    if not render.has("verify/rivals"):
        return ""
    query = render.text("verify/rivals", user=account.name, host=account.host)
    rows = server.answers([query])[0]
    names = ", ".join(row["rival"] for row in rows)
    return (
        "these accounts can stand in its way,"
        f" where they are nearer to the client's address: {names}"
        if names
        else ""
    )
