-- analytics: database shop on PostgreSQL, made by dbprov 0.1.0
-- It takes back what dbprov was to change, computed from what was there before:
--   server:   system 7575320187435418112, for postgres and shop
--   version:  PostgreSQL 16.14
--   admin:    dba
--   spec:     sha256 0000000000000000000000000000000000000000000000000000000000000000
--
-- It changes, in this order:
--    1. borrow membership in role "app" for this admin  (in database shop)
--    2. revoke SELECT on existing sequences, tables in schema "public" for "reader"  (in database
--          shop)
--    3. revoke EXECUTE on existing routines in schema "public" for "app"  (in database shop)
--    4. revoke SELECT, UPDATE, USAGE on existing sequences in schema "public" for "app"  (in
--          database shop)
--    5. revoke DELETE, INSERT, REFERENCES, SELECT, TRIGGER, TRUNCATE, UPDATE on existing tables in
--          schema "public" for "app"  (in database shop)
--    6. revoke SELECT on future sequences, tables of "app" in schema "public" for "reader"  (in
--          database shop)
--    7. revoke SELECT on future sequences, tables of this admin in schema "public" for "reader"
--          (in database shop)
--    8. revoke EXECUTE on future routines of this admin in schema "public" for "app"  (in database
--          shop)
--    9. revoke SELECT, UPDATE, USAGE on future sequences of this admin in schema "public" for "app"
--          (in database shop)
--   10. revoke DELETE, INSERT, REFERENCES, SELECT, TRIGGER, TRUNCATE, UPDATE on future tables of
--          this admin in schema "public" for "app"  (in database shop)
--   11. revoke USAGE on schema "public" for "reader"  (in database shop)
--   12. revoke CREATE, USAGE on schema "public" for "app"  (in database shop)
--   13. give back membership in role "app" for this admin  (in database shop)
--   14. take back: open database "shop" to connections
--   15. reset label of database "shop"
--   16. revoke CONNECT on database "shop" for "reader"
--   17. revoke CONNECT, CREATE, TEMPORARY on database "shop" for "app"
--   18. reset label of user "reader"
--   19. restore user "reader"
--   20. reset label of user "app"
--
-- It is of the whole of that change, and to be run once, by the same admin. Where only
-- a part of it was done, finish that first, with dbprov apply. dbprov never runs this file. By
--     hand:
--   psql postgresql://dba@db.example.com:5432/postgres -X -f FILE
\set ON_ERROR_STOP on \set QUIET on
-- Each session begins with settings of its own, whatever its database or role presets.
SELECT $dbprov$ SET client_encoding = 'UTF8'; SET search_path = ''; SET ROLE NONE;
SET standard_conforming_strings = on; SET password_encryption = 'scram-sha-256';
SELECT count(set_config(name, coalesce(boot_val, ''), false)) AS set_back FROM pg_settings
WHERE source IN ('database', 'user', 'database user') AND context = 'user'
$dbprov$ AS begin_session \gset
:begin_session \gset

\connect "shop"
:begin_session \gset

BEGIN;
-- borrow membership in role "app" for this admin
GRANT "app" TO CURRENT_USER WITH INHERIT TRUE, SET TRUE;
-- revoke SELECT on existing sequences, tables in schema "public" for "reader"
DO $dbprov$
DECLARE
    there pg_catalog.text;
BEGIN
    PERFORM pg_catalog.set_config('search_path', '', true);
    SELECT string_agg(o, ', ') INTO there
    FROM unnest(ARRAY[E'public.orders_id_seq']::text[]) AS o
    WHERE to_regclass(o) IS NOT NULL;
    IF there IS NOT NULL THEN
        EXECUTE 'REVOKE SELECT ON SEQUENCE '
            || there || format(' FROM %I', E'reader'::text);
    END IF;
END
$dbprov$;
DO $dbprov$
DECLARE
    there pg_catalog.text;
BEGIN
    PERFORM pg_catalog.set_config('search_path', '', true);
    SELECT string_agg(o, ', ') INTO there
    FROM unnest(ARRAY[E'public.orders', E'public."a b"']::text[]) AS o
    WHERE to_regclass(o) IS NOT NULL;
    IF there IS NOT NULL THEN
        EXECUTE 'REVOKE SELECT ON TABLE '
            || there || format(' FROM %I', E'reader'::text);
    END IF;
END
$dbprov$;
-- revoke EXECUTE on existing routines in schema "public" for "app"
DO $dbprov$
DECLARE
    there pg_catalog.text;
