{% block server %}
SHOW GLOBAL VARIABLES WHERE Variable_name IN ('sql_mode', 'explicit_defaults_for_timestamp', 'log_bin', 'log_bin_trust_function_creators',
    'binlog_format', 'max_connections', 'max_user_connections', 'character_set_server', 'sql_require_primary_key')
{% endblock %}

{% block database %}
{# Collations of three bytes are named utf8mb3_... from MySQL 8.0.30 and MariaDB 10.6 on. #}
SELECT s.DEFAULT_CHARACTER_SET_NAME AS encoding,
       (SELECT COUNT(*) FROM information_schema.TABLES AS t
        WHERE t.TABLE_SCHEMA = s.SCHEMA_NAME AND t.TABLE_COLLATION NOT LIKE 'utf8mb4\_%') AS other_tables
FROM information_schema.SCHEMATA AS s
WHERE CAST(s.SCHEMA_NAME AS BINARY) = CAST({{ database | literal }} AS BINARY)
{% endblock %}
