SELECT COUNT(*) = 0 AS held, COALESCE(GROUP_CONCAT(PRIVILEGE_TYPE ORDER BY PRIVILEGE_TYPE SEPARATOR ', '), 'none') AS observed
FROM information_schema.USER_PRIVILEGES
WHERE {% include "mysql/fragments/grantee.sql" %} AND PRIVILEGE_TYPE <> 'USAGE'
