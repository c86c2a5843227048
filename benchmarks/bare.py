"""The bare Python program that dbprov is measured against.

The same statements and the same login, nothing else.

python -m benchmarks.bare ENGINE URL PASSWORD NAME create|check
"""

import sys


def postgresql(url: str, password: str, name: str, create: bool) -> None:
    import psycopg
    from psycopg import sql

    with psycopg.connect(url, password=password, autocommit=True) as admin:
        found = admin.execute("SELECT FROM pg_roles WHERE rolname = %s", [name]).fetchone()
        if create and not found:
            verifier = admin.pgconn.encrypt_password(
                b"bench-password", name.encode(), b"scram-sha-256"
            ).decode()
            admin.execute(
                sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(
                    sql.Identifier(name), sql.Literal(verifier)
                )
            )
        found = admin.execute("SELECT FROM pg_database WHERE datname = %s", [name]).fetchone()
        if create and not found:
            admin.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(
                    sql.Identifier(name)
                )
            )
            admin.execute(
                sql.SQL("REVOKE CONNECT, TEMPORARY ON DATABASE {} FROM PUBLIC").format(
                    sql.Identifier(name)
                )
            )
            admin.execute(sql.SQL("GRANT ALL ON DATABASE {0} TO {0}").format(sql.Identifier(name)))
    with psycopg.connect(url, dbname=name, password=password) as inside:
        if create:
            inside.execute(
                sql.SQL("GRANT USAGE, CREATE ON SCHEMA public TO {}").format(sql.Identifier(name))
            )
            for things in ("TABLES", "SEQUENCES", "ROUTINES"):
                for statement in (
                    "GRANT ALL ON ALL {} IN SCHEMA public TO {}",
                    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON {} TO {}",
                ):
                    inside.execute(sql.SQL(statement).format(sql.SQL(things), sql.Identifier(name)))
        else:
            inside.execute("SELECT nspacl FROM pg_namespace WHERE nspname = 'public'").fetchone()
            inside.execute("SELECT defaclacl FROM pg_default_acl").fetchall()
    if create:
        with psycopg.connect(url, user=name, dbname=name, password="bench-password") as user:
            user.execute("CREATE TABLE bench (id integer)")
            user.execute("DROP TABLE bench")


def mysql(url: str, password: str, name: str, create: bool) -> None:
    from urllib.parse import urlsplit

    import pymysql

    server = urlsplit(url)
    where = {"host": server.hostname, "port": server.port, "autocommit": True}
    escaped = name.replace("_", r"\_")
    with (
        pymysql.connect(user=server.username, password=password, **where) as admin,
        admin.cursor() as cursor,
    ):
        if create:
            cursor.execute(f"CREATE USER IF NOT EXISTS `{name}`@`%` IDENTIFIED BY 'bench-password'")
            cursor.execute(
                f"CREATE DATABASE IF NOT EXISTS `{name}`"
                " CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"
            )
            cursor.execute(f"GRANT ALL PRIVILEGES ON `{escaped}`.* TO `{name}`@`%`")
        else:
            cursor.execute(
                "SELECT * FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = %s", [name]
            )
            cursor.execute("SELECT * FROM mysql.user WHERE User = %s", [name])
            cursor.execute("SELECT * FROM mysql.db WHERE User = %s", [name])
    if create:
        with (
            pymysql.connect(user=name, password="bench-password", database=name, **where) as user,
            user.cursor() as cursor,
        ):
            cursor.execute("CREATE TABLE bench (id integer)")
            cursor.execute("DROP TABLE bench")


if __name__ == "__main__":
    engine, url, password, name, what = sys.argv[1:]
    {"postgresql": postgresql, "mysql": mysql}[engine](url, password, name, what == "create")
