{% block limits %}
{# Not every admin may read this table (T45). #}
SELECT User AS name, Host AS host, NULLIF(max_user_connections, 0) AS connection_limit, plugin = 'AWSAuthenticationPlugin' AS iam, plugin
FROM mysql.user
WHERE max_user_connections > 0 OR plugin NOT IN ('', 'mysql_native_password', 'sha256_password', 'caching_sha2_password')
{% endblock %}

{% block roles %}
{# Who was given roles, with all that those roles have got in turn; and which accounts are roles. A role of MySQL is an account
   that is locked and has no password (CREATE ROLE), or that somebody was given; who administers accounts needs no grants. -#}
WITH RECURSIVE edges AS (
    {% if mariadb %}SELECT User AS name, Host AS host, Role AS role, '' AS role_host FROM mysql.roles_mapping
    {%- else %}SELECT TO_USER AS name, TO_HOST AS host, FROM_USER AS role, FROM_HOST AS role_host FROM mysql.role_edges{% endif %}

), reached AS (
    SELECT name, host, role, role_host FROM edges
    UNION
    SELECT r.name, r.host, e.role, e.role_host FROM reached AS r JOIN edges AS e ON e.name = r.role AND e.host = r.role_host
), accounts AS (
    SELECT User AS name, Host AS host,
           {% if mariadb %}is_role = 'N'{% else %}NOT (account_locked = 'Y' AND authentication_string = ''){% endif %} AS can_login
    FROM mysql.user
)
SELECT a.name, a.host, a.can_login,
       EXISTS (SELECT 1 FROM information_schema.USER_PRIVILEGES AS p
               WHERE CAST(p.GRANTEE AS BINARY) = CAST(CONCAT('''', a.name, '''@''', a.host, '''') AS BINARY)
                 AND p.PRIVILEGE_TYPE IN ('CREATE USER', 'SUPER')) AS superuser,
       COALESCE((SELECT JSON_ARRAYAGG(r.role) FROM reached AS r WHERE r.name = a.name AND r.host = a.host), JSON_ARRAY()) AS through
FROM accounts AS a
WHERE (NOT a.can_login OR EXISTS (SELECT 1 FROM reached AS r WHERE r.name = a.name AND r.host = a.host))
  AND CAST(CONCAT('''', a.name, '''@''', a.host, '''') AS BINARY) <> CAST({% include "mysql/fragments/me.sql" %} AS BINARY)
ORDER BY 1, 2
{% endblock %}

{% block users %}
{# Whoever has a row that reaches the database, in whatever spelling (T40), or one for something in it. #}
SELECT DISTINCT SUBSTRING(t.grantee, 2, CHAR_LENGTH(t.grantee) - CHAR_LENGTH(SUBSTRING_INDEX(t.grantee, '@', -1)) - 3) AS name,
       TRIM(BOTH '''' FROM SUBSTRING_INDEX(t.grantee, '@', -1)) AS host
FROM (
    SELECT GRANTEE AS grantee FROM information_schema.SCHEMA_PRIVILEGES
    WHERE CAST({{ database | literal }} AS BINARY) = CAST(TABLE_SCHEMA AS BINARY)
       {% if settings.partial_revokes != "1" %}OR {{ database | literal }} LIKE CAST(TABLE_SCHEMA AS BINARY){% endif %}

    UNION
    SELECT GRANTEE FROM information_schema.TABLE_PRIVILEGES
    WHERE CAST(TABLE_SCHEMA AS BINARY) = CAST({{ database | literal }} AS BINARY)
) AS t
WHERE CAST(t.grantee AS BINARY) <> CAST({% include "mysql/fragments/me.sql" %} AS BINARY)
ORDER BY 1, 2
{% endblock %}

{% block powers %}
{# What each can do in the database beyond reading: by rows that reach it, in whatever spelling (T40), and by rows for its tables. #}
SELECT SUBSTRING(t.grantee, 2, CHAR_LENGTH(t.grantee) - CHAR_LENGTH(SUBSTRING_INDEX(t.grantee, '@', -1)) - 3) AS name,
       TRIM(BOTH '''' FROM SUBSTRING_INDEX(t.grantee, '@', -1)) AS host,
       MAX(t.word IN ('CREATE', 'ALTER', 'DROP', 'INDEX', 'CREATE VIEW', 'CREATE ROUTINE', 'TRIGGER')) AS creates,
       MAX(t.word IN ('INSERT', 'UPDATE', 'DELETE')) AS writes,
       MAX(t.grantable = 'YES') AS grants
FROM (
    SELECT GRANTEE AS grantee, PRIVILEGE_TYPE AS word, IS_GRANTABLE AS grantable FROM information_schema.SCHEMA_PRIVILEGES
    WHERE CAST({{ database | literal }} AS BINARY) = CAST(TABLE_SCHEMA AS BINARY)
       {% if settings.partial_revokes != "1" %}OR {{ database | literal }} LIKE CAST(TABLE_SCHEMA AS BINARY){% endif %}

    UNION ALL
    SELECT GRANTEE, PRIVILEGE_TYPE, 'NO' FROM information_schema.TABLE_PRIVILEGES
    WHERE CAST(TABLE_SCHEMA AS BINARY) = CAST({{ database | literal }} AS BINARY)
) AS t
GROUP BY t.grantee
{% endblock %}

{% block holders %}
{# Roles that the admin was granted, with what each of them has on the whole server. MariaDB shows nobody what a role has. #}
SELECT r.ROLE_NAME AS role, r.ROLE_HOST AS role_host,
       u.PRIVILEGE_TYPE AS privilege, u.IS_GRANTABLE = 'YES' AS grantable
FROM information_schema.APPLICABLE_ROLES AS r
JOIN information_schema.USER_PRIVILEGES AS u
    ON CAST(u.GRANTEE AS BINARY) = CAST(CONCAT('''', r.ROLE_NAME, '''@''', r.ROLE_HOST, '''') AS BINARY)
{% endblock %}
