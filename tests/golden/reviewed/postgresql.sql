-- sha256:0000000000000000000000000000000000000000000000000000000000000000 is the digest of all lines below this one
-- analytics: database shop on PostgreSQL, made by dbprov 0.1.0
--
-- Written for one server as it is now; only what is missing there:
--   server:   system 7575320187435418112, for postgres and shop
--   version:  PostgreSQL 16.14
--   admin:    dba
--   spec:     sha256 0000000000000000000000000000000000000000000000000000000000000000 of what it says of analytics
--
-- It changes, in this order:
--    1. alter user "reader"
--    2. set label of user "app"
--    3. set label of user "reader"
--    4. set label of database "shop"
--    5. revoke CONNECT, TEMPORARY on database "shop" from PUBLIC
--    6. grant all privileges on database "shop" for "app"
--    7. grant CONNECT on database "shop" for "reader"
--    8. open database "shop" to connections
--    9. borrow membership in role "app" for this admin  (in database shop)
--   10. grant CREATE, USAGE on schema "public" for "app"  (in database shop)
--   11. grant USAGE on schema "public" for "reader"  (in database shop)
--   12. grant all privileges on future tables of this admin in schema "public" for "app"  (in database shop)
--   13. grant all privileges on future sequences of this admin in schema "public" for "app"  (in database shop)
--   14. grant all privileges on future routines of this admin in schema "public" for "app"  (in database shop)
--   15. grant SELECT on future tables of this admin in schema "public" for "reader"  (in database shop)
--   16. grant SELECT on future sequences of this admin in schema "public" for "reader"  (in database shop)
--   17. grant SELECT on future tables of "app" in schema "public" for "reader"  (in database shop)
--   18. grant SELECT on future sequences of "app" in schema "public" for "reader"  (in database shop)
--   19. grant all privileges on existing tables in schema "public" for "app"  (in database shop)
--   20. grant all privileges on existing sequences in schema "public" for "app"  (in database shop)
--   21. grant all privileges on existing routines in schema "public" for "app"  (in database shop)
--   22. grant SELECT on existing tables in schema "public" for "reader"  (in database shop)
--   23. grant SELECT on existing sequences in schema "public" for "reader"  (in database shop)
--   24. give back membership in role "app" for this admin  (in database shop)
-- Known to fail as this admin: create x: why not
--
-- dbprov apply --reviewed FILE runs exactly this, or nothing. No password is in it. By hand:
--
-- psql goes into the new database by itself:
--   psql postgresql://dba@db.example.com:5432/postgres -X -f FILE
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

BEGIN;

-- alter user "reader"
ALTER ROLE "reader" LOGIN CONNECTION LIMIT 5;

-- set label of user "app"
SELECT shobj_description(r.oid, 'pg_authid') IS NULL
       AND (SELECT a.rolsuper OR a.rolcreaterole AND NOT r.rolsuper AND pg_has_role(current_user, r.oid, 'MEMBER WITH ADMIN OPTION')
 FROM pg_roles AS a WHERE a.rolname = current_user) AS missing
FROM pg_roles AS r
WHERE r.rolname = 'app' \gset
\if :missing
COMMENT ON ROLE "app" IS 'dbprov: deployment analytics of deployment.yaml';
\endif

-- set label of user "reader"
SELECT shobj_description(r.oid, 'pg_authid') IS NULL
       AND (SELECT a.rolsuper OR a.rolcreaterole AND NOT r.rolsuper AND pg_has_role(current_user, r.oid, 'MEMBER WITH ADMIN OPTION')
 FROM pg_roles AS a WHERE a.rolname = current_user) AS missing
FROM pg_roles AS r
WHERE r.rolname = 'reader' \gset
\if :missing
COMMENT ON ROLE "reader" IS 'dbprov: deployment analytics of deployment.yaml';
\endif

-- set label of database "shop"
SELECT shobj_description(d.oid, 'pg_database') IS NULL AND pg_has_role(current_user, d.datdba, 'USAGE') AS missing
FROM pg_database AS d
WHERE d.datname = 'shop' \gset
\if :missing
COMMENT ON DATABASE "shop" IS 'dbprov: deployment analytics of deployment.yaml';
\endif

