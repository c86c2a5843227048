{# Up to PostgreSQL 14 everybody may create in public, and this admin may not be able to change that (T4, T82). #}
SELECT count(*) FILTER (WHERE NOT everybody) = 0 AS held,
       coalesce(string_agg(CASE WHEN everybody THEN format('in %s, as everybody may (PUBLIC)', nspname) ELSE 'in ' || nspname END, ', '), 'in none') AS observed
FROM (SELECT n.nspname, EXISTS (SELECT FROM aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) AS a
                                WHERE a.grantee = 0 AND a.privilege_type = 'CREATE') AS everybody
      FROM pg_namespace AS n
      WHERE n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
        AND n.nspname <> ALL (ARRAY[{{ schemas | literals }}])
        AND has_schema_privilege(n.oid, 'CREATE')) AS n
