-- analytics: database we"i`rd_%db\$x;-- on PostgreSQL 18, made by dbprov 0.1.0
-- creates user "o'w"n e$dbprov$r", user "a"p`p\ {{ x }} :'v'"
-- creates database "we"i`rd_%db\$x;--" without privileges for PUBLIC
-- creates schema "sch'e"ma $$"
-- o'w"n e$dbprov$r (access: owner): owns the database; everything in schemas sch'e"ma $$, public,
--     now and in future
-- a"p`p\ {{ x }} :'v' (access: all): everything in schemas sch'e"ma $$, public, now and in future
--
-- To be run, at any time again, by a superuser or the restricted admin of a managed service.
-- It leaves what is there as it is. No password is in it, and dbprov has not run it.
-- It takes these passwords from the environment; after each stands where it is kept:
--   o_w_n_e_dbprov_r_password: file .dbprov/db.example.com_5432/o%27w%22n e%24dbprov%24r
--   a_p_p_____x______v__password:
--     file .dbprov/db.example.com_5432/a%22p%60p%5C %7B%7B x %7D%7D %3A%27v%27
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
\if :{?o_w_n_e_dbprov_r_password}
    \elif `printenv o_w_n_e_dbprov_r_password >/dev/null && echo 1 || echo 0`
    \set o_w_n_e_dbprov_r_password `printenv o_w_n_e_dbprov_r_password` \endif
\if :{?a_p_p_____x______v__password}
    \elif `printenv a_p_p_____x______v__password >/dev/null && echo 1 || echo 0`
    \set a_p_p_____x______v__password `printenv a_p_p_____x______v__password` \endif

BEGIN;
SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'o''w"n e$dbprov$r') AS missing \gset
\if :missing
-- create user "o'w"n e$dbprov$r"
CREATE ROLE "o'w""n e$dbprov$r" LOGIN PASSWORD :'o_w_n_e_dbprov_r_password';
-- set label of user "o'w"n e$dbprov$r"
COMMENT ON ROLE "o'w""n e$dbprov$r" IS 'dbprov: deployment analytics of hostile.yaml';
\endif
SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = E'a"p`p\\ {{ x }} :''v''') AS missing \gset
\if :missing
-- create user "a"p`p\ {{ x }} :'v'"
CREATE ROLE "a""p`p\ {{ x }} :'v'" LOGIN PASSWORD :'a_p_p_____x______v__password';
-- set label of user "a"p`p\ {{ x }} :'v'"
COMMENT ON ROLE "a""p`p\ {{ x }} :'v'" IS 'dbprov: deployment analytics of hostile.yaml';
\endif
COMMIT;

SELECT NOT EXISTS (SELECT FROM pg_database WHERE datname = E'we"i`rd_%db\\$x;--') AS missing \gset
\if :missing
-- create database "we"i`rd_%db\$x;--"
CREATE DATABASE "we""i`rd_%db\$x;--" TEMPLATE template0
    ENCODING 'UTF8' ALLOW_CONNECTIONS false CONNECTION LIMIT 0;
\endif

BEGIN;
SELECT NOT a.rolsuper AND NOT (pg_has_role(r.oid, 'USAGE') AND pg_has_role(r.oid, 'SET')) AS missing
FROM pg_roles AS r, pg_roles AS a
WHERE r.rolname = 'o''w"n e$dbprov$r' AND a.rolname = current_user \gset
\set borrowed_1 :missing
\if :borrowed_1
-- borrow membership in role "o'w"n e$dbprov$r" for this admin
GRANT "o'w""n e$dbprov$r" TO CURRENT_USER WITH INHERIT TRUE, SET TRUE;
\endif
SELECT pg_get_userbyid(datdba) <> 'o''w"n e$dbprov$r' AS missing FROM pg_database
    WHERE datname = E'we"i`rd_%db\\$x;--' \gset
