{# What a verification that was killed left behind: MySQL takes no DDL back. #}
SELECT DISTINCT LEFT(t.name, CHAR_LENGTH({{ probe | literal }})) AS probe
FROM (SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = {{ database | literal }}
      UNION SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = {{ database | literal }}) AS t
WHERE t.name LIKE 'dbprov\_probe\_%' AND IS_FREE_LOCK(LEFT(t.name, CHAR_LENGTH({{ probe | literal }}))) = 1
