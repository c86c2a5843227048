{% block inspect %}
{# Whether wrong passwords lock it: nobody tries one for nothing then. -#}
SELECT {{ user | literal }} AS user{% if settings.account_locks == "mysql.user" and version >= (8, 0, 19) %},
       COALESCE((SELECT JSON_EXTRACT(u.User_attributes, '$.Password_locking.failed_login_attempts') FROM mysql.user AS u
                 WHERE CAST(u.User AS BINARY) = CAST({{ user | literal }} AS BINARY) AND u.Host = {{ host | literal }}), 0) + 0 AS attempts{% endif %}

FROM information_schema.USER_PRIVILEGES
WHERE {% include "mysql/fragments/grantee.sql" %}

LIMIT 1
{% endblock %}

{% block create %}
ALTER USER {{ user | literal }}@{{ host | literal }}{{ fold }}IDENTIFIED BY {{ place | password(user) }}
    {%- if retain %} RETAIN CURRENT PASSWORD{% endif %}
{% endblock %}
