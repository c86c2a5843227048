{% block inspect %}
SELECT {{ user | literal }} AS user
FROM information_schema.USER_PRIVILEGES
WHERE {% include "mysql/fragments/grantee.sql" %}

LIMIT 1
{% endblock %}

{% block create %}
ALTER USER {{ user | literal }}@{{ host | literal }}{{ fold }}IDENTIFIED BY {{ place | password(user) }}
    {%- if retain %} RETAIN CURRENT PASSWORD{% endif %}
{% endblock %}