\if :missing
-- set owner of database "we"i`rd_%db\$x;--" to "o'w"n e$dbprov$r"
ALTER DATABASE "we""i`rd_%db\$x;--" OWNER TO "o'w""n e$dbprov$r";
\endif
-- grant CONNECT on database "we"i`rd_%db\$x;--" for this admin
GRANT CONNECT ON DATABASE "we""i`rd_%db\$x;--" TO CURRENT_USER;
-- grant all privileges on database "we"i`rd_%db\$x;--" for "o'w"n e$dbprov$r"
GRANT ALL PRIVILEGES ON DATABASE "we""i`rd_%db\$x;--" TO "o'w""n e$dbprov$r";
-- grant all privileges on database "we"i`rd_%db\$x;--" for "a"p`p\ {{ x }} :'v'"
GRANT ALL PRIVILEGES ON DATABASE "we""i`rd_%db\$x;--" TO "a""p`p\ {{ x }} :'v'";
SELECT NOT datallowconn AND datconnlimit = 0 AS missing FROM pg_database
    WHERE datname = E'we"i`rd_%db\\$x;--' \gset
\if :missing
-- set label of database "we"i`rd_%db\$x;--"
COMMENT ON DATABASE "we""i`rd_%db\$x;--" IS 'dbprov: deployment analytics of hostile.yaml';
-- revoke CONNECT, TEMPORARY on database "we"i`rd_%db\$x;--" from PUBLIC
REVOKE CONNECT, TEMPORARY ON DATABASE "we""i`rd_%db\$x;--" FROM PUBLIC;
-- open database "we"i`rd_%db\$x;--" to connections
ALTER DATABASE "we""i`rd_%db\$x;--" ALLOW_CONNECTIONS true CONNECTION LIMIT -1;
\endif
SELECT NOT EXISTS (SELECT FROM pg_db_role_setting AS s
    JOIN pg_database AS d ON d.oid = s.setdatabase AND d.datname = E'we"i`rd_%db\\$x;--'
    JOIN pg_roles AS r ON r.oid = s.setrole AND r.rolname = 'o''w"n e$dbprov$r'
    WHERE 'search_path=' || quote_ident('sch''e"ma $$') || ', ' || quote_ident('public')
    = ANY(s.setconfig)) AS missing \gset
\if :missing
-- set search_path of user "o'w"n e$dbprov$r" in database "we"i`rd_%db\$x;--"
ALTER ROLE "o'w""n e$dbprov$r" IN DATABASE "we""i`rd_%db\$x;--"
    SET search_path = "sch'e""ma $$", "public";
\endif
SELECT NOT EXISTS (SELECT FROM pg_db_role_setting AS s
    JOIN pg_database AS d ON d.oid = s.setdatabase AND d.datname = E'we"i`rd_%db\\$x;--'
    JOIN pg_roles AS r ON r.oid = s.setrole AND r.rolname = E'a"p`p\\ {{ x }} :''v'''
    WHERE 'search_path=' || quote_ident('sch''e"ma $$') || ', ' || quote_ident('public')
    = ANY(s.setconfig)) AS missing \gset
\if :missing
-- set search_path of user "a"p`p\ {{ x }} :'v'" in database "we"i`rd_%db\$x;--"
ALTER ROLE "a""p`p\ {{ x }} :'v'" IN DATABASE "we""i`rd_%db\$x;--"
    SET search_path = "sch'e""ma $$", "public";
\endif
\if :borrowed_1
-- give back membership in role "o'w"n e$dbprov$r" for this admin
REVOKE "o'w""n e$dbprov$r" FROM CURRENT_USER;
\endif
COMMIT;

\connect "we""i`rd_%db\$x;--"
:begin_session \gset

