{% block inspect %}
{# What is in a schema and belongs to another role (a restored dump is whoever restored it), or, with formers, all that these
   roles own in the database. Left out is what follows something else: sequences of columns, indexes, the types of tables,
   arrays; and in a schema what an extension made. Each with what runs as somebody else: whoever owns code can replace it. -#}
WITH roles AS (
    SELECT r.oid, r.rolname, r.rolsuper OR r.rolname = current_user AS trusted,
           r.rolsuper OR r.rolcreaterole OR r.rolname = current_user AS powerful,
           r.rolname = {{ owner | literal }} OR r.rolname = ANY (ARRAY[{{ formers | literals }}]::text[]) AS receiving
    FROM pg_roles AS r
), things AS (
    SELECT t.*, n.nspname FROM (
        SELECT CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
                              WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END AS sort,
               c.relname AS name, '{}'::text[] AS argument_schemas, '{}'::text[] AS argument_types,
               c.relowner AS owner, 'pg_class'::regclass::oid AS class, c.oid, c.relnamespace AS namespace,
               {# A view, and the rules of a table, reach other tables with the rights of their owner. -#}
               c.relkind = 'v' AND NOT EXISTS (SELECT FROM pg_options_to_table(c.reloptions) AS o
                                               WHERE o.option_name = 'security_invoker' AND o.option_value::boolean)
                   OR c.relkind IN ('r', 'p') AND EXISTS (SELECT FROM pg_rewrite AS w WHERE w.ev_class = c.oid AND w.ev_type <> '1') AS definer,
               (SELECT string_agg(w.xmin::text, ' ' ORDER BY w.oid) FROM pg_rewrite AS w WHERE w.ev_class = c.oid) AS revision,
               false AS event, c.relacl AS acl, c.relkind = 'v' AS code, c.relkind IN ('r', 'p', 'f', 'm') AS data
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
               p.proowner, 'pg_proc'::regclass, p.oid, p.pronamespace,
               p.prosecdef, p.xmin::text, p.prorettype = 'event_trigger'::regtype, coalesce(p.proacl, acldefault('f', p.proowner)), true, false
        FROM pg_proc AS p
        UNION ALL
        SELECT CASE y.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END, y.typname, '{}', '{}',
               y.typowner, 'pg_type'::regclass, y.oid, y.typnamespace, false, NULL, false, NULL, y.typtype = 'd', false
        FROM pg_type AS y
        LEFT JOIN pg_class AS c ON c.oid = y.typrelid
        WHERE y.typtype IN ('d', 'e', 'r') OR y.typtype = 'c' AND c.relkind = 'c') AS t
    JOIN pg_namespace AS n ON n.oid = t.namespace
    {% if formers -%}
    WHERE t.owner IN (SELECT r.oid FROM pg_roles AS r WHERE r.rolname = ANY (ARRAY[{{ formers | literals }}]::text[]))
    {%- else -%}
    WHERE n.nspname = {{ schema | literal }}
      AND NOT EXISTS (SELECT FROM pg_depend AS e WHERE e.classid = t.class AND e.objid = t.oid AND e.deptype = 'e')
    {%- endif %}

{# What goes with another thing whoever made it: its indexes, rules, triggers, policies, defaults, constraints, row type. #}
), parts AS (
    SELECT 'pg_type'::regclass::oid AS class, y.oid, 'pg_class'::regclass::oid AS of_class, c.oid AS of_oid
    FROM pg_type AS y JOIN pg_class AS c ON c.oid = y.typrelid WHERE c.relkind <> 'c'
    UNION ALL SELECT 'pg_class'::regclass, c.oid, 'pg_type'::regclass, c.reltype FROM pg_class AS c WHERE c.relkind = 'c'
    UNION ALL SELECT 'pg_type'::regclass, y.typarray, CASE WHEN c.oid IS NULL THEN 'pg_type'::regclass ELSE 'pg_class'::regclass END, coalesce(c.oid, y.oid)
              FROM pg_type AS y LEFT JOIN pg_class AS c ON c.oid = y.typrelid AND c.relkind <> 'c' WHERE y.typarray <> 0
    {% if version >= (14,) -%}
    UNION ALL SELECT 'pg_type'::regclass, g.rngmultitypid, 'pg_type'::regclass, g.rngtypid FROM pg_range AS g
    {% endif -%}
    UNION ALL SELECT 'pg_class'::regclass, i.indexrelid, 'pg_class'::regclass, i.indrelid FROM pg_index AS i
    UNION ALL SELECT 'pg_class'::regclass, s.oid, 'pg_class'::regclass, d.refobjid
              FROM pg_class AS s JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = s.oid
              WHERE s.relkind = 'S' AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
    UNION ALL SELECT 'pg_attrdef'::regclass, a.oid, 'pg_class'::regclass, a.adrelid FROM pg_attrdef AS a
    UNION ALL SELECT 'pg_constraint'::regclass, k.oid, 'pg_class'::regclass, k.conrelid FROM pg_constraint AS k WHERE k.conrelid <> 0
    UNION ALL SELECT 'pg_constraint'::regclass, k.oid, 'pg_type'::regclass, k.contypid FROM pg_constraint AS k WHERE k.contypid <> 0
    UNION ALL SELECT 'pg_rewrite'::regclass, w.oid, 'pg_class'::regclass, w.ev_class FROM pg_rewrite AS w
    UNION ALL SELECT 'pg_trigger'::regclass, g.oid, 'pg_class'::regclass, g.tgrelid FROM pg_trigger AS g
    UNION ALL SELECT 'pg_policy'::regclass, p.oid, 'pg_class'::regclass, p.polrelid FROM pg_policy AS p
    UNION ALL SELECT 'pg_statistic_ext'::regclass, x.oid, 'pg_class'::regclass, x.stxrelid FROM pg_statistic_ext AS x
    UNION ALL SELECT 'pg_publication_rel'::regclass, x.oid, 'pg_class'::regclass, x.prrelid FROM pg_publication_rel AS x
{# Who needs whom, and by which part. What nobody is recorded as the owner of is the first superuser's. #}
), edges AS (
    SELECT e.*, r.rolname AS user_owner, r.powerful, r.receiving, q.rolname AS used_owner, q.trusted OR q.rolname = {{ owner | literal }} AS trusted
    FROM (SELECT DISTINCT d.classid AS by_class, d.objid AS by_oid, coalesce(p.of_class, d.classid) AS user_class, coalesce(p.of_oid, d.objid) AS user_oid,
                 coalesce(q.of_class, d.refclassid) AS used_class, coalesce(q.of_oid, d.refobjid) AS used_oid
          FROM pg_depend AS d
          LEFT JOIN parts AS p ON p.class = d.classid AND p.oid = d.objid
          LEFT JOIN parts AS q ON q.class = d.refclassid AND q.oid = d.refobjid
          WHERE d.deptype <> 'e' AND d.objid >= 16384 AND d.refobjid >= 16384) AS e
    CROSS JOIN (SELECT b.oid FROM pg_database AS b WHERE b.datname = current_database()) AS b
    LEFT JOIN pg_shdepend AS s ON s.dbid = b.oid AND s.classid = e.user_class AND s.objid = e.user_oid AND s.deptype = 'o'
    LEFT JOIN pg_shdepend AS z ON z.dbid = b.oid AND z.classid = e.used_class AND z.objid = e.used_oid AND z.deptype = 'o'
    JOIN roles AS r ON r.oid = coalesce(s.refobjid, 10)
    JOIN roles AS q ON q.oid = coalesce(z.refobjid, 10)
    WHERE (e.user_class, e.user_oid) <> (e.used_class, e.used_oid)
{# Code that something of others runs goes to nobody: whoever owns it replaces it. Nor does a table that a routine of the
   powerful works on, or a rule or policy of theirs: its owner puts triggers on it. Names in the text of a routine count. #}
), needed AS (
    SELECT e.used_class AS class, e.used_oid AS oid, e.user_class, e.user_oid, e.user_owner
    FROM edges AS e
    JOIN things AS t ON t.class = e.used_class AND t.oid = e.used_oid
    LEFT JOIN pg_rewrite AS w ON e.by_class = 'pg_rewrite'::regclass AND w.oid = e.by_oid
    LEFT JOIN pg_proc AS f ON e.user_class = 'pg_proc'::regclass AND f.oid = e.user_oid
    WHERE NOT e.receiving
      AND (t.code OR t.data AND e.powerful AND (e.by_class = 'pg_policy'::regclass OR w.ev_type <> '1' OR f.prosecdef
                                                OR f.prorettype IN ('trigger'::regtype, 'event_trigger'::regtype)))
    UNION
    SELECT t.class, t.oid, 'pg_proc'::regclass, p.oid, r.rolname
    FROM pg_proc AS p
    JOIN pg_language AS l ON l.oid = p.prolang AND l.lanname NOT IN ('internal', 'c')
    JOIN roles AS r ON r.oid = p.proowner AND NOT r.receiving
    JOIN things AS t ON (t.class, t.oid) <> ('pg_proc'::regclass::oid, p.oid)
        AND (t.code OR t.data AND r.powerful AND (p.prosecdef OR p.prorettype IN ('trigger'::regtype, 'event_trigger'::regtype)))
        AND strpos(lower(p.prosrc), lower(t.name)) > 0
        AND (t.name !~ '^\w+$' OR lower(p.prosrc) ~ ('\m' || lower(t.name) || '\M'))
    WHERE p.oid >= 16384
      AND NOT EXISTS (SELECT FROM pg_depend AS e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype = 'e')
{# What the server runs as the owner of a table without being asked by it, and is not to be trusted. ANALYZE: expressions of
   indexes and statistics, and the difference function of a range. REFRESH. Foreign keys: casts from and to types of others. #}
), analyzed AS (
    SELECT e.user_class AS class, e.user_oid AS oid, e.used_class, e.used_oid, e.used_owner
    FROM edges AS e
    JOIN things AS t ON t.class = e.user_class AND t.oid = e.user_oid AND t.data
    LEFT JOIN pg_class AS x ON e.used_class = 'pg_class'::regclass AND x.oid = e.used_oid
    LEFT JOIN pg_type AS y ON e.used_class = 'pg_type'::regclass AND y.oid = e.used_oid
    WHERE NOT e.trusted
      AND (e.by_class IN ('pg_class'::regclass, 'pg_statistic_ext'::regclass) AND e.by_oid <> e.user_oid
           OR t.sort = 'MATERIALIZED VIEW' AND e.by_class = 'pg_rewrite'::regclass
           OR y.typtype IN ('r', 'd') AND EXISTS (SELECT FROM pg_range AS g WHERE g.rngsubdiff >= 16384))
      AND (e.used_class IN ('pg_proc'::regclass, 'pg_operator'::regclass) OR x.relkind = 'v' OR y.typtype IN ('r', 'd'))
    UNION
    SELECT t.class, t.oid, 'pg_constraint'::regclass, k.oid, r.rolname
    FROM pg_constraint AS k
    CROSS JOIN LATERAL (VALUES (k.conrelid), (k.confrelid)) AS i (oid)
    CROSS JOIN LATERAL (VALUES (k.conrelid), (k.confrelid)) AS j (oid)
    JOIN things AS t ON t.class = 'pg_class'::regclass AND t.oid = i.oid
    JOIN pg_class AS c ON c.oid = j.oid
    JOIN roles AS r ON r.oid = c.relowner AND NOT r.trusted AND r.rolname <> {{ owner | literal }}
    WHERE k.contype = 'f'
      AND EXISTS (SELECT FROM pg_attribute AS a WHERE a.atttypid >= 16384
                  AND (a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey) OR a.attrelid = k.confrelid AND a.attnum = ANY (k.confkey)))
)
SELECT t.nspname::text AS schema, t.sort, t.name::text AS name, t.argument_schemas, t.argument_types, r.rolname::text AS owner,
       a.rolsuper OR pg_has_role(current_user, r.oid, 'USAGE') OR {% include "postgresql/fragments/administered.sql" %} AS grantable,
       format('%s/%s', t.class, t.oid) AS key,
       CASE t.sort WHEN 'ROUTINE' THEN t.oid::regprocedure::text ELSE format('%I.%I', t.nspname, t.name) END AS identity,
       t.definer, t.event, coalesce(t.revision, '') AS revision,
       t.definer AND EXISTS (SELECT FROM aclexplode(t.acl) AS x WHERE x.grantee = 0) AS public,
       CASE WHEN t.definer THEN
           ARRAY(SELECT g.rolname::text
                 FROM (SELECT x.grantee, x.is_grantable FROM aclexplode(t.acl) AS x
                       UNION ALL
                       SELECT x.grantee, x.is_grantable
                       FROM pg_attribute AS i CROSS JOIN LATERAL aclexplode(i.attacl) AS x
                       WHERE t.class = 'pg_class'::regclass AND i.attrelid = t.oid) AS x
                 JOIN roles AS g ON g.oid = x.grantee
                 WHERE x.grantee <> t.owner AND NOT g.receiving AND NOT g.trusted
                   AND (x.is_grantable OR g.rolname <> ALL (ARRAY[{{ own | literals }}]::text[]))
                 GROUP BY g.rolname ORDER BY g.rolname)
       ELSE '{}' END AS grantees,
       coalesce(u.keys, '{}') AS users, coalesce(u.said, '{}') AS users_named, coalesce(z.said, '{}') AS analyzes, coalesce(f.said, '{}') AS runs
FROM things AS t
JOIN pg_roles AS r ON r.oid = t.owner
CROSS JOIN (SELECT s.rolsuper FROM pg_roles AS s WHERE s.rolname = current_user) AS a
LEFT JOIN (SELECT e.class, e.oid, array_agg(format('%s/%s', e.user_class, e.user_oid) ORDER BY e.user_class, e.user_oid) AS keys,
                  array_agg(format('%s of %I', pg_describe_object(e.user_class, e.user_oid, 0), e.user_owner) ORDER BY e.user_class, e.user_oid) AS said
           FROM needed AS e GROUP BY e.class, e.oid) AS u ON u.class = t.class AND u.oid = t.oid
LEFT JOIN (SELECT e.class, e.oid, array_agg(format('%s of %I', pg_describe_object(e.used_class, e.used_oid, 0), e.used_owner)
                                            ORDER BY e.used_class, e.used_oid) AS said
           FROM analyzed AS e GROUP BY e.class, e.oid) AS z ON z.class = t.class AND z.oid = t.oid
LEFT JOIN (SELECT e.class, e.oid, array_agg(format('%s of %I', pg_describe_object('pg_proc'::regclass, e.used_oid, 0), e.used_owner) ORDER BY e.used_oid) AS said
           FROM (SELECT DISTINCT e.user_class AS class, e.user_oid AS oid, e.used_oid, e.used_owner FROM edges AS e
                 WHERE e.user_class <> 'pg_proc'::regclass AND e.used_class = 'pg_proc'::regclass) AS e
           GROUP BY e.class, e.oid) AS f ON f.class = t.class AND f.oid = t.oid
WHERE r.rolname <> {{ owner | literal }}
   OR CASE t.sort WHEN 'ROUTINE' THEN t.oid::regprocedure::text ELSE format('%I.%I', t.nspname, t.name) END = ANY (ARRAY[{{ named | literals }}]::text[])
ORDER BY t.sort, t.name, t.argument_types, t.nspname
{% endblock %}

{% block create %}
{# Grants that the owner before gave are the new owner's from now on (T16). #}
ALTER {{ [sort] | keywords }} {{ schema | ident }}.{{ name | ident }}
    {%- if sort == "ROUTINE" %}({% for n in argument_schemas %}{{ n | ident }}.{{ argument_types[loop.index0] | ident }}{% if not loop.last %}, {% endif %}{% endfor %}){% endif %} OWNER TO {{ owner | ident }}
{% endblock %}
