{% block inspect %}
{# In all databases; the server keeps the name as it is, whatever is in it. #}
SELECT r.rolname::text AS name
FROM pg_db_role_setting AS s
JOIN pg_roles AS r ON r.oid = s.setrole
WHERE s.setdatabase = 0 AND r.rolname = {{ name | literal }} AND ('role=' || {{ first | literal }}) = ANY (s.setconfig)
{% endblock %}

{% block guard %}
SELECT NOT EXISTS (
    SELECT FROM pg_db_role_setting AS s
    JOIN pg_roles AS r ON r.oid = s.setrole
    WHERE s.setdatabase = 0 AND r.rolname = {{ name | literal }} AND ('role=' || {{ first | literal }}) = ANY (s.setconfig)) AS missing
{% endblock %}

{% block create %}
ALTER ROLE {{ name | ident }} SET role = {{ first | literal }}
{% endblock %}

{% block drop %}
ALTER ROLE {{ name | ident }} RESET role
{% endblock %}
