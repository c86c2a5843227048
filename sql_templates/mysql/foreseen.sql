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

{% block plugins %}
{# How those that are there log in; nothing where the table that knows it is hidden from the admin (Cloud SQL, T45). #}
{% if settings.account_locks == "mysql.global_priv" %}
SELECT p.User AS name, p.Host AS host, COALESCE(JSON_VALUE(p.Priv, '$.plugin'), '') AS plugin
FROM {% with users = accounts %}{% include "mysql/fragments/users.sql" %}{% endwith %}

JOIN mysql.global_priv AS p ON CAST(p.User AS BINARY) = CAST(u.grantee AS BINARY) AND p.Host = u.host
{% elif settings.account_locks == "mysql.user" %}
SELECT p.User AS name, p.Host AS host, p.plugin AS plugin
FROM {% with users = accounts %}{% include "mysql/fragments/users.sql" %}{% endwith %}

JOIN mysql.user AS p ON CAST(p.User AS BINARY) = CAST(u.grantee AS BINARY) AND p.Host = u.host
{% else %}
SELECT '' AS name, '' AS host, '' AS plugin FROM DUAL WHERE FALSE
{% endif %}
{% endblock %}
