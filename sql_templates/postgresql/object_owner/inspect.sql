{# What is in a schema and belongs to another role: a restored dump is whoever restored it. Left out is what follows
   something else: sequences of columns, indexes, the types of tables, arrays, and what an extension made. #}
SELECT t.sort, t.name::text AS name, t.argument_schemas, t.argument_types, pg_get_userbyid(t.owner)::text AS owner,
       a.rolsuper OR pg_has_role(current_user, r.oid, 'USAGE') OR {% include "postgresql/fragments/administered.sql" %} AS grantable
FROM (SELECT CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
                            WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END AS sort,
             c.relname AS name, '{}'::text[] AS argument_schemas, '{}'::text[] AS argument_types,
             c.relowner AS owner, 'pg_class'::regclass AS catalogue, c.oid, c.relnamespace AS namespace
      FROM pg_class AS c
      WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
        AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                        AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i') AND c.relkind = 'S')
      UNION ALL
      SELECT 'ROUTINE', p.proname,
             ARRAY(SELECT n.nspname::text FROM unnest(p.proargtypes) WITH ORDINALITY AS u(type, place)
                   JOIN pg_type AS y ON y.oid = u.type JOIN pg_namespace AS n ON n.oid = y.typnamespace ORDER BY u.place),
             ARRAY(SELECT y.typname::text FROM unnest(p.proargtypes) WITH ORDINALITY AS u(type, place)
                   JOIN pg_type AS y ON y.oid = u.type ORDER BY u.place),
             p.proowner, 'pg_proc'::regclass, p.oid, p.pronamespace
      FROM pg_proc AS p
      UNION ALL
      SELECT CASE y.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END, y.typname, '{}', '{}',
             y.typowner, 'pg_type'::regclass, y.oid, y.typnamespace
      FROM pg_type AS y
      LEFT JOIN pg_class AS c ON c.oid = y.typrelid
      WHERE y.typtype IN ('d', 'e', 'r') OR y.typtype = 'c' AND c.relkind = 'c') AS t
JOIN pg_namespace AS n ON n.oid = t.namespace
JOIN pg_roles AS r ON r.oid = t.owner
CROSS JOIN (SELECT s.rolsuper FROM pg_roles AS s WHERE s.rolname = current_user) AS a
WHERE n.nspname = {{ schema | literal }} AND r.rolname <> {{ owner | literal }}
  AND NOT EXISTS (SELECT FROM pg_depend AS e WHERE e.classid = t.catalogue AND e.objid = t.oid AND e.deptype = 'e')
ORDER BY t.sort, t.name, t.argument_types
