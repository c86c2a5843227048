-- analytics: database we"i`rd_%db\$x;-- on PostgreSQL, made by dbprov 0.1.0
--
-- For PostgreSQL 18, to be run by an admin: a superuser, or the restricted
-- admin of a managed service. It can be run again at any time: what is there already is left as it is.
-- No password is in this file, and nothing of it was executed by dbprov.
--
-- It takes these passwords from the environment:
--   o_w_n_e_dbprov_r_password: of user o'w"n e$dbprov$r, kept in file .dbprov/db.example.com_5432/o%27w%22n e%24dbprov%24r
--   a_p_p_____x______v__password: of user a"p`p\ {{ x }} :'v', kept in file .dbprov/db.example.com_5432/a%22p%60p%5C %7B%7B x %7D%7D %3A%27v%27
--
-- Put them into the environment; psql 15 or newer takes them from there, and goes into the new database by itself:
--   export o_w_n_e_dbprov_r_password=...
--   export a_p_p_____x______v__password=...
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

\if :{?o_w_n_e_dbprov_r_password}
\else
\getenv o_w_n_e_dbprov_r_password o_w_n_e_dbprov_r_password
\endif
\if :{?a_p_p_____x______v__password}
\else
\getenv a_p_p_____x______v__password a_p_p_____x______v__password
\endif

BEGIN;

-- create user "o'w"n e$dbprov$r"
SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'o''w"n e$dbprov$r') AS missing \gset
\if :missing
CREATE ROLE "o'w""n e$dbprov$r" LOGIN
    PASSWORD :'o_w_n_e_dbprov_r_password';
\endif

-- create user "a"p`p\ {{ x }} :'v'"
SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = E'a"p`p\\ {{ x }} :''v''') AS missing \gset
\if :missing
CREATE ROLE "a""p`p\ {{ x }} :'v'" LOGIN
    PASSWORD :'a_p_p_____x______v__password';
\endif

-- set label of user "o'w"n e$dbprov$r"
SELECT shobj_description(r.oid, 'pg_authid') IS NULL
       AND (SELECT a.rolsuper OR a.rolcreaterole AND NOT r.rolsuper AND pg_has_role(current_user, r.oid, 'MEMBER WITH ADMIN OPTION')
 FROM pg_roles AS a WHERE a.rolname = current_user) AS missing
FROM pg_roles AS r
WHERE r.rolname = 'o''w"n e$dbprov$r' \gset
\if :missing
COMMENT ON ROLE "o'w""n e$dbprov$r" IS 'dbprov: deployment analytics of hostile.yaml';
\endif

-- set label of user "a"p`p\ {{ x }} :'v'"
SELECT shobj_description(r.oid, 'pg_authid') IS NULL
       AND (SELECT a.rolsuper OR a.rolcreaterole AND NOT r.rolsuper AND pg_has_role(current_user, r.oid, 'MEMBER WITH ADMIN OPTION')
 FROM pg_roles AS a WHERE a.rolname = current_user) AS missing
FROM pg_roles AS r
WHERE r.rolname = E'a"p`p\\ {{ x }} :''v''' \gset
\if :missing
COMMENT ON ROLE "a""p`p\ {{ x }} :'v'" IS 'dbprov: deployment analytics of hostile.yaml';
\endif

COMMIT;

-- create database "we"i`rd_%db\$x;--"
SELECT NOT EXISTS (SELECT FROM pg_database WHERE datname = E'we"i`rd_%db\\$x;--') AS missing \gset
\if :missing
CREATE DATABASE "we""i`rd_%db\$x;--"
    TEMPLATE template0
    ENCODING 'UTF8'
    ALLOW_CONNECTIONS false CONNECTION LIMIT 0;
\endif

BEGIN;

-- borrow membership in role "o'w"n e$dbprov$r" for this admin
SELECT NOT a.rolsuper AND NOT (pg_has_role(current_user, r.oid, 'USAGE') AND pg_has_role(current_user, r.oid, 'SET')) AS missing
FROM pg_roles AS r, pg_roles AS a
WHERE r.rolname = 'o''w"n e$dbprov$r' AND a.rolname = current_user \gset
\set borrowed_1 :missing
\if :borrowed_1
GRANT "o'w""n e$dbprov$r" TO CURRENT_USER WITH INHERIT TRUE, SET TRUE;
\endif

-- set label of database "we"i`rd_%db\$x;--"
SELECT shobj_description(d.oid, 'pg_database') IS NULL AND pg_has_role(current_user, d.datdba, 'USAGE') AS missing
FROM pg_database AS d
WHERE d.datname = E'we"i`rd_%db\\$x;--' \gset
\if :missing
COMMENT ON DATABASE "we""i`rd_%db\$x;--" IS 'dbprov: deployment analytics of hostile.yaml';
\endif

-- set owner of database "we"i`rd_%db\$x;--" to "o'w"n e$dbprov$r"
SELECT pg_get_userbyid(datdba) <> 'o''w"n e$dbprov$r' AS missing FROM pg_database WHERE datname = E'we"i`rd_%db\\$x;--' \gset
\if :missing
ALTER DATABASE "we""i`rd_%db\$x;--" OWNER TO "o'w""n e$dbprov$r";
\endif

