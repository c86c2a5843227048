{% block inspect %}
SELECT r.rolname::text AS name, f.oid IS NOT NULL AND NOT r.rolcanlogin AND r.rolvaliduntil IS NOT NULL AS shut_out,
       EXISTS (SELECT FROM pg_auth_members AS m WHERE m.member = r.oid AND m.roleid = f.oid) AS acts
FROM pg_roles AS r
LEFT JOIN pg_roles AS f ON f.rolname = {{ first | literal }}
WHERE r.rolname = {{ name | literal }}
{% endblock %}

{% block guard %}
{% include "postgresql/fragments/no_role.sql" %}
{% endblock %}

{% block create %}
CREATE ROLE {{ name | ident }} NOLOGIN
    {%- if connection_limit is not none %} CONNECTION LIMIT {{ connection_limit | literal }}{% endif %}
{% endblock %}

{% block alter %}
ALTER ROLE {{ name | ident }} LOGIN
{% endblock %}

{% block restore %}
ALTER ROLE {{ name | ident }} NOLOGIN
{% endblock %}

{% block drop %}
DROP ROLE {{ name | ident }}
{% endblock %}
