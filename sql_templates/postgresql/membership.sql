{% block inspect %}
{# What it takes to act with a role's rights: being a superuser, or a member that inherits and (from 16 on) may SET ROLE. #}
SELECT true AS sufficient, true AS administered, false AS external, '{}'::text[] AS lent
FROM pg_roles AS a
WHERE a.rolname = current_user AND a.rolsuper
UNION ALL
SELECT pg_has_role(current_user, r.oid, 'USAGE')
           {%- if version >= (16,) %} AND pg_has_role(current_user, r.oid, 'SET'){% endif %} AS sufficient,
       {% include "postgresql/fragments/administered.sql" %} AS administered,
       EXISTS (SELECT FROM pg_roles AS i
               WHERE i.rolname = 'rds_iam' AND pg_has_role(r.oid, i.oid, 'MEMBER')) AS external,
       {% if version >= (16,) -%}
       ARRAY(SELECT CASE WHEN m.inherit_option THEN 'SET' ELSE 'INHERIT' END
             FROM pg_auth_members AS m
             WHERE m.roleid = r.oid AND m.member = a.oid AND m.grantor = a.oid)
       {%- else %}'{}'::text[]{% endif %} AS lent
FROM pg_roles AS r, pg_roles AS a
WHERE r.rolname = {{ role | literal }} AND a.rolname = current_user AND NOT a.rolsuper
{% endblock %}

{% block guard %}
SELECT NOT a.rolsuper AND NOT (pg_has_role(r.oid, 'USAGE')
       {%- if version >= (16,) %} AND pg_has_role(r.oid, 'SET'){% endif %}) AS missing
FROM pg_roles AS r, pg_roles AS a
WHERE r.rolname = {{ role | literal }} AND a.rolname = current_user
{% endblock %}

{% block create %}
{# Granted and taken back within one transaction, so that no crash can leave it behind (T80). #}
GRANT {{ role | ident }} TO CURRENT_USER{% if version >= (16,) %} WITH INHERIT TRUE, SET TRUE{% endif %}
{% endblock %}

{% block drop %}
{# A grant of the admin to itself that was there before (createrole_self_grant) keeps what it had. #}
REVOKE {% if lent %}{{ lent | keywords }} OPTION FOR {% endif %}{{ role | ident }} FROM CURRENT_USER
{% endblock %}
