-- analytics: database analytics on PostgreSQL 18, made by dbprov 0.1.0
-- creates user "analytics_airflow", user "analytics_celery"
-- creates database "analytics" without privileges for PUBLIC
-- creates schema "airflow", schema "celery"
-- analytics_airflow (access: all): everything in schema airflow, now and in future
-- analytics_celery (access: all): everything in schema celery, now and in future
--
-- To be run, at any time again, by a superuser or the restricted admin of a managed service.
-- It leaves what is there as it is. No password is in it, and dbprov has not run it.
-- It takes these passwords from the environment; after each stands where it is kept:
--   analytics_airflow_password: file .dbprov/db.example.com_5432/analytics_airflow
--   analytics_celery_password: file .dbprov/db.example.com_5432/analytics_celery
-- On Windows: -v NAME=VALUE. With hashes instead: dbprov render --password hash.
--   psql postgresql://dba@db.example.com:5432/postgres -X -f analytics.sql
\set ON_ERROR_STOP on \set QUIET on
-- Each session begins with settings of its own, whatever its database or role presets.
SELECT $dbprov$ SET client_encoding = 'UTF8'; SET search_path = ''; SET ROLE NONE;
SET standard_conforming_strings = on; SET password_encryption = 'scram-sha-256';
SELECT count(set_config(name, coalesce(boot_val, ''), false)) AS set_back FROM pg_settings
WHERE source IN ('database', 'user', 'database user') AND context = 'user'
$dbprov$ AS begin_session \gset
:begin_session \gset
\if :{?analytics_airflow_password}
    \elif `printenv analytics_airflow_password >/dev/null && echo 1 || echo 0`
    \set analytics_airflow_password `printenv analytics_airflow_password` \endif
\if :{?analytics_celery_password}
    \elif `printenv analytics_celery_password >/dev/null && echo 1 || echo 0`
    \set analytics_celery_password `printenv analytics_celery_password` \endif

BEGIN;
SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'analytics_airflow') AS missing \gset
\if :missing
-- create user "analytics_airflow"
CREATE ROLE "analytics_airflow" LOGIN PASSWORD :'analytics_airflow_password';
-- set label of user "analytics_airflow"
COMMENT ON ROLE "analytics_airflow" IS 'dbprov: deployment analytics of split.yaml';
\endif
SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'analytics_celery') AS missing \gset
\if :missing
-- create user "analytics_celery"
CREATE ROLE "analytics_celery" LOGIN PASSWORD :'analytics_celery_password';
-- set label of user "analytics_celery"
COMMENT ON ROLE "analytics_celery" IS 'dbprov: deployment analytics of split.yaml';
\endif
COMMIT;

SELECT NOT EXISTS (SELECT FROM pg_database WHERE datname = 'analytics') AS missing \gset
\if :missing
-- create database "analytics"
CREATE DATABASE "analytics" TEMPLATE template0
    ENCODING 'UTF8' ALLOW_CONNECTIONS false CONNECTION LIMIT 0;
\endif

BEGIN;
-- grant all privileges on database "analytics" for "analytics_airflow"
GRANT ALL PRIVILEGES ON DATABASE "analytics" TO "analytics_airflow";
-- grant all privileges on database "analytics" for "analytics_celery"
GRANT ALL PRIVILEGES ON DATABASE "analytics" TO "analytics_celery";
SELECT NOT datallowconn AND datconnlimit = 0 AS missing FROM pg_database
    WHERE datname = 'analytics' \gset
\if :missing
-- set label of database "analytics"
COMMENT ON DATABASE "analytics" IS 'dbprov: deployment analytics of split.yaml';
-- revoke CONNECT, TEMPORARY on database "analytics" from PUBLIC
REVOKE CONNECT, TEMPORARY ON DATABASE "analytics" FROM PUBLIC;
-- open database "analytics" to connections
ALTER DATABASE "analytics" ALLOW_CONNECTIONS true CONNECTION LIMIT -1;
\endif
SELECT NOT EXISTS (SELECT FROM pg_db_role_setting AS s
    JOIN pg_database AS d ON d.oid = s.setdatabase AND d.datname = 'analytics'
    JOIN pg_roles AS r ON r.oid = s.setrole AND r.rolname = 'analytics_airflow'
    WHERE 'search_path=' || quote_ident('airflow') = ANY(s.setconfig)) AS missing \gset
\if :missing
-- set search_path of user "analytics_airflow" in database "analytics"
ALTER ROLE "analytics_airflow" IN DATABASE "analytics" SET search_path = "airflow";
\endif
SELECT NOT EXISTS (SELECT FROM pg_db_role_setting AS s
    JOIN pg_database AS d ON d.oid = s.setdatabase AND d.datname = 'analytics'
    JOIN pg_roles AS r ON r.oid = s.setrole AND r.rolname = 'analytics_celery'
    WHERE 'search_path=' || quote_ident('celery') = ANY(s.setconfig)) AS missing \gset
\if :missing
-- set search_path of user "analytics_celery" in database "analytics"
ALTER ROLE "analytics_celery" IN DATABASE "analytics" SET search_path = "celery";
\endif
COMMIT;

