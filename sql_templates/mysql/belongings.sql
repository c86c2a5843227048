{% block inspect %}
{# Nobody owns anything here; but views, routines, events and triggers run with the rights of whoever defined them, and fail
   without that account. #}
SELECT (SELECT JSON_ARRAYAGG(t.name) FROM ({% with here = false %}{% include "mysql/fragments/defined.sql" %}{% endwith %}) AS t) AS owned,
       (SELECT JSON_ARRAYAGG(t.name) FROM ({% with here = true %}{% include "mysql/fragments/defined.sql" %}{% endwith %}) AS t) AS here,
       (SELECT JSON_ARRAYAGG(t.name) FROM (
            SELECT CONCAT(GROUP_CONCAT(PRIVILEGE_TYPE ORDER BY PRIVILEGE_TYPE SEPARATOR ', '), ' on *.*') AS name
            FROM information_schema.USER_PRIVILEGES
            WHERE {% include "mysql/fragments/grantee.sql" %} AND PRIVILEGE_TYPE <> 'USAGE' HAVING COUNT(*) > 0
            UNION ALL
            SELECT CONCAT(GROUP_CONCAT(PRIVILEGE_TYPE ORDER BY PRIVILEGE_TYPE SEPARATOR ', '), ' on ', TABLE_SCHEMA, '.*')
            FROM information_schema.SCHEMA_PRIVILEGES WHERE {% include "mysql/fragments/grantee.sql" %} GROUP BY TABLE_SCHEMA
            UNION ALL
            SELECT CONCAT(GROUP_CONCAT(PRIVILEGE_TYPE ORDER BY PRIVILEGE_TYPE SEPARATOR ', '), ' on ', TABLE_SCHEMA, '.', TABLE_NAME)
            FROM information_schema.TABLE_PRIVILEGES WHERE {% include "mysql/fragments/grantee.sql" %} GROUP BY TABLE_SCHEMA, TABLE_NAME) AS t) AS given
FROM DUAL
WHERE EXISTS (SELECT 1 FROM information_schema.USER_PRIVILEGES WHERE {% include "mysql/fragments/grantee.sql" %})
{% endblock %}
