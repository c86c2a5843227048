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

{% block landing %}
{# In which schema a table lands that a user makes without naming one: the first of its path that is there and that it may use. #}
SELECT u.name AS user,
       (SELECT n.nspname::text
        FROM regexp_split_to_table(p.value, '\s*,\s*') WITH ORDINALITY AS e(entry, place)
        JOIN pg_namespace AS n ON n.nspname = CASE WHEN btrim(e.entry, '"') = '$user' THEN u.name
                                                   ELSE replace(regexp_replace(e.entry, '^"(.*)"$', '\1'), '""', '"') END
        WHERE n.nspname = u.schema OR has_schema_privilege(o.oid, n.oid, 'USAGE')
        ORDER BY e.place LIMIT 1) AS schema
FROM unnest(ARRAY[{{ users | literals }}]::text[], ARRAY[{{ schemas | literals }}]::text[]) AS u(name, schema)
JOIN pg_roles AS o ON o.rolname = u.name,
     LATERAL (SELECT substr(c.entry, strpos(c.entry, '=') + 1) AS value
              FROM pg_db_role_setting AS s, unnest(s.setconfig) AS c(entry)
              WHERE split_part(c.entry, '=', 1) = 'search_path' AND s.setrole IN (0, o.oid)
                AND s.setdatabase IN (0, (SELECT b.oid FROM pg_database AS b WHERE b.datname = current_database()))
              ORDER BY s.setrole = 0, s.setdatabase = 0 LIMIT 1) AS p
ORDER BY 1
{% endblock %}

{% block logins %}
{# What keeps users out of a database, whatever their privileges. #}
SELECT r.rolname::text AS user, r.rolsuper AS superuser, r.rolcanlogin AS can_login, r.rolconnlimit AS user_limit,
       coalesce(r.rolvaliduntil <= now(), false) AS expired, r.rolvaliduntil::text AS until,
       {% include "postgresql/fragments/administered.sql" %} AS administered,
       coalesce(d.datname::text, '') AS database, coalesce(d.datconnlimit, -1) AS database_limit,
       coalesce(d.datallowconn AND d.datconnlimit <> -2 AND has_database_privilege(d.oid, 'CONNECT'), false) AS enters,
       coalesce(d.datallowconn, true) AS allowed, coalesce(pg_get_userbyid(d.datdba)::text, '') AS owner
FROM pg_roles AS r LEFT JOIN pg_database AS d ON d.datname = {{ database | literal }}
WHERE r.rolname = ANY (ARRAY[{{ users | literals }}]::name[])
ORDER BY 1
{% endblock %}

{% block own_defaults %}
{# Of what a user will create, what its own default privileges do not give it: they replace those that every owner has, all of one
   kind together. Where none is left of a kind (an empty ACL here, and none in the schema), the built-in ones are in force. #}
SELECT u.name AS user, t.objects, t.privileges
FROM unnest(ARRAY[{{ users | literals }}]::text[], ARRAY[{{ schemas | literals }}]::text[]) AS u(name, schema)
JOIN pg_roles AS r ON r.rolname = u.name JOIN pg_default_acl AS a ON a.defaclrole = r.oid AND a.defaclnamespace = 0
JOIN (VALUES ('r', 'TABLES', ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'REFERENCES']), ('S', 'SEQUENCES', ARRAY['USAGE', 'SELECT', 'UPDATE']),
             ('f', 'ROUTINES', ARRAY['EXECUTE'])) AS t(sort, objects, privileges) ON a.defaclobjtype::text = t.sort,
     LATERAL (SELECT a.defaclacl || coalesce((SELECT s.defaclacl FROM pg_default_acl AS s JOIN pg_namespace AS n ON n.oid = s.defaclnamespace
                                              WHERE s.defaclrole = r.oid AND s.defaclobjtype = a.defaclobjtype AND n.nspname = u.schema),
                                             '{}'::aclitem[]) AS acl) AS x
WHERE cardinality(x.acl) > 0
  AND EXISTS (SELECT FROM unnest(t.privileges) AS p(privilege)
              WHERE NOT EXISTS (SELECT FROM aclexplode(x.acl) AS e
                                WHERE e.privilege_type = p.privilege
                                  AND (e.grantee = 0 OR pg_has_role(r.oid, e.grantee, 'USAGE'))))
ORDER BY 1, 2
{% endblock %}

{% block presets %}
{# Which settings are in force for users from their login on, and where each was made: for the role in the database, else for the
   role, else for the database, else for all roles (T68). Milliseconds of what is a time. Of a role, whether the user may act as
   it and has its rights: it is passed over where it may not. #}
SELECT u.name AS user, p.preset, p.value, coalesce(r.rolname::text, '') AS role, coalesce(d.datname::text, '') AS database,
       coalesce(pg_get_userbyid(d.datdba)::text, '') AS owner, t.oid IS NOT NULL AND pg_has_role(u.oid, t.oid, 'MEMBER') AS acts,
       t.oid IS NOT NULL AND pg_has_role(u.oid, t.oid, 'USAGE') AS has_rights,
       CASE WHEN p.preset LIKE '%\_timeout' AND p.value ~ '^[0-9.]+ *(us|ms|s|min|h|d)?$'
            THEN (extract(epoch FROM (regexp_replace(regexp_replace(p.value, '^([0-9.]+)$', '\1 ms'), 'd$', ' day'))::interval) * 1000)::float8 END AS milliseconds
FROM (SELECT a.name, o.oid FROM unnest(ARRAY[{{ users | literals }}]::text[]) AS a(name) LEFT JOIN pg_roles AS o ON o.rolname = a.name) AS u,
     LATERAL (SELECT DISTINCT ON (1) split_part(c.entry, '=', 1) AS preset, substr(c.entry, strpos(c.entry, '=') + 1) AS value,
                     s.setrole, s.setdatabase
              FROM pg_db_role_setting AS s, unnest(s.setconfig) AS c(entry)
              WHERE (s.setrole = 0 OR s.setrole = u.oid)
                AND s.setdatabase IN (0, (SELECT b.oid FROM pg_database AS b WHERE b.datname = {{ database | literal }}))
              ORDER BY 1, s.setrole = 0, s.setdatabase = 0) AS p
LEFT JOIN pg_roles AS r ON r.oid = p.setrole LEFT JOIN pg_database AS d ON d.oid = p.setdatabase
LEFT JOIN pg_roles AS t ON p.preset = 'role' AND t.rolname = p.value
WHERE p.preset IN ('role', 'search_path', 'statement_timeout', 'transaction_timeout', 'idle_in_transaction_session_timeout',
                   'default_transaction_isolation')
ORDER BY 1, 2
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
