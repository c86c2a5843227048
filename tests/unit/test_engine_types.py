"""Each module of an engine is what its Protocol says. It is mypy that compares (make types)."""

# ruff: noqa: F401

from __future__ import annotations

import dbprov.engines.mysql.airflow
import dbprov.engines.mysql.connection
import dbprov.engines.mysql.errors
import dbprov.engines.mysql.expand
import dbprov.engines.mysql.extra_grants
import dbprov.engines.mysql.foreseen
import dbprov.engines.mysql.limits
import dbprov.engines.mysql.password_hash
import dbprov.engines.mysql.quoting
import dbprov.engines.mysql.remedies
import dbprov.engines.mysql.session
import dbprov.engines.mysql.urls
import dbprov.engines.mysql.verify
import dbprov.engines.postgresql.airflow
import dbprov.engines.postgresql.connection
import dbprov.engines.postgresql.errors
import dbprov.engines.postgresql.expand
import dbprov.engines.postgresql.extra_grants
import dbprov.engines.postgresql.foreseen
import dbprov.engines.postgresql.limits
import dbprov.engines.postgresql.password_hash
import dbprov.engines.postgresql.quoting
import dbprov.engines.postgresql.remedies
import dbprov.engines.postgresql.session
import dbprov.engines.postgresql.urls
import dbprov.engines.postgresql.verify
from dbprov.engines import engine, mysql, postgresql

AIRFLOW: list[engine.Airflow] = [mysql.airflow, postgresql.airflow]
CONNECTION: list[engine.Connection] = [mysql.connection, postgresql.connection]
ERRORS: list[engine.Errors] = [mysql.errors, postgresql.errors]
EXPAND: list[engine.Expand] = [mysql.expand, postgresql.expand]
EXTRA_GRANTS: list[engine.ExtraGrants] = [mysql.extra_grants, postgresql.extra_grants]
FORESEEN: list[engine.Foreseen] = [mysql.foreseen, postgresql.foreseen]
LIMITS: list[engine.Limits] = [mysql.limits, postgresql.limits]
PASSWORD_HASH: list[engine.PasswordHash] = [mysql.password_hash, postgresql.password_hash]
REMEDIES: list[engine.Remedies] = [mysql.remedies, postgresql.remedies]
QUOTING: list[engine.Quoting] = [mysql.quoting, postgresql.quoting]
URLS: list[engine.Urls] = [mysql.urls, postgresql.urls]
VERIFY: list[engine.Verify] = [mysql.verify, postgresql.verify]
SESSION: list[type[engine.Session]] = [mysql.session.Session, postgresql.session.Session]


def test_every_module_of_an_engine_is_compared() -> None:
    compared = {name.lower() for name in globals() if name.isupper()}
    assert compared == {name for name in engine.Engine.__dict__ if not name.startswith("_")} | {
        "session"
    }
