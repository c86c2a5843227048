"""PostgreSQL 13 to 18."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dbprov.engines.postgresql.connection import (
    BUSY,
    EXISTS,
    FACTS,
    LOCK_DATABASE,
    LOGIN,
    MOVED,
    PINNED,
    REFUSED,
    RETRY,
    SESSION,
    TRANSACTIONS,
    ask,
    connect,
    connect_as,
    explain,
    facts,
    facts_offline,
    lock_key,
    needs_password,
    password_literal,
    pins,
    remedy,
    roll_back,
    run,
    session_number,
    tls_of,
    transaction,
)
from dbprov.engines.postgresql.expand import (
    NAME,
    OWNERS,
    VERSIONS,
    advice,
    expand,
    keeps_old,
    misgivings,
    newborn,
    obstacle,
    unfit,
)
from dbprov.engines.postgresql.extra_grants import beyond, existing, kept, questions
from dbprov.engines.postgresql.quoting import FILTERS

if TYPE_CHECKING:
    from dbprov.engines.postgresql.airflow import READINESS as READINESS
    from dbprov.engines.postgresql.airflow import readiness as readiness
    from dbprov.engines.postgresql.password_hash import VERIFIERS as VERIFIERS
    from dbprov.engines.postgresql.password_hash import password_verifier as password_verifier
    from dbprov.engines.postgresql.urls import conninfo as conninfo
    from dbprov.engines.postgresql.urls import how_to_run as how_to_run
    from dbprov.engines.postgresql.urls import password_placeholder as password_placeholder
    from dbprov.engines.postgresql.urls import url as url
    from dbprov.engines.postgresql.verify import cleanup as cleanup
    from dbprov.engines.postgresql.verify import trials as trials

__all__ = [  # noqa: RUF022  in the order of the Protocol
    "NAME",
    "VERSIONS",
    "FILTERS",
    "SESSION",
    "FACTS",
    "REFUSED",
    "LOGIN",
    "EXISTS",
    "MOVED",
    "BUSY",
    "RETRY",
    "TRANSACTIONS",
    "PINNED",
    "OWNERS",
    "READINESS",
    "LOCK_DATABASE",
    "VERIFIERS",
    "expand",
    "newborn",
    "trials",
    "cleanup",
    "obstacle",
    "questions",
    "beyond",
    "existing",
    "kept",
    "misgivings",
    "advice",
    "readiness",
    "keeps_old",
    "unfit",
    "connect",
    "connect_as",
    "pins",
    "needs_password",
    "session_number",
    "lock_key",
    "tls_of",
    "facts",
    "facts_offline",
    "ask",
    "run",
    "transaction",
    "roll_back",
    "password_literal",
    "password_placeholder",
    "password_verifier",
    "explain",
    "remedy",
    "url",
    "conninfo",
    "how_to_run",
]

_HOMES = {
    "airflow": (
        "READINESS",
        "readiness",
    ),
    "urls": (
        "conninfo",
        "how_to_run",
        "password_placeholder",
        "url",
    ),
    "verify": (
        "cleanup",
        "trials",
    ),
    "password_hash": ("VERIFIERS", "password_verifier"),
}


def __getattr__(name: str) -> Any:
    """What a plan does not need is imported when it is first asked for."""
    from importlib import import_module

    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
