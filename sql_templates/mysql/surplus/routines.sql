{# information_schema does not tell of them; this table not every admin can read (T45). -#}
SELECT 'acl_entry' AS kind, UPPER(p.Routine_type) AS sort, JSON_ARRAY(JSON_ARRAY(p.Db, p.Routine_name)) AS things, u.grantee, u.host,
       CONCAT('["', REPLACE(UPPER(REPLACE(p.Proc_priv, 'Grant', 'Grant Option')), ',', '","'), '"]') AS privileges
FROM {% include "mysql/fragments/users.sql" %} JOIN mysql.procs_priv AS p
    ON CAST(p.User AS BINARY) = CAST(u.grantee AS BINARY) AND CAST(p.Host AS BINARY) = CAST(u.host AS BINARY)
