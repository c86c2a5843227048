-- analytics: database analytics on PostgreSQL, made by dbprov 0.1.0
--
-- creates user "analytics_airflow", user "analytics_celery"
-- creates database "analytics" without privileges for PUBLIC
-- creates schema "airflow", schema "celery"
-- analytics_airflow (access: all): everything in schema airflow, now and in future
-- analytics_celery (access: all): everything in schema celery, now and in future
--
-- For PostgreSQL 18, run by a superuser or the restricted admin of a managed service.
-- It can be run again at any time: what is there already is left as it is.
-- No password is in this file, and nothing of it was executed by dbprov.
--
-- It takes these passwords from the environment:
--   analytics_airflow_password: of user analytics_airflow, kept in file .dbprov/db.example.com_5432/analytics_airflow
--   analytics_celery_password: of user analytics_celery, kept in file .dbprov/db.example.com_5432/analytics_celery
--
-- Put them into the environment; psql 15 or newer takes them from there, and goes into the new database by itself:
--   export analytics_airflow_password=...
--   export analytics_celery_password=...
--   psql postgresql://dba@db.example.com:5432/postgres -X -f analytics.sql
-- An older psql takes each as -v NAME=VALUE. A file with hashes, from which neither the server nor
-- its log learns a password: dbprov render --password hash.
--
\set ON_ERROR_STOP on
\set QUIET on
-- Each session begins with settings of its own, whatever its database or role presets.
SELECT $dbprov$
SET client_encoding = 'UTF8'; SET search_path = ''; SET ROLE NONE;
DO $presets$BEGIN
    PERFORM set_config(name, coalesce(boot_val, ''), false) FROM pg_settings
    WHERE source IN ('database', 'user', 'database user') AND context = 'user';
END$presets$;
SET standard_conforming_strings = on; SET password_encryption = 'scram-sha-256';
$dbprov$ AS begin_session \gset
:begin_session
\if :{?analytics_airflow_password}
\else
\getenv analytics_airflow_password analytics_airflow_password
\endif
\if :{?analytics_celery_password}
\else
\getenv analytics_celery_password analytics_celery_password
\endif

BEGIN;
SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'analytics_airflow') AS missing \gset
\if :missing
-- create user "analytics_airflow"
CREATE ROLE "analytics_airflow" LOGIN
    PASSWORD :'analytics_airflow_password';
-- set label of user "analytics_airflow"
COMMENT ON ROLE "analytics_airflow" IS 'dbprov: deployment analytics of split.yaml';
\endif
SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'analytics_celery') AS missing \gset
\if :missing
-- create user "analytics_celery"
CREATE ROLE "analytics_celery" LOGIN
    PASSWORD :'analytics_celery_password';
-- set label of user "analytics_celery"
COMMENT ON ROLE "analytics_celery" IS 'dbprov: deployment analytics of split.yaml';
\endif
COMMIT;

SELECT NOT EXISTS (SELECT FROM pg_database WHERE datname = 'analytics') AS missing \gset
\if :missing
-- create database "analytics"
CREATE DATABASE "analytics"
    TEMPLATE template0
    ENCODING 'UTF8'
    ALLOW_CONNECTIONS false CONNECTION LIMIT 0;
\endif

BEGIN;
-- grant all privileges on database "analytics" for "analytics_airflow"
GRANT ALL PRIVILEGES ON DATABASE "analytics"
    TO "analytics_airflow";
-- grant all privileges on database "analytics" for "analytics_celery"
GRANT ALL PRIVILEGES ON DATABASE "analytics"
    TO "analytics_celery";
SELECT NOT datallowconn AND datconnlimit = 0 AS missing FROM pg_database WHERE datname = 'analytics' \gset
\if :missing
-- set label of database "analytics"
COMMENT ON DATABASE "analytics" IS 'dbprov: deployment analytics of split.yaml';
-- revoke CONNECT, TEMPORARY on database "analytics" from PUBLIC
REVOKE CONNECT, TEMPORARY ON DATABASE "analytics" FROM PUBLIC;
-- open database "analytics" to connections
ALTER DATABASE "analytics" ALLOW_CONNECTIONS true CONNECTION LIMIT -1;
\endif
SELECT NOT EXISTS (
    SELECT FROM pg_db_role_setting AS s
    JOIN pg_database AS d ON d.oid = s.setdatabase
    JOIN pg_roles AS r ON r.oid = s.setrole
    WHERE r.rolname = 'analytics_airflow' AND d.datname = 'analytics'
      AND 'search_path=' || (SELECT string_agg(quote_ident(x), ', ' ORDER BY i)
                   FROM unnest(ARRAY['airflow']) WITH ORDINALITY AS u (x, i)) = ANY (s.setconfig)) AS missing \gset
