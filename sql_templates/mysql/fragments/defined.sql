{# Compared byte by byte; a definer is written without quotes. -#}
SELECT CONCAT('view ', TABLE_SCHEMA, '.', TABLE_NAME) AS name FROM information_schema.VIEWS
WHERE CAST(DEFINER AS BINARY) = CAST(CONCAT({{ user | literal }}, '@', {{ host | literal }}) AS BINARY)
  AND CAST(TABLE_SCHEMA AS BINARY) {% if here %}={% else %}<>{% endif %} CAST({{ database | literal }} AS BINARY)
UNION ALL
SELECT CONCAT(LOWER(ROUTINE_TYPE), ' ', ROUTINE_SCHEMA, '.', ROUTINE_NAME) FROM information_schema.ROUTINES
WHERE CAST(DEFINER AS BINARY) = CAST(CONCAT({{ user | literal }}, '@', {{ host | literal }}) AS BINARY)
  AND CAST(ROUTINE_SCHEMA AS BINARY) {% if here %}={% else %}<>{% endif %} CAST({{ database | literal }} AS BINARY)
UNION ALL
SELECT CONCAT('event ', EVENT_SCHEMA, '.', EVENT_NAME) FROM information_schema.EVENTS
WHERE CAST(DEFINER AS BINARY) = CAST(CONCAT({{ user | literal }}, '@', {{ host | literal }}) AS BINARY)
  AND CAST(EVENT_SCHEMA AS BINARY) {% if here %}={% else %}<>{% endif %} CAST({{ database | literal }} AS BINARY)
UNION ALL
SELECT CONCAT('trigger ', TRIGGER_SCHEMA, '.', TRIGGER_NAME) FROM information_schema.TRIGGERS
WHERE CAST(DEFINER AS BINARY) = CAST(CONCAT({{ user | literal }}, '@', {{ host | literal }}) AS BINARY)
  AND CAST(TRIGGER_SCHEMA AS BINARY) {% if here %}={% else %}<>{% endif %} CAST({{ database | literal }} AS BINARY)
