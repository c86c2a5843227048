{% block inspect %}
{# Of a user; nobody's session holds up DROP DATABASE here. The list knows the name of an account, not its host: where there
   are more accounts of the name, the address tells them apart. To end another's takes CONNECTION_ADMIN (MariaDB:
   CONNECTION ADMIN), SUPER, or the procedure of RDS. -#}
SELECT JSON_ARRAYAGG(s.ID) AS numbers, JSON_ARRAYAGG(s.USER) AS users,
       JSON_ARRAYAGG(CONCAT(IF(s.DB IS NULL, '', CONCAT('in database ', s.DB, ' ')), 'from ', s.HOST)) AS origins,
       JSON_ARRAYAGG(s.way) AS ways
FROM (SELECT p.ID, p.USER, p.DB, p.HOST,
             CASE WHEN EXISTS (SELECT 1 FROM information_schema.USER_PRIVILEGES AS m
                               WHERE CAST(m.GRANTEE AS BINARY) = CAST({% include "mysql/fragments/me.sql" %} AS BINARY)
                                 AND m.PRIVILEGE_TYPE IN ('SUPER', 'CONNECTION_ADMIN', 'CONNECTION ADMIN')) THEN 'own'
                  WHEN EXISTS (SELECT 1 FROM information_schema.ROUTINES AS r
                               WHERE r.ROUTINE_SCHEMA = 'mysql' AND r.ROUTINE_NAME = 'rds_kill') THEN 'procedure'
                  ELSE 'none' END AS way
      FROM information_schema.PROCESSLIST AS p
      WHERE {% if user is none %}FALSE{% else %}CAST(p.USER AS BINARY) = CAST({{ user | literal }} AS BINARY) AND p.ID <> CONNECTION_ID()
        AND (LEFT(p.HOST, CHAR_LENGTH(p.HOST) - CHAR_LENGTH(SUBSTRING_INDEX(p.HOST, ':', -1)) - 1) LIKE {{ host | literal }}
             OR NOT EXISTS (SELECT 1 FROM information_schema.USER_PRIVILEGES AS o
                            WHERE CAST(LEFT(o.GRANTEE, CHAR_LENGTH(o.GRANTEE) - CHAR_LENGTH(SUBSTRING_INDEX(o.GRANTEE, '@', -1)) - 1) AS BINARY)
                                  = CAST(CONCAT('''', {{ user | literal }}, '''') AS BINARY)
                              AND CAST(SUBSTRING_INDEX(o.GRANTEE, '@', -1) AS BINARY) <> CAST(CONCAT('''', {{ host | literal }}, '''') AS BINARY))){% endif %}) AS s
{% endblock %}

{% block drop %}
{% if means == "procedure" %}CALL mysql.rds_kill({{ number | literal }}){% else %}KILL {{ number | literal }}{% endif %}
{% endblock %}
