{# Only where this admin may: a label must never hold up what comes after it. -#}
{% if thing == "database" -%}
SELECT shobj_description(d.oid, 'pg_database') IS NULL AND pg_has_role(current_user, d.datdba, 'USAGE') AS missing
FROM pg_database AS d
WHERE d.datname = {{ name | literal }}
{%- else -%}
SELECT shobj_description(r.oid, 'pg_authid') IS NULL
       AND {% include "postgresql/fragments/administered.sql" %} AS missing
FROM pg_roles AS r
WHERE r.rolname = {{ name | literal }}
{%- endif %}
