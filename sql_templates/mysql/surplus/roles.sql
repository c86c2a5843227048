SELECT 'role_entry' AS kind, p.FROM_USER AS role, p.FROM_HOST AS role_host, u.grantee, u.host, JSON_ARRAY('MEMBER') AS privileges,
       p.WITH_ADMIN_OPTION = 'Y' AS `option`,
       EXISTS (SELECT 1 FROM mysql.role_edges AS e
               WHERE e.FROM_USER = p.FROM_USER AND e.FROM_HOST = p.FROM_HOST AND e.WITH_ADMIN_OPTION = 'Y'
                 AND CAST(CONCAT('''', e.TO_USER, '''@''', e.TO_HOST, '''') AS BINARY) = CAST({% include "mysql/fragments/me.sql" %} AS BINARY)) AS revocable
FROM {% include "mysql/fragments/users.sql" %} JOIN mysql.role_edges AS p
    ON CAST(p.TO_USER AS BINARY) = CAST(u.grantee AS BINARY) AND CAST(p.TO_HOST AS BINARY) = CAST(u.host AS BINARY)