-- revoke CONNECT, TEMPORARY on database "shop" from PUBLIC
SELECT NOT datallowconn AND datconnlimit = 0 AS missing FROM pg_database WHERE datname = 'shop' \gset
\if :missing
REVOKE CONNECT, TEMPORARY ON DATABASE "shop" FROM PUBLIC;
\endif

-- grant all privileges on database "shop" for "app"
GRANT ALL PRIVILEGES ON DATABASE "shop"
    TO "app";
DO $dbprov$
BEGIN
    PERFORM pg_catalog.set_config('search_path', '', true);
    IF EXISTS (SELECT FROM unnest(ARRAY[E'CONNECT', E'CREATE', E'TEMPORARY']) AS p
               WHERE NOT has_database_privilege(E'app', E'shop', p)) THEN
        RAISE EXCEPTION 'nothing was granted: the owner of the database, or a superuser, must run this file, or grant it first';
    END IF;
END
$dbprov$;

-- grant CONNECT on database "shop" for "reader"
GRANT CONNECT ON DATABASE "shop"
    TO "reader";
DO $dbprov$
BEGIN
    PERFORM pg_catalog.set_config('search_path', '', true);
    IF EXISTS (SELECT FROM unnest(ARRAY[E'CONNECT']) AS p
               WHERE NOT has_database_privilege(E'reader', E'shop', p)) THEN
        RAISE EXCEPTION 'nothing was granted: the owner of the database, or a superuser, must run this file, or grant it first';
    END IF;
END
$dbprov$;

-- open database "shop" to connections
SELECT NOT datallowconn AND datconnlimit = 0 AS missing FROM pg_database WHERE datname = 'shop' \gset
\if :missing
ALTER DATABASE "shop" ALLOW_CONNECTIONS true CONNECTION LIMIT -1;
\endif

COMMIT;

\connect "shop"
SET client_encoding = 'UTF8';
SET search_path = '';
SET ROLE NONE;
SELECT count(set_config(name, coalesce(boot_val, ''), false)) AS presets_set_back FROM pg_settings
WHERE source IN ('database', 'user', 'database user') AND context = 'user' \gset
SET standard_conforming_strings = on;
SET password_encryption = 'scram-sha-256';

BEGIN;

-- borrow membership in role "app" for this admin
SELECT NOT a.rolsuper AND NOT (pg_has_role(current_user, r.oid, 'USAGE') AND pg_has_role(current_user, r.oid, 'SET')) AS missing
FROM pg_roles AS r, pg_roles AS a
WHERE r.rolname = 'app' AND a.rolname = current_user \gset
\set borrowed_1 :missing
\if :borrowed_1
GRANT "app" TO CURRENT_USER WITH INHERIT TRUE, SET TRUE;
\endif

-- grant CREATE, USAGE on schema "public" for "app"
SELECT pg_has_role(current_user, CASE WHEN pg_get_userbyid(nspowner) = 'pg_database_owner'
                                      THEN (SELECT datdba FROM pg_database WHERE datname = current_database())
                                      ELSE nspowner END, 'USAGE') AS missing
FROM pg_namespace
WHERE nspname = 'public' \gset
\if :missing
GRANT CREATE, USAGE ON SCHEMA "public" TO "app";
\endif
DO $dbprov$
BEGIN
    PERFORM pg_catalog.set_config('search_path', '', true);
    IF EXISTS (SELECT FROM unnest(ARRAY[E'CREATE', E'USAGE']) AS p
               WHERE NOT has_schema_privilege(E'app', E'public', p)) THEN
        RAISE EXCEPTION 'nothing was granted: the owner of the schema, or a superuser, must run this file, or grant it first';
    END IF;
END
$dbprov$;

-- grant USAGE on schema "public" for "reader"
SELECT pg_has_role(current_user, CASE WHEN pg_get_userbyid(nspowner) = 'pg_database_owner'
                                      THEN (SELECT datdba FROM pg_database WHERE datname = current_database())
                                      ELSE nspowner END, 'USAGE') AS missing