-- revoke CONNECT, TEMPORARY on database "we"i`rd_%db\$x;--" from PUBLIC
SELECT NOT datallowconn AND datconnlimit = 0 AS missing FROM pg_database WHERE datname = E'we"i`rd_%db\\$x;--' \gset
\if :missing
REVOKE CONNECT, TEMPORARY ON DATABASE "we""i`rd_%db\$x;--" FROM PUBLIC;
\endif

-- grant CONNECT on database "we"i`rd_%db\$x;--" for this admin
GRANT CONNECT ON DATABASE "we""i`rd_%db\$x;--"
    TO CURRENT_USER;
DO $dbprov$
BEGIN
    PERFORM pg_catalog.set_config('search_path', '', true);
    IF EXISTS (SELECT FROM unnest(ARRAY[E'CONNECT']) AS p
               WHERE NOT has_database_privilege(current_user, E'we"i`rd_%db\\\x24x;--', p)) THEN
        RAISE EXCEPTION 'nothing was granted: the owner of the database, or a superuser, must run this file, or grant it first';
    END IF;
END
$dbprov$;

-- grant all privileges on database "we"i`rd_%db\$x;--" for "o'w"n e$dbprov$r"
GRANT ALL PRIVILEGES ON DATABASE "we""i`rd_%db\$x;--"
    TO "o'w""n e$dbprov$r";
DO $dbprov$
BEGIN
    PERFORM pg_catalog.set_config('search_path', '', true);
    IF EXISTS (SELECT FROM unnest(ARRAY[E'CONNECT', E'CREATE', E'TEMPORARY']) AS p
               WHERE NOT has_database_privilege(E'o\'w"n e\x24dbprov\x24r', E'we"i`rd_%db\\\x24x;--', p)) THEN
        RAISE EXCEPTION 'nothing was granted: the owner of the database, or a superuser, must run this file, or grant it first';
    END IF;
END
$dbprov$;

-- grant all privileges on database "we"i`rd_%db\$x;--" for "a"p`p\ {{ x }} :'v'"
GRANT ALL PRIVILEGES ON DATABASE "we""i`rd_%db\$x;--"
    TO "a""p`p\ {{ x }} :'v'";
DO $dbprov$
BEGIN
    PERFORM pg_catalog.set_config('search_path', '', true);
    IF EXISTS (SELECT FROM unnest(ARRAY[E'CONNECT', E'CREATE', E'TEMPORARY']) AS p
               WHERE NOT has_database_privilege(E'a"p`p\\ {{ x }} :\'v\'', E'we"i`rd_%db\\\x24x;--', p)) THEN
        RAISE EXCEPTION 'nothing was granted: the owner of the database, or a superuser, must run this file, or grant it first';
    END IF;
END
$dbprov$;

-- open database "we"i`rd_%db\$x;--" to connections
SELECT NOT datallowconn AND datconnlimit = 0 AS missing FROM pg_database WHERE datname = E'we"i`rd_%db\\$x;--' \gset
\if :missing
ALTER DATABASE "we""i`rd_%db\$x;--" ALLOW_CONNECTIONS true CONNECTION LIMIT -1;
\endif

-- set search_path of user "o'w"n e$dbprov$r" in database "we"i`rd_%db\$x;--"
SELECT NOT EXISTS (
    SELECT FROM pg_db_role_setting AS s
    JOIN pg_database AS d ON d.oid = s.setdatabase
    JOIN pg_roles AS r ON r.oid = s.setrole
    WHERE r.rolname = 'o''w"n e$dbprov$r' AND d.datname = E'we"i`rd_%db\\$x;--'
      AND 'search_path=' || (SELECT string_agg(quote_ident(x), ', ' ORDER BY i)
                   FROM unnest(ARRAY['sch''e"ma $$', 'public']) WITH ORDINALITY AS u (x, i)) = ANY (s.setconfig)) AS missing \gset
\if :missing
ALTER ROLE "o'w""n e$dbprov$r" IN DATABASE "we""i`rd_%db\$x;--" SET search_path = "sch'e""ma $$", "public";
\endif

-- set search_path of user "a"p`p\ {{ x }} :'v'" in database "we"i`rd_%db\$x;--"
SELECT NOT EXISTS (
    SELECT FROM pg_db_role_setting AS s
    JOIN pg_database AS d ON d.oid = s.setdatabase
    JOIN pg_roles AS r ON r.oid = s.setrole
    WHERE r.rolname = E'a"p`p\\ {{ x }} :''v''' AND d.datname = E'we"i`rd_%db\\$x;--'
      AND 'search_path=' || (SELECT string_agg(quote_ident(x), ', ' ORDER BY i)
                   FROM unnest(ARRAY['sch''e"ma $$', 'public']) WITH ORDINALITY AS u (x, i)) = ANY (s.setconfig)) AS missing \gset
\if :missing
ALTER ROLE "a""p`p\ {{ x }} :'v'" IN DATABASE "we""i`rd_%db\$x;--" SET search_path = "sch'e""ma $$", "public";
\endif

-- give back membership in role "o'w"n e$dbprov$r" for this admin
\if :borrowed_1
REVOKE "o'w""n e$dbprov$r" FROM CURRENT_USER;
\endif

COMMIT;

\connect "we""i`rd_%db\$x;--"
SET client_encoding = 'UTF8';
SET search_path = '';
SET ROLE NONE;
SELECT count(set_config(name, coalesce(boot_val, ''), false)) AS presets_set_back FROM pg_settings
WHERE source IN ('database', 'user', 'database user') AND context = 'user' \gset
SET standard_conforming_strings = on;
SET password_encryption = 'scram-sha-256';