\if :missing
-- set search_path of user "analytics_airflow" in database "analytics"
ALTER ROLE "analytics_airflow" IN DATABASE "analytics" SET search_path = "airflow";
\endif
SELECT NOT EXISTS (
    SELECT FROM pg_db_role_setting AS s
    JOIN pg_database AS d ON d.oid = s.setdatabase
    JOIN pg_roles AS r ON r.oid = s.setrole
    WHERE r.rolname = 'analytics_celery' AND d.datname = 'analytics'
      AND 'search_path=' || (SELECT string_agg(quote_ident(x), ', ' ORDER BY i)
                   FROM unnest(ARRAY['celery']) WITH ORDINALITY AS u (x, i)) = ANY (s.setconfig)) AS missing \gset
\if :missing
-- set search_path of user "analytics_celery" in database "analytics"
ALTER ROLE "analytics_celery" IN DATABASE "analytics" SET search_path = "celery";
\endif
COMMIT;

\connect "analytics"
:begin_session

-- The grants on objects that exist: each step below names kind, schema, grantee and privileges, and the
-- server writes the GRANT, for the objects on which the grantee lacks one of them and this admin can
-- grant it. Objects of the grantee itself, and those of extensions, are left out.
SELECT $dbprov$
SELECT format('GRANT %s ON %s %s TO %I', :'privileges', :'kind', string_agg(o.name, ', ' ORDER BY o.name), :'grantee')
FROM (SELECT CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind, oid, relnamespace AS schema, relowner AS owner,
             oid::regclass::text AS name, 'pg_class'::regclass AS class,
             coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner)) AS acl
      FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
      UNION ALL
      SELECT 'ROUTINE', oid, pronamespace, proowner, oid::regprocedure::text, 'pg_proc'::regclass,
             coalesce(proacl, acldefault('f', proowner)) FROM pg_proc) AS o
JOIN pg_namespace AS n ON n.oid = o.schema AND n.nspname = :'schema'
JOIN pg_roles AS g ON g.rolname = :'grantee' AND g.oid <> o.owner
WHERE o.kind = :'kind' AND NOT EXISTS (SELECT FROM pg_depend AS e WHERE (e.classid, e.objid, e.deptype) = (o.class, o.oid, 'e'))
  AND NOT string_to_array(:'privileges', ', ')
          <@ ARRAY(SELECT privilege_type FROM aclexplode(o.acl) WHERE grantee = 0 OR pg_has_role(g.oid, grantee, 'USAGE'))
  AND (pg_has_role(o.owner, 'USAGE') OR string_to_array(:'privileges', ', ')
          <@ ARRAY(SELECT privilege_type FROM aclexplode(o.acl) WHERE is_grantable AND pg_has_role(grantee, 'USAGE')))
HAVING count(*) > 0
$dbprov$ AS grant_on_existing \gset

BEGIN;
SELECT NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'airflow') AS missing \gset
\if :missing
-- create schema "airflow"
CREATE SCHEMA "airflow";
\endif
SELECT NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'celery') AS missing \gset
\if :missing
-- create schema "celery"
CREATE SCHEMA "celery";
\endif
-- grant CREATE, USAGE on schema "airflow" for "analytics_airflow"
GRANT CREATE, USAGE ON SCHEMA "airflow" TO "analytics_airflow";
-- grant CREATE, USAGE on schema "celery" for "analytics_celery"
GRANT CREATE, USAGE ON SCHEMA "celery" TO "analytics_celery";
-- grant all privileges on future tables of this admin in schema "airflow" for "analytics_airflow"
ALTER DEFAULT PRIVILEGES FOR ROLE CURRENT_USER IN SCHEMA "airflow"
    GRANT ALL PRIVILEGES ON TABLES TO "analytics_airflow";
-- grant all privileges on future sequences of this admin in schema "airflow" for "analytics_airflow"
ALTER DEFAULT PRIVILEGES FOR ROLE CURRENT_USER IN SCHEMA "airflow"
    GRANT ALL PRIVILEGES ON SEQUENCES TO "analytics_airflow";