FROM pg_namespace
WHERE nspname = 'public' \gset
\if :missing
GRANT USAGE ON SCHEMA "public" TO "reader";
\endif
DO $dbprov$
BEGIN
    PERFORM pg_catalog.set_config('search_path', '', true);
    IF EXISTS (SELECT FROM unnest(ARRAY[E'USAGE']) AS p
               WHERE NOT has_schema_privilege(E'reader', E'public', p)) THEN
        RAISE EXCEPTION 'nothing was granted: the owner of the schema, or a superuser, must run this file, or grant it first';
    END IF;
END
$dbprov$;

-- grant all privileges on future tables of this admin in schema "public" for "app"
ALTER DEFAULT PRIVILEGES FOR ROLE CURRENT_USER IN SCHEMA "public"
    GRANT ALL PRIVILEGES ON TABLES TO "app";

-- grant all privileges on future sequences of this admin in schema "public" for "app"
ALTER DEFAULT PRIVILEGES FOR ROLE CURRENT_USER IN SCHEMA "public"
    GRANT ALL PRIVILEGES ON SEQUENCES TO "app";

-- grant all privileges on future routines of this admin in schema "public" for "app"
ALTER DEFAULT PRIVILEGES FOR ROLE CURRENT_USER IN SCHEMA "public"
    GRANT ALL PRIVILEGES ON ROUTINES TO "app";

-- grant SELECT on future tables of this admin in schema "public" for "reader"
ALTER DEFAULT PRIVILEGES FOR ROLE CURRENT_USER IN SCHEMA "public"
    GRANT SELECT ON TABLES TO "reader";

-- grant SELECT on future sequences of this admin in schema "public" for "reader"
ALTER DEFAULT PRIVILEGES FOR ROLE CURRENT_USER IN SCHEMA "public"
    GRANT SELECT ON SEQUENCES TO "reader";

-- grant SELECT on future tables of "app" in schema "public" for "reader"
ALTER DEFAULT PRIVILEGES FOR ROLE "app" IN SCHEMA "public"
    GRANT SELECT ON TABLES TO "reader";

-- grant SELECT on future sequences of "app" in schema "public" for "reader"
ALTER DEFAULT PRIVILEGES FOR ROLE "app" IN SCHEMA "public"
    GRANT SELECT ON SEQUENCES TO "reader";

-- grant all privileges on existing tables in schema "public" for "app"
DO $dbprov$
DECLARE
    lacking pg_catalog.text;
BEGIN
    PERFORM pg_catalog.set_config('search_path', '', true);
    SELECT string_agg(o.name, ', ' ORDER BY o.name) INTO lacking
    FROM (
SELECT format('%I.%I', n.nspname, c.relname) AS name, c.oid, c.relowner AS owner, c.relkind,
       (SELECT bool_and(has_table_privilege(c.oid, p || ' WITH GRANT OPTION'))
        FROM unnest(ARRAY[E'DELETE', E'INSERT', E'REFERENCES', E'SELECT', E'TRIGGER', E'TRUNCATE', E'UPDATE']) AS p) AS grantable
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_roles AS g ON g.rolname = E'app'
WHERE n.nspname = E'public' AND c.relowner IS DISTINCT FROM g.oid
  AND NOT EXISTS (SELECT FROM pg_depend AS e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
  AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND EXISTS (SELECT FROM unnest(ARRAY[E'DELETE', E'INSERT', E'REFERENCES', E'SELECT', E'TRIGGER', E'TRUNCATE', E'UPDATE']) AS p
              WHERE has_table_privilege(g.oid, c.oid, p) IS NOT TRUE)
    ) AS o
    WHERE o.grantable OR pg_has_role(current_user, o.owner, 'USAGE');
    IF lacking IS NOT NULL THEN
        EXECUTE 'GRANT ALL PRIVILEGES ON TABLE ' || lacking || format(' TO %I', E'app'::text);
    END IF;
END
$dbprov$;

-- grant all privileges on existing sequences in schema "public" for "app"
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
LEFT JOIN pg_roles AS g ON g.rolname = E'app'
WHERE n.nspname = E'public' AND c.relowner IS DISTINCT FROM g.oid
  AND NOT EXISTS (SELECT FROM pg_depend AS e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
  AND c.relkind IN ('S')
  AND EXISTS (SELECT FROM unnest(ARRAY[E'SELECT', E'UPDATE', E'USAGE']) AS p
              WHERE has_sequence_privilege(g.oid, c.oid, p) IS NOT TRUE)
    ) AS o
    WHERE o.grantable OR pg_has_role(current_user, o.owner, 'USAGE');
    IF lacking IS NOT NULL THEN
        EXECUTE 'GRANT ALL PRIVILEGES ON SEQUENCE ' || lacking || format(' TO %I', E'app'::text);
    END IF;
END
$dbprov$;

-- grant all privileges on existing routines in schema "public" for "app"
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
LEFT JOIN pg_roles AS g ON g.rolname = E'app'
WHERE n.nspname = E'public' AND p.proowner IS DISTINCT FROM g.oid
  AND has_function_privilege(g.oid, p.oid, 'EXECUTE') IS NOT TRUE
  AND NOT EXISTS (SELECT FROM pg_depend AS e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype = 'e')
    ) AS o
    WHERE o.grantable OR pg_has_role(current_user, o.owner, 'USAGE');
    IF lacking IS NOT NULL THEN
        EXECUTE 'GRANT ALL PRIVILEGES ON ROUTINE ' || lacking || format(' TO %I', E'app'::text);
    END IF;
