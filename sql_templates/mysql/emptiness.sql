{% block ensure %}
{# The one error that a statement can raise on purpose in a file, on MySQL and MariaDB alike: more than one row (1242). #}
SET @dbprov_database_holds_tables = (SELECT 'nothing' UNION ALL SELECT TABLE_NAME FROM information_schema.TABLES
                                     WHERE CAST(TABLE_SCHEMA AS BINARY) = CAST({{ database | literal }} AS BINARY))
{% endblock %}
