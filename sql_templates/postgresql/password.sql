{% block inspect %}
SELECT r.rolname::text AS "user", {% include "postgresql/fragments/administered.sql" %} AS administered
FROM pg_roles AS r
WHERE r.rolname = {{ user | literal }}
{% endblock %}

{% block create %}
{# Of users that take turns the one in turn may log in, until it is discarded. -#}
ALTER ROLE {{ user | ident }}{% if turns %} LOGIN VALID UNTIL 'infinity'{% endif %} PASSWORD {{ place | password(user) }}
{% endblock %}
