{# The tail of a query over things (sort, thing, owner, acl): what each user was given on them, by whom, and whether this
   admin may act as who gave it. An ACL that is NULL gives nobody but the owner and PUBLIC anything (T1), and neither is
   asked here: the owner's own entries are its own (T11). pg_database_owner stands for the database's owner (T5). Things are
   grouped without sorting them: a database may hold thousands of tables. -#}
users AS (
    SELECT oid, rolname FROM pg_roles WHERE rolname = ANY (ARRAY[{{ users | literals }}]::text[])
), owned AS (
    SELECT t.sort, t.thing, t.acl, t.owner,
           CASE WHEN pg_get_userbyid(t.owner) = 'pg_database_owner'
                THEN (SELECT datdba FROM pg_database WHERE datname = current_database()) ELSE t.owner END AS resolved
    FROM things AS t
), entries AS (
    SELECT t.sort, t.thing, t.owner, t.resolved, x.*,
           CASE WHEN x.grantor = t.owner THEN t.resolved ELSE x.grantor END AS actor,
           t.sort NOT IN ('TABLE', 'SEQUENCE', 'COLUMN', 'ROUTINE', 'TYPE')
               OR has_schema_privilege(CASE WHEN x.grantor = t.owner THEN t.resolved ELSE x.grantor END, t.thing->>0, 'USAGE') AS reached,
           CASE WHEN x.is_grantable THEN
               ARRAY(SELECT DISTINCT g.privilege_type || ':' || pg_get_userbyid(g.grantee)
                     FROM aclexplode(t.acl) AS g WHERE g.grantor = x.grantee AND g.grantee <> x.grantee ORDER BY 1)
           ELSE '{}'::text[] END AS dependents
    FROM owned AS t
    CROSS JOIN LATERAL (
        SELECT a.grantee, a.grantor, a.is_grantable, array_agg(a.privilege_type::text ORDER BY a.privilege_type) AS privileges
        FROM aclexplode(t.acl) AS a
        WHERE a.grantee IN (SELECT oid FROM users) AND a.grantee <> t.resolved
        GROUP BY a.grantee, a.grantor, a.is_grantable) AS x
), grouped AS (
    SELECT sort, jsonb_agg(thing) AS things, owner, resolved, grantee, grantor, actor, reached, is_grantable,
           privileges, dependents
    FROM entries
    GROUP BY sort, CASE WHEN sort = 'COLUMN' THEN thing::text END, owner, resolved, grantee, grantor, actor, reached, is_grantable,
             privileges, dependents
)
SELECT 'acl_entry' AS kind, e.reached, e.sort, e.things, e.privileges, e.is_grantable AS option, e.dependents,
       pg_get_userbyid(e.grantee)::text AS grantee, pg_get_userbyid(e.grantor)::text AS grantor,
       e.grantor <> e.owner AND pg_has_role(e.grantor, e.resolved, 'USAGE') AS stuck,
       CASE WHEN e.grantor = e.owner AND (a.rolsuper OR pg_has_role(current_user, e.resolved, 'USAGE')) OR r.rolname = current_user
            THEN '' ELSE r.rolname::text END AS acts_as,
       {% include "postgresql/fragments/acting.sql" %}

FROM grouped AS e
JOIN pg_roles AS r ON r.oid = e.actor
JOIN pg_roles AS a ON a.rolname = current_user
ORDER BY e.sort, grantee, grantor, e.privileges, e.is_grantable, (e.things->0)::text
