{# A comment of a database is its owner's to set, that of a role who may alter it. -#}
{% if thing == "database" -%}
SELECT COALESCE(shobj_description(d.oid, 'pg_database'), '') AS text, NOT d.datallowconn AND d.datconnlimit = 0 AS sealed,
       pg_has_role(current_user, d.datdba, 'USAGE') OR pg_get_userbyid(d.datdba) = ANY ({% include "postgresql/fragments/lent.sql" %}) AS administered
FROM pg_database AS d
WHERE d.datname = {{ name | literal }}
{%- else -%}
SELECT COALESCE(shobj_description(r.oid, 'pg_authid'), '') AS text,
       {% include "postgresql/fragments/administered.sql" %} AS administered
FROM pg_roles AS r
WHERE r.rolname = {{ name | literal }}
{%- endif %}
