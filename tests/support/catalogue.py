"""What a server knows of a database and its users, for comparisons."""

from __future__ import annotations

from typing import Any

from tests.harness import TestServer, execute

CATALOGUE: dict[str, dict[str | None, tuple[str, ...]]] = {
    "postgresql": {
        None: (
            "SELECT rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolconnlimit, rolvaliduntil,"
            " rolpassword LIKE 'SCRAM-SHA-256$%' FROM pg_authid WHERE rolname LIKE '%{0}%' ORDER BY 1",
            "SELECT datname, datdba::regrole::text, encoding, datcollate, datctype, datallowconn, datconnlimit, datistemplate,"
            " array(SELECT unnest(datacl)::text ORDER BY 1) FROM pg_database WHERE datname LIKE '%{0}%' ORDER BY 1",
            "SELECT r.rolname, m.rolname, g.rolname, admin_option FROM pg_auth_members JOIN pg_roles r ON r.oid = roleid"
            " JOIN pg_roles m ON m.oid = member JOIN pg_roles g ON g.oid = grantor WHERE r.rolname LIKE '%{0}%' ORDER BY 1, 2, 3",
            "SELECT rolname, datname, setconfig FROM pg_db_role_setting JOIN pg_roles r ON r.oid = setrole"
            " JOIN pg_database d ON d.oid = setdatabase WHERE rolname LIKE '%{0}%' ORDER BY 1, 2",
        ),
        "inside": (
            "SELECT nspname, nspowner::regrole::text, array(SELECT unnest(nspacl)::text ORDER BY 1) FROM pg_namespace ORDER BY 1",
            "SELECT defaclrole::regrole::text, defaclnamespace::regnamespace::text, defaclobjtype,"
            " array(SELECT unnest(defaclacl)::text ORDER BY 1) FROM pg_default_acl ORDER BY 1, 2, 3",
            "SELECT relname, relowner::regrole::text, array(SELECT unnest(relacl)::text ORDER BY 1) FROM pg_class"
            " WHERE relnamespace::regnamespace::text NOT IN ('pg_catalog', 'pg_toast', 'information_schema') ORDER BY 1",
        ),
    },
    "mysql": {
        None: (
            "SELECT User, Host, plugin, max_user_connections FROM mysql.user WHERE User LIKE '%{0}%' ORDER BY 1, 2",
            "SELECT * FROM mysql.db WHERE User LIKE '%{0}%' ORDER BY User, Host, Db",
            "SELECT SCHEMA_NAME, DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA"
            " WHERE SCHEMA_NAME LIKE '%{0}%' ORDER BY 1",
        ),
    },
}  # fmt: skip


def catalogue(server: TestServer, prefix: str, database: str) -> list[Any]:
    queries = CATALOGUE[server.engine]
    like = prefix.replace("_", r"\_" if server.engine == "postgresql" else r"\\_")
    rows: list[Any] = [
        execute(server, "superuser", q.format(like).replace(r"\\_", r"\_")) for q in queries[None]
    ]
    return rows + [
        execute(server, "superuser", q.format(like), database) for q in queries.get("inside", ())
    ]
