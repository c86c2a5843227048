{% block inspect %}
{# Rows do not add up: for each database one row counts, and a REVOKE addresses one row. So the row in our own spelling is
   what we grant to, and every other row that reaches the database is found and reported (T40 to T43). #}
SELECT
    (SELECT JSON_ARRAYAGG(PRIVILEGE_TYPE) FROM information_schema.SCHEMA_PRIVILEGES
     WHERE {% include "mysql/fragments/grantee.sql" %} AND {% include "mysql/fragments/own_row.sql" %}) AS privileges,
    EXISTS (SELECT 1 FROM information_schema.SCHEMA_PRIVILEGES
            WHERE {% include "mysql/fragments/grantee.sql" %} AND {% include "mysql/fragments/own_row.sql" %} AND IS_GRANTABLE = 'YES') AS grant_option,
    (SELECT JSON_ARRAYAGG(t.row_name) FROM (
        SELECT DISTINCT TABLE_SCHEMA AS row_name FROM information_schema.SCHEMA_PRIVILEGES
        WHERE {% include "mysql/fragments/grantee.sql" %} AND {% include "mysql/fragments/other_row.sql" %}) AS t) AS others,
    {% if settings.partial_revokes == "1" %}NULL{% else -%}
    (SELECT JSON_ARRAYAGG(t.privilege) FROM (
        SELECT DISTINCT PRIVILEGE_TYPE AS privilege FROM information_schema.SCHEMA_PRIVILEGES
        WHERE {% include "mysql/fragments/grantee.sql" %} AND {% include "mysql/fragments/other_row.sql" %}) AS t)
    {%- endif %} AS reach
FROM DUAL
WHERE EXISTS (SELECT 1 FROM information_schema.USER_PRIVILEGES WHERE {% include "mysql/fragments/grantee.sql" %})
{% endblock %}

{% block create %}
{# Spelled out: GRANT ALL fails whole for an admin who lacks one of them, such as MariaDB's DELETE HISTORY (T52). #}
GRANT {{ privileges | keyword_lines }}{{ fold }}ON {% if settings.partial_revokes == "1" %}{{ database | ident }}{% else %}{{ database | pattern_ident }}{% endif %}.*{{ fold }}TO {{ user | literal }}@{{ host | literal }}
    {%- if grant_option %} WITH GRANT OPTION{% endif %}
{% endblock %}

{% block drop %}
{# Of the row in our own spelling, the one that create.sql makes (T43). GRANT OPTION is a word of this list too, and may be
   the only one. #}
REVOKE {% if grant_option %}GRANT OPTION{% if privileges %}, {% endif %}{% endif %}{% if privileges %}{{ privileges | keyword_lines }}{% endif %}{{ fold }}ON {% if settings.partial_revokes == "1" %}{{ database | ident }}{% else %}{{ database | pattern_ident }}{% endif %}.*{{ fold }}FROM {{ user | literal }}@{{ host | literal }}
{% endblock %}
