{# information_schema, which every admin can read; mysql.user only where its column is needed (Cloud SQL hides it, T45). #}
SELECT {{ name | literal }} AS name{% if connection_limit is not none %},
       (SELECT NULLIF(u.max_user_connections, 0) FROM mysql.user AS u
        WHERE CAST(u.User AS BINARY) = CAST({{ name | literal }} AS BINARY) AND u.Host = {{ host | literal }}) AS connection_limit{% endif %}{% if auth == "iam" %},
       COALESCE((SELECT u.plugin FROM mysql.user AS u
                 WHERE CAST(u.User AS BINARY) = CAST({{ name | literal }} AS BINARY) AND u.Host = {{ host | literal }}), '') AS plugin{% endif %},
       NOT {% include "mysql/fragments/locked.sql" %} AS can_login
FROM information_schema.USER_PRIVILEGES
WHERE {% with user = name %}{% include "mysql/fragments/grantee.sql" %}{% endwith %}

LIMIT 1
