{# Also what a statement that takes our GRANT back must leave: what the grantee has by the same grantor, on the objects and,
   since a REVOKE on a table takes that too, on their columns. #}
WITH o AS (
    SELECT o.name, o.oid, o.owner, o.grantable OR o.ours AS can,
           CASE WHEN o.ours THEN o.owner ELSE (SELECT a.oid FROM pg_roles AS a WHERE a.rolname = current_user) END AS grantor
    FROM (SELECT o.*, pg_has_role(current_user, o.owner, 'USAGE')
                     OR pg_get_userbyid(o.owner)::text = ANY ({% include "postgresql/fragments/lent.sql" %}) AS ours
          FROM (
{% include "postgresql/fragments/objects.sql" %}
          ) AS o) AS o
)
SELECT coalesce(array_agg(o.name ORDER BY o.name) FILTER (WHERE o.can), '{}') AS lacking,
       coalesce(array_agg(coalesce(x.privileges, '') ORDER BY o.name) FILTER (WHERE o.can), '{}') AS before,
       {% if objects == "TABLES" -%}
       ARRAY(SELECT format('%s (%I) ON TABLE %s', a.privilege_type, t.attname, c.name)
             FROM o AS c
             JOIN pg_attribute AS t ON t.attrelid = c.oid
             CROSS JOIN LATERAL aclexplode(t.attacl) AS a
             JOIN pg_roles AS g ON g.oid = a.grantee
             WHERE c.can AND a.grantor = c.grantor AND g.rolname = {{ grantee | literal }} ORDER BY 1) AS columns,
       {% endif -%}
       coalesce(array_agg(o.name || ' of ' || pg_get_userbyid(o.owner) ORDER BY o.name) FILTER (WHERE NOT o.can), '{}') AS beyond
FROM o
LEFT JOIN LATERAL (
    SELECT string_agg(a.privilege_type, ',' ORDER BY a.privilege_type) AS privileges
    FROM {% if objects == "ROUTINES" %}pg_proc{% else %}pg_class{% endif %} AS c
    CROSS JOIN LATERAL aclexplode({% if objects == "ROUTINES" %}c.proacl{% else %}c.relacl{% endif %}) AS a
    JOIN pg_roles AS g ON g.oid = a.grantee
    WHERE c.oid = o.oid AND a.grantor = o.grantor AND g.rolname = {{ grantee | literal }}) AS x ON true
