{% block privileges %}
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
{% endblock %}

{% block roles %}
WITH RECURSIVE {% include "mysql/fragments/given_by_roles.sql" %}
SELECT 'role_entry' AS kind,
       (SELECT JSON_ARRAYAGG(g.one) FROM given AS g WHERE g.root = p.FROM_USER AND g.root_host = p.FROM_HOST) AS gives, p.FROM_USER AS role, p.FROM_HOST AS role_host, u.grantee, u.host, JSON_ARRAY('MEMBER') AS privileges,
       p.WITH_ADMIN_OPTION = 'Y' AS `option`,
       EXISTS (SELECT 1 FROM mysql.role_edges AS e
               WHERE e.FROM_USER = p.FROM_USER AND e.FROM_HOST = p.FROM_HOST AND e.WITH_ADMIN_OPTION = 'Y'
                 AND CAST(CONCAT('''', e.TO_USER, '''@''', e.TO_HOST, '''') AS BINARY) = CAST({% include "mysql/fragments/me.sql" %} AS BINARY)) AS revocable
FROM {% include "mysql/fragments/users.sql" %} JOIN mysql.role_edges AS p
    ON CAST(p.TO_USER AS BINARY) = CAST(u.grantee AS BINARY) AND CAST(p.TO_HOST AS BINARY) = CAST(u.host AS BINARY)
{% endblock %}

{% block roles_mariadb %}
{# MariaDB keeps roles in another table, and lets nobody but a role's own admins revoke it, superusers included. -#}
WITH RECURSIVE {% include "mysql/fragments/given_by_roles.sql" %}
SELECT 'role_entry' AS kind,
       (SELECT JSON_ARRAYAGG(JSON_COMPACT(g.one)) FROM given AS g WHERE g.root = p.Role) AS gives,
       p.Role AS role, u.grantee, u.host, JSON_ARRAY('MEMBER') AS privileges,
       p.Admin_option = 'Y' AS `option`,
       EXISTS (SELECT 1 FROM mysql.roles_mapping AS e
               WHERE e.Role = p.Role AND e.Admin_option = 'Y'
                 AND CAST(CONCAT('''', e.User, '''@''', e.Host, '''') AS BINARY) = CAST({% include "mysql/fragments/me.sql" %} AS BINARY)) AS revocable
FROM {% include "mysql/fragments/users.sql" %} JOIN mysql.roles_mapping AS p
    ON CAST(p.User AS BINARY) = CAST(u.grantee AS BINARY) AND CAST(p.Host AS BINARY) = CAST(u.host AS BINARY)
{% endblock %}

{% block routines %}
{# information_schema does not tell of them; this table not every admin can read (T45). -#}
SELECT 'acl_entry' AS kind, UPPER(p.Routine_type) AS sort, JSON_ARRAY(JSON_ARRAY(p.Db, p.Routine_name)) AS things, u.grantee, u.host,
       CONCAT('["', REPLACE(UPPER(REPLACE(p.Proc_priv, 'Grant', 'Grant Option')), ',', '","'), '"]') AS privileges
FROM {% include "mysql/fragments/users.sql" %} JOIN mysql.procs_priv AS p
    ON CAST(p.User AS BINARY) = CAST(u.grantee AS BINARY) AND CAST(p.Host AS BINARY) = CAST(u.host AS BINARY)
{% endblock %}
