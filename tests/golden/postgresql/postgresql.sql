-- analytics: database analytics_airflow on PostgreSQL, made by dbprov 0.1.0
--
-- For PostgreSQL 18, to be run by an admin: a superuser, or the restricted
-- admin of a managed service. It can be run again at any time: what is there already is left as it is.
-- No password is in this file, and nothing of it was executed by dbprov.
--
-- It takes these passwords from the environment:
--   analytics_airflow_password: of user analytics_airflow, kept in file .dbprov/db.example.com_5432/analytics_airflow
--
-- Put them into the environment; psql 15 or newer takes them from there, and goes into the new database by itself:
--   export analytics_airflow_password=...
--   psql postgresql://dba@db.example.com:5432/postgres -X -f analytics.sql
-- An older psql takes each as -v NAME=VALUE. A file with hashes, from which neither the server nor
-- its log learns a password: dbprov render --password hash.
--
\set ON_ERROR_STOP on
\set QUIET on
SET client_encoding = 'UTF8';
SET search_path = '';
SET ROLE NONE;
SELECT count(set_config(name, coalesce(boot_val, ''), false)) AS presets_set_back FROM pg_settings
WHERE source IN ('database', 'user', 'database user') AND context = 'user' \gset
SET standard_conforming_strings = on;
SET password_encryption = 'scram-sha-256';

\if :{?analytics_airflow_password}
\else
\getenv analytics_airflow_password analytics_airflow_password
\endif

BEGIN;

-- create user "analytics_airflow"
SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'analytics_airflow') AS missing \gset
\if :missing
CREATE ROLE "analytics_airflow" LOGIN
    PASSWORD :'analytics_airflow_password';
\endif

-- set label of user "analytics_airflow"
SELECT shobj_description(r.oid, 'pg_authid') IS NULL
       AND (SELECT a.rolsuper OR a.rolcreaterole AND NOT r.rolsuper AND pg_has_role(current_user, r.oid, 'MEMBER WITH ADMIN OPTION')
 FROM pg_roles AS a WHERE a.rolname = current_user) AS missing
FROM pg_roles AS r
WHERE r.rolname = 'analytics_airflow' \gset
\if :missing
COMMENT ON ROLE "analytics_airflow" IS 'dbprov: deployment analytics of postgresql.yaml';
\endif

COMMIT;

-- create database "analytics_airflow"
SELECT NOT EXISTS (SELECT FROM pg_database WHERE datname = 'analytics_airflow') AS missing \gset
\if :missing
CREATE DATABASE "analytics_airflow"
    TEMPLATE template0
    ENCODING 'UTF8'
    ALLOW_CONNECTIONS false CONNECTION LIMIT 0;
\endif

BEGIN;

-- set label of database "analytics_airflow"
SELECT shobj_description(d.oid, 'pg_database') IS NULL AND pg_has_role(current_user, d.datdba, 'USAGE') AS missing
FROM pg_database AS d
WHERE d.datname = 'analytics_airflow' \gset
\if :missing
COMMENT ON DATABASE "analytics_airflow" IS 'dbprov: deployment analytics of postgresql.yaml';
\endif

-- revoke CONNECT, TEMPORARY on database "analytics_airflow" from PUBLIC
SELECT NOT datallowconn AND datconnlimit = 0 AS missing FROM pg_database WHERE datname = 'analytics_airflow' \gset
\if :missing
REVOKE CONNECT, TEMPORARY ON DATABASE "analytics_airflow" FROM PUBLIC;
\endif

-- grant all privileges on database "analytics_airflow" for "analytics_airflow"
GRANT ALL PRIVILEGES ON DATABASE "analytics_airflow"
    TO "analytics_airflow";
DO $dbprov$
BEGIN
    PERFORM pg_catalog.set_config('search_path', '', true);
    IF EXISTS (SELECT FROM unnest(ARRAY[E'CONNECT', E'CREATE', E'TEMPORARY']) AS p
               WHERE NOT has_database_privilege(E'analytics_airflow', E'analytics_airflow', p)) THEN
        RAISE EXCEPTION 'nothing was granted: the owner of the database, or a superuser, must run this file, or grant it first';
    END IF;
END
$dbprov$;

-- open database "analytics_airflow" to connections
SELECT NOT datallowconn AND datconnlimit = 0 AS missing FROM pg_database WHERE datname = 'analytics_airflow' \gset
\if :missing
ALTER DATABASE "analytics_airflow" ALLOW_CONNECTIONS true CONNECTION LIMIT -1;
\endif

COMMIT;

\connect "analytics_airflow"
SET client_encoding = 'UTF8';
SET search_path = '';
SET ROLE NONE;
SELECT count(set_config(name, coalesce(boot_val, ''), false)) AS presets_set_back FROM pg_settings
WHERE source IN ('database', 'user', 'database user') AND context = 'user' \gset
SET standard_conforming_strings = on;
SET password_encryption = 'scram-sha-256';

BEGIN;

-- grant CREATE, USAGE on schema "public" for "analytics_airflow"
SELECT pg_has_role(current_user, CASE WHEN pg_get_userbyid(nspowner) = 'pg_database_owner'
                                      THEN (SELECT datdba FROM pg_database WHERE datname = current_database())
                                      ELSE nspowner END, 'USAGE') AS missing
FROM pg_namespace
WHERE nspname = 'public' \gset
\if :missing
GRANT CREATE, USAGE ON SCHEMA "public" TO "analytics_airflow";
\endif
DO $dbprov$
BEGIN
    PERFORM pg_catalog.set_config('search_path', '', true);
    IF EXISTS (SELECT FROM unnest(ARRAY[E'CREATE', E'USAGE']) AS p
               WHERE NOT has_schema_privilege(E'analytics_airflow', E'public', p)) THEN
        RAISE EXCEPTION 'nothing was granted: the owner of the schema, or a superuser, must run this file, or grant it first';
    END IF;
