{# Up to PostgreSQL 14 everybody may create in public, and this admin may not be able to change that (T4, T82). #}
SELECT pg_catalog.count(*) FILTER (WHERE NOT everybody) OPERATOR(pg_catalog.=) 0 AS held,
       coalesce(pg_catalog.string_agg(CASE WHEN everybody THEN pg_catalog.concat('in ', nspname, ', as everybody may (PUBLIC)')
                                           ELSE pg_catalog.concat('in ', nspname) END, ', '), 'in none') AS observed
FROM (SELECT n.nspname, EXISTS (SELECT FROM pg_catalog.aclexplode(coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner))) AS a
                                WHERE a.grantee OPERATOR(pg_catalog.=) 0 AND a.privilege_type OPERATOR(pg_catalog.=) 'CREATE') AS everybody
      FROM pg_catalog.pg_namespace AS n
      WHERE n.nspname OPERATOR(pg_catalog.!~~) E'pg\\_%' AND n.nspname OPERATOR(pg_catalog.<>) 'information_schema'
        AND n.nspname OPERATOR(pg_catalog.<>) ALL (ARRAY[{{ schemas | literals }}])
        AND pg_catalog.has_schema_privilege(n.oid, 'CREATE')) AS n