BEGIN;
SELECT NOT a.rolsuper AND NOT (pg_has_role(r.oid, 'USAGE') AND pg_has_role(r.oid, 'SET')) AS missing
FROM pg_roles AS r, pg_roles AS a
WHERE r.rolname = 'o''w"n e$dbprov$r' AND a.rolname = current_user \gset
\set borrowed_1 :missing
\if :borrowed_1
-- borrow membership in role "o'w"n e$dbprov$r" for this admin
GRANT "o'w""n e$dbprov$r" TO CURRENT_USER WITH INHERIT TRUE, SET TRUE;
\endif
SELECT NOT a.rolsuper AND NOT (pg_has_role(r.oid, 'USAGE') AND pg_has_role(r.oid, 'SET')) AS missing
FROM pg_roles AS r, pg_roles AS a
WHERE r.rolname = E'a"p`p\\ {{ x }} :''v''' AND a.rolname = current_user \gset
\set borrowed_2 :missing
\if :borrowed_2
-- borrow membership in role "a"p`p\ {{ x }} :'v'" for this admin
GRANT "a""p`p\ {{ x }} :'v'" TO CURRENT_USER WITH INHERIT TRUE, SET TRUE;
\endif
SELECT NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'sch''e"ma $$') AS missing \gset
\if :missing
-- create schema "sch'e"ma $$"
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
    UNION SELECT x.grantee FROM aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) AS x
    WHERE x.privilege_type = 'CREATE'
    UNION SELECT f.proowner FROM pg_proc AS f WHERE f.pronamespace = n.oid
    UNION SELECT o.oprowner FROM pg_operator AS o WHERE o.oprnamespace = n.oid) AS h
LEFT JOIN pg_roles AS r
    ON r.oid = CASE pg_get_userbyid(h.oid) WHEN 'pg_database_owner' THEN d.datdba ELSE h.oid END
WHERE n.nspname = E'sch\'e"ma \x24\x24'
  AND CASE WHEN h.oid = 0
           THEN EXISTS (SELECT FROM pg_roles AS l
                        WHERE l.rolcanlogin AND NOT l.rolsuper AND l.rolname <> current_user
                          AND l.rolname <> ALL (ARRAY[E'o\'w"n e\x24dbprov\x24r', E'a"p`p\\ {{ x }} :\'v\'']::text[])
                          AND has_database_privilege(l.oid, d.oid, 'CONNECT'))
           ELSE NOT r.rolsuper AND r.rolname <> current_user
                AND r.rolname <> ALL (ARRAY[E'o\'w"n e\x24dbprov\x24r', E'a"p`p\\ {{ x }} :\'v\'']::text[]) END
        ) AS p;
        IF planters IS NOT NULL THEN
            RAISE EXCEPTION USING MESSAGE = format(
                'the extension is not created: %s may create in its schema, or has routines or'
                ' operators there, which its script could run; create it by hand in a schema where'
                ' nobody else may create, and run this again', planters);
        END IF;
        EXECUTE format('CREATE EXTENSION %I SCHEMA %I',
        E'uuid-ossp'::text, E'sch\'e"ma \x24\x24'::text);
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
    UNION SELECT x.grantee FROM aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) AS x
    WHERE x.privilege_type = 'CREATE'
    UNION SELECT f.proowner FROM pg_proc AS f WHERE f.pronamespace = n.oid
    UNION SELECT o.oprowner FROM pg_operator AS o WHERE o.oprnamespace = n.oid) AS h
LEFT JOIN pg_roles AS r
    ON r.oid = CASE pg_get_userbyid(h.oid) WHEN 'pg_database_owner' THEN d.datdba ELSE h.oid END
WHERE n.nspname = E'sch\'e"ma \x24\x24'
  AND CASE WHEN h.oid = 0
           THEN EXISTS (SELECT FROM pg_roles AS l
                        WHERE l.rolcanlogin AND NOT l.rolsuper AND l.rolname <> current_user
                          AND l.rolname <> ALL (ARRAY[E'o\'w"n e\x24dbprov\x24r', E'a"p`p\\ {{ x }} :\'v\'']::text[])
                          AND has_database_privilege(l.oid, d.oid, 'CONNECT'))
           ELSE NOT r.rolsuper AND r.rolname <> current_user
                AND r.rolname <> ALL (ARRAY[E'o\'w"n e\x24dbprov\x24r', E'a"p`p\\ {{ x }} :\'v\'']::text[]) END
        ) AS p;
        IF planters IS NOT NULL THEN
            RAISE EXCEPTION USING MESSAGE = format(
                'the extension is not created: %s may create in its schema, or has routines or'
                ' operators there, which its script could run; create it by hand in a schema where'
                ' nobody else may create, and run this again', planters);
        END IF;
        EXECUTE format('CREATE EXTENSION %I SCHEMA %I',
        E'e\'x"t \x24dbprov\x24'::text, E'sch\'e"ma \x24\x24'::text);
    END IF;
