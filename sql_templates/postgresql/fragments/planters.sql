{# Who may have put something into the schema that the script of an extension would find there (T84): who may create in it, and
   whose routines and operators are in it. Not superusers, whoever asks, or the Deployment's own users; PUBLIC only where
   another role can enter the database. Written for a plain query and for the body of a DO alike. -#}
SELECT DISTINCT CASE WHEN h.oid = 0 THEN 'PUBLIC' ELSE format('"%s"', r.rolname) END AS who
FROM pg_namespace AS n
JOIN pg_database AS d ON d.datname = current_database()
CROSS JOIN LATERAL (
    SELECT n.nspowner AS oid
    UNION SELECT x.grantee FROM aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) AS x
    WHERE x.privilege_type = 'CREATE'
    UNION SELECT f.proowner FROM pg_proc AS f WHERE f.pronamespace = n.oid
    UNION SELECT o.oprowner FROM pg_operator AS o WHERE o.oprnamespace = n.oid) AS h
LEFT JOIN pg_roles AS r
    ON r.oid = CASE pg_get_userbyid(h.oid) WHEN 'pg_database_owner' THEN d.datdba ELSE h.oid END
WHERE n.nspname = {{ schemas[0] | body_literal }}
  AND CASE WHEN h.oid = 0
           THEN EXISTS (SELECT FROM pg_roles AS l
                        WHERE l.rolcanlogin AND NOT l.rolsuper AND l.rolname <> current_user
                          AND l.rolname <> ALL (ARRAY[{{ users | body_literal_lines }}]::text[])
                          AND has_database_privilege(l.oid, d.oid, 'CONNECT'))
           ELSE NOT r.rolsuper AND r.rolname <> current_user
                AND r.rolname <> ALL (ARRAY[{{ users | body_literal_lines }}]::text[]) END
