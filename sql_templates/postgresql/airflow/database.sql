SELECT pg_encoding_to_char(d.encoding)::text AS encoding, NULLIF(d.datconnlimit, -1) AS connections
FROM pg_database AS d
WHERE d.datname = {{ database | literal }}
