-- analytics: database analytics_airflow on PostgreSQL, made by dbprov 0.1.0
--
-- creates user "analytics_airflow", user "analytics_loader", user "analytics_reader"
-- creates database "analytics_airflow" without privileges for PUBLIC
-- analytics_airflow (access: all): everything in schema public, now and in future
-- analytics_loader (access: write): reads and writes rows and calls routines in schema public, now and in future
-- analytics_reader (access: read): reads rows in schema public, now and in future
--
-- For PostgreSQL 18, run by a superuser or the restricted admin of a managed service.
-- It can be run again at any time: what is there already is left as it is.
-- No password is in this file, and nothing of it was executed by dbprov.
--
-- It takes these passwords from the environment:
--   analytics_airflow_password: of user analytics_airflow, kept in environment variable ANALYTICS_PASSWORD
--   analytics_loader_password: of user analytics_loader, kept in file secrets/loader
--   analytics_reader_password: of user analytics_reader, kept in prompt
--
-- Put them into the environment; psql 15 or newer takes them from there, and goes into the new database by itself:
--   export analytics_airflow_password=...
--   export analytics_loader_password=...
--   export analytics_reader_password=...
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
\if :{?analytics_loader_password}
\else
\getenv analytics_loader_password analytics_loader_password
\endif
\if :{?analytics_reader_password}
\else
\getenv analytics_reader_password analytics_reader_password
\endif

BEGIN;
SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'analytics_airflow') AS missing \gset
\if :missing
-- create user "analytics_airflow"
CREATE ROLE "analytics_airflow" LOGIN
    PASSWORD :'analytics_airflow_password';
-- set label of user "analytics_airflow"
COMMENT ON ROLE "analytics_airflow" IS 'dbprov: deployment analytics of several_users.yaml';
\endif
SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'analytics_loader') AS missing \gset
\if :missing
-- create user "analytics_loader"
CREATE ROLE "analytics_loader" LOGIN
    PASSWORD :'analytics_loader_password';
-- set label of user "analytics_loader"
COMMENT ON ROLE "analytics_loader" IS 'dbprov: deployment analytics of several_users.yaml';
\endif
SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'analytics_reader') AS missing \gset
\if :missing
-- create user "analytics_reader"
CREATE ROLE "analytics_reader" LOGIN
    PASSWORD :'analytics_reader_password';
-- set label of user "analytics_reader"
COMMENT ON ROLE "analytics_reader" IS 'dbprov: deployment analytics of several_users.yaml';
\endif
COMMIT;

SELECT NOT EXISTS (SELECT FROM pg_database WHERE datname = 'analytics_airflow') AS missing \gset
\if :missing
-- create database "analytics_airflow"
CREATE DATABASE "analytics_airflow"
    TEMPLATE template0
    ENCODING 'UTF8'
    ALLOW_CONNECTIONS false CONNECTION LIMIT 0;
\endif

BEGIN;
-- grant all privileges on database "analytics_airflow" for "analytics_airflow"
GRANT ALL PRIVILEGES ON DATABASE "analytics_airflow"
    TO "analytics_airflow";
-- grant CONNECT on database "analytics_airflow" for "analytics_loader"
GRANT CONNECT ON DATABASE "analytics_airflow"
    TO "analytics_loader";
-- grant CONNECT on database "analytics_airflow" for "analytics_reader"
GRANT CONNECT ON DATABASE "analytics_airflow"
    TO "analytics_reader";
SELECT NOT datallowconn AND datconnlimit = 0 AS missing FROM pg_database WHERE datname = 'analytics_airflow' \gset
\if :missing
-- set label of database "analytics_airflow"
COMMENT ON DATABASE "analytics_airflow" IS 'dbprov: deployment analytics of several_users.yaml';
-- revoke CONNECT, TEMPORARY on database "analytics_airflow" from PUBLIC
REVOKE CONNECT, TEMPORARY ON DATABASE "analytics_airflow" FROM PUBLIC;
-- open database "analytics_airflow" to connections
ALTER DATABASE "analytics_airflow" ALLOW_CONNECTIONS true CONNECTION LIMIT -1;
\endif
COMMIT;