END
$dbprov$;

-- grant all privileges on future tables of this admin in schema "public" for "analytics_airflow"
ALTER DEFAULT PRIVILEGES FOR ROLE CURRENT_USER IN SCHEMA "public"
    GRANT ALL PRIVILEGES ON TABLES TO "analytics_airflow";

-- grant all privileges on future sequences of this admin in schema "public" for "analytics_airflow"
ALTER DEFAULT PRIVILEGES FOR ROLE CURRENT_USER IN SCHEMA "public"
    GRANT ALL PRIVILEGES ON SEQUENCES TO "analytics_airflow";

-- grant all privileges on future routines of this admin in schema "public" for "analytics_airflow"
ALTER DEFAULT PRIVILEGES FOR ROLE CURRENT_USER IN SCHEMA "public"
    GRANT ALL PRIVILEGES ON ROUTINES TO "analytics_airflow";

-- grant all privileges on existing tables in schema "public" for "analytics_airflow"
DO $dbprov$
DECLARE
    lacking pg_catalog.text;
BEGIN
    PERFORM pg_catalog.set_config('search_path', '', true);
    SELECT string_agg(o.name, ', ' ORDER BY o.name) INTO lacking
    FROM (
SELECT format('%I.%I', n.nspname, c.relname) AS name, c.oid, c.relowner AS owner, c.relkind,
       (SELECT bool_and(has_table_privilege(c.oid, p || ' WITH GRANT OPTION'))
        FROM unnest(ARRAY[E'DELETE', E'INSERT', E'REFERENCES', E'SELECT', E'TRIGGER', E'TRUNCATE', E'UPDATE', E'MAINTAIN']) AS p) AS grantable
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_roles AS g ON g.rolname = E'analytics_airflow'
WHERE n.nspname = E'public' AND c.relowner IS DISTINCT FROM g.oid
  AND NOT EXISTS (SELECT FROM pg_depend AS e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
  AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND EXISTS (SELECT FROM unnest(ARRAY[E'DELETE', E'INSERT', E'REFERENCES', E'SELECT', E'TRIGGER', E'TRUNCATE', E'UPDATE', E'MAINTAIN']) AS p
              WHERE has_table_privilege(g.oid, c.oid, p) IS NOT TRUE)
    ) AS o
    WHERE o.grantable OR pg_has_role(current_user, o.owner, 'USAGE');
    IF lacking IS NOT NULL THEN
        EXECUTE 'GRANT ALL PRIVILEGES ON TABLE ' || lacking || format(' TO %I', E'analytics_airflow'::text);
    END IF;
END
$dbprov$;

-- grant all privileges on existing sequences in schema "public" for "analytics_airflow"
DO $dbprov$
DECLARE
    lacking pg_catalog.text;
BEGIN
    PERFORM pg_catalog.set_config('search_path', '', true);
    SELECT string_agg(o.name, ', ' ORDER BY o.name) INTO lacking
    FROM (
SELECT format('%I.%I', n.nspname, c.relname) AS name, c.oid, c.relowner AS owner, c.relkind,
       (SELECT bool_and(has_sequence_privilege(c.oid, p || ' WITH GRANT OPTION'))
        FROM unnest(ARRAY[E'SELECT', E'UPDATE', E'USAGE']) AS p) AS grantable
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_roles AS g ON g.rolname = E'analytics_airflow'
WHERE n.nspname = E'public' AND c.relowner IS DISTINCT FROM g.oid
  AND NOT EXISTS (SELECT FROM pg_depend AS e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
  AND c.relkind IN ('S')
  AND EXISTS (SELECT FROM unnest(ARRAY[E'SELECT', E'UPDATE', E'USAGE']) AS p
              WHERE has_sequence_privilege(g.oid, c.oid, p) IS NOT TRUE)
    ) AS o
    WHERE o.grantable OR pg_has_role(current_user, o.owner, 'USAGE');
    IF lacking IS NOT NULL THEN
        EXECUTE 'GRANT ALL PRIVILEGES ON SEQUENCE ' || lacking || format(' TO %I', E'analytics_airflow'::text);
    END IF;
END
$dbprov$;

-- grant all privileges on existing routines in schema "public" for "analytics_airflow"
DO $dbprov$
DECLARE
    lacking pg_catalog.text;
BEGIN
    PERFORM pg_catalog.set_config('search_path', '', true);
    SELECT string_agg(o.name, ', ' ORDER BY o.name) INTO lacking
    FROM (
SELECT format('%I.%I(%s)', n.nspname, p.proname, oidvectortypes(p.proargtypes)) AS name,
       p.oid, p.proowner AS owner, NULL::"char" AS relkind,
       has_function_privilege(p.oid, 'EXECUTE WITH GRANT OPTION') AS grantable
FROM pg_proc AS p
JOIN pg_namespace AS n ON n.oid = p.pronamespace
LEFT JOIN pg_roles AS g ON g.rolname = E'analytics_airflow'
WHERE n.nspname = E'public' AND p.proowner IS DISTINCT FROM g.oid
  AND has_function_privilege(g.oid, p.oid, 'EXECUTE') IS NOT TRUE
  AND NOT EXISTS (SELECT FROM pg_depend AS e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype = 'e')
    ) AS o
    WHERE o.grantable OR pg_has_role(current_user, o.owner, 'USAGE');
    IF lacking IS NOT NULL THEN
        EXECUTE 'GRANT ALL PRIVILEGES ON ROUTINE ' || lacking || format(' TO %I', E'analytics_airflow'::text);
    END IF;
END
$dbprov$;

COMMIT;