END
$dbprov$;
-- grant CREATE, USAGE on schema "sch'e"ma $$" for "o'w"n e$dbprov$r"
GRANT CREATE, USAGE ON SCHEMA "sch'e""ma $$" TO "o'w""n e$dbprov$r";
-- grant CREATE, USAGE on schema "sch'e"ma $$" for "a"p`p\ {{ x }} :'v'"
GRANT CREATE, USAGE ON SCHEMA "sch'e""ma $$" TO "a""p`p\ {{ x }} :'v'";
-- grant CREATE, USAGE on schema "public" for "o'w"n e$dbprov$r"
GRANT CREATE, USAGE ON SCHEMA "public" TO "o'w""n e$dbprov$r";
-- grant CREATE, USAGE on schema "public" for "a"p`p\ {{ x }} :'v'"
GRANT CREATE, USAGE ON SCHEMA "public" TO "a""p`p\ {{ x }} :'v'";
-- grant all privileges on future tables, sequences, routines of this admin in schema "sch'e"ma $$"
--     for "o'w"n e$dbprov$r"
ALTER DEFAULT PRIVILEGES IN SCHEMA "sch'e""ma $$"
    GRANT ALL PRIVILEGES ON TABLES TO "o'w""n e$dbprov$r";
ALTER DEFAULT PRIVILEGES IN SCHEMA "sch'e""ma $$"
    GRANT ALL PRIVILEGES ON SEQUENCES TO "o'w""n e$dbprov$r";
ALTER DEFAULT PRIVILEGES IN SCHEMA "sch'e""ma $$"
    GRANT ALL PRIVILEGES ON ROUTINES TO "o'w""n e$dbprov$r";
-- grant all privileges on future tables, sequences, routines of "a"p`p\ {{ x }} :'v'" in schema
--     "sch'e"ma $$" for "o'w"n e$dbprov$r"
ALTER DEFAULT PRIVILEGES FOR ROLE "a""p`p\ {{ x }} :'v'" IN SCHEMA "sch'e""ma $$"
    GRANT ALL PRIVILEGES ON TABLES TO "o'w""n e$dbprov$r";
ALTER DEFAULT PRIVILEGES FOR ROLE "a""p`p\ {{ x }} :'v'" IN SCHEMA "sch'e""ma $$"
    GRANT ALL PRIVILEGES ON SEQUENCES TO "o'w""n e$dbprov$r";
ALTER DEFAULT PRIVILEGES FOR ROLE "a""p`p\ {{ x }} :'v'" IN SCHEMA "sch'e""ma $$"
    GRANT ALL PRIVILEGES ON ROUTINES TO "o'w""n e$dbprov$r";
-- grant all privileges on future tables, sequences, routines of this admin in schema "sch'e"ma $$"
--     for "a"p`p\ {{ x }} :'v'"
ALTER DEFAULT PRIVILEGES IN SCHEMA "sch'e""ma $$"
    GRANT ALL PRIVILEGES ON TABLES TO "a""p`p\ {{ x }} :'v'";
ALTER DEFAULT PRIVILEGES IN SCHEMA "sch'e""ma $$"
    GRANT ALL PRIVILEGES ON SEQUENCES TO "a""p`p\ {{ x }} :'v'";
ALTER DEFAULT PRIVILEGES IN SCHEMA "sch'e""ma $$"
    GRANT ALL PRIVILEGES ON ROUTINES TO "a""p`p\ {{ x }} :'v'";
-- grant all privileges on future tables, sequences, routines of "o'w"n e$dbprov$r" in schema
--     "sch'e"ma $$" for "a"p`p\ {{ x }} :'v'"
ALTER DEFAULT PRIVILEGES FOR ROLE "o'w""n e$dbprov$r" IN SCHEMA "sch'e""ma $$"
    GRANT ALL PRIVILEGES ON TABLES TO "a""p`p\ {{ x }} :'v'";
ALTER DEFAULT PRIVILEGES FOR ROLE "o'w""n e$dbprov$r" IN SCHEMA "sch'e""ma $$"
    GRANT ALL PRIVILEGES ON SEQUENCES TO "a""p`p\ {{ x }} :'v'";
