{# MariaDB keeps roles in another table, and lets nobody but a role's own admins revoke it, superusers included. -#}
SELECT 'role_entry' AS kind, p.Role AS role, u.grantee, u.host, JSON_ARRAY('MEMBER') AS privileges,
       p.Admin_option = 'Y' AS `option`,
       EXISTS (SELECT 1 FROM mysql.roles_mapping AS e
               WHERE e.Role = p.Role AND e.Admin_option = 'Y'
                 AND CAST(CONCAT('''', e.User, '''@''', e.Host, '''') AS BINARY) = CAST({% include "mysql/fragments/me.sql" %} AS BINARY)) AS revocable
FROM {% include "mysql/fragments/users.sql" %} JOIN mysql.roles_mapping AS p
    ON CAST(p.User AS BINARY) = CAST(u.grantee AS BINARY) AND CAST(p.Host AS BINARY) = CAST(u.host AS BINARY)
