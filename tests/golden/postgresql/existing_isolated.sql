-- analytics: database warehouse on PostgreSQL 18, made by dbprov 0.1.0
-- creates user "analytics_airflow"
-- creates database "warehouse" without privileges for PUBLIC
-- analytics_airflow (access: all): everything in schema public, now and in future
--
-- To be run, at any time again, by a superuser or the restricted admin of a managed service.
-- It leaves what is there as it is. No password is in it, and dbprov has not run it.
-- It takes these passwords from the environment; after each stands where it is kept:
--   analytics_airflow_password: file .dbprov/db.example.com_5432/analytics_airflow
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

BEGIN;
SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'analytics_airflow') AS missing \gset
\if :missing
-- create user "analytics_airflow"
CREATE ROLE "analytics_airflow" LOGIN PASSWORD :'analytics_airflow_password';
-- set label of user "analytics_airflow"
COMMENT ON ROLE "analytics_airflow" IS 'dbprov: deployment analytics of existing_isolated.yaml';
\endif
COMMIT;

SELECT NOT EXISTS (SELECT FROM pg_database WHERE datname = 'warehouse') AS missing \gset
\if :missing
-- create database "warehouse"
CREATE DATABASE "warehouse" TEMPLATE template0
    ENCODING 'UTF8' ALLOW_CONNECTIONS false CONNECTION LIMIT 0;
\endif

BEGIN;
-- grant all privileges on database "warehouse" for "analytics_airflow"
GRANT ALL PRIVILEGES ON DATABASE "warehouse" TO "analytics_airflow";
SELECT NOT datallowconn AND datconnlimit = 0 AS missing FROM pg_database
    WHERE datname = 'warehouse' \gset
\if :missing
-- set label of database "warehouse"
COMMENT ON DATABASE "warehouse" IS 'dbprov: deployment analytics of existing_isolated.yaml';
\endif
-- revoke CONNECT, TEMPORARY on database "warehouse" from PUBLIC
REVOKE CONNECT, TEMPORARY ON DATABASE "warehouse" FROM PUBLIC;
SELECT NOT datallowconn AND datconnlimit = 0 AS missing FROM pg_database
    WHERE datname = 'warehouse' \gset
\if :missing
-- open database "warehouse" to connections
ALTER DATABASE "warehouse" ALLOW_CONNECTIONS true CONNECTION LIMIT -1;
\endif
COMMIT;

\connect "warehouse"
:begin_session \gset

BEGIN;
-- grant CREATE, USAGE on schema "public" for "analytics_airflow"
GRANT CREATE, USAGE ON SCHEMA "public" TO "analytics_airflow";
-- grant all privileges on future tables, sequences, routines of this admin in schema "public" for
--     "analytics_airflow"
ALTER DEFAULT PRIVILEGES IN SCHEMA "public" GRANT ALL PRIVILEGES ON TABLES TO "analytics_airflow";
ALTER DEFAULT PRIVILEGES IN SCHEMA "public"
    GRANT ALL PRIVILEGES ON SEQUENCES TO "analytics_airflow";
ALTER DEFAULT PRIVILEGES IN SCHEMA "public" GRANT ALL PRIVILEGES ON ROUTINES TO "analytics_airflow";
-- On objects that exist: the server writes the GRANT, for those on which the grantee lacks one of
-- the privileges and this admin can grant them; the grantee's own and an extension's are left out.
SELECT format('GRANT %s ON %s %s TO %I',
              w.privileges, w.kind, string_agg(o.name, ', ' ORDER BY o.name), w.grantee)
FROM (VALUES
-- grant all privileges on existing tables, sequences, routines in schema "public" for
--     "analytics_airflow"
  ('TABLE', 'public', 'analytics_airflow',
    'DELETE, INSERT, MAINTAIN, REFERENCES, SELECT, TRIGGER, TRUNCATE, UPDATE'),
  ('SEQUENCE', 'public', 'analytics_airflow', 'SELECT, UPDATE, USAGE'),
  ('ROUTINE', 'public', 'analytics_airflow', 'EXECUTE')
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
        (E'database', E'warehouse', E'analytics_airflow', 'CONNECT, CREATE, TEMPORARY'),
        (E'schema', E'public', E'analytics_airflow', 'CREATE, USAGE')
    ) AS w (kind, name, grantee, privileges), unnest(string_to_array(privileges, ', ')) AS p
    WHERE NOT CASE kind WHEN 'schema' THEN has_schema_privilege(grantee, name, p)
              ELSE has_database_privilege(grantee, name, p) END LOOP
        RAISE EXCEPTION '%: its owner, or a superuser, must run this file, or grant it', lacks;
    END LOOP; END $dbprov$;
COMMIT;
