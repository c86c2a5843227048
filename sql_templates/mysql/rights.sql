SELECT PRIVILEGE_TYPE AS privilege, IS_GRANTABLE AS grantable, CURRENT_USER() AS admin, CURRENT_ROLE() AS roles,
       (SELECT COUNT(*) FROM information_schema.SCHEMA_PRIVILEGES AS s
        WHERE CAST(s.GRANTEE AS BINARY) = CAST({% include "mysql/fragments/me.sql" %} AS BINARY)) AS elsewhere
FROM information_schema.USER_PRIVILEGES
WHERE CAST(GRANTEE AS BINARY) = CAST({% include "mysql/fragments/me.sql" %} AS BINARY)
