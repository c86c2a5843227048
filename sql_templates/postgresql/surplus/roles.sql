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