\connect "analytics_airflow"
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
SELECT NOT a.rolsuper AND NOT (pg_has_role(current_user, r.oid, 'USAGE') AND pg_has_role(current_user, r.oid, 'SET')) AS missing
FROM pg_roles AS r, pg_roles AS a
WHERE r.rolname = 'analytics_airflow' AND a.rolname = current_user \gset
\set borrowed_1 :missing
\if :borrowed_1
-- borrow membership in role "analytics_airflow" for this admin
GRANT "analytics_airflow" TO CURRENT_USER WITH INHERIT TRUE, SET TRUE;
\endif
-- grant CREATE, USAGE on schema "public" for "analytics_airflow"
GRANT CREATE, USAGE ON SCHEMA "public" TO "analytics_airflow";
-- grant USAGE on schema "public" for "analytics_loader"
GRANT USAGE ON SCHEMA "public" TO "analytics_loader";
-- grant USAGE on schema "public" for "analytics_reader"
GRANT USAGE ON SCHEMA "public" TO "analytics_reader";
-- grant all privileges on future tables of this admin in schema "public" for "analytics_airflow"
ALTER DEFAULT PRIVILEGES FOR ROLE CURRENT_USER IN SCHEMA "public"
    GRANT ALL PRIVILEGES ON TABLES TO "analytics_airflow";
-- grant all privileges on future sequences of this admin in schema "public" for "analytics_airflow"
ALTER DEFAULT PRIVILEGES FOR ROLE CURRENT_USER IN SCHEMA "public"
    GRANT ALL PRIVILEGES ON SEQUENCES TO "analytics_airflow";
-- grant all privileges on future routines of this admin in schema "public" for "analytics_airflow"
ALTER DEFAULT PRIVILEGES FOR ROLE CURRENT_USER IN SCHEMA "public"
    GRANT ALL PRIVILEGES ON ROUTINES TO "analytics_airflow";
-- grant DELETE, INSERT, SELECT, UPDATE on future tables of this admin in schema "public" for "analytics_loader"
ALTER DEFAULT PRIVILEGES FOR ROLE CURRENT_USER IN SCHEMA "public"
    GRANT DELETE, INSERT, SELECT, UPDATE ON TABLES TO "analytics_loader";
-- grant SELECT, USAGE on future sequences of this admin in schema "public" for "analytics_loader"
ALTER DEFAULT PRIVILEGES FOR ROLE CURRENT_USER IN SCHEMA "public"
    GRANT SELECT, USAGE ON SEQUENCES TO "analytics_loader";
-- grant EXECUTE on future routines of this admin in schema "public" for "analytics_loader"
ALTER DEFAULT PRIVILEGES FOR ROLE CURRENT_USER IN SCHEMA "public"
    GRANT EXECUTE ON ROUTINES TO "analytics_loader";
-- grant DELETE, INSERT, SELECT, UPDATE on future tables of "analytics_airflow" in schema "public" for "analytics_loader"
ALTER DEFAULT PRIVILEGES FOR ROLE "analytics_airflow" IN SCHEMA "public"
    GRANT DELETE, INSERT, SELECT, UPDATE ON TABLES TO "analytics_loader";
-- grant SELECT, USAGE on future sequences of "analytics_airflow" in schema "public" for "analytics_loader"
ALTER DEFAULT PRIVILEGES FOR ROLE "analytics_airflow" IN SCHEMA "public"
    GRANT SELECT, USAGE ON SEQUENCES TO "analytics_loader";
-- grant EXECUTE on future routines of "analytics_airflow" in schema "public" for "analytics_loader"
ALTER DEFAULT PRIVILEGES FOR ROLE "analytics_airflow" IN SCHEMA "public"
    GRANT EXECUTE ON ROUTINES TO "analytics_loader";
-- grant SELECT on future tables of this admin in schema "public" for "analytics_reader"
ALTER DEFAULT PRIVILEGES FOR ROLE CURRENT_USER IN SCHEMA "public"
    GRANT SELECT ON TABLES TO "analytics_reader";
