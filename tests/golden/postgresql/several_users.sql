-- analytics: database analytics_airflow on PostgreSQL 18, made by dbprov 0.1.0
-- creates user "analytics_airflow", user "analytics_loader", user "analytics_reader"
-- creates database "analytics_airflow" without privileges for PUBLIC
-- analytics_airflow (access: all): everything in schema public, now and in future
-- analytics_loader (access: write): reads and writes rows and calls routines in schema public, now
--     and in future
-- analytics_reader (access: read): reads rows in schema public, now and in future
--
-- To be run, at any time again, by a superuser or the restricted admin of a managed service.
-- It leaves what is there as it is. No password is in it, and dbprov has not run it.
-- It takes these passwords from the environment; after each stands where it is kept:
--   analytics_airflow_password: environment variable ANALYTICS_PASSWORD
--   analytics_loader_password: file secrets/loader
--   analytics_reader_password: prompt
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
\if :{?analytics_loader_password}
    \elif `printenv analytics_loader_password >/dev/null && echo 1 || echo 0`
    \set analytics_loader_password `printenv analytics_loader_password` \endif
\if :{?analytics_reader_password}
    \elif `printenv analytics_reader_password >/dev/null && echo 1 || echo 0`
    \set analytics_reader_password `printenv analytics_reader_password` \endif

BEGIN;
SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'analytics_airflow') AS missing \gset
\if :missing
-- create user "analytics_airflow"
CREATE ROLE "analytics_airflow" LOGIN PASSWORD :'analytics_airflow_password';
-- set label of user "analytics_airflow"
COMMENT ON ROLE "analytics_airflow" IS 'dbprov: deployment analytics of several_users.yaml';
\endif
SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'analytics_loader') AS missing \gset
\if :missing
-- create user "analytics_loader"
CREATE ROLE "analytics_loader" LOGIN PASSWORD :'analytics_loader_password';
-- set label of user "analytics_loader"
COMMENT ON ROLE "analytics_loader" IS 'dbprov: deployment analytics of several_users.yaml';
\endif
SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'analytics_reader') AS missing \gset
\if :missing
-- create user "analytics_reader"
CREATE ROLE "analytics_reader" LOGIN PASSWORD :'analytics_reader_password';
-- set label of user "analytics_reader"
COMMENT ON ROLE "analytics_reader" IS 'dbprov: deployment analytics of several_users.yaml';
\endif
COMMIT;

SELECT NOT EXISTS (SELECT FROM pg_database WHERE datname = 'analytics_airflow') AS missing \gset
\if :missing
-- create database "analytics_airflow"
CREATE DATABASE "analytics_airflow" TEMPLATE template0
    ENCODING 'UTF8' ALLOW_CONNECTIONS false CONNECTION LIMIT 0;
\endif

BEGIN;
-- grant all privileges on database "analytics_airflow" for "analytics_airflow"
GRANT ALL PRIVILEGES ON DATABASE "analytics_airflow" TO "analytics_airflow";
-- grant CONNECT on database "analytics_airflow" for "analytics_loader"
GRANT CONNECT ON DATABASE "analytics_airflow" TO "analytics_loader";
-- grant CONNECT on database "analytics_airflow" for "analytics_reader"
GRANT CONNECT ON DATABASE "analytics_airflow" TO "analytics_reader";
SELECT NOT datallowconn AND datconnlimit = 0 AS missing FROM pg_database
    WHERE datname = 'analytics_airflow' \gset
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
:begin_session \gset

BEGIN;
SELECT NOT a.rolsuper AND NOT (pg_has_role(r.oid, 'USAGE') AND pg_has_role(r.oid, 'SET')) AS missing
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
-- grant all privileges on future tables, sequences, routines of this admin in schema "public" for
--     "analytics_airflow"
ALTER DEFAULT PRIVILEGES IN SCHEMA "public" GRANT ALL PRIVILEGES ON TABLES TO "analytics_airflow";
ALTER DEFAULT PRIVILEGES IN SCHEMA "public"
    GRANT ALL PRIVILEGES ON SEQUENCES TO "analytics_airflow";
ALTER DEFAULT PRIVILEGES IN SCHEMA "public" GRANT ALL PRIVILEGES ON ROUTINES TO "analytics_airflow";
-- grant DELETE, INSERT, SELECT, UPDATE on future tables of this admin in schema "public" for
--     "analytics_loader"
ALTER DEFAULT PRIVILEGES IN SCHEMA "public"
    GRANT DELETE, INSERT, SELECT, UPDATE ON TABLES TO "analytics_loader";
