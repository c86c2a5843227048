{% block orphans %}
{# Accounts that are not there, and as which views and routines run: CREATE USER is refused to most admins (4006). #}
SELECT u.grantee AS name, u.host AS host, MIN(d.name) AS thing, COUNT(*) AS number
FROM {% with users = accounts %}{% include "mysql/fragments/users.sql" %}{% endwith %}

JOIN (SELECT DEFINER AS definer, CONCAT('view ', TABLE_SCHEMA, '.', TABLE_NAME) AS name FROM information_schema.VIEWS
      UNION ALL SELECT DEFINER, CONCAT(LOWER(ROUTINE_TYPE), ' ', ROUTINE_SCHEMA, '.', ROUTINE_NAME) FROM information_schema.ROUTINES
      UNION ALL SELECT DEFINER, CONCAT('event ', EVENT_SCHEMA, '.', EVENT_NAME) FROM information_schema.EVENTS
      UNION ALL SELECT DEFINER, CONCAT('trigger ', TRIGGER_SCHEMA, '.', TRIGGER_NAME) FROM information_schema.TRIGGERS) AS d
    ON CAST(d.definer AS BINARY) = CAST(CONCAT(u.grantee, '@', u.host) AS BINARY)
WHERE NOT EXISTS (SELECT 1 FROM information_schema.USER_PRIVILEGES AS p WHERE {% include "mysql/fragments/of_user.sql" %})
GROUP BY u.grantee, u.host
{% endblock %}
