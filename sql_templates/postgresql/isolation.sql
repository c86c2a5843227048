{% block inspect %}
{# Who has the grant option revokes as themselves, and nothing, even as a member of the owner (T13): then as the owner. #}
{# The ACL of a new database is NULL, which is not empty: everybody may CONNECT and make temporary tables (T1, T2). #}
SELECT NOT d.datallowconn AND d.datconnlimit = 0 AS sealed,
       pg_get_userbyid(d.datdba)::text AS owner,
       {% include "postgresql/fragments/acts_for.sql" %},
       ARRAY(SELECT a.privilege_type::text
             FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS a
             WHERE a.grantee = 0 AND a.privilege_type IN ('CONNECT', 'TEMPORARY') ORDER BY 1) AS public,
       ARRAY(SELECT a.privilege_type::text
             FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS a
             WHERE a.grantee = 0 AND a.grantor = d.datdba AND a.privilege_type IN ('CONNECT', 'TEMPORARY') ORDER BY 1) AS before
FROM pg_database AS d
CROSS JOIN LATERAL (SELECT o.owner, false AS option,
                           {% include "postgresql/fragments/has_rights.sql" %}

                           AND NOT EXISTS (SELECT FROM aclexplode(d.datacl) AS a JOIN pg_roles AS r ON r.rolname = current_user
                                           WHERE a.is_grantable AND a.grantee <> o.owner AND o.owner <> r.oid
                                             AND NOT r.rolsuper AND pg_has_role(r.oid, a.grantee, 'USAGE')) AS has
                    FROM (SELECT d.datdba AS owner) AS o) AS w
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
