SELECT COUNT(*) = 0 AS held, COALESCE(GROUP_CONCAT(SCHEMA_NAME ORDER BY SCHEMA_NAME SEPARATOR ', '), 'no other') AS observed
FROM information_schema.SCHEMATA
WHERE SCHEMA_NAME NOT IN ('information_schema', 'performance_schema') AND CAST(SCHEMA_NAME AS BINARY) NOT IN
    ({% for name in databases %}{% if not loop.first %}, {% endif %}CAST({{ name | literal }} AS BINARY){% endfor %})
