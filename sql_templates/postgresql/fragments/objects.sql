{# The objects of one sort in a schema on which the grantee lacks a privilege, and does not own: the only ones that need a
   GRANT. Granting again what is there rewrites every row of the catalogue, and fails for an admin who owns none (T81).
   Routines go by their input types (T9). What an extension
   made is the extension's. Direct: what comes through other roles does not count, PUBLIC's does; so it does for a role that is not there yet. Written for a plain query and for the body of a DO alike: its literals hold no $. -#}
{% if objects == "ROUTINES" -%}
SELECT format('%I.%I(%s)', n.nspname, p.proname, oidvectortypes(p.proargtypes)) AS name,
       jsonb_build_array(n.nspname, p.proname) || coalesce(
           (SELECT jsonb_agg(v.word ORDER BY u.i, v.k)
            FROM unnest(p.proargtypes) WITH ORDINALITY AS u (oid, i)
            JOIN pg_type AS y ON y.oid = u.oid JOIN pg_namespace AS m ON m.oid = y.typnamespace
            CROSS JOIN LATERAL (VALUES (1, m.nspname), (2, y.typname)) AS v (k, word)), '[]') AS path,
       p.oid, p.proowner AS owner, NULL::"char" AS relkind,
       has_function_privilege(p.oid, 'EXECUTE WITH GRANT OPTION') AS grantable
FROM pg_proc AS p
JOIN pg_namespace AS n ON n.oid = p.pronamespace
LEFT JOIN pg_roles AS g ON g.rolname = {{ grantee | body_literal }}
WHERE n.nspname = {{ schema | body_literal }} AND p.proowner IS DISTINCT FROM g.oid
  AND {% if direct %}NOT EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS x
                  WHERE x.grantee IN (0, g.oid) AND x.privilege_type = 'EXECUTE')
      {%- else %}coalesce(has_function_privilege(g.oid, p.oid, 'EXECUTE'), has_function_privilege('public', p.oid, 'EXECUTE')) IS NOT TRUE{% endif %}

  AND NOT EXISTS (SELECT FROM pg_depend AS e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype = 'e')
{%- else -%}
SELECT format('%I.%I', n.nspname, c.relname) AS name,
       jsonb_build_array(n.nspname, c.relname) AS path, c.oid, c.relowner AS owner, c.relkind,
       (SELECT bool_and({% if objects == "TABLES" %}has_table_privilege{% else %}has_sequence_privilege{% endif %}(c.oid, p || ' WITH GRANT OPTION'))
        FROM unnest(ARRAY[{{ privileges | body_literals }}]) AS p) AS grantable
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_roles AS g ON g.rolname = {{ grantee | body_literal }}
WHERE n.nspname = {{ schema | body_literal }} AND c.relowner IS DISTINCT FROM g.oid
  AND NOT EXISTS (SELECT FROM pg_depend AS e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
  AND c.relkind IN ({% if objects == "TABLES" %}'r', 'p', 'v', 'm', 'f'{% else %}'S'{% endif %})
  AND EXISTS (SELECT FROM unnest(ARRAY[{{ privileges | body_literals }}]) AS p
              WHERE {% if direct %}NOT EXISTS (SELECT FROM aclexplode(c.relacl) AS x
                                  WHERE x.grantee IN (0, g.oid) AND x.privilege_type = p)
                    {%- elif objects == "TABLES" %}coalesce(has_table_privilege(g.oid, c.oid, p), has_table_privilege('public', c.oid, p)) IS NOT TRUE
                    {%- else %}coalesce(has_sequence_privilege(g.oid, c.oid, p), has_sequence_privilege('public', c.oid, p)) IS NOT TRUE{% endif %})
{%- endif %}
