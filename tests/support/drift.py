"""Changes by hand that a plan must find, with what it says of each."""

from __future__ import annotations

# What is broken, where ("" is the database of the superuser), and the kinds of the steps that mend it.
Drift = tuple[str, str, list[str]]


POSTGRESQL: dict[str, Drift] = {
    "CONNECT": ('REVOKE CONNECT ON DATABASE "{p}db" FROM "{p}airflow"', "", ["alter database_grant"]),
    "all on the database": ('REVOKE ALL ON DATABASE "{p}db" FROM "{p}airflow"', "", ["alter database_grant"]),
    "CREATE on a schema": ('REVOKE CREATE ON SCHEMA airflow FROM "{p}airflow"', "{p}db", ["alter schema_grant"]),
    "USAGE on a schema": ('REVOKE USAGE ON SCHEMA celery FROM "{p}celery"', "{p}db", ["alter schema_grant"]),
    "a default": (
        'ALTER DEFAULT PRIVILEGES FOR ROLE "{admin}" IN SCHEMA airflow REVOKE INSERT ON TABLES FROM "{p}airflow"',
        "{p}db", ["alter default_grant"],
    ),
    "a default on sequences": (
        'ALTER DEFAULT PRIVILEGES FOR ROLE "{admin}" IN SCHEMA celery REVOKE ALL ON SEQUENCES FROM "{p}celery"',
        "{p}db", ["alter default_grant"],
    ),
    "LOGIN": ('ALTER ROLE "{p}celery" NOLOGIN', "", ["alter user"]),
    "a limit lower": ('ALTER ROLE "{p}airflow" CONNECTION LIMIT 2', "", ["alter user"]),
    "a limit taken away": ('ALTER ROLE "{p}airflow" CONNECTION LIMIT -1', "", ["alter user"]),
    "search_path": ('ALTER ROLE "{p}airflow" IN DATABASE "{p}db" RESET search_path', "", ["alter search_path"]),
    "search_path of one odd schema": (
        "ALTER ROLE \"{p}airflow\" IN DATABASE \"{p}db\" SET search_path = 'airflow, celery'", "", ["alter search_path"],
    ),
    "all settings": ('ALTER ROLE "{p}celery" IN DATABASE "{p}db" RESET ALL', "", ["alter search_path"]),
    "isolation": ('GRANT CONNECT ON DATABASE "{p}db" TO PUBLIC', "", ["alter isolation"]),
    "temporary tables for all": ('GRANT TEMPORARY ON DATABASE "{p}db" TO PUBLIC', "", ["alter isolation"]),
    "a table": ('REVOKE UPDATE ON airflow.made_by_admin FROM "{p}airflow"', "{p}db", ["alter object_grant"]),
    "a sequence": ('REVOKE USAGE ON SEQUENCE airflow.counted FROM "{p}airflow"', "{p}db", ["alter object_grant"]),
    "a function": ('REVOKE EXECUTE ON FUNCTION airflow.f() FROM PUBLIC, "{p}airflow"', "{p}db", ["alter object_grant"]),
    "a schema": (
        "DROP SCHEMA celery CASCADE", "{p}db",
        ["create schema", "create schema_grant", "create default_grant", "create default_grant", "create default_grant"],
    ),
}  # fmt: skip


MYSQL: dict[str, Drift] = {
    "one privilege": (r"REVOKE INSERT ON `{e}db`.* FROM '{p}app'@'%'", "", ["alter grant"]),
    "all privileges": (
        r"REVOKE ALL PRIVILEGES ON `{e}db`.* FROM '{p}reader'@'%'",
        "",
        ["alter grant"],
    ),
    "a limit": ("ALTER USER '{p}app'@'%' WITH MAX_USER_CONNECTIONS 2", "", ["alter user"]),
    "a limit taken away": (
        "ALTER USER '{p}app'@'%' WITH MAX_USER_CONNECTIONS 0",
        "",
        ["alter user"],
    ),
    "the database": ("DROP DATABASE `{p}db`", "", ["create database"]),
    "a user": ("DROP USER '{p}reader'@'%'", "", ["create user", "create grant"]),
}
