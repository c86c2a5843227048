"""What PostgreSQL answers when something fails: what its codes mean, and what to do."""

from __future__ import annotations

import re
from collections.abc import Mapping

import psycopg

from dbprov.engines import tls_context
from dbprov.engines.postgresql.quoting import ident
from dbprov.system.masking import outside, raw

REFUSED = frozenset({"42501"})
LOGIN = frozenset({"28P01", "28000"})
EXISTS = frozenset({"42710", "42P04", "42P06", "23505"})
MOVED = frozenset({"3D000", "42704", "42P01", "42883", "55006", "2BP01"})
# Success without effect (T14): nothing revoked, nothing granted, name cut.
EMPTY = frozenset({"01006", "01007", "42622"})
BUSY = frozenset({"55P03", "57014"})
# Races in the catalogue (T32). XX000 is any defect of the server: only with these words, which are
# never translated. 55P03: it is in use, and lock_timeout is over.
RETRY: Mapping[str, str] = {
    "XX000": "tuple concurrently (updated|deleted)",
    "40P01": "",
    "40001": "",
    "55006": "",
    "55P03": "",
}
# Of a connection that failed libpq hands out the server's words only; in another language they go
# without a code.
ON_CONNECTING = {
    "password authentication failed": "28P01",
    "no pg_hba.conf entry": "28000",
    "requires a valid client certificate": "28000",
    "certificate authentication failed": "28000",
    "is not permitted to log in": "28000",
    "permission denied for database": "42501",
    "not currently accepting connections": "55000",
    "cannot connect to invalid database": "55000",
    'role ".*" does not exist': "28000",
    'database ".*" does not exist': "3D000",
    "too many (clients|connections)": "53300",
    "remaining connection slots": "53300",
    "the database system is": "57P03",
}
REMEDIES = {
    "28P01": (
        "the password is not the one that the server knows, or it has expired (VALID UNTIL),"
        " or the user does not exist"
    ),
    "28000": (
        "the user may not log in (NOLOGIN),"
        " or the server's pg_hba.conf lets it in from no such address, or asks for TLS"
        " (tls: {mode: require}), or for none (tls: {mode: disable})"
    ),
    "3D000": "the database is not there; name another one in the server's URL",
    "53300": "all connections are taken: wait, or have somebody end some",
    "57P01": "somebody ended the session, or the server: when it is up, run the same command again",
    "57P03": "the server is starting or stopping: when it is up, run the same command again",
    "55P03": (
        "somebody holds it in a transaction: let that end, or end its session"
        " (pg_terminate_backend), and run the same command again"
    ),
    "57014": "it took too long: run it when less is going on, or allow more: --statement-timeout",
    "25006": "this server is read only or a replica: name the one that takes writes",
    "42501": "run it as an admin that has this privilege; dbprov check says who can give it",
    "22023": (
        "the server knows no such encoding or collation; leave it out of the spec, or name another"
    ),
    "42809": "the server knows no such locale; pg_collation lists those that it knows",
}
# One code stands for several things: which, the words of a server tell that speaks English.
CLOSED = (
    (
        'too many connections for (role|database) "(.*)"',
        "its CONNECTION LIMIT is reached (0 lets nobody in): end sessions of it, or"
        " {who} would run:"
        "\nALTER {sort} {name} CONNECTION LIMIT -1;",
    ),
    (
        '(database) "(.*)" is not currently accepting connections',
        "{who} would run:\nALTER {sort} {name} ALLOW_CONNECTIONS true;",
    ),
    (
        'cannot connect to invalid (database) "(.*)"',
        "a DROP DATABASE was interrupted, and nobody can enter it any more; {who} would run:"
        "\nDROP {sort} {name};\nthen dbprov apply makes it anew; restore its data from a backup",
    ),
)
UNREACHED = (
    "see that the host and port are right, that it is PostgreSQL, and that no firewall is between"
)
SERVICE = re.compile(r'definition of service "(.*)" not found')
UNKNOWN_SERVICE = (
    "add [{}] to ~/.pg_service.conf, or to the file that PGSERVICEFILE names; or correct the name"
    " in the server's URL (service=) or in PGSERVICE"
)
SEE_TLS = "see tls in the spec, and the log of the server"


def explain(error: BaseException, *, secret: bool) -> tuple[str, str]:
    """Code and words of the server, without the statement that it echoes (T60)."""
    if isinstance(error, psycopg.Error):
        diagnostic = error.diag
        if diagnostic.message_primary:
            words = [diagnostic.message_primary]
            if diagnostic.message_detail and not secret:
                words.append(diagnostic.message_detail)
            return diagnostic.sqlstate or "", outside(" - ".join(words))
        if error.sqlstate:
            return error.sqlstate, type(error).__name__
    text = str(error).strip()
    code = next((code for pattern, code in ON_CONNECTING.items() if re.search(pattern, text)), "")
    return code, tls_context.explained(text) if not secret else type(error).__name__


def inside(error: BaseException) -> str:
    if not isinstance(error, psycopg.Error) or not error.diag.context:
        return ""
    return "\n".join(filter(None, (error.diag.context, error.diag.internal_query)))


def remedy(code: str, words: str = "") -> str:
    if found := tls_context.fault(words):
        return found.todo
    if not code and (unknown := SERVICE.search(raw(words))):
        return UNKNOWN_SERVICE.format(unknown[1])
    for pattern, todo in CLOSED:
        if match := re.search(pattern, raw(words)):
            sort, name = match[1].upper(), ident(match[2])
            who = "its owner, or a superuser," if sort == "DATABASE" else "a superuser"
            return todo.format(who=who, sort=sort, name=name)
    if not code and words:
        return SEE_TLS if re.search("SSL|certificate", raw(words)) else UNREACHED
    if code in EMPTY:
        return (
            "the thing belongs to another role: that role, or a superuser, must run the statement"
        )
    return REMEDIES.get(
        code,
        "correct what the server says, and run the same command again: it goes on where it stopped",
    )
