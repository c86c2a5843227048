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
{% include "postgresql/fragments/things_inside.sql" %}

), {% include "postgresql/fragments/entries.sql" %}
{% endblock %}

{% block roles %}
{# From 16 on a membership has a grantor whose rights it takes to revoke it, and what was given on by way of its admin option
   hangs on it (T12, T25). Before, any admin of the role may. With each what the user would lose with it. -#}
WITH things AS (
{% include "postgresql/fragments/things_inside.sql" %}

    UNION ALL
    SELECT 'LARGE OBJECT', jsonb_build_array(oid::text), lomowner, lomacl, NULL, NULL
    FROM pg_largeobject_metadata WHERE lomacl IS NOT NULL
    UNION ALL
    SELECT s.*, NULL, NULL FROM (
{% include "postgresql/fragments/things_shared.sql" %}

    ) AS s
)
SELECT 'role_entry' AS kind, o.owned, o.owns, coalesce(o.owners, '{}') AS owners, h.gives,
       ARRAY(SELECT format('ALTER %s RESET role', CASE WHEN s.setrole = 0 AND s.setdatabase = 0 THEN 'ROLE ALL'
                                                       WHEN s.setrole = 0 THEN format('DATABASE %I', d.datname)
                                                       WHEN s.setdatabase = 0 THEN format('ROLE %I', u.rolname)
                                                       ELSE format('ROLE %I IN DATABASE %I', u.rolname, d.datname) END)
             FROM pg_db_role_setting AS s
             LEFT JOIN pg_database AS d ON d.oid = s.setdatabase
             JOIN pg_roles AS r ON ('role=' || r.rolname) = ANY (s.setconfig) AND r.oid = ANY (x.roles)
             WHERE s.setrole = u.oid OR s.setrole = 0 AND (s.setdatabase = 0 OR d.datname = current_database()) ORDER BY 1) AS acting,
       g.rolname::text AS role, u.rolname::text AS grantee, r.rolname::text AS grantor, m.admin_option AS option,
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
CROSS JOIN LATERAL (
{% include "postgresql/fragments/reached.sql" %}

) AS x
CROSS JOIN LATERAL (
{% include "postgresql/fragments/owned_through.sql" %}

) AS o
CROSS JOIN LATERAL (
{% include "postgresql/fragments/given_through.sql" %}

) AS h
WHERE u.rolname = ANY (ARRAY[{{ users | literals }}]::text[])
ORDER BY g.rolname, u.rolname, r.rolname
{% endblock %}

{% block shared %}
{# What belongs to the whole server, and can be read from any of its databases. -#}
WITH things AS (
{% include "postgresql/fragments/things_shared.sql" %}

), {% include "postgresql/fragments/entries.sql" %}
{% endblock %}