BEGIN;

-- borrow membership in role "o'w"n e$dbprov$r" for this admin
SELECT NOT a.rolsuper AND NOT (pg_has_role(current_user, r.oid, 'USAGE') AND pg_has_role(current_user, r.oid, 'SET')) AS missing
FROM pg_roles AS r, pg_roles AS a
WHERE r.rolname = 'o''w"n e$dbprov$r' AND a.rolname = current_user \gset
\set borrowed_1 :missing
\if :borrowed_1
GRANT "o'w""n e$dbprov$r" TO CURRENT_USER WITH INHERIT TRUE, SET TRUE;
\endif

-- borrow membership in role "a"p`p\ {{ x }} :'v'" for this admin
SELECT NOT a.rolsuper AND NOT (pg_has_role(current_user, r.oid, 'USAGE') AND pg_has_role(current_user, r.oid, 'SET')) AS missing
FROM pg_roles AS r, pg_roles AS a
WHERE r.rolname = E'a"p`p\\ {{ x }} :''v''' AND a.rolname = current_user \gset
\set borrowed_2 :missing
\if :borrowed_2
GRANT "a""p`p\ {{ x }} :'v'" TO CURRENT_USER WITH INHERIT TRUE, SET TRUE;
\endif

-- create schema "sch'e"ma $$"
SELECT NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'sch''e"ma $$') AS missing \gset
\if :missing
CREATE SCHEMA "sch'e""ma $$" AUTHORIZATION "o'w""n e$dbprov$r";
\endif

-- create extension "uuid-ossp"
DO $dbprov$
DECLARE
    planters pg_catalog.text;
BEGIN
    PERFORM pg_catalog.set_config('search_path', '', true);
    IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = E'uuid-ossp') THEN
        SELECT string_agg(p.who, ', ' ORDER BY p.who) INTO planters FROM (
SELECT DISTINCT CASE WHEN h.oid = 0 THEN 'PUBLIC' ELSE format('"%s"', r.rolname) END AS who
FROM pg_namespace AS n
JOIN pg_database AS d ON d.datname = current_database()
CROSS JOIN LATERAL (
    SELECT n.nspowner AS oid
    UNION SELECT x.grantee FROM aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) AS x WHERE x.privilege_type = 'CREATE'
    UNION SELECT f.proowner FROM pg_proc AS f WHERE f.pronamespace = n.oid
    UNION SELECT o.oprowner FROM pg_operator AS o WHERE o.oprnamespace = n.oid) AS h
LEFT JOIN pg_roles AS r ON r.oid = CASE WHEN pg_get_userbyid(h.oid) = 'pg_database_owner' THEN d.datdba ELSE h.oid END
WHERE n.nspname = E'sch\'e"ma \x24\x24'
  AND CASE WHEN h.oid = 0
           THEN EXISTS (SELECT FROM pg_roles AS l
                        WHERE l.rolcanlogin AND NOT l.rolsuper AND l.rolname <> current_user
                          AND l.rolname <> ALL (ARRAY[E'o\'w"n e\x24dbprov\x24r', E'a"p`p\\ {{ x }} :\'v\'']::text[])
                          AND has_database_privilege(l.oid, d.oid, 'CONNECT'))
           ELSE NOT r.rolsuper AND r.rolname <> current_user AND r.rolname <> ALL (ARRAY[E'o\'w"n e\x24dbprov\x24r', E'a"p`p\\ {{ x }} :\'v\'']::text[]) END
        ) AS p;
        IF planters IS NOT NULL THEN
            RAISE EXCEPTION 'the extension is not created: % may create in its schema, or has routines or operators there, which its script could run; create it by hand in a schema where nobody else may create, and run this again', planters;
        END IF;
        EXECUTE format('CREATE EXTENSION %I SCHEMA %I', E'uuid-ossp'::text, E'sch\'e"ma \x24\x24'::text);
    END IF;
END
$dbprov$;

-- create extension "e'x"t $dbprov$"
DO $dbprov$
DECLARE
    planters pg_catalog.text;
BEGIN
    PERFORM pg_catalog.set_config('search_path', '', true);
    IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = E'e\'x"t \x24dbprov\x24') THEN
        SELECT string_agg(p.who, ', ' ORDER BY p.who) INTO planters FROM (
SELECT DISTINCT CASE WHEN h.oid = 0 THEN 'PUBLIC' ELSE format('"%s"', r.rolname) END AS who
FROM pg_namespace AS n
JOIN pg_database AS d ON d.datname = current_database()
CROSS JOIN LATERAL (
    SELECT n.nspowner AS oid
    UNION SELECT x.grantee FROM aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) AS x WHERE x.privilege_type = 'CREATE'
    UNION SELECT f.proowner FROM pg_proc AS f WHERE f.pronamespace = n.oid
    UNION SELECT o.oprowner FROM pg_operator AS o WHERE o.oprnamespace = n.oid) AS h
LEFT JOIN pg_roles AS r ON r.oid = CASE WHEN pg_get_userbyid(h.oid) = 'pg_database_owner' THEN d.datdba ELSE h.oid END
WHERE n.nspname = E'sch\'e"ma \x24\x24'
  AND CASE WHEN h.oid = 0
           THEN EXISTS (SELECT FROM pg_roles AS l
                        WHERE l.rolcanlogin AND NOT l.rolsuper AND l.rolname <> current_user
                          AND l.rolname <> ALL (ARRAY[E'o\'w"n e\x24dbprov\x24r', E'a"p`p\\ {{ x }} :\'v\'']::text[])
                          AND has_database_privilege(l.oid, d.oid, 'CONNECT'))
           ELSE NOT r.rolsuper AND r.rolname <> current_user AND r.rolname <> ALL (ARRAY[E'o\'w"n e\x24dbprov\x24r', E'a"p`p\\ {{ x }} :\'v\'']::text[]) END
        ) AS p;
        IF planters IS NOT NULL THEN
            RAISE EXCEPTION 'the extension is not created: % may create in its schema, or has routines or operators there, which its script could run; create it by hand in a schema where nobody else may create, and run this again', planters;
        END IF;
        EXECUTE format('CREATE EXTENSION %I SCHEMA %I', E'e\'x"t \x24dbprov\x24'::text, E'sch\'e"ma \x24\x24'::text);
    END IF;
END
$dbprov$;

-- grant CREATE, USAGE on schema "sch'e"ma $$" for "o'w"n e$dbprov$r"
SELECT pg_has_role(current_user, CASE WHEN pg_get_userbyid(nspowner) = 'pg_database_owner'
                                      THEN (SELECT datdba FROM pg_database WHERE datname = current_database())
                                      ELSE nspowner END, 'USAGE') AS missing
FROM pg_namespace
WHERE nspname = 'sch''e"ma $$' \gset
\if :missing
GRANT CREATE, USAGE ON SCHEMA "sch'e""ma $$" TO "o'w""n e$dbprov$r";
\endif
DO $dbprov$
BEGIN
    PERFORM pg_catalog.set_config('search_path', '', true);
    IF EXISTS (SELECT FROM unnest(ARRAY[E'CREATE', E'USAGE']) AS p
               WHERE NOT has_schema_privilege(E'o\'w"n e\x24dbprov\x24r', E'sch\'e"ma \x24\x24', p)) THEN
        RAISE EXCEPTION 'nothing was granted: the owner of the schema, or a superuser, must run this file, or grant it first';
    END IF;
END
$dbprov$;

-- grant CREATE, USAGE on schema "sch'e"ma $$" for "a"p`p\ {{ x }} :'v'"
SELECT pg_has_role(current_user, CASE WHEN pg_get_userbyid(nspowner) = 'pg_database_owner'
                                      THEN (SELECT datdba FROM pg_database WHERE datname = current_database())
                                      ELSE nspowner END, 'USAGE') AS missing
FROM pg_namespace
WHERE nspname = 'sch''e"ma $$' \gset
\if :missing
GRANT CREATE, USAGE ON SCHEMA "sch'e""ma $$" TO "a""p`p\ {{ x }} :'v'";
\endif
DO $dbprov$
BEGIN
    PERFORM pg_catalog.set_config('search_path', '', true);
    IF EXISTS (SELECT FROM unnest(ARRAY[E'CREATE', E'USAGE']) AS p
               WHERE NOT has_schema_privilege(E'a"p`p\\ {{ x }} :\'v\'', E'sch\'e"ma \x24\x24', p)) THEN
        RAISE EXCEPTION 'nothing was granted: the owner of the schema, or a superuser, must run this file, or grant it first';
    END IF;
END
$dbprov$;

-- grant CREATE, USAGE on schema "public" for "o'w"n e$dbprov$r"
SELECT pg_has_role(current_user, CASE WHEN pg_get_userbyid(nspowner) = 'pg_database_owner'
                                      THEN (SELECT datdba FROM pg_database WHERE datname = current_database())
                                      ELSE nspowner END, 'USAGE') AS missing
FROM pg_namespace
WHERE nspname = 'public' \gset
\if :missing
GRANT CREATE, USAGE ON SCHEMA "public" TO "o'w""n e$dbprov$r";
\endif
DO $dbprov$
BEGIN
    PERFORM pg_catalog.set_config('search_path', '', true);
    IF EXISTS (SELECT FROM unnest(ARRAY[E'CREATE', E'USAGE']) AS p
               WHERE NOT has_schema_privilege(E'o\'w"n e\x24dbprov\x24r', E'public', p)) THEN
        RAISE EXCEPTION 'nothing was granted: the owner of the schema, or a superuser, must run this file, or grant it first';
    END IF;
END
$dbprov$;

-- grant CREATE, USAGE on schema "public" for "a"p`p\ {{ x }} :'v'"
SELECT pg_has_role(current_user, CASE WHEN pg_get_userbyid(nspowner) = 'pg_database_owner'
                                      THEN (SELECT datdba FROM pg_database WHERE datname = current_database())
                                      ELSE nspowner END, 'USAGE') AS missing
FROM pg_namespace
WHERE nspname = 'public' \gset
\if :missing
GRANT CREATE, USAGE ON SCHEMA "public" TO "a""p`p\ {{ x }} :'v'";
\endif
DO $dbprov$
BEGIN
    PERFORM pg_catalog.set_config('search_path', '', true);
    IF EXISTS (SELECT FROM unnest(ARRAY[E'CREATE', E'USAGE']) AS p
               WHERE NOT has_schema_privilege(E'a"p`p\\ {{ x }} :\'v\'', E'public', p)) THEN
        RAISE EXCEPTION 'nothing was granted: the owner of the schema, or a superuser, must run this file, or grant it first';
    END IF;
END
$dbprov$;

-- grant all privileges on future tables of this admin in schema "sch'e"ma $$" for "o'w"n e$dbprov$r"
ALTER DEFAULT PRIVILEGES FOR ROLE CURRENT_USER IN SCHEMA "sch'e""ma $$"
    GRANT ALL PRIVILEGES ON TABLES TO "o'w""n e$dbprov$r";

-- grant all privileges on future sequences of this admin in schema "sch'e"ma $$" for "o'w"n e$dbprov$r"
ALTER DEFAULT PRIVILEGES FOR ROLE CURRENT_USER IN SCHEMA "sch'e""ma $$"
    GRANT ALL PRIVILEGES ON SEQUENCES TO "o'w""n e$dbprov$r";

-- grant all privileges on future routines of this admin in schema "sch'e"ma $$" for "o'w"n e$dbprov$r"
ALTER DEFAULT PRIVILEGES FOR ROLE CURRENT_USER IN SCHEMA "sch'e""ma $$"
    GRANT ALL PRIVILEGES ON ROUTINES TO "o'w""n e$dbprov$r";

-- grant all privileges on future tables of "a"p`p\ {{ x }} :'v'" in schema "sch'e"ma $$" for "o'w"n e$dbprov$r"
ALTER DEFAULT PRIVILEGES FOR ROLE "a""p`p\ {{ x }} :'v'" IN SCHEMA "sch'e""ma $$"
    GRANT ALL PRIVILEGES ON TABLES TO "o'w""n e$dbprov$r";

-- grant all privileges on future sequences of "a"p`p\ {{ x }} :'v'" in schema "sch'e"ma $$" for "o'w"n e$dbprov$r"
ALTER DEFAULT PRIVILEGES FOR ROLE "a""p`p\ {{ x }} :'v'" IN SCHEMA "sch'e""ma $$"
    GRANT ALL PRIVILEGES ON SEQUENCES TO "o'w""n e$dbprov$r";

-- grant all privileges on future routines of "a"p`p\ {{ x }} :'v'" in schema "sch'e"ma $$" for "o'w"n e$dbprov$r"
ALTER DEFAULT PRIVILEGES FOR ROLE "a""p`p\ {{ x }} :'v'" IN SCHEMA "sch'e""ma $$"
    GRANT ALL PRIVILEGES ON ROUTINES TO "o'w""n e$dbprov$r";

-- grant all privileges on future tables of this admin in schema "sch'e"ma $$" for "a"p`p\ {{ x }} :'v'"
ALTER DEFAULT PRIVILEGES FOR ROLE CURRENT_USER IN SCHEMA "sch'e""ma $$"
    GRANT ALL PRIVILEGES ON TABLES TO "a""p`p\ {{ x }} :'v'";

-- grant all privileges on future sequences of this admin in schema "sch'e"ma $$" for "a"p`p\ {{ x }} :'v'"
ALTER DEFAULT PRIVILEGES FOR ROLE CURRENT_USER IN SCHEMA "sch'e""ma $$"
    GRANT ALL PRIVILEGES ON SEQUENCES TO "a""p`p\ {{ x }} :'v'";

-- grant all privileges on future routines of this admin in schema "sch'e"ma $$" for "a"p`p\ {{ x }} :'v'"
ALTER DEFAULT PRIVILEGES FOR ROLE CURRENT_USER IN SCHEMA "sch'e""ma $$"
    GRANT ALL PRIVILEGES ON ROUTINES TO "a""p`p\ {{ x }} :'v'";

-- grant all privileges on future tables of "o'w"n e$dbprov$r" in schema "sch'e"ma $$" for "a"p`p\ {{ x }} :'v'"
ALTER DEFAULT PRIVILEGES FOR ROLE "o'w""n e$dbprov$r" IN SCHEMA "sch'e""ma $$"
    GRANT ALL PRIVILEGES ON TABLES TO "a""p`p\ {{ x }} :'v'";

-- grant all privileges on future sequences of "o'w"n e$dbprov$r" in schema "sch'e"ma $$" for "a"p`p\ {{ x }} :'v'"
ALTER DEFAULT PRIVILEGES FOR ROLE "o'w""n e$dbprov$r" IN SCHEMA "sch'e""ma $$"
    GRANT ALL PRIVILEGES ON SEQUENCES TO "a""p`p\ {{ x }} :'v'";

-- grant all privileges on future routines of "o'w"n e$dbprov$r" in schema "sch'e"ma $$" for "a"p`p\ {{ x }} :'v'"
ALTER DEFAULT PRIVILEGES FOR ROLE "o'w""n e$dbprov$r" IN SCHEMA "sch'e""ma $$"
    GRANT ALL PRIVILEGES ON ROUTINES TO "a""p`p\ {{ x }} :'v'";

-- grant all privileges on future tables of this admin in schema "public" for "o'w"n e$dbprov$r"
ALTER DEFAULT PRIVILEGES FOR ROLE CURRENT_USER IN SCHEMA "public"
    GRANT ALL PRIVILEGES ON TABLES TO "o'w""n e$dbprov$r";

-- grant all privileges on future sequences of this admin in schema "public" for "o'w"n e$dbprov$r"
ALTER DEFAULT PRIVILEGES FOR ROLE CURRENT_USER IN SCHEMA "public"
    GRANT ALL PRIVILEGES ON SEQUENCES TO "o'w""n e$dbprov$r";

-- grant all privileges on future routines of this admin in schema "public" for "o'w"n e$dbprov$r"
ALTER DEFAULT PRIVILEGES FOR ROLE CURRENT_USER IN SCHEMA "public"
    GRANT ALL PRIVILEGES ON ROUTINES TO "o'w""n e$dbprov$r";

-- grant all privileges on future tables of "a"p`p\ {{ x }} :'v'" in schema "public" for "o'w"n e$dbprov$r"
ALTER DEFAULT PRIVILEGES FOR ROLE "a""p`p\ {{ x }} :'v'" IN SCHEMA "public"
    GRANT ALL PRIVILEGES ON TABLES TO "o'w""n e$dbprov$r";

-- grant all privileges on future sequences of "a"p`p\ {{ x }} :'v'" in schema "public" for "o'w"n e$dbprov$r"
ALTER DEFAULT PRIVILEGES FOR ROLE "a""p`p\ {{ x }} :'v'" IN SCHEMA "public"
    GRANT ALL PRIVILEGES ON SEQUENCES TO "o'w""n e$dbprov$r";

-- grant all privileges on future routines of "a"p`p\ {{ x }} :'v'" in schema "public" for "o'w"n e$dbprov$r"
ALTER DEFAULT PRIVILEGES FOR ROLE "a""p`p\ {{ x }} :'v'" IN SCHEMA "public"
    GRANT ALL PRIVILEGES ON ROUTINES TO "o'w""n e$dbprov$r";

-- grant all privileges on future tables of this admin in schema "public" for "a"p`p\ {{ x }} :'v'"
ALTER DEFAULT PRIVILEGES FOR ROLE CURRENT_USER IN SCHEMA "public"
    GRANT ALL PRIVILEGES ON TABLES TO "a""p`p\ {{ x }} :'v'";

-- grant all privileges on future sequences of this admin in schema "public" for "a"p`p\ {{ x }} :'v'"
ALTER DEFAULT PRIVILEGES FOR ROLE CURRENT_USER IN SCHEMA "public"
    GRANT ALL PRIVILEGES ON SEQUENCES TO "a""p`p\ {{ x }} :'v'";

-- grant all privileges on future routines of this admin in schema "public" for "a"p`p\ {{ x }} :'v'"
ALTER DEFAULT PRIVILEGES FOR ROLE CURRENT_USER IN SCHEMA "public"
    GRANT ALL PRIVILEGES ON ROUTINES TO "a""p`p\ {{ x }} :'v'";

-- grant all privileges on future tables of "o'w"n e$dbprov$r" in schema "public" for "a"p`p\ {{ x }} :'v'"
ALTER DEFAULT PRIVILEGES FOR ROLE "o'w""n e$dbprov$r" IN SCHEMA "public"
    GRANT ALL PRIVILEGES ON TABLES TO "a""p`p\ {{ x }} :'v'";

-- grant all privileges on future sequences of "o'w"n e$dbprov$r" in schema "public" for "a"p`p\ {{ x }} :'v'"
ALTER DEFAULT PRIVILEGES FOR ROLE "o'w""n e$dbprov$r" IN SCHEMA "public"
    GRANT ALL PRIVILEGES ON SEQUENCES TO "a""p`p\ {{ x }} :'v'";

-- grant all privileges on future routines of "o'w"n e$dbprov$r" in schema "public" for "a"p`p\ {{ x }} :'v'"
ALTER DEFAULT PRIVILEGES FOR ROLE "o'w""n e$dbprov$r" IN SCHEMA "public"
    GRANT ALL PRIVILEGES ON ROUTINES TO "a""p`p\ {{ x }} :'v'";

-- grant all privileges on existing tables in schema "sch'e"ma $$" for "o'w"n e$dbprov$r"
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
LEFT JOIN pg_roles AS g ON g.rolname = E'o\'w"n e\x24dbprov\x24r'
WHERE n.nspname = E'sch\'e"ma \x24\x24' AND c.relowner IS DISTINCT FROM g.oid
  AND NOT EXISTS (SELECT FROM pg_depend AS e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
  AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND EXISTS (SELECT FROM unnest(ARRAY[E'DELETE', E'INSERT', E'REFERENCES', E'SELECT', E'TRIGGER', E'TRUNCATE', E'UPDATE', E'MAINTAIN']) AS p
              WHERE has_table_privilege(g.oid, c.oid, p) IS NOT TRUE)
    ) AS o
    WHERE o.grantable OR pg_has_role(current_user, o.owner, 'USAGE');
    IF lacking IS NOT NULL THEN
        EXECUTE 'GRANT ALL PRIVILEGES ON TABLE ' || lacking || format(' TO %I', E'o\'w"n e\x24dbprov\x24r'::text);
    END IF;
END
$dbprov$;

-- grant all privileges on existing sequences in schema "sch'e"ma $$" for "o'w"n e$dbprov$r"
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
LEFT JOIN pg_roles AS g ON g.rolname = E'o\'w"n e\x24dbprov\x24r'
WHERE n.nspname = E'sch\'e"ma \x24\x24' AND c.relowner IS DISTINCT FROM g.oid
  AND NOT EXISTS (SELECT FROM pg_depend AS e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
  AND c.relkind IN ('S')
  AND EXISTS (SELECT FROM unnest(ARRAY[E'SELECT', E'UPDATE', E'USAGE']) AS p
              WHERE has_sequence_privilege(g.oid, c.oid, p) IS NOT TRUE)
    ) AS o
    WHERE o.grantable OR pg_has_role(current_user, o.owner, 'USAGE');
    IF lacking IS NOT NULL THEN
        EXECUTE 'GRANT ALL PRIVILEGES ON SEQUENCE ' || lacking || format(' TO %I', E'o\'w"n e\x24dbprov\x24r'::text);
    END IF;
END
$dbprov$;

-- grant all privileges on existing routines in schema "sch'e"ma $$" for "o'w"n e$dbprov$r"
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
LEFT JOIN pg_roles AS g ON g.rolname = E'o\'w"n e\x24dbprov\x24r'
WHERE n.nspname = E'sch\'e"ma \x24\x24' AND p.proowner IS DISTINCT FROM g.oid
  AND has_function_privilege(g.oid, p.oid, 'EXECUTE') IS NOT TRUE
  AND NOT EXISTS (SELECT FROM pg_depend AS e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype = 'e')
    ) AS o
    WHERE o.grantable OR pg_has_role(current_user, o.owner, 'USAGE');
    IF lacking IS NOT NULL THEN
        EXECUTE 'GRANT ALL PRIVILEGES ON ROUTINE ' || lacking || format(' TO %I', E'o\'w"n e\x24dbprov\x24r'::text);
    END IF;
END
$dbprov$;

-- grant all privileges on existing tables in schema "sch'e"ma $$" for "a"p`p\ {{ x }} :'v'"
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
LEFT JOIN pg_roles AS g ON g.rolname = E'a"p`p\\ {{ x }} :\'v\''
WHERE n.nspname = E'sch\'e"ma \x24\x24' AND c.relowner IS DISTINCT FROM g.oid
  AND NOT EXISTS (SELECT FROM pg_depend AS e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
  AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND EXISTS (SELECT FROM unnest(ARRAY[E'DELETE', E'INSERT', E'REFERENCES', E'SELECT', E'TRIGGER', E'TRUNCATE', E'UPDATE', E'MAINTAIN']) AS p
              WHERE has_table_privilege(g.oid, c.oid, p) IS NOT TRUE)
    ) AS o
    WHERE o.grantable OR pg_has_role(current_user, o.owner, 'USAGE');
    IF lacking IS NOT NULL THEN
        EXECUTE 'GRANT ALL PRIVILEGES ON TABLE ' || lacking || format(' TO %I', E'a"p`p\\ {{ x }} :\'v\''::text);
    END IF;
END
$dbprov$;

-- grant all privileges on existing sequences in schema "sch'e"ma $$" for "a"p`p\ {{ x }} :'v'"
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
LEFT JOIN pg_roles AS g ON g.rolname = E'a"p`p\\ {{ x }} :\'v\''
WHERE n.nspname = E'sch\'e"ma \x24\x24' AND c.relowner IS DISTINCT FROM g.oid
  AND NOT EXISTS (SELECT FROM pg_depend AS e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
  AND c.relkind IN ('S')
  AND EXISTS (SELECT FROM unnest(ARRAY[E'SELECT', E'UPDATE', E'USAGE']) AS p
              WHERE has_sequence_privilege(g.oid, c.oid, p) IS NOT TRUE)
    ) AS o
    WHERE o.grantable OR pg_has_role(current_user, o.owner, 'USAGE');
    IF lacking IS NOT NULL THEN
        EXECUTE 'GRANT ALL PRIVILEGES ON SEQUENCE ' || lacking || format(' TO %I', E'a"p`p\\ {{ x }} :\'v\''::text);
    END IF;
END
$dbprov$;

-- grant all privileges on existing routines in schema "sch'e"ma $$" for "a"p`p\ {{ x }} :'v'"
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
LEFT JOIN pg_roles AS g ON g.rolname = E'a"p`p\\ {{ x }} :\'v\''
WHERE n.nspname = E'sch\'e"ma \x24\x24' AND p.proowner IS DISTINCT FROM g.oid
  AND has_function_privilege(g.oid, p.oid, 'EXECUTE') IS NOT TRUE
  AND NOT EXISTS (SELECT FROM pg_depend AS e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype = 'e')
    ) AS o
    WHERE o.grantable OR pg_has_role(current_user, o.owner, 'USAGE');
    IF lacking IS NOT NULL THEN
        EXECUTE 'GRANT ALL PRIVILEGES ON ROUTINE ' || lacking || format(' TO %I', E'a"p`p\\ {{ x }} :\'v\''::text);
    END IF;
END
$dbprov$;

-- grant all privileges on existing tables in schema "public" for "o'w"n e$dbprov$r"
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
LEFT JOIN pg_roles AS g ON g.rolname = E'o\'w"n e\x24dbprov\x24r'
WHERE n.nspname = E'public' AND c.relowner IS DISTINCT FROM g.oid
  AND NOT EXISTS (SELECT FROM pg_depend AS e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
  AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND EXISTS (SELECT FROM unnest(ARRAY[E'DELETE', E'INSERT', E'REFERENCES', E'SELECT', E'TRIGGER', E'TRUNCATE', E'UPDATE', E'MAINTAIN']) AS p
              WHERE has_table_privilege(g.oid, c.oid, p) IS NOT TRUE)
    ) AS o
    WHERE o.grantable OR pg_has_role(current_user, o.owner, 'USAGE');
    IF lacking IS NOT NULL THEN
        EXECUTE 'GRANT ALL PRIVILEGES ON TABLE ' || lacking || format(' TO %I', E'o\'w"n e\x24dbprov\x24r'::text);
    END IF;
END
$dbprov$;

-- grant all privileges on existing sequences in schema "public" for "o'w"n e$dbprov$r"
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
LEFT JOIN pg_roles AS g ON g.rolname = E'o\'w"n e\x24dbprov\x24r'
WHERE n.nspname = E'public' AND c.relowner IS DISTINCT FROM g.oid
  AND NOT EXISTS (SELECT FROM pg_depend AS e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
  AND c.relkind IN ('S')
  AND EXISTS (SELECT FROM unnest(ARRAY[E'SELECT', E'UPDATE', E'USAGE']) AS p
              WHERE has_sequence_privilege(g.oid, c.oid, p) IS NOT TRUE)
    ) AS o
    WHERE o.grantable OR pg_has_role(current_user, o.owner, 'USAGE');
    IF lacking IS NOT NULL THEN
        EXECUTE 'GRANT ALL PRIVILEGES ON SEQUENCE ' || lacking || format(' TO %I', E'o\'w"n e\x24dbprov\x24r'::text);
    END IF;
END
$dbprov$;

-- grant all privileges on existing routines in schema "public" for "o'w"n e$dbprov$r"
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
LEFT JOIN pg_roles AS g ON g.rolname = E'o\'w"n e\x24dbprov\x24r'
WHERE n.nspname = E'public' AND p.proowner IS DISTINCT FROM g.oid
  AND has_function_privilege(g.oid, p.oid, 'EXECUTE') IS NOT TRUE
  AND NOT EXISTS (SELECT FROM pg_depend AS e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype = 'e')
    ) AS o
    WHERE o.grantable OR pg_has_role(current_user, o.owner, 'USAGE');
    IF lacking IS NOT NULL THEN
        EXECUTE 'GRANT ALL PRIVILEGES ON ROUTINE ' || lacking || format(' TO %I', E'o\'w"n e\x24dbprov\x24r'::text);
    END IF;
END
$dbprov$;

-- grant all privileges on existing tables in schema "public" for "a"p`p\ {{ x }} :'v'"
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
LEFT JOIN pg_roles AS g ON g.rolname = E'a"p`p\\ {{ x }} :\'v\''
WHERE n.nspname = E'public' AND c.relowner IS DISTINCT FROM g.oid
  AND NOT EXISTS (SELECT FROM pg_depend AS e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
  AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND EXISTS (SELECT FROM unnest(ARRAY[E'DELETE', E'INSERT', E'REFERENCES', E'SELECT', E'TRIGGER', E'TRUNCATE', E'UPDATE', E'MAINTAIN']) AS p
              WHERE has_table_privilege(g.oid, c.oid, p) IS NOT TRUE)
    ) AS o
    WHERE o.grantable OR pg_has_role(current_user, o.owner, 'USAGE');
    IF lacking IS NOT NULL THEN
        EXECUTE 'GRANT ALL PRIVILEGES ON TABLE ' || lacking || format(' TO %I', E'a"p`p\\ {{ x }} :\'v\''::text);
    END IF;
END
$dbprov$;

-- grant all privileges on existing sequences in schema "public" for "a"p`p\ {{ x }} :'v'"
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
LEFT JOIN pg_roles AS g ON g.rolname = E'a"p`p\\ {{ x }} :\'v\''
WHERE n.nspname = E'public' AND c.relowner IS DISTINCT FROM g.oid
  AND NOT EXISTS (SELECT FROM pg_depend AS e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
  AND c.relkind IN ('S')
  AND EXISTS (SELECT FROM unnest(ARRAY[E'SELECT', E'UPDATE', E'USAGE']) AS p
              WHERE has_sequence_privilege(g.oid, c.oid, p) IS NOT TRUE)
    ) AS o
    WHERE o.grantable OR pg_has_role(current_user, o.owner, 'USAGE');
    IF lacking IS NOT NULL THEN
        EXECUTE 'GRANT ALL PRIVILEGES ON SEQUENCE ' || lacking || format(' TO %I', E'a"p`p\\ {{ x }} :\'v\''::text);
    END IF;
END
$dbprov$;

-- grant all privileges on existing routines in schema "public" for "a"p`p\ {{ x }} :'v'"
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
LEFT JOIN pg_roles AS g ON g.rolname = E'a"p`p\\ {{ x }} :\'v\''
WHERE n.nspname = E'public' AND p.proowner IS DISTINCT FROM g.oid
  AND has_function_privilege(g.oid, p.oid, 'EXECUTE') IS NOT TRUE
  AND NOT EXISTS (SELECT FROM pg_depend AS e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype = 'e')
    ) AS o
    WHERE o.grantable OR pg_has_role(current_user, o.owner, 'USAGE');
    IF lacking IS NOT NULL THEN
        EXECUTE 'GRANT ALL PRIVILEGES ON ROUTINE ' || lacking || format(' TO %I', E'a"p`p\\ {{ x }} :\'v\''::text);
    END IF;
END
$dbprov$;

-- give back membership in role "a"p`p\ {{ x }} :'v'" for this admin
\if :borrowed_2
REVOKE "a""p`p\ {{ x }} :'v'" FROM CURRENT_USER;
\endif

-- give back membership in role "o'w"n e$dbprov$r" for this admin
\if :borrowed_1
REVOKE "o'w""n e$dbprov$r" FROM CURRENT_USER;
\endif

COMMIT;
