SELECT COALESCE(JSON_UNQUOTE(JSON_EXTRACT(ATTRIBUTE, '$.dbprov')), '') AS text
FROM information_schema.USER_ATTRIBUTES
WHERE CAST(USER AS BINARY) = CAST({{ name | literal }} AS BINARY) AND HOST = {{ host | literal }}
