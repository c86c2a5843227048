"""PostgreSQL 13 to 18."""

from __future__ import annotations

from dbprov.dialects.postgresql.quoting import FILTERS as FILTERS
from dbprov.dialects.postgresql.session import EXISTS as EXISTS
from dbprov.dialects.postgresql.session import FACTS as FACTS
from dbprov.dialects.postgresql.session import REFUSED as REFUSED
from dbprov.dialects.postgresql.session import TRANSACTIONS as TRANSACTIONS
from dbprov.dialects.postgresql.session import ask as ask
from dbprov.dialects.postgresql.session import connect as connect
from dbprov.dialects.postgresql.session import connect_as as connect_as
from dbprov.dialects.postgresql.session import explain as explain
from dbprov.dialects.postgresql.session import facts as facts
from dbprov.dialects.postgresql.session import facts_offline as facts_offline
from dbprov.dialects.postgresql.session import needs_password as needs_password
from dbprov.dialects.postgresql.session import password_literal as password_literal
from dbprov.dialects.postgresql.session import remedy as remedy
from dbprov.dialects.postgresql.session import roll_back as roll_back
from dbprov.dialects.postgresql.session import run as run
from dbprov.dialects.postgresql.session import tls_of as tls_of
from dbprov.dialects.postgresql.session import transaction as transaction
from dbprov.dialects.postgresql.strings import conninfo as conninfo
from dbprov.dialects.postgresql.strings import how_to_run as how_to_run
from dbprov.dialects.postgresql.strings import password_placeholder as password_placeholder
from dbprov.dialects.postgresql.strings import url as url
from dbprov.dialects.postgresql.trials import cleanup as cleanup
from dbprov.dialects.postgresql.trials import trials as trials
from dbprov.dialects.postgresql.wanted import NAME as NAME
from dbprov.dialects.postgresql.wanted import VERSIONS as VERSIONS
from dbprov.dialects.postgresql.wanted import advice as advice
from dbprov.dialects.postgresql.wanted import expand as expand
from dbprov.dialects.postgresql.wanted import misgivings as misgivings
from dbprov.dialects.postgresql.wanted import newborn as newborn
from dbprov.dialects.postgresql.wanted import obstacle as obstacle
from dbprov.dialects.postgresql.wanted import unfit as unfit

__all__ = [  # noqa: RUF022  in the order of the Protocol
    "NAME",
    "VERSIONS",
    "FILTERS",
    "FACTS",
    "REFUSED",
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
