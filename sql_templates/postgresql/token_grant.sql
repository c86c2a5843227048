{% block inspect %}
{# Every member of the role, through whatever roles, logs in by a token: the admin must not be one (T30). From 16 on it gets
   ADMIN on a user that it makes, and with createrole_self_grant its rights too. -#}
SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = {{ role | literal }}) AS there,
       EXISTS (SELECT FROM pg_auth_members AS m
               JOIN pg_roles AS r ON r.oid = m.roleid
               WHERE r.rolname = {{ role | literal }} AND m.member = u.oid) AS in_effect,
       NOT a.rolsuper AND CASE
           WHEN u.oid IS NULL THEN {% if version >= (16,) %}current_setting('createrole_self_grant') <> ''{% else %}false{% endif %}

           ELSE {% if version >= (16,) %}pg_has_role(current_user, u.oid, 'USAGE') OR pg_has_role(current_user, u.oid, 'SET')
                {%- else %}pg_has_role(current_user, u.oid, 'MEMBER'){% endif %} END AS captures,
       NOT a.rolsuper AND {% if version >= (16,) %}(u.oid IS NULL OR pg_has_role(current_user, u.oid, 'MEMBER')){% else %}false{% endif %} AS administers
FROM pg_roles AS a
LEFT JOIN pg_roles AS u ON u.rolname = {{ user | literal }}
WHERE a.rolname = current_user
{% endblock %}

{% block guard %}
SELECT NOT EXISTS (
    SELECT FROM pg_auth_members AS m
    JOIN pg_roles AS r ON r.oid = m.roleid
    JOIN pg_roles AS u ON u.oid = m.member
    WHERE r.rolname = {{ role | literal }} AND u.rolname = {{ user | literal }}) AS missing
{% endblock %}

{% block create %}
GRANT {{ role | ident }} TO {{ user | ident }}
{% endblock %}

{% block drop %}
REVOKE {{ role | ident }} FROM {{ user | ident }}
{% endblock %}
