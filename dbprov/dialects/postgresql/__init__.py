"""PostgreSQL 13 to 18."""

from __future__ import annotations

from dbprov.dialects.postgresql.quoting import FILTERS
from dbprov.dialects.postgresql.session import (
    EXISTS,
    FACTS,
    LOGIN,
    REFUSED,
    TRANSACTIONS,
    ask,
    connect,
    connect_as,
    explain,
    facts,
    facts_offline,
    needs_password,
    password_literal,
    remedy,
    roll_back,
    run,
    tls_of,
    transaction,
)
from dbprov.dialects.postgresql.strings import conninfo, how_to_run, password_placeholder, url
from dbprov.dialects.postgresql.trials import cleanup, trials
from dbprov.dialects.postgresql.wanted import (
    NAME,
    VERSIONS,
    advice,
    expand,
    misgivings,
    newborn,
    obstacle,
    unfit,
)

__all__ = [  # noqa: RUF022  in the order of the Protocol
    "NAME",
    "VERSIONS",
    "FILTERS",
    "FACTS",
    "REFUSED",
    "LOGIN",
    "EXISTS",
    "TRANSACTIONS",
    "expand",
    "newborn",
    "trials",
    "cleanup",
    "obstacle",
    "misgivings",
    "advice",
    "unfit",
    "connect",
    "connect_as",
    "needs_password",
    "tls_of",
    "facts",
    "facts_offline",
    "ask",
    "run",
    "transaction",
    "roll_back",
    "password_literal",
    "password_placeholder",
    "explain",
    "remedy",
    "url",
    "conninfo",
    "how_to_run",
]
