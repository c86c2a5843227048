{# What is in effect for a role in a database: its setting there, else its own, else the database's (T68). #}
SELECT r.rolname::text AS name, NULLIF(r.rolconnlimit, -1) AS connections,
       (SELECT substr(c.entry, length('search_path=') + 1)
        FROM pg_db_role_setting AS s, unnest(s.setconfig) AS c(entry)
        WHERE c.entry LIKE 'search\_path=%' AND s.setrole IN (0, r.oid)
          AND s.setdatabase IN (0, (SELECT d.oid FROM pg_database AS d WHERE d.datname = {{ database | literal }}))
        ORDER BY s.setrole = 0, s.setdatabase = 0 LIMIT 1) AS search_path
FROM pg_roles AS r
WHERE r.rolname = ANY (ARRAY[{{ users | literals }}]::text[])
