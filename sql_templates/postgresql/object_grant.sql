{% block inspect %}
{# Also what a statement that takes our GRANT back must leave: what the grantee has by the same grantor, on the objects and,
   since a REVOKE on a table takes that too, on their columns. #}
WITH o AS (
    SELECT w.name, w.path, w.oid, w.owner, w.grantable AS can, w.as_role,
           CASE WHEN w.has OR w.as_role <> '' THEN w.owner ELSE (SELECT a.oid FROM pg_roles AS a WHERE a.rolname = current_user) END AS grantor
    FROM (SELECT w.name, w.path, w.oid, w.owner, w.has, {% include "postgresql/fragments/acts_for.sql" %}

          FROM (SELECT o.*, o.grantable AS option, {% include "postgresql/fragments/has_rights.sql" %} AS has
                FROM (
{% include "postgresql/fragments/objects.sql" %}
                ) AS o) AS w) AS w
)
SELECT coalesce(array_agg(o.name ORDER BY o.name) FILTER (WHERE o.can), '{}') AS lacking,
       coalesce(jsonb_agg(o.path ORDER BY o.name) FILTER (WHERE o.can), '[]') AS things,
       coalesce(jsonb_agg(o.path ORDER BY o.name) FILTER (WHERE NOT o.can), '[]') AS foreign_things,
       coalesce(array_agg(pg_get_userbyid(o.owner)::text ORDER BY o.name) FILTER (WHERE NOT o.can), '{}') AS foreign_owners,
       coalesce(array_agg(o.as_role ORDER BY o.name) FILTER (WHERE o.can), '{}') AS roles,
       coalesce(array_agg(coalesce(x.privileges, '') ORDER BY o.name) FILTER (WHERE o.can), '{}') AS before,
       {% if objects == "TABLES" -%}
       ARRAY(SELECT format('%s (%I) ON TABLE %s', a.privilege_type, t.attname, c.name)
             FROM o AS c
             JOIN pg_attribute AS t ON t.attrelid = c.oid
             CROSS JOIN LATERAL aclexplode(t.attacl) AS a
             JOIN pg_roles AS g ON g.oid = a.grantee
             WHERE c.can AND a.grantor = c.grantor AND g.rolname = {{ grantee | literal }} ORDER BY 1) AS columns,
       {% endif -%}
       coalesce(array_agg(o.name || ' of ' || pg_get_userbyid(o.owner) ORDER BY o.name) FILTER (WHERE NOT o.can), '{}') AS not_grantable
FROM o
LEFT JOIN LATERAL (
    SELECT string_agg(a.privilege_type, ',' ORDER BY a.privilege_type) AS privileges
    FROM {% if objects == "ROUTINES" %}pg_proc{% else %}pg_class{% endif %} AS c
    CROSS JOIN LATERAL aclexplode({% if objects == "ROUTINES" %}c.proacl{% else %}c.relacl{% endif %}) AS a
    JOIN pg_roles AS g ON g.oid = a.grantee
    WHERE c.oid = o.oid AND a.grantor = o.grantor AND g.rolname = {{ grantee | literal }}) AS x ON true
{% endblock %}

{% block create %}
{# By name: what was looked at a moment ago is not asked again. #}
GRANT {% if every %}ALL PRIVILEGES{% else %}{{ privileges | keywords }}{% endif %} ON {% if objects == "TABLES" %}TABLE {{ things | path_lines }}{% elif objects == "SEQUENCES" %}SEQUENCE {{ things | path_lines }}{% else %}ROUTINE {{ things | signature_lines }}{% endif %}{{ fold }}TO {{ grantee | ident }}
{% endblock %}

{% block drop %}
{# What is gone meanwhile is left out. A REVOKE on a table takes what was granted on its columns, too: that is given again. #}
DO $dbprov$
DECLARE
    there pg_catalog.text;
    {% if columns %}one pg_catalog.text;{% endif %}

BEGIN
{% include "postgresql/fragments/own_path.sql" %}

    SELECT string_agg(o, ', ') INTO there
    FROM unnest(ARRAY[{{ lacking | body_literal_lines }}]::text[]) AS o
    WHERE {% if objects == "ROUTINES" %}to_regprocedure(o){% else %}to_regclass(o){% endif %} IS NOT NULL;
    IF there IS NOT NULL THEN
        EXECUTE 'REVOKE {{ privileges | keywords }} ON {% if objects == "TABLES" %}TABLE{% elif objects == "SEQUENCES" %}SEQUENCE{% else %}ROUTINE{% endif %} '
            || there || format(' FROM %I', {{ grantee | body_literal }}::text);
    END IF;
    {% if columns -%}
    FOREACH one IN ARRAY ARRAY[{{ columns | body_literals }}]::text[] LOOP
        EXECUTE 'GRANT ' || one || format(' TO %I', {{ grantee | body_literal }}::text);
    END LOOP;{% endif %}

END
$dbprov$
{% endblock %}
