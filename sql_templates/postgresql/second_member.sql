{% block inspect %}
SELECT r.rolname::text AS name
FROM pg_auth_members AS m
JOIN pg_roles AS r ON r.oid = m.member
JOIN pg_roles AS f ON f.oid = m.roleid
WHERE r.rolname = {{ name | literal }} AND f.rolname = {{ first | literal }}
LIMIT 1
{% endblock %}

{% block guard %}
SELECT NOT EXISTS (
    SELECT FROM pg_auth_members AS m
    JOIN pg_roles AS r ON r.oid = m.member
    JOIN pg_roles AS f ON f.oid = m.roleid
    WHERE r.rolname = {{ name | literal }} AND f.rolname = {{ first | literal }}) AS missing
{% endblock %}

{% block create %}
GRANT {{ first | ident }} TO {{ name | ident }}
{% endblock %}

{% block drop %}
REVOKE {{ first | ident }} FROM {{ name | ident }}
{% endblock %}
