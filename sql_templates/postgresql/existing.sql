{% block users %}
{# Who owns or was given anything in the database, or on it, or has settings there; and who may log in and gets it by such a
   role. Objects in all databases depend on roles in one place, pg_shdepend (T76). Of two users that take turns the second is no
   user of its own. #}
WITH seconds AS (
    SELECT s.oid, f.oid AS first
    FROM pg_roles AS s
    JOIN pg_auth_members AS m ON m.member = s.oid
    JOIN pg_roles AS f ON f.oid = m.roleid AND s.rolname = f.rolname || '_b'
    JOIN pg_db_role_setting AS c ON c.setrole = s.oid AND c.setdatabase = 0 AND ('role=' || f.rolname) = ANY (c.setconfig)
), holders AS (
    SELECT s.refobjid AS oid
    FROM pg_shdepend AS s JOIN pg_database AS d ON d.datname = {{ database | literal }}
    WHERE s.refclassid = 'pg_authid'::regclass AND s.deptype IN ('o', 'a')
      AND (s.dbid = d.oid OR s.dbid = 0 AND s.classid = 'pg_database'::regclass AND s.objid = d.oid)
    UNION
    SELECT s.setrole FROM pg_db_role_setting AS s JOIN pg_database AS d ON d.oid = s.setdatabase
    WHERE d.datname = {{ database | literal }} AND s.setrole <> 0
    UNION
    SELECT datdba FROM pg_database WHERE datname = {{ database | literal }}
)
SELECT r.rolname::text AS name, r.rolconnlimit AS connection_limit, r.rolcanlogin AS can_login, r.rolsuper AS superuser,
       r.oid = d.datdba AS owner,
       EXISTS (SELECT FROM pg_auth_members AS m JOIN pg_roles AS i ON i.oid = m.roleid
               WHERE i.rolname = 'rds_iam' AND m.member = r.oid) AS iam,
       EXISTS (SELECT FROM seconds AS s WHERE s.first = r.oid) AS turns,
       ARRAY(SELECT h.rolname::text FROM pg_roles AS h
             WHERE h.oid IN (SELECT oid FROM holders) AND h.oid <> r.oid AND pg_has_role(r.oid, h.oid, 'MEMBER') ORDER BY 1) AS through,
       (SELECT c FROM pg_db_role_setting AS s, unnest(s.setconfig) AS c
        WHERE s.setrole IN (r.oid, 0) AND s.setdatabase IN (d.oid, 0) AND c LIKE 'search_path=%'
        ORDER BY s.setrole <> 0 DESC, s.setdatabase <> 0 DESC LIMIT 1) AS search_path
FROM pg_roles AS r
JOIN pg_database AS d ON d.datname = {{ database | literal }}
WHERE r.rolname <> current_user AND r.rolname NOT LIKE 'pg\_%' AND r.oid NOT IN (SELECT oid FROM seconds)
  AND (r.oid IN (SELECT oid FROM holders)
       OR r.rolcanlogin AND NOT r.rolsuper
          AND EXISTS (SELECT FROM holders AS h JOIN pg_roles AS g ON g.oid = h.oid
                      WHERE NOT g.rolcanlogin AND pg_has_role(r.oid, h.oid, 'MEMBER')))
ORDER BY 1
{% endblock %}

{% block powers %}
{# What each can do in the database beyond reading, as itself or through roles that it inherits, PUBLIC aside: up to PostgreSQL 14
   everybody may create in public (T2, T82), and that describes nobody. -#}
SELECT u.rolname::text AS name,
       EXISTS (SELECT FROM pg_namespace AS n
               CROSS JOIN LATERAL aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) AS a
               WHERE n.nspname !~ '^(pg_|information_schema$)' AND a.privilege_type = 'CREATE' AND a.grantee <> 0
                 AND pg_has_role(u.oid, a.grantee, 'USAGE'))
       OR EXISTS (SELECT FROM pg_database AS d CROSS JOIN LATERAL aclexplode(d.datacl) AS a
                  WHERE d.datname = current_database() AND a.privilege_type = 'CREATE' AND a.grantee <> 0
                    AND pg_has_role(u.oid, a.grantee, 'USAGE'))
       OR EXISTS (SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                  WHERE n.nspname !~ '^(pg_|information_schema$)' AND pg_has_role(u.oid, c.relowner, 'USAGE'))
       OR EXISTS (SELECT FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
                  WHERE n.nspname !~ '^(pg_|information_schema$)' AND pg_has_role(u.oid, p.proowner, 'USAGE')) AS creates,
       EXISTS (SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
               CROSS JOIN LATERAL aclexplode(c.relacl) AS a
               WHERE n.nspname !~ '^(pg_|information_schema$)' AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.grantee <> 0
                 AND a.privilege_type IN ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE') AND pg_has_role(u.oid, a.grantee, 'USAGE'))
       OR EXISTS (SELECT FROM pg_default_acl AS f CROSS JOIN LATERAL aclexplode(f.defaclacl) AS a
                  WHERE f.defaclobjtype = 'r' AND a.grantee <> 0 AND a.grantee <> f.defaclrole
                    AND a.privilege_type IN ('INSERT', 'UPDATE', 'DELETE') AND pg_has_role(u.oid, a.grantee, 'USAGE')) AS writes
FROM pg_roles AS u
WHERE u.rolname = ANY (ARRAY[{{ users | literals }}]::text[]) AND NOT u.rolsuper
{% endblock %}

{% block holders %}
{# Of roles whose rights the admin lacks: may they be lent to it, is it a superuser, and who can grant it? Not lent: what reaches a
   superuser, what logs in by IAM (T30), and what is a member of the admin, which would be a circle. Up to 15 any role with
   CREATEROLE grants all but superusers, and a role itself in its own session. #}
SELECT r.rolname::text AS role, r.rolsuper AS superuser, a.rolinherit AS inherits,
       NOT EXISTS (SELECT FROM pg_roles AS s WHERE (s.rolsuper OR s.rolname = 'rds_iam') AND pg_has_role(r.oid, s.oid, 'MEMBER'))
           AND NOT pg_has_role(r.oid, a.oid, 'MEMBER') AS lendable,
       ARRAY(SELECT g.rolname::text FROM pg_roles AS g
             WHERE NOT g.rolsuper AND NOT r.rolsuper
               AND ({% if version < (16,) %}g.rolcreaterole OR g.oid = r.oid OR {% endif %}EXISTS (
                   SELECT FROM pg_auth_members AS m WHERE m.roleid = r.oid AND m.admin_option AND pg_has_role(g.oid, m.member, 'USAGE')))
             ORDER BY g.oid <> a.oid, 1) AS givers
FROM pg_roles AS r, pg_roles AS a
WHERE a.rolname = current_user AND r.rolname = ANY (ARRAY[{{ roles | literals }}]::text[])
{% endblock %}

{% block left_out %}
{# What access: all does not cover: PUBLIC has USAGE on a type unless somebody took it away, and a large object is of no schema.
   The row type of a table and the type of an array have no privileges of their own. #}
SELECT u.rolname::text AS name, o.sort, o.thing, o.path, o.statement
FROM pg_roles AS u
CROSS JOIN LATERAL (
    SELECT 'types' AS sort, format('%I.%I', n.nspname, t.typname) AS thing,
           ARRAY[n.nspname, t.typname]::text[] AS path, '' AS statement
    FROM pg_type AS t
    JOIN pg_namespace AS n ON n.oid = t.typnamespace
    LEFT JOIN pg_class AS c ON c.oid = t.typrelid
    WHERE n.nspname = ANY (ARRAY[{{ schemas | literals }}]) AND t.typtype IN ('b', 'c', 'd', 'e', 'r') AND t.typcategory <> 'A'
      AND coalesce(c.relkind, 'c') = 'c' AND NOT has_type_privilege(u.oid, t.oid, 'USAGE')
    UNION ALL
    SELECT 'large objects', l.oid::text, NULL, format('GRANT SELECT, UPDATE ON LARGE OBJECT %s TO %I', l.oid, u.rolname)
    FROM pg_largeobject_metadata AS l
    WHERE NOT u.rolsuper AND NOT pg_has_role(u.oid, l.lomowner, 'USAGE')
      AND NOT EXISTS (SELECT FROM aclexplode(l.lomacl) AS a
                      WHERE a.privilege_type = 'SELECT' AND (a.grantee = 0 OR pg_has_role(u.oid, a.grantee, 'USAGE')))) AS o
WHERE u.rolname = ANY (ARRAY[{{ users | literals }}])
ORDER BY 1, 2, 3
{% endblock %}
