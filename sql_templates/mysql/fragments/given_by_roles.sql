{# Each role with what it gives, by way of the roles in it too, as JSON: the sort of thing, its names, the privilege. #}
edges AS (
    {% if mariadb %}SELECT User AS name, Host AS host, Role AS role, '' AS role_host FROM mysql.roles_mapping
    {%- else %}SELECT TO_USER AS name, TO_HOST AS host, FROM_USER AS role, FROM_HOST AS role_host FROM mysql.role_edges{% endif %}

), reached AS (
    SELECT DISTINCT role AS root, role_host AS root_host, role, role_host FROM edges
    UNION
    SELECT r.root, r.root_host, e.role, e.role_host FROM reached AS r JOIN edges AS e ON e.name = r.role AND e.host = r.role_host
), given AS (
    SELECT DISTINCT r.root, r.root_host, p.one
    FROM reached AS r JOIN (
        SELECT GRANTEE, JSON_ARRAY('THE SERVER', JSON_ARRAY(), PRIVILEGE_TYPE) AS one FROM information_schema.USER_PRIVILEGES
        WHERE PRIVILEGE_TYPE <> 'USAGE'
        {% if mariadb %}{# information_schema has no roles there. #}

        UNION ALL
        SELECT CONCAT('''', User, '''@''', Host, ''''), JSON_ARRAY('THE SERVER', JSON_ARRAY(), 'global privileges') FROM mysql.global_priv
        WHERE JSON_VALUE(Priv, '$.is_role') AND JSON_VALUE(Priv, '$.access') > 0
        {% endif %}

        UNION ALL
        SELECT GRANTEE, JSON_ARRAY('DATABASE', JSON_ARRAY(TABLE_SCHEMA), PRIVILEGE_TYPE) FROM information_schema.SCHEMA_PRIVILEGES
        WHERE PRIVILEGE_TYPE <> 'USAGE'
        UNION ALL
        SELECT GRANTEE, JSON_ARRAY('TABLE', JSON_ARRAY(TABLE_SCHEMA, TABLE_NAME), PRIVILEGE_TYPE) FROM information_schema.TABLE_PRIVILEGES
        WHERE PRIVILEGE_TYPE <> 'USAGE'
        UNION ALL
        SELECT GRANTEE, JSON_ARRAY('COLUMN', JSON_ARRAY(TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME), PRIVILEGE_TYPE) FROM information_schema.COLUMN_PRIVILEGES
        UNION ALL
        SELECT CONCAT('''', User, '''@''', Host, ''''), JSON_ARRAY('ROUTINE', JSON_ARRAY(Db, Routine_name), 'EXECUTE') FROM mysql.procs_priv
        WHERE FIND_IN_SET('Execute', Proc_priv)
    ) AS p ON CAST(p.GRANTEE AS BINARY) = CAST(CONCAT('''', r.role, '''@''', r.role_host, '''') AS BINARY)
)
