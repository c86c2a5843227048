{% block definers %}
{# Whoever a view or routine runs as: MySQL has no owners, but a definer that is not there makes every use of it fail (1449).
   With SQL SECURITY INVOKER nobody's rights but the caller's matter. #}
SELECT t.sort, t.name, t.definer
FROM (SELECT 'view' AS sort, TABLE_NAME AS name, DEFINER AS definer FROM information_schema.VIEWS
      WHERE TABLE_SCHEMA = {{ database | literal }} AND SECURITY_TYPE = 'DEFINER'
      UNION ALL SELECT LOWER(ROUTINE_TYPE), ROUTINE_NAME, DEFINER FROM information_schema.ROUTINES
      WHERE ROUTINE_SCHEMA = {{ database | literal }} AND SECURITY_TYPE = 'DEFINER'
      UNION ALL SELECT 'trigger', TRIGGER_NAME, DEFINER FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = {{ database | literal }}
      UNION ALL SELECT 'event', EVENT_NAME, DEFINER FROM information_schema.EVENTS WHERE EVENT_SCHEMA = {{ database | literal }}) AS t
WHERE CAST(t.definer AS BINARY) <> CAST(CONCAT({{ user | literal }}, '@', {{ host | literal }}) AS BINARY)
ORDER BY t.sort, t.name
{% endblock %}
