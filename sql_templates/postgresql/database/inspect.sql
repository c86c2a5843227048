SELECT d.datname::text AS name, pg_encoding_to_char(d.encoding)::text AS encoding, d.datcollate::text AS collation,
       pg_get_userbyid(d.datdba)::text AS owner, NOT d.datallowconn AND d.datconnlimit = 0 AS sealed
FROM pg_database AS d
WHERE d.datname = {{ name | literal }}
