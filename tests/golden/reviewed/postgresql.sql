-- sha256:0000000000000000000000000000000000000000000000000000000000000000 of all lines below
-- analytics: database shop on PostgreSQL, made by dbprov 0.1.0
-- Written for one server as it is now; only what is missing there:
--   server:   system 7575320187435418112, for postgres and shop
--   version:  PostgreSQL 16.14
--   admin:    dba
--   spec:     sha256 0000000000000000000000000000000000000000000000000000000000000000
--
-- revokes what PUBLIC may do in database "shop"
-- app (access: all): everything in schema public, now and in future
-- reader (access: read): reads rows in schema public, now and in future
-- Known to fail as this admin: create x: why not
--
-- dbprov apply --reviewed FILE runs exactly this, or nothing. No password is in it. By hand:
--   psql postgresql://dba@db.example.com:5432/postgres -X -f FILE
\set ON_ERROR_STOP on \set QUIET on
-- Each session begins with settings of its own, whatever its database or role presets.
SELECT $dbprov$ SET client_encoding = 'UTF8'; SET search_path = ''; SET ROLE NONE;
SET standard_conforming_strings = on; SET password_encryption = 'scram-sha-256';
SELECT count(set_config(name, coalesce(boot_val, ''), false)) AS set_back FROM pg_settings
WHERE source IN ('database', 'user', 'database user') AND context = 'user'
$dbprov$ AS begin_session \gset
:begin_session \gset

BEGIN;
-- set label of user "app"
COMMENT ON ROLE "app" IS 'dbprov: deployment analytics of deployment.yaml';
-- alter user "reader"
ALTER ROLE "reader" LOGIN CONNECTION LIMIT 5;
-- set label of user "reader"
COMMENT ON ROLE "reader" IS 'dbprov: deployment analytics of deployment.yaml';
-- grant all privileges on database "shop" for "app"
GRANT ALL PRIVILEGES ON DATABASE "shop" TO "app";
-- grant CONNECT on database "shop" for "reader"
GRANT CONNECT ON DATABASE "shop" TO "reader";
-- set label of database "shop"
COMMENT ON DATABASE "shop" IS 'dbprov: deployment analytics of deployment.yaml';
-- revoke CONNECT, TEMPORARY on database "shop" from PUBLIC
REVOKE CONNECT, TEMPORARY ON DATABASE "shop" FROM PUBLIC;
-- open database "shop" to connections
ALTER DATABASE "shop" ALLOW_CONNECTIONS true CONNECTION LIMIT -1;
COMMIT;

\connect "shop"
:begin_session \gset

BEGIN;
-- borrow membership in role "app" for this admin
GRANT "app" TO CURRENT_USER WITH INHERIT TRUE, SET TRUE;
-- grant CREATE, USAGE on schema "public" for "app"
GRANT CREATE, USAGE ON SCHEMA "public" TO "app";
-- grant USAGE on schema "public" for "reader"
GRANT USAGE ON SCHEMA "public" TO "reader";
-- grant all privileges on future tables, sequences, routines of this admin in schema "public" for
--     "app"
ALTER DEFAULT PRIVILEGES IN SCHEMA "public" GRANT ALL PRIVILEGES ON TABLES TO "app";
ALTER DEFAULT PRIVILEGES IN SCHEMA "public" GRANT ALL PRIVILEGES ON SEQUENCES TO "app";
ALTER DEFAULT PRIVILEGES IN SCHEMA "public" GRANT ALL PRIVILEGES ON ROUTINES TO "app";
-- grant SELECT on future tables, sequences of this admin in schema "public" for "reader"
ALTER DEFAULT PRIVILEGES IN SCHEMA "public" GRANT SELECT ON TABLES TO "reader";
ALTER DEFAULT PRIVILEGES IN SCHEMA "public" GRANT SELECT ON SEQUENCES TO "reader";
-- grant SELECT on future tables, sequences of "app" in schema "public" for "reader"
ALTER DEFAULT PRIVILEGES FOR ROLE "app" IN SCHEMA "public" GRANT SELECT ON TABLES TO "reader";
ALTER DEFAULT PRIVILEGES FOR ROLE "app" IN SCHEMA "public" GRANT SELECT ON SEQUENCES TO "reader";
-- grant all privileges on existing tables, sequences, routines in schema "public" for "app"
GRANT ALL PRIVILEGES ON TABLE "public"."orders", "public"."a b" TO "app";
GRANT ALL PRIVILEGES ON SEQUENCE "public"."orders_id_seq" TO "app";
GRANT ALL PRIVILEGES ON ROUTINE "public"."total"("pg_catalog"."int4") TO "app";
-- grant SELECT on existing tables, sequences in schema "public" for "reader"
GRANT SELECT ON TABLE "public"."orders", "public"."a b" TO "reader";
GRANT SELECT ON SEQUENCE "public"."orders_id_seq" TO "reader";
-- give back membership in role "app" for this admin
REVOKE "app" FROM CURRENT_USER;
COMMIT;
