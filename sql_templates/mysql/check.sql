{% block reach %}
{# The rows that give an account, or a role that the server gives to every account, other databases, and which. Without a name: a
   privilege on the whole server. #}
SELECT p.GRANTEE AS grantee, p.pattern, GROUP_CONCAT(s.SCHEMA_NAME ORDER BY s.SCHEMA_NAME SEPARATOR ', ') AS reached
FROM (SELECT DISTINCT GRANTEE, TABLE_SCHEMA AS pattern FROM information_schema.SCHEMA_PRIVILEGES
      {% if rights %}UNION SELECT DISTINCT GRANTEE, '' FROM information_schema.USER_PRIVILEGES WHERE PRIVILEGE_TYPE <> 'USAGE'{% endif %}) AS p
LEFT JOIN information_schema.SCHEMATA AS s
    ON {% if settings.partial_revokes == "1" %}CAST(s.SCHEMA_NAME AS BINARY) = CAST(p.pattern AS BINARY){% else %}s.SCHEMA_NAME LIKE p.pattern{% endif %}

   AND s.SCHEMA_NAME NOT IN ('information_schema', 'performance_schema') AND CAST(s.SCHEMA_NAME AS BINARY) NOT IN
        ({% for name in databases %}{% if not loop.first %}, {% endif %}CAST({{ name | literal }} AS BINARY){% endfor %})
WHERE CAST(p.GRANTEE AS BINARY) IN
        ({% for name, host in accounts %}{% if not loop.first %}, {% endif %}CAST(CONCAT('''', {{ name | literal }}, '''@''', {{ host | literal }}, '''') AS BINARY){% endfor %})
GROUP BY p.GRANTEE, p.pattern
HAVING reached IS NOT NULL OR pattern = ''
ORDER BY 1, 2
{% endblock %}