-- grant all privileges on future routines of this admin in schema "airflow" for "analytics_airflow"
ALTER DEFAULT PRIVILEGES FOR ROLE CURRENT_USER IN SCHEMA "airflow"
    GRANT ALL PRIVILEGES ON ROUTINES TO "analytics_airflow";
-- grant all privileges on future tables of this admin in schema "celery" for "analytics_celery"
ALTER DEFAULT PRIVILEGES FOR ROLE CURRENT_USER IN SCHEMA "celery"
    GRANT ALL PRIVILEGES ON TABLES TO "analytics_celery";
-- grant all privileges on future sequences of this admin in schema "celery" for "analytics_celery"
ALTER DEFAULT PRIVILEGES FOR ROLE CURRENT_USER IN SCHEMA "celery"
    GRANT ALL PRIVILEGES ON SEQUENCES TO "analytics_celery";
-- grant all privileges on future routines of this admin in schema "celery" for "analytics_celery"
ALTER DEFAULT PRIVILEGES FOR ROLE CURRENT_USER IN SCHEMA "celery"
    GRANT ALL PRIVILEGES ON ROUTINES TO "analytics_celery";
-- grant all privileges on existing tables in schema "airflow" for "analytics_airflow"
SELECT 'TABLE' AS kind, 'airflow' AS schema, 'analytics_airflow' AS grantee,
       'DELETE, INSERT, MAINTAIN, REFERENCES, SELECT, TRIGGER, TRUNCATE, UPDATE' AS privileges \gset
:grant_on_existing \gexec
-- grant all privileges on existing sequences in schema "airflow" for "analytics_airflow"
SELECT 'SEQUENCE' AS kind, 'airflow' AS schema, 'analytics_airflow' AS grantee,
       'SELECT, UPDATE, USAGE' AS privileges \gset
:grant_on_existing \gexec
-- grant all privileges on existing routines in schema "airflow" for "analytics_airflow"
SELECT 'ROUTINE' AS kind, 'airflow' AS schema, 'analytics_airflow' AS grantee,
       'EXECUTE' AS privileges \gset
:grant_on_existing \gexec
-- grant all privileges on existing tables in schema "celery" for "analytics_celery"
SELECT 'TABLE' AS kind, 'celery' AS schema, 'analytics_celery' AS grantee,
       'DELETE, INSERT, MAINTAIN, REFERENCES, SELECT, TRIGGER, TRUNCATE, UPDATE' AS privileges \gset
:grant_on_existing \gexec
-- grant all privileges on existing sequences in schema "celery" for "analytics_celery"
SELECT 'SEQUENCE' AS kind, 'celery' AS schema, 'analytics_celery' AS grantee,
       'SELECT, UPDATE, USAGE' AS privileges \gset
:grant_on_existing \gexec
-- grant all privileges on existing routines in schema "celery" for "analytics_celery"
SELECT 'ROUTINE' AS kind, 'celery' AS schema, 'analytics_celery' AS grantee,
       'EXECUTE' AS privileges \gset
:grant_on_existing \gexec
-- These privileges must be there now: the file stops at the first that is not.
DO $dbprov$
DECLARE
    lacks pg_catalog.text;
BEGIN
    SELECT format('%s lacks %s on %s %s', w.grantee, p, w.kind, w.name) INTO lacks
    FROM (VALUES
        (E'database', E'analytics', E'analytics_airflow', 'CONNECT, CREATE, TEMPORARY'),
        (E'database', E'analytics', E'analytics_celery', 'CONNECT, CREATE, TEMPORARY'),
        (E'schema', E'airflow', E'analytics_airflow', 'CREATE, USAGE'),
        (E'schema', E'celery', E'analytics_celery', 'CREATE, USAGE')) AS w (kind, name, grantee, privileges)
    CROSS JOIN unnest(string_to_array(w.privileges, ', ')) AS p
    WHERE NOT CASE w.kind WHEN 'schema' THEN has_schema_privilege(w.grantee, w.name, p)
              ELSE has_database_privilege(w.grantee, w.name, p) END
    LIMIT 1;
    IF lacks IS NOT NULL THEN
        RAISE EXCEPTION '%: its owner, or a superuser, must run this file, or grant it first', lacks;
    END IF;
END
$dbprov$;
COMMIT;
