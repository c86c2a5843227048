{% block inspect %}
{# Where the spec names an owner, what another role has as the owner of today it will not have tomorrow (T16). #}
SELECT pg_get_userbyid(d.datdba)::text AS owner, has_database_privilege(d.oid, 'CONNECT') AS enters,
       {% include "postgresql/fragments/acts_for.sql" %},
       ARRAY(SELECT a.privilege_type::text
             FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS a
             WHERE a.grantee = r.oid{% if lenders %} AND (r.rolsuper OR d.datdba <> r.oid OR r.rolname = ANY ({% include "postgresql/fragments/lent.sql" %})){% endif %} ORDER BY 1) AS privileges,
       ARRAY(SELECT a.privilege_type::text
             FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS a
             WHERE a.grantee = r.oid AND a.grantor = d.datdba{% if lenders %} AND (r.rolsuper OR d.datdba <> r.oid OR r.rolname = ANY ({% include "postgresql/fragments/lent.sql" %})){% endif %} ORDER BY 1) AS before,
       ARRAY(SELECT p FROM unnest(ARRAY['CONNECT', 'CREATE', 'TEMPORARY']) AS p
             WHERE {% if schemas %}NOT EXISTS (SELECT FROM unnest(ARRAY[{{ schemas | literals }}]::text[]) AS s
                                 WHERE NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = s))
                   OR {% endif %}{% if closed %}EXISTS (SELECT FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS a
                               WHERE a.grantee <> 0 AND a.privilege_type = p AND pg_has_role(r.oid, a.grantee, 'USAGE'))
                   {%- elif direct %}has_database_privilege('public', d.oid, p){% else %}coalesce(has_database_privilege(r.oid, d.oid, p), has_database_privilege('public', d.oid, p)){% endif %}{% if lenders %} AND (r.rolsuper OR d.datdba <> r.oid OR r.rolname = ANY ({% include "postgresql/fragments/lent.sql" %})){% endif %} ORDER BY 1) AS effective
FROM pg_database AS d
CROSS JOIN LATERAL (SELECT o.owner, (SELECT bool_and(has_database_privilege(d.oid, p || ' WITH GRANT OPTION')) FROM unnest(ARRAY[{{ privileges | literals }}]::text[]) AS p) AS option,
                           {% include "postgresql/fragments/has_rights.sql" %} AS has
                    FROM (SELECT d.datdba AS owner) AS o) AS w
LEFT JOIN pg_roles AS r ON r.rolname = {% if grantee %}{{ grantee | literal }}{% else %}current_user{% endif %}

WHERE d.datname = {{ database | literal }}
{% endblock %}

{% block create %}
GRANT {% if every %}ALL PRIVILEGES{% else %}{{ privileges | keywords }}{% endif %} ON DATABASE {{ database | ident }}{{ fold }}TO {% if grantee %}{{ grantee | ident }}{% elif as_role %}SESSION_USER{% else %}CURRENT_USER{% endif %}
{% endblock %}

{% block drop %}
{# Spelled out: ALL would also take what the role had before, and what a later version adds (T15). #}
REVOKE {{ privileges | keywords }} ON DATABASE {{ database | ident }}{{ fold }}FROM {% if grantee %}{{ grantee | ident }}{% elif as_role %}SESSION_USER{% else %}CURRENT_USER{% endif %}
{% endblock %}
