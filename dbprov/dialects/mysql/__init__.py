"""MySQL 8.0, 8.4 and 9; MariaDB 10.11 and 11."""

from __future__ import annotations

from dbprov.dialects.mysql.quoting import FILTERS as FILTERS
from dbprov.dialects.mysql.session import EXISTS as EXISTS
from dbprov.dialects.mysql.session import FACTS as FACTS
from dbprov.dialects.mysql.session import REFUSED as REFUSED
from dbprov.dialects.mysql.session import TRANSACTIONS as TRANSACTIONS
from dbprov.dialects.mysql.session import ask as ask
from dbprov.dialects.mysql.session import connect as connect
from dbprov.dialects.mysql.session import connect_as as connect_as
from dbprov.dialects.mysql.session import explain as explain
from dbprov.dialects.mysql.session import facts as facts
from dbprov.dialects.mysql.session import facts_offline as facts_offline
from dbprov.dialects.mysql.session import needs_password as needs_password
from dbprov.dialects.mysql.session import password_literal as password_literal
from dbprov.dialects.mysql.session import remedy as remedy
from dbprov.dialects.mysql.session import roll_back as roll_back
from dbprov.dialects.mysql.session import run as run
from dbprov.dialects.mysql.session import tls_of as tls_of
from dbprov.dialects.mysql.session import transaction as transaction
from dbprov.dialects.mysql.strings import conninfo as conninfo
from dbprov.dialects.mysql.strings import how_to_run as how_to_run
from dbprov.dialects.mysql.strings import password_placeholder as password_placeholder
from dbprov.dialects.mysql.strings import url as url
from dbprov.dialects.mysql.trials import cleanup as cleanup
from dbprov.dialects.mysql.trials import trials as trials
from dbprov.dialects.mysql.wanted import NAME as NAME
from dbprov.dialects.mysql.wanted import VERSIONS as VERSIONS
from dbprov.dialects.mysql.wanted import advice as advice
from dbprov.dialects.mysql.wanted import expand as expand
from dbprov.dialects.mysql.wanted import misgivings as misgivings
from dbprov.dialects.mysql.wanted import newborn as newborn
from dbprov.dialects.mysql.wanted import obstacle as obstacle
from dbprov.dialects.mysql.wanted import unfit as unfit

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