ALTER DEFAULT PRIVILEGES FOR ROLE "o'w""n e$dbprov$r" IN SCHEMA "sch'e""ma $$"
    GRANT ALL PRIVILEGES ON ROUTINES TO "a""p`p\ {{ x }} :'v'";
-- grant all privileges on future tables, sequences, routines of this admin in schema "public" for
--     "o'w"n e$dbprov$r"
ALTER DEFAULT PRIVILEGES IN SCHEMA "public" GRANT ALL PRIVILEGES ON TABLES TO "o'w""n e$dbprov$r";
ALTER DEFAULT PRIVILEGES IN SCHEMA "public"
    GRANT ALL PRIVILEGES ON SEQUENCES TO "o'w""n e$dbprov$r";
ALTER DEFAULT PRIVILEGES IN SCHEMA "public" GRANT ALL PRIVILEGES ON ROUTINES TO "o'w""n e$dbprov$r";
-- grant all privileges on future tables, sequences, routines of "a"p`p\ {{ x }} :'v'" in schema
--     "public" for "o'w"n e$dbprov$r"
ALTER DEFAULT PRIVILEGES FOR ROLE "a""p`p\ {{ x }} :'v'" IN SCHEMA "public"
    GRANT ALL PRIVILEGES ON TABLES TO "o'w""n e$dbprov$r";
ALTER DEFAULT PRIVILEGES FOR ROLE "a""p`p\ {{ x }} :'v'" IN SCHEMA "public"
    GRANT ALL PRIVILEGES ON SEQUENCES TO "o'w""n e$dbprov$r";
ALTER DEFAULT PRIVILEGES FOR ROLE "a""p`p\ {{ x }} :'v'" IN SCHEMA "public"
    GRANT ALL PRIVILEGES ON ROUTINES TO "o'w""n e$dbprov$r";
-- grant all privileges on future tables, sequences, routines of this admin in schema "public" for
--     "a"p`p\ {{ x }} :'v'"
ALTER DEFAULT PRIVILEGES IN SCHEMA "public"
    GRANT ALL PRIVILEGES ON TABLES TO "a""p`p\ {{ x }} :'v'";
ALTER DEFAULT PRIVILEGES IN SCHEMA "public"
    GRANT ALL PRIVILEGES ON SEQUENCES TO "a""p`p\ {{ x }} :'v'";
ALTER DEFAULT PRIVILEGES IN SCHEMA "public"
    GRANT ALL PRIVILEGES ON ROUTINES TO "a""p`p\ {{ x }} :'v'";
-- grant all privileges on future tables, sequences, routines of "o'w"n e$dbprov$r" in schema
--     "public" for "a"p`p\ {{ x }} :'v'"
ALTER DEFAULT PRIVILEGES FOR ROLE "o'w""n e$dbprov$r" IN SCHEMA "public"
    GRANT ALL PRIVILEGES ON TABLES TO "a""p`p\ {{ x }} :'v'";
ALTER DEFAULT PRIVILEGES FOR ROLE "o'w""n e$dbprov$r" IN SCHEMA "public"
    GRANT ALL PRIVILEGES ON SEQUENCES TO "a""p`p\ {{ x }} :'v'";
ALTER DEFAULT PRIVILEGES FOR ROLE "o'w""n e$dbprov$r" IN SCHEMA "public"
    GRANT ALL PRIVILEGES ON ROUTINES TO "a""p`p\ {{ x }} :'v'";
-- On objects that exist: the server writes the GRANT, for those on which the grantee lacks one of
-- the privileges and this admin can grant them; the grantee's own and an extension's are left out.
SELECT format('GRANT %s ON %s %s TO %I',
              w.privileges, w.kind, string_agg(o.name, ', ' ORDER BY o.name), w.grantee)