BEGIN
    PERFORM pg_catalog.set_config('search_path', '', true);
    SELECT string_agg(o, ', ') INTO there
    FROM unnest(ARRAY[E'public.total(integer)']::text[]) AS o
    WHERE to_regprocedure(o) IS NOT NULL;
    IF there IS NOT NULL THEN
        EXECUTE 'REVOKE EXECUTE ON ROUTINE '
            || there || format(' FROM %I', E'app'::text);
    END IF;
END
$dbprov$;
-- revoke SELECT, UPDATE, USAGE on existing sequences in schema "public" for "app"
DO $dbprov$
DECLARE
    there pg_catalog.text;
BEGIN
    PERFORM pg_catalog.set_config('search_path', '', true);
    SELECT string_agg(o, ', ') INTO there
    FROM unnest(ARRAY[E'public.orders_id_seq']::text[]) AS o
    WHERE to_regclass(o) IS NOT NULL;
    IF there IS NOT NULL THEN
        EXECUTE 'REVOKE SELECT, UPDATE, USAGE ON SEQUENCE '
            || there || format(' FROM %I', E'app'::text);
    END IF;
END
$dbprov$;
-- revoke DELETE, INSERT, REFERENCES, SELECT, TRIGGER, TRUNCATE, UPDATE on existing tables in schema
--     "public" for "app"
DO $dbprov$
DECLARE
    there pg_catalog.text;
BEGIN
    PERFORM pg_catalog.set_config('search_path', '', true);
    SELECT string_agg(o, ', ') INTO there
    FROM unnest(ARRAY[E'public.orders', E'public."a b"']::text[]) AS o
    WHERE to_regclass(o) IS NOT NULL;
    IF there IS NOT NULL THEN
        EXECUTE 'REVOKE DELETE, INSERT, REFERENCES, SELECT, TRIGGER, TRUNCATE, UPDATE ON TABLE '
            || there || format(' FROM %I', E'app'::text);
    END IF;
END
$dbprov$;
-- revoke SELECT on future sequences, tables of "app" in schema "public" for "reader"
ALTER DEFAULT PRIVILEGES FOR ROLE "app" IN SCHEMA "public" REVOKE SELECT ON SEQUENCES FROM "reader";
ALTER DEFAULT PRIVILEGES FOR ROLE "app" IN SCHEMA "public" REVOKE SELECT ON TABLES FROM "reader";
-- revoke SELECT on future sequences, tables of this admin in schema "public" for "reader"
ALTER DEFAULT PRIVILEGES IN SCHEMA "public" REVOKE SELECT ON SEQUENCES FROM "reader";
ALTER DEFAULT PRIVILEGES IN SCHEMA "public" REVOKE SELECT ON TABLES FROM "reader";
-- revoke EXECUTE on future routines of this admin in schema "public" for "app"
ALTER DEFAULT PRIVILEGES IN SCHEMA "public" REVOKE EXECUTE ON ROUTINES FROM "app";
-- revoke SELECT, UPDATE, USAGE on future sequences of this admin in schema "public" for "app"
ALTER DEFAULT PRIVILEGES IN SCHEMA "public" REVOKE SELECT, UPDATE, USAGE ON SEQUENCES FROM "app";
-- revoke DELETE, INSERT, REFERENCES, SELECT, TRIGGER, TRUNCATE, UPDATE on future tables of this
--     admin in schema "public" for "app"
ALTER DEFAULT PRIVILEGES IN SCHEMA "public"
    REVOKE DELETE, INSERT, REFERENCES, SELECT, TRIGGER, TRUNCATE, UPDATE ON TABLES FROM "app";
-- revoke USAGE on schema "public" for "reader"
REVOKE USAGE ON SCHEMA "public" FROM "reader";
-- revoke CREATE, USAGE on schema "public" for "app"
REVOKE CREATE, USAGE ON SCHEMA "public" FROM "app";
-- give back membership in role "app" for this admin
REVOKE "app" FROM CURRENT_USER;
COMMIT;

\connect "postgres"
:begin_session \gset

BEGIN;
-- take back: open database "shop" to connections
ALTER DATABASE "shop" ALLOW_CONNECTIONS false CONNECTION LIMIT 0;
-- reset label of database "shop"
COMMENT ON DATABASE "shop" IS NULL;
-- revoke CONNECT on database "shop" for "reader"
REVOKE CONNECT ON DATABASE "shop" FROM "reader";
-- revoke CONNECT, CREATE, TEMPORARY on database "shop" for "app"
REVOKE CONNECT, CREATE, TEMPORARY ON DATABASE "shop" FROM "app";
-- reset label of user "reader"
COMMENT ON ROLE "reader" IS NULL;
-- restore user "reader"
ALTER ROLE "reader" LOGIN CONNECTION LIMIT 2;
-- reset label of user "app"
COMMENT ON ROLE "app" IS NULL;
COMMIT;
