{# What the roles x hold, and neither user u as the owner nor everybody: of each sort, schema and privilege one by name, and how
   many. No plan grants what is on an extension's own objects. What is in other databases is known by number. -#}
SELECT coalesce(jsonb_agg(jsonb_build_array(h.sort, h.thing, h.word, h.number, h.alone) ORDER BY h.sort, h.thing, h.word), '[]') AS gives
FROM (
    SELECT t.sort, min(t.thing::text)::jsonb AS thing, t.word, count(*) AS number, t.alone
    FROM (
        SELECT DISTINCT t.sort, t.thing, a.privilege_type AS word,
               EXISTS (SELECT FROM pg_depend AS e WHERE e.classid = t.class AND e.objid = t.oid AND e.deptype = 'e') AS alone
        FROM things AS t
        CROSS JOIN LATERAL aclexplode(t.acl) AS a
        WHERE a.grantee = ANY (x.roles) AND NOT (a.grantee < 16384 AND t.thing->>0 IN ('pg_catalog', 'information_schema'))
          AND NOT EXISTS (SELECT FROM aclexplode(t.acl) AS p WHERE p.grantee = 0 AND p.privilege_type = a.privilege_type)
          AND u.oid <> CASE WHEN pg_get_userbyid(t.owner) = 'pg_database_owner'
                            THEN (SELECT datdba FROM pg_database WHERE datname = current_database()) ELSE t.owner END
        {% if version >= (14,) -%}
        UNION
        SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, jsonb_build_array(n.nspname, c.relname), w.word,
               EXISTS (SELECT FROM pg_depend AS e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
        FROM (VALUES ('pg_read_all_data', 'SELECT'), ('pg_write_all_data', 'INSERT'), ('pg_write_all_data', 'UPDATE'),
                     ('pg_write_all_data', 'DELETE')) AS w (role, word)
        JOIN pg_class AS c ON c.relkind IN ('r', 'p', 'v', 'm', 'f') OR c.relkind = 'S' AND w.word IN ('SELECT', 'UPDATE')
        JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE to_regrole(w.role)::oid = ANY (x.roles) AND c.oid >= 16384 AND c.relpersistence <> 't' AND c.relowner <> u.oid
          AND NOT EXISTS (SELECT FROM aclexplode(c.relacl) AS p WHERE p.grantee = 0 AND p.privilege_type = w.word)
        {%- endif %}

        UNION
        SELECT 'DEFAULT', jsonb_build_array(CASE f.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'ROUTINES'
                                                                 WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' ELSE 'LARGE OBJECTS' END,
                                            pg_get_userbyid(f.defaclrole)) || coalesce(to_jsonb(ARRAY[n.nspname]), '[]'),
               a.privilege_type, false
        FROM pg_default_acl AS f
        LEFT JOIN pg_namespace AS n ON n.oid = f.defaclnamespace
        CROSS JOIN LATERAL aclexplode(f.defaclacl) AS a
        WHERE a.grantee = ANY (x.roles) AND a.grantee <> f.defaclrole AND f.defaclrole <> u.oid
        UNION
        SELECT 'TABLE', jsonb_build_array(n.nspname, c.relname), 'rows by a policy', true
        FROM pg_policy AS y JOIN pg_class AS c ON c.oid = y.polrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE y.polroles && x.roles AND y.polpermissive) AS t
    GROUP BY t.sort, CASE t.sort WHEN 'DEFAULT' THEN t.thing ELSE t.thing->0 END, t.word, t.alone
    UNION ALL
    SELECT 'ELSEWHERE', jsonb_build_array(o.datname), 'privileges', count(DISTINCT (s.classid, s.objid)), true
    FROM pg_shdepend AS s JOIN pg_database AS o ON o.oid = s.dbid
    WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = ANY (x.roles) AND s.deptype IN ('a', 'r') AND o.datname <> current_database()
    GROUP BY o.datname) AS h