-- grant SELECT, USAGE on future sequences of this admin in schema "public" for "analytics_loader"
ALTER DEFAULT PRIVILEGES IN SCHEMA "public" GRANT SELECT, USAGE ON SEQUENCES TO "analytics_loader";
-- grant EXECUTE on future routines of this admin in schema "public" for "analytics_loader"
ALTER DEFAULT PRIVILEGES IN SCHEMA "public" GRANT EXECUTE ON ROUTINES TO "analytics_loader";
-- grant DELETE, INSERT, SELECT, UPDATE on future tables of "analytics_airflow" in schema "public"
--     for "analytics_loader"
ALTER DEFAULT PRIVILEGES FOR ROLE "analytics_airflow" IN SCHEMA "public"
    GRANT DELETE, INSERT, SELECT, UPDATE ON TABLES TO "analytics_loader";
-- grant SELECT, USAGE on future sequences of "analytics_airflow" in schema "public" for
--     "analytics_loader"
ALTER DEFAULT PRIVILEGES FOR ROLE "analytics_airflow" IN SCHEMA "public"
    GRANT SELECT, USAGE ON SEQUENCES TO "analytics_loader";
-- grant EXECUTE on future routines of "analytics_airflow" in schema "public" for "analytics_loader"
ALTER DEFAULT PRIVILEGES FOR ROLE "analytics_airflow" IN SCHEMA "public"
    GRANT EXECUTE ON ROUTINES TO "analytics_loader";
-- grant SELECT on future tables, sequences of this admin in schema "public" for "analytics_reader"
ALTER DEFAULT PRIVILEGES IN SCHEMA "public" GRANT SELECT ON TABLES TO "analytics_reader";
ALTER DEFAULT PRIVILEGES IN SCHEMA "public" GRANT SELECT ON SEQUENCES TO "analytics_reader";
-- grant SELECT on future tables, sequences of "analytics_airflow" in schema "public" for
--     "analytics_reader"
ALTER DEFAULT PRIVILEGES FOR ROLE "analytics_airflow" IN SCHEMA "public"
    GRANT SELECT ON TABLES TO "analytics_reader";
ALTER DEFAULT PRIVILEGES FOR ROLE "analytics_airflow" IN SCHEMA "public"
    GRANT SELECT ON SEQUENCES TO "analytics_reader";
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
  ('ROUTINE', 'public', 'analytics_airflow', 'EXECUTE'),
-- grant DELETE, INSERT, SELECT, UPDATE on existing tables in schema "public" for "analytics_loader"
  ('TABLE', 'public', 'analytics_loader', 'DELETE, INSERT, SELECT, UPDATE'),
-- grant SELECT, USAGE on existing sequences in schema "public" for "analytics_loader"
  ('SEQUENCE', 'public', 'analytics_loader', 'SELECT, USAGE'),
-- grant EXECUTE on existing routines in schema "public" for "analytics_loader"
  ('ROUTINE', 'public', 'analytics_loader', 'EXECUTE'),
-- grant SELECT on existing tables, sequences in schema "public" for "analytics_reader"
  ('TABLE', 'public', 'analytics_reader', 'SELECT'),
  ('SEQUENCE', 'public', 'analytics_reader', 'SELECT')
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
\if :borrowed_1
-- give back membership in role "analytics_airflow" for this admin
REVOKE "analytics_airflow" FROM CURRENT_USER;
\endif
-- These privileges must be there now: the file stops at the first that is not.
DO $dbprov$ DECLARE lacks pg_catalog.text; BEGIN
    FOR lacks IN SELECT format('%s lacks %s on %s %s', grantee, p, kind, name) FROM (VALUES
        (E'database', E'analytics_airflow', E'analytics_airflow', 'CONNECT, CREATE, TEMPORARY'),
        (E'database', E'analytics_airflow', E'analytics_loader', 'CONNECT'),
        (E'database', E'analytics_airflow', E'analytics_reader', 'CONNECT'),
        (E'schema', E'public', E'analytics_airflow', 'CREATE, USAGE'),
        (E'schema', E'public', E'analytics_loader', 'USAGE'),
        (E'schema', E'public', E'analytics_reader', 'USAGE')
    ) AS w (kind, name, grantee, privileges), unnest(string_to_array(privileges, ', ')) AS p
    WHERE NOT CASE kind WHEN 'schema' THEN has_schema_privilege(grantee, name, p)
              ELSE has_database_privilege(grantee, name, p) END LOOP
        RAISE EXCEPTION '%: its owner, or a superuser, must run this file, or grant it', lacks;
    END LOOP; END $dbprov$;
COMMIT;
