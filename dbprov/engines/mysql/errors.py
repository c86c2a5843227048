"""What MySQL and MariaDB answers when something fails: what its codes mean, and what to do."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pymysql

from dbprov.engines import tls_context
from dbprov.system.masking import outside, raw

REFUSED = frozenset({"1044", "1045", "1142", "1143", "1227", "1370", "1410"})
LOGIN = frozenset({"1045", "1698", "1820", "1862", "3118", "4151"})
EXISTS = frozenset({"1007", "1396", "1973", "3163"})
MOVED = frozenset({"1008", "1094", "1396"})
BUSY = frozenset({"1205", "1969", "2013"})
# Waited too long for a lock, was the victim of a deadlock, or (MariaDB) took too long.
RETRY: Mapping[str, str] = {"1205": "", "1213": "", "1969": ""}
EXPIRED = (
    "the password has expired: log in with it by the engine's own client, which lets you set"
    " another one (ALTER USER USER() IDENTIFIED BY ...), and put that into its place"
)
LOST = (
    "see that the server runs, that it is MySQL, and that nothing on the way ends connections;"
    " the same command goes on where it stopped"
)
HELD = (
    "somebody holds it (a transaction, FLUSH TABLES, a backup): let that end, or end its session"
    " (KILL), and run the same command again"
)
REMEDIES = {
    "1205": HELD,
    "1969": HELD,
    "1045": (
        "the password is not the one that the server knows,"
        " or another account is nearer to this address,"
        " or the account wants TLS (tls: {mode: require})"
        " or a client certificate (tls: {cert, key}),"
        " or tls: {server_public_key: FILE} holds the key of another server"
    ),
    "1698": (
        "this account logs in by its socket only:"
        " use another admin, or run dbprov on the server as that user"
    ),
    "1044": "run it as an admin that has this privilege; dbprov check says who can give it",
    "1142": "run it as an admin that has this privilege; dbprov check says who can give it",
    "1227": "run it as an admin that has this privilege; dbprov check says who can give it",
    "1040": "all connections are taken: wait, or have somebody end some",
    "1053": "the server is stopping: when it is up, run the same command again",
    "1820": EXPIRED,
    "1862": EXPIRED,
    "2006": LOST,
    "2013": LOST,
    "1836": "this server is read only or a replica: name the one that takes writes",
    "1290": "this server is read only or a replica: name the one that takes writes",
    "1819": (
        "the server's rules for passwords refuse it: dbprov check names the rule; put another"
        " password into its place, and run this again"
    ),
    "1095": (
        "to end the session of another user takes CONNECTION_ADMIN, on MariaDB CONNECTION ADMIN,"
        " on RDS the procedure mysql.rds_kill"
    ),
    "3118": "the account is locked: dbprov apply unlocks it where it can see that",
    "4151": "the account is locked: dbprov apply unlocks it where it can see that",
    "3955": (
        "wrong passwords have locked the account for a time (FAILED_LOGIN_ATTEMPTS): see that its"
        " store holds the right one; ALTER USER ... ACCOUNT UNLOCK, run by an admin who has CREATE"
        " USER, lets it in at once"
    ),
    "4006": (
        "a view, routine, event or trigger names this account as its DEFINER, and would run with"
        " its rights: drop or recreate it with another definer, take another name for the user, or"
        " run it as an admin who has ALLOW_NONEXISTENT_DEFINER (SET_USER_ID in MySQL 8.0)"
    ),
    "1524": (
        "the server has no plugin of this name: auth: iam is for RDS and Aurora with IAM database"
        " authentication switched on"
    ),
    "1049": "the database is not there: dbprov apply makes it",
    "2003": (
        "see that the host and port are right, that it is MySQL, and that no firewall is between"
    ),
    "2026": "see tls in the spec, and the log of the server",
    "3159": "the server wants TLS: tls: {mode: require}",
}

BY_WORDS = {
    "pynacl": (
        "the account logs in by ed25519, for which the driver needs another package:"
        " pip install 'dbprov[ed25519]'"
    ),
    "plugin b?'?parsec": (
        "the account logs in by parsec, which the driver does not know: give it another plugin,"
        " ALTER USER ... IDENTIFIED VIA ed25519 USING PASSWORD('...')"
    ),
    "--strict-password-validation": (
        "the server takes no hash of a password while a plugin checks passwords. dbprov apply sends"
        " the password itself there, over TLS; in a file of hashes (render --password hash) leave"
        " the hashes out, or SET GLOBAL strict_password_validation = OFF meanwhile"
    ),
}


def explain(error: BaseException, *, secret: bool) -> tuple[str, str]:
    """Code and words of the server.

    The code alone where the statement, which it may echo, holds a password (T60).
    """
    if isinstance(error, pymysql.MySQLError) and error.args and isinstance(error.args[0], int):
        code = str(error.args[0])
        words = str(error.args[1]) if len(error.args) > 1 else ""
        if not error.args[0]:  # PyMySQL's own, for whatever comes after the connection was lost
            return "", "the connection to the server is lost"
        return (
            code,
            _without_password(words) if secret else tls_context.explained(words),
        )
    return "", outside(str(error)) if not secret else type(error).__name__


def inside(error: BaseException) -> str:
    return ""  # it says nothing of that, and has no triggers on DDL


def _without_password(words: str) -> str:
    """Only which option of the server keeps it from the statement (1290): no password is there."""
    option = re.search(r"is running with the (--[a-z-]{1,40})(?= option|=)", words)
    if option:
        return f"the server is running with {option[1]}"
    return "the server's words are left out, since they may hold the password"


def remedy(code: str, words: str = "") -> str:
    if found := tls_context.fault(words):
        return found.todo
    for pattern, todo in BY_WORDS.items():
        if re.search(pattern, raw(words)):
            return todo
    if re.search("CERTIFICATE|SSL", raw(words)):
        code = "2026"
    elif not code and words:
        code = "2003"
    return REMEDIES.get(
        code,
        "correct what the server says, and run the same command again: it goes on where it stopped",
    )
