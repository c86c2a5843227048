SELECT s.DEFAULT_CHARACTER_SET_NAME AS encoding,
       (SELECT COUNT(*) FROM information_schema.TABLES AS t
        WHERE t.TABLE_SCHEMA = s.SCHEMA_NAME AND t.TABLE_COLLATION NOT LIKE 'utf8mb%') AS other_tables
FROM information_schema.SCHEMATA AS s
WHERE CAST(s.SCHEMA_NAME AS BINARY) = CAST({{ database | literal }} AS BINARY)