FROM (VALUES
-- grant all privileges on existing tables, sequences, routines in schema "sch'e"ma $$" for "o'w"n
--     e$dbprov$r"
  ('TABLE', 'sch''e"ma $$', 'o''w"n e$dbprov$r',
    'DELETE, INSERT, MAINTAIN, REFERENCES, SELECT, TRIGGER, TRUNCATE, UPDATE'),
  ('SEQUENCE', 'sch''e"ma $$', 'o''w"n e$dbprov$r', 'SELECT, UPDATE, USAGE'),
  ('ROUTINE', 'sch''e"ma $$', 'o''w"n e$dbprov$r', 'EXECUTE'),
-- grant all privileges on existing tables, sequences, routines in schema "sch'e"ma $$" for "a"p`p\
--     {{ x }} :'v'"
  ('TABLE', 'sch''e"ma $$', E'a"p`p\\ {{ x }} :''v''',
    'DELETE, INSERT, MAINTAIN, REFERENCES, SELECT, TRIGGER, TRUNCATE, UPDATE'),
  ('SEQUENCE', 'sch''e"ma $$', E'a"p`p\\ {{ x }} :''v''', 'SELECT, UPDATE, USAGE'),
  ('ROUTINE', 'sch''e"ma $$', E'a"p`p\\ {{ x }} :''v''', 'EXECUTE'),
-- grant all privileges on existing tables, sequences, routines in schema "public" for "o'w"n
--     e$dbprov$r"
  ('TABLE', 'public', 'o''w"n e$dbprov$r',
    'DELETE, INSERT, MAINTAIN, REFERENCES, SELECT, TRIGGER, TRUNCATE, UPDATE'),
  ('SEQUENCE', 'public', 'o''w"n e$dbprov$r', 'SELECT, UPDATE, USAGE'),
  ('ROUTINE', 'public', 'o''w"n e$dbprov$r', 'EXECUTE'),
-- grant all privileges on existing tables, sequences, routines in schema "public" for "a"p`p\ {{ x
--     }} :'v'"
  ('TABLE', 'public', E'a"p`p\\ {{ x }} :''v''',
    'DELETE, INSERT, MAINTAIN, REFERENCES, SELECT, TRIGGER, TRUNCATE, UPDATE'),
  ('SEQUENCE', 'public', E'a"p`p\\ {{ x }} :''v''', 'SELECT, UPDATE, USAGE'),
  ('ROUTINE', 'public', E'a"p`p\\ {{ x }} :''v''', 'EXECUTE')
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
\if :borrowed_2
-- give back membership in role "a"p`p\ {{ x }} :'v'" for this admin
REVOKE "a""p`p\ {{ x }} :'v'" FROM CURRENT_USER;
\endif
\if :borrowed_1
-- give back membership in role "o'w"n e$dbprov$r" for this admin
REVOKE "o'w""n e$dbprov$r" FROM CURRENT_USER;
\endif
-- These privileges must be there now: the file stops at the first that is not.
DO $dbprov$ DECLARE lacks pg_catalog.text; BEGIN
    FOR lacks IN SELECT format('%s lacks %s on %s %s', grantee, p, kind, name) FROM (VALUES
        (E'database', E'we"i`rd_%db\\\x24x;--', current_user::text, 'CONNECT'),
        (E'database', E'we"i`rd_%db\\\x24x;--',
        E'o\'w"n e\x24dbprov\x24r', 'CONNECT, CREATE, TEMPORARY'),
        (E'database', E'we"i`rd_%db\\\x24x;--',
        E'a"p`p\\ {{ x }} :\'v\'', 'CONNECT, CREATE, TEMPORARY'),
        (E'schema', E'sch\'e"ma \x24\x24', E'o\'w"n e\x24dbprov\x24r', 'CREATE, USAGE'),
        (E'schema', E'sch\'e"ma \x24\x24', E'a"p`p\\ {{ x }} :\'v\'', 'CREATE, USAGE'),
        (E'schema', E'public', E'o\'w"n e\x24dbprov\x24r', 'CREATE, USAGE'),
        (E'schema', E'public', E'a"p`p\\ {{ x }} :\'v\'', 'CREATE, USAGE')
    ) AS w (kind, name, grantee, privileges), unnest(string_to_array(privileges, ', ')) AS p
    WHERE NOT CASE kind WHEN 'schema' THEN has_schema_privilege(grantee, name, p)
              ELSE has_database_privilege(grantee, name, p) END LOOP
        RAISE EXCEPTION '%: its owner, or a superuser, must run this file, or grant it', lacks;
    END LOOP; END $dbprov$;
COMMIT;
