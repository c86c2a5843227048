{% block inspect %}
SELECT {% with name = user %}{% include "mysql/fragments/locked.sql" %}{% endwith %} AS locked
FROM information_schema.USER_PRIVILEGES
WHERE {% include "mysql/fragments/grantee.sql" %}

LIMIT 1
{% endblock %}

{% block create %}
{# Sessions that are open go on (T55): they are ended next. #}
ALTER USER {{ user | literal }}@{{ host | literal }} ACCOUNT LOCK
{% endblock %}

{% block drop %}
ALTER USER {{ user | literal }}@{{ host | literal }} ACCOUNT UNLOCK
{% endblock %}
