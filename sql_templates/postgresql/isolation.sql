{% block inspect %}
{# The ACL of a new database is NULL, which is not empty: everybody may CONNECT and make temporary tables (T1, T2). #}
SELECT NOT d.datallowconn AND d.datconnlimit = 0 AS sealed,
       pg_get_userbyid(d.datdba)::text AS owner,
       pg_has_role(current_user, d.datdba, 'USAGE')
           OR pg_get_userbyid(d.datdba)::text = ANY ({% include "postgresql/fragments/lent.sql" %}) AS grantable,
       ARRAY(SELECT a.privilege_type::text
             FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS a
             WHERE a.grantee = 0 AND a.privilege_type IN ('CONNECT', 'TEMPORARY') ORDER BY 1) AS public,
       ARRAY(SELECT a.privilege_type::text
             FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS a
             WHERE a.grantee = 0 AND a.grantor = d.datdba AND a.privilege_type IN ('CONNECT', 'TEMPORARY') ORDER BY 1) AS before
FROM pg_database AS d
WHERE d.datname = {{ database | literal }}
{% endblock %}

{% block guard %}
{# Nothing where the spec asks for it: then of an open database too. #}
{% if not asked -%}
{% include "postgresql/fragments/closed.sql" %}
{%- endif %}
{% endblock %}

{% block create %}
REVOKE CONNECT, TEMPORARY ON DATABASE {{ database | ident }} FROM PUBLIC
{% endblock %}

{% block drop %}
{# No more than PUBLIC had; what a new database gives it is in the ACL that was NULL (T1). #}
GRANT {{ before | keywords }} ON DATABASE {{ database | ident }} TO PUBLIC
{% endblock %}
