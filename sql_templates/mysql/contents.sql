{% block inspect %}
{# Rows of the grant tables that name the database survive it (T44), in every spelling that means it and no other. #}
SELECT (SELECT JSON_ARRAY(CONCAT(COUNT(*), IF(COUNT(*) = 1, ' table or view, ', ' tables and views, '), ROUND(COALESCE(SUM(DATA_LENGTH + INDEX_LENGTH), 0) / 1048576), ' MB'))
        FROM information_schema.TABLES WHERE CAST(TABLE_SCHEMA AS BINARY) = CAST({{ name | literal }} AS BINARY)) AS holds,
       (SELECT JSON_ARRAYAGG(t.said) FROM (
            SELECT CONCAT(GRANTEE, ': ', GROUP_CONCAT(PRIVILEGE_TYPE ORDER BY PRIVILEGE_TYPE SEPARATOR ', '), ' on ', TABLE_SCHEMA, '.*') AS said
            FROM information_schema.SCHEMA_PRIVILEGES
            WHERE CAST(TABLE_SCHEMA AS BINARY) IN (CAST({{ name | literal }} AS BINARY), CAST({{ name | pattern_literal }} AS BINARY))
            GROUP BY GRANTEE, TABLE_SCHEMA
            UNION ALL
            SELECT CONCAT(GRANTEE, ': ', GROUP_CONCAT(PRIVILEGE_TYPE ORDER BY PRIVILEGE_TYPE SEPARATOR ', '), ' on ', TABLE_SCHEMA, '.', TABLE_NAME)
            FROM information_schema.TABLE_PRIVILEGES
            WHERE CAST(TABLE_SCHEMA AS BINARY) = CAST({{ name | literal }} AS BINARY)
            GROUP BY GRANTEE, TABLE_SCHEMA, TABLE_NAME) AS t) AS survivors
FROM information_schema.SCHEMATA
WHERE CAST(SCHEMA_NAME AS BINARY) = CAST({{ name | literal }} AS BINARY)
{% endblock %}