END
$dbprov$;

-- grant SELECT on existing tables in schema "public" for "reader"
DO $dbprov$
DECLARE
    lacking pg_catalog.text;
BEGIN
    PERFORM pg_catalog.set_config('search_path', '', true);
    SELECT string_agg(o.name, ', ' ORDER BY o.name) INTO lacking
    FROM (
SELECT format('%I.%I', n.nspname, c.relname) AS name, c.oid, c.relowner AS owner, c.relkind,
       (SELECT bool_and(has_table_privilege(c.oid, p || ' WITH GRANT OPTION'))
        FROM unnest(ARRAY[E'SELECT']) AS p) AS grantable
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_roles AS g ON g.rolname = E'reader'
WHERE n.nspname = E'public' AND c.relowner IS DISTINCT FROM g.oid
  AND NOT EXISTS (SELECT FROM pg_depend AS e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
  AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND EXISTS (SELECT FROM unnest(ARRAY[E'SELECT']) AS p
              WHERE has_table_privilege(g.oid, c.oid, p) IS NOT TRUE)
    ) AS o
    WHERE o.grantable OR pg_has_role(current_user, o.owner, 'USAGE');
    IF lacking IS NOT NULL THEN
        EXECUTE 'GRANT SELECT ON TABLE ' || lacking || format(' TO %I', E'reader'::text);
    END IF;
END
$dbprov$;

-- grant SELECT on existing sequences in schema "public" for "reader"
DO $dbprov$
DECLARE
    lacking pg_catalog.text;
BEGIN
    PERFORM pg_catalog.set_config('search_path', '', true);
    SELECT string_agg(o.name, ', ' ORDER BY o.name) INTO lacking
    FROM (
SELECT format('%I.%I', n.nspname, c.relname) AS name, c.oid, c.relowner AS owner, c.relkind,
       (SELECT bool_and(has_sequence_privilege(c.oid, p || ' WITH GRANT OPTION'))
        FROM unnest(ARRAY[E'SELECT']) AS p) AS grantable
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_roles AS g ON g.rolname = E'reader'
WHERE n.nspname = E'public' AND c.relowner IS DISTINCT FROM g.oid
  AND NOT EXISTS (SELECT FROM pg_depend AS e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
  AND c.relkind IN ('S')
  AND EXISTS (SELECT FROM unnest(ARRAY[E'SELECT']) AS p
              WHERE has_sequence_privilege(g.oid, c.oid, p) IS NOT TRUE)
    ) AS o
    WHERE o.grantable OR pg_has_role(current_user, o.owner, 'USAGE');
    IF lacking IS NOT NULL THEN
        EXECUTE 'GRANT SELECT ON SEQUENCE ' || lacking || format(' TO %I', E'reader'::text);
    END IF;
END
$dbprov$;

-- give back membership in role "app" for this admin
\if :borrowed_1
REVOKE "app" FROM CURRENT_USER;
\endif

COMMIT;
