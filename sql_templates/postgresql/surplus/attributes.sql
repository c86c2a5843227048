{# SUPERUSER is a superuser's to give and take; from 16 on an admin gives and takes only what it has itself (T27, T28). -#}
SELECT 'attribute' AS kind, r.rolname::text AS grantee, ARRAY[v.word] AS privileges,
       a.rolsuper OR NOT r.rolsuper AND {% include "postgresql/fragments/administered.sql" %} AND v.lent AS revocable
FROM pg_roles AS r
JOIN pg_roles AS a ON a.rolname = current_user
CROSS JOIN LATERAL (VALUES
    ('SUPERUSER', r.rolsuper, false),
    ('CREATEDB', r.rolcreatedb, {% if version >= (16,) %}a.rolcreatedb{% else %}true{% endif %}),
    ('CREATEROLE', r.rolcreaterole, true),
    ('REPLICATION', r.rolreplication, {% if version >= (16,) %}a.rolreplication{% else %}false{% endif %}),
    ('BYPASSRLS', r.rolbypassrls, {% if version >= (16,) %}a.rolbypassrls{% else %}false{% endif %})) AS v (word, has, lent)
WHERE r.rolname = ANY (ARRAY[{{ users | literals }}]::text[]) AND v.has
ORDER BY 2, 3
