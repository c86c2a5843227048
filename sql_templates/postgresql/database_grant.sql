{% block inspect %}
{# Where the spec names an owner, what another role has as the owner of today it will not have tomorrow (T16). #}
SELECT pg_get_userbyid(d.datdba)::text AS owner,
       pg_has_role(current_user, d.datdba, 'USAGE')
           OR pg_get_userbyid(d.datdba)::text = ANY ({% include "postgresql/fragments/lent.sql" %}) AS grantable,
       ARRAY(SELECT a.privilege_type::text
             FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS a
             WHERE a.grantee = r.oid{% if lenders %} AND (r.rolsuper OR d.datdba <> r.oid OR r.rolname = ANY ({% include "postgresql/fragments/lent.sql" %})){% endif %} ORDER BY 1) AS privileges,
       ARRAY(SELECT a.privilege_type::text
             FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS a
             WHERE a.grantee = r.oid AND a.grantor = d.datdba{% if lenders %} AND (r.rolsuper OR d.datdba <> r.oid OR r.rolname = ANY ({% include "postgresql/fragments/lent.sql" %})){% endif %} ORDER BY 1) AS before,
       ARRAY(SELECT p FROM unnest(ARRAY['CONNECT', 'CREATE', 'TEMPORARY']) AS p
             WHERE {% if direct %}has_database_privilege('public', d.oid, p){% else %}coalesce(has_database_privilege(r.oid, d.oid, p), has_database_privilege('public', d.oid, p)){% endif %}{% if lenders %} AND (r.rolsuper OR d.datdba <> r.oid OR r.rolname = ANY ({% include "postgresql/fragments/lent.sql" %})){% endif %} ORDER BY 1) AS effective
FROM pg_database AS d
LEFT JOIN pg_roles AS r ON r.rolname = {% if grantee %}{{ grantee | literal }}{% else %}current_user{% endif %}

WHERE d.datname = {{ database | literal }}
{% endblock %}

{% block create %}
GRANT {% if every %}ALL PRIVILEGES{% else %}{{ privileges | keywords }}{% endif %} ON DATABASE {{ database | ident }}{{ fold }}TO {% if grantee %}{{ grantee | ident }}{% else %}CURRENT_USER{% endif %}
{% endblock %}

{% block drop %}
{# Spelled out: ALL would also take what the role had before, and what a later version adds (T15). #}
REVOKE {{ privileges | keywords }} ON DATABASE {{ database | ident }}{{ fold }}FROM {% if grantee %}{{ grantee | ident }}{% else %}CURRENT_USER{% endif %}
{% endblock %}