-- grant SELECT on future sequences of this admin in schema "public" for "analytics_reader"
ALTER DEFAULT PRIVILEGES FOR ROLE CURRENT_USER IN SCHEMA "public"
    GRANT SELECT ON SEQUENCES TO "analytics_reader";
-- grant SELECT on future tables of "analytics_airflow" in schema "public" for "analytics_reader"
ALTER DEFAULT PRIVILEGES FOR ROLE "analytics_airflow" IN SCHEMA "public"
    GRANT SELECT ON TABLES TO "analytics_reader";
-- grant SELECT on future sequences of "analytics_airflow" in schema "public" for "analytics_reader"
ALTER DEFAULT PRIVILEGES FOR ROLE "analytics_airflow" IN SCHEMA "public"
    GRANT SELECT ON SEQUENCES TO "analytics_reader";
-- grant all privileges on existing tables in schema "public" for "analytics_airflow"
SELECT 'TABLE' AS kind, 'public' AS schema, 'analytics_airflow' AS grantee,
       'DELETE, INSERT, MAINTAIN, REFERENCES, SELECT, TRIGGER, TRUNCATE, UPDATE' AS privileges \gset
:grant_on_existing \gexec
-- grant all privileges on existing sequences in schema "public" for "analytics_airflow"
SELECT 'SEQUENCE' AS kind, 'public' AS schema, 'analytics_airflow' AS grantee,
       'SELECT, UPDATE, USAGE' AS privileges \gset
:grant_on_existing \gexec
-- grant all privileges on existing routines in schema "public" for "analytics_airflow"
SELECT 'ROUTINE' AS kind, 'public' AS schema, 'analytics_airflow' AS grantee,
       'EXECUTE' AS privileges \gset
:grant_on_existing \gexec
-- grant DELETE, INSERT, SELECT, UPDATE on existing tables in schema "public" for "analytics_loader"
SELECT 'TABLE' AS kind, 'public' AS schema, 'analytics_loader' AS grantee,
       'DELETE, INSERT, SELECT, UPDATE' AS privileges \gset
:grant_on_existing \gexec
-- grant SELECT, USAGE on existing sequences in schema "public" for "analytics_loader"
SELECT 'SEQUENCE' AS kind, 'public' AS schema, 'analytics_loader' AS grantee,
       'SELECT, USAGE' AS privileges \gset
:grant_on_existing \gexec
-- grant EXECUTE on existing routines in schema "public" for "analytics_loader"
SELECT 'ROUTINE' AS kind, 'public' AS schema, 'analytics_loader' AS grantee,
       'EXECUTE' AS privileges \gset
:grant_on_existing \gexec
-- grant SELECT on existing tables in schema "public" for "analytics_reader"
SELECT 'TABLE' AS kind, 'public' AS schema, 'analytics_reader' AS grantee,
       'SELECT' AS privileges \gset
:grant_on_existing \gexec
-- grant SELECT on existing sequences in schema "public" for "analytics_reader"
SELECT 'SEQUENCE' AS kind, 'public' AS schema, 'analytics_reader' AS grantee,
       'SELECT' AS privileges \gset
:grant_on_existing \gexec
\if :borrowed_1
-- give back membership in role "analytics_airflow" for this admin
REVOKE "analytics_airflow" FROM CURRENT_USER;
\endif
-- These privileges must be there now: the file stops at the first that is not.
DO $dbprov$
DECLARE
    lacks pg_catalog.text;
BEGIN
    SELECT format('%s lacks %s on %s %s', w.grantee, p, w.kind, w.name) INTO lacks
    FROM (VALUES
        (E'database', E'analytics_airflow', E'analytics_airflow', 'CONNECT, CREATE, TEMPORARY'),
        (E'database', E'analytics_airflow', E'analytics_loader', 'CONNECT'),
        (E'database', E'analytics_airflow', E'analytics_reader', 'CONNECT'),
        (E'schema', E'public', E'analytics_airflow', 'CREATE, USAGE'),
        (E'schema', E'public', E'analytics_loader', 'USAGE'),
        (E'schema', E'public', E'analytics_reader', 'USAGE')) AS w (kind, name, grantee, privileges)
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
