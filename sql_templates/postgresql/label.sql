{% block inspect %}
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
{% endblock %}

{% block guard %}
{# With what it belongs to: a role that the same file makes, a database that it opens. Where the spec asks for a label in words,
   or no state of the database tells, only where there is none and this admin may: it must never hold up what comes after it. -#}
{% if thing == "database" and with_opening and not asked -%}
{% set database = name %}{% include "postgresql/fragments/closed.sql" %}
{%- elif thing == "database" -%}
SELECT shobj_description(d.oid, 'pg_database') IS NULL AND pg_has_role(current_user, d.datdba, 'USAGE') AS missing
FROM pg_database AS d
WHERE d.datname = {{ name | literal }}
{%- elif not asked -%}
{% include "postgresql/fragments/no_role.sql" %}
{%- else -%}
SELECT shobj_description(r.oid, 'pg_authid') IS NULL
       AND {% include "postgresql/fragments/administered.sql" %} AS missing
FROM pg_roles AS r
WHERE r.rolname = {{ name | literal }}
{%- endif %}
{% endblock %}

{% block create %}
COMMENT ON {% if thing == "database" %}DATABASE{% else %}ROLE{% endif %} {{ name | ident }}{{ fold }}IS {{ text | literal }}
{% endblock %}

{% block drop %}
COMMENT ON {% if thing == "database" %}DATABASE{% else %}ROLE{% endif %} {{ name | ident }} IS NULL
{% endblock %}
