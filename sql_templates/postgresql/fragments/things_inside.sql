    SELECT 'SCHEMA' AS sort, jsonb_build_array(nspname) AS thing, nspowner AS owner, nspacl AS acl, 'pg_namespace'::regclass::oid AS class, oid
    FROM pg_namespace WHERE nspacl IS NOT NULL
    UNION ALL
    SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, jsonb_build_array(n.nspname, c.relname), c.relowner, c.relacl, 'pg_class'::regclass, c.oid
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relacl IS NOT NULL AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.relpersistence <> 't'
    UNION ALL
    SELECT 'COLUMN', jsonb_build_array(n.nspname, c.relname, x.attname), c.relowner, x.attacl, 'pg_class'::regclass, c.oid
    FROM pg_attribute AS x JOIN pg_class AS c ON c.oid = x.attrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE x.attacl IS NOT NULL AND NOT x.attisdropped AND c.relpersistence <> 't'
    UNION ALL
    SELECT 'ROUTINE', jsonb_build_array(n.nspname, p.proname) || coalesce(
               (SELECT jsonb_agg(v.word ORDER BY u.i, v.k)
                FROM unnest(p.proargtypes) WITH ORDINALITY AS u (oid, i)
                JOIN pg_type AS y ON y.oid = u.oid JOIN pg_namespace AS m ON m.oid = y.typnamespace
                CROSS JOIN LATERAL (VALUES (1, m.nspname), (2, y.typname)) AS v (k, word)), '[]'),
           p.proowner, p.proacl, 'pg_proc'::regclass, p.oid
    FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE p.proacl IS NOT NULL
    UNION ALL
    SELECT 'TYPE', jsonb_build_array(n.nspname, y.typname), y.typowner, y.typacl, 'pg_type'::regclass, y.oid
    FROM pg_type AS y JOIN pg_namespace AS n ON n.oid = y.typnamespace WHERE y.typacl IS NOT NULL
    UNION ALL
    SELECT 'LANGUAGE', jsonb_build_array(lanname), lanowner, lanacl, 'pg_language'::regclass, oid FROM pg_language WHERE lanacl IS NOT NULL
    UNION ALL
    SELECT 'FOREIGN DATA WRAPPER', jsonb_build_array(fdwname), fdwowner, fdwacl, 'pg_foreign_data_wrapper'::regclass, oid
    FROM pg_foreign_data_wrapper WHERE fdwacl IS NOT NULL
    UNION ALL
    SELECT 'FOREIGN SERVER', jsonb_build_array(srvname), srvowner, srvacl, 'pg_foreign_server'::regclass, oid
    FROM pg_foreign_server WHERE srvacl IS NOT NULL
