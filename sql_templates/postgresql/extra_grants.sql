{% block attributes %}
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
{% endblock %}

{% block defaults %}
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
{% endblock %}

{% block inside %}
{# All schemas of the database, whoever owns them, and what is in them. Column grants are in a place of their own (T10). -#}
WITH things AS (
    SELECT 'SCHEMA' AS sort, jsonb_build_array(nspname) AS thing, nspowner AS owner, nspacl AS acl
    FROM pg_namespace WHERE nspacl IS NOT NULL
    UNION ALL
    SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, jsonb_build_array(n.nspname, c.relname), c.relowner, c.relacl
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relacl IS NOT NULL AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.relpersistence <> 't'
    UNION ALL
    SELECT 'COLUMN', jsonb_build_array(n.nspname, c.relname, x.attname), c.relowner, x.attacl
    FROM pg_attribute AS x JOIN pg_class AS c ON c.oid = x.attrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE x.attacl IS NOT NULL AND NOT x.attisdropped AND c.relpersistence <> 't'
    UNION ALL
    SELECT 'ROUTINE', jsonb_build_array(n.nspname, p.proname) || coalesce(
               (SELECT jsonb_agg(v.word ORDER BY u.i, v.k)
                FROM unnest(p.proargtypes) WITH ORDINALITY AS u (oid, i)
                JOIN pg_type AS y ON y.oid = u.oid JOIN pg_namespace AS m ON m.oid = y.typnamespace
                CROSS JOIN LATERAL (VALUES (1, m.nspname), (2, y.typname)) AS v (k, word)), '[]'),
           p.proowner, p.proacl
    FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE p.proacl IS NOT NULL
    UNION ALL
    SELECT 'TYPE', jsonb_build_array(n.nspname, y.typname), y.typowner, y.typacl
    FROM pg_type AS y JOIN pg_namespace AS n ON n.oid = y.typnamespace WHERE y.typacl IS NOT NULL
    UNION ALL
    SELECT 'LANGUAGE', jsonb_build_array(lanname), lanowner, lanacl FROM pg_language WHERE lanacl IS NOT NULL
    UNION ALL
    SELECT 'FOREIGN DATA WRAPPER', jsonb_build_array(fdwname), fdwowner, fdwacl
    FROM pg_foreign_data_wrapper WHERE fdwacl IS NOT NULL
    UNION ALL
    SELECT 'FOREIGN SERVER', jsonb_build_array(srvname), srvowner, srvacl FROM pg_foreign_server WHERE srvacl IS NOT NULL
), {% include "postgresql/fragments/entries.sql" %}
{% endblock %}

{% block roles %}
{# From 16 on a membership has a grantor whose rights it takes to revoke it, and what was given on by way of its admin option
   hangs on it (T12, T25). Before, any admin of the role may. -#}
SELECT 'role_entry' AS kind, g.rolname::text AS role, u.rolname::text AS grantee, r.rolname::text AS grantor, m.admin_option AS option,
       {% if version >= (16,) -%}
       ARRAY(SELECT 'MEMBER:' || pg_get_userbyid(o.member) FROM pg_auth_members AS o
             WHERE o.roleid = m.roleid AND o.grantor = m.member ORDER BY 1) AS dependents,
       ARRAY['MEMBER'] AS privileges,
       a.rolsuper OR NOT g.rolsuper AND pg_has_role(current_user, g.oid, 'MEMBER WITH ADMIN OPTION')
           AND (pg_has_role(current_user, r.oid, 'USAGE') OR {% include "postgresql/fragments/administered.sql" %}) AS revocable,
       NOT (a.rolsuper OR pg_has_role(current_user, r.oid, 'USAGE')) AS lend,
       r.rolname::text AS acts_as
       {%- else -%}
       ARRAY['MEMBER'] AS privileges,
       a.rolsuper OR NOT g.rolsuper AND (a.rolcreaterole OR pg_has_role(current_user, g.oid, 'MEMBER WITH ADMIN OPTION')) AS revocable
       {%- endif %}

FROM pg_auth_members AS m
JOIN pg_roles AS g ON g.oid = m.roleid
JOIN pg_roles AS u ON u.oid = m.member
{% if version < (16,) %}LEFT {% endif %}JOIN pg_roles AS r ON r.oid = m.grantor
JOIN pg_roles AS a ON a.rolname = current_user
WHERE u.rolname = ANY (ARRAY[{{ users | literals }}]::text[])
ORDER BY 2, 3, 4
{% endblock %}

{% block shared %}
{# What belongs to the whole server, and can be read from any of its databases. -#}
WITH things AS (
    SELECT 'DATABASE' AS sort, jsonb_build_array(datname) AS thing, datdba AS owner, datacl AS acl
    FROM pg_database WHERE datacl IS NOT NULL
    UNION ALL
    SELECT 'TABLESPACE', jsonb_build_array(spcname), spcowner, spcacl
    FROM pg_tablespace WHERE spcacl IS NOT NULL
{%- if version >= (15,) %}
    UNION ALL
    SELECT 'PARAMETER', to_jsonb(string_to_array(parname, '.')), 10::oid, paracl
    FROM pg_parameter_acl WHERE paracl IS NOT NULL
{%- endif %}
), {% include "postgresql/fragments/entries.sql" %}
{% endblock %}
