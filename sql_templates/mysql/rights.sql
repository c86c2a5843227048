{# An admin who may not read the schema mysql sees its own account only, as if there were no other. Also where it can be read whether an account is locked: the columns show only what the admin may select. #}
SELECT PRIVILEGE_TYPE AS privilege, IS_GRANTABLE AS grantable, CURRENT_USER() AS admin, CURRENT_ROLE() AS roles,
       (SELECT COUNT(*) FROM information_schema.SCHEMA_PRIVILEGES AS s
        WHERE CAST(s.GRANTEE AS BINARY) = CAST({% include "mysql/fragments/me.sql" %} AS BINARY)) AS elsewhere,
       (SELECT COUNT(DISTINCT u.GRANTEE) FROM information_schema.USER_PRIVILEGES AS u) = 1 AS alone,
       (SELECT MAX(CONCAT('mysql.', c.TABLE_NAME)) FROM information_schema.COLUMNS AS c
        WHERE c.TABLE_SCHEMA = 'mysql' AND FIND_IN_SET('select', c.PRIVILEGES)
          AND (c.TABLE_NAME = 'user' AND c.COLUMN_NAME = 'account_locked'
               OR c.TABLE_NAME = 'global_priv' AND c.COLUMN_NAME = 'Priv')) AS account_locks
FROM information_schema.USER_PRIVILEGES
WHERE CAST(GRANTEE AS BINARY) = CAST({% include "mysql/fragments/me.sql" %} AS BINARY)
