{% block inspect %}
{# No view of information_schema shows it. Only asked of servers that keep one: MySQL 8.0.14 and newer. #}
SELECT {{ user | literal }} AS user, COALESCE(JSON_CONTAINS_PATH(u.User_attributes, 'one', '$.additional_password'), 0) AS valid
FROM mysql.user AS u
WHERE CAST(u.User AS BINARY) = CAST({{ user | literal }} AS BINARY) AND u.Host = {{ host | literal }}
{% endblock %}

{% block drop %}
ALTER USER {{ user | literal }}@{{ host | literal }} DISCARD OLD PASSWORD
{% endblock %}
