{% block inspect %}
SELECT NOT r.rolcanlogin AS locked,
       {% include "postgresql/fragments/administered.sql" %} AS administered
FROM pg_roles AS r
WHERE r.rolname = {{ user | literal }}
{% endblock %}

{% block create %}
{# Sessions that are open go on (T73): they are ended next. #}
ALTER ROLE {{ user | ident }} NOLOGIN
{% endblock %}

{% block drop %}
ALTER ROLE {{ user | ident }} LOGIN
{% endblock %}
