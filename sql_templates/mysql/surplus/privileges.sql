{# Every stored row of the users, in its own spelling: a REVOKE addresses one row, spelled as it is stored (T43). The grant
   option belongs to the row; USAGE says that there is no privilege in it. -#}
SELECT 'acl_entry' AS kind, 'GLOBAL' AS sort, JSON_ARRAY() AS things, u.grantee, u.host,
       JSON_ARRAYAGG(p.PRIVILEGE_TYPE) AS privileges, MAX(p.IS_GRANTABLE = 'YES') AS `option`
FROM {% include "mysql/fragments/users.sql" %} JOIN information_schema.USER_PRIVILEGES AS p ON {% include "mysql/fragments/of_user.sql" %}

GROUP BY u.grantee, u.host
UNION ALL
SELECT 'acl_entry', 'DATABASE', JSON_ARRAY(JSON_ARRAY(p.TABLE_SCHEMA)), u.grantee, u.host,
       JSON_ARRAYAGG(p.PRIVILEGE_TYPE), MAX(p.IS_GRANTABLE = 'YES')
FROM {% include "mysql/fragments/users.sql" %} JOIN information_schema.SCHEMA_PRIVILEGES AS p ON {% include "mysql/fragments/of_user.sql" %}

GROUP BY u.grantee, u.host, CAST(p.TABLE_SCHEMA AS BINARY), p.TABLE_SCHEMA
UNION ALL
SELECT 'acl_entry', 'TABLE', JSON_ARRAY(JSON_ARRAY(p.TABLE_SCHEMA, p.TABLE_NAME)), u.grantee, u.host,
       JSON_ARRAYAGG(p.PRIVILEGE_TYPE), MAX(p.IS_GRANTABLE = 'YES')
FROM {% include "mysql/fragments/users.sql" %} JOIN information_schema.TABLE_PRIVILEGES AS p ON {% include "mysql/fragments/of_user.sql" %}

GROUP BY u.grantee, u.host, CAST(p.TABLE_SCHEMA AS BINARY), p.TABLE_SCHEMA, CAST(p.TABLE_NAME AS BINARY), p.TABLE_NAME
UNION ALL
SELECT 'acl_entry', 'COLUMN', JSON_ARRAY(JSON_ARRAY(p.TABLE_SCHEMA, p.TABLE_NAME, p.COLUMN_NAME)), u.grantee, u.host,
       JSON_ARRAYAGG(p.PRIVILEGE_TYPE), FALSE
FROM {% include "mysql/fragments/users.sql" %} JOIN information_schema.COLUMN_PRIVILEGES AS p ON {% include "mysql/fragments/of_user.sql" %}

GROUP BY u.grantee, u.host, CAST(p.TABLE_SCHEMA AS BINARY), p.TABLE_SCHEMA, CAST(p.TABLE_NAME AS BINARY), p.TABLE_NAME, p.COLUMN_NAME
