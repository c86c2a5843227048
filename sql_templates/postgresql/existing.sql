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
        WHERE s.setrole = r.oid AND s.setdatabase = d.oid AND c LIKE 'search_path=%') AS search_path
FROM pg_roles AS r
JOIN pg_database AS d ON d.datname = {{ database | literal }}
WHERE r.rolname <> current_user AND r.rolname NOT LIKE 'pg\_%' AND r.oid NOT IN (SELECT oid FROM seconds)
  AND (r.oid IN (SELECT oid FROM holders)
       OR r.rolcanlogin AND NOT r.rolsuper
          AND EXISTS (SELECT FROM holders AS h JOIN pg_roles AS g ON g.oid = h.oid
                      WHERE NOT g.rolcanlogin AND pg_has_role(r.oid, h.oid, 'MEMBER')))
ORDER BY 1
{% endblock %}