\connect "analytics"
:begin_session \gset

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
-- grant all privileges on future tables, sequences, routines of this admin in schema "airflow" for
--     "analytics_airflow"
ALTER DEFAULT PRIVILEGES IN SCHEMA "airflow" GRANT ALL PRIVILEGES ON TABLES TO "analytics_airflow";
ALTER DEFAULT PRIVILEGES IN SCHEMA "airflow"
    GRANT ALL PRIVILEGES ON SEQUENCES TO "analytics_airflow";
ALTER DEFAULT PRIVILEGES IN SCHEMA "airflow"
    GRANT ALL PRIVILEGES ON ROUTINES TO "analytics_airflow";
-- grant all privileges on future tables, sequences, routines of this admin in schema "celery" for
--     "analytics_celery"
ALTER DEFAULT PRIVILEGES IN SCHEMA "celery" GRANT ALL PRIVILEGES ON TABLES TO "analytics_celery";
ALTER DEFAULT PRIVILEGES IN SCHEMA "celery" GRANT ALL PRIVILEGES ON SEQUENCES TO "analytics_celery";
ALTER DEFAULT PRIVILEGES IN SCHEMA "celery" GRANT ALL PRIVILEGES ON ROUTINES TO "analytics_celery";
-- On objects that exist: the server writes the GRANT, for those on which the grantee lacks one of
-- the privileges and this admin can grant them; the grantee's own and an extension's are left out.
SELECT format('GRANT %s ON %s %s TO %I',
              w.privileges, w.kind, string_agg(o.name, ', ' ORDER BY o.name), w.grantee)
FROM (VALUES
-- grant all privileges on existing tables, sequences, routines in schema "airflow" for
--     "analytics_airflow"
  ('TABLE', 'airflow', 'analytics_airflow',
    'DELETE, INSERT, MAINTAIN, REFERENCES, SELECT, TRIGGER, TRUNCATE, UPDATE'),
  ('SEQUENCE', 'airflow', 'analytics_airflow', 'SELECT, UPDATE, USAGE'),
  ('ROUTINE', 'airflow', 'analytics_airflow', 'EXECUTE'),
-- grant all privileges on existing tables, sequences, routines in schema "celery" for
--     "analytics_celery"
  ('TABLE', 'celery', 'analytics_celery',
    'DELETE, INSERT, MAINTAIN, REFERENCES, SELECT, TRIGGER, TRUNCATE, UPDATE'),
  ('SEQUENCE', 'celery', 'analytics_celery', 'SELECT, UPDATE, USAGE'),
  ('ROUTINE', 'celery', 'analytics_celery', 'EXECUTE')
) AS w (kind, schema, grantee, privileges)
JOIN pg_roles AS g ON g.rolname = w.grantee JOIN pg_namespace AS n ON n.nspname = w.schema
JOIN (SELECT CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind, relnamespace AS schema,
             oid::regclass::text AS name, relowner AS owner, tableoid AS class, oid,
             coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char",
                                          relowner)) AS acl FROM pg_class
      WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
      UNION ALL SELECT 'ROUTINE', pronamespace, oid::regprocedure::text, proowner, tableoid, oid,
             coalesce(proacl, acldefault('f', proowner)) FROM pg_proc) AS o
  ON o.kind = w.kind AND o.schema = n.oid AND o.owner <> g.oid
CROSS JOIN string_to_array(w.privileges, ', ') AS p
WHERE NOT p <@ ARRAY(SELECT privilege_type FROM aclexplode(o.acl)
                     WHERE grantee = 0 OR pg_has_role(g.oid, grantee, 'USAGE'))
  AND (pg_has_role(o.owner, 'USAGE') OR p <@ ARRAY(SELECT privilege_type FROM aclexplode(o.acl)
                     WHERE is_grantable AND pg_has_role(grantee, 'USAGE')))
  AND NOT EXISTS (SELECT FROM pg_depend WHERE (classid, objid, deptype) = (o.class, o.oid, 'e'))
GROUP BY w.kind, w.schema, w.grantee, w.privileges \gexec
-- These privileges must be there now: the file stops at the first that is not.
DO $dbprov$ DECLARE lacks pg_catalog.text; BEGIN
    FOR lacks IN SELECT format('%s lacks %s on %s %s', grantee, p, kind, name) FROM (VALUES
        (E'database', E'analytics', E'analytics_airflow', 'CONNECT, CREATE, TEMPORARY'),
        (E'database', E'analytics', E'analytics_celery', 'CONNECT, CREATE, TEMPORARY'),
        (E'schema', E'airflow', E'analytics_airflow', 'CREATE, USAGE'),
        (E'schema', E'celery', E'analytics_celery', 'CREATE, USAGE')
    ) AS w (kind, name, grantee, privileges), unnest(string_to_array(privileges, ', ')) AS p
    WHERE NOT CASE kind WHEN 'schema' THEN has_schema_privilege(grantee, name, p)
              ELSE has_database_privilege(grantee, name, p) END LOOP
        RAISE EXCEPTION '%: its owner, or a superuser, must run this file, or grant it', lacks;
    END LOOP; END $dbprov$;
COMMIT;
