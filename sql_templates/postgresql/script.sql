{% block begin %}
BEGIN;
{% endblock %}

{% block end %}
COMMIT;
{% endblock %}

{% block enter %}
\connect {% if conninfo %}-reuse-previous=on {{ conninfo | ident }}{% else %}{{ database | ident }}{% endif %}

:begin_session \gset
{% endblock %}

{% block head %}
{#- The first lines of a file of SQL. -#}
-- {{ what | comment }}
{% for line in lines -%}
-- {{ line | comment }}
{% endfor -%}
\set ON_ERROR_STOP on \set QUIET on
{% include "postgresql/fragments/psql_settings.sql" %}
:begin_session \gset
{% endblock %}

{% block plain_head %}
{#- The first lines of a file that is nothing but statements. -#}
-- {{ what | comment }}
{% for line in lines -%}
-- {{ line | comment }}
{% endfor -%}
\set ON_ERROR_STOP on
SET password_encryption = 'scram-sha-256';
{% endblock %}

{% block plain_enter %}
\connect {% if conninfo %}-reuse-previous=on {{ conninfo | ident }}{% else %}{{ database | ident }}{% endif %}

{% endblock %}

{% block object_grants %}
{#- What was not looked at: the server is asked. What the grantee has by roles and PUBLIC counts as there (T81); routines go by
    their input types (T9). -#}
-- On objects that exist: the server writes the GRANT, for those on which the grantee lacks one of
-- the privileges and this admin can grant them; the grantee's own and an extension's are left out.
SELECT format('GRANT %s ON %s %s TO %I',
              w.privileges, w.kind, string_agg(o.name, ', ' ORDER BY o.name), w.grantee)
FROM (VALUES
{% for words, items in grants %}{% set last = loop.last %}
{% for line in words %}
-- {{ line | comment }}
{% endfor %}
{% for grant in items %}
  ({% if grant.objects == "TABLES" %}'TABLE'{% elif grant.objects == "SEQUENCES" %}'SEQUENCE'{% else %}'ROUTINE'{% endif %}, {{ grant.schema | literal }}, {{ grant.grantee | literal }},{{ fold }}'{{ grant.privileges | keywords }}'){% if not (last and loop.last) %},{% endif %}

{% endfor %}
{% endfor %}
) AS w (kind, schema, grantee, privileges)
JOIN pg_roles AS g ON g.rolname = w.grantee JOIN pg_namespace AS n ON n.nspname = w.schema
JOIN (SELECT CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind, relnamespace AS schema,
             oid::regclass::text AS name, relowner AS owner, tableoid AS class, oid,
             coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char",
                                          relowner)) AS acl FROM pg_class
      WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
      UNION ALL SELECT 'ROUTINE', pronamespace, oid::regprocedure::text, proowner, tableoid, oid,
             coalesce(proacl, acldefault('f', proowner)) FROM pg_proc) AS o
  ON o.kind = w.kind AND o.schema = n.oid AND o.owner <> g.oid
CROSS JOIN string_to_array(w.privileges, ', ') AS p
WHERE NOT p <@ ARRAY(SELECT privilege_type FROM aclexplode(o.acl)
                     WHERE grantee = 0 OR pg_has_role(g.oid, grantee, 'USAGE'))
  AND (pg_has_role(o.owner, 'USAGE') OR p <@ ARRAY(SELECT privilege_type FROM aclexplode(o.acl)
                     WHERE is_grantable AND pg_has_role(grantee, 'USAGE')))
  AND NOT EXISTS (SELECT FROM pg_depend WHERE (classid, objid, deptype) = (o.class, o.oid, 'e'))
GROUP BY w.kind, w.schema, w.grantee, w.privileges \gexec
{% endblock %}

{% block check %}
{#- A GRANT on another's thing succeeds with a warning and grants nothing (T14); up to PostgreSQL 14 PUBLIC's rights on public are
    enough (T82). -#}
-- These privileges must be there now: the file stops at the first that is not.
DO $dbprov$ DECLARE lacks pg_catalog.text; BEGIN
    FOR lacks IN SELECT format('%s lacks %s on %s %s', grantee, p, kind, name) FROM (VALUES
        {% for kind, name, grantee, privileges in rows -%}
        ({{ kind | body_literal }}, {{ name | body_literal }},{{ fold }}{% if grantee %}{{ grantee | body_literal }}{% else %}current_user::text{% endif %}, '{{ privileges | keywords }}'){% if not loop.last %},
        {% endif %}
        {%- endfor %}

    ) AS w (kind, name, grantee, privileges), unnest(string_to_array(privileges, ', ')) AS p
    WHERE NOT CASE kind WHEN 'schema' THEN has_schema_privilege(grantee, name, p)
              ELSE has_database_privilege(grantee, name, p) END LOOP
        RAISE EXCEPTION '%: its owner, or a superuser, must run this file, or grant it', lacks;
    END LOOP; END $dbprov$;
{% endblock %}

{% block password %}
{# From the environment, where it was not given with -v: a command line can be seen by everybody on the machine. Not with
   \getenv: psql 14 and older stop at a command that they do not know, in a branch that is not taken too. #}
\if :{?{{ variable | variable }}}{{ fold }}\elif `printenv {{ variable | variable }} >/dev/null && echo 1 || echo 0`{{ fold }}\set {{ variable | variable }} `printenv {{ variable | variable }}`{{ fold }}\endif
{% endblock %}
