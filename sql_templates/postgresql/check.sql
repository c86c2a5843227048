{% block entrances %}
{# The other databases that everybody may enter, and who would lose that with PUBLIC: who gets in by nothing else. #}
SELECT d.datname::text AS name, pg_get_userbyid(d.datdba)::text AS owner, l.roles,
       ARRAY(SELECT format('%s (%s)', s.usename, count(*)) FROM pg_stat_activity AS s
             WHERE s.datid = d.oid AND s.usename = ANY (l.roles) GROUP BY s.usename ORDER BY s.usename) AS sessions
FROM pg_database AS d,
     LATERAL (SELECT ARRAY(SELECT r.rolname FROM pg_roles AS r
                           WHERE r.rolcanlogin AND NOT r.rolsuper AND r.rolname <> ALL (ARRAY[{{ users | literals }}]::name[])
                             AND NOT EXISTS (SELECT FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS a
                                             WHERE a.grantee <> 0 AND a.privilege_type = 'CONNECT' AND pg_has_role(r.oid, a.grantee, 'USAGE'))
                           ORDER BY r.rolname) AS roles) AS l
WHERE d.datallowconn AND d.datname <> ALL (ARRAY[{{ databases | literals }}]::name[])
  AND EXISTS (SELECT FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS a
              WHERE a.grantee = 0 AND a.privilege_type = 'CONNECT')
ORDER BY d.datname
{% endblock %}

{% block event_triggers %}
SELECT t.evtname::text AS name, p.proname::text AS function, pg_get_userbyid(t.evtowner)::text AS owner
FROM pg_event_trigger AS t JOIN pg_proc AS p ON p.oid = t.evtfoid
WHERE t.evtenabled <> 'D'
ORDER BY t.evtname
{% endblock %}

{% block lacking %}
{# What a role lacks on tables of these names, with their schemas and the sequences that belong to them. #}
SELECT o.sort, o.schema, o.name, o.privileges
FROM (SELECT DISTINCT 1 AS step, 'SCHEMA' AS sort, NULL AS schema, n.nspname::text AS name, ARRAY['USAGE'] AS privileges
      FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
      WHERE c.relname = ANY (ARRAY[{{ names | literals }}]::name[]) AND c.relkind IN ('r', 'p', 'v', 'f')
        AND NOT has_schema_privilege({{ user | literal }}, n.oid, 'USAGE')
      UNION ALL
      SELECT 2, 'TABLE', n.nspname::text, c.relname::text,
             ARRAY(SELECT p FROM unnest(ARRAY[{{ privileges | literals }}]) AS p WHERE NOT has_table_privilege({{ user | literal }}, c.oid, p))
      FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
      WHERE c.relname = ANY (ARRAY[{{ names | literals }}]::name[]) AND c.relkind IN ('r', 'p', 'v', 'f')
      UNION ALL
      SELECT 3, 'SEQUENCE', n.nspname::text, s.relname::text, ARRAY['USAGE']
      FROM pg_class AS c
      JOIN pg_depend AS d ON d.refobjid = c.oid AND d.refclassid = 'pg_class'::regclass AND d.classid = 'pg_class'::regclass AND d.deptype = 'a'
      JOIN pg_class AS s ON s.oid = d.objid AND s.relkind = 'S' JOIN pg_namespace AS n ON n.oid = s.relnamespace
      WHERE c.relname = ANY (ARRAY[{{ names | literals }}]::name[]) AND NOT has_sequence_privilege({{ user | literal }}, s.oid, 'USAGE')) AS o
WHERE o.schema IS NULL OR o.schema NOT IN ('pg_catalog', 'information_schema')
  AND cardinality(o.privileges) > 0
ORDER BY o.step, o.schema, o.name
{% endblock %}

{% block read_only %}
{# Whose transactions begin read only, and which setting says it: that of the role in the database, else the role's, else the
   database's, else that of all roles (T68). #}
SELECT u.name AS user, coalesce(r.rolname::text, '') AS role, coalesce(d.datname::text, '') AS database
FROM unnest(ARRAY[{{ users | literals }}]::text[]) AS u(name) LEFT JOIN pg_roles AS o ON o.rolname = u.name,
     LATERAL (SELECT split_part(c.entry, '=', 2)::boolean AS "on", s.setrole, s.setdatabase
              FROM pg_db_role_setting AS s, unnest(s.setconfig) AS c(entry)
              WHERE split_part(c.entry, '=', 1) = 'default_transaction_read_only' AND (s.setrole = 0 OR s.setrole = o.oid)
                AND s.setdatabase IN (0, (SELECT b.oid FROM pg_database AS b WHERE b.datname = {{ database | literal }}))
              ORDER BY s.setrole = 0, s.setdatabase = 0 LIMIT 1) AS p
LEFT JOIN pg_roles AS r ON r.oid = p.setrole LEFT JOIN pg_database AS d ON d.oid = p.setdatabase
WHERE p."on"
ORDER BY 2, 3, 1
{% endblock %}
