{# Of all creators. A creator's own entry stands beside ours as long as ours does, and is not asked (T21). -#}
SELECT 'default_entry' AS kind, n.nspname::text AS schema,
       CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'ROUTINES' WHEN 'T' THEN 'TYPES'
                            WHEN 'n' THEN 'SCHEMAS' ELSE 'LARGE OBJECTS' END AS objects,
       u.rolname::text AS grantee, r.rolname::text AS grantor, x.is_grantable AS option,
       array_agg(x.privilege_type::text ORDER BY x.privilege_type) AS privileges, r.rolname::text AS acts_as,
       {% include "postgresql/fragments/acting.sql" %}

FROM pg_default_acl AS d
JOIN pg_roles AS r ON r.oid = d.defaclrole
JOIN pg_roles AS a ON a.rolname = current_user
LEFT JOIN pg_namespace AS n ON n.oid = d.defaclnamespace
CROSS JOIN LATERAL aclexplode(d.defaclacl) AS x
JOIN pg_roles AS u ON u.oid = x.grantee
WHERE u.rolname = ANY (ARRAY[{{ users | literals }}]::text[]) AND u.oid <> r.oid
GROUP BY n.nspname, d.defaclobjtype, u.rolname, r.rolname, r.oid, r.rolsuper, x.is_grantable, a.rolsuper
ORDER BY 2, 3, 4, 5, 6
